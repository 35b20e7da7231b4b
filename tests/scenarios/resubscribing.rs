//! Subscriptions of a page that is killed, and what the next one has to ask for again.

use hawser::codec::{self, Packet, Place, Property, Qos, ReasonCode, RetainHandling, SubscribeOptions};
use hawser::session::{Config, Failure, PageEvent};

use crate::peer::block;
use crate::restoring::{connect, named, online, resumed};
use crate::world::World;

fn later(qos: u8, retain_handling: RetainHandling) -> SubscribeOptions {
    SubscribeOptions {
        retain_handling,
        ..SubscribeOptions::new(Qos::from_bits(qos).unwrap())
    }
}

fn ask(world: &mut World, token: u32, filter: &str, options: SubscribeOptions) {
    world.session.subscribe(world.time(), token, filter, options, &[]);
    world.drain();
}

#[test]
fn subscriptions_stand_in_a_resumed_session_and_nothing_is_sent_for_them() {
    let mut world = online();
    ask(&mut world, 1, "a/+", later(1, RetainHandling::SendIfNew));
    ask(&mut world, 2, "b", later(2, RetainHandling::SendIfNew));
    world.suback(1, &[0]);
    world.suback(2, &[2]);
    let mut page = world.reload(named(), 1_000);
    let filters = [(1, String::from("a/+")), (2, String::from("b"))];
    assert_eq!(page.filters, filters);
    connect(&mut page, true);
    page.expect(&[]);
    ask(&mut page, 1, "a/+", later(1, RetainHandling::SendIfNew));
    assert_eq!((page.outcome(1), page.identifiers[&1]), (0, 1));
    page.expect(&[]);
    // Another option, or the wish for retained messages, takes a SUBSCRIBE.
    ask(&mut page, 2, "b", later(1, RetainHandling::SendIfNew));
    page.expect(&["SUBSCRIBE 1 b:17"]);
    ask(&mut page, 3, "a/+", later(1, RetainHandling::Send));
    page.expect(&["SUBSCRIBE 2 a/+:1"]);
}

#[test]
fn a_subscription_that_was_not_answered_is_asked_for_again() {
    let mut world = online();
    world.subscribe(1, "a", 1);
    world.expect(&["SUBSCRIBE 1 a:1"]);
    let mut page = world.reload(named(), 1_000);
    connect(&mut page, true);
    page.expect(&["SUBSCRIBE 1 a:1"]);
    page.suback(1, &[1]);
    assert!(page.settled.is_empty(), "nobody has asked yet");
    let mut page = resumed(page);
    page.expect(&[]);
}

#[test]
fn a_subscription_that_was_not_answered_is_asked_for_once_when_the_page_asks_for_it_too() {
    let mut world = online();
    world.subscribe(1, "a", 1);
    world.subscribe(2, "b", 1);
    let mut page = world.reload(named(), 1_000);
    // Otherwise than the page before, and with the retained messages.
    page.subscribe(1, "a", 2);
    page.unsubscribe(2, "b");
    page.subscribe(3, "b", 1);
    connect(&mut page, true);
    page.expect(&["SUBSCRIBE 1 a:2", "UNSUBSCRIBE 2 b", "SUBSCRIBE 3 b:1"]);
    page.suback(1, &[2]);
    page.suback(3, &[1]);
    assert_eq!((page.outcome(1), page.outcome(3)), (2, 1));
}

#[test]
fn a_subscription_that_stands_needs_no_room_among_what_waits() {
    let config = Config {
        max_queued: 1,
        ..named()
    };
    let mut world = online();
    ask(&mut world, 1, "a", later(1, RetainHandling::SendIfNew));
    world.suback(1, &[1]);
    let mut page = world.reload(config, 1_000);
    page.subscribe(1, "b", 1);
    ask(&mut page, 2, "a", later(1, RetainHandling::SendIfNew));
    assert_eq!(page.outcome(2), 1);
    ask(&mut page, 3, "c", later(1, RetainHandling::SendIfNew));
    page.assert_failed(3, Failure::QueueFull);
}

#[test]
fn a_subscription_that_is_asked_for_before_the_session_is_known_to_be_lost_is_sent_then() {
    let mut world = online();
    ask(&mut world, 1, "a", later(1, RetainHandling::SendIfNew));
    world.suback(1, &[1]);
    let mut page = world.reload(named(), 1_000);
    ask(&mut page, 1, "a", later(1, RetainHandling::SendIfNew));
    assert_eq!(page.outcome(1), 1, "at once");
    connect(&mut page, false);
    page.expect(&["SUBSCRIBE 1 a:17"]);
    page.forget(1);
    page.suback(1, &[0]);
    assert_eq!(page.outcome(1), 0, "and told when it is another grant");
}

