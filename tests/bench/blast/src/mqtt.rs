//! As much MQTT 5.0 as the benchmark needs, both directions, for well-behaved peers only.

use std::io;

pub const CONNECT: u8 = 1;
pub const CONNACK: u8 = 2;
pub const PUBLISH: u8 = 3;
pub const PUBACK: u8 = 4;
pub const PUBREC: u8 = 5;
pub const PUBREL: u8 = 6;
pub const PUBCOMP: u8 = 7;
pub const SUBSCRIBE: u8 = 8;
pub const SUBACK: u8 = 9;
pub const UNSUBSCRIBE: u8 = 10;
pub const UNSUBACK: u8 = 11;
pub const PINGREQ: u8 = 12;
pub const PINGRESP: u8 = 13;
pub const DISCONNECT: u8 = 14;

/// One whole packet: its first byte and what follows the remaining length.
pub struct Packet<'a> {
    pub first: u8,
    pub body: &'a [u8],
}

impl Packet<'_> {
    pub fn kind(&self) -> u8 {
        self.first >> 4
    }

    pub fn packet_id(&self) -> io::Result<u16> {
        Cursor(self.body).u16()
    }
}

/// Splits the next whole packet off the front of `bytes`.
pub fn next_packet<'a>(bytes: &mut &'a [u8]) -> Option<Packet<'a>> {
    let (first, rest) = bytes.split_first()?;
    let mut cursor = Cursor(rest);
    let length = cursor.variable().ok()?;
    let body = cursor.take(length).ok()?;
    *bytes = cursor.0;
    Some(Packet { first: *first, body })
}

/// Reads a packet body from front to back.
pub struct Cursor<'a>(pub &'a [u8]);

impl<'a> Cursor<'a> {
    pub fn take(&mut self, length: usize) -> io::Result<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(length).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.0 = tail;
        Ok(head)
    }

    pub fn u8(&mut self) -> io::Result<u8> {
        Ok(self.take(1)?[0])
    }

    pub fn u16(&mut self) -> io::Result<u16> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    pub fn variable(&mut self) -> io::Result<usize> {
        let mut value = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.u8()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(io::ErrorKind::InvalidData.into())
    }

    pub fn text(&mut self) -> io::Result<&'a str> {
        let length = self.u16()?;
        std::str::from_utf8(self.take(length.into())?).map_err(|_| io::ErrorKind::InvalidData.into())
    }

    pub fn properties(&mut self) -> io::Result<Cursor<'a>> {
        let length = self.variable()?;
        self.take(length).map(Cursor)
    }
}

/// The Receive Maximum a CONNECT announces (65,535 when it says nothing) [MQTT-3.1.2-11.3.3].
pub fn receive_maximum(connect: &[u8]) -> io::Result<u16> {
    let mut cursor = Cursor(connect);
    if cursor.text()? != "MQTT" || cursor.u8()? != 5 {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "only MQTT 5.0 is spoken here",
        ));
    }
    cursor.take(3)?;
    let mut properties = cursor.properties()?;
    while !properties.0.is_empty() {
        match properties.u8()? {
            0x21 => return properties.u16(),
            0x17 | 0x19 => drop(properties.take(1)?),
            0x22 => drop(properties.take(2)?),
            0x11 | 0x27 => drop(properties.take(4)?),
            0x15 | 0x16 => {
                let length = properties.u16()?;
                properties.take(length.into())?;
            }
            0x26 => {
                properties.text()?;
                properties.text()?;
            }
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
    Ok(u16::MAX)
}

pub fn push_variable(mut value: usize, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends one whole packet.
pub fn push_packet(first: u8, body: &[u8], out: &mut Vec<u8>) {
    out.push(first);
    push_variable(body.len(), out);
    out.extend_from_slice(body);
}

/// An acknowledgement in its short form: success, no properties.
pub fn ack(kind: u8, packet_id: u16) -> [u8; 4] {
    let flags = if kind == PUBREL { 2 } else { 0 };
    let [high, low] = packet_id.to_be_bytes();
    [kind << 4 | flags, 2, high, low]
}

/// The body of a PUBLISH without properties, up to its payload.
pub fn publish_head(topic: &str, packet_id: Option<u16>, out: &mut Vec<u8>) {
    out.extend_from_slice(&(topic.len() as u16).to_be_bytes());
    out.extend_from_slice(topic.as_bytes());
    if let Some(id) = packet_id {
        out.extend_from_slice(&id.to_be_bytes());
    }
    out.push(0);
}

/// Topic, packet identifier and payload of a PUBLISH.
pub fn read_publish<'a>(packet: &Packet<'a>) -> io::Result<(&'a str, Option<u16>, &'a [u8])> {
    let mut cursor = Cursor(packet.body);
    let topic = cursor.text()?;
    let id = if packet.first & 0b110 == 0 {
        None
    } else {
        Some(cursor.u16()?)
    };
    cursor.properties()?;
    Ok((topic, id, cursor.0))
}
