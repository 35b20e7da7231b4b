//! What a handler had begun when its page was killed or its session was lost: told, and not begun again.

use hawser::session::{StorageFault, Verdict};

use crate::deduplicating::{killed, slow};
use crate::random::Random;
use crate::world::{World, lasting};

const INTERRUPTED: u8 = 1 << 5;

#[test]
fn a_qos_2_message_that_a_killed_page_had_begun_is_told_and_not_handled_again() {
    let mut world = slow();
    world.message(2, 9, "gerät/7", "hello");
    world.commit();
    assert_eq!(world.ready, [1], "the handler begins");
    let mut page = killed(world);
    let told = page.take_delivered();
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].topic.as_str(), told[0].payload.as_slice()),
        ("gerät/7", &b"hello"[..])
    );
    assert_eq!((told[0].flags & INTERRUPTED, told[0].delivery), (INTERRUPTED, 1));
    let again = page.message_bytes(2, 9, "gerät/7", b"hello", true, &[]);
    page.send_bytes(&again);
    page.commit_all();
    page.expect(&[]); // its answer waits until the page has been told
    assert!(page.take_delivered().is_empty() && page.ready.is_empty());
    page.handled(1, 1);
    page.commit_all();
    page.expect(&["PUBREC 9"]);
    let mut third = killed(page);
    assert!(third.take_delivered().is_empty(), "told once");
}

#[test]
fn what_a_page_was_not_told_before_it_was_killed_too_is_told_to_the_next_one() {
    let mut world = slow();
    world.message(2, 9, "t", "x");
    world.commit();
    let mut page = killed(world);
    page.commit_all();
    let mut third = killed(page);
    assert_eq!(third.take_texts(), ["t x"]);
    third.handled(1, 1);
    third.commit_all();
    assert!(killed(third).take_delivered().is_empty());
}

#[test]
fn a_qos_2_message_that_was_not_written_down_comes_as_new_after_the_page_was_killed() {
    let mut world = slow();
    world.message(2, 9, "t", "x");
    assert!(world.ready.is_empty());
    let mut page = killed(world);
    assert!(page.take_delivered().is_empty());
    let again = page.message_bytes(2, 9, "t", b"x", true, &[]);
    page.send_bytes(&again);
    page.commit();
    assert_eq!(page.ready, [1]);
    page.handled(1, 1);
    page.commit();
    page.expect(&["PUBREC 9"]);
}

#[test]
fn a_handler_that_never_ends_holds_up_nothing_in_the_next_session() {
    let mut world = slow();
    world.message(1, 7, "t", "never");
    world.claim_id(1, "a");
    world.commit_all();
    world.slow_store = false;
    world.reconnect();
    world.connack(false, &[]);
    world.take();
    world.message(1, 7, "t", "x");
    world.claim_id(2, "b");
    world.handled(2, 1);
    world.expect(&["PUBACK 7"]);
    let mut page = killed(world);
    assert_eq!(page.claim_id(0, "b"), Some(Verdict::Duplicate));
}

/// A handler is running when its session is lost.
fn lost_while_handling() -> World {
    let mut world = slow();
    world.message(1, 7, "t", "x");
    world.claim_id(1, "a");
    world.commit_all();
    world.reconnect();
    world.connack(false, &[]);
    world.commit_all();
    world.take();
    world.claimed.clear();
    world
}

#[test]
fn a_message_of_a_new_session_does_not_confirm_one_of_the_lost_session_that_is_not_handled() {
    let mut world = lost_while_handling();
    world.message(1, 7, "t", "y");
    world.claim_id(2, "b");
    world.handled(2, 1);
    world.commit_all();
    world.expect(&["PUBACK 7"]);
    let mut page = killed(world);
    page.message(1, 8, "t", "x");
    assert_eq!(page.claim_id(1, "a"), Some(Verdict::Interrupted));
}

#[test]
fn a_duplicate_in_a_new_session_is_answered_when_the_handler_of_the_lost_one_is_done() {
    for first_done_first in [true, false] {
        let mut world = lost_while_handling();
        world.message(1, 8, "t", "x");
        assert_eq!(world.claim_id(2, "a"), Some(Verdict::Duplicate));
        world.message(1, 9, "t", "y");
        assert_eq!(world.claim_id(3, "b"), None);
        world.handled(if first_done_first { 1 } else { 2 }, 1);
        world.handled(3, 1);
        world.commit_all();
        world.expect(&[]);
        world.handled(if first_done_first { 2 } else { 1 }, 1);
        world.commit_all();
        world.expect(&["PUBACK 8", "PUBACK 9"]);
        let mut page = killed(world);
        assert_eq!(page.claim_id(0, "a"), Some(Verdict::Duplicate));
    }
}

