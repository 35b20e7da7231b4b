//! Options from JavaScript: one object that crosses once, as one block of bytes (boundary.js). `src/ts` has checked every value, and makes the object that the
//! interface below describes. Measured: through serde-wasm-bindgen the same object cost 20 KB of brotli, a third of the budget, most
//! of it for error texts that nobody would see.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen::prelude::*;

use super::block::Block;
use crate::codec::{Qos, Version};
use crate::session::{Config, Jitter, OfflineQos0, Overflow, Reconnect, Will};

#[cfg(target_arch = "wasm32")]
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
  /** Keys of de-duplication that are remembered at most. */
  maxKeys: number;
  /** Whether what authenticates the client is asked for anew with each attempt. */
  freshCredentials: boolean;
  /** Milliseconds. */
  probeTimeout: number;
  /** Whether the broker is to publish the will at once when the page goes away. */
  willOnLeave: boolean;
  /** How many addresses the attempts go to in turn; 0: nobody knows. */
  addresses: number;
  /** What follows a cause, where it is not the usual: `Config::policy`. */
  policy?: Uint8Array;
}
export interface WillOptions {
  topic: string;
  payload: Uint8Array;
  qos: 0 | 1 | 2;
  retain: boolean;
  properties?: Uint8Array;
}
/** Milliseconds; `jitter` -1: full, -2: equal. */
export type ReconnectOptions =
  | { kind: "never" }
  | { kind: "fixed"; delay: number; jitter: number }
  | { kind: "exponential"; min: number; max: number; jitter: number };
"#;

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen]
extern "C" {
    /// `EngineOptions`, an ordinary object.
    #[wasm_bindgen(typescript_type = "EngineOptions")]
    #[derive(Debug)]
    pub type EngineOptions;
}

/// What the options say, read.
#[derive(Debug)]
pub struct Options {
    /// What the session takes.
    pub config: Config,
    /// Whether packets that are ready at the same time share a WebSocket frame.
    pub join_packets: bool,
    /// The database of a stored session.
    pub store: Option<String>,
}

