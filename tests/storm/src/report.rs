//! The storms in words: one table in Markdown.

use std::fmt::Write;

use crate::kinds::Kind;
use crate::storm::{Scene, Storm};

/// 1234567 as "1,234,567".
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// When all are back, for people.
pub fn all_back(storm: &Storm) -> String {
    storm
        .all_back
        .map_or_else(|| "never".into(), |at| format!("{} s", grouped(at.div_ceil(1_000))))
}

/// The table of one scene.
pub fn table(scene: Scene, storms: &[(Kind, Storm)]) -> String {
    let mut text = String::from(
        "| `reconnect` | most attempts in 0.1 s | most in a second, the broker being back | all are back after | wasted attempts a client |\n|---|---|---|---|---|\n",
    );
    for (kind, storm) in storms {
        // Tenths in whole numbers, rounded.
        let wasted = (storm.wasted * 10 + u64::from(scene.clients) / 2) / u64::from(scene.clients);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {}.{} |",
            kind.name,
            grouped(storm.peak().into()),
            grouped(storm.peak_second(scene.outage).into()),
            all_back(storm),
            wasted / 10,
            wasted % 10
        );
    }
    text
}
