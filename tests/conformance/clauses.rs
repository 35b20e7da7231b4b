//! 7.1.2 Conformance of a client: the standard is enough to talk to it.

use hawser::codec::Version;
use hawser::session::Config;

use crate::world::World;

#[test]
fn a_broker_that_says_no_more_than_it_has_to_is_enough_and_hears_no_extension() {
    for version in [Version::V5, Version::V311] {
        let mut world = World::new(Config {
            version,
            ..Config::default()
        });
        let mut said = Vec::new();
        world.start();
        world.open();
        said.extend(world.take());
        world.connack(false, &[]);
        world.publish(1, 0, "t", "x");
        world.publish(2, 1, "t", "x");
        world.publish(3, 2, "t", "x");
        world.subscribe(4, "a/+", 2);
        world.unsubscribe(5, "a/+");
        world.message(1, 1, "in", "x");
        world.message(2, 2, "in", "x");
        world.pubrel(2);
        world.puback(1);
        world.pubrec(2);
        world.pubcomp(2);
        world.suback(3, &[2]);
        world.unsuback(4, if version == Version::V5 { &[0] } else { &[] });
        assert_eq!([1, 2, 3, 4, 5].map(|token| world.outcome(token)), [0, 0, 0, 2, 0]);
        assert_eq!(world.take_texts(), ["in x", "in x"]);
        world.advance(60_000);
        world.send_bytes(&[0xD0, 0]);
        world.close();
        said.extend(world.take());
        let kinds: Vec<&str> = said.iter().filter_map(|packet| packet.split(' ').next()).collect();
        assert_eq!(
            kinds,
            [
                "CONNECT",
                "PUBLISH",
                "PUBLISH",
                "PUBLISH",
                "SUBSCRIBE",
                "UNSUBSCRIBE",
                "PUBACK",
                "PUBREC",
                "PUBCOMP",
                "PUBREL",
                "PINGREQ",
                "DISCONNECT"
            ]
        );
        assert!(!said.iter().any(|packet| packet.contains("UserProperty")), "{said:?}");
    }
}
