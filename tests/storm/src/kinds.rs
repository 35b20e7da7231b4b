//! The kinds of backoff that are compared, each as a user of the package writes it.

use hawser::session::{Jitter, Reconnect};

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub name: &'static str,
    pub rule: Reconnect,
}

/// Where the default of the option `reconnect` stands in [`KINDS`].
#[cfg(test)]
pub const DEFAULT: usize = 3;

const fn exponential(name: &'static str, jitter: Jitter) -> Kind {
    let (min, max) = (1_000, 60_000);
    let rule = Reconnect::Exponential { min, max, jitter };
    Kind { name, rule }
}

pub const KINDS: [Kind; 5] = [
    Kind {
        name: "fixed, 5 s, no jitter",
        rule: Reconnect::Fixed {
            delay: 5_000,
            jitter: Jitter::UpTo(0),
        },
    },
    exponential("exponential, 1 s to 60 s, no jitter", Jitter::UpTo(0)),
    exponential("exponential, jitter: 500", Jitter::UpTo(500)),
    exponential("exponential, jitter: \"equal\" (default)", Jitter::Equal),
    exponential("exponential, jitter: \"full\"", Jitter::Full),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_of_the_default_is_the_default_of_the_engine() {
        assert_eq!(KINDS[DEFAULT].rule, Reconnect::default());
    }
}
