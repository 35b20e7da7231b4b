//! Options from JavaScript: one object that crosses once, read field by field. `src/ts` has checked every value, and the TypeScript compiler checks
//! the object against the interface below. Measured: through serde-wasm-bindgen the same object cost 20 KB of brotli, a third of the budget, most
//! of it for error texts that nobody would see.

use wasm_bindgen::prelude::*;

use crate::codec::{Qos, Version};
use crate::session::{Config, Reconnect, Will};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What `new Engine` takes: everything checked and whole, all numbers integers. */
export interface EngineOptions {
  protocol: 4 | 5;
  /** Whether 3.1.1 is spoken to a broker that does not speak 5.0. */
  fallBack: boolean;
  followReferences: boolean;
  authenticationMethod?: string;
  clientId?: string;
  cleanStart: boolean;
  /** Seconds. */
  sessionExpiry: number;
  /** Seconds, 0 = off. */
  keepAlive: number;
  receiveMaximum: number;
  maximumPacketSize: number;
  topicAliasMaximum: number;
  outboundTopicAliases: boolean;
  requestResponseInformation: boolean;
  requestProblemInformation: boolean;
  checkPayloadFormat: boolean;
  will?: WillOptions;
  /** User properties of CONNECT, as a property block without its length. */
  properties?: Uint8Array;
  /** Milliseconds. */
  connectTimeout: number;
  reconnect: ReconnectOptions;
  maxAttempts?: number;
  /** Milliseconds. */
  stableAfter: number;
  maxQueued: number;
  maxQueuedBytes: number;
  joinPackets: boolean;
  trace: boolean;
}
export interface WillOptions {
  topic: string;
  payload: Uint8Array;
  qos: 0 | 1 | 2;
  retain: boolean;
  properties?: Uint8Array;
}
/** Milliseconds. */
export type ReconnectOptions =
  | { kind: "never" }
  | { kind: "fixed"; delay: number; jitter: number }
  | { kind: "exponential"; min: number; max: number; jitter: number };
"#;

#[wasm_bindgen]
extern "C" {
    /// `EngineOptions`, an ordinary object.
    #[wasm_bindgen(typescript_type = "EngineOptions")]
    #[derive(Debug)]
    pub type EngineOptions;
    #[wasm_bindgen(method, getter)]
    fn protocol(this: &EngineOptions) -> u8;
    #[wasm_bindgen(method, getter, js_name = fallBack)]
    fn fall_back(this: &EngineOptions) -> bool;
    #[wasm_bindgen(method, getter, js_name = followReferences)]
    fn follow_references(this: &EngineOptions) -> bool;
    #[wasm_bindgen(method, getter, js_name = authenticationMethod)]
    fn authentication_method(this: &EngineOptions) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = clientId)]
    fn client_id(this: &EngineOptions) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = cleanStart)]
    fn clean_start(this: &EngineOptions) -> bool;
    #[wasm_bindgen(method, getter, js_name = sessionExpiry)]
    fn session_expiry(this: &EngineOptions) -> u32;
    #[wasm_bindgen(method, getter, js_name = keepAlive)]
    fn keep_alive(this: &EngineOptions) -> u16;
    #[wasm_bindgen(method, getter, js_name = receiveMaximum)]
    fn receive_maximum(this: &EngineOptions) -> u16;
    #[wasm_bindgen(method, getter, js_name = maximumPacketSize)]
    fn maximum_packet_size(this: &EngineOptions) -> u32;
    #[wasm_bindgen(method, getter, js_name = topicAliasMaximum)]
    fn topic_alias_maximum(this: &EngineOptions) -> u16;
    #[wasm_bindgen(method, getter, js_name = outboundTopicAliases)]
    fn outbound_topic_aliases(this: &EngineOptions) -> bool;
    #[wasm_bindgen(method, getter, js_name = requestResponseInformation)]
    fn request_response_information(this: &EngineOptions) -> bool;
    #[wasm_bindgen(method, getter, js_name = requestProblemInformation)]
    fn request_problem_information(this: &EngineOptions) -> bool;
    #[wasm_bindgen(method, getter, js_name = checkPayloadFormat)]
    fn check_payload_format(this: &EngineOptions) -> bool;
    #[wasm_bindgen(method, getter)]
    fn will(this: &EngineOptions) -> Option<WillOptions>;
    #[wasm_bindgen(method, getter)]
    fn properties(this: &EngineOptions) -> Option<Vec<u8>>;
    #[wasm_bindgen(method, getter, js_name = connectTimeout)]
    fn connect_timeout(this: &EngineOptions) -> u32;
    #[wasm_bindgen(method, getter)]
    fn reconnect(this: &EngineOptions) -> ReconnectOptions;
    #[wasm_bindgen(method, getter, js_name = maxAttempts)]
    fn max_attempts(this: &EngineOptions) -> Option<u32>;
    #[wasm_bindgen(method, getter, js_name = stableAfter)]
    fn stable_after(this: &EngineOptions) -> u32;
    #[wasm_bindgen(method, getter, js_name = maxQueued)]
    fn max_queued(this: &EngineOptions) -> u32;
    #[wasm_bindgen(method, getter, js_name = maxQueuedBytes)]
    fn max_queued_bytes(this: &EngineOptions) -> u32;
    #[wasm_bindgen(method, getter, js_name = joinPackets)]
    fn join_packets(this: &EngineOptions) -> bool;
    #[wasm_bindgen(method, getter)]
    fn trace(this: &EngineOptions) -> bool;

    type WillOptions;
    #[wasm_bindgen(method, getter)]
    fn topic(this: &WillOptions) -> String;
    #[wasm_bindgen(method, getter)]
    fn payload(this: &WillOptions) -> Vec<u8>;
    #[wasm_bindgen(method, getter)]
    fn qos(this: &WillOptions) -> u8;
    #[wasm_bindgen(method, getter)]
    fn retain(this: &WillOptions) -> bool;
    #[wasm_bindgen(method, getter)]
    fn properties(this: &WillOptions) -> Option<Vec<u8>>;

    type ReconnectOptions;
    #[wasm_bindgen(method, getter)]
    fn kind(this: &ReconnectOptions) -> String;
    #[wasm_bindgen(method, getter)]
    fn delay(this: &ReconnectOptions) -> u32;
    #[wasm_bindgen(method, getter)]
    fn min(this: &ReconnectOptions) -> u32;
    #[wasm_bindgen(method, getter)]
    fn max(this: &ReconnectOptions) -> u32;
    #[wasm_bindgen(method, getter)]
    fn jitter(this: &ReconnectOptions) -> u32;
}

