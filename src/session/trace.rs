//! Packets as the log shows them, read from their bytes.

use crate::codec::{PacketType, packet_size};

use super::PacketTrace;

/// Where CONNECT has the protocol level: behind its name, `MQTT` (3.1.2.2).
const PROTOCOL_LEVEL: usize = 6;

/// One description for each packet in `bytes`.
pub(super) fn packets(bytes: &[u8]) -> impl Iterator<Item = PacketTrace> {
    let mut rest = bytes;
    core::iter::from_fn(move || {
        let size = packet_size(rest, u32::MAX).ok().flatten()?;
        let (packet, behind) = rest.split_at_checked(size)?;
        rest = behind;
        describe(packet, true)
    })
}

/// What can be said of one whole packet.
pub(super) fn describe(packet: &[u8], outgoing: bool) -> Option<PacketTrace> {
    let (&first, rest) = packet.split_first()?;
    let packet_type = PacketType::from_first_byte(first).ok()?;
    let length = rest.iter().position(|byte| byte & 0x80 == 0)?;
    let body = rest.get(length.checked_add(1)?..)?;
    let mut trace = PacketTrace {
        outgoing,
        packet_type: packet_type as u8,
        packet_id: 0,
        size: packet.len() as u32,
        flags: first & 0x0F,
        reason: 0,
        topic: Box::default(),
    };
    match packet_type {
        PacketType::Publish => {
            let (topic, behind) = body.split_at_checked(usize::from(number(body)).saturating_add(2))?;
            trace.topic = core::str::from_utf8(topic.get(2..)?).ok()?.into();
            if first & 0b0110 != 0 {
                trace.packet_id = number(behind);
            }
        }
        PacketType::PubAck | PacketType::PubRec | PacketType::PubRel | PacketType::PubComp => {
            trace.packet_id = number(body);
            trace.reason = body.get(2).copied().unwrap_or(0);
        }
        PacketType::Subscribe | PacketType::SubAck | PacketType::Unsubscribe | PacketType::UnsubAck => {
            trace.packet_id = number(body);
        }
        PacketType::ConnAck => trace.reason = body.get(1).copied().unwrap_or(0),
        PacketType::Disconnect | PacketType::Auth => trace.reason = body.first().copied().unwrap_or(0),
        PacketType::Connect => trace.reason = body.get(PROTOCOL_LEVEL).copied().unwrap_or(0),
        PacketType::PingReq | PacketType::PingResp => {}
    }
    Some(trace)
}

/// The two bytes at the start, 0 if they are not there.
fn number(bytes: &[u8]) -> u16 {
    bytes.first_chunk().map_or(0, |bytes| u16::from_be_bytes(*bytes))
}
