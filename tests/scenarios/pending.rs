//! What is not finished, as an application may list it.

use hawser::session::Restored;

use crate::world::{World, lasting};

fn message(token: u32, id: u64, flags: u8, payload: u32, topic: &str) -> Restored {
    let topic = topic.into();
    Restored {
        token,
        id,
        flags,
        payload,
        topic,
    }
}

fn listed(world: &World) -> Vec<Restored> {
    let mut all: Vec<Restored> = world.session.outbox().collect();
    all.sort_by_key(|message| message.id);
    all
}

#[test]
fn what_is_pending_is_listed_until_it_is_settled_in_whatever_stage_it_is() {
    let mut world = World::online(lasting());
    assert_eq!(listed(&world), []);
    world.publish(1, 1, "a", "one");
    world.publish(2, 2, "gerät/x", "");
    world.publish(3, 2, "c", "three");
    world.pubrec(3);
    world.cut();
    world.publish_all(4, 0, "d", b"four", true, &[]);
    world.publish(5, 1, "e", "5");
    let first = listed(&world)[0].id;
    assert_eq!(
        listed(&world),
        [
            message(1, first, 1 | 8, 3, "a"),
            message(2, first + 1, 2 | 8, 0, "gerät/x"),
            message(3, first + 2, 2 | 8, 5, "c"),
            message(4, first + 3, 4, 4, "d"),
            message(5, first + 4, 1, 1, "e"),
        ]
    );
    world.cancel(5);
    world.reconnect();
    world.connack(true, &[]);
    world.puback(1);
    let left: Vec<u32> = listed(&world).iter().map(|message| message.token).collect();
    assert_eq!(left, [2, 3]);
}
