//! Bytes to packets, packets to whom they concern.

use crate::codec::{self, Packet, ReasonCode, Sender};

use super::connect::refusal;
use super::timers::Check;
use super::{Cause, Event, Fault, Millis, Phase, Session, State, trace};

impl Session {
    /// Room for the bytes of the next frame, to be filled before [`Session::handle_input`]. What is in it before is of no meaning.
    pub fn input(&mut self, length: usize) -> &mut [u8] {
        self.input.space(length)
    }

    /// A frame has been put into [`Session::input`]. It may hold any number of packets and pieces of packets.
    pub fn handle_input(&mut self, now: Millis) {
        self.tick(now);
        self.link.keep_alive.received(self.now);
        self.tally.last_received = self.now;
        let (buffer, mut at, end) = self.input.take();
        let bytes = buffer.get(..end).unwrap_or_default();
        while self.receives() {
            let rest = bytes.get(at..).unwrap_or_default();
            let packet = match codec::packet_size(rest, self.config.maximum_packet_size) {
                Ok(Some(size)) => rest.get(..size),
                Ok(None) => None,
                Err(error) => {
                    self.fault(&Fault::new(error.reason(), error.text()));
                    break;
                }
            };
            let Some(packet) = packet else {
                break;
            };
            at = at.saturating_add(packet.len());
            self.tally.packets_received = self.tally.packets_received.wrapping_add(1);
            if let Err(fault) = self.on_bytes(packet, at) {
                self.fault(&fault);
            }
        }
        // What follows a packet that ended the connection is nobody's.
        let consumed = if self.receives() { at } else { end };
        self.input.restore(buffer, consumed);
    }

    /// Whether packets are expected at all.
    const fn receives(&self) -> bool {
        matches!(
            self.state,
            State::Online { .. }
                | State::Connecting {
                    phase: Phase::Handshake,
                    ..
                }
        )
    }

    /// One whole packet, which ends at `end` in the input buffer.
    fn on_bytes(&mut self, bytes: &[u8], end: usize) -> Result<(), Fault> {
        let packet = codec::decode(bytes, self.offered, Sender::Server)
            .map_err(|error| Fault::new(error.reason(), error.text()))?;
        if self.config.trace
            && let Some(packet) = trace::describe(bytes, false)
        {
            self.out.events.push(Event::Packet(Box::new(packet)));
        }
        if !self.config.request_problem_information {
            check_silence(&packet)?;
        }
        if self.is_online() {
            self.on_packet(&packet, end)
        } else {
            self.note_answer();
            match &packet {
                Packet::ConnAck(connack) => self.on_connack(connack, end),
                Packet::Auth(auth) => self.on_auth(auth, end),
                // [MQTT-3.2.0-1]
                _ => Err(Fault::protocol("another packet before CONNACK")),
            }
        }
    }

    fn on_packet(&mut self, packet: &Packet<'_>, end: usize) -> Result<(), Fault> {
        match packet {
            Packet::Publish(publish) => self.on_publish(publish, end),
            Packet::PubAck(ack) => self.on_puback(ack, end),
            Packet::PubRec(ack) => self.on_pubrec(ack, end),
            Packet::PubComp(ack) => self.on_pubcomp(ack, end),
            Packet::PubRel(ack) => {
                self.on_pubrel(ack);
                Ok(())
            }
            Packet::SubAck(ack) => self.on_suback(ack, end),
            Packet::UnsubAck(ack) => self.on_unsuback(ack, end),
            Packet::PingResp => {
                // Any byte shows that the link lives: that was noted when it came.
                self.note_answer();
                Ok(())
            }
            Packet::Disconnect(disconnect) => {
                let refusal = refusal(disconnect.reason, &disconnect.properties);
                self.lost(Cause::Disconnected(refusal), true);
                Ok(())
            }
            Packet::ConnAck(_) => Err(Fault::protocol("a second CONNACK")),
            Packet::Auth(auth) => self.on_auth(auth, end),
            Packet::Connect(_) | Packet::Subscribe(_) | Packet::Unsubscribe(_) | Packet::PingReq => Err(Fault::new(
                ReasonCode::PROTOCOL_ERROR,
                "a packet that only clients send",
            )),
        }
    }

    /// Bytes that had to wait in the socket have left since this was said last. A slow link is not a dead one: as long as a large packet is on its way, the
    /// answer to a PINGREQ behind it has [`super::Config::probe_timeout`] anew.
    pub const fn handle_progress(&mut self, now: Millis) {
        self.link.keep_alive.progressed(now);
    }

    /// Probes a quiet link, and gives up a silent one.
    pub(super) fn check_keep_alive(&mut self) {
        if self.is_online() {
            let check = self.link.keep_alive.check(self.now);
            self.perform_check(check);
        }
    }

    pub(super) fn perform_check(&mut self, check: Check) {
        match check {
            Check::Fine => {}
            Check::Probe => self.probe(),
            Check::Dead => self.lost(Cause::KeepAliveTimeout, true),
        }
    }
}

/// A broker that was asked for no problem information explains itself in PUBLISH, CONNACK and DISCONNECT only `[MQTT-3.1.2-29]`.
fn check_silence(packet: &Packet<'_>) -> Result<(), Fault> {
    let explained = match packet {
        Packet::PubAck(ack) | Packet::PubRec(ack) | Packet::PubRel(ack) | Packet::PubComp(ack) => &ack.properties,
        Packet::SubAck(ack) => &ack.properties,
        Packet::UnsubAck(ack) => &ack.properties,
        Packet::Auth(auth) => &auth.properties,
        _ => return Ok(()),
    };
    if explained.reason_string().is_some() || explained.user_property().is_some() {
        return Err(Fault::protocol(
            "a reason string or user property that was not asked for",
        ));
    }
    Ok(())
}
