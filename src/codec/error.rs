//! What can be wrong with a packet, named by the fault, and the reason code each fault puts on the wire.

use core::fmt;

use super::reason::ReasonCode;

/// Why received bytes are not a packet of this version from this sender.
///
/// A variant names the fault; [`DecodeError::reason`] gives the code for the DISCONNECT that answers it (4.13.1). In 3.1.1 any fault
/// just closes the connection (`[MQTT-4.8.0-1]` of 3.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// A field ends past the end of the packet.
    Truncated,
    /// Bytes are left after the last field.
    TrailingBytes,
    /// Type 0, or type 15 in 3.1.1.
    UnknownPacketType,
    /// The low four bits of byte 1 are not those of the packet type `[MQTT-2.1.3-1]`, or DUP stands on a QoS 0 PUBLISH `[MQTT-3.3.1-2]`.
    BadFlags,
    /// A variable byte integer of five bytes, or not in its shortest form `[MQTT-1.5.5-1]`.
    BadVariableByteInteger,
    /// A string is not UTF-8 `[MQTT-1.5.4-1]`.
    InvalidUtf8,
    /// A string holds U+0000 `[MQTT-1.5.4-2]`.
    NulInString,
    /// QoS bits 11 `[MQTT-3.3.1-4]`.
    InvalidQos,
    /// A bit that must be zero is set in CONNECT flags, CONNACK flags or subscription options, or Retain Handling is 3.
    ReservedBits,
    /// The property block announces a length that its properties do not fill, or a property ends outside it.
    PropertyLength,
    /// No property has this identifier.
    UnknownProperty,
    /// The property exists, but not in this packet (2.2.2.2).
    PropertyNotAllowed,
    /// The property exists in this packet, but only from the other side `[MQTT-3.3.4-6]`, `[MQTT-3.14.2-2]`.
    PropertyFromWrongSide,
    /// A property that may stand once stands twice.
    DuplicateProperty,
    /// A property's value is out of its range.
    PropertyValue,
    /// Topic alias 0 `[MQTT-3.3.2-8]`.
    TopicAliasZero,
    /// A server sent what only clients send, or the other way round.
    WrongDirection,
    /// A packet identifier of 0 `[MQTT-2.2.1-4]`.
    ZeroPacketId,
    /// A PUBLISH without a topic and without an alias, or an empty will topic (3.3.2.1).
    EmptyTopic,
    /// A topic name with a wildcard in it `[MQTT-3.3.2-2]`.
    WildcardInTopic,
    /// A topic filter that breaks the rules of 4.7 or 4.8.2.
    InvalidFilter,
    /// No Local on a shared subscription `[MQTT-3.8.3-4]`.
    NoLocalOnShared,
    /// The reason code is not one of this packet's table, or not for this sender.
    InvalidReasonCode,
    /// SUBSCRIBE or UNSUBSCRIBE without a filter, SUBACK or UNSUBACK without a code `[MQTT-3.8.3-2]`, `[MQTT-3.10.3-2]`.
    EmptyList,
    /// Session Present on a refusing CONNACK `[MQTT-3.2.2-6]`.
    SessionPresentOnRefusal,
    /// AUTH without an authentication method, or authentication data without one (3.15.2.2.2, 3.1.2.11.10).
    MissingAuthenticationMethod,
    /// Will QoS or Will Retain without the will flag `[MQTT-3.1.2-11]`, `[MQTT-3.1.2-13]`.
    WillFlags,
    /// A password without a user name, in 3.1.1 only (`[MQTT-3.1.2-22]` of 3.1.1).
    PasswordWithoutUserName,
    /// An empty client identifier without Clean Session, in 3.1.1 only (`[MQTT-3.1.3-7]` of 3.1.1).
    EmptyClientId,
    /// CONNECT names another protocol or another version.
    UnsupportedVersion,
    /// The packet is larger than the receiver allows `[MQTT-3.1.2-24]`.
    PacketTooLarge,
}

impl DecodeError {
    /// The reason code for the DISCONNECT (or, from a server, the CONNACK) that answers this fault.
    pub fn reason(self) -> ReasonCode {
        match self {
            Self::Truncated
            | Self::TrailingBytes
            | Self::UnknownPacketType
            | Self::BadFlags
            | Self::BadVariableByteInteger
            | Self::InvalidUtf8
            | Self::NulInString
            | Self::InvalidQos
            | Self::ReservedBits
            | Self::PropertyLength
            | Self::UnknownProperty
            | Self::PropertyNotAllowed
            | Self::WillFlags => ReasonCode::MALFORMED_PACKET,
            Self::PropertyFromWrongSide
            | Self::DuplicateProperty
            | Self::PropertyValue
            | Self::WrongDirection
            | Self::ZeroPacketId
            | Self::EmptyTopic
            | Self::WildcardInTopic
            | Self::NoLocalOnShared
            | Self::InvalidReasonCode
            | Self::EmptyList
            | Self::SessionPresentOnRefusal
            | Self::MissingAuthenticationMethod
            | Self::PasswordWithoutUserName => ReasonCode::PROTOCOL_ERROR,
            Self::InvalidFilter => ReasonCode::TOPIC_FILTER_INVALID,
            Self::EmptyClientId => ReasonCode::CLIENT_IDENTIFIER_NOT_VALID,
            Self::UnsupportedVersion => ReasonCode::UNSUPPORTED_PROTOCOL_VERSION,
            Self::TopicAliasZero => ReasonCode::TOPIC_ALIAS_INVALID,
            Self::PacketTooLarge => ReasonCode::PACKET_TOO_LARGE,
        }
    }

