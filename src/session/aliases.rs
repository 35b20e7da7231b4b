//! Topic aliases (3.3.2.3.4): tables that live as long as one connection, one for each direction.

use super::topics::Topics;

/// Aliases used for sending at most, whatever the broker offers: the table is searched from end to end.
const MAX_OUTBOUND: u16 = 32;

/// What the broker's aliases stand for. A new connection begins with none `[MQTT-3.3.2-7]`.
#[derive(Debug, Default)]
pub(super) struct InboundAliases {
    names: Vec<Option<Alias>>,
}

#[derive(Debug)]
struct Alias {
    name: Box<str>,
    /// The number of the name, as long as the table of names is of this generation.
    id: u32,
    generation: u32,
}

impl InboundAliases {
    /// Maps `alias` to a name that has just been interned as `id`.
    pub(super) fn set(&mut self, alias: u16, name: &str, id: u32, topics: &Topics) {
        let index = usize::from(alias);
        if self.names.len() <= index {
            self.names.resize_with(index.saturating_add(1), || None);
        }
        let Some(place) = self.names.get_mut(index) else {
            return;
        };
        let generation = topics.generation();
        match place {
            Some(known) if *known.name == *name => (known.id, known.generation) = (id, generation),
            _ => {
                *place = Some(Alias {
                    name: name.into(),
                    id,
                    generation,
                });
            }
        }
    }

    /// The number of the name behind `alias`, and the name if it had to be given a new one; `None` if there is no such alias.
    pub(super) fn resolve(&mut self, alias: u16, topics: &mut Topics) -> Option<(u32, Option<&str>)> {
        let known = self.names.get_mut(usize::from(alias))?.as_mut()?;
        let mut announce = false;
        if known.generation != topics.generation() {
            let interned = topics.intern(&known.name);
            (known.id, known.generation) = (interned.id, topics.generation());
            announce = interned.new;
        }
        Some((known.id, announce.then_some(&*known.name)))
    }
}

/// Which names the broker knows by an alias.
#[derive(Debug, Default)]
pub(super) struct OutboundAliases {
    entries: Vec<Used>,
    maximum: u16,
    clock: u64,
}

#[derive(Debug)]
struct Used {
    name: Box<str>,
    last: u64,
}

impl OutboundAliases {
    /// A new connection: no aliases, and up to `maximum` from now on `[MQTT-3.2.2-17]`.
    pub(super) fn reset(&mut self, maximum: u16) {
        self.entries.clear();
        self.maximum = maximum.min(MAX_OUTBOUND);
    }

    /// Whether aliases can be used at all.
    pub(super) const fn enabled(&self) -> bool {
        self.maximum > 0
    }

    /// The alias for `name`, and whether the broker knows it already. A name that is not known takes the place of the one used longest ago.
    pub(super) fn choose(&mut self, name: &str) -> (u16, bool) {
        self.clock = self.clock.wrapping_add(1);
        let last = self.clock;
        if let Some((alias, used)) = (1..).zip(&mut self.entries).find(|(_, used)| *used.name == *name) {
            used.last = last;
            return (alias, true);
        }
        let used = Used {
            name: name.into(),
            last,
        };
        if self.entries.len() < usize::from(self.maximum) {
            self.entries.push(used);
            return (self.entries.len() as u16, false);
        }
        match (1..).zip(&mut self.entries).min_by_key(|(_, used)| used.last) {
            Some((alias, oldest)) => {
                *oldest = used;
                (alias, false)
            }
            None => (0, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_used_longest_ago_gives_up_its_alias() {
        let mut aliases = OutboundAliases::default();
        aliases.reset(2);
        assert_eq!(aliases.choose("a"), (1, false));
        assert_eq!(aliases.choose("b"), (2, false));
        assert_eq!(aliases.choose("a"), (1, true));
        assert_eq!(aliases.choose("c"), (2, false));
        assert_eq!(aliases.choose("a"), (1, true));
        assert_eq!(aliases.choose("b"), (2, false));
        aliases.reset(0);
        assert!(!aliases.enabled());
    }

    #[test]
    fn an_alias_outlives_the_table_of_names() {
        let (mut aliases, mut topics) = (InboundAliases::default(), Topics::new(1));
        let id = topics.intern("a").id;
        aliases.set(7, "a", id, &topics);
        assert_eq!(aliases.resolve(7, &mut topics), Some((0, None)));
        for number in 0..4_100 {
            topics.intern(&number.to_string());
        }
        assert!(matches!(aliases.resolve(7, &mut topics), Some((_, Some("a")))));
        assert!(matches!(aliases.resolve(7, &mut topics), Some((_, None))));
        assert_eq!(aliases.resolve(8, &mut topics), None);
    }
}
