//! The broker's end of the socket, moved by hand: what the client sent, and what it is to receive.

use hawser::codec::{self, Packet, Place, Properties, Property, PropertyBuf, Qos, ReasonCode, Sender, Version};

use crate::driver::split;
use crate::text::describe;
use crate::world::{Socket, World};

impl World {
    /// The packets of the client that were not looked at, as text.
    pub fn take(&mut self) -> Vec<String> {
        let bytes = std::mem::take(&mut self.wire);
        split(&bytes).map(|packet| describe(packet, self.version)).collect()
    }

    #[track_caller]
    pub fn expect(&mut self, packets: &[&str]) {
        assert_eq!(self.take(), packets);
    }

    pub fn take_wire(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.wire)
    }

    pub fn send(&mut self, packet: Packet<'_>) {
        let mut bytes = Vec::new();
        packet.encode(self.version, &mut bytes).unwrap();
        self.send_bytes(&bytes);
    }

    /// One frame from the broker, which may be anything.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.hand_in(bytes);
        self.drain();
    }

    /// One frame from the broker, in the same burst as what follows.
    pub fn hand_in(&mut self, bytes: &[u8]) {
        assert_eq!(self.socket, Socket::Open);
        self.session.input(bytes.len()).copy_from_slice(bytes);
        self.frame = bytes.to_vec();
        self.session.handle_input(self.time());
    }

    pub fn connack(&mut self, session_present: bool, properties: &[Property<'_>]) {
        self.connack_with(session_present, ReasonCode::SUCCESS, properties);
    }

    pub fn connack_with(&mut self, session_present: bool, reason: ReasonCode, properties: &[Property<'_>]) {
        let block = block(Place::ConnAck, properties);
        let properties = block.as_properties();
        self.send(Packet::ConnAck(codec::ConnAck {
            session_present,
            reason,
            properties,
        }));
    }

    pub fn message(&mut self, qos: u8, id: u16, topic: &str, payload: &str) {
        let bytes = self.message_bytes(qos, id, topic, payload.as_bytes(), false, &[]);
        self.send_bytes(&bytes);
    }

    pub fn message_bytes(
        &self,
        qos: u8,
        id: u16,
        topic: &str,
        payload: &[u8],
        dup: bool,
        properties: &[Property<'_>],
    ) -> Vec<u8> {
        let block = block(Place::PublishFromServer, properties);
        let mut bytes = Vec::new();
        codec::Publish {
            dup,
            qos: Qos::from_bits(qos).unwrap(),
            retain: false,
            topic,
            packet_id: codec::PacketId::new(id),
            properties: block.as_properties(),
            payload,
        }
        .encode(self.version, &mut bytes)
        .unwrap();
        bytes
    }

    pub fn puback(&mut self, id: u16) {
        self.send_bytes(&ack(0x40, id));
    }

    pub fn pubrec(&mut self, id: u16) {
        self.send_bytes(&ack(0x50, id));
    }

    pub fn pubrel(&mut self, id: u16) {
        self.send_bytes(&ack(0x62, id));
    }

    pub fn pubcomp(&mut self, id: u16) {
        self.send_bytes(&ack(0x70, id));
    }

    pub fn suback(&mut self, id: u16, reasons: &[u8]) {
        let packet_id = codec::PacketId::new(id).unwrap();
        self.send(Packet::SubAck(codec::SubAck {
            packet_id,
            properties: Properties::EMPTY,
            reasons,
        }));
    }

    pub fn unsuback(&mut self, id: u16, reasons: &[u8]) {
        let packet_id = codec::PacketId::new(id).unwrap();
        self.send(Packet::UnsubAck(codec::UnsubAck {
            packet_id,
            properties: Properties::EMPTY,
            reasons,
        }));
    }
}

pub fn block(place: Place, properties: &[Property<'_>]) -> PropertyBuf {
    let mut block = PropertyBuf::new(place);
    properties.iter().for_each(|property| block.push(*property).unwrap());
    block
}

/// An acknowledgement in its short form.
pub fn ack(first: u8, id: u16) -> [u8; 4] {
    [first, 2, (id >> 8) as u8, id as u8]
}

/// Decodes what the client sent; panics if a broker would refuse it.
pub fn decode(bytes: &[u8], version: Version) -> Packet<'_> {
    codec::decode(bytes, version, Sender::Client).unwrap_or_else(|error| panic!("{error}: {bytes:02x?}"))
}
