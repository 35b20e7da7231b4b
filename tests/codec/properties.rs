//! Properties: the table of the standard, written down once more by packet, and the rules of values, repetition and order.

use hawser::codec::{DecodeError, EncodeError, Place, Properties, Property, PropertyBuf};

const PLACES: [(Place, &[u8]); 11] = [
    (Place::Connect, &[0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x26, 0x27]),
    (Place::Will, &[0x01, 0x02, 0x03, 0x08, 0x09, 0x18, 0x26]),
    (
        Place::ConnAck,
        &[
            0x11, 0x12, 0x13, 0x15, 0x16, 0x1A, 0x1C, 0x1F, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A,
        ],
    ),
    (Place::PublishFromClient, &[0x01, 0x02, 0x03, 0x08, 0x09, 0x23, 0x26]),
    (
        Place::PublishFromServer,
        &[0x01, 0x02, 0x03, 0x08, 0x09, 0x0B, 0x23, 0x26],
    ),
    (Place::Reply, &[0x1F, 0x26]),
    (Place::Subscribe, &[0x0B, 0x26]),
    (Place::Unsubscribe, &[0x26]),
    (Place::DisconnectFromClient, &[0x11, 0x1F, 0x26]),
    (Place::DisconnectFromServer, &[0x1C, 0x1F, 0x26]),
    (Place::Auth, &[0x15, 0x16, 0x1F, 0x26]),
];

/// Every property with a value it may have, and the bytes of both.
fn samples() -> Vec<(Property<'static>, &'static [u8])> {
    vec![
        (Property::PayloadFormatIndicator(1), b"\x01\x01"),
        (Property::MessageExpiryInterval(0), b"\x02\x00\x00\x00\x00"),
        (Property::ContentType(""), b"\x03\x00\x00"),
        (Property::ResponseTopic("r"), b"\x08\x00\x01r"),
        (Property::CorrelationData(&[0]), b"\x09\x00\x01\x00"),
        (Property::SubscriptionIdentifier(128), b"\x0B\x80\x01"),
        (Property::SessionExpiryInterval(u32::MAX), b"\x11\xFF\xFF\xFF\xFF"),
        (Property::AssignedClientIdentifier("c"), b"\x12\x00\x01c"),
        (Property::ServerKeepAlive(0), b"\x13\x00\x00"),
        (Property::AuthenticationMethod("m"), b"\x15\x00\x01m"),
        (Property::AuthenticationData(&[]), b"\x16\x00\x00"),
        (Property::RequestProblemInformation(true), b"\x17\x01"),
        (Property::WillDelayInterval(1), b"\x18\x00\x00\x00\x01"),
        (Property::RequestResponseInformation(false), b"\x19\x00"),
        (Property::ResponseInformation("i"), b"\x1A\x00\x01i"),
        (Property::ServerReference("s"), b"\x1C\x00\x01s"),
        (Property::ReasonString("\u{FEFF}"), b"\x1F\x00\x03\xEF\xBB\xBF"),
        (Property::ReceiveMaximum(1), b"\x21\x00\x01"),
        (Property::TopicAliasMaximum(0), b"\x22\x00\x00"),
        (Property::TopicAlias(65_535), b"\x23\xFF\xFF"),
        (Property::MaximumQos(0), b"\x24\x00"),
        (Property::RetainAvailable(false), b"\x25\x00"),
        (Property::UserProperty(("", "v")), b"\x26\x00\x00\x00\x01v"),
        (Property::MaximumPacketSize(1), b"\x27\x00\x00\x00\x01"),
        (Property::WildcardSubscriptionAvailable(true), b"\x28\x01"),
        (Property::SubscriptionIdentifierAvailable(false), b"\x29\x00"),
        (Property::SharedSubscriptionAvailable(true), b"\x2A\x01"),
    ]
}

/// What a block needs beside one property to be complete: AUTH its method, authentication data its method.
fn companion(place: Place, property: Property<'_>) -> &'static [u8] {
    match property {
        Property::AuthenticationMethod(_) => b"",
        Property::AuthenticationData(_) => b"\x15\x00\x01m",
        _ if place == Place::Auth => b"\x15\x00\x01m",
        _ => b"",
    }
}

#[test]
fn the_samples_are_the_whole_table() {
    let ids: Vec<u8> = samples().iter().map(|(property, _)| property.id()).collect();
    let table: Vec<u8> = Property::TABLE.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, table);
    assert_eq!(table.len(), 27);
    assert_eq!(Property::TABLE[0], (0x01, "PayloadFormatIndicator"));
}

