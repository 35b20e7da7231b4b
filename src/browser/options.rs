//! Options from JavaScript: one object that crosses once, its numbers all together. `src/ts` has checked every value, and makes the object that the
//! interface below describes. Measured: through serde-wasm-bindgen the same object cost 20 KB of brotli, a third of the budget, most
//! of it for error texts that nobody would see.

use wasm_bindgen::prelude::*;

use super::boundary;
use crate::codec::{Qos, Version};
use crate::session::{Config, OfflineQos0, Overflow, Reconnect, Will};

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
  /** The broker's URL without query: whose session it is. */
  broker: string;
  /** Name of the database of a stored session. */
  store?: string;
  /** Whether a QoS 2 message that had left is sent anew when the broker has lost the session; else it is indeterminate. */
  resendQos2: boolean;
  /** Milliseconds, 0 = off. */
  stallAfter: number;
  /** 0 reject, 1 drop-oldest, 2 drop-newest, 3 latest-per-topic. */
  overflow: number;
  /** QoS 0 while there is no link: 0 queue, 1 drop, 2 refuse. */
  offlineQos0: number;
  /** Whether a commit is on the medium before it counts. */
  strict: boolean;
  /** Whether the session is stored. */
  durable: boolean;
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
    #[wasm_bindgen(method, getter, js_name = authenticationMethod)]
    fn authentication_method(this: &EngineOptions) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = clientId)]
    fn client_id(this: &EngineOptions) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn broker(this: &EngineOptions) -> String;
    /// Name of the database of a stored session; none without one.
    #[wasm_bindgen(method, getter)]
    pub fn store(this: &EngineOptions) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn will(this: &EngineOptions) -> Option<WillOptions>;
    #[wasm_bindgen(method, getter)]
    fn properties(this: &EngineOptions) -> Option<Vec<u8>>;

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
}

/// What the session takes, and whether packets that are ready at the same time share a WebSocket frame.
pub fn read(options: &EngineOptions) -> (Config, bool) {
    // In one call: each number of its own would cost every start of a page a wrapper, and the package a name. The order is that of boundary.js.
    let mut numbers = [0; 30];
    boundary::numbers(options, numbers.as_mut_ptr());
    let [
        protocol,
        fall_back,
        follow_references,
        clean_start,
        session_expiry,
        keep_alive,
        receive_maximum,
        maximum_packet_size,
        topic_alias_maximum,
        outbound_topic_aliases,
        request_response_information,
        request_problem_information,
        check_payload_format,
        connect_timeout,
        kind,
        min,
        max,
        jitter,
        max_attempts,
        stable_after,
        max_queued,
        max_queued_bytes,
        join_packets,
        trace,
        resend_qos2,
        stall_after,
        overflow,
        offline_qos0,
        strict,
        durable,
    ] = numbers;
    let (delay, jitter) = (u64::from(min), u64::from(jitter));
    let config = Config {
        version: if protocol == 4 { Version::V311 } else { Version::V5 },
        fall_back: fall_back != 0,
        follow_references: follow_references != 0,
        authentication_method: options.authentication_method(),
        client_id: options.client_id(),
        clean_start: clean_start != 0,
        session_expiry,
        keep_alive: keep_alive as u16,
        receive_maximum: receive_maximum as u16,
        maximum_packet_size,
        topic_alias_maximum: topic_alias_maximum as u16,
        outbound_topic_aliases: outbound_topic_aliases != 0,
        request_response_information: request_response_information != 0,
        request_problem_information: request_problem_information != 0,
        check_payload_format: check_payload_format != 0,
        will: options.will().map(|will| Will {
            topic: will.topic(),
            payload: will.payload(),
            qos: qos(will.qos().into()),
            retain: will.retain(),
            properties: will.properties().unwrap_or_default(),
        }),
        user_properties: options.properties().unwrap_or_default(),
        connect_timeout: connect_timeout.into(),
        reconnect: match kind {
            0 => Reconnect::Never,
            1 => Reconnect::Fixed { delay, jitter },
            _ => Reconnect::Exponential {
                min: delay,
                max: max.into(),
                jitter,
            },
        },
        stable_after: stable_after.into(),
        max_attempts: (max_attempts > 0).then_some(max_attempts),
        max_queued: max_queued as usize,
        max_queued_bytes: max_queued_bytes as usize,
        durable: durable != 0,
        strict: strict != 0,
        broker: options.broker(),
        resend_qos2: resend_qos2 != 0,
        stall_after: stall_after.into(),
        overflow: match overflow {
            0 => Overflow::Reject,
            1 => Overflow::DropOldest,
            2 => Overflow::DropNewest,
            _ => Overflow::LatestPerTopic,
        },
        offline_qos0: match offline_qos0 {
            0 => OfflineQos0::Queue,
            1 => OfflineQos0::Drop,
            _ => OfflineQos0::Refuse,
        },
        trace: trace != 0,
    };
    (config, join_packets != 0)
}

/// QoS from its two bits; the fourth value does not exist and counts as the strongest.
pub fn qos(bits: u32) -> Qos {
    match bits & 3 {
        0 => Qos::AtMostOnce,
        1 => Qos::AtLeastOnce,
        _ => Qos::ExactlyOnce,
    }
}
