//! One client: a thread that reads and answers, a thread that writes, and what they share.

use crate::mqtt::{self, Cursor, Packet};
use crate::stream::{self, Plan, Stream};
use crate::websocket::{self, FrameReader};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// Bytes of a stream written before the writer looks for answers that are due.
const SLICE: usize = 128 * 1024;
/// How often a paced stream is looked after.
const TURN: Duration = Duration::from_micros(100);

#[derive(Default)]
struct Shared {
    outbox: Mutex<Outbox>,
    changed: Condvar,
}

#[derive(Default)]
struct Outbox {
    /// Framed answers.
    replies: Vec<u8>,
    /// A stream the writer has not taken up yet.
    stream: Option<Arc<Stream>>,
    /// Messages of the running stream that the client has finished with.
    acked: u64,
    /// The client's Receive Maximum.
    window: u64,
    closed: bool,
}

impl Shared {
    fn with<T>(&self, change: impl FnOnce(&mut Outbox) -> T) -> T {
        let mut outbox = self.outbox.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let result = change(&mut outbox);
        self.changed.notify_one();
        result
    }
}

/// What the client did, for the report that it asks for at the end of a row.
#[derive(Default)]
struct Counts {
    sent: u64,
    acked: u64,
    ack_faults: u64,
    expected: u64,
    size: usize,
    received: u64,
    released: u64,
    publish_faults: u64,
    first_qos: u8,
}

pub fn serve(mut socket: TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    websocket::accept(&mut socket)?;
    let shared = Arc::new(Shared::default());
    let writer = {
        let (socket, shared) = (socket.try_clone()?, Arc::clone(&shared));
        std::thread::spawn(move || write_all(socket, &shared))
    };
    let mut client = Client {
        shared: &shared,
        receive_maximum: 0,
        counts: Counts::default(),
        reports: Vec::new(),
        qos: 0,
    };
    let outcome = client.read(&mut socket);
    shared.with(|outbox| outbox.closed = true);
    socket.shutdown(std::net::Shutdown::Both).ok();
    writer.join().ok();
    outcome
}

struct Client<'a> {
    shared: &'a Shared,
    receive_maximum: u16,
    qos: u8,
    counts: Counts,
    /// Topics of reports that wait until everything is accounted for.
    reports: Vec<String>,
}

impl Client<'_> {
    fn read(&mut self, socket: &mut TcpStream) -> io::Result<()> {
        let mut input = vec![0; 256 * 1024];
        let (mut frames, mut bytes, mut replies) = (FrameReader::default(), Vec::new(), Vec::new());
        loop {
            let length = socket.read(&mut input)?;
            if length == 0 || !frames.feed(&mut input[..length], &mut bytes) {
                return Ok(());
            }
            let acked = self.counts.acked;
            let mut rest = bytes.as_slice();
            while let Some(packet) = mqtt::next_packet(&mut rest) {
                if packet.kind() == mqtt::DISCONNECT {
                    return Ok(());
                }
                self.handle(&packet, &mut replies)?;
            }
            let consumed = bytes.len() - rest.len();
            bytes.drain(..consumed);
            self.answer_reports(frames.frames, &mut replies);
            let acked_now = self.counts.acked;
            if !replies.is_empty() || acked_now != acked {
                self.shared.with(|outbox| {
                    outbox.replies.append(&mut replies);
                    outbox.acked = acked_now;
                });
            }
        }
    }

    fn handle(&mut self, packet: &Packet, replies: &mut Vec<u8>) -> io::Result<()> {
        match packet.kind() {
            mqtt::CONNECT => {
                self.receive_maximum = mqtt::receive_maximum(packet.body)?;
                websocket::write_frame(&[mqtt::CONNACK << 4, 3, 0, 0, 0], replies);
            }
            mqtt::SUBSCRIBE => self.subscribe(packet, replies)?,
            mqtt::UNSUBSCRIBE => self.unsubscribe(packet, replies)?,
            mqtt::PUBLISH => self.publish(packet, replies)?,
            mqtt::PUBREL => {
                self.counts.released += 1;
                websocket::write_frame(&mqtt::ack(mqtt::PUBCOMP, packet.packet_id()?), replies);
            }
            mqtt::PUBACK => self.acknowledged(packet.packet_id()?, 1),
            mqtt::PUBREC => websocket::write_frame(&mqtt::ack(mqtt::PUBREL, packet.packet_id()?), replies),
            mqtt::PUBCOMP => self.acknowledged(packet.packet_id()?, 2),
            mqtt::PINGREQ => websocket::write_frame(&[mqtt::PINGRESP << 4, 0], replies),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
        Ok(())
    }

    /// Acknowledgements come in the order of the messages [MQTT-4.6.0-2].
    fn acknowledged(&mut self, packet_id: u16, qos: u8) {
        let counts = &mut self.counts;
        counts.ack_faults += u64::from(packet_id != stream::packet_id(counts.acked) || qos != self.qos);
        counts.acked += 1;
    }

    fn subscribe(&mut self, packet: &Packet, replies: &mut Vec<u8>) -> io::Result<()> {
        let mut cursor = Cursor(packet.body);
        let mut body = cursor.u16()?.to_be_bytes().to_vec();
        body.push(0);
        cursor.properties()?;
        let mut wanted = None;
        while !cursor.0.is_empty() {
            let filter = cursor.text()?;
            body.push(cursor.u8()? & 3);
            if let Some(plan) = Plan::parse(filter) {
                wanted = Some(Arc::new(Stream::encode(filter, &plan)));
            } else if let Some((count, size)) = stream::parse_sink(filter)? {
                self.counts = Counts {
                    expected: count,
                    size,
                    ..Counts::default()
                };
            } else if filter.starts_with("report/") {
                self.reports.push(filter.to_owned());
            }
        }
        let mut answer = Vec::new();
        mqtt::push_packet(mqtt::SUBACK << 4, &body, &mut answer);
        websocket::write_frame(&answer, replies);
        if let Some(stream) = wanted {
            self.qos = stream.qos;
            self.counts = Counts {
                sent: stream.count,
                ..Counts::default()
            };
            let window = self.receive_maximum;
            self.shared.with(|outbox| {
                outbox.replies.append(replies);
                outbox.acked = 0;
                outbox.stream = Some(stream);
                outbox.window = window.into();
            });
        }
        Ok(())
    }

    fn unsubscribe(&mut self, packet: &Packet, replies: &mut Vec<u8>) -> io::Result<()> {
        let mut cursor = Cursor(packet.body);
        let mut body = cursor.u16()?.to_be_bytes().to_vec();
        body.push(0);
        cursor.properties()?;
        while !cursor.0.is_empty() {
            cursor.text()?;
            body.push(0);
        }
        let mut answer = Vec::new();
        mqtt::push_packet(mqtt::UNSUBACK << 4, &body, &mut answer);
        websocket::write_frame(&answer, replies);
        Ok(())
    }

    fn publish(&mut self, packet: &Packet, replies: &mut Vec<u8>) -> io::Result<()> {
        let (topic, id, payload) = mqtt::read_publish(packet)?;
        let counts = &mut self.counts;
        let sound = topic == "sink" && stream::payload_is(counts.received, counts.size, payload);
        counts.publish_faults += u64::from(!sound);
        counts.received += 1;
        counts.first_qos = packet.first >> 1 & 3;
        match (id, counts.first_qos) {
            (Some(id), 1) => websocket::write_frame(&mqtt::ack(mqtt::PUBACK, id), replies),
            (Some(id), _) => websocket::write_frame(&mqtt::ack(mqtt::PUBREC, id), replies),
            (None, _) => {}
        }
        Ok(())
    }

    /// Sends the reports asked for, once nothing is outstanding in either direction.
    fn answer_reports(&mut self, frames: u64, replies: &mut Vec<u8>) {
        let counts = &self.counts;
        let outstanding = (self.qos > 0 && counts.acked < counts.sent)
            || counts.received < counts.expected
            || (counts.first_qos == 2 && counts.released < counts.received);
        if outstanding {
            return;
        }
        for topic in self.reports.drain(..) {
            let (mut body, mut answer) = (Vec::new(), Vec::new());
            mqtt::publish_head(&topic, None, &mut body);
            let Counts {
                sent,
                acked,
                ack_faults,
                received,
                publish_faults,
                ..
            } = counts;
            let text = format!(
                r#"{{"sent":{sent},"acked":{acked},"ackFaults":{ack_faults},"received":{received},"publishFaults":{publish_faults},"frames":{frames}}}"#
            );
            body.extend_from_slice(text.as_bytes());
            mqtt::push_packet(mqtt::PUBLISH << 4, &body, &mut answer);
            websocket::write_frame(&answer, replies);
        }
    }
}