/// Reads what `optionBytes` of boundary.js has written. What is missing counts as not given.
pub fn read(bytes: &[u8]) -> Options {
    let mut block = Block::new(bytes);
    let mut numbers = [0; 37];
    numbers.fill_with(|| block.number().unwrap_or_default());
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
        max_keys,
        fresh_credentials,
        probe_timeout,
        will_on_leave,
        addresses,
        will_qos,
        will_retain,
    ] = numbers;
    let mut text = || block.text().map(String::from);
    let (client_id, authentication_method, broker, store) = (text(), text(), text(), text());
    let properties = block.field().unwrap_or_default();
    let policy = block.field().unwrap_or_default();
    let will = block.text().map(|topic| Will {
        topic: topic.into(),
        payload: block.field().unwrap_or_default().into(),
        qos: qos(will_qos),
        retain: will_retain != 0,
        properties: block.field().unwrap_or_default().into(),
    });
    let delay = u64::from(min);
    let jitter = match jitter {
        u32::MAX => Jitter::Full,
        0xFFFF_FFFE => Jitter::Equal,
        most => Jitter::UpTo(most),
    };
    let config = Config {
        version: if protocol == 4 { Version::V311 } else { Version::V5 },
        fall_back: fall_back != 0,
        follow_references: follow_references != 0,
        authentication_method,
        client_id,
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
        will,
        user_properties: properties.into(),
        connect_timeout: connect_timeout.into(),
        probe_timeout: probe_timeout.into(),
        will_on_leave: will_on_leave != 0,
        addresses,
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
        broker: broker.unwrap_or_default(),
        resend_qos2: resend_qos2 != 0,
        max_keys: max_keys as usize,
        fresh_credentials: fresh_credentials != 0,
        policy: policy.into(),
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
    Options {
        config,
        join_packets: join_packets != 0,
        store,
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

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    /// The block that `tests/ts/option-bytes.test.ts` makes of the same options.
    fn golden() -> (Vec<u8>, serde_json::Value) {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/golden/options.json")).expect("the golden file is JSON");
        let bytes = golden["bytes"].as_array().expect("bytes");
        let bytes = bytes.iter().map(|byte| byte.as_u64().expect("a byte") as u8).collect();
        (bytes, golden["options"].clone())
    }

    #[test]
    fn every_option_arrives_in_its_place() {
        let (bytes, said) = golden();
        let Options {
            config,
            join_packets,
            store,
        } = read(&bytes);
        let flags = [
            ("fallBack", config.fall_back),
            ("followReferences", config.follow_references),
            ("cleanStart", config.clean_start),
            ("outboundTopicAliases", config.outbound_topic_aliases),
            ("requestResponseInformation", config.request_response_information),
            ("requestProblemInformation", config.request_problem_information),
            ("checkPayloadFormat", config.check_payload_format),
            ("joinPackets", join_packets),
            ("trace", config.trace),
            ("resendQos2", config.resend_qos2),
            ("strict", config.strict),
            ("durable", config.durable),
            ("freshCredentials", config.fresh_credentials),
            ("willOnLeave", config.will_on_leave),
        ];
        for (name, read) in flags {
            assert_eq!(said[name].as_bool(), Some(read), "{name}");
        }
        let numbers = [
            ("sessionExpiry", u64::from(config.session_expiry)),
            ("keepAlive", config.keep_alive.into()),
            ("receiveMaximum", config.receive_maximum.into()),
            ("maximumPacketSize", config.maximum_packet_size.into()),
            ("topicAliasMaximum", config.topic_alias_maximum.into()),
            ("connectTimeout", config.connect_timeout),
            ("maxAttempts", config.max_attempts.map_or(0, u64::from)),
            ("stableAfter", config.stable_after),
            ("maxQueued", config.max_queued as u64),
            ("maxQueuedBytes", config.max_queued_bytes as u64),
            ("stallAfter", config.stall_after),
            ("maxKeys", config.max_keys as u64),
            ("probeTimeout", config.probe_timeout),
            ("addresses", config.addresses.into()),
        ];
        for (name, read) in numbers {
            assert_eq!(said[name].as_u64(), Some(read), "{name}");
        }
        let will = config.will.expect("a will");
        let texts = [
            ("clientId", config.client_id.as_deref(), &said["clientId"]),
            (
                "authenticationMethod",
                config.authentication_method.as_deref(),
                &said["authenticationMethod"],
            ),
            ("broker", Some(config.broker.as_str()), &said["broker"]),
            ("store", store.as_deref(), &said["store"]),
            ("will.topic", Some(will.topic.as_str()), &said["will"]["topic"]),
        ];
        for (name, read, said) in texts {
            assert_eq!(said.as_str(), read, "{name}");
        }
        assert_eq!(config.version, Version::V311);
        assert_eq!(
            config.reconnect,
            Reconnect::Exponential {
                min: 101,
                max: 102,
                jitter: Jitter::Equal
            }
        );
        assert_eq!(
            (config.overflow, config.offline_qos0),
            (Overflow::DropNewest, OfflineQos0::Drop)
        );
        assert_eq!((will.qos, will.retain), (Qos::AtLeastOnce, true));
        assert_eq!(
            (will.payload, will.properties, config.user_properties, config.policy),
            (vec![7], vec![8, 9], vec![10, 11, 12], vec![4, 0, 134, 0])
        );
    }

    #[test]
    fn what_is_not_given_is_not_there() {
        let options = read(&[]);
        let config = options.config;
        assert_eq!(
            (options.store, config.client_id, config.authentication_method),
            (None, None, None)
        );
        assert!(config.will.is_none() && config.max_attempts.is_none() && config.broker.is_empty());
    }
}
