//! One WebSocket: opens, sends, closes, and reports its events under its own number, so that events of an earlier socket can be told apart.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, WebSocket};

use super::boundary;
use super::driver::Driver;
use super::stats::Traffic;
use super::transmit;

/// The subprotocol that the client offers and the server has to select ([MQTT-6.0.0-3], [MQTT-6.0.0-4]).
const SUBPROTOCOL: &str = "mqtt";

/// A WebSocket with its event handlers; dropping it closes it and silences its events.
#[derive(Debug)]
pub struct Socket {
    number: u32,
    inner: WebSocket,
    opened: Cell<bool>,
    /// Bytes that had left the last time that somebody asked, and whether others waited.
    left: Cell<(f64, bool)>,
    /// Whole packets that wait for [`Socket::send`].
    unsent: RefCell<Vec<u8>>,
    _received: FrameHandler,
    _handlers: [Handler; 3],
}

type FrameHandler = Closure<dyn Fn(Uint8Array, u32)>;
type Handler = Closure<dyn Fn(JsValue)>;

impl Socket {
    /// Starts to connect, or takes a socket that `early` has begun to. Fails with what `new WebSocket` throws: a URL it does not take, or a page
    /// that may not connect.
    pub fn open(number: u32, url: &str, early: Option<WebSocket>, driver: &Weak<Driver>) -> Result<Self, JsValue> {
        let inner = match early.filter(|socket| socket.ready_state() <= WebSocket::OPEN) {
            Some(socket) => socket,
            None => WebSocket::new_with_str_sequence(url, &Array::of1(&JsValue::from_str(SUBPROTOCOL)))?,
        };
        inner.set_binary_type(BinaryType::Arraybuffer);
        let open = handler(driver, move |driver, _| driver.socket_opened(number));
        let received = {
            let driver = driver.clone();
            Closure::<dyn Fn(Uint8Array, u32)>::new(move |frame, length| {
                if let Some(driver) = driver.upgrade() {
                    driver.socket_received(number, frame, length);
                }
            })
        };
        let text = handler(driver, move |driver, _| driver.socket_sent_text(number));
        let close = handler(driver, move |driver, event| {
            let event = event.unchecked_into::<CloseEvent>();
            driver.socket_closed(number, event.code(), &event.reason());
        });
        // The event "error" says nothing and is always followed by "close".
        inner.set_onopen(Some(open.as_ref().unchecked_ref()));
        boundary::listen(&inner, &received, &text);
        inner.set_onclose(Some(close.as_ref().unchecked_ref()));
        Ok(Self {
            number,
            inner,
            opened: Cell::new(false),
            left: Cell::default(),
            unsent: RefCell::default(),
            _received: received,
            _handlers: [open, text, close],
        })
    }

    /// The number that the socket reports its events under.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Notes that the connection stands. Returns whether the server has selected the subprotocol that was offered: not every browser insists.
    pub fn accept(&self) -> bool {
        self.opened.set(true);
        self.inner.protocol() == SUBPROTOCOL
    }

    /// Whether the connection ever stood.
    pub fn has_opened(&self) -> bool {
        self.opened.get()
    }

    /// Takes whole packets, to be sent by the next [`Socket::send`]; leaves the vector empty.
    pub fn queue(&self, packets: &mut Vec<u8>) {
        let mut unsent = self.unsent.borrow_mut();
        if unsent.is_empty() {
            std::mem::swap(&mut *unsent, packets);
        } else {
            unsent.append(packets);
        }
    }

    /// Lets `append` add whole packets to those that wait for the next [`Socket::send`].
    pub fn fill(&self, append: impl FnOnce(&mut Vec<u8>)) {
        append(&mut self.unsent.borrow_mut());
    }

    /// Bytes that wait to be sent.
    pub fn unsent(&self) -> usize {
        self.unsent.borrow().len()
    }

    /// Sends all that waits, in frames of at most `limit` bytes but of whole packets. The browser copies the bytes at once. A socket that is
    /// closing drops them: its close event is on the way.
    pub fn send(&self, limit: usize, sent: &Traffic) {
        let mut unsent = self.unsent.borrow_mut();
        for frame in transmit::frames(&unsent, limit) {
            sent.count(frame.len());
            let _ = self.inner.send_with_u8_array(frame);
        }
        unsent.clear();
    }

    /// Whether bytes have left since the last call of which some had to wait. `sent`: as for [`Socket::send`]. What never waits says nothing about the
    /// other side: the system takes it.
    pub fn has_progressed(&self, sent: &Traffic) -> bool {
        let waiting = f64::from(self.inner.buffered_amount());
        let left = sent.totals().1 - waiting;
        let (before, waited) = self.left.replace((left, waiting > 0.0));
        left > before && (waited || waiting > 0.0)
    }

    /// Closes with a close code; what was sent before still goes out.
    pub fn close(&self, code: u16) {
        if self.inner.close_with_code(code).is_err() {
            // Only 1000 and 3000-4999 may be given by a page.
            let _ = self.inner.close();
        }
    }
}

/// An event handler that does nothing once the driver is gone.
fn handler(driver: &Weak<Driver>, handle: impl Fn(&Rc<Driver>, JsValue) + 'static) -> Handler {
    let driver = driver.clone();
    Closure::new(move |event| {
        if let Some(driver) = driver.upgrade() {
            handle(&driver, event);
        }
    })
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.inner.set_onopen(None);
        self.inner.set_onmessage(None);
        self.inner.set_onclose(None);
        let _ = self.inner.close();
    }
}
