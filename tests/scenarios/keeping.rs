//! The store over time: what is told about it, how its log is kept short, and what happens when it fails and comes back.

use hawser::codec::Property;
use hawser::session::{Config, Durability, StorageFault, StoreBatch};

use crate::restoring::{connect, named, online};
use crate::world::{World, lasting};

fn ask_for_stored(world: &mut World, token: u32, qos: u8) {
    world.tell_stored = true;
    world.publish(token, qos, "t", "x");
    world.tell_stored = false;
}

fn slow() -> World {
    let mut world = online();
    world.slow_store = true;
    world
}

#[test]
fn who_asks_hears_that_a_message_is_stored_when_it_is_committed_and_not_before() {
    let mut world = slow();
    ask_for_stored(&mut world, 1, 1);
    world.publish(2, 1, "t", "nobody asks");
    ask_for_stored(&mut world, 3, 2);
    assert!(world.stored.is_empty());
    world.commit();
    assert_eq!(world.stored, [(1, 0)]);
    world.commit();
    assert_eq!(world.stored, [(1, 0), (3, 2)]);
}

#[test]
fn a_message_is_stored_without_a_link_too_and_after_the_link_is_gone() {
    let mut world = World::new(named());
    world.restore();
    ask_for_stored(&mut world, 1, 1);
    assert_eq!(world.stored, [(1, 0)]);
    let mut world = slow();
    ask_for_stored(&mut world, 1, 1);
    world.cut();
    world.commit();
    assert_eq!(world.stored, [(1, 0)]);
}

#[test]
fn without_a_store_a_message_is_kept_at_once_and_qos_0_never_is() {
    let mut world = World::new(lasting());
    ask_for_stored(&mut world, 1, 1);
    ask_for_stored(&mut world, 2, 0);
    assert_eq!(world.stored, [(1, 0)]);
}

#[test]
fn when_the_store_fails_everything_that_waited_goes_on_in_memory() {
    let mut world = slow();
    ask_for_stored(&mut world, 1, 1);
    world.publish(2, 2, "t", "y");
    world.message(2, 5, "t", "in");
    world.expect(&[]);
    let now = world.time();
    world
        .session
        .handle_store_failed(now, StorageFault::Quota, "QuotaExceededError");
    world.batches.clear();
    world.drain();
    let told = (
        Durability::Memory,
        Some(StorageFault::Quota),
        "QuotaExceededError".into(),
    );
    assert_eq!(world.storage.last(), Some(&told));
    assert_eq!(
        world.take(),
        ["PUBLISH q1 1 \"t\" x", "PUBLISH q2 2 \"t\" y", "PUBREC 5"]
    );
    assert_eq!(world.stored, [(1, 0)]);
    world.publish(3, 1, "t", "z");
    world.expect(&["PUBLISH q1 3 \"t\" z"]);
    assert!(world.batches.is_empty());
    // It is told once, however often the store fails to come back.
    world.session.handle_store_failed(now, StorageFault::Other, "again");
    world.drain();
    assert_eq!(world.storage.len(), 2);
}

#[test]
fn a_store_that_comes_back_gets_everything_that_is_alive_and_is_told_when_it_has_it() {
    let mut world = slow();
    world.subscribe(9, "a", 1);
    world.suback(1, &[1]);
    let now = world.time();
    world.session.handle_store_failed(now, StorageFault::Deleted, "");
    world.batches.clear();
    world.drain();
    world.publish(1, 1, "t", "one");
    world.publish(2, 2, "t", "two");
    world.publish(3, 2, "t", "three");
    world.publish(4, 1, "t", "gone");
    world.puback(5);
    world.pubrec(4);
    world.session.handle_store_back(now);
    world.drain();
    assert!(world.batches[0].is_snapshot());
    assert_eq!(world.storage.last().unwrap().0, Durability::Memory, "not yet");
    world.take();
    world.publish(5, 1, "t", "five");
    world.expect(&[]);
    world.commit();
    assert_eq!(world.storage.last(), Some(&(Durability::Relaxed, None, String::new())));
    world.commit();
    world.expect(&["PUBLISH q1 6 \"t\" five"]);
    let mut page = world.reload(named(), 1_000);
    assert_eq!(page.filters.len(), 1);
    connect(&mut page, true);
    page.expect(&[
        "PUBREL 4",
        "PUBLISH q1 2 dup \"t\" one",
        "PUBLISH q2 3 dup \"t\" two",
        "PUBLISH q1 6 dup \"t\" five",
    ]);
}

#[test]
fn a_batch_that_is_refused_is_followed_by_a_snapshot_and_what_waits_goes_on_waiting() {
    let mut world = slow();
    world.publish(1, 1, "t", "one");
    world.publish(2, 1, "t", "two");
    let refused = world.batches.pop_front().unwrap();
    let now = world.time();
    world.session.handle_store_back(now);
    world.drain();
    let snapshot = &world.batches[0];
    assert!(snapshot.is_snapshot() && snapshot.number == refused.number + 1);
    // It was refused: it can not be committed after all.
    world.session.handle_stored(now, refused.number);
    world.drain();
    world.expect(&[]);
    world.commit();
    world.expect(&["PUBLISH q1 1 \"t\" one", "PUBLISH q1 2 \"t\" two"]);
    assert_eq!(world.storage.len(), 1, "nothing was lost, and nothing is told");
}

