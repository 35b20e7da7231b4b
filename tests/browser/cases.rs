//! What the browser layer has to do, wherever it runs.

use std::cell::RefCell;

use hawser::browser::records::kind;
use hawser::codec::{Packet, Sender, Version, decode};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::commands::Commands;
use crate::page::{Page, Record, STOPPED, at, broker, peer, unique};

const CLOSED_BY_USER: u32 = 1;

const CLOSED: u32 = 0x100;
const PENDING: u32 = u32::MAX;

const PUBACK: u8 = 4;
const PINGREQ: [u8; 2] = [0xC0, 0];

/// One number of the statistics.
fn counted(page: &Page, name: &str) -> f64 {
    let stats = page.engine().stats();
    let number = js_sys::Reflect::get(&stats, &name.into()).expect("an object");
    number
        .as_f64()
        .unwrap_or_else(|| panic!("no number {name} in {stats:?}"))
}

/// Splits bytes that hold packets of fewer than 130 bytes.
fn packets(bytes: &[u8]) -> Vec<&[u8]> {
    let mut rest = bytes;
    let mut packets = Vec::new();
    while let [_, length, ..] = rest {
        let (packet, later) = rest.split_at(2 + *length as usize);
        packets.push(packet);
        rest = later;
    }
    packets
}

/// Publishes at every QoS to a topic that the page has subscribed to.
async fn round_trips(protocol: &str) {
    let page = Page::online(broker(), protocol).await;
    let topic = unique("round/trip");
    page.engine().subscribe(1, &topic, 2);
    assert_eq!(page.settled(kind::SUBSCRIBED, 1).await, 2);
    for qos in 0..3 {
        let sent = [qos as u8, 0, 0xFF];
        let at_once = page.engine().publish(10 + qos, &topic, &sent, at(qos), None);
        assert_eq!(at_once, if qos == 0 { 0 } else { PENDING });
        // DONE and MESSAGE may come in either order.
        let (mut code, mut message) = ((qos == 0).then_some(0), None);
        while code.is_none() || message.is_none() {
            match page.next(|record| Some(record.clone())).await {
                Record::Settled {
                    kind: kind::DONE,
                    token,
                    code: settled,
                } if token == 10 + qos => code = Some(settled),
                Record::Message {
                    topic,
                    payload,
                    qos,
                    packet_id,
                    ..
                } => message = Some((topic, payload, qos, packet_id > 0)),
                _ => {}
            }
        }
        assert_eq!(code, Some(0));
        assert_eq!(message, Some((topic.clone(), sent.to_vec(), qos, qos > 0)));
    }
    page.engine().unsubscribe(2, &topic);
    assert_eq!(page.settled(kind::UNSUBSCRIBED, 2).await, 0);
    page.engine().close(0);
    assert_eq!(page.state(STOPPED).await.0, CLOSED_BY_USER);
}

