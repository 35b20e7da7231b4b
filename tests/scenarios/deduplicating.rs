//! What the application says of messages: nothing is begun twice, and what a page that was killed had begun is told.

use hawser::session::{Config, Rule, Verdict};

use crate::world::{World, lasting};

const HOUR: u64 = 3_600_000;

fn stored() -> Config {
    Config {
        client_id: Some("wall".into()),
        clean_start: false,
        durable: true,
        broker: "ws://broker".into(),
        ..lasting()
    }
}

/// A page whose store commits when it is told to, and whose handlers end when they are told to.
pub fn slow() -> World {
    let mut world = World::online(stored());
    world.commit_all();
    world.take();
    (world.slow_store, world.handle_by_hand) = (true, true);
    world
}

/// The page is killed, and another one goes on with what was committed.
pub fn killed(world: World) -> World {
    let mut page = world.reload(stored(), 1_000);
    page.start();
    page.commit_all();
    page.open();
    page.connack(true, &[]);
    assert!(page.is_online(), "{:?}", page.statuses);
    page.commit_all();
    page.take();
    (page.slow_store, page.handle_by_hand) = (true, true);
    page
}

impl World {
    pub fn claim_next(&mut self, delivery: u32, key: &str, rule: Rule, value: f64) {
        self.claim_value(self.claimed.len() as u32, delivery, key, rule, value);
    }

    /// Claims a message by its identifier, and the verdict, if it has come.
    pub fn claim_id(&mut self, delivery: u32, key: &str) -> Option<Verdict> {
        let before = self.claimed.len();
        self.claim(before as u32, delivery, key);
        self.claimed.get(before).map(|(_, verdict, _)| *verdict)
    }

    fn verdict(&mut self, rule: Rule, key: &str, value: f64) -> (Verdict, u32) {
        self.claim_next(0, key, rule, value);
        self.commit_all();
        let (_, verdict, missing) = *self.claimed.last().unwrap();
        (verdict, missing)
    }
}

#[test]
fn a_message_that_is_claimed_behind_a_later_one_is_confirmed_with_its_own_acknowledgement() {
    let mut world = slow();
    world.message(1, 7, "kept", "x");
    world.message(1, 8, "t", "y");
    assert_eq!(world.claim_id(2, "y"), None);
    assert_eq!(world.claim_id(1, "x"), None);
    world.commit_all();
    world.handled(1, 1);
    world.commit_all();
    world.expect(&["PUBACK 7"]);
    let mut page = killed(world);
    page.message(1, 9, "kept", "x");
    assert_eq!(page.claim_id(1, "x"), Some(Verdict::Duplicate), "it was acknowledged");
    page.message(1, 10, "t", "y");
    assert_eq!(page.claim_id(2, "y"), Some(Verdict::Interrupted));
}

#[test]
fn what_a_handler_does_after_it_has_closed_a_session_without_a_life_is_not_stored() {
    let mut world = slow();
    world.message(1, 7, "t", "x");
    world.message(1, 8, "t", "y");
    world.claim_id(1, "x");
    world.commit_all();
    let ends = crate::peer::block(
        hawser::codec::Place::DisconnectFromClient,
        &[hawser::codec::Property::SessionExpiryInterval(0)],
    );
    let normal = hawser::codec::ReasonCode::NORMAL_DISCONNECTION;
    world.session.close(world.time(), normal, ends.as_properties().raw());
    world.handled(1, 1);
    world.claim_id(2, "y");
    world.commit_all();
    let page = world.reload(stored(), 1_000);
    let faults: Vec<_> = page.storage.iter().map(|(_, fault, _)| *fault).collect();
    assert_eq!(faults, [None]);
}

#[test]
fn a_claim_is_new_when_the_store_has_it_and_acknowledged_when_it_is_confirmed() {
    let mut world = slow();
    world.message(1, 7, "t", "x");
    assert_eq!(world.claim_id(1, "key"), None);
    world.commit();
    assert_eq!(world.claimed.last().unwrap().1, Verdict::New);
    world.handled(1, 1);
    world.expect(&[]);
    world.commit();
    world.expect(&["PUBACK 7"]);
    world.message(1, 8, "t", "x");
    assert_eq!(world.claim_id(2, "key"), Some(Verdict::Duplicate));
    world.handled(2, 1);
    world.expect(&["PUBACK 8"]);
}

