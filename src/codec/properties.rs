//! Properties (2.2.2): ONE table says of each its identifier, type, places and multiplicity; parsing, checking, iterating and building follow from it.

use super::Version;
use super::error::{DecodeError, EncodeError};
use super::property_value::{Field, Kind, Value};
use super::wire::{Reader, put_variable_byte_integer};

/// Where a property block stands: the packet, and where it matters the side that writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Place {
    /// CONNECT (3.1.2.11).
    Connect = 1,
    /// The will in CONNECT (3.1.3.2).
    Will = 1 << 1,
    /// CONNACK (3.2.2.3).
    ConnAck = 1 << 2,
    /// PUBLISH written by a client (3.3.2.3).
    PublishFromClient = 1 << 3,
    /// PUBLISH written by a server (3.3.2.3).
    PublishFromServer = 1 << 4,
    /// PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK, which all take the same two.
    Reply = 1 << 5,
    /// SUBSCRIBE (3.8.2.1).
    Subscribe = 1 << 6,
    /// UNSUBSCRIBE (3.10.2.1).
    Unsubscribe = 1 << 7,
    /// DISCONNECT written by a client (3.14.2.2).
    DisconnectFromClient = 1 << 8,
    /// DISCONNECT written by a server (3.14.2.2).
    DisconnectFromServer = 1 << 9,
    /// AUTH (3.15.2.2).
    Auth = 1 << 10,
}

const CONNECT: u16 = Place::Connect as u16;
const WILL: u16 = Place::Will as u16;
const CONNACK: u16 = Place::ConnAck as u16;
const TO_CLIENT: u16 = Place::PublishFromServer as u16;
pub(super) const PUBLISH: u16 = TO_CLIENT | Place::PublishFromClient as u16;
const REPLY: u16 = Place::Reply as u16;
const SUBSCRIBE: u16 = Place::Subscribe as u16;
const GOODBYE_CLIENT: u16 = Place::DisconnectFromClient as u16;
const GOODBYE_SERVER: u16 = Place::DisconnectFromServer as u16;
pub(super) const DISCONNECT: u16 = GOODBYE_CLIENT | GOODBYE_SERVER;
const AUTH: u16 = Place::Auth as u16;
const EVERYWHERE: u16 = u16::MAX;
const NOWHERE: u16 = 0;

/// What the table says of one property. Places are bits of [`Place`].
#[derive(Clone, Copy)]
struct Rule {
    kind: Kind,
    places: u16,
    /// The places where it may stand more than once.
    many: u16,
}

macro_rules! properties {
    ($($id:literal $name:ident($type:ty) $getter:ident: $kind:ident in $places:expr, many $many:expr;)*) => {
        /// One property with its value.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Property<'a> {
            $(#[doc = concat!("`", stringify!($id), "`")] $name($type),)*
        }

        impl<'a> Property<'a> {
            /// Every property: identifier and name.
            pub const TABLE: &'static [(u8, &'static str)] = &[$(($id, stringify!($name))),*];

            /// The identifier on the wire.
            #[inline(always)]
            pub fn id(&self) -> u8 {
                match self {
                    $(Self::$name(_) => $id,)*
                }
            }

            fn from_value(id: u8, value: Value<'a>) -> Option<Self> {
                match id {
                    $($id => Field::from_value(value).map(Self::$name),)*
                    _ => None,
                }
            }

            #[inline(always)]
            fn value(&self) -> Value<'a> {
                match *self {
                    $(Self::$name(value) => Field::into_value(value),)*
                }
            }
        }

        /// One getter per property: the value, or of several the first; `None` if it is not there.
        impl<'a> Properties<'a> {
            $(
                #[doc = concat!("`", stringify!($id), "` ", stringify!($name))]
                pub fn $getter(&self) -> Option<$type> {
                    self.find($id).and_then(Field::from_value)
                }
            )*
        }

        fn rule(id: u8) -> Option<Rule> {
            match id {
                $($id => Some(Rule { kind: Kind::$kind, places: $places, many: $many }),)*
                _ => None,
            }
        }
    };
}

