//! 3.1 CONNECT: what is on the wire, byte for byte, and what follows from it.

use hawser::codec::{Place, Property, Qos, Version};
use hawser::session::{Cause, Config, Will};

use crate::peer::block;
use crate::world::{Socket, World, lasting, lasting_311, plain};

/// The bytes of the first packet of a connection.
fn connect_bytes(config: Config, username: Option<&str>, password: Option<&[u8]>) -> Vec<u8> {
    let mut world = World::new(config);
    world.username = username.map(String::from);
    world.password = password.map(<[u8]>::to_vec);
    world.start();
    world.open();
    world.take_wire()
}

/// Reads fields from a packet, in our own way.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (field, rest) = self.0.split_at(length);
        self.0 = rest;
        field
    }

    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }

    fn sized(&mut self) -> &'a [u8] {
        let length = self.take(2);
        self.take(usize::from(u16::from_be_bytes([length[0], length[1]])))
    }

    fn properties(&mut self) -> &'a [u8] {
        let length = self.byte();
        assert!(length < 0x80, "the blocks of these tests are short");
        self.take(usize::from(length))
    }
}

fn will(qos: Qos, retain: bool, payload: &[u8]) -> Will {
    Will {
        topic: "gone".into(),
        payload: payload.to_vec(),
        qos,
        retain,
        properties: Vec::new(),
    }
}

/// Settings, user name and password.
type Combination = (Config, Option<&'static str>, Option<&'static [u8]>);

/// Every combination of what shows in the flags of CONNECT.
fn combinations() -> Vec<Combination> {
    let mut wills = vec![None];
    for qos in [Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce] {
        for retain in [false, true] {
            wills.extend([b"".as_slice(), b"bye"].map(|payload| Some(will(qos, retain, payload))));
        }
    }
    let mut all = Vec::new();
    for version in [Version::V5, Version::V311] {
        for clean_start in [false, true] {
            for will in &wills {
                for username in [None, Some(""), Some("u")] {
                    for password in [None, Some(b"".as_slice()), Some(&[0xFF, 0])] {
                        let config = Config {
                            version,
                            clean_start,
                            will: will.clone(),
                            ..lasting()
                        };
                        // 3.1.1 has no password without a user name.
                        if version == Version::V5 || username.is_some() || password.is_none() {
                            all.push((config, username, password));
                        }
                    }
                }
            }
        }
    }
    all
}

#[test]
fn the_flags_say_exactly_which_fields_follow_in_their_order() {
    for (config, username, password) in combinations() {
        let v5 = config.version == Version::V5;
        let bytes = connect_bytes(config.clone(), username, password);
        let mut fields = Fields(&bytes);
        assert_eq!(fields.byte(), 0x10);
        assert_eq!(usize::from(fields.byte()), bytes.len() - 2);
        assert_eq!(fields.take(6), b"\x00\x04MQTT");
        assert_eq!(fields.byte(), if v5 { 5 } else { 4 });
        let flags = fields.byte();
        let flag = |bit: u8| flags >> bit & 1 == 1;
        assert!(!flag(0), "[MQTT-3.1.2-3] the reserved flag");
        assert_eq!(flag(1), config.clean_start);
        assert_eq!(flag(2), config.will.is_some());
        let (qos, retain) = config
            .will
            .as_ref()
            .map_or((0, false), |will| (will.qos.bits(), will.retain));
        assert_eq!((flags >> 3 & 3, flag(5)), (qos, retain));
        assert_eq!((flag(6), flag(7)), (password.is_some(), username.is_some()));
        assert_eq!(fields.take(2), [0, 60], "keep-alive");
        if v5 {
            fields.properties();
        }
        assert_eq!(fields.sized(), b"c", "client identifier");
        if let Some(will) = &config.will {
            if v5 {
                assert_eq!(fields.properties(), b"", "will properties");
            }
            assert_eq!(fields.sized(), b"gone", "will topic");
            assert_eq!(fields.sized(), will.payload, "will payload");
        }
        if let Some(username) = username {
            assert_eq!(fields.sized(), username.as_bytes());
        }
        if let Some(password) = password {
            assert_eq!(fields.sized(), password);
        }
        assert_eq!(fields.0, b"", "nothing follows");
    }
}

#[test]
fn an_empty_client_identifier_is_written_as_a_length_of_zero() {
    let anonymous = |version| Config {
        version,
        client_id: Some(String::new()),
        ..plain()
    };
    let v5 = connect_bytes(anonymous(Version::V5), None, None);
    assert_eq!(
        v5,
        b"\x10\x12\x00\x04MQTT\x05\x02\x00\x3C\x05\x27\x01\x00\x00\x00\x00\x00"
    );
    let v311 = connect_bytes(anonymous(Version::V311), None, None);
    assert_eq!(v311, b"\x10\x0C\x00\x04MQTT\x04\x02\x00\x3C\x00\x00");
}