#[test]
fn without_a_store_claims_are_answered_at_once() {
    let mut world = World::online(lasting());
    assert_eq!(world.claim_id(0, "key"), Some(Verdict::New));
    assert_eq!(world.claim_id(0, "key"), Some(Verdict::Duplicate));
    assert_eq!(world.claim_id(0, "other"), Some(Verdict::New));
}

#[test]
fn what_a_killed_page_had_claimed_is_interrupted_once_and_what_it_had_confirmed_is_a_duplicate() {
    let mut world = slow();
    for id in 1..=3 {
        world.message(1, id, "t", "x");
        world.claim_id(id.into(), &id.to_string());
    }
    world.commit_all();
    world.handled(1, 1);
    world.commit_all();
    world.expect(&["PUBACK 1"]);
    // Handled, and killed before that is written down.
    world.handled(2, 1);
    let mut page = killed(world);
    assert_eq!(page.claim_id(0, "1"), Some(Verdict::Duplicate));
    for (delivery, id) in [(1, 2), (2, 3)] {
        let again = page.message_bytes(1, id, "t", b"x", true, &[]);
        page.send_bytes(&again);
        assert_eq!(page.claim_id(delivery, &id.to_string()), Some(Verdict::Interrupted));
        page.handled(delivery, 1);
        page.expect(&[]);
        page.commit_all();
        page.expect(&[&format!("PUBACK {id}")]);
    }
    assert_eq!(page.claim_id(0, "3"), Some(Verdict::Duplicate), "told once");
}

#[test]
fn a_claim_that_was_not_committed_is_as_if_it_had_never_been() {
    let mut world = slow();
    world.message(1, 7, "t", "x");
    assert_eq!(world.claim_id(1, "key"), None);
    let mut page = killed(world);
    let again = page.message_bytes(1, 7, "t", b"x", true, &[]);
    page.send_bytes(&again);
    page.claim_id(1, "key");
    page.commit_all();
    assert_eq!(page.claimed.last().unwrap().1, Verdict::New);
}

#[test]
fn a_later_message_that_is_done_first_does_not_confirm_an_earlier_one() {
    let mut world = slow();
    for (id, value) in [(1, 5.0), (2, 6.0)] {
        world.message(1, id, "t", "x");
        world.claim_next(id.into(), "key", Rule::Sequence, value);
    }
    world.commit_all();
    world.handled(2, 1);
    world.commit_all();
    world.expect(&[]);
    let mut page = killed(world);
    for (delivery, value) in [(1, 5.0), (2, 6.0)] {
        let again = page.message_bytes(1, delivery as u16, "t", b"x", true, &[]);
        page.send_bytes(&again);
        page.claim_next(delivery, "key", Rule::Sequence, value);
        assert_eq!(page.claimed.last().unwrap().1, Verdict::Interrupted);
    }
}

#[test]
fn times_that_are_not_later_are_old_and_sequences_tell_what_is_missing_over_a_reload_too() {
    let mut world = slow();
    assert_eq!(world.verdict(Rule::Timestamp, "t", 10.5), (Verdict::New, 0));
    assert_eq!(world.verdict(Rule::Timestamp, "t", 10.25), (Verdict::Duplicate, 0));
    assert_eq!(world.verdict(Rule::Timestamp, "t", 10.5), (Verdict::Duplicate, 0));
    assert_eq!(world.verdict(Rule::Sequence, "s", 100.0), (Verdict::New, 0));
    assert_eq!(world.verdict(Rule::Sequence, "s", 101.0), (Verdict::New, 0));
    let mut page = killed(world);
    assert_eq!(page.verdict(Rule::Timestamp, "t", 10.5), (Verdict::Duplicate, 0));
    assert_eq!(page.verdict(Rule::Timestamp, "t", 11.0), (Verdict::New, 0));
    assert_eq!(page.verdict(Rule::Sequence, "s", 105.0), (Verdict::New, 3));
    assert_eq!(page.verdict(Rule::Sequence, "s", 103.0), (Verdict::Duplicate, 0));
}

#[test]
fn the_user_says_how_many_keys_are_remembered() {
    let mut world = World::online(Config {
        max_keys: 2,
        ..lasting()
    });
    for key in ["a", "b", "b", "c"] {
        world.claim_id(0, key);
    }
    assert_eq!(world.claim_id(0, "b"), Some(Verdict::Duplicate));
    assert_eq!(world.claim_id(0, "a"), Some(Verdict::New), "it was the oldest");
}

