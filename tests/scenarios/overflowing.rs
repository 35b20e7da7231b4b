//! What gives way when messages have to wait and there is no room, and what becomes of QoS 0 without a link.

use hawser::codec::Property::{MessageExpiryInterval, ReceiveMaximum};
use hawser::codec::{Place, Property};
use hawser::session::{Config, Failure, OfflineQos0, Overflow};

use crate::peer::block;
use crate::world::{World, lasting, plain};

fn overflowing(overflow: Overflow, max_queued: usize) -> World {
    World::new(Config {
        overflow,
        max_queued,
        ..lasting()
    })
}

fn go_online(world: &mut World, properties: &[Property<'_>]) {
    world.start();
    world.open();
    world.take();
    world.connack(false, properties);
}

/// Fifty bytes of payload: 55 bytes of packet at QoS 0, 57 above it.
fn fifty(world: &mut World, token: u32, qos: u8) {
    world.publish_all(token, qos, "t", &[b'x'; 50], false, &[]);
}

#[test]
fn drop_oldest_gives_up_the_oldest_of_any_qos() {
    let mut world = overflowing(Overflow::DropOldest, 3);
    for (token, qos) in [(1, 0), (2, 1), (3, 0), (4, 2), (5, 0)] {
        world.publish(token, qos, "t", &token.to_string());
    }
    world.assert_failed(1, Failure::Dropped);
    world.assert_failed(2, Failure::Dropped);
    go_online(&mut world, &[]);
    world.expect(&["PUBLISH q0 \"t\" 3", "PUBLISH q2 1 \"t\" 4", "PUBLISH q0 \"t\" 5"]);
}

#[test]
fn drop_oldest_drops_only_what_never_left() {
    let mut world = World::online_with(
        Config {
            overflow: Overflow::DropOldest,
            max_queued: 1,
            ..lasting()
        },
        &[ReceiveMaximum(2)],
    );
    world.publish(1, 1, "t", "1");
    world.publish(2, 2, "t", "2");
    world.publish(3, 1, "t", "3");
    world.publish(4, 1, "t", "4");
    world.assert_failed(3, Failure::Dropped);
    world.take();
    // The session is lost, so that 1 waits once more: it has left, and stays.
    world.reconnect();
    world.connack(false, &[ReceiveMaximum(1)]);
    world.assert_failed(2, Failure::Indeterminate);
    world.expect(&["PUBLISH q1 3 \"t\" 1"]);
    world.publish(5, 1, "t", "5");
    world.assert_failed(4, Failure::Dropped);
    world.publish(6, 1, "t", "6");
    world.assert_failed(5, Failure::Dropped);
    assert!(world.is_open(1) && world.is_open(6));
}

#[test]
fn a_message_that_left_in_a_lost_session_is_not_dropped_while_it_waits_again() {
    let mut world = World::online_with(
        Config {
            overflow: Overflow::DropOldest,
            max_queued: 2,
            ..lasting()
        },
        &[ReceiveMaximum(2)],
    );
    world.publish(1, 1, "t", "1");
    world.publish(2, 1, "t", "2");
    world.publish(3, 1, "t", "3");
    world.reconnect();
    world.connack(false, &[ReceiveMaximum(1)]);
    // 2 has left and waits before 3.
    world.publish(4, 1, "t", "4");
    world.assert_failed(3, Failure::Dropped);
    assert!(world.is_open(2) && world.is_open(4));
}

#[test]
fn drop_oldest_makes_room_in_bytes_too_and_drops_nothing_in_vain() {
    let mut world = World::online_with(
        Config {
            overflow: Overflow::DropOldest,
            max_queued_bytes: 200,
            ..lasting()
        },
        &[ReceiveMaximum(1)],
    );
    fifty(&mut world, 1, 1);
    fifty(&mut world, 2, 1);
    fifty(&mut world, 3, 1);
    fifty(&mut world, 4, 1);
    world.assert_failed(2, Failure::Dropped);
    // 1 has left: without 3 and 4 there would still be no room for this one.
    world.publish_all(5, 1, "t", &[b'x'; 150], false, &[]);
    world.assert_failed(5, Failure::Dropped);
    assert!(world.is_open(3) && world.is_open(4));
    world.publish_all(6, 1, "t", &[b'x'; 120], false, &[]);
    world.assert_failed(3, Failure::Dropped);
    world.assert_failed(4, Failure::Dropped);
    assert!(world.is_open(1) && world.is_open(6));
}

#[test]
fn drop_newest_gives_up_what_is_published() {
    let mut world = overflowing(Overflow::DropNewest, 2);
    for token in 1..=3 {
        world.publish(token, 1, "t", &token.to_string());
    }
    world.assert_failed(3, Failure::Dropped);
    go_online(&mut world, &[]);
    world.expect(&["PUBLISH q1 1 \"t\" 1", "PUBLISH q1 2 \"t\" 2"]);
}

#[test]
fn reject_refuses_what_is_published() {
    let mut world = overflowing(Overflow::Reject, 1);
    world.publish(1, 0, "t", "1");
    world.publish(2, 1, "t", "2");
    world.assert_failed(2, Failure::QueueFull);
}

#[test]
fn latest_per_topic_keeps_one_waiting_message_of_each_topic_in_the_order_of_the_latest() {
    let mut world = overflowing(Overflow::LatestPerTopic, 3);
    for (token, topic) in [(1, "a"), (2, "b"), (3, "a"), (4, "c"), (5, "b"), (6, "d")] {
        world.publish(token, 1, topic, &token.to_string());
    }
    world.assert_failed(1, Failure::Superseded);
    world.assert_failed(2, Failure::Superseded);
    world.assert_failed(6, Failure::QueueFull);
    go_online(&mut world, &[]);
    world.expect(&["PUBLISH q1 1 \"a\" 3", "PUBLISH q1 2 \"c\" 4", "PUBLISH q1 3 \"b\" 5"]);
}

#[test]
fn latest_per_topic_holds_across_qos_and_keeps_retained_messages_apart() {
    let mut world = overflowing(Overflow::LatestPerTopic, 10);
    world.publish(1, 0, "t", "1");
    world.publish(2, 2, "t", "2");
    world.publish_all(3, 1, "t", b"3", true, &[]);
    world.publish(4, 0, "t", "4");
    world.publish_all(5, 1, "t", b"5", true, &[]);
    for token in [1, 2, 3] {
        world.assert_failed(token, Failure::Superseded);
    }
    go_online(&mut world, &[]);
    world.expect(&["PUBLISH q0 \"t\" 4", "PUBLISH q1 1 retain \"t\" 5"]);
}

#[test]
fn latest_per_topic_replaces_only_what_never_left() {
    let mut world = World::online_with(
        Config {
            overflow: Overflow::LatestPerTopic,
            ..lasting()
        },
        &[ReceiveMaximum(1)],
    );
    world.publish(1, 1, "t", "1");
    world.publish(2, 1, "t", "2");
    world.publish(3, 1, "t", "3");
    world.assert_failed(2, Failure::Superseded);
    world.cut();
    world.publish(4, 1, "t", "4");
    world.assert_failed(3, Failure::Superseded);
    world.reconnect();
    world.connack(false, &[ReceiveMaximum(1)]);
    // 1 has left in the session that is lost, and waits for its turn in this one.
    world.puback(2);
    assert_eq!(world.outcome(1), 0);
    assert!(world.is_open(4));
}

#[test]
fn what_does_not_fit_supersedes_nothing() {
    let mut world = World::new(Config {
        overflow: Overflow::LatestPerTopic,
        max_queued_bytes: 100,
        ..lasting()
    });
    fifty(&mut world, 1, 1);
    world.publish_all(2, 1, "u", &[b'x'; 30], false, &[]);
    world.publish_all(3, 1, "t", &[b'x'; 80], false, &[]);
    world.assert_failed(3, Failure::QueueFull);
    assert!(world.is_open(1));
}

#[test]
fn a_superseded_or_dropped_message_leaves_the_store() {
    for overflow in [Overflow::LatestPerTopic, Overflow::DropOldest] {
        let mut world = World::new(Config {
            overflow,
            max_queued: 1,
            durable: true,
            ..lasting()
        });
        for token in 1..=50 {
            world.publish(token, 1, "t", "x");
        }
        go_online(&mut world, &[]);
        world.expect(&["PUBLISH q1 1 \"t\" x"]);
        world.puback(1);
        let changes = world.committed.iter().flat_map(|batch| &batch.changes);
        let mut kept = std::collections::BTreeSet::new();
        for change in changes {
            match change {
                hawser::session::StoreChange::Put { key, .. } => kept.insert(*key),
                hawser::session::StoreChange::Delete(key) => kept.remove(key),
                hawser::session::StoreChange::Clear => {
                    kept.clear();
                    true
                }
            };
        }
        let left = kept
            .iter()
            .any(|key| matches!(key, hawser::session::StoreKey::Outbound(_)));
        assert!(!left, "{overflow:?}: {kept:?}");
    }
}

#[test]
fn what_took_a_place_can_be_cancelled_or_expire_like_any_other() {
    let mut world = overflowing(Overflow::LatestPerTopic, 10);
    let expiry = block(Place::PublishFromClient, &[MessageExpiryInterval(2)]);
    let expiry = expiry.as_properties().raw().to_vec();
    world.publish_all(1, 1, "t", b"1", false, &expiry);
    world.publish_all(2, 1, "t", b"2", false, &expiry);
    world.assert_failed(1, Failure::Superseded);
    world.cancel(2);
    world.assert_failed(2, Failure::Cancelled);
    world.publish_all(3, 1, "t", b"3", false, &expiry);
    world.advance(5_000);
    world.assert_failed(3, Failure::Expired);
    // Nothing is found where they were.
    world.publish(4, 1, "t", "4");
    world.publish(5, 1, "u", "5");
    assert!(world.is_open(4) && world.is_open(5));
}

/// Against a plain list of what waits, with many topics, links that come and go, and messages that are cancelled.
#[test]
fn latest_per_topic_does_what_a_list_would_do_under_random_operations() {
    for seed in 0..60 {
        let mut random = crate::random::Random::new(seed);
        let mut world = overflowing(Overflow::LatestPerTopic, 1_000);
        let topics = [3, 40, 900][seed as usize % 3];
        let mut waiting: Vec<(u32, String)> = Vec::new();
        for token in 1..=1_500_u32 {
            if random.below(8) == 0 && !waiting.is_empty() {
                let (token, _) = waiting.remove(random.below(waiting.len() as u64) as usize);
                world.cancel(token);
                world.assert_failed(token, Failure::Cancelled);
                continue;
            }
            let topic = format!("topic/{}", random.below(topics));
            let qos = random.below(3) as u8;
            world.publish(token, qos, &topic, "x");
            if let Some(at) = waiting.iter().position(|(_, other)| *other == topic) {
                let (older, _) = waiting.remove(at);
                world.assert_failed(older, Failure::Superseded);
            }
            waiting.push((token, topic));
            assert_eq!(world.session.usage().messages, waiting.len(), "seed {seed}");
        }
        assert!(waiting.iter().all(|(token, _)| world.is_open(*token)), "seed {seed}");
    }
}

#[test]
fn qos_0_without_a_link_waits_or_is_dropped_or_is_refused_as_the_user_wants() {
    for (offline_qos0, outcome) in [
        (OfflineQos0::Queue, None),
        (OfflineQos0::Drop, Some(0)),
        (OfflineQos0::Refuse, Some(Failure::Offline.code())),
    ] {
        let mut world = World::new(Config {
            offline_qos0,
            ..plain()
        });
        world.publish(1, 0, "t", "early");
        world.publish(2, 1, "t", "waits");
        assert_eq!(world.settled.get(&1).map(|(code, _)| *code), outcome);
        go_online(&mut world, &[]);
        let queued = ["PUBLISH q0 \"t\" early", "PUBLISH q1 1 \"t\" waits"];
        world.expect(&queued[usize::from(outcome.is_some())..]);
        world.publish(3, 0, "t", "now");
        assert_eq!(world.outcome(3), 0);
        world.expect(&["PUBLISH q0 \"t\" now"]);
        world.cut();
        world.publish(4, 0, "t", "late");
        assert_eq!(world.settled.get(&4).map(|(code, _)| *code), outcome);
    }
}

#[test]
fn a_full_queue_of_a_hundred_thousand_takes_no_longer_for_each_message() {
    // Not timed: with a walk over all that waits for each message this would take hours.
    for overflow in [Overflow::LatestPerTopic, Overflow::DropOldest] {
        let mut world = overflowing(overflow, 100_000);
        for token in 1..=300_000_u32 {
            let topic = format!("t/{}", token % 100_000);
            world.ask_to_publish(token, 1, &topic, b"x", false, &[]);
        }
        world.drain();
        assert_eq!(world.session.usage().messages, 100_000);
        let gone = if overflow == Overflow::DropOldest {
            Failure::Dropped
        } else {
            Failure::Superseded
        };
        world.assert_failed(200_000, gone);
        assert!(world.is_open(200_001));
    }
}
