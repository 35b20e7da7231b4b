//! A page that finds some log in its store: what an engine has written, spoilt here and there, or anything at all.

use std::collections::BTreeMap;

use hawser::codec::{self, ConnAck, Place, Properties, Publish, Qos, ReasonCode, Sender, Version};
use hawser::session::{Config, Event, Millis, Outputs, Session, StorageFault, StoreBatch, StoreChange, StoreKey};

use crate::packets::properties;
use crate::source::Source;

const NOW: Millis = Millis(2_000_000);

/// Runs the target.
pub fn restore(input: &[u8]) {
    let mut source = Source::new(input);
    let flags = source.u8();
    let version = source.version();
    let config = Config {
        version,
        fall_back: flags & 1 != 0,
        client_id: (flags & 2 != 0).then(|| "c".into()),
        clean_start: flags & 4 != 0,
        session_expiry: 3_600,
        durable: true,
        resend_qos2: flags & 8 != 0,
        ..Config::default()
    };
    let segments = if flags & 16 == 0 {
        written(&mut source, &config)
    } else {
        anything(&mut source)
    };
    let last = segments.len() as u64;
    let mut page = Page::load(&config, last, &segments);
    page.check();
    // What was taken up is what the next page finds, too.
    page.session.handle_store_back(NOW);
    let snapshot = page.drain().expect("a snapshot");
    assert!(snapshot.is_snapshot() && snapshot.number > last);
    let mut segment = Vec::new();
    snapshot.encode(&mut segment);
    let unsettled = page.session.unsettled();
    let kept = Config {
        clean_start: false,
        ..config
    };
    let mut next = Page::load(&kept, snapshot.number, &[segment]);
    assert!(next.sound, "a snapshot that is not sound");
    assert_eq!(next.session.unsettled(), unsettled);
    assert_eq!(next.filters, page.filters);
    next.connect(kept.version, flags & 32 != 0);
}

/// A log as an engine writes it, of any changes, some of which make no sense.
fn written(source: &mut Source<'_>, config: &Config) -> Vec<Vec<u8>> {
    let mut first = Session::new(config.clone(), 7);
    let mut outputs = Outputs::default();
    first.take_outputs(Millis(1_000_000), &mut outputs);
    let begin = outputs.store.take().expect("the batch that begins");
    let mut segments = Vec::new();
    for number in 1..=u64::from(source.below(4)) + 1 {
        let mut batch = StoreBatch {
            number,
            ..if number == 1 {
                begin.clone()
            } else {
                StoreBatch::default()
            }
        };
        for _ in 0..source.below(12) {
            change(source, config.version, &mut batch);
        }
        let mut segment = Vec::new();
        batch.encode(&mut segment);
        if let (1, Some(byte)) = (source.below(32), segment.get_mut(usize::from(source.u8()))) {
            *byte = source.u8();
        }
        segments.push(segment);
    }
    segments
}

fn change(source: &mut Source<'_>, version: Version, batch: &mut StoreBatch) {
    let (kind, number) = (source.below(8), source.below(8));
    let key = match kind {
        0..4 => StoreKey::Outbound(number.into()),
        4..6 => StoreKey::Subscription(number.into()),
        6 => StoreKey::Inbound(number.into()),
        _ => StoreKey::Ledger(number.into()),
    };
    let start = batch.bytes.len();
    match (kind, source.below(8)) {
        (_, 0) => {
            batch.changes.push(StoreChange::Delete(key));
            return;
        }
        (_, 1) => batch.bytes.extend_from_slice(source.bytes()),
        (0, _) => batch
            .bytes
            .extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 0, 0x62, 2, 0, source.u8()]),
        (1..4, _) => message(source, version, &mut batch.bytes),
        (4..6, _) => {
            batch.bytes.push(source.one_of(&[0xFF, 0, 1, 0xFE]));
            let filter = source.one_of(&["a", "a/+", "a/#", "b", "$share/g/a"]);
            let mut body = vec![0, 1];
            if version == Version::V5 {
                body.extend_from_slice(&[2, 0x0B, number + 1]);
            }
            let length = body.len() + filter.len() + 3;
            batch.bytes.extend_from_slice(&[0x82, length as u8]);
            batch.bytes.extend_from_slice(&body);
            batch.bytes.extend_from_slice(&[0, filter.len() as u8]);
            batch.bytes.extend_from_slice(filter.as_bytes());
            batch.bytes.push(source.below(3));
        }
        _ => batch.bytes.extend_from_slice(&[0x50, 2, 0, number]),
    }
    let value = start as u32..batch.bytes.len() as u32;
    batch.changes.push(StoreChange::Put { key, value });
}

