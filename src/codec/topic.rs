//! Topic names and filters (4.7, 4.8.2): what is valid, and which filter matches which name.

use core::fmt;

use super::Version;
use super::wire::has_special;

/// Why a topic name or filter is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicError {
    /// Names and filters have at least one character `[MQTT-4.7.3-1]`.
    Empty,
    /// More than 65,535 bytes of UTF-8 `[MQTT-4.7.3-3]`.
    TooLong,
    /// U+0000 `[MQTT-4.7.3-2]`.
    Nul,
    /// A wildcard in a topic name `[MQTT-4.7.0-1]`.
    WildcardInName,
    /// `#` that is not alone in the last level, or `+` that is not alone in its level `[MQTT-4.7.1-1]`, `[MQTT-4.7.1-2]`.
    WildcardPlace,
    /// `$share/` without a share name, with a wildcard in it, or without a filter after it `[MQTT-4.8.2-1]`, `[MQTT-4.8.2-2]`.
    Share,
}

impl TopicError {
    /// The fault in one English clause, for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Empty => "it is empty",
            Self::TooLong => "it is longer than 65,535 bytes",
            Self::Nul => "it holds U+0000",
            Self::WildcardInName => "a topic name holds no + or #",
            Self::WildcardPlace => "+ fills a whole level, # the whole last level",
            Self::Share => "a shared filter is $share/NAME/FILTER, without wildcards in NAME",
        }
    }
}

impl fmt::Display for TopicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for TopicError {}

/// What a shared filter begins with in 5.0.
pub(super) const SHARE: &str = "$share/";

/// Checks a topic name: 1 to 65,535 bytes, no wildcard, no U+0000.
pub fn validate_name(name: &str) -> Result<(), TopicError> {
    length(name)?;
    if has_special(name) {
        return Err(if name.as_bytes().contains(&0) {
            TopicError::Nul
        } else {
            TopicError::WildcardInName
        });
    }
    Ok(())
}

/// Checks a topic filter. `$share/` has a meaning in 5.0 only; in 3.1.1 it is a level like any other.
pub fn validate_filter(filter: &str, version: Version) -> Result<(), TopicError> {
    length(filter)?;
    if filter.as_bytes().contains(&0) {
        return Err(TopicError::Nul);
    }
    match version {
        Version::V5 => wildcards(share(filter)?.map_or(filter, |(_, shared)| shared)),
        Version::V311 => wildcards(filter),
    }
}

/// Splits `$share/NAME/FILTER` into name and filter; `None` if it is not a shared filter at all (4.8.2).
pub fn share(filter: &str) -> Result<Option<(&str, &str)>, TopicError> {
    let Some(rest) = filter.strip_prefix(SHARE) else {
        return Ok(None);
    };
    let slash = rest.bytes().position(|byte| byte == b'/').unwrap_or(rest.len());
    match (rest.get(..slash), rest.get(slash.saturating_add(1)..)) {
        (Some(name), Some(shared)) if !name.is_empty() && !shared.is_empty() && !has_special(name) => {
            Ok(Some((name, shared)))
        }
        _ => Err(TopicError::Share),
    }
}

/// Whether a valid `filter` (without its `$share/NAME/`) matches a valid `name`.
///
/// A filter that begins with a wildcard does not match a name that begins with `$` (4.7.2); `a/#` matches `a` (4.7.1.2).
pub fn matches(filter: &str, name: &str) -> bool {
    if name.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut names = levels(name);
    for level in levels(filter) {
        if level == b"#" {
            return true;
        }
        match names.next() {
            Some(name) if level == b"+" || level == name => {}
            _ => return false,
        }
    }
    names.next().is_none()
}

fn length(topic: &str) -> Result<(), TopicError> {
    match topic.len() {
        0 => Err(TopicError::Empty),
        1..=65_535 => Ok(()),
        _ => Err(TopicError::TooLong),
    }
}

/// The levels of a name or filter. As bytes: `/` is never part of another character, and this links less code than splitting text.
fn levels(topic: &str) -> impl Iterator<Item = &[u8]> {
    topic.as_bytes().split(|byte| *byte == b'/')
}

/// Checks where the wildcards of a filter stand.
fn wildcards(filter: &str) -> Result<(), TopicError> {
    let mut levels = levels(filter);
    while let Some(level) = levels.next() {
        let alone = level.len() == 1;
        let hash = level.contains(&b'#');
        if (hash && !(alone && levels.next().is_none())) || (level.contains(&b'+') && !alone) {
            return Err(TopicError::WildcardPlace);
        }
    }
    Ok(())
}
