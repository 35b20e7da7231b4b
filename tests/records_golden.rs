//! The record layout, pinned by the golden file that the TypeScript tests read as well.
#![cfg(not(target_arch = "wasm32"))]

use hawser::browser::records::{Records, kind};
use hawser::codec::Version;
use hawser::session::{
    Cause, Connected, Durability, Event, Failure, Gap, Limits, Message, Millis, PacketTrace, Phase, Redirect, Refusal,
    Restored, Settled, Span, State, StorageFault, Verdict,
};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/records.json")).expect("the golden file is JSON")
}

fn number(fields: &Value, name: &str) -> u64 {
    fields[name]
        .as_u64()
        .unwrap_or_else(|| panic!("{name} is a number in {fields}"))
}

fn word(fields: &Value, name: &str) -> u32 {
    number(fields, name).try_into().unwrap()
}

fn short(fields: &Value, name: &str) -> u16 {
    number(fields, name).try_into().unwrap()
}

fn byte(fields: &Value, name: &str) -> u8 {
    number(fields, name).try_into().unwrap()
}

fn flag(fields: &Value, name: &str) -> bool {
    fields[name]
        .as_bool()
        .unwrap_or_else(|| panic!("{name} is a boolean in {fields}"))
}

fn text(fields: &Value, name: &str) -> String {
    fields[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} is text in {fields}"))
        .to_owned()
}

fn span(fields: &Value, name: &str) -> Span {
    let part = |at: usize| fields[name][at].as_u64().unwrap() as u32;
    Span {
        offset: part(0),
        length: part(1),
    }
}

/// The event that a golden record describes.
fn event(kind: &str, fields: &Value) -> Event {
    match kind {
        "status" => Event::Status(Box::new(state(fields))),
        "connected" => Event::Connected(Box::new(connected(fields))),
        "topic" => Event::Topic {
            id: word(fields, "id"),
            name: text(fields, "name").into(),
        },
        "message" => Event::Message(Message {
            topic: word(fields, "topic"),
            payload: span(fields, "payload"),
            properties: span(fields, "properties"),
            flags: byte(fields, "qos")
                | u8::from(flag(fields, "retain")) << 2
                | u8::from(flag(fields, "dup")) << 3
                | u8::from(flag(fields, "held")) << 4
                | u8::from(flag(fields, "interrupted")) << 5,
            packet_id: short(fields, "packetId"),
            delivery: word(fields, "delivery"),
            identifiers: words_of(&fields["identifiers"]).into(),
        }),
        "identifier" => Event::Identifier {
            token: word(fields, "token"),
            identifier: word(fields, "identifier"),
        },
        "ready" => Event::Ready {
            delivery: word(fields, "delivery"),
        },
        "claimed" => Event::Claimed {
            token: word(fields, "token"),
            verdict: [Verdict::New, Verdict::Duplicate, Verdict::Interrupted][word(fields, "verdict") as usize],
            missing: word(fields, "missing"),
        },
        "stalled" => Event::Stalled {
            delivery: word(fields, "delivery"),
            waited: word(fields, "waited"),
        },
        "done" => Event::Done(settled(fields)),
        "subscribed" => Event::Subscribed(settled(fields)),
        "unsubscribed" => Event::Unsubscribed(settled(fields)),
        "prepare" => {
            let (permanent, reference) = (flag(fields, "permanent"), text(fields, "serverReference"));
            Event::Prepare {
                attempt: word(fields, "attempt"),
                redirect: (permanent || !reference.is_empty()).then(|| Redirect {
                    reference: reference.into(),
                    permanent,
                }),
            }
        }
        "authenticate" => Event::Authenticate {
            exchange: word(fields, "exchange"),
            step: byte(fields, "step"),
            properties: span(fields, "properties"),
        },
        "packet" => Event::Packet(Box::new(PacketTrace {
            outgoing: flag(fields, "outgoing"),
            packet_type: byte(fields, "type"),
            packet_id: short(fields, "packetId"),
            size: word(fields, "size"),
            flags: byte(fields, "headerFlags"),
            reason: byte(fields, "reason"),
            topic: text(fields, "topic").into(),
        })),
        "stored" => Event::Stored {
            token: word(fields, "token"),
            id: number(fields, "id"),
        },
        "restored" => Event::Restored(Box::new(Restored {
            token: word(fields, "token"),
            id: number(fields, "id"),
            flags: byte(fields, "qos")
                | u8::from(flag(fields, "retain")) << 2
                | u8::from(flag(fields, "mayHaveLeft")) << 3,
            payload: word(fields, "size"),
            topic: text(fields, "topic").into(),
        })),
        "gap" => Event::Gap(match place("gaps", &text(fields, "gap")) {
            0 => Gap::SessionLost,
            _ => Gap::SessionExpired,
        }),
        "storage" => Event::Storage {
            durability: match place("durabilities", &text(fields, "durability")) {
                0 => Durability::Memory,
                1 => Durability::Relaxed,
                _ => Durability::Strict,
            },
            fault: match place("storageReasons", &text(fields, "reason")) {
                0 => None,
                code => Some(StorageFault::from_code(code)),
            },
            detail: text(fields, "detail").into(),
        },
        "filter" => Event::Filter {
            identifier: word(fields, "identifier"),
            filter: text(fields, "filter").into(),
        },
        other => panic!("no event is called {other}"),
    }
}