fn message(source: &mut Source<'_>, version: Version, out: &mut Vec<u8>) {
    out.extend_from_slice(&u64::from(source.u8() % 2 * 2).saturating_mul(1_000_100).to_le_bytes());
    let block = properties(source, version, Place::PublishFromClient);
    let waits = source.flag();
    let start = out.len();
    let publish = Publish {
        dup: false,
        qos: source.one_of(&[Qos::AtLeastOnce, Qos::ExactlyOnce]),
        retain: source.flag(),
        topic: source.one_of(&["a", "a/b"]),
        packet_id: Some(source.packet_id()),
        properties: match version {
            Version::V5 => block.as_properties(),
            Version::V311 => Properties::EMPTY,
        },
        payload: source.bytes(),
    };
    let _ = publish.encode(version, out);
    // The identifier stands behind the topic.
    let at = out
        .get(start + 1..)
        .and_then(|body| body.iter().position(|byte| byte & 0x80 == 0));
    let at = at.map(|header| start + 4 + header + publish.topic.len());
    if let Some(place) = at.and_then(|at| out.get_mut(at..at + 2)).filter(|_| waits) {
        place.fill(0);
    }
}

fn anything(source: &mut Source<'_>) -> Vec<Vec<u8>> {
    let mut segments = Vec::new();
    while !source.is_empty() {
        segments.push(source.bytes().to_vec());
    }
    segments
}

/// A page with that log.
struct Page {
    session: Session,
    outputs: Outputs,
    /// Restored messages and how they were settled.
    restored: BTreeMap<u32, Option<u32>>,
    filters: Vec<String>,
    sound: bool,
}

impl Page {
    fn load(config: &Config, last: u64, segments: &[Vec<u8>]) -> Self {
        let mut page = Self {
            session: Session::new(config.clone(), 42),
            outputs: Outputs::default(),
            restored: BTreeMap::new(),
            filters: Vec::new(),
            sound: true,
        };
        page.session.restore(NOW, last, segments.iter().map(Vec::as_slice));
        page.drain();
        page
    }

    fn check(&self) {
        let open = self.restored.values().filter(|code| code.is_none()).count();
        assert_eq!(self.session.unsettled(), open);
    }

    /// Connects, and looks at all that is sent.
    fn connect(&mut self, version: Version, present: bool) {
        self.session.start(NOW);
        self.drain();
        self.session.handle_address(NOW, 1, None, None);
        self.drain();
        self.session.handle_open(NOW);
        self.drain();
        let mut bytes = Vec::new();
        let connack = ConnAck {
            session_present: present,
            reason: ReasonCode::SUCCESS,
            properties: Properties::EMPTY,
        };
        if codec::Packet::ConnAck(connack).encode(version, &mut bytes).is_ok() {
            self.session.input(bytes.len()).copy_from_slice(&bytes);
            self.session.handle_input(NOW);
        }
        self.drain();
        self.session.close(NOW, ReasonCode::NORMAL_DISCONNECTION, &[]);
        self.drain();
        assert!(
            self.restored.values().all(Option::is_some),
            "a token that nobody settles"
        );
    }

    /// Performs outputs until there are none; returns the last batch.
    fn drain(&mut self) -> Option<StoreBatch> {
        let mut last = None;
        for round in 0.. {
            assert!(round < 100, "a step without an end");
            if !self.session.take_outputs(NOW, &mut self.outputs) {
                break;
            }
            if let Some(batch) = self.outputs.store.take() {
                self.session.handle_stored(NOW, batch.number);
                last = Some(batch);
            }
            for event in std::mem::take(&mut self.outputs.events) {
                self.on_event(event);
            }
            check_packets(&self.outputs.transmit);
        }
        last
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Restored(message) => {
                let earlier = self.restored.insert(message.token, None);
                assert_eq!(earlier, None, "a token twice");
            }
            Event::Done(settled) => {
                let earlier = self.restored.insert(settled.token, Some(settled.code));
                assert_eq!(earlier, Some(None), "settled twice, or never told");
            }
            Event::Filter { filter, .. } => self.filters.push(filter.into()),
            Event::Storage { fault, .. } => self.sound &= fault != Some(StorageFault::Damaged),
            _ => {}
        }
    }
}

/// Every packet must be one that a broker takes, in either protocol.
fn check_packets(bytes: &[u8]) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let size = codec::packet_size(rest, u32::MAX)
            .expect("a packet")
            .expect("a whole one");
        let (packet, behind) = rest.split_at(size);
        let fits = [Version::V5, Version::V311].map(|version| codec::decode(packet, version, Sender::Client).is_ok());
        assert!(fits.contains(&true), "{packet:02X?}");
        rest = behind;
    }
}
