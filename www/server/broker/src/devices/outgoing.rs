//! One message on its way from a device to the broker.

use mqtt5::QoS;
use serde::Serialize;

/// What a device wants published; the payload is JSON text.
#[derive(Debug)]
pub struct Outgoing {
    pub topic: String,
    pub payload: String,
    pub qos: QoS,
    pub retain: bool,
}

impl Outgoing {
    /// A reading: the next one is a second away, so a lost one is not worth repeating (QoS 0).
    pub fn reading(topic: String, value: &impl Serialize) -> Self {
        Self::new(topic, value, QoS::AtMostOnce, false)
    }

    /// An event: it happened once and nobody will say it again (QoS 1).
    pub fn event(topic: String, value: &impl Serialize) -> Self {
        Self::new(topic, value, QoS::AtLeastOnce, false)
    }

    /// A state: whoever comes later wants the last one (QoS 1, retained).
    pub fn state(topic: String, value: &impl Serialize) -> Self {
        Self::new(topic, value, QoS::AtLeastOnce, true)
    }

    fn new(topic: String, value: &impl Serialize, qos: QoS, retain: bool) -> Self {
        // The values are plain structs of numbers and text: they always serialise.
        let payload = serde_json::to_string(value).unwrap_or_default();
        Self {
            topic,
            payload,
            qos,
            retain,
        }
    }
}