/// The number of a name in one of the golden lists.
fn place(list: &str, name: &str) -> u32 {
    let golden = golden();
    let names = golden[list].as_array().unwrap();
    let at = names.iter().position(|other| other == name);
    at.unwrap_or_else(|| panic!("no {list} is called {name}")) as u32
}

fn state(fields: &Value) -> State {
    let attempt = word(fields, "attempt");
    let at = Millis(number(fields, "at"));
    match text(fields, "state").as_str() {
        "idle" => State::Idle,
        "connecting" => {
            let phase = phase(&text(fields, "phase"));
            State::Connecting {
                attempt,
                phase,
                version: version(fields),
                since: at,
                cause: cause(fields).map(Into::into),
            }
        }
        "online" => State::Online { attempt, since: at },
        "waiting" => State::Waiting {
            attempt,
            retry_at: at,
            cause: cause(fields).unwrap().into(),
        },
        "stopped" => State::Stopped {
            cause: cause(fields).unwrap().into(),
        },
        other => panic!("no state is called {other}"),
    }
}

fn version(fields: &Value) -> Version {
    match number(fields, "protocol") {
        4 => Version::V311,
        5 => Version::V5,
        other => panic!("no protocol has the level {other}"),
    }
}

fn phase(name: &str) -> Phase {
    match name {
        "address" => Phase::Address,
        "socket" => Phase::Socket,
        "handshake" => Phase::Handshake,
        other => panic!("no phase is called {other}"),
    }
}

fn cause(fields: &Value) -> Option<Cause> {
    let detail = text(fields, "detail");
    let refusal = || Refusal {
        reason: byte(fields, "causeCode"),
        reason_string: detail.clone(),
        server_reference: text(fields, "serverReference"),
    };
    Some(match text(fields, "cause").as_str() {
        "none" => return None,
        "closed" => Cause::ClosedByUser,
        "socket-failed" => Cause::SocketFailed {
            code: short(fields, "causeCode"),
            reason: detail,
        },
        "socket-closed" => Cause::SocketClosed {
            code: short(fields, "causeCode"),
            reason: detail,
        },
        "refused" => Cause::Refused(refusal()),
        "disconnected" => Cause::Disconnected(refusal()),
        "protocol-error" => Cause::ProtocolError {
            reason: byte(fields, "causeCode"),
            detail,
        },
        "connect-timeout" => {
            let phases = [Phase::Address, Phase::Socket, Phase::Handshake];
            Cause::ConnectTimeout(phases[number(fields, "causeCode") as usize])
        }
        "keep-alive-timeout" => Cause::KeepAliveTimeout,
        "wrong-subprotocol" => Cause::WrongSubprotocol,
        "text-frame" => Cause::TextFrame,
        "address" => Cause::Address(detail),
        "left" => Cause::Left,
        "renewed" => Cause::Renewed,
        "authentication" => Cause::Authentication(detail),
        other => panic!("no cause is called {other}"),
    })
}

fn connected(fields: &Value) -> Connected {
    Connected {
        session_present: flag(fields, "sessionPresent"),
        v5: version(fields) == Version::V5,
        keep_alive: short(fields, "keepAlive"),
        session_expiry: word(fields, "sessionExpiry"),
        limits: Limits {
            receive_maximum: short(fields, "receiveMaximum"),
            maximum_qos: byte(fields, "maximumQos"),
            maximum_packet_size: word(fields, "maximumPacketSize"),
            topic_alias_maximum: short(fields, "topicAliasMaximum"),
            retain: flag(fields, "retainAvailable"),
            wildcard_subscriptions: flag(fields, "wildcardAvailable"),
            subscription_ids: flag(fields, "subscriptionIdAvailable"),
            shared_subscriptions: flag(fields, "sharedAvailable"),
        },
        properties: span(fields, "properties"),
        client_id: text(fields, "clientId").into(),
    }
}