#[test]
fn each_property_is_taken_where_the_standard_lists_it_and_nowhere_else() {
    for (place, listed) in PLACES {
        for (property, bytes) in samples() {
            let raw = [bytes, companion(place, property)].concat();
            let mut buffer = PropertyBuf::new(place);
            let pushed = buffer.push(property);
            match Properties::parse(&raw, place) {
                Ok(properties) => {
                    assert!(listed.contains(&property.id()), "{property:?} at {place:?}");
                    assert_eq!(properties.iter().next(), Some(property));
                    assert_eq!(pushed, Ok(()));
                    assert_eq!(buffer.as_properties().raw(), bytes);
                }
                Err(error) => {
                    assert!(!listed.contains(&property.id()), "{property:?} at {place:?}: {error:?}");
                    let other_side = matches!(
                        (place, property.id()),
                        (Place::PublishFromClient, 0x0B)
                            | (Place::DisconnectFromServer, 0x11)
                            | (Place::DisconnectFromClient, 0x1C)
                    );
                    let wanted = if other_side {
                        DecodeError::PropertyFromWrongSide
                    } else {
                        DecodeError::PropertyNotAllowed
                    };
                    assert_eq!(error, wanted, "{property:?} at {place:?}");
                    assert_eq!(pushed, Err(EncodeError::PropertyNotAllowed));
                }
            }
        }
    }
}

#[test]
fn a_property_stands_once_unless_the_standard_says_otherwise() {
    for (place, listed) in PLACES {
        for (property, bytes) in samples() {
            if !listed.contains(&property.id()) {
                continue;
            }
            let raw = [bytes, bytes, companion(place, property)].concat();
            let mut buffer = PropertyBuf::new(place);
            buffer.push(property).unwrap();
            let many = property.id() == 0x26 || (property.id() == 0x0B && place == Place::PublishFromServer);
            if many {
                assert!(Properties::parse(&raw, place).is_ok(), "{property:?} at {place:?}");
                assert_eq!(buffer.push(property), Ok(()));
            } else {
                assert_eq!(
                    Properties::parse(&raw, place),
                    Err(DecodeError::DuplicateProperty),
                    "{property:?} at {place:?}"
                );
                assert_eq!(buffer.push(property), Err(EncodeError::DuplicateProperty));
                assert_eq!(buffer.as_properties().raw(), bytes);
            }
        }
    }
}

#[test]
fn an_identifier_outside_the_table_is_unknown() {
    let known: Vec<u8> = Property::TABLE.iter().map(|(id, _)| *id).collect();
    for id in (0..=255).filter(|id| !known.contains(id)) {
        for (place, _) in PLACES {
            let raw = [id, 0, 0, 0, 0];
            let outcome = Properties::parse(&raw, place);
            assert_eq!(outcome, Err(DecodeError::UnknownProperty), "{id:#04X}");
        }
    }
}

#[test]
fn values_out_of_range_are_protocol_errors() {
    let cases: [(&[u8], Place); 16] = [
        (b"\x01\x02", Place::PublishFromServer),
        (b"\x01\xFF", Place::Will),
        (b"\x08\x00\x00", Place::PublishFromServer),
        (b"\x0B\x00", Place::PublishFromServer),
        (b"\x0B\x00", Place::Subscribe),
        (b"\x17\x02", Place::Connect),
        (b"\x19\x02", Place::Connect),
        (b"\x21\x00\x00", Place::ConnAck),
        (b"\x21\x00\x00", Place::Connect),
        (b"\x24\x02", Place::ConnAck),
        (b"\x25\x02", Place::ConnAck),
        (b"\x27\x00\x00\x00\x00", Place::ConnAck),
        (b"\x27\x00\x00\x00\x00", Place::Connect),
        (b"\x28\x02", Place::ConnAck),
        (b"\x29\x02", Place::ConnAck),
        (b"\x2A\x02", Place::ConnAck),
    ];
    for (raw, place) in cases {
        assert_eq!(
            Properties::parse(raw, place),
            Err(DecodeError::PropertyValue),
            "{raw:02X?}"
        );
    }
    for wildcard in [b"\x08\x00\x01+", b"\x08\x00\x01#"] {
        assert_eq!(
            Properties::parse(wildcard, Place::PublishFromServer),
            Err(DecodeError::WildcardInTopic)
        );
    }
    assert_eq!(
        Properties::parse(b"\x23\x00\x00", Place::PublishFromServer),
        Err(DecodeError::TopicAliasZero)
    );
}

