//! What the session has to say after a step: all of it, in one struct whose buffers are used again.

use core::ops::Range;

use super::{State, Verdict};

/// Everything one step produced. Perform it in the order of the fields, then hand the struct to the next [`super::Session::take_outputs`].
#[derive(Debug, Default)]
pub struct Outputs {
    /// Commit this, then call [`super::Session::handle_stored`] with its number. At most one batch is under way at a time.
    pub store: Option<StoreBatch>,
    /// What to tell the application, in order.
    pub events: Vec<Event>,
    /// What the spans of the events are offsets into.
    pub frame: Frame,
    /// Whole packets, ready for the socket.
    pub transmit: Vec<u8>,
    /// Close the socket (after `transmit` was sent) with this WebSocket code, and ignore whatever it still says.
    pub close: Option<u16>,
    /// Open a socket for this attempt, to the address that answered its [`Event::Prepare`].
    pub open: Option<u32>,
}

impl Outputs {
    /// Whether there is nothing to perform.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.store.is_none()
            && self.events.is_empty()
            && self.transmit.is_empty()
            && self.close.is_none()
            && self.open.is_none()
    }
}

impl Outputs {
    /// Empties everything and keeps the buffers, unless a burst has made them large.
    pub(super) fn recycle(&mut self) {
        const LARGE_TRANSMIT: usize = 4 << 20;
        const LARGE_EVENTS: usize = 1 << 14;
        if self.events.capacity() > LARGE_EVENTS {
            self.events = Vec::new();
        }
        if self.transmit.capacity() > LARGE_TRANSMIT {
            self.transmit = Vec::new();
        }
        self.events.clear();
        self.transmit.clear();
        (self.store, self.close, self.open) = (None, None, None);
    }
}

/// The bytes that spans refer to.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Frame {
    /// No event of the step has a span.
    #[default]
    None,
    /// The bytes most recently put in with [`super::Session::input`]: the driver still has them as the WebSocket frame.
    Input,
    /// These bytes: a packet came in pieces.
    Assembled(Vec<u8>),
}

/// A piece of the frame. An empty span is (0, 0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub offset: u32,
    /// Bytes.
    pub length: u32,
}

impl Span {
    /// The range of bytes.
    #[must_use]
    pub const fn range(self) -> Range<usize> {
        let start = self.offset as usize;
        start..start.saturating_add(self.length as usize)
    }
}

/// One thing to tell the application.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The state changed to this.
    Status(Box<State>),
    /// CONNACK accepted; comes just before the `Status` that says online.
    Connected(Box<Connected>),
    /// Later messages give `name` as `id`. An id given again replaces the name.
    Topic { id: u32, name: Box<str> },
    /// A message arrived.
    Message(Message),
    /// A message that was held (see [`Message::flags`]) may be handled now: the store has it.
    Ready { delivery: u32 },
    /// What became of a claim ([`super::Session::claim`]), and with [`super::Verdict::New`] how many of its sequence are missing before it.
    Claimed { token: u32, verdict: Verdict, missing: u32 },
    /// A message above QoS 0 is not handled: nothing that came after it can be answered, and in the end nothing more comes. `waited`: milliseconds that it
    /// has been the oldest one. Told once for each.
    Stalled { delivery: u32, waited: u32 },
    /// A publish is settled.
    Done(Settled),
    /// The Subscription Identifier of a filter that is being subscribed to, for [`Message::identifiers`]. Comes before anything else about it.
    Identifier { token: u32, identifier: u32 },
    /// A filter is settled: the granted QoS 0 to 2, or why not. Comes again, with the same token, when the broker answers a later resubscription otherwise.
    Subscribed(Settled),
    /// An unsubscription is settled.
    Unsubscribed(Settled),
    /// Find URL and credentials, then call [`super::Session::handle_address`].
    Prepare { attempt: u32, redirect: Option<Redirect> },
    /// The next step of the client's side of an authentication is due: answer with [`super::Session::handle_authentication`]. `step`: 0x18 the broker
    /// challenges, 0x19 a re-authentication begins, 0x00 the broker is content, and the client may look whether it is too. `properties`: the
    /// property block of the broker's AUTH or CONNACK.
    Authenticate { exchange: u32, step: u8, properties: Span },
    /// A packet came or went (with [`super::Config::trace`]).
    Packet(Box<PacketTrace>),
    /// A publish that asked for it ([`super::PublishRequest::tell_stored`]) is in the store, or, where there is none (any more), in the memory of this page.
    /// `id` is its number in the stored session, as in [`Restored::id`].
    Stored { token: u32, id: u64 },
    /// A message of an earlier page is taken up again, under this token: [`Event::Done`] will settle it.
    Restored(Box<Restored>),
    /// A subscription of an earlier page stands, or will be asked for again.
    Filter { identifier: u32, filter: Box<str> },
    /// Messages may be missing.
    Gap(Gap),
    /// Where the session is kept from now on, and why not better. `detail`: what the browser said.
    Storage {
        durability: Durability,
        fault: Option<StorageFault>,
        detail: Box<str>,
    },
}

