//! A native client that shows what the server itself can do: the ceiling that no browser may come near.

use crate::mqtt;
use crate::stream::{self, Plan};
use crate::websocket::{self, FrameReader};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

struct Client {
    socket: TcpStream,
    frames: FrameReader,
    input: Vec<u8>,
    bytes: Vec<u8>,
}

impl Client {
    fn connect(port: u16) -> io::Result<Self> {
        let mut socket = TcpStream::connect(("127.0.0.1", port))?;
        socket.set_nodelay(true)?;
        websocket::connect(&mut socket)?;
        let mut client = Self {
            socket,
            frames: FrameReader::default(),
            input: vec![0; 256 * 1024],
            bytes: Vec::new(),
        };
        client.send(&[
            mqtt::CONNECT << 4,
            14,
            0,
            4,
            b'M',
            b'Q',
            b'T',
            b'T',
            5,
            2,
            0,
            0,
            0,
            0,
            1,
            b'c',
        ])?;
        client.read_until(|packet, _| packet.kind() == mqtt::CONNACK)?;
        Ok(client)
    }

    fn send(&mut self, packets: &[u8]) -> io::Result<()> {
        let mut frame = Vec::with_capacity(packets.len() + 14);
        websocket::write_masked_frame(packets, &mut frame);
        self.socket.write_all(&frame)
    }

    fn subscribe(&mut self, filter: &str) -> io::Result<()> {
        let mut body = vec![0, 1, 0];
        body.extend_from_slice(&(filter.len() as u16).to_be_bytes());
        body.extend_from_slice(filter.as_bytes());
        body.push(2);
        let mut packet = Vec::new();
        mqtt::push_packet(mqtt::SUBSCRIBE << 4 | 2, &body, &mut packet);
        self.send(&packet)
    }

    /// Hands each packet to `visit`, which may push answers and says when it has seen enough.
    fn read_until(&mut self, mut visit: impl FnMut(&mqtt::Packet, &mut Vec<u8>) -> bool) -> io::Result<()> {
        let (mut done, mut answers) = (false, Vec::new());
        while !done {
            let length = self.socket.read(&mut self.input)?;
            if length == 0 || !self.frames.feed(&mut self.input[..length], &mut self.bytes) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let mut rest = self.bytes.as_slice();
            while let Some(packet) = mqtt::next_packet(&mut rest) {
                done |= visit(&packet, &mut answers);
            }
            let consumed = self.bytes.len() - rest.len();
            self.bytes.drain(..consumed);
            if !answers.is_empty() {
                self.send(&answers)?;
                answers.clear();
            }
        }
        Ok(())
    }
}

/// Runs one stream (`blast/...`) or one sink (`sink/COUNT/SIZE`, published at QoS 1) and prints its rate.
pub fn measure(port: u16, filter: &str) -> io::Result<()> {
    let mut client = Client::connect(port)?;
    let (count, elapsed) = match (Plan::parse(filter), stream::parse_sink(filter)?) {
        (Some(plan), _) => (plan.count, receive(&mut client, filter, &plan)?),
        (None, Some((count, size))) => (count, publish(&mut client, filter, count, size)?),
        _ => return Err(io::ErrorKind::InvalidInput.into()),
    };
    println!(
        r#"{{"filter":"{filter}","count":{count},"milliseconds":{:.3}}}"#,
        elapsed * 1e3
    );
    Ok(())
}

fn receive(client: &mut Client, filter: &str, plan: &Plan) -> io::Result<f64> {
    client.subscribe(filter)?;
    let (mut started, mut received, mut completed) = (None, 0, 0);
    client.read_until(|packet, answers| {
        let id = || packet.packet_id().unwrap_or_default();
        match packet.kind() {
            mqtt::PUBLISH => {
                started.get_or_insert_with(Instant::now);
                let answer = if plan.qos == 1 { mqtt::PUBACK } else { mqtt::PUBREC };
                if let (1.., Ok((_, Some(id), _))) = (plan.qos, mqtt::read_publish(packet)) {
                    answers.extend_from_slice(&mqtt::ack(answer, id));
                }
                received += 1;
            }
            mqtt::PUBREL => {
                answers.extend_from_slice(&mqtt::ack(mqtt::PUBCOMP, id()));
                completed += 1;
            }
            _ => {}
        }
        received == plan.count && (plan.qos < 2 || completed == plan.count)
    })?;
    Ok(started.map_or(0.0, |at: Instant| at.elapsed().as_secs_f64()))
}

fn publish(client: &mut Client, filter: &str, count: u64, size: usize) -> io::Result<f64> {
    client.subscribe(filter)?;
    client.read_until(|packet, _| packet.kind() == mqtt::SUBACK)?;
    let (mut packets, mut body) = (Vec::new(), Vec::new());
    for number in 0..count {
        body.clear();
        mqtt::publish_head("sink", Some(stream::packet_id(number)), &mut body);
        stream::push_payload(number, size, &mut body);
        mqtt::push_packet(mqtt::PUBLISH << 4 | 2, &body, &mut packets);
    }
    let started = Instant::now();
    client.send(&packets)?;
    let mut acked = 0;
    client.read_until(|packet, _| {
        acked += u64::from(packet.kind() == mqtt::PUBACK);
        acked == count
    })?;
    Ok(started.elapsed().as_secs_f64())
}