#[test]
fn a_page_that_is_killed_before_the_new_session_has_its_subscriptions_asks_for_them_again() {
    let mut world = online();
    world.subscribe(1, "a", 1);
    world.suback(1, &[1]);
    let mut page = world.reload(named(), 1_000);
    connect(&mut page, false);
    page.expect(&["SUBSCRIBE 1 a:1"]);
    let mut page = page.reload(named(), 1_000);
    connect(&mut page, true);
    page.expect(&["SUBSCRIBE 1 a:1"]);
}

#[test]
fn a_connect_without_an_answer_leaves_a_doubt_that_the_next_page_clears_up() {
    let mut world = online();
    world.subscribe(1, "a", 1);
    world.suback(1, &[1]);
    let mut page = world.reload(named(), 1_000);
    page.start();
    page.open();
    page.take();
    // The broker had lost the session: this CONNECT has begun a new one, and nobody has heard of it.
    let mut page = page.reload(named(), 1_000);
    connect(&mut page, true);
    page.expect(&["SUBSCRIBE 1 a:17"]);
}

#[test]
fn another_server_that_has_a_session_is_asked_for_everything_again_but_for_retained_messages() {
    let mut world = online();
    world.subscribe(1, "a", 1);
    world.suback(1, &[1]);
    world.subscribe(2, "b", 0);
    world.cut();
    world.wait_for_attempt();
    world.session.doubt();
    connect(&mut world, true);
    world.expect(&["SUBSCRIBE 3 a:17 b:0"]);
    world.forget(1);
    world.suback(3, &[1, 0]);
    world.cut();
    world.wait_for_attempt();
    connect(&mut world, true);
    world.expect(&[]);
}

#[test]
fn a_client_without_a_session_has_none_to_doubt_at_another_server() {
    let first_connect = |elsewhere: bool| {
        let mut world = World::new(Config {
            client_id: None,
            ..named()
        });
        world.restore();
        world.start();
        world.fail_to_open();
        if elsewhere {
            world.session.doubt();
        }
        world.reconnect()
    };
    assert_eq!(first_connect(true), first_connect(false));
}

#[test]
fn a_page_that_has_several_servers_cannot_know_where_the_one_before_it_was() {
    let mut world = online();
    world.subscribe(1, "a", 1);
    world.suback(1, &[1]);
    let several = Config {
        addresses: 2,
        ..named()
    };
    let mut page = world.reload(several, 1_000);
    connect(&mut page, true);
    page.expect(&["SUBSCRIBE 1 a:17"]);
}

#[test]
fn a_page_whose_address_a_function_gives_cannot_know_where_the_one_before_it_was() {
    let mut world = online();
    world.subscribe(1, "a", 1);
    world.suback(1, &[1]);
    let asks = Config {
        addresses: 0,
        ..named()
    };
    let mut page = world.reload(asks, 1_000);
    connect(&mut page, true);
    page.expect(&["SUBSCRIBE 1 a:17"]);
}

#[test]
fn a_session_at_a_server_that_another_one_named_is_not_taken_for_the_one_at_home() {
    for (leaves, comes_again) in [(true, false), (false, false), (false, true)] {
        let mut world = World::new(Config {
            follow_references: true,
            ..named()
        });
        world.restore();
        connect(&mut world, false);
        let block = block(Place::DisconnectFromServer, &[Property::ServerReference("b.example")]);
        let (reason, properties) = (ReasonCode::SERVER_MOVED, block.as_properties());
        world.send(Packet::Disconnect(codec::Disconnect { reason, properties }));
        world.open();
        world.take();
        world.connack(false, &[]);
        world.subscribe(1, "a", 1);
        world.take();
        world.suback(1, &[1]);
        if leaves {
            world.page(PageEvent::Leave);
        }
        if comes_again {
            world.cut();
            world.wait_for_attempt();
            connect(&mut world, true);
        }
        let mut page = world.reload(named(), 1_000);
        connect(&mut page, true);
        page.expect(&["SUBSCRIBE 1 a:17"]);
    }
}

