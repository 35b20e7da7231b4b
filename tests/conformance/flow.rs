//! 4.9 Flow control: the send quota.

use hawser::codec::Property::{self, ReceiveMaximum};
use hawser::session::Config;

use crate::world::{World, lasting, plain};

/// A client with more to say than fits into any window: 70,000 messages of QoS 1 and 2 in turn. Returns how many were sent.
fn eager(limits: &[Property<'_>]) -> (World, usize) {
    let mut world = World::online_with(lasting(), limits);
    (0..70_000).for_each(|token| world.ask_to_publish(token, 1 + (token % 2) as u8, "t", b"", false, &[]));
    world.drain();
    let wire = world.take_wire();
    let sent = crate::driver::split(&wire).count();
    (world, sent)
}

#[test]
fn the_quota_starts_at_the_broker_s_receive_maximum_and_at_65_535_where_it_names_none() {
    assert_eq!(eager(&[]).1, 65_535);
    for maximum in [1, 2, 20, 1_000] {
        assert_eq!(eager(&[ReceiveMaximum(maximum)]).1, usize::from(maximum));
    }
}

#[test]
fn each_message_takes_one_unit_and_none_is_sent_without() {
    let mut world = World::online_with(plain(), &[ReceiveMaximum(1)]);
    (1..=3).for_each(|token| world.publish(token, 1 + (token % 2) as u8, "t", &token.to_string()));
    world.expect(&["PUBLISH q2 1 \"t\" 1"]);
    world.pubrec(1);
    world.expect(&["PUBREL 1"]);
    world.advance(20_000);
    world.expect(&[]);
    world.pubcomp(1);
    world.expect(&["PUBLISH q1 2 \"t\" 2"]);
    world.puback(2);
    world.expect(&["PUBLISH q2 3 \"t\" 3"]);
}

#[test]
fn everything_but_publish_goes_on_while_the_quota_is_used_up() {
    let mut world = World::online_with(plain(), &[ReceiveMaximum(1)]);
    (1..=2).for_each(|token| world.publish(token, 2, "t", "x"));
    world.take_wire();
    world.publish(3, 0, "t", "QoS 0 needs none");
    world.subscribe(4, "a", 0);
    world.unsubscribe(5, "b");
    world.message(1, 7, "in", "x");
    world.message(2, 8, "in", "y");
    world.pubrel(8);
    world.expect(&[
        "PUBLISH q0 \"t\" QoS 0 needs none",
        "SUBSCRIBE 2 a:0",
        "UNSUBSCRIBE 3 b",
        "PUBACK 7",
        "PUBREC 8",
        "PUBCOMP 8",
    ]);
    world.suback(2, &[0]);
    world.unsuback(3, &[0]);
    assert_eq!((world.outcome(4), world.outcome(5)), (0, 0));
    assert_eq!(world.take_texts(), ["in x", "in y"]);
    world.advance(60_000);
    world.expect(&["PINGREQ"]);
    world.pubrec(1);
    world.expect(&["PUBREL 1"]);
    world.close();
    world.expect(&["DISCONNECT 00"]);
}

#[test]
fn each_end_of_an_exchange_gives_one_unit_back_whatever_its_code_says() {
    const ENDS: [&[u8]; 8] = [
        &[0x40, 2, 0, 1],
        &[0x40, 3, 0, 1, 0x10],
        &[0x40, 3, 0, 1, 0x97],
        &[0x50, 3, 0, 1, 0x80],
        &[0x50, 3, 0, 1, 0x91],
        &[0x50, 2, 0, 1, 0x70, 2, 0, 1],
        &[0x50, 2, 0, 1, 0x70, 3, 0, 1, 0x92],
        &[0x50, 3, 0, 1, 0x10, 0x70, 2, 0, 1],
    ];
    for end in ENDS {
        let mut world = World::online_with(plain(), &[ReceiveMaximum(1)]);
        let qos = if end[0] == 0x40 { 1 } else { 2 };
        (1..=3).for_each(|token| world.publish(token, qos, "t", "x"));
        world.take_wire();
        world.send_bytes(end);
        let published = world.take().into_iter().filter(|packet| packet.starts_with("PUBLISH"));
        assert_eq!(published.count(), 1, "{end:02x?}");
    }
}

#[test]
fn what_ends_nothing_gives_nothing_back() {
    let mut world = World::online_with(plain(), &[ReceiveMaximum(1)]);
    (1..=3).for_each(|token| world.publish(token, 2, "t", "x"));
    world.take_wire();
    // Answers to nothing, a PUBREC that says yes, and the same once more.
    for packet in [
        [0x40, 2, 0, 9].as_slice(),
        &[0x70, 2, 0, 9],
        &[0x50, 3, 0, 9, 0x80],
        &[0x50, 2, 0, 1],
        &[0x50, 2, 0, 1],
        &[0x50, 3, 0, 1, 0x87],
    ] {
        world.send_bytes(packet);
        let sent = world.take();
        assert!(
            sent.iter().all(|packet| packet.starts_with("PUBREL")),
            "{packet:02x?}: {sent:?}"
        );
    }
    world.pubcomp(1);
    assert_eq!(world.take().len(), 1);
}

#[test]
fn the_quota_never_exceeds_its_start_and_starts_anew_with_each_connection() {
    let mut world = World::online_with(lasting(), &[ReceiveMaximum(3)]);
    (1..=3).for_each(|token| world.publish(token, 2, "t", "x"));
    (1..=3).for_each(|id| world.pubrec(id));
    world.take_wire();
    world.reconnect();
    world.connack(true, &[ReceiveMaximum(2)]);
    world.expect(&["PUBREL 1", "PUBREL 2", "PUBREL 3"]);
    (1..=3).for_each(|id| world.pubcomp(id));
    (4..=8).for_each(|token| world.publish(token, 1, "t", "x"));
    assert_eq!(world.take().len(), 2, "three PUBCOMPs do not make five of two");
    world.reconnect();
    world.connack(true, &[ReceiveMaximum(4)]);
    assert_eq!(world.take().len(), 4);
}

#[test]
fn what_is_sent_again_takes_its_unit_like_everything_else() {
    let mut world = World::online(lasting());
    (1..=5).for_each(|token| world.publish(token, 1, "t", "x"));
    world.reconnect();
    world.connack(true, &[ReceiveMaximum(2)]);
    world.expect(&["PUBLISH q1 1 dup \"t\" x", "PUBLISH q1 2 dup \"t\" x"]);
    world.puback(1);
    world.expect(&["PUBLISH q1 3 dup \"t\" x"]);
}

#[test]
fn a_message_that_is_taken_back_before_it_left_gives_its_unit_back() {
    let config = Config {
        durable: true,
        ..lasting()
    };
    let mut world = World::online_with(config, &[ReceiveMaximum(1)]);
    world.slow_store = true;
    world.publish(1, 1, "t", "held by the store");
    world.publish(2, 2, "t", "waits for its turn");
    world.cancel(1);
    while !world.batches.is_empty() {
        world.commit();
    }
    let sent = world.take();
    assert!(
        sent.len() == 1 && sent[0].ends_with("\"t\" waits for its turn"),
        "{sent:?}"
    );
    world.publish(3, 1, "t", "x");
    while !world.batches.is_empty() {
        world.commit();
    }
    assert_eq!(world.take(), [""; 0], "and no more than that");
}