#[test]
fn of_two_duplicates_in_a_new_session_each_is_answered_when_the_handler_of_the_lost_one_is_done() {
    let mut world = lost_while_handling();
    for (id, delivery) in [(8, 2), (9, 3)] {
        world.message(1, id, "t", "x");
        assert_eq!(world.claim_id(delivery, "a"), Some(Verdict::Duplicate));
        world.handled(delivery, 1);
    }
    world.commit_all();
    world.expect(&[]);
    world.handled(1, 1);
    world.commit_all();
    world.expect(&["PUBACK 8", "PUBACK 9"]);
}

#[test]
fn over_lost_sessions_duplicates_are_answered_in_order_behind_the_handler_of_the_first_under_random_operations() {
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let mut world = World::online(lasting());
        world.handle_by_hand = true;
        // What this connection has brought, what it has answered, and by key which handler runs or has run.
        let (mut came, mut answers, mut delivery) = (Vec::new(), Vec::new(), 0);
        let mut handlers: Vec<(String, u32, bool)> = Vec::new();
        for _ in 0..80 {
            match random.below(8) {
                0 => {
                    world.reconnect();
                    world.connack(false, &[]);
                    world.take();
                    (came, answers) = (Vec::new(), Vec::new());
                }
                1..=2 if handlers.iter().any(|(.., done)| !done) => {
                    let mut open: Vec<_> = handlers.iter_mut().filter(|(.., done)| !done).collect();
                    let at = random.below(open.len() as u64) as usize;
                    open[at].2 = true;
                    let number = open[at].1;
                    world.handled(number, 1);
                }
                _ => {
                    delivery += 1;
                    let (id, key) = (came.len() as u16 + 1, random.below(12).to_string());
                    world.message(1, id, "t", "x");
                    came.push(key.clone());
                    if world.claim_id(delivery, &key) == Some(Verdict::New) {
                        handlers.push((key, delivery, false));
                    } else {
                        world.handled(delivery, 1);
                    }
                }
            }
            answers.extend(world.take());
            let running = |key: &String| handlers.iter().any(|(other, _, done)| other == key && !done);
            let first = came.iter().position(running).unwrap_or(came.len());
            let expected: Vec<String> = (1..=first).map(|id| format!("PUBACK {id}")).collect();
            assert_eq!(answers, expected, "seed {seed}");
        }
        let mut keys: Vec<_> = handlers.iter().map(|(key, ..)| key).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), handlers.len(), "seed {seed}: a handler began twice");
    }
}

#[test]
fn a_duplicate_in_a_new_session_is_not_lost_when_the_page_is_killed_in_the_handler_of_the_lost_one() {
    let mut world = lost_while_handling();
    world.message(1, 8, "t", "x");
    world.claim_id(2, "a");
    world.handled(2, 1);
    world.commit_all();
    world.expect(&[]);
    let mut page = killed(world);
    page.message(1, 8, "t", "x");
    assert_eq!(page.claim_id(1, "a"), Some(Verdict::Interrupted));
}

#[test]
fn what_a_killed_page_had_claimed_is_told_once_also_if_it_comes_again_before_that_is_acknowledged() {
    for (first, again) in [(1, 2), (0, 0)] {
        let mut world = slow();
        world.message(1, 7, "t", "x");
        world.claim_id(1, "a");
        world.commit_all();
        let mut page = killed(world);
        page.message(1, 7, "t", "x");
        page.message(1, 8, "t", "x");
        page.claim_id(first, "a");
        page.claim_id(again, "a");
        page.commit_all();
        let told = page
            .claimed
            .iter()
            .filter(|(_, verdict, _)| *verdict == Verdict::Interrupted);
        assert_eq!((told.count(), page.claimed.len()), (1, 2));
        page.handled(1, 2);
        page.commit_all();
        page.expect(&["PUBACK 7", "PUBACK 8"]);
    }
}

#[test]
fn what_was_begun_while_the_store_had_failed_is_in_its_first_snapshot() {
    let mut world = slow();
    let now = world.time();
    world.session.handle_store_failed(now, StorageFault::Quota, "");
    world.batches.clear();
    world.message(2, 9, "t", "begun");
    world.message(2, 8, "t", "handled");
    world.handled(2, 1);
    world.session.handle_store_back(now);
    world.drain();
    world.commit_all();
    let mut page = killed(world);
    assert_eq!(page.take_texts(), ["t begun"], "interrupted");
    page.handled(1, 1);
    for id in [9, 8] {
        let again = page.message_bytes(2, id, "t", b"x", true, &[]);
        page.send_bytes(&again);
        page.commit_all();
        page.expect(&[&format!("PUBREC {id}")]);
    }
    assert!(page.take_delivered().is_empty() && page.ready.is_empty());
}
