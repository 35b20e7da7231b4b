//! The write-ahead rule: nothing leaves before the store has committed what it stands on.

use hawser::codec::{Packet, Property, Sender, Version, decode};
use hawser::session::{Config, Failure, StoreBatch, StoreChange, StoreKey};

use crate::world::{World, lasting};

fn durable() -> Config {
    Config {
        durable: true,
        ..lasting()
    }
}

fn slow() -> World {
    let mut world = World::online(durable());
    world.slow_store = true;
    world
}

fn keys(batch: &StoreBatch) -> Vec<String> {
    let text = |change: &StoreChange| match change {
        StoreChange::Put { key, .. } => format!("put {key:?}"),
        StoreChange::Delete(key) => format!("delete {key:?}"),
        StoreChange::Clear => "clear".into(),
    };
    batch.changes.iter().map(text).collect()
}

fn value(batch: &StoreBatch, wanted: StoreKey) -> &[u8] {
    let put = batch.changes.iter().find_map(|change| match change {
        StoreChange::Put { key, value } if *key == wanted => Some(value.clone()),
        _ => None,
    });
    let range = put.expect("a value");
    &batch.bytes[range.start as usize..range.end as usize]
}

#[test]
fn a_publish_waits_for_its_commit_and_qos_0_does_not() {
    let mut world = slow();
    world.publish(1, 1, "t", "x");
    world.publish(2, 0, "t", "y");
    world.expect(&["PUBLISH q0 \"t\" y"]);
    world.commit();
    world.expect(&["PUBLISH q1 1 \"t\" x"]);
}

#[test]
fn changes_gather_while_a_commit_is_under_way() {
    let mut world = slow();
    for token in 1..=10 {
        world.publish(token, 1, "t", &token.to_string());
    }
    assert_eq!(keys(&world.batches[0]), ["put Outbound(0)"]);
    world.commit();
    world.expect(&["PUBLISH q1 1 \"t\" 1"]);
    assert_eq!(world.batches[0].changes.len(), 9);
    world.commit();
    assert_eq!(world.take().len(), 9);
    assert!(world.batches.is_empty());
}

#[test]
fn pubrel_waits_for_its_commit() {
    let mut world = slow();
    world.publish(1, 2, "t", "x");
    world.commit();
    world.take();
    world.pubrec(1);
    world.expect(&[]);
    let released = value(&world.batches[0], StoreKey::Outbound(0));
    assert_eq!(released, [0, 0, 0, 0, 0, 0, 0, 0, 0x62, 2, 0, 1, b't']);
    world.commit();
    world.expect(&["PUBREL 1"]);
    world.pubcomp(1);
    assert_eq!(keys(&world.batches[0]), ["delete Outbound(0)"]);
    assert_eq!(world.outcome(1), 0);
}

#[test]
fn pubrec_and_pubcomp_wait_for_their_commits_and_a_puback_waits_for_nothing() {
    let mut world = slow();
    world.message(1, 1, "t", "one");
    world.expect(&["PUBACK 1"]);
    assert!(world.batches.is_empty());
    world.message(2, 2, "t", "two");
    assert_eq!(keys(&world.batches[0]), ["put Inbound(2)"]);
    assert!(world.ready.is_empty(), "nobody may handle it yet");
    world.commit();
    assert_eq!(world.ready.len(), 1);
    assert_eq!(value(&world.batches[0], StoreKey::Inbound(2)), [0x50, 2, 0, 2]);
    world.expect(&[]);
    world.commit();
    world.expect(&["PUBREC 2"]);
    world.pubrel(2);
    world.expect(&[]);
    assert_eq!(keys(&world.batches[0]), ["delete Inbound(2)"]);
    world.commit();
    world.expect(&["PUBCOMP 2"]);
}

#[test]
fn answers_keep_their_order_also_when_one_has_to_wait() {
    let mut world = slow();
    world.message(2, 2, "t", "two");
    world.message(1, 1, "t", "one");
    world.message(2, 3, "t", "three");
    world.commit();
    world.commit();
    world.expect(&[]);
    world.commit();
    world.expect(&["PUBREC 2", "PUBACK 1"]);
    world.commit();
    world.expect(&["PUBREC 3"]);
}