#[test]
fn a_value_that_is_cut_off_ends_outside_its_block() {
    for (place, listed) in PLACES {
        for (property, bytes) in samples() {
            if listed.contains(&property.id()) {
                for length in 1..bytes.len() {
                    assert_eq!(
                        Properties::parse(&bytes[..length], place),
                        Err(DecodeError::PropertyLength),
                        "{property:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_builder_refuses_values_that_could_not_be_read() {
    let long = "x".repeat(65_536);
    let cases = [
        (Property::ContentType("a\0b"), EncodeError::NulInString),
        (Property::ContentType(&long), EncodeError::FieldTooLong),
        (Property::CorrelationData(long.as_bytes()), EncodeError::FieldTooLong),
        (Property::UserProperty(("n", &long)), EncodeError::FieldTooLong),
        (Property::UserProperty(("n", "\0")), EncodeError::NulInString),
        (Property::ResponseTopic(""), EncodeError::InvalidTopic),
        (Property::ResponseTopic("a/#"), EncodeError::InvalidTopic),
        (Property::PayloadFormatIndicator(2), EncodeError::PropertyValue),
        (Property::TopicAlias(0), EncodeError::PropertyValue),
        (Property::SubscriptionIdentifier(0), EncodeError::PropertyValue),
        (
            Property::SubscriptionIdentifier(268_435_456),
            EncodeError::PropertyValue,
        ),
    ];
    for (property, error) in cases {
        let mut buffer = PropertyBuf::new(Place::PublishFromServer);
        assert_eq!(buffer.push(property), Err(error), "{property:?}");
        assert!(buffer.as_properties().is_empty());
        // The place is still free.
        buffer.push(Property::UserProperty(("", ""))).unwrap();
    }
    for property in [
        Property::ReceiveMaximum(0),
        Property::MaximumPacketSize(0),
        Property::MaximumQos(2),
    ] {
        assert_eq!(
            PropertyBuf::new(Place::ConnAck).push(property),
            Err(EncodeError::PropertyValue)
        );
    }
}

#[test]
fn user_properties_keep_their_order_and_their_repetitions() {
    let pairs = [("a", "1"), ("b", "2"), ("a", "1"), ("", "")];
    let mut buffer = PropertyBuf::new(Place::Reply);
    for pair in pairs {
        buffer.push(Property::UserProperty(pair)).unwrap();
    }
    let properties = buffer.as_properties();
    let read = Properties::parse(properties.raw(), Place::Reply).unwrap();
    assert_eq!(read.user_properties().collect::<Vec<_>>(), pairs);
    assert_eq!(read.user_property(), Some(("a", "1")));
}

#[test]
fn getters_give_the_value_or_nothing() {
    let raw = b"\x24\x01\x2A\x00\x13\x00\x1E\x12\x00\x02id\x16\x00\x01\x09\x15\x00\x01m";
    let properties = Properties::parse(raw, Place::ConnAck).unwrap();
    assert_eq!(properties.maximum_qos(), Some(1));
    assert_eq!(properties.shared_subscription_available(), Some(false));
    assert_eq!(properties.server_keep_alive(), Some(30));
    assert_eq!(properties.assigned_client_identifier(), Some("id"));
    assert_eq!(properties.authentication_data(), Some([9].as_slice()));
    assert_eq!(properties.retain_available(), None);
    assert_eq!(properties.reason_string(), None);
}

#[test]
fn a_block_can_be_copied_into_another_place_that_takes_it() {
    let raw = b"\x03\x00\x01j\x26\x00\x00\x00\x00";
    let from = Properties::parse(raw, Place::PublishFromServer).unwrap();
    let mut will = PropertyBuf::new(Place::Will);
    will.extend(from).unwrap();
    assert_eq!(will.as_properties().raw(), raw);
    let mut reply = PropertyBuf::new(Place::Reply);
    assert_eq!(reply.extend(from), Err(EncodeError::PropertyNotAllowed));
}
