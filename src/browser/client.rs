//! The class that JavaScript sees: plain arguments in, records out. No method calls back: what it has to say comes in a later microtask.

use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use super::boundary;
use super::driver::Driver;
use super::env::{self, Clock};
use super::options::{self, EngineOptions, Options};
use super::stats;
use crate::codec::{ReasonCode, SubscribeOptions};
use crate::session::{Claim, PublishRequest, Published, Rule, Session};

/// No code yet.
const PENDING: u32 = u32::MAX;

/// One session on its page; see the record table for what it delivers. Tokens are the caller's own numbers, given back in the records that settle them.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine {
    driver: Rc<Driver>,
}

#[wasm_bindgen]
impl Engine {
    /// Makes an idle session.
    #[wasm_bindgen(constructor)]
    pub fn new(
        options: &EngineOptions,
        #[wasm_bindgen(unchecked_param_type = "(frame: Uint8Array | undefined, records: Uint32Array) => void")]
        deliver: Function,
    ) -> Engine {
        boundary::use_memory(&wasm_bindgen::memory());
        let clock = Clock::new();
        let Options {
            config,
            join_packets,
            store,
        } = options::read(&boundary::option_bytes(options));
        let store = store.map(|name| (name, config.strict));
        let session = Session::new(config, env::seed(&clock));
        Engine {
            driver: Driver::new(session, deliver, join_packets, clock, store),
        }
    }

    /// Gives a socket that was opened to `url` while the module was loading; the first attempt takes it if that is where it goes. To be called
    /// before `start`.
    pub fn use_socket(&self, url: String, socket: WebSocket) {
        self.driver.use_socket(url, socket);
    }

    /// Opens the store of a stored session and takes up what is in it; to be awaited before `start`. Never rejects: when there is no store after
    /// all, STORAGE tells.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn open(&self) -> Promise {
        self.driver.open_store()
    }

    /// Resolves when all that was done so far is committed, or never will be, which STORAGE tells.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn flush(&self) -> Promise {
        self.driver.flush()
    }

    /// Leaves idle: the first PREPARE follows.
    pub fn start(&self) {
        self.driver.command(|session, now| session.start(now));
    }

    /// Answers PREPARE. `authentication`: the data of the authentication method for CONNECT.
    pub fn address(
        &self,
        attempt: u32,
        url: String,
        username: Option<String>,
        password: Option<Vec<u8>>,
        authentication: Option<Vec<u8>>,
    ) {
        self.authenticate(attempt, authentication);
        self.driver
            .address(attempt, url, username.as_deref(), password.as_deref());
    }

    /// Answers AUTHENTICATE.
    pub fn authenticate(&self, exchange: u32, data: Option<Vec<u8>>) {
        self.driver
            .command(|session, now| session.handle_authentication(now, exchange, data.as_deref()));
    }

    /// Answers AUTHENTICATE, or PREPARE with its attempt: the client's side of the authentication has failed, and why.
    pub fn authentication_failed(&self, exchange: u32, detail: &str) {
        self.driver
            .command(|session, now| session.handle_authentication_failed(now, exchange, detail));
    }

    /// Authenticates anew on the live link; settled by DONE.
    pub fn reauthenticate(&self, token: u32) {
        self.driver.command(|session, now| session.reauthenticate(now, token));
    }

    /// Answers PREPARE: there is no URL, or there are no credentials, and why; without `detail`: the server reference leads nowhere.
    pub fn address_failed(&self, attempt: u32, detail: Option<String>) {
        self.driver
            .command(|session, now| session.handle_address_failed(now, attempt, detail.as_deref()));
    }

    /// Publishes. Returns the code that settles it at once (0: handed over for sending), or 0xFFFFFFFF: DONE follows. `flags`: bit 0 retain,
    /// bits 1-2 QoS, bit 3 STORED is wanted (QoS 1 and 2). `properties`: a property block of MQTT 5.0.
    pub fn publish(&self, token: u32, topic: &str, payload: &[u8], flags: u32, properties: Option<Vec<u8>>) -> u32 {
        let published = self.driver.command(|session, now| {
            session.publish(
                now,
                PublishRequest {
                    token,
                    topic,
                    payload,
                    qos: options::qos(flags >> 1),
                    retain: flags & 1 != 0,
                    properties: properties.as_deref().unwrap_or_default(),
                    tell_stored: flags & 8 != 0,
                },
            )
        });
        match published {
            Published::Settled(code) => code,
            Published::Pending => PENDING,
        }
    }

    /// Subscribes to one filter; settled by SUBSCRIBED. `options`: the options byte of SUBSCRIBE (3.8.3.1). Throws when it has a reserved bit or value.
    pub fn subscribe(&self, token: u32, filter: &str, options: u8, properties: Option<Vec<u8>>) -> Result<(), JsError> {
        let options = SubscribeOptions::from_bits(options).ok_or_else(|| JsError::new("no SUBSCRIBE options byte"))?;
        let properties = properties.as_deref().unwrap_or_default();
        self.driver
            .command(|session, now| session.subscribe(now, token, filter, options, properties));
        Ok(())
    }

    /// Unsubscribes from one filter; settled by UNSUBSCRIBED.
    pub fn unsubscribe(&self, token: u32, filter: &str) {
        self.driver
            .command(|session, now| session.unsubscribe(now, token, filter));
    }

    /// The application is done with `count` messages, from the delivery `first` on: they may be acknowledged. Numbers that are not open are ignored.
    pub fn handled(&self, first: u32, count: u32) {
        self.driver.handled(first, count);
    }

    /// Asks whether a message is to be handled; answered by CLAIMED. `delivery`: 0 at QoS 0. `rule`: 0 id, 1 timestamp, 2 sequence, which compare `value`.
    /// `ttl`: milliseconds to remember it.
    pub fn claim(&self, token: u32, delivery: u32, key: &str, rule: u32, value: f64, ttl: f64) {
        let rule = match rule {
            0 => Rule::Id,
            1 => Rule::Timestamp,
            _ => Rule::Sequence,
        };
        let claim = Claim {
            token,
            delivery,
            key,
            rule,
            value,
            ttl: ttl as u64,
        };
        self.driver.command(|session, now| session.claim(now, claim));
    }

    /// Gives up what has not been sent yet; settled by its own record with the code "cancelled".
    pub fn cancel(&self, token: u32) {
        self.driver.command(|session, now| session.cancel(now, token));
    }

    /// Disconnects for good with a DISCONNECT of this reason code; everything open settles.
    pub fn close(&self, reason: u8, properties: Option<Vec<u8>>) {
        let properties = properties.as_deref().unwrap_or_default();
        self.driver
            .command(|session, now| session.close(now, ReasonCode(reason), properties));
    }

    /// A RESTORED record for each message that is not finished, in no particular order.
    pub fn outbox(&self) -> Vec<u32> {
        self.driver.outbox()
    }

    /// What the engine has counted: an object of its own each time.
    #[wasm_bindgen(unchecked_return_type = "EngineStats")]
    pub fn stats(&self) -> JsValue {
        stats::to_object(&self.driver.stats())
    }

    /// Whether a trap has left the engine in the middle of a step. It cannot be used any more, and lets go of its socket and timer, so that nothing
    /// enters it again. To be asked while the engine is not on the stack.
    pub fn quit_if_stuck(&self) -> bool {
        self.driver.quit_if_stuck()
    }

    /// Ends the wait before the next attempt.
    pub fn reconnect_now(&self) {
        self.driver.command(|session, now| session.reconnect_now(now));
    }
}