/// A message that an earlier page left unfinished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Its number from now on: from 0xC000_0000, in publishing order.
    pub token: u32,
    /// Its number in the stored session, which outlives the page.
    pub id: u64,
    /// Bits 0-1 QoS, bit 2 RETAIN, bit 3: it may have left.
    pub flags: u8,
    /// Bytes of its payload; 0 for a QoS 2 message of an earlier page that PUBREC had answered: of that only the topic is kept.
    pub payload: u32,
    /// Its topic.
    pub topic: Box<str>,
}

/// Why messages may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Gap {
    /// The broker does not have the session any more, or the store has not.
    SessionLost = 0,
    /// The session expired while no page had it.
    SessionExpired = 1,
}

/// What the session outlives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Durability {
    /// Nothing: it ends with the page.
    Memory = 0,
    /// The page, killed at any moment, and the browser.
    Relaxed = 1,
    /// The machine too, as far as the browser goes.
    Strict = 2,
}

/// What is wrong with the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum StorageFault {
    /// There is none here: no IndexedDB, or nothing that keeps other pages off.
    Unavailable = 1,
    /// Another page keeps it from being opened.
    Blocked = 2,
    /// It is full.
    Quota = 3,
    /// A commit failed.
    Aborted = 4,
    /// What it held is gone or makes no sense: the session begins anew.
    Damaged = 5,
    /// It was deleted from outside.
    Deleted = 6,
    /// Something else.
    Other = 7,
}

impl StorageFault {
    /// The fault with this number; [`StorageFault::Other`] for one that is not known.
    #[must_use]
    pub const fn from_code(code: u32) -> Self {
        match code {
            1 => Self::Unavailable,
            2 => Self::Blocked,
            3 => Self::Quota,
            4 => Self::Aborted,
            5 => Self::Damaged,
            6 => Self::Deleted,
            _ => Self::Other,
        }
    }
}

/// Where the broker of the link or the attempt before has sent the client (4.11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// As the broker wrote it, to be understood from the address it came from. Empty: back to the address that the user gave, because references
    /// have led nowhere.
    pub reference: Box<str>,
    /// For all later attempts too, once it has brought a link; otherwise for this attempt only.
    pub permanent: bool,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The caller's number of the request.
    pub token: u32,
    /// Below 0x100 an MQTT reason code, else a [`super::Failure`].
    pub code: u32,
    /// The property block of the broker's answer (Reason String and User Properties), empty if there was none.
    pub properties: Span,
}

