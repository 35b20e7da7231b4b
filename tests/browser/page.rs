//! What `src/ts` is to the engine, in miniature: makes one, answers PREPARE, reads the records and waits for them.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use gloo_timers::callback::Timeout;
use hawser::browser::records::kind;
use hawser::browser::{Engine, EngineOptions};
use js_sys::{Function, JSON, Object, Reflect, Uint8Array, Uint32Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::commands::Commands;

pub const CONNECTING: u32 = 1;
pub const ONLINE: u32 = 2;
pub const WAITING: u32 = 3;
pub const STOPPED: u32 = 4;

/// How long a test waits for one record before it fails.
const LONG_MS: u32 = 15_000;

/// The usual options. No second attempt comes unless a test wants it.
const OPTIONS: &str = r#"{
    "protocol": 5, "fallBack": false, "followReferences": false, "cleanStart": true, "sessionExpiry": 0, "keepAlive": 60,
    "receiveMaximum": 65535, "maximumPacketSize": 16777216,
    "topicAliasMaximum": 0, "outboundTopicAliases": false, "requestResponseInformation": false,
    "requestProblemInformation": true, "checkPayloadFormat": false, "connectTimeout": 20000, "reconnect": {"kind": "fixed", "delay": 60000, "jitter": 0},
    "stableAfter": 5000, "maxQueued": 100000, "maxQueuedBytes": 67108864, "joinPackets": true, "trace": false, "broker": "ws://127.0.0.1/", "durable": false, "maxKeys": 10000, "freshCredentials": false
}"#;

/// URL of the embedded broker. `tests/browser/run.mjs` starts it.
pub fn broker() -> String {
    env!(
        "HAWSER_TEST_BROKER",
        "the browser tests need a broker: run tests/browser/run.mjs"
    )
    .to_owned()
}

/// URL of a behaviour of `tests/browser/peer.mjs`.
pub fn peer(behaviour: &str) -> String {
    [
        env!(
            "HAWSER_TEST_PEER",
            "the browser tests need a peer: run tests/browser/run.mjs"
        ),
        behaviour,
    ]
    .concat()
}

/// `flags` of a publish at this QoS.
pub const fn at(qos: u32) -> u32 {
    qos << 1
}

/// A name that no other test, page or run uses.
pub fn unique(name: &str) -> String {
    format!("{name}-{}", js_sys::Math::random())
}

/// One record, decoded as far as the tests look.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    Status {
        state: u32,
        cause: u32,
        code: u32,
        detail: String,
    },
    Connected {
        client_id: String,
    },
    Message {
        topic: String,
        payload: Vec<u8>,
        qos: u32,
        packet_id: u32,
        delivery: u32,
    },
    Settled {
        kind: u32,
        token: u32,
        code: u32,
    },
    Prepare {
        attempt: u32,
    },
    Packet {
        outgoing: bool,
        packet_type: u32,
    },
    Storage {
        durability: u32,
        reason: u32,
        detail: String,
    },
}

/// What to do with a delivery before it is read, and with each record.
type Before = Box<dyn Fn()>;
type On = Box<dyn Fn(&Engine, &Record)>;

struct Inner {
    engine: RefCell<Option<Rc<Engine>>>,
    url: RefCell<Option<String>>,
    before: RefCell<Before>,
    on: RefCell<On>,
    topics: RefCell<Vec<String>>,
    seen: RefCell<Vec<Record>>,
    /// How far [`Page::next`] has come.
    read: Cell<usize>,
    waker: RefCell<Option<Waker>>,
}

/// An engine with a page around it.
pub struct Page {
    inner: Rc<Inner>,
    _deliver: Closure<dyn Fn(Option<Uint8Array>, Uint32Array, u32)>,
}

