//! A dimmable light: it obeys commands and says, retained, what it really does.

use serde::{Deserialize, Serialize};

use super::outgoing::Outgoing;

/// What a command may change.
#[derive(Deserialize)]
struct LightCommand {
    on: Option<bool>,
    /// Per cent, 1 to 100.
    level: Option<u8>,
}

#[derive(Serialize)]
pub struct Light {
    on: bool,
    level: u8,
    /// Epoch ms of the last change.
    at: u64,
    /// Commands obeyed since the start.
    commands: u64,
}

pub const COMMAND_TOPIC: &str = "light/living/set";

impl Light {
    pub fn new(now: u64) -> Self {
        Self {
            on: true,
            level: 60,
            at: now,
            commands: 0,
        }
    }

    pub fn state(&self) -> Outgoing {
        Outgoing::state("light/living/state".to_owned(), self)
    }

    /// Obeys a command. One that makes no sense changes nothing, and the state that follows says so.
    pub fn on_command(&mut self, payload: &[u8], now: u64) -> Outgoing {
        if let Ok(command) = serde_json::from_slice::<LightCommand>(payload) {
            self.on = command.on.unwrap_or(self.on);
            self.level = command.level.unwrap_or(self.level).clamp(1, 100);
            self.at = now;
            self.commands += 1;
        }
        self.state()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_changes_only_what_it_names() {
        let mut light = Light::new(0);
        let state = light.on_command(br#"{"level": 25}"#, 7);
        assert_eq!(state.payload, r#"{"on":true,"level":25,"at":7,"commands":1}"#);
    }

    #[test]
    fn a_command_that_makes_no_sense_changes_nothing() {
        let mut light = Light::new(3);
        let state = light.on_command(b"louder!", 9);
        assert_eq!(state.payload, r#"{"on":true,"level":60,"at":3,"commands":0}"#);
    }
}