/// An inbound PUBLISH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The id of an earlier [`Event::Topic`].
    pub topic: u32,
    /// The application's bytes.
    pub payload: Span,
    /// The property block without its length, with Topic Alias as it came.
    pub properties: Span,
    /// Bits 0-1 QoS, bit 2 RETAIN, bit 3 DUP, bit 4 held: not to be handled before [`Event::Ready`], bit 5 interrupted: an earlier page, killed before it
    /// was done, may have handled it; it is told and not to be handled.
    pub flags: u8,
    /// 0 at QoS 0.
    pub packet_id: u16,
    /// For [`super::Session::handled`]: rises by one from message to message; with bit 5 of the flags it says that the message has been told. 0 at QoS 0.
    pub delivery: u32,
    /// The Subscription Identifiers of our filters that it is for (3.3.2.3.8); none where the broker has none, or has not given all filters theirs.
    pub identifiers: Box<[u32]>,
}

/// What CONNACK said, with the defaults of the standard filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// The broker kept the session.
    pub session_present: bool,
    /// MQTT 5.0, else 3.1.1.
    pub v5: bool,
    /// Seconds, 0 = off.
    pub keep_alive: u16,
    /// Seconds, `u32::MAX` = never.
    pub session_expiry: u32,
    /// The limits of the broker.
    pub limits: Limits,
    /// The property block of CONNACK.
    pub properties: Span,
    /// The client identifier in force.
    pub client_id: Box<str>,
}

/// What the broker allows on this connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Unfinished QoS 1 and 2 messages; in 3.1.1, which cannot announce it, what brokers take by default.
    pub receive_maximum: u16,
    /// 0, 1 or 2.
    pub maximum_qos: u8,
    /// Bytes, `u32::MAX` = no limit.
    pub maximum_packet_size: u32,
    /// Highest topic alias, 0 = none.
    pub topic_alias_maximum: u16,
    /// Retained messages.
    pub retain: bool,
    /// Wildcard subscriptions.
    pub wildcard_subscriptions: bool,
    /// Subscription identifiers.
    pub subscription_ids: bool,
    /// Shared subscriptions.
    pub shared_subscriptions: bool,
}

/// One packet on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacketTrace {
    /// Sent, else received.
    pub outgoing: bool,
    /// The packet type, 1 to 15.
    pub packet_type: u8,
    /// 0 where there is none.
    pub packet_id: u16,
    /// Bytes, header included.
    pub size: u32,
    /// The low four bits of the first byte.
    pub flags: u8,
    /// Reason code, 0 where there is none; of CONNECT the protocol level: 4 is 3.1.1, 5 is 5.0.
    pub reason: u8,
    /// Of PUBLISH; empty otherwise.
    pub topic: Box<str>,
}

/// Changes that must be committed together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreBatch {
    /// Rises by one from batch to batch.
    pub number: u64,
    /// In order; a later change of a key replaces an earlier one.
    pub changes: Vec<StoreChange>,
    /// The values of the changes, one after the other.
    pub bytes: Vec<u8>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreChange {
    /// Write this range of the batch's bytes.
    Put { key: StoreKey, value: Range<u32> },
    /// Remove the key if it is there.
    Delete(StoreKey),
    /// Remove every key.
    Clear,
}

/// What a stored value is. Messages and subscriptions are wire bytes; numbers before them are little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StoreKey {
    /// Who the session is, with which broker, in which protocol, and until when: never its credentials.
    Facts,
    /// An unfinished message, in publishing order: PUBLISH (packet identifier 0: none yet) behind eight bytes with the last moment at which it may
    /// leave (0: any); or PUBREL and the topic, once PUBREC came, behind eight bytes with what to tell in the end.
    Outbound(u64),
    /// The packet identifier of a QoS 2 message between PUBLISH and PUBREL: the PUBLISH until it is handled, then the PUBREC that answers it.
    Inbound(u16),
    /// A subscription: SUBSCRIBE with one filter, behind a byte with the granted QoS (0xFF: not yet, 0xFE: it is being given up).
    Subscription(u32),
    /// A claim of the de-duplication, by the hash of its key.
    Ledger(u64),
}