/// Writes answers as they come and the stream as far as the client's window allows.
fn write_all(mut socket: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut running: Option<Arc<Stream>> = None;
    let (mut sent_frames, mut replies) = (0_u64, Vec::new());
    let mut begun = Instant::now();
    loop {
        let allowed = {
            let mut outbox = shared.outbox.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            loop {
                if outbox.closed {
                    return Ok(());
                }
                if let Some(stream) = outbox.stream.take() {
                    (running, sent_frames, begun) = (Some(stream), 0, Instant::now());
                }
                std::mem::swap(&mut replies, &mut outbox.replies);
                let allowed = running.as_ref().map_or(0, |stream| {
                    frames_allowed(stream, sent_frames, &outbox).min(frames_due(stream, sent_frames, begun))
                });
                if allowed > 0 || !replies.is_empty() {
                    break allowed;
                }
                let paced = running.as_ref().is_some_and(|stream| stream.pace.is_some());
                let patience = if paced { TURN } else { Duration::MAX };
                outbox = shared
                    .changed
                    .wait_timeout(outbox, patience)
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .0;
            }
        };
        socket.write_all(&replies)?;
        replies.clear();
        if let Some(stream) = &running {
            let start = sent_frames as usize * stream.frame_length;
            socket.write_all(&stream.bytes[start..start + allowed as usize * stream.frame_length])?;
            sent_frames += allowed;
            if sent_frames * stream.packets_per_frame == stream.count {
                running = None;
            }
        }
    }
}

/// How many frames of a paced stream are due.
fn frames_due(stream: &Stream, sent_frames: u64, begun: Instant) -> u64 {
    stream.pace.map_or(u64::MAX, |pace| {
        ((begun.elapsed().as_secs_f64() * pace as f64) as u64).saturating_sub(sent_frames)
    })
}

/// How many frames may go out now: one slice, and for QoS > 0 no more than the client's Receive Maximum leaves [MQTT-3.3.4-9].
fn frames_allowed(stream: &Stream, sent_frames: u64, outbox: &Outbox) -> u64 {
    let left = stream.count / stream.packets_per_frame - sent_frames;
    let slice = (SLICE / stream.frame_length).max(1) as u64;
    let window = match stream.qos {
        0 => u64::MAX,
        _ => {
            (outbox.acked + outbox.window).saturating_sub(sent_frames * stream.packets_per_frame)
                / stream.packets_per_frame
        }
    };
    left.min(slice).min(window)
}