#[test]
fn messages_keep_their_order_also_when_the_first_one_waits_behind_something_else() {
    let mut world = slow();
    for token in 1..=2 {
        world.publish(token, 1, "t", &token.to_string());
        world.commit();
    }
    world.reconnect();
    world.connack(true, &[Property::ReceiveMaximum(2)]);
    world.expect(&["PUBLISH q1 1 dup \"t\" 1", "PUBLISH q1 2 dup \"t\" 2"]);
    world.commit();
    world.ask_to_publish(3, 1, "t", b"3", false, &[]);
    world.ask_to_publish(4, 1, "t", b"4", false, &[]);
    world.drain();
    // What the broker sends stands on later batches than messages 3 and 4, and is made before message 3 may go.
    world.message(2, 9, "t", "x");
    world.puback(1);
    world.commit();
    world.puback(2);
    world.expect(&[]);
    world.commit();
    world.expect(&["PUBLISH q1 3 \"t\" 3"]);
    world.commit();
    world.expect(&["PUBLISH q1 4 \"t\" 4"]);
    world.commit();
    world.expect(&["PUBREC 9"]);
}

#[test]
fn a_message_that_never_left_is_sent_without_dup_after_a_reconnect() {
    let mut world = slow();
    world.publish(1, 1, "t", "left");
    world.commit();
    world.publish(2, 1, "t", "held");
    world.cut();
    world.commit();
    world.reconnect();
    world.connack(true, &[]);
    world.commit_all();
    world.expect(&["PUBLISH q1 1 dup \"t\" left", "PUBLISH q1 2 \"t\" held"]);
}

#[test]
fn a_message_that_never_left_is_never_indeterminate() {
    let mut world = slow();
    world.publish(1, 2, "t", "held");
    world.reconnect();
    world.connack(false, &[]);
    assert!(world.is_open(1));
    world.commit_all();
    world.expect(&["PUBLISH q2 2 \"t\" held"]);
}

#[test]
fn what_is_held_for_a_connection_does_not_leave_on_the_next() {
    let mut world = slow();
    world.message(2, 5, "t", "x");
    world.cut();
    world.commit();
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&[]);
    let again = world.message_bytes(2, 5, "t", b"x", true, &[]);
    world.send_bytes(&again);
    world.commit_all();
    world.expect(&["PUBREC 5"]);
    assert_eq!(world.take_delivered().len(), 1);
}

#[test]
fn a_repeated_pubrec_answer_waits_for_the_commit_that_the_first_one_waits_for() {
    let mut world = slow();
    world.message(2, 5, "t", "x");
    world.commit();
    let again = world.message_bytes(2, 5, "t", b"x", true, &[]);
    world.send_bytes(&again);
    world.expect(&[]);
    world.commit();
    world.expect(&["PUBREC 5", "PUBREC 5"]);
    assert_eq!(world.take_delivered().len(), 1);
}

#[test]
fn a_held_message_can_be_cancelled_and_its_identifier_used_again_at_once() {
    let mut world = slow();
    world.publish(1, 1, "t", "first");
    world.cancel(1);
    world.assert_failed(1, Failure::Cancelled);
    for token in 2..=65_536 {
        world.ask_to_publish(token, 1, "t", b"x", false, &[]);
    }
    world.commit();
    world.expect(&[]);
    world.commit();
    let packets = world.take();
    assert_eq!(packets.len(), 65_535);
    assert_eq!(packets.last().unwrap(), "PUBLISH q1 1 \"t\" x");
}

#[test]
fn an_answer_to_what_has_not_left_completes_nothing() {
    let mut world = slow();
    world.publish(1, 1, "t", "x");
    world.puback(1);
    assert!(world.is_open(1) && world.is_online());
    world.commit();
    world.puback(1);
    assert_eq!(world.outcome(1), 0);
}