#[test]
fn the_first_packet_of_a_connection_is_connect_and_nothing_comes_with_it() {
    for config in [lasting(), lasting_311()] {
        let mut world = World::new(config);
        world.start();
        world.publish(1, 1, "t", "x");
        world.publish(2, 0, "t", "x");
        world.subscribe(3, "a", 0);
        world.unsubscribe(4, "b");
        for token in 5..7 {
            world.open();
            world.publish(token, 2, "t", "x");
            let packets = world.take();
            assert!(packets.len() == 1 && packets[0].starts_with("CONNECT "), "{packets:?}");
            world.cut();
            world.wait_for_attempt();
        }
    }
}

#[test]
fn a_connection_has_one_connect() {
    let mut world = World::online(lasting());
    world.session.start(world.time());
    world.session.reconnect_now(world.time());
    world.session.handle_open(world.time());
    world.session.handle_address(world.time(), 1, None, None);
    world.drain();
    world.expect(&[]);
    assert!(world.is_online());
}

#[test]
fn a_broker_that_refuses_the_version_is_told_as_that() {
    for answer in [
        b"\x20\x03\x00\x84\x00".as_slice(),
        b"\x20\x02\x00\x01",
        b"\x20\x02\x00\x84",
    ] {
        let mut world = World::new(plain());
        world.start();
        world.open();
        world.take();
        world.send_bytes(answer);
        assert!(matches!(world.cause(), Cause::Refused(refusal) if refusal.reason == 0x84));
        world.expect(&[]);
    }
    let mut old = World::new(lasting_311());
    old.start();
    old.open();
    old.take();
    old.send_bytes(b"\x20\x02\x00\x01");
    assert!(matches!(old.cause(), Cause::Refused(refusal) if refusal.reason == 1));
    assert_eq!(old.socket, Socket::None);
}

#[test]
fn every_refusal_closes_the_connection_and_is_told_with_its_code() {
    let codes = [
        0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B,
        0x9C, 0x9D, 0x9F,
    ];
    for code in codes {
        let mut world = World::new(plain());
        world.start();
        world.open();
        world.take();
        world.send_bytes(&[0x20, 3, 0, code, 0]);
        assert!(
            matches!(world.cause(), Cause::Refused(refusal) if refusal.reason == code),
            "{code:02X}: {:?}",
            world.cause()
        );
        assert_eq!(world.take_wire(), [0_u8; 0], "nothing is sent");
        assert_ne!(
            world.socket,
            Socket::Open,
            "the client closes, also when the broker does not"
        );
    }
}

/// A PUBLISH from the broker of exactly `size` bytes.
fn sized_publish(size: usize) -> Vec<u8> {
    let mut bytes = vec![0x30, (size - 2) as u8, 0, 1, b't', 0];
    bytes.resize(size, b'x');
    bytes
}

#[test]
fn a_packet_above_our_maximum_size_is_refused_before_its_body_comes() {
    let config = Config {
        maximum_packet_size: 100,
        ..lasting()
    };
    let mut world = World::online(config.clone());
    for size in [99, 100] {
        world.send_bytes(&sized_publish(size));
        assert_eq!(
            world.take_delivered()[0].payload.len(),
            size - 6,
            "the whole packet counts, its header too"
        );
    }
    world.send_bytes(&sized_publish(101));
    world.assert_disconnected_with(0x95);
    assert!(world.take_delivered().is_empty());
    let mut world = World::online(config);
    world.send_bytes(&sized_publish(101)[..2]);
    world.assert_disconnected_with(0x95);
}

#[test]
fn a_value_that_connect_must_not_have_is_never_written() {
    for config in [
        Config {
            receive_maximum: 0,
            ..plain()
        },
        Config {
            maximum_packet_size: 0,
            ..plain()
        },
    ] {
        let mut world = World::new(config);
        world.start();
        assert!(matches!(world.cause(), Cause::Address(detail) if detail.starts_with("CONNECT cannot be written")));
        assert_eq!(world.socket, Socket::None);
    }
}

#[test]
fn user_properties_of_connect_keep_their_order_and_their_repetitions() {
    let pairs = [("a", "1"), ("b", "2"), ("a", "1")].map(Property::UserProperty);
    let user_properties = block(Place::Connect, &pairs).as_properties().raw().to_vec();
    let bytes = connect_bytes(
        Config {
            user_properties: user_properties.clone(),
            ..plain()
        },
        None,
        None,
    );
    assert!(
        bytes
            .windows(user_properties.len())
            .any(|window| window == user_properties)
    );
}