impl Page {
    /// An idle engine for `url`; `changes` (JSON) are laid over the usual options. Without a URL nobody answers PREPARE.
    pub fn new(url: Option<String>, changes: &str) -> Self {
        let inner = Rc::new(Inner {
            engine: RefCell::default(),
            url: RefCell::new(url),
            before: RefCell::new(Box::new(|| {})),
            on: RefCell::new(Box::new(|_, _| {})),
            topics: RefCell::default(),
            seen: RefCell::default(),
            read: Cell::new(0),
            waker: RefCell::default(),
        });
        let receiver = Rc::downgrade(&inner);
        let deliver =
            Closure::<dyn Fn(Option<Uint8Array>, Uint32Array, u32)>::new(move |frame, words: Uint32Array, length| {
                if let Some(inner) = receiver.upgrade() {
                    inner.receive(frame, &words.subarray(0, length));
                }
            });
        let function: &Function = deliver.as_ref().unchecked_ref();
        let engine = Engine::new(&options(changes), function.clone());
        inner.engine.replace(Some(Rc::new(engine)));
        Self {
            inner,
            _deliver: deliver,
        }
    }

    /// The same, started and online.
    pub async fn online(url: String, changes: &str) -> Self {
        let page = Self::new(Some(url), changes);
        page.engine().start();
        page.state(ONLINE).await;
        page
    }

    pub fn engine(&self) -> Rc<Engine> {
        self.inner.engine()
    }

    /// Lets the engine go.
    pub fn free(&self) {
        self.inner.engine.replace(None);
    }

    /// Runs `before` at the start of every later delivery, while nothing of it has been read.
    pub fn before_delivery(&self, before: impl Fn() + 'static) {
        *self.inner.before.borrow_mut() = Box::new(before);
    }

    /// Runs `on` for every later record, inside the delivery.
    pub fn on_record(&self, on: impl Fn(&Engine, &Record) + 'static) {
        *self.inner.on.borrow_mut() = Box::new(on);
    }

    /// Everything delivered so far.
    pub fn seen(&self) -> Vec<Record> {
        self.inner.seen.borrow().clone()
    }

    /// Waits for the next record that `pick` takes; those before it are passed over. Panics with all that was seen when it does not come.
    pub async fn next<T>(&self, pick: impl Fn(&Record) -> Option<T>) -> T {
        let too_late = Rc::new(Cell::new(false));
        let _guard = self.inner.alarm(&too_late);
        poll_fn(|context| {
            let seen = self.inner.seen.borrow();
            while let Some(record) = seen.get(self.inner.read.get()) {
                self.inner.read.set(self.inner.read.get() + 1);
                if let Some(found) = pick(record) {
                    return Poll::Ready(found);
                }
            }
            assert!(!too_late.get(), "nothing more came after {seen:?}");
            self.inner.waker.replace(Some(context.waker().clone()));
            Poll::Pending
        })
        .await
    }

    /// Waits for a STATUS with this state; returns cause, code and detail.
    pub async fn state(&self, wanted: u32) -> (u32, u32, String) {
        self.next(|record| match record {
            Record::Status {
                state,
                cause,
                code,
                detail,
            } if *state == wanted => Some((*cause, *code, detail.clone())),
            _ => None,
        })
        .await
    }

    /// Waits for the record that settles `token`; returns its code.
    pub async fn settled(&self, wanted_kind: u32, wanted: u32) -> u32 {
        self.next(|record| match record {
            Record::Settled { kind, token, code } if *kind == wanted_kind && *token == wanted => Some(*code),
            _ => None,
        })
        .await
    }

    /// Waits for a message on `wanted`; returns its payload.
    pub async fn message(&self, wanted: &str) -> Vec<u8> {
        self.next(|record| match record {
            Record::Message { topic, payload, .. } if topic == wanted => Some(payload.clone()),
            _ => None,
        })
        .await
    }
}

