//! What the user decides: one plain struct, already checked for kind and range by the caller.

use crate::codec::{Qos, Version};

use super::backoff::Reconnect;

/// The settings of one session. Text must be MQTT strings (no U+0000, at most 65,535 bytes).
#[derive(Clone, Debug)]
pub struct Config {
    /// The protocol to speak.
    pub version: Version,
    /// Speak 3.1.1 to a broker that does not speak 5.0. There the session outlives the connection only if `client_id` is given or kept
    /// (`durable`): nothing ends it, and only its name finds it.
    pub fall_back: bool,
    /// The method of enhanced authentication (4.12); 5.0 only, and without it there is none. With it there is no falling back.
    pub authentication_method: Option<String>,
    /// Go where a broker sends its clients (4.11).
    pub follow_references: bool,
    /// `None`: `hawser-` and 16 hexadecimal digits from the seed. Empty: the broker assigns one (5.0), and it is kept.
    pub client_id: Option<String>,
    /// Drop what the broker kept for this client identifier, on the first connection. Later ones resume. 3.1.1 cannot have both a clean start and
    /// a session that outlives that connection: there the session begins to last with the second one.
    pub clean_start: bool,
    /// Seconds the session outlives the connection; 0 = ends with it, `u32::MAX` = never ends. In 3.1.1 anything above 0 is Clean Session 0.
    pub session_expiry: u32,
    /// Seconds; 0 = off. Server Keep Alive wins `[MQTT-3.1.2-21]`.
    pub keep_alive: u16,
    /// QoS 1 and 2 messages the broker may send without an answer, from 1.
    pub receive_maximum: u16,
    /// Largest packet taken from the broker in bytes, from 1.
    pub maximum_packet_size: u32,
    /// Topic aliases the broker may use.
    pub topic_alias_maximum: u16,
    /// Use topic aliases for sending where the broker takes them.
    pub outbound_topic_aliases: bool,
    /// Published by the broker when this client vanishes.
    pub will: Option<Will>,
    /// Ask for Response Information (3.1.2.11.6): it comes, if at all, among the properties of [`super::Connected`].
    pub request_response_information: bool,
    /// Let the broker send reason strings and user properties with all packets (3.1.2.11.7). Without it they are a protocol error where they may not be.
    pub request_problem_information: bool,
    /// Refuse messages that are marked as text and are not UTF-8 (3.3.2.3.2), instead of handing them on like any other.
    pub check_payload_format: bool,
    /// A property block (without its length) with the User Properties of CONNECT.
    pub user_properties: Vec<u8>,
    /// Milliseconds for the address, and again for socket and CONNACK together. A page that is back may shorten it: see [`super::Session::handle_page`].
    pub connect_timeout: u64,
    /// Milliseconds for the answer to a probe of a link that somebody doubts, and for the socket of such an attempt: see [`super::Session::handle_page`].
    pub probe_timeout: u64,
    /// Whether the broker is to publish the will at once when the page goes away: see [`super::PageEvent::Leave`].
    pub will_on_leave: bool,
    /// How to come back.
    pub reconnect: Reconnect,
    /// How many addresses the attempts go to in turn: delays grow from round to round. 0: nobody knows, they are asked for.
    pub addresses: u32,
    /// Milliseconds online after which the count of failed attempts starts again, unless each link ends by a fault of the broker.
    pub stable_after: u64,
    /// Stop after this many attempts in a row that failed.
    pub max_attempts: Option<u32>,
    /// What authenticates the client is asked for anew with each attempt, so that a refusal may be answered with something fresh.
    pub fresh_credentials: bool,
    /// Exceptions from the table of what follows a cause, four bytes each; the first that fits counts. The cause's kind ([`super::Cause::kind`]), the
    /// action (0 retry, 1 refresh, 2 follow, 3 fall back, 4 stop), and the cause's code ([`super::Cause::code`]; 0xFFFF any), low byte first.
    pub policy: Vec<u8>,
    /// Bound on messages that wait to be sent.
    pub max_queued: usize,
    /// Bound on the bytes of all messages that are not finished. One message is always taken.
    pub max_queued_bytes: usize,
    /// What happens to a publish when there is no room for it.
    pub overflow: Overflow,
    /// What happens to a QoS 0 message while there is no link.
    pub offline_qos0: OfflineQos0,
    /// Whether what must outlive the page goes through store batches: a stored session. Without it nothing is written and nothing waits.
    pub durable: bool,
    /// Whether the store puts a batch on the medium before it says "committed". The session only reports it.
    pub strict: bool,
    /// Whose session it is, besides the client identifier: the broker's URL without query. A stored session of another broker is not resumed.
    pub broker: String,
    /// When the broker has lost the session: send the QoS 2 messages that had left anew, as new messages (they may arrive twice), instead of
    /// giving them up as indeterminate.
    pub resend_qos2: bool,
    /// Keys of de-duplication that are remembered at most, from 1: then the oldest go.
    pub max_keys: usize,
    /// Milliseconds after which a message is reported whose handler is not done; 0 = never.
    pub stall_after: u64,
    /// Emit [`super::Event::Packet`] for every packet.
    pub trace: bool,
}

/// What to do with a publish when `max_queued` or `max_queued_bytes` leaves no room for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// Refuse it.
    #[default]
    Reject,
    /// Give up the oldest messages that have not been sent.
    DropOldest,
    /// Give it up, as an outcome of its own and not as a refusal.
    DropNewest,
    /// Keep only the latest waiting message of each topic (retained ones for themselves), from the first one on: an earlier one that has not been sent
    /// gives way. Without one refuse it.
    LatestPerTopic,
}

/// What to do with a QoS 0 message while there is no link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OfflineQos0 {
    /// Keep it like any other.
    #[default]
    Queue,
    /// Give it up without a word: at most once.
    Drop,
    /// Refuse it.
    Refuse,
}

/// The will message (3.1.2.5).
#[derive(Clone, Debug)]
pub struct Will {
    /// Topic name.
    pub topic: String,
    /// Application bytes.
    pub payload: Vec<u8>,
    /// Quality of service.
    pub qos: Qos,
    /// Retain.
    pub retain: bool,
    /// A property block (without its length); ignored in 3.1.1.
    pub properties: Vec<u8>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            version: Version::V5,
            fall_back: false,
            authentication_method: None,
            follow_references: false,
            client_id: None,
            clean_start: true,
            session_expiry: 0,
            keep_alive: 60,
            receive_maximum: u16::MAX,
            maximum_packet_size: 16 << 20,
            topic_alias_maximum: 0,
            outbound_topic_aliases: false,
            will: None,
            request_response_information: false,
            request_problem_information: true,
            check_payload_format: false,
            user_properties: Vec::new(),
            connect_timeout: 30_000,
            probe_timeout: 5_000,
            will_on_leave: true,
            reconnect: Reconnect::default(),
            addresses: 1,
            stable_after: 5_000,
            max_attempts: None,
            fresh_credentials: false,
            policy: Vec::new(),
            max_queued: 100_000,
            max_queued_bytes: 64 << 20,
            overflow: Overflow::default(),
            offline_qos0: OfflineQos0::default(),
            durable: false,
            strict: false,
            broker: String::new(),
            resend_qos2: false,
            max_keys: 10_000,
            stall_after: 0,
            trace: false,
        }
    }
}
