//! Every input of the corpus holds without a fuzzer too, and the corpus keeps its form.
#![cfg(not(target_arch = "wasm32"))]

use std::path::PathBuf;

use hawser_fuzz::TARGETS;

/// The bytes of each line in hexadecimal; `#` begins a remark.
fn inputs(target: &str) -> Vec<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(format!("{target}.hex"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| bytes(line).unwrap_or_else(|| panic!("{}: {line}", path.display())))
        .collect()
}

fn bytes(line: &str) -> Option<Vec<u8>> {
    line.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[test]
fn every_input_of_the_corpus_holds() {
    for (name, target) in TARGETS {
        let inputs = inputs(name);
        assert!(inputs.len() >= 20, "{name} has {} inputs", inputs.len());
        for input in inputs {
            let outcome = std::panic::catch_unwind(|| target(&input));
            let text: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(outcome.is_ok(), "npm run fuzz -- {name} --replay {text}");
        }
    }
}

#[test]
fn no_input_and_the_first_choices_hold_for_every_target() {
    for (_, target) in TARGETS {
        target(&[]);
        for first in 0..=255 {
            target(&[first]);
            target(&[first; 40]);
        }
    }
}