#[test]
fn a_page_that_left_leaves_no_doubt_unless_it_was_back_and_killed_then() {
    let mut world = online();
    world.subscribe(1, "a", 1);
    world.suback(1, &[1]);
    world.page(PageEvent::Leave);
    let mut page = world.reload(named(), 1_000);
    connect(&mut page, true);
    page.expect(&[]);
    page.page(PageEvent::Leave);
    page.page(PageEvent::Back);
    page.advance(1_000);
    page.open();
    page.take();
    let mut page = page.reload(named(), 1_000);
    connect(&mut page, true);
    page.expect(&["SUBSCRIBE 1 a:17"]);
}

#[test]
fn connect_waits_until_the_store_knows_that_it_may_begin_another_session() {
    let mut world = online();
    world.subscribe(1, "a", 1);
    world.suback(1, &[1]);
    let mut page = World::new(named());
    page.slow_store = true;
    (page.log, page.last, page.now) = (world.log, world.last, world.now);
    page.restore();
    page.start();
    page.open();
    page.expect(&[]);
    page.commit();
    assert_eq!(page.take().len(), 1);
}

#[test]
fn identifiers_and_shapes_outlive_the_page() {
    let mut world = online();
    world.subscribe(1, "a/+", 0);
    world.suback(1, &[0]);
    world.subscribe(2, "a/b", 0);
    let packets = world.take();
    assert_eq!(packets.len(), 3, "both again, with their identifiers: {packets:?}");
    world.suback(2, &[0]);
    world.suback(3, &[0]);
    world.unsubscribe(3, "a/+");
    world.unsuback(4, &[0]);
    let mut page = world.reload(named(), 1_000);
    assert_eq!(page.filters, [(2, String::from("a/b"))]);
    connect(&mut page, true);
    page.expect(&[]);
    page.subscribe(4, "c/#", 0);
    page.subscribe(5, "a/+", 0);
    assert_eq!(
        (page.identifiers[&4], page.identifiers[&5]),
        (3, 4),
        "no identifier twice"
    );
    let sent = page.take();
    assert!(sent[0].contains("SubscriptionIdentifier(3)"), "{sent:?}");
}

#[test]
fn identifiers_that_were_being_given_when_the_page_ended_are_given_again() {
    let mut world = online();
    world.subscribe(1, "a/+", 0);
    world.suback(1, &[0]);
    world.subscribe(2, "a/b", 0);
    world.take();
    world.suback(3, &[0]);
    let mut page = world.reload(named(), 1_000);
    connect(&mut page, true);
    let sent = page.take();
    assert_eq!(sent.len(), 2, "{sent:?}");
}

#[test]
fn an_unsubscription_that_was_not_answered_is_asked_for_again_also_after_a_snapshot() {
    for snapshot in [false, true] {
        let mut world = online();
        world.subscribe(1, "a", 1);
        world.suback(1, &[1]);
        world.unsubscribe(2, "a");
        world.subscribe(3, "b", 1);
        world.suback(3, &[1]);
        if snapshot {
            world.session.handle_store_back(world.time());
            world.drain();
        }
        let mut page = world.reload(named(), 1_000);
        assert_eq!(page.filters.len(), 1, "nothing is told of what is to go");
        connect(&mut page, true);
        page.expect(&["UNSUBSCRIBE 1 a"]);
        page.unsuback(1, &[0]);
        page.subscribe(4, "c", 1);
        page.suback(2, &[1]);
        let mut page = resumed(page);
        page.expect(&[]);
        assert_eq!(page.filters.len(), 2, "one key, one filter");
    }
}

#[test]
fn an_unsubscription_that_is_asked_for_again_is_not_taken_for_the_subscription_behind_it() {
    for snapshot in [false, true] {
        let mut world = online();
        ask(&mut world, 1, "a", later(1, RetainHandling::SendIfNew));
        world.suback(1, &[1]);
        world.unsubscribe(2, "a");
        ask(&mut world, 3, "a", later(1, RetainHandling::SendIfNew));
        if snapshot {
            world.session.handle_store_back(world.time());
            world.drain();
        }
        let mut page = world.reload(named(), 1_000);
        ask(&mut page, 1, "a", later(1, RetainHandling::SendIfNew));
        connect(&mut page, true);
        page.expect(&["UNSUBSCRIBE 1 a", "SUBSCRIBE 2 a:17"]);
        page.unsuback(1, &[0]);
        assert!(page.is_open(1));
        page.suback(2, &[1]);
        assert_eq!(page.outcome(1), 1);
    }
}