#[wasm_bindgen_test]
async fn messages_make_the_round_trip_at_every_qos_in_5_0() {
    round_trips(r#"{"protocol": 5}"#).await;
}

#[wasm_bindgen_test]
async fn messages_make_the_round_trip_at_every_qos_in_3_1_1() {
    round_trips(r#"{"protocol": 4}"#).await;
}

#[wasm_bindgen_test]
async fn a_megabyte_makes_the_round_trip() {
    let page = Page::online(broker(), "{}").await;
    let topic = unique("large");
    page.engine().subscribe(1, &topic, 1);
    page.settled(kind::SUBSCRIBED, 1).await;
    let payload: Vec<u8> = (0..1 << 20).map(|index: u32| (index % 253) as u8).collect();
    page.engine().publish(2, &topic, &payload, at(1), None);
    assert!(page.message(&topic).await == payload);
}

#[wasm_bindgen_test]
async fn a_message_published_from_inside_a_delivery_goes_out() {
    let page = Page::online(broker(), "{}").await;
    let topic = unique("echo");
    page.engine().subscribe(1, &topic, 0);
    page.settled(kind::SUBSCRIBED, 1).await;
    let again = topic.clone();
    page.on_record(move |engine, record| {
        if matches!(record, Record::Message { payload, .. } if payload == b"first") {
            engine.publish(3, &again, b"second", at(0), None);
        }
    });
    page.engine().publish(2, &topic, b"first", at(0), None);
    assert_eq!(page.message(&topic).await, b"first");
    assert_eq!(page.message(&topic).await, b"second");
}

#[wasm_bindgen_test]
async fn a_burst_of_publishes_leaves_as_one_frame() {
    let page = Page::online(peer("mirror"), "{}").await;
    for token in 0..50 {
        page.engine().publish(token, "t", &[token as u8], at(token % 3), None);
    }
    let frame = page.message("frame").await;
    assert_eq!(packets(&frame).len(), 50);
}

#[wasm_bindgen_test]
async fn statistics_count_frames_and_bytes_both_ways() {
    let page = Page::online(peer("mirror"), "{}").await;
    let connect = counted(&page, "bytesSent");
    for token in 0..50 {
        page.engine().publish(token, "t", b"x", at(1), None);
    }
    assert_eq!(counted(&page, "unsettled"), 50.0);
    let frame = page.message("frame").await;
    assert_eq!(counted(&page, "sockets"), 1.0);
    assert_eq!(counted(&page, "framesSent"), 2.0, "CONNECT and the burst");
    assert_eq!(counted(&page, "bytesSent") - connect, frame.len() as f64);
    assert!(counted(&page, "framesReceived") >= 2.0 && counted(&page, "bytesReceived") > frame.len() as f64);
    assert!(counted(&page, "wasmMemory") >= 65_536.0);
}

#[wasm_bindgen_test]
async fn a_long_burst_leaves_while_it_is_made_and_is_done_when_the_calls_return() {
    let page = Page::online(peer("mirror"), "{}").await;
    let payload = [7; 1_000];
    for token in 0..100 {
        assert_eq!(page.engine().publish(token, "t", &payload, at(0), None), 0);
    }
    let mut lengths = Vec::new();
    while lengths.iter().sum::<usize>() < 100 * 1_007 {
        lengths.push(page.message("frame").await.len());
    }
    assert_eq!(lengths, [33 * 1_007, 33 * 1_007, 33 * 1_007, 1_007]);
}

#[wasm_bindgen_test]
async fn without_joining_every_packet_has_a_frame_of_its_own() {
    let page = Page::online(peer("mirror"), r#"{"joinPackets": false}"#).await;
    for token in 0..50 {
        page.engine().publish(token, "t", &[token as u8], at(0), None);
    }
    for token in 0..50 {
        let frame = page.message("frame").await;
        assert_eq!((packets(&frame).len(), frame.last()), (1, Some(&token)));
    }
}

#[wasm_bindgen_test]
async fn acknowledgements_of_one_frame_leave_as_one_frame() {
    let page = Page::online(peer("three"), "{}").await;
    let frame = page.message("frame").await;
    let types: Vec<u8> = packets(&frame).iter().map(|packet| packet[0] >> 4).collect();
    assert_eq!(types, [PUBACK; 3]);
}

#[wasm_bindgen_test]
async fn packets_that_come_in_pieces_arrive_whole() {
    let page = Page::online(peer("pieces"), "{}").await;
    assert_eq!(page.message("small").await, b"before");
    let expected: Vec<u8> = (0..100_000).map(|index: u32| (index % 251) as u8).collect();
    assert!(page.message("large").await == expected);
    assert_eq!(page.message("small").await, b"after");
}

#[wasm_bindgen_test]
async fn memory_that_grows_during_a_delivery_harms_no_record() {
    let page = Page::online(broker(), "{}").await;
    let topic = unique("growth");
    page.engine().subscribe(1, &topic, 1);
    page.settled(kind::SUBSCRIBED, 1).await;
    let hoard = RefCell::new(Vec::new());
    page.before_delivery(move || {
        let pages = core::arch::wasm32::memory_size(0);
        while core::arch::wasm32::memory_size(0) == pages {
            hoard.borrow_mut().push(vec![0xA5u8; 1 << 20]);
        }
    });
    for token in 2..6 {
        page.engine().publish(token, &topic, &[token as u8; 1000], at(1), None);
    }
    for token in 2..6 {
        assert_eq!(page.message(&topic).await, [token; 1000]);
    }
}

#[wasm_bindgen_test]
async fn close_settles_what_waits_for_a_first_connection() {
    let page = Page::new(None, "{}");
    page.engine().start();
    page.engine().publish(1, "t", b"x", at(1), None);
    page.engine().publish(2, "t", b"x", at(2), None);
    page.engine().subscribe(3, "t/#", 1);
    page.engine().close(0);
    page.state(STOPPED).await;
    assert_eq!(
        settled(&page),
        [
            (kind::DONE, 1, CLOSED),
            (kind::DONE, 2, CLOSED),
            (kind::SUBSCRIBED, 3, CLOSED)
        ]
    );
}

#[wasm_bindgen_test]
async fn close_settles_what_the_broker_has_not_answered() {
    let page = Page::online(peer("mirror"), "{}").await;
    page.engine().publish(1, "t", b"x", at(1), None);
    page.engine().publish(2, "t", b"x", at(2), None);
    page.engine().subscribe(3, "t/#", 1);
    page.engine().unsubscribe(4, "u");
    page.message("frame").await;
    page.engine().close(0);
    assert_eq!(page.state(STOPPED).await.0, CLOSED_BY_USER);
    let expected = [
        (kind::DONE, 1),
        (kind::DONE, 2),
        (kind::SUBSCRIBED, 3),
        (kind::UNSUBSCRIBED, 4),
    ];
    assert_eq!(settled(&page), expected.map(|(kind, token)| (kind, token, CLOSED)));
}

#[wasm_bindgen_test]
async fn the_timer_wakes_the_session() {
    let page = Page::online(peer("mirror"), r#"{"keepAlive": 1}"#).await;
    assert_eq!(page.message("frame").await, PINGREQ);
}

#[wasm_bindgen_test]
async fn the_trace_shows_packets_of_both_directions() {
    let page = Page::online(broker(), r#"{"trace": true}"#).await;
    let seen = page.seen();
    assert!(seen.contains(&Record::Packet {
        outgoing: true,
        packet_type: 1
    }));
    assert!(seen.contains(&Record::Packet {
        outgoing: false,
        packet_type: 2
    }));
}

/// Their order stands in two languages, boundary.js and options.rs.
#[wasm_bindgen_test]
async fn the_numbers_of_the_options_reach_connect() {
    let changes = r#"{
        "cleanStart": false, "sessionExpiry": 11, "keepAlive": 12, "receiveMaximum": 13, "maximumPacketSize": 14000,
        "topicAliasMaximum": 15, "requestResponseInformation": true, "requestProblemInformation": false
    }"#;
    let page = Page::online(peer("connect"), changes).await;
    let bytes = page.message("frame").await;
    let Ok(Packet::Connect(connect)) = decode(&bytes, Version::V5, Sender::Client) else {
        panic!("no CONNECT: {bytes:?}");
    };
    let said = &connect.properties;
    assert_eq!((connect.clean_start, connect.keep_alive), (false, 12));
    assert_eq!(said.session_expiry_interval(), Some(11));
    assert_eq!(said.receive_maximum(), Some(13));
    assert_eq!(said.maximum_packet_size(), Some(14_000));
    assert_eq!(said.topic_alias_maximum(), Some(15));
    assert_eq!(said.request_response_information(), Some(true));
    assert_eq!(said.request_problem_information(), Some(false));
}

#[wasm_bindgen_test]
async fn credentials_and_will_reach_the_wire() {
    let will = r#"{"will": {"topic": "w", "payload": [1, 2, 3], "qos": 1, "retain": true}}"#;
    let page = Page::new(None, will);
    page.engine().start();
    page.next(|record| matches!(record, Record::Prepare { .. }).then_some(()))
        .await;
    page.engine()
        .address_as(1, &peer("connect"), Some("user"), Some(b"secret"));
    let connect = page.message("frame").await;
    let expected = [
        &[0, 0, 1, b'w', 0, 3, 1, 2, 3][..],
        &[0, 4],
        b"user",
        &[0, 6],
        b"secret",
    ]
    .concat();
    assert!(connect.ends_with(&expected), "{connect:?}");
}

#[wasm_bindgen_test]
async fn an_engine_that_is_let_go_says_nothing_more() {
    let page = Page::online(broker(), "{}").await;
    let topic = unique("silence");
    page.engine().subscribe(1, &topic, 0);
    page.settled(kind::SUBSCRIBED, 1).await;
    let before = page.seen().len();
    page.free();
    let other = Page::online(broker(), "{}").await;
    other.engine().publish(1, &topic, b"anybody?", at(1), None);
    other.settled(kind::DONE, 1).await;
    assert_eq!(page.seen().len(), before);
}

/// The records so far that settle something.
fn settled(page: &Page) -> Vec<(u32, u32, u32)> {
    let settled = page.seen().into_iter().filter_map(|record| match record {
        Record::Settled { kind, token, code } => Some((kind, token, code)),
        _ => None,
    });
    settled.collect()
}