properties! {
    0x01 PayloadFormatIndicator(u8) payload_format_indicator: Byte in PUBLISH | WILL, many NOWHERE;
    0x02 MessageExpiryInterval(u32) message_expiry_interval: U32 in PUBLISH | WILL, many NOWHERE;
    0x03 ContentType(&'a str) content_type: Text in PUBLISH | WILL, many NOWHERE;
    0x08 ResponseTopic(&'a str) response_topic: Topic in PUBLISH | WILL, many NOWHERE;
    0x09 CorrelationData(&'a [u8]) correlation_data: Binary in PUBLISH | WILL, many NOWHERE;
    0x0B SubscriptionIdentifier(u32) subscription_identifier: VariableNonZero in SUBSCRIBE | TO_CLIENT, many TO_CLIENT;
    0x11 SessionExpiryInterval(u32) session_expiry_interval: U32 in CONNECT | CONNACK | GOODBYE_CLIENT, many NOWHERE;
    0x12 AssignedClientIdentifier(&'a str) assigned_client_identifier: Text in CONNACK, many NOWHERE;
    0x13 ServerKeepAlive(u16) server_keep_alive: U16 in CONNACK, many NOWHERE;
    0x15 AuthenticationMethod(&'a str) authentication_method: Text in CONNECT | CONNACK | AUTH, many NOWHERE;
    0x16 AuthenticationData(&'a [u8]) authentication_data: Binary in CONNECT | CONNACK | AUTH, many NOWHERE;
    0x17 RequestProblemInformation(bool) request_problem_information: Byte in CONNECT, many NOWHERE;
    0x18 WillDelayInterval(u32) will_delay_interval: U32 in WILL, many NOWHERE;
    0x19 RequestResponseInformation(bool) request_response_information: Byte in CONNECT, many NOWHERE;
    0x1A ResponseInformation(&'a str) response_information: Text in CONNACK, many NOWHERE;
    0x1C ServerReference(&'a str) server_reference: Text in CONNACK | GOODBYE_SERVER, many NOWHERE;
    0x1F ReasonString(&'a str) reason_string: Text in CONNACK | REPLY | DISCONNECT | AUTH, many NOWHERE;
    0x21 ReceiveMaximum(u16) receive_maximum: U16NonZero in CONNECT | CONNACK, many NOWHERE;
    0x22 TopicAliasMaximum(u16) topic_alias_maximum: U16 in CONNECT | CONNACK, many NOWHERE;
    0x23 TopicAlias(u16) topic_alias: Alias in PUBLISH, many NOWHERE;
    0x24 MaximumQos(u8) maximum_qos: Byte in CONNACK, many NOWHERE;
    0x25 RetainAvailable(bool) retain_available: Byte in CONNACK, many NOWHERE;
    0x26 UserProperty((&'a str, &'a str)) user_property: Pair in EVERYWHERE, many EVERYWHERE;
    0x27 MaximumPacketSize(u32) maximum_packet_size: U32NonZero in CONNECT | CONNACK, many NOWHERE;
    0x28 WildcardSubscriptionAvailable(bool) wildcard_subscription_available: Byte in CONNACK, many NOWHERE;
    0x29 SubscriptionIdentifierAvailable(bool) subscription_identifier_available: Byte in CONNACK, many NOWHERE;
    0x2A SharedSubscriptionAvailable(bool) shared_subscription_available: Byte in CONNACK, many NOWHERE;
}

const METHOD: u8 = 0x15;
const DATA: u8 = 0x16;

/// A property block that was checked for its place, without its length prefix.
#[derive(Clone, Copy, Debug)]
pub struct Properties<'a> {
    raw: &'a [u8],
    /// The places it was checked for.
    places: u16,
}

/// Two blocks are equal when their bytes are.
impl PartialEq for Properties<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl Eq for Properties<'_> {}

impl Default for Properties<'_> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<'a> Properties<'a> {
    /// No properties, good for every packet and for 3.1.1.
    pub const EMPTY: Self = Self {
        raw: &[],
        places: EVERYWHERE,
    };

    /// Checks a raw block (without its length prefix) for `place`: identifiers, types, values, repetition (2.2.2.2).
    pub fn parse(raw: &'a [u8], place: Place) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(raw);
        let mut seen = Seen::default();
        while !reader.is_empty() {
            let id = reader.u8()?;
            let rule = seen.admit(id, place)?;
            rule.kind.read(&mut reader).map_err(in_block)?;
        }
        seen.complete(place)?;
        Ok(Self {
            raw,
            places: place as u16,
        })
    }

    /// Reads length prefix and block, which 5.0 always has and 3.1.1 never `[MQTT-2.2.2-1]`.
    pub(super) fn read(reader: &mut Reader<'a>, version: Version, place: Place) -> Result<Self, DecodeError> {
        if version == Version::V311 {
            return Ok(Self::EMPTY);
        }
        let length = reader.variable_byte_integer()?;
        if length == 0 && place != Place::Auth {
            return Ok(Self::EMPTY);
        }
        Self::parse(reader.take(length as usize)?, place)
    }

    /// Writes length prefix and block into a packet that takes the properties of `places`.
    pub(super) fn put(&self, out: &mut Vec<u8>, version: Version, places: u16) -> Result<(), EncodeError> {
        self.check(version, places)?;
        if version == Version::V5 {
            put_variable_byte_integer(out, self.raw.len())?;
            out.extend_from_slice(self.raw);
        }
        Ok(())
    }

    /// Whether the block may be written in a packet that takes the properties of `places`.
    pub(super) fn check(&self, version: Version, places: u16) -> Result<(), EncodeError> {
        if self.is_empty() {
            Ok(())
        } else if version == Version::V311 {
            Err(EncodeError::NotInVersion)
        } else if self.places & places == 0 {
            Err(EncodeError::PropertyNotAllowed)
        } else {
            Ok(())
        }
    }

    /// The bytes on the wire, without the length prefix.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Whether there is no property at all.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// The properties in their order on the wire.
    pub fn iter(&self) -> impl Iterator<Item = Property<'a>> + use<'a> {
        self.values().filter_map(|(id, value)| Property::from_value(id, value))
    }

    /// All user properties in order, repeated names included (3.3.2.3.7).
    pub fn user_properties(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.values().filter_map(|(_, value)| match value {
            Value::Pair(name, value) => Some((name, value)),
            _ => None,
        })
    }

    /// All subscription identifiers; a PUBLISH from a server may carry several (3.3.2.3.8).
    pub fn subscription_identifiers(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.values().filter_map(|(id, value)| match value {
            Value::Integer(identifier) if id == 0x0B => Some(identifier),
            _ => None,
        })
    }

    /// Where the four bytes of the Message Expiry Interval (3.3.2.3.3) stand in the block.
    pub fn message_expiry_at(&self) -> Option<usize> {
        let mut values = self.values();
        values.find(|(id, _)| *id == 0x02)?;
        self.raw.len().checked_sub(values.0.rest().len())?.checked_sub(4)
    }

    fn values(&self) -> Values<'a> {
        Values(Reader::new(self.raw))
    }

    fn find(&self, wanted: u8) -> Option<Value<'a>> {
        self.values().find(|(id, _)| *id == wanted).map(|(_, value)| value)
    }
}

/// Walks a checked block.
struct Values<'a>(Reader<'a>);

impl<'a> Iterator for Values<'a> {
    type Item = (u8, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let id = self.0.u8().ok()?;
        let value = rule(id)?.kind.read(&mut self.0).ok()?;
        Some((id, value))
    }
}

/// A property that is cut off ends outside its block, not outside the packet.
fn in_block(error: DecodeError) -> DecodeError {
    match error {
        DecodeError::Truncated => DecodeError::PropertyLength,
        other => other,
    }
}

/// The properties met so far in one block, one bit per identifier.
#[derive(Clone, Copy, Debug, Default)]
struct Seen(u64);

impl Seen {
    /// Lets `id` into a block at `place`, or says what is wrong with it.
    fn admit(&mut self, id: u8, place: Place) -> Result<Rule, DecodeError> {
        let rule = rule(id).ok_or(DecodeError::UnknownProperty)?;
        let here = place as u16;
        if rule.places & here == 0 {
            let either_side = [PUBLISH, DISCONNECT]
                .into_iter()
                .find(|sides| sides & here != 0)
                .unwrap_or(NOWHERE);
            return Err(if rule.places & either_side == 0 {
                DecodeError::PropertyNotAllowed
            } else {
                DecodeError::PropertyFromWrongSide
            });
        }
        if rule.many & here == 0 && self.has(id) {
            return Err(DecodeError::DuplicateProperty);
        }
        self.0 |= bit(id);
        Ok(rule)
    }

    fn has(self, id: u8) -> bool {
        self.0 & bit(id) != 0
    }

    /// What a block must hold as a whole: authentication data needs its method, AUTH always does (3.15.2.2.2).
    fn complete(self, place: Place) -> Result<(), DecodeError> {
        if (place == Place::Auth || self.has(DATA)) && !self.has(METHOD) {
            return Err(DecodeError::MissingAuthenticationMethod);
        }
        Ok(())
    }
}

fn bit(id: u8) -> u64 {
    1_u64.checked_shl(u32::from(id)).unwrap_or(0)
}

/// Builds a property block for one place; what it holds is always valid there.
#[derive(Clone, Debug)]
pub struct PropertyBuf {
    place: Place,
    seen: Seen,
    bytes: Vec<u8>,
}

impl PropertyBuf {
    /// An empty block for `place`.
    pub fn new(place: Place) -> Self {
        Self {
            place,
            seen: Seen::default(),
            bytes: Vec::new(),
        }
    }

    /// Appends a property; on an error the block is as before.
    // Whoever calls knows which one it is: inlined, all that depends on it is gone.
    #[inline(always)]
    pub fn push(&mut self, property: Property<'_>) -> Result<(), EncodeError> {
        self.push_value(property.id(), property.value())
    }

    fn push_value(&mut self, id: u8, value: Value<'_>) -> Result<(), EncodeError> {
        let mut seen = self.seen;
        let rule = seen.admit(id, self.place).map_err(|error| match error {
            DecodeError::DuplicateProperty => EncodeError::DuplicateProperty,
            _ => EncodeError::PropertyNotAllowed,
        })?;
        let start = self.bytes.len();
        self.bytes.push(id);
        if let Err(error) = rule.kind.put(&mut self.bytes, value) {
            self.bytes.truncate(start);
            return Err(error);
        }
        self.seen = seen;
        Ok(())
    }

    /// Appends a checked block, property by property.
    pub fn extend(&mut self, properties: Properties<'_>) -> Result<(), EncodeError> {
        properties
            .values()
            .try_for_each(|(id, value)| self.push_value(id, value))
    }

    /// The block as built so far.
    pub fn as_properties(&self) -> Properties<'_> {
        Properties {
            raw: &self.bytes,
            places: self.place as u16,
        }
    }
}