/// The usual options with `changes` laid over them. JSON has no bytes: the payload of a will is an array.
pub fn options(changes: &str) -> EngineOptions {
    let options: Object = JSON::parse(OPTIONS).expect("JSON").unchecked_into();
    let changes: Object = JSON::parse(changes).expect("JSON").unchecked_into();
    for key in Object::keys(&changes).iter() {
        let value = Reflect::get(&changes, &key).expect("a key of it");
        Reflect::set(&options, &key, &value).expect("a plain object");
    }
    if let Ok(will) = Reflect::get(&options, &"will".into()).and_then(JsCast::dyn_into::<Object>) {
        let payload = Reflect::get(&will, &"payload".into()).expect("a will has one");
        Reflect::set(&will, &"payload".into(), &Uint8Array::new(&payload)).expect("a plain object");
    }
    options.unchecked_into()
}

impl Inner {
    fn engine(&self) -> Rc<Engine> {
        self.engine
            .borrow()
            .clone()
            .expect("an engine says nothing before it is made nor after it was let go")
    }

    /// Sets `too_late` and wakes whoever waits, long after everything should have come.
    fn alarm(self: &Rc<Self>, too_late: &Rc<Cell<bool>>) -> Timeout {
        let (inner, too_late) = (Rc::clone(self), Rc::clone(too_late));
        Timeout::new(LONG_MS, move || {
            too_late.set(true);
            inner.wake();
        })
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn receive(&self, frame: Option<Uint8Array>, words: &Uint32Array) {
        (self.before.borrow())();
        let words = words.to_vec();
        let frame = frame.map(|frame| frame.to_vec()).unwrap_or_default();
        let mut rest = words.as_slice();
        while let Some(header) = rest.first() {
            let (record, later) = rest.split_at((header >> 8 & 0xFFFF) as usize);
            rest = later;
            if let Some(record) = self.decode(header & 0xFF, header >> 24, &record[1..], &frame) {
                self.handle(record);
            }
        }
        self.wake();
    }

    fn handle(&self, record: Record) {
        let engine = self.engine();
        if let (Record::Prepare { attempt }, Some(url)) = (&record, &*self.url.borrow()) {
            engine.address(*attempt, url);
        }
        (self.on.borrow())(&engine, &record);
        if let Record::Message { delivery, .. } = record {
            engine.handled(delivery, 1);
        }
        self.seen.borrow_mut().push(record);
    }

    fn decode(&self, record_kind: u32, flags: u32, words: &[u32], frame: &[u8]) -> Option<Record> {
        let span = |at: usize| frame[words[at] as usize..][..words[at + 1] as usize].to_vec();
        Some(match record_kind {
            kind::STATUS => Record::Status {
                state: flags,
                cause: words[4],
                code: words[5],
                detail: text(&words[6..]),
            },
            kind::CONNECTED => Record::Connected {
                client_id: text(&words[9..]),
            },
            kind::TOPIC => {
                let mut topics = self.topics.borrow_mut();
                let id = words[0] as usize;
                let length = topics.len().max(id + 1);
                topics.resize(length, String::new());
                topics[id] = text(&words[1..]);
                return None;
            }
            kind::MESSAGE => {
                let topic = self.topics.borrow()[words[0] as usize].clone();
                Record::Message {
                    topic,
                    payload: span(1),
                    qos: flags & 3,
                    packet_id: words[5],
                    delivery: words[6],
                }
            }
            kind::PREPARE => Record::Prepare { attempt: words[0] },
            kind::PACKET => Record::Packet {
                outgoing: flags & 1 != 0,
                packet_type: flags >> 4,
            },
            kind::STORAGE => Record::Storage {
                durability: flags,
                reason: words[0],
                detail: text(&words[1..]),
            },
            kind::IDENTIFIER | kind::STORED | kind::RESTORED | kind::GAP | kind::FILTER => return None,
            settled => Record::Settled {
                kind: settled,
                token: words[0],
                code: words[1],
            },
        })
    }
}

fn text(words: &[u32]) -> String {
    let bytes: Vec<u8> = words[1..]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .take(words[0] as usize)
        .collect();
    String::from_utf8(bytes).expect("text is UTF-8")
}
