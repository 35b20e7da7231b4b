//! Temperature and humidity of a few rooms: slow waves with a little noise, and the last three minutes kept for late comers.

use std::collections::VecDeque;

use serde::Serialize;

use super::outgoing::Outgoing;

/// Seconds of history that a new dashboard finds retained.
const REMEMBERED: usize = 180;
/// Seconds between two updates of the retained history.
const HISTORY_EVERY: u64 = 5;

/// A room and the shape of its climate.
pub struct Room {
    name: &'static str,
    temperature: Wave,
    humidity: Wave,
    samples: VecDeque<Sample>,
    seconds: u64,
}

/// `middle`, plus a wave of `height` every `period` seconds, plus noise that wanders but always comes home.
struct Wave {
    middle: f64,
    height: f64,
    period: f64,
    phase: f64,
    wander: f64,
}

#[derive(Clone, Copy)]
struct Sample {
    at: u64,
    temperature: f64,
    humidity: f64,
}

/// A single measurement: `at` in epoch ms, `value` in degrees Celsius or per cent.
#[derive(Serialize)]
struct Reading {
    at: u64,
    value: f64,
}

/// The remembered measurements, column by column, oldest first.
#[derive(Serialize)]
struct History {
    at: Vec<u64>,
    temperature: Vec<f64>,
    humidity: Vec<f64>,
}

/// All rooms, each with a past that ends at `now`.
pub fn rooms(now: u64) -> Vec<Room> {
    [
        ("living", (22.6, 0.5, 97.0), (43.0, 2.6, 131.0)),
        ("kitchen", (21.5, 0.7, 71.0), (51.0, 4.2, 83.0)),
        ("bedroom", (19.9, 0.35, 139.0), (47.5, 1.8, 113.0)),
        ("studio", (18.7, 0.55, 53.0), (55.5, 2.2, 67.0)),
    ]
    .into_iter()
    .map(|(name, temperature, humidity)| Room::new(name, temperature, humidity, now))
    .collect()
}

impl Room {
    fn new(name: &'static str, temperature: (f64, f64, f64), humidity: (f64, f64, f64), now: u64) -> Self {
        let mut room = Self {
            name,
            temperature: Wave::new(temperature),
            humidity: Wave::new(humidity),
            samples: VecDeque::with_capacity(REMEMBERED + 1),
            seconds: 0,
        };
        for ago in (1..=REMEMBERED as u64).rev() {
            room.measure(now - ago * 1_000);
        }
        room
    }

    /// One second passes.
    pub fn on_second(&mut self, now: u64) -> Vec<Outgoing> {
        let sample = self.measure(now);
        let mut publishes = vec![
            self.reading("temperature", now, sample.temperature),
            self.reading("humidity", now, sample.humidity),
        ];
        if self.seconds.is_multiple_of(HISTORY_EVERY) {
            publishes.push(self.history());
        }
        publishes
    }

    /// The retained past of this room.
    pub fn history(&self) -> Outgoing {
        let history = History {
            at: self.samples.iter().map(|sample| sample.at).collect(),
            temperature: self.samples.iter().map(|s| s.temperature).collect(),
            humidity: self.samples.iter().map(|s| s.humidity).collect(),
        };
        Outgoing::state(format!("home/{}/history", self.name), &history)
    }

    fn reading(&self, quantity: &str, at: u64, value: f64) -> Outgoing {
        let topic = format!("home/{}/{quantity}", self.name);
        Outgoing::reading(topic, &Reading { at, value })
    }

    fn measure(&mut self, at: u64) -> Sample {
        self.seconds += 1;
        let sample = Sample {
            at,
            temperature: self.temperature.at(at, 100.0),
            humidity: self.humidity.at(at, 10.0),
        };
        self.samples.push_back(sample);
        if self.samples.len() > REMEMBERED {
            self.samples.pop_front();
        }
        sample
    }
}

impl Wave {
    fn new((middle, height, period): (f64, f64, f64)) -> Self {
        Self {
            middle,
            height,
            period,
            phase: fastrand::f64() * std::f64::consts::TAU,
            wander: 0.0,
        }
    }

    /// The value at a time in epoch ms, rounded to one part in `precision`.
    fn at(&mut self, at: u64, precision: f64) -> f64 {
        self.wander = self.wander * 0.94 + (fastrand::f64() - 0.5) * self.height * 0.16;
        let turn = (at % 100_000_000) as f64 / 1_000.0 / self.period * std::f64::consts::TAU;
        let value = self.middle + (turn + self.phase).sin() * self.height + self.wander;
        (value * precision).round() / precision
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_room_already_remembers_three_minutes() {
        let history = rooms(1_000_000)[0].history();
        let value: serde_json::Value = serde_json::from_str(&history.payload).unwrap();
        let at = value["at"].as_array().unwrap();
        assert_eq!(at.len(), REMEMBERED);
        assert_eq!(at[REMEMBERED - 1], 999_000);
        assert!(history.retain);
    }

    #[test]
    fn the_memory_of_a_room_is_bounded() {
        let mut room = rooms(1_000_000).remove(0);
        for second in 0..500 {
            room.on_second(1_000_000 + second * 1_000);
        }
        assert_eq!(room.samples.len(), REMEMBERED);
    }
}