#[test]
fn a_store_that_refuses_the_last_batch_of_a_client_that_stopped_has_all_of_the_next_life() {
    for lost in [false, true] {
        let mut world = slow();
        let now = world.time();
        if lost {
            world.session.handle_store_failed(now, StorageFault::Deleted, "");
            world.drain();
        }
        world.send_bytes(&[0xE0, 2, 0x8E, 0]);
        assert!(world.is_stopped());
        world.session.handle_store_back(now);
        world.drain();
        world.batches.clear();
        world.session.reconnect_now(now);
        world.drain();
        assert!(world.batches[0].is_snapshot());
        world.open();
        while !world.batches.is_empty() {
            world.commit();
        }
        assert_eq!(world.storage.last().unwrap().0, Durability::Relaxed);
        world.take();
        world.connack(false, &[]);
        world.publish(1, 1, "t", "one");
        while !world.batches.is_empty() {
            world.commit();
        }
        world.expect(&["PUBLISH q1 1 \"t\" one"]);
        let page = world.reload(named(), 1_000);
        assert_eq!(page.restored.len(), 1);
    }
}

#[test]
fn a_page_without_a_store_works_in_memory_from_the_start() {
    let mut world = World::new(named());
    let now = world.time();
    world
        .session
        .handle_store_failed(now, StorageFault::Unavailable, "no IndexedDB");
    world.drain();
    assert_eq!(
        world.storage,
        [(
            Durability::Memory,
            Some(StorageFault::Unavailable),
            "no IndexedDB".into()
        )]
    );
    connect(&mut world, false);
    world.publish(1, 1, "t", "x");
    world.expect(&["PUBLISH q1 1 \"t\" x"]);
    assert!(world.committed.is_empty());
}

fn bytes(batches: &[StoreBatch]) -> usize {
    let size = |batch: &StoreBatch| {
        let mut segment = Vec::new();
        batch.encode(&mut segment);
        segment.len()
    };
    batches.iter().map(size).sum()
}

#[test]
fn the_log_is_written_anew_when_most_of_it_is_over_and_never_forgets_what_is_not() {
    let mut world = World::new(named());
    world.restore();
    world.start();
    world.open();
    world.take();
    world.connack(false, &[Property::ReceiveMaximum(10)]);
    world.subscribe(70_000, "a", 1);
    world.suback(1, &[1]);
    world.publish(70_001, 2, "t", "stays");
    let payload = "x".repeat(100);
    for token in 1..=20_000_u32 {
        world.publish(token, 1, "t", &payload);
        let id = u16::try_from((token + 1) % 65_535 + 1).unwrap();
        world.puback(id);
        assert_eq!(world.outcome(token), 0);
        world.take();
    }
    let stored: usize = world.log.iter().map(Vec::len).sum();
    assert!(stored < 300 << 10, "{stored} bytes for one message");
    let snapshots = world.committed.iter().filter(|batch| batch.is_snapshot()).count();
    assert!((2..30).contains(&snapshots), "{snapshots} snapshots");
    let written = bytes(&world.committed);
    assert!(
        written < 20_000 * 160,
        "{written} bytes written for {} of payload",
        20_000 * 100
    );
    world.session.handle_store_back(world.time());
    world.drain();
    let mut page = world.reload(named(), 1_000);
    assert_eq!((page.restored.len(), page.filters.len()), (1, 1));
    ask_for_stored(&mut page, 1, 1);
    assert_eq!(page.stored, [(1, 20_001)], "numbers are not given again");
}

#[test]
fn a_long_queue_is_not_written_anew_again_and_again() {
    let mut world = World::new(named());
    world.restore();
    let payload = "x".repeat(100);
    for token in 1..=20_000_u32 {
        world.publish(token, 1, "t", &payload);
    }
    let snapshots = world.committed.iter().filter(|batch| batch.is_snapshot()).count();
    assert_eq!(snapshots, 1, "the one that begins");
}

#[test]
fn nothing_is_written_about_an_idle_link_but_when_it_was_up() {
    let mut world = online();
    let before = world.committed.len();
    for _ in 0..20 {
        world.advance(30_000);
        world.take();
        world.send_bytes(&[0xD0, 0]);
    }
    let batches = &world.committed[before..];
    assert!((9..=11).contains(&batches.len()), "{} in ten minutes", batches.len());
    assert!(batches.iter().all(|batch| batch.changes.len() == 1));
    let mut brief = World::new(Config {
        session_expiry: 8,
        ..named()
    });
    brief.restore();
    connect(&mut brief, false);
    let before = brief.committed.len();
    brief.advance(10_000);
    assert_eq!(brief.committed.len() - before, 5, "every quarter of its time to live");
}