fn settled(fields: &Value) -> Settled {
    Settled {
        token: word(fields, "token"),
        code: word(fields, "code"),
        properties: span(fields, "properties"),
    }
}

fn words(golden: &Value) -> Vec<u32> {
    words_of(&golden["words"])
}

fn words_of(list: &Value) -> Vec<u32> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_u64().unwrap().try_into().unwrap())
        .collect()
}

fn written(event: &Event) -> Vec<u32> {
    let mut records = Records::default();
    records.event(event);
    records.words().to_vec()
}

#[test]
fn every_golden_record_is_what_its_event_becomes() {
    for record in golden()["records"].as_array().unwrap() {
        let event = event(record["kind"].as_str().unwrap(), &record["fields"]);
        assert_eq!(written(&event), words(record), "{}", record["name"]);
    }
}

#[test]
fn records_follow_each_other_without_a_gap() {
    let golden = golden();
    let mut records = Records::default();
    let mut expected = Vec::new();
    for record in golden["records"].as_array().unwrap() {
        records.event(&event(record["kind"].as_str().unwrap(), &record["fields"]));
        expected.extend(words(record));
    }
    assert_eq!(records.words(), expected);
    records.clear();
    assert!(records.words().is_empty());
}

#[test]
fn the_golden_file_numbers_kinds_as_the_engine_does() {
    let names = [
        ("status", kind::STATUS),
        ("connected", kind::CONNECTED),
        ("topic", kind::TOPIC),
        ("message", kind::MESSAGE),
        ("done", kind::DONE),
        ("subscribed", kind::SUBSCRIBED),
        ("unsubscribed", kind::UNSUBSCRIBED),
        ("prepare", kind::PREPARE),
        ("packet", kind::PACKET),
        ("identifier", kind::IDENTIFIER),
        ("authenticate", kind::AUTHENTICATE),
        ("stored", kind::STORED),
        ("restored", kind::RESTORED),
        ("gap", kind::GAP),
        ("storage", kind::STORAGE),
        ("filter", kind::FILTER),
        ("ready", kind::READY),
        ("claimed", kind::CLAIMED),
        ("stalled", kind::STALLED),
    ];
    let kinds = &golden()["kinds"];
    assert_eq!(kinds.as_object().unwrap().len(), names.len());
    for (name, number) in names {
        assert_eq!(word(kinds, name), number, "{name}");
    }
}

#[test]
fn the_golden_file_numbers_causes_as_the_engine_does() {
    let golden = golden();
    for (number, name) in golden["causes"].as_array().unwrap().iter().enumerate() {
        let fields = serde_json::json!({ "cause": name, "causeCode": 0, "detail": "", "serverReference": "" });
        assert_eq!(cause(&fields).map_or(0, |cause| cause.kind()), number as u32, "{name}");
    }
}

#[test]
fn the_golden_file_numbers_failures_as_the_engine_does() {
    let names = [
        ("closed", Failure::Closed),
        ("cancelled", Failure::Cancelled),
        ("queue-full", Failure::QueueFull),
        ("packet-too-large", Failure::PacketTooLarge),
        ("qos-not-supported", Failure::QosNotSupported),
        ("retain-not-available", Failure::RetainNotAvailable),
        ("indeterminate", Failure::Indeterminate),
        ("invalid-topic", Failure::InvalidTopic),
        ("invalid-properties", Failure::InvalidProperties),
        ("wildcard-not-available", Failure::WildcardNotAvailable),
        ("shared-not-available", Failure::SharedNotAvailable),
        ("expired", Failure::Expired),
        ("stopped", Failure::Stopped),
        ("authentication-unavailable", Failure::AuthenticationUnavailable),
        ("authentication-failed", Failure::AuthenticationFailed),
    ];
    let failures = &golden()["failures"];
    assert_eq!(failures.as_object().unwrap().len(), names.len());
    for (name, failure) in names {
        assert_eq!(word(failures, name), failure.code(), "{name}");
    }
}
