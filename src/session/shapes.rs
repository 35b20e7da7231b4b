//! Subscription identifiers (3.8.2.1.2): which of our subscriptions a message is for, where several filters match its topic.
//!
//! A SUBSCRIBE carries one identifier for all its filters, so filters that may share one also share packets. Two filters whose wildcards stand at the same
//! levels (and which name the same share, if any) never match the same topic unless they are equal. So the *shape* of a filter, the filter
//! without its words, is what has an identifier: a message's topic and identifiers together say exactly which filters it is for, whether
//! the broker sends one copy with several identifiers or one copy for each subscription, and a client with ten thousand filters of one shape still subscribes
//! to all of them in one packet.
//!
//! Identifiers come into use when two filters overlap, for all subscriptions alike: those that stand already are asked for again, without their retained
//! messages, and until the broker has answered what a message says of identifiers is not handed on: it would hide the message from filters that have none
//! yet. Most applications never get there, and need one packet for all their filters and no identifier in any message.

use crate::codec::topic;

/// No shape of any filter.
const NONE: &[u8] = &[0];
/// Shapes that are taken over from an earlier page at most.
const MOST_RESTORED: usize = 1 << 14;

/// The shapes of all filters so far. They keep their identifiers for the life of the session: what is under way may still carry them.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    known: Vec<Box<[u8]>>,
}

impl Shapes {
    /// The identifier of a valid filter, from 1.
    pub(super) fn identifier(&mut self, filter: &str) -> u32 {
        let shape = shape(filter);
        let position = self.known.iter().position(|known| **known == *shape);
        let at = position.unwrap_or_else(|| {
            self.known.push(shape.into());
            self.known.len().wrapping_sub(1)
        });
        (at as u32).wrapping_add(1)
    }

    /// The identifier that a filter had in an earlier life of the page, if it is one that this table can have given.
    pub(super) fn identify_as(&mut self, filter: &str, identifier: u32) -> u32 {
        let at = (identifier as usize).wrapping_sub(1);
        if at < MOST_RESTORED && self.known.get(at).is_none_or(|known| **known == *NONE) {
            // Shapes whose filters are gone leave a place that nothing fits.
            while self.known.len() <= at {
                self.known.push(NONE.into());
            }
            if let Some(place) = self.known.get_mut(at) {
                *place = shape(filter).into();
            }
        }
        self.identifier(filter)
    }

    /// Whether two filters of different shapes were asked for.
    pub(super) const fn are_several(&self) -> bool {
        self.known.len() > 1
    }
}

/// Whether some topic matches both of these filters.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    let (one, other) = (inner(one), inner(other));
    let apart = |wild: &str, name: &str| wild.starts_with(['+', '#']) && name.starts_with('$');
    if apart(one, other) || apart(other, one) {
        return false;
    }
    let slash = |byte: &u8| *byte == b'/';
    let (mut one, mut other) = (one.as_bytes().split(slash), other.as_bytes().split(slash));
    loop {
        match (one.next(), other.next()) {
            (Some(b"#"), _) | (_, Some(b"#")) | (None, None) => return true,
            (Some(level), Some(same)) if level == same || level == b"+" || same == b"+" => {}
            _ => return false,
        }
    }
}

/// What topics have to match: without `$share/NAME/`.
fn inner(filter: &str) -> &str {
    match topic::share(filter) {
        Ok(Some((_, inner))) => inner,
        _ => filter,
    }
}

/// `a/+/b` and `c/+/d/e` are `/+`, `a/#` is `/#`, `$share/g/a/+` is `$share/g//+`, what has no wildcard is nothing.
fn shape(filter: &str) -> Vec<u8> {
    let (share, inner) = filter
        .as_bytes()
        .split_at(filter.len().saturating_sub(inner(filter).len()));
    let mut shape = share.to_vec();
    shape.extend(inner.iter().filter(|byte| matches!(byte, b'+' | b'#' | b'/')));
    while shape.len() > share.len() && shape.ends_with(b"/") {
        shape.pop();
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;

    #[test]
    fn a_shape_is_the_filter_without_its_words() {
        let mut shapes = Shapes::default();
        let numbers = [
            "a",
            "b/c",
            "/",
            "a/+",
            "x/+/y/z",
            "+",
            "a/#",
            "a/b/#",
            "#",
            "$share/g/a",
            "$share/h/a",
            "$share/g/+",
        ]
        .map(|filter| shapes.identifier(filter));
        assert_eq!(numbers, [1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(shapes.identifier("$share/g/b/c"), 7);
        assert!(shapes.are_several());
    }

    #[test]
    fn filters_overlap_when_some_topic_matches_both() {
        for (one, other, expected) in [
            ("a", "a", true),
            ("a", "b", false),
            ("a/+", "a/b", true),
            ("a/+", "+/b", true),
            ("a/+", "b/+", false),
            ("a/+", "a", false),
            ("a/#", "a", true),
            ("a/#", "a/b/c", true),
            ("a/#", "+/b/+", true),
            ("a/#", "b/#", false),
            ("#", "$SYS/a", false),
            ("$SYS/+", "+/a", false),
            ("$SYS/+", "$SYS/a", true),
            ("$share/g/a", "a", true),
            ("$share/g/a", "$share/h/+", true),
            ("$share/g/a", "$share/g/b", false),
        ] {
            assert_eq!(
                (overlap(one, other), overlap(other, one)),
                (expected, expected),
                "{one} {other}"
            );
        }
    }

    #[test]
    fn different_filters_of_one_shape_never_match_the_same_topic() {
        let mut random = Random::new(7);
        let mut level = |choices: &[&'static str]| choices[random.up_to(choices.len() as u64 - 1) as usize];
        let mut shapes = Shapes::default();
        let filters: Vec<String> = (0..300)
            .map(|_| {
                let mut filter = String::from(level(&["a", "b", "", "+", "#"]));
                while !filter.ends_with('#') && level(&["more", "more", "end"]) == "more" {
                    filter = [&filter, "/", level(&["a", "b", "", "+", "#"])].concat();
                }
                filter
            })
            .filter(|filter| !filter.is_empty())
            .collect();
        let topics: Vec<String> = (0..300)
            .map(|_| {
                [
                    level(&["a", "b", ""]),
                    level(&["", "/", "/a", "/b"]),
                    level(&["", "/", "/a", "/b"]),
                ]
                .concat()
            })
            .collect();
        let mut overlapping = 0;
        for one in &filters {
            for other in filters.iter().filter(|other| *other != one) {
                let both = topics
                    .iter()
                    .find(|name| topic::matches(one, name) && topic::matches(other, name));
                overlapping += u32::from(both.is_some());
                assert!(both.is_none() || overlap(one, other), "{one} {other}");
                if shapes.identifier(one) == shapes.identifier(other) {
                    assert!(!overlap(one, other), "{one} {other}");
                }
            }
        }
        assert!(overlapping > 1_000);
    }
}