#[test]
fn what_waits_for_a_link_is_stored_without_an_identifier() {
    let mut world = World::new(durable());
    world.publish(1, 1, "t", "x");
    world.publish(2, 0, "t", "y");
    let first = &world.committed[0];
    assert_eq!(
        keys(first),
        ["clear", "put Facts", "put Outbound(0)"],
        "a session that begins says so, and who it is"
    );
    assert_eq!(
        value(first, StoreKey::Outbound(0)),
        [0, 0, 0, 0, 0, 0, 0, 0, 0x32, 7, 0, 1, b't', 0, 0, 0, b'x']
    );
    world.start();
    world.open();
    world.take();
    world.connack(false, &[]);
    let last = world.committed.last().unwrap();
    assert_eq!(
        value(last, StoreKey::Outbound(0))[8..],
        [0x32, 7, 0, 1, b't', 0, 1, 0, b'x']
    );
}

#[test]
fn stored_values_are_packets() {
    let mut world = World::online(durable());
    world.subscribe(1, "a/+", 2);
    world.publish(2, 2, "t", "x");
    world.message(2, 9, "t", "x");
    let all: Vec<&StoreBatch> = world.committed.iter().collect();
    let find = |wanted: StoreKey| {
        let batch = all
            .iter()
            .rev()
            .find(|batch| keys(batch).contains(&format!("put {wanted:?}")))
            .expect("a batch");
        value(batch, wanted)
    };
    let packet = |key, prefix: usize| decode(&find(key)[prefix..], Version::V5, Sender::Client).unwrap();
    let Packet::Subscribe(subscription) = packet(StoreKey::Subscription(0), 1) else {
        panic!("a SUBSCRIBE")
    };
    let filters: Vec<_> = subscription
        .filters
        .iter()
        .map(|(filter, options)| (filter, options.bits()))
        .collect();
    assert_eq!(filters, [("a/+", 2)]);
    assert!(matches!(packet(StoreKey::Outbound(0), 8), Packet::Publish(_)));
    assert!(matches!(packet(StoreKey::Inbound(9), 0), Packet::PubRec(_)));
}

#[test]
fn subscriptions_leave_the_store_when_they_are_refused_or_given_up() {
    let mut world = World::online(durable());
    world.subscribe(1, "a", 0);
    world.subscribe(2, "b", 0);
    world.suback(1, &[0x87]);
    assert_eq!(keys(world.committed.last().unwrap()), ["delete Subscription(0)"]);
    world.unsubscribe(3, "b");
    let leaving = world.committed.last().unwrap();
    assert_eq!(
        value(leaving, StoreKey::Subscription(1))[0],
        0xFE,
        "it is being given up"
    );
    world.unsuback(3, &[0]);
    assert_eq!(keys(world.committed.last().unwrap()), ["delete Subscription(1)"]);
}

#[test]
fn a_lost_session_leaves_no_open_identifiers_in_the_store() {
    let mut world = World::online(durable());
    world.message(2, 4, "t", "x");
    world.message(2, 6, "t", "x");
    world.reconnect();
    world.connack(false, &[]);
    let changes: Vec<String> = world.committed.iter().flat_map(keys).collect();
    assert!(changes.contains(&"delete Inbound(4)".into()) && changes.contains(&"delete Inbound(6)".into()));
}

#[test]
fn without_a_durable_store_there_is_no_batch_at_all() {
    let mut world = World::online(lasting());
    world.publish(1, 2, "t", "x");
    world.message(2, 1, "t", "x");
    world.subscribe(2, "a", 0);
    assert!(world.committed.is_empty());
}

#[test]
fn a_repeated_pubrel_is_answered_when_the_identifier_has_left_the_store_also_on_the_next_connection() {
    let mut world = slow();
    world.message(2, 5, "t", "x");
    world.commit();
    world.publish(1, 1, "t", "keeps the store busy");
    world.pubrel(5);
    world.reconnect();
    world.connack(true, &[]);
    world.commit();
    world.publish(2, 1, "t", "keeps the store busy");
    world.take();
    world.pubrel(5);
    world.expect(&[]);
    world.commit();
    assert!(!world.take().iter().any(|packet| packet.starts_with("PUBCOMP")));
    world.commit();
    world.expect(&["PUBCOMP 5 92"]);
}
