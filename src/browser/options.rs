//! Options from JavaScript: the only place with serde, for one object that crosses once. `src/ts` has checked every value; a shape that does not
//! fit is a fault of ours and says so.

use serde::Deserialize as Derive;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use wasm_bindgen::JsValue;

use crate::codec::{Qos, Version};
use crate::session::{Config, Reconnect, Will};

/// What `new Engine` takes, as the session and the driver want it.
#[derive(Debug)]
pub struct Options {
    /// For the session.
    pub config: Config,
    /// For the driver: packets that are ready at the same time share a WebSocket frame.
    pub join_packets: bool,
}

/// Reads the object. Fails with an `Error` that names what does not fit.
pub fn read(options: JsValue) -> Result<Options, JsValue> {
    let given: EngineOptions = serde_wasm_bindgen::from_value(options)?;
    let join_packets = given.join_packets;
    Ok(Options {
        config: config(given),
        join_packets,
    })
}

/// QoS from its two bits; the fourth value does not exist and counts as the strongest.
pub fn qos(bits: u32) -> Qos {
    match bits {
        0 => Qos::AtMostOnce,
        1 => Qos::AtLeastOnce,
        _ => Qos::ExactlyOnce,
    }
}

/// `EngineOptions` of the architecture page.
#[derive(Derive)]
#[serde(rename_all = "camelCase")]
struct EngineOptions {
    protocol: u8,
    client_id: Option<String>,
    clean_start: bool,
    session_expiry: u32,
    keep_alive: u16,
    receive_maximum: u16,
    maximum_packet_size: u32,
    topic_alias_maximum: u16,
    outbound_topic_aliases: bool,
    will: Option<WillOptions>,
    properties: Option<Bytes>,
    connect_timeout: u32,
    reconnect: ReconnectOptions,
    max_attempts: Option<u32>,
    stable_after: u32,
    max_queued: u32,
    max_queued_bytes: u32,
    join_packets: bool,
    trace: bool,
}

#[derive(Derive)]
struct WillOptions {
    topic: String,
    payload: Bytes,
    qos: u8,
    retain: bool,
    properties: Option<Bytes>,
}

/// One struct for the three kinds: an enum with data would make serde buffer the whole object first.
#[derive(Derive)]
struct ReconnectOptions {
    kind: ReconnectKind,
    #[serde(default)]
    delay: u32,
    #[serde(default)]
    min: u32,
    #[serde(default)]
    max: u32,
    #[serde(default)]
    jitter: u32,
}

#[derive(Derive)]
#[serde(rename_all = "camelCase")]
enum ReconnectKind {
    Never,
    Fixed,
    Exponential,
}

/// A `Uint8Array`.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Buffer;
        impl Visitor<'_> for Buffer {
            type Value = Bytes;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a Uint8Array")
            }

            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
                Ok(Bytes(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Buffer)
    }
}

fn config(given: EngineOptions) -> Config {
    let ReconnectOptions {
        kind,
        delay,
        min,
        max,
        jitter,
    } = given.reconnect;
    let (delay, min, max, jitter) = (delay.into(), min.into(), max.into(), jitter.into());
    Config {
        version: if given.protocol == 4 {
            Version::V311
        } else {
            Version::V5
        },
        client_id: given.client_id,
        clean_start: given.clean_start,
        session_expiry: given.session_expiry,
        keep_alive: given.keep_alive,
        receive_maximum: given.receive_maximum,
        maximum_packet_size: given.maximum_packet_size,
        topic_alias_maximum: given.topic_alias_maximum,
        outbound_topic_aliases: given.outbound_topic_aliases,
        will: given.will.map(|will| Will {
            topic: will.topic,
            payload: will.payload.0,
            qos: qos(will.qos.into()),
            retain: will.retain,
            properties: will.properties.unwrap_or_default().0,
        }),
        user_properties: given.properties.unwrap_or_default().0,
        connect_timeout: given.connect_timeout.into(),
        reconnect: match kind {
            ReconnectKind::Never => Reconnect::Never,
            ReconnectKind::Fixed => Reconnect::Fixed { delay, jitter },
            ReconnectKind::Exponential => Reconnect::Exponential { min, max, jitter },
        },
        stable_after: given.stable_after.into(),
        max_attempts: given.max_attempts,
        max_queued: given.max_queued as usize,
        max_queued_bytes: given.max_queued_bytes as usize,
        durable: true,
        trace: given.trace,
    }
}
