//! The value types of properties: how each is read, checked and written.

use super::error::{DecodeError, EncodeError};
use super::topic;
use super::wire::{MAX_REMAINING, Reader, put_binary, put_string, put_u16, put_u32, put_variable_byte_integer};

/// The type and range of a property's value.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// One byte, 0 or 1.
    Byte,
    U16,
    U16NonZero,
    /// A topic alias: two bytes, not 0, with a reason code of its own.
    Alias,
    U32,
    U32NonZero,
    /// A variable byte integer from 1 up.
    VariableNonZero,
    Text,
    /// A string that is a topic name.
    Topic,
    Binary,
    Pair,
}

/// A property's value as it stands on the wire.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Integer(u32),
    Text(&'a str),
    Binary(&'a [u8]),
    Pair(&'a str, &'a str),
}

impl Kind {
    /// Reads and checks a value.
    pub(super) fn read<'a>(self, reader: &mut Reader<'a>) -> Result<Value<'a>, DecodeError> {
        let value = match self {
            Self::Byte => Value::Integer(u32::from(reader.u8()?)),
            Self::U16 | Self::U16NonZero | Self::Alias => Value::Integer(u32::from(reader.u16()?)),
            Self::U32 | Self::U32NonZero => Value::Integer(reader.u32()?),
            Self::VariableNonZero => Value::Integer(reader.variable_byte_integer()?),
            Self::Text => Value::Text(reader.string()?),
            Self::Topic => Value::Text(reader.topic_name()?),
            Self::Binary => Value::Binary(reader.binary()?),
            Self::Pair => Value::Pair(reader.string()?, reader.string()?),
        };
        match (self, value) {
            (Self::Alias, Value::Integer(0)) => Err(DecodeError::TopicAliasZero),
            (Self::Byte, Value::Integer(2..))
            | (Self::U16NonZero | Self::U32NonZero | Self::VariableNonZero, Value::Integer(0))
            | (Self::Topic, Value::Text("")) => Err(DecodeError::PropertyValue),
            _ => Ok(value),
        }
    }

    /// Checks and writes a value.
    pub(super) fn put(self, out: &mut Vec<u8>, value: Value<'_>) -> Result<(), EncodeError> {
        match (self, value) {
            (Self::Byte, Value::Integer(byte @ 0..=1)) => out.push(byte as u8),
            (Self::U16, Value::Integer(integer @ 0..=0xFFFF))
            | (Self::U16NonZero | Self::Alias, Value::Integer(integer @ 1..=0xFFFF)) => put_u16(out, integer as u16),
            (Self::U32, Value::Integer(integer)) | (Self::U32NonZero, Value::Integer(integer @ 1..)) => {
                put_u32(out, integer);
            }
            (Self::VariableNonZero, Value::Integer(integer @ 1..=MAX_REMAINING)) => {
                put_variable_byte_integer(out, integer as usize)?;
            }
            (Self::Text, Value::Text(text)) => put_string(out, text)?,
            (Self::Topic, Value::Text(name)) => {
                topic::validate_name(name).map_err(|_| EncodeError::InvalidTopic)?;
                put_string(out, name)?;
            }
            (Self::Binary, Value::Binary(bytes)) => put_binary(out, bytes)?,
            (Self::Pair, Value::Pair(name, text)) => {
                put_string(out, name)?;
                put_string(out, text)?;
            }
            _ => return Err(EncodeError::PropertyValue),
        }
        Ok(())
    }
}

/// The Rust type of a property's value.
pub(super) trait Field<'a>: Sized {
    fn from_value(value: Value<'a>) -> Option<Self>;
    fn into_value(self) -> Value<'a>;
}

macro_rules! integer_field {
    ($($type:ty),*) => {
        $(impl<'a> Field<'a> for $type {
            fn from_value(value: Value<'a>) -> Option<Self> {
                match value {
                    Value::Integer(integer) => Self::try_from(integer).ok(),
                    _ => None,
                }
            }

            fn into_value(self) -> Value<'a> {
                Value::Integer(u32::from(self))
            }
        })*
    };
}

integer_field!(u8, u16, u32);

impl<'a> Field<'a> for bool {
    fn from_value(value: Value<'a>) -> Option<Self> {
        match value {
            Value::Integer(integer) => Some(integer != 0),
            _ => None,
        }
    }

    fn into_value(self) -> Value<'a> {
        Value::Integer(u32::from(self))
    }
}

impl<'a> Field<'a> for &'a str {
    fn from_value(value: Value<'a>) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn into_value(self) -> Value<'a> {
        Value::Text(self)
    }
}

impl<'a> Field<'a> for &'a [u8] {
    fn from_value(value: Value<'a>) -> Option<Self> {
        match value {
            Value::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn into_value(self) -> Value<'a> {
        Value::Binary(self)
    }
}

impl<'a> Field<'a> for (&'a str, &'a str) {
    fn from_value(value: Value<'a>) -> Option<Self> {
        match value {
            Value::Pair(name, text) => Some((name, text)),
            _ => None,
        }
    }

    fn into_value(self) -> Value<'a> {
        Value::Pair(self.0, self.1)
    }
}