    /// The fault in one English clause, for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Truncated => "a field ends past the end of the packet",
            Self::TrailingBytes => "bytes are left after the last field",
            Self::UnknownPacketType => "unknown packet type",
            Self::BadFlags => "wrong flags in the first byte",
            Self::BadVariableByteInteger => "bad variable byte integer",
            Self::InvalidUtf8 => "a string is not UTF-8",
            Self::NulInString => "a string holds U+0000",
            Self::InvalidQos => "QoS 3",
            Self::ReservedBits => "a reserved bit or value is set",
            Self::PropertyLength => "a property ends outside its block",
            Self::UnknownProperty => "unknown property",
            Self::PropertyNotAllowed => "property not allowed in this packet",
            Self::PropertyFromWrongSide => "property not allowed from this side",
            Self::DuplicateProperty => "property repeated",
            Self::PropertyValue => "property value out of range",
            Self::TopicAliasZero => "topic alias 0",
            Self::WrongDirection => "packet from the wrong side",
            Self::ZeroPacketId => "packet identifier 0",
            Self::EmptyTopic => "empty topic name",
            Self::WildcardInTopic => "wildcard in a topic name",
            Self::InvalidFilter => "invalid topic filter",
            Self::NoLocalOnShared => "No Local on a shared subscription",
            Self::InvalidReasonCode => "reason code not allowed in this packet",
            Self::EmptyList => "empty list",
            Self::SessionPresentOnRefusal => "session present in a refusal",
            Self::MissingAuthenticationMethod => "authentication method missing",
            Self::WillFlags => "will flags without a will",
            Self::PasswordWithoutUserName => "password without a user name",
            Self::EmptyClientId => "empty client identifier without Clean Session",
            Self::UnsupportedVersion => "another protocol or version",
            Self::PacketTooLarge => "packet larger than allowed",
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for DecodeError {}

/// Why a value cannot be written as a packet. Nothing is appended to the output then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// A string or binary field is longer than 65,535 bytes.
    FieldTooLong,
    /// A string holds U+0000 `[MQTT-1.5.4-2]`.
    NulInString,
    /// A topic name that is empty (and has no alias) or has wildcards `[MQTT-3.3.2-2]`, `[MQTT-4.7.3-1]`.
    InvalidTopic,
    /// A topic filter that breaks the rules of 4.7 or 4.8.2.
    InvalidFilter,
    /// No Local on a shared subscription `[MQTT-3.8.3-4]`.
    NoLocalOnShared,
    /// A list of filters or codes with nothing in it `[MQTT-3.8.3-2]`, `[MQTT-3.10.3-2]`.
    EmptyList,
    /// A QoS above 0 without a packet identifier, or QoS 0 with one `[MQTT-2.2.1-2]`, `[MQTT-2.2.1-3]`.
    PacketId,
    /// DUP on QoS 0 `[MQTT-3.3.1-2]`.
    DupOnQos0,
    /// The reason code is not one of this packet's table.
    InvalidReasonCode,
    /// Session Present on a refusing CONNACK `[MQTT-3.2.2-6]`.
    SessionPresentOnRefusal,
    /// The property has no place in this packet.
    PropertyNotAllowed,
    /// A property that may stand once was added twice.
    DuplicateProperty,
    /// A property's value is out of its range.
    PropertyValue,
    /// AUTH without an authentication method, or authentication data without one.
    MissingAuthenticationMethod,
    /// The packet, a property, a reason code or an option that 3.1.1 does not have.
    NotInVersion,
    /// A password without a user name in 3.1.1 (`[MQTT-3.1.2-22]` of 3.1.1).
    PasswordWithoutUserName,
    /// An empty client identifier without Clean Session in 3.1.1 (`[MQTT-3.1.3-7]` of 3.1.1).
    EmptyClientId,
    /// More bytes than a remaining length can count (268,435,455).
    PacketTooLarge,
}

impl EncodeError {
    /// The fault in one English clause, for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::FieldTooLong => "a field is longer than 65,535 bytes",
            Self::NulInString => "a string holds U+0000",
            Self::InvalidTopic => "invalid topic name",
            Self::InvalidFilter => "invalid topic filter",
            Self::NoLocalOnShared => "No Local on a shared subscription",
            Self::EmptyList => "empty list",
            Self::PacketId => "packet identifier does not fit the QoS",
            Self::DupOnQos0 => "DUP on QoS 0",
            Self::InvalidReasonCode => "reason code not allowed in this packet",
            Self::SessionPresentOnRefusal => "session present in a refusal",
            Self::PropertyNotAllowed => "property not allowed in this packet",
            Self::DuplicateProperty => "property repeated",
            Self::PropertyValue => "property value out of range",
            Self::MissingAuthenticationMethod => "authentication method missing",
            Self::NotInVersion => "not in MQTT 3.1.1",
            Self::PasswordWithoutUserName => "password without a user name",
            Self::EmptyClientId => "empty client identifier without Clean Session",
            Self::PacketTooLarge => "packet larger than MQTT allows",
        }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for EncodeError {}
