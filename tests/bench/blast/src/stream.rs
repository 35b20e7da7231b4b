//! A stream of PUBLISH packets, encoded and framed before its first byte is written.

use crate::{mqtt, websocket};
use std::io;

/// What a filter asks for: `blast/q<QOS>/<PACKETS>x[<PACE>]/<COUNT>/<SIZE>[/<TOPICS>]`.
///
/// PACE is frames a second; without it they leave as fast as they can.
/// Messages carry the filter itself as their topic, or take turns over `device/00000/state` ... when TOPICS is given.
pub struct Plan {
    pub qos: u8,
    pub packets_per_frame: u64,
    pub pace: Option<u64>,
    pub count: u64,
    pub size: usize,
    pub topics: u64,
}

impl Plan {
    pub fn parse(filter: &str) -> Option<Self> {
        let mut levels = filter.strip_prefix("blast/")?.split('/');
        let qos = levels.next()?.strip_prefix('q')?.parse().ok()?;
        let (packets_per_frame, pace) = levels.next()?.split_once('x')?;
        let plan = Self {
            qos,
            packets_per_frame: packets_per_frame.parse().ok()?,
            pace: if pace.is_empty() {
                None
            } else {
                Some(pace.parse().ok()?)
            },
            count: levels.next()?.parse().ok()?,
            size: levels.next()?.parse().ok()?,
            topics: levels.next().map_or(Some(0), |text| text.parse().ok())?,
        };
        let sound = plan.qos <= 2 && plan.size >= 4 && plan.packets_per_frame > 0 && plan.topics <= 100_000;
        (sound && plan.count > 0 && plan.count.is_multiple_of(plan.packets_per_frame)).then_some(plan)
    }
}

/// Frames of equal length, one after the other.
pub struct Stream {
    pub qos: u8,
    pub count: u64,
    pub packets_per_frame: u64,
    pub pace: Option<u64>,
    pub frame_length: usize,
    pub bytes: Vec<u8>,
}

impl Stream {
    pub fn encode(filter: &str, plan: &Plan) -> Self {
        let mut stream = Self {
            qos: plan.qos,
            count: plan.count,
            packets_per_frame: plan.packets_per_frame,
            pace: plan.pace,
            frame_length: 0,
            bytes: Vec::new(),
        };
        let (mut packets, mut body) = (Vec::new(), Vec::new());
        for number in 0..plan.count {
            body.clear();
            let topic = if plan.topics == 0 {
                filter.to_owned()
            } else {
                format!("device/{:05}/state", number % plan.topics)
            };
            mqtt::publish_head(&topic, (plan.qos > 0).then(|| packet_id(number)), &mut body);
            push_payload(number, plan.size, &mut body);
            mqtt::push_packet(mqtt::PUBLISH << 4 | plan.qos << 1, &body, &mut packets);
            if (number + 1).is_multiple_of(plan.packets_per_frame) {
                websocket::write_frame(&packets, &mut stream.bytes);
                packets.clear();
                if stream.frame_length == 0 {
                    stream.frame_length = stream.bytes.len();
                    stream
                        .bytes
                        .reserve_exact(stream.frame_length * (plan.count / plan.packets_per_frame - 1) as usize);
                }
            }
        }
        stream
    }
}

/// The identifier of the n-th message: all 65,535 of them in turn, so that a full window never repeats one.
pub fn packet_id(number: u64) -> u16 {
    (number % 65_535) as u16 + 1
}

/// A payload: the message's number (u32, little-endian), then its lowest byte over and over.
pub fn push_payload(number: u64, size: usize, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&(number as u32).to_le_bytes());
    out.resize(start + size, number as u8);
}

/// Whether `payload` is the one of message `number`.
pub fn payload_is(number: u64, size: usize, payload: &[u8]) -> bool {
    payload.len() == size
        && payload[..4] == (number as u32).to_le_bytes()
        && payload[4..]
            .iter()
            .fold(0, |difference, byte| difference | (byte ^ number as u8))
            == 0
}

/// What a client will publish: `sink/<COUNT>/<SIZE>`.
pub fn parse_sink(filter: &str) -> io::Result<Option<(u64, usize)>> {
    let Some(rest) = filter.strip_prefix("sink/") else {
        return Ok(None);
    };
    let numbers = rest
        .split_once('/')
        .and_then(|(count, size)| Some((count.parse().ok()?, size.parse().ok()?)));
    numbers
        .map(Some)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "expected sink/<COUNT>/<SIZE>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_holds_every_message_in_order_and_each_frame_its_share() {
        let filter = "blast/q1/4x/400/10";
        let stream = Stream::encode(filter, &Plan::parse(filter).unwrap());
        assert_eq!(stream.bytes.len(), stream.frame_length * 100);
        let (mut frames, mut bytes) = (websocket::FrameReader::default(), Vec::new());
        frames.feed(&mut stream.bytes.clone(), &mut bytes);
        assert_eq!(frames.frames, 100);
        let mut rest = bytes.as_slice();
        for number in 0..400 {
            let packet = mqtt::next_packet(&mut rest).unwrap();
            let (topic, id, payload) = mqtt::read_publish(&packet).unwrap();
            assert_eq!((topic, id), (filter, Some(packet_id(number))));
            assert!(payload_is(number, 10, payload));
        }
        assert!(rest.is_empty());
    }

    #[test]
    fn a_plan_that_makes_no_whole_frames_is_none() {
        for filter in [
            "blast/q0/50x/30/64",
            "blast/q3/1x/30/64",
            "blast/q0/1xfast/30/64",
            "blast/q0/1x/30/3",
            "blast/q0/1x/30",
            "device/1",
        ] {
            assert!(Plan::parse(filter).is_none(), "{filter}");
        }
    }

    #[test]
    fn a_damaged_or_foreign_payload_is_noticed() {
        let mut payload = Vec::new();
        push_payload(258, 8, &mut payload);
        assert!(payload_is(258, 8, &payload));
        assert!(!payload_is(257, 8, &payload));
        assert!(!payload_is(258, 9, &payload));
        payload[6] ^= 1;
        assert!(!payload_is(258, 8, &payload));
    }
}