/// Whether packets that are ready at the same time share a WebSocket frame.
pub fn join_packets(options: &EngineOptions) -> bool {
    options.join_packets()
}

/// What the session takes.
pub fn config(options: &EngineOptions) -> Config {
    Config {
        version: if options.protocol() == 4 {
            Version::V311
        } else {
            Version::V5
        },
        fall_back: options.fall_back(),
        follow_references: options.follow_references(),
        authentication_method: options.authentication_method(),
        client_id: options.client_id(),
        clean_start: options.clean_start(),
        session_expiry: options.session_expiry(),
        keep_alive: options.keep_alive(),
        receive_maximum: options.receive_maximum(),
        maximum_packet_size: options.maximum_packet_size(),
        topic_alias_maximum: options.topic_alias_maximum(),
        outbound_topic_aliases: options.outbound_topic_aliases(),
        request_response_information: options.request_response_information(),
        request_problem_information: options.request_problem_information(),
        check_payload_format: options.check_payload_format(),
        will: options.will().map(|will| Will {
            topic: will.topic(),
            payload: will.payload(),
            qos: qos(will.qos().into()),
            retain: will.retain(),
            properties: will.properties().unwrap_or_default(),
        }),
        user_properties: options.properties().unwrap_or_default(),
        connect_timeout: options.connect_timeout().into(),
        reconnect: reconnect(&options.reconnect()),
        stable_after: options.stable_after().into(),
        max_attempts: options.max_attempts(),
        max_queued: options.max_queued() as usize,
        max_queued_bytes: options.max_queued_bytes() as usize,
        durable: true,
        trace: options.trace(),
    }
}

fn reconnect(options: &ReconnectOptions) -> Reconnect {
    match options.kind().as_str() {
        "never" => Reconnect::Never,
        "fixed" => Reconnect::Fixed {
            delay: options.delay().into(),
            jitter: options.jitter().into(),
        },
        _ => Reconnect::Exponential {
            min: options.min().into(),
            max: options.max().into(),
            jitter: options.jitter().into(),
        },
    }
}

/// QoS from its two bits; the fourth value does not exist and counts as the strongest.
pub fn qos(bits: u32) -> Qos {
    match bits & 3 {
        0 => Qos::AtMostOnce,
        1 => Qos::AtLeastOnce,
        _ => Qos::ExactlyOnce,
    }
}