#[test]
fn what_is_over_is_forgotten_and_of_too_many_keys_the_oldest() {
    let mut world = World::online(lasting());
    assert_eq!(world.claim_id(0, "old"), Some(Verdict::New));
    world.advance(HOUR + 1);
    assert_eq!(world.claim_id(0, "old"), Some(Verdict::New), "its time is over");
    for number in 0..9_999 {
        world.claim_id(0, &number.to_string());
    }
    // A claim makes its key the youngest.
    world.claim_next(0, "0", Rule::Timestamp, 1.0);
    assert_eq!(world.claim_id(0, "old"), Some(Verdict::Duplicate));
    world.claim_id(0, "one more");
    assert_eq!(world.claim_id(0, "0"), Some(Verdict::Duplicate));
    assert_eq!(world.claim_id(0, "old"), Some(Verdict::New), "it was the oldest");
}

#[test]
fn a_key_stays_known_while_others_are_claimed_again_and_again() {
    let mut world = World::online(lasting());
    assert_eq!(world.claim_id(0, "stays"), Some(Verdict::New));
    for time in 0..5_000 {
        let key = (time % 3).to_string();
        let before = world.claimed.len();
        world.claim_next(0, &key, Rule::Timestamp, f64::from(time + 1));
        assert_eq!(world.claimed[before].1, Verdict::New);
    }
    assert_eq!(world.claim_id(0, "stays"), Some(Verdict::Duplicate));
}

#[test]
fn snapshots_keep_what_is_begun_and_what_is_claimed() {
    let mut world = slow();
    world.message(2, 9, "t", "begun");
    world.message(1, 4, "t", "claimed");
    world.claim_id(2, "key");
    world.commit_all();
    world.session.handle_store_back(world.time());
    world.drain();
    world.commit_all();
    assert_eq!(world.log.len(), 1, "a snapshot stands for itself");
    let mut page = killed(world);
    assert_eq!(page.take_texts(), ["t begun"]);
    assert_eq!(page.claim_id(1, "key"), Some(Verdict::Interrupted));
}

#[test]
fn of_too_many_keys_the_oldest_are_forgotten_after_a_reload_too() {
    let mut world = World::online(stored());
    for number in 0..10_000 {
        world.claim_id(0, &number.to_string());
    }
    // A claim makes its key the youngest.
    world.claim_next(0, "0", Rule::Timestamp, 1.0);
    world.commit_all();
    let mut page = killed(world);
    page.claim_id(0, "one more");
    assert_eq!(page.claim_id(0, "0"), Some(Verdict::Duplicate));
    page.claim_id(0, "1");
    page.commit_all();
    assert_eq!(page.claimed.last().unwrap().1, Verdict::New, "it was the oldest");
}

#[test]
fn a_handler_that_closes_the_client_has_handled_its_message() {
    let mut world = slow();
    world.message(2, 9, "t", "x");
    world.message(1, 4, "t", "x");
    world.claim_id(2, "key");
    world.commit_all();
    world.close();
    world.handled(1, 2);
    world.commit_all();
    let mut page = killed(world);
    assert!(page.take_delivered().is_empty(), "nothing is in doubt");
    let again = page.message_bytes(2, 9, "t", b"x", true, &[]);
    page.send_bytes(&again);
    page.commit_all();
    page.expect(&["PUBREC 9"]);
    assert!(page.take_delivered().is_empty());
    assert_eq!(page.claim_id(0, "key"), Some(Verdict::Duplicate));
}

#[test]
fn what_was_claimed_before_a_stop_is_known_after_it_and_after_a_reload() {
    let mut world = slow();
    world.claim_id(0, "key");
    world.message(2, 9, "t", "x");
    world.commit_all();
    world.send_bytes(&[0xE0, 1, 0x8E]);
    assert!(world.is_stopped(), "taken over");
    world.session.reconnect_now(world.time());
    world.drain();
    world.commit_all();
    // Of the session that was given up nothing is written down any more.
    world.handled(1, 1);
    world.commit_all();
    let mut page = world.reload(stored(), 1_000);
    page.start();
    page.commit_all();
    assert_eq!(page.claim_id(0, "key"), Some(Verdict::Duplicate));
    page.open();
    page.connack(false, &[]);
    page.commit_all();
    page.take();
    page.message(2, 9, "t", "another");
    page.commit_all();
    assert_eq!(page.take_texts(), ["t another"]);
}
