//! The whole home as one value: time and messages in, messages out. It does no input or output of its own.

use serde::Serialize;

use super::climate::{self, Room};
use super::doors::{self, Door};
use super::light::{self, Light};
use super::outgoing::Outgoing;
use super::tills::Tills;

/// Filters of all commands that the home obeys.
pub const COMMAND_FILTERS: [&str; 2] = [light::COMMAND_TOPIC, "till/+/charge"];
/// Seconds between two reports of one of the devices.
const REPORT_EVERY: u64 = 4;

pub struct Home {
    rooms: Vec<Room>,
    doors: Vec<Door>,
    light: Light,
    tills: Tills,
    devices: Vec<Device>,
    seconds: u64,
}

/// A battery-powered thing and how it fares.
#[derive(Clone, Serialize)]
struct Device {
    #[serde(skip)]
    id: &'static str,
    name: &'static str,
    online: bool,
    /// Per cent.
    battery: f64,
    /// Received signal strength in dBm.
    signal: i32,
}

impl Home {
    pub fn new(now: u64) -> Self {
        let devices = [
            ("gateway", "Gateway", 100.0),
            ("climate-living", "Climate, living room", 91.0),
            ("climate-kitchen", "Climate, kitchen", 78.0),
            ("climate-bedroom", "Climate, bedroom", 64.0),
            ("climate-studio", "Climate, studio", 22.0),
            ("door-front", "Front door", 83.0),
            ("door-garage", "Garage door", 47.0),
        ];
        Self {
            rooms: climate::rooms(now),
            doors: doors::doors(),
            light: Light::new(now),
            tills: Tills::default(),
            devices: devices
                .into_iter()
                .map(|(id, name, battery)| Device::new(id, name, battery))
                .collect(),
            seconds: 0,
        }
    }

    /// Everything retained, for a broker that has just (re)appeared.
    pub fn announce(&self) -> Vec<Outgoing> {
        let devices = self.devices.iter().map(Device::state);
        let histories = self.rooms.iter().map(Room::history);
        devices
            .chain(histories)
            .chain([self.light.state()])
            .chain(self.tills.states())
            .collect()
    }

    /// One second passes.
    pub fn on_second(&mut self, now: u64) -> Vec<Outgoing> {
        self.seconds += 1;
        let mut publishes: Vec<Outgoing> = self.rooms.iter_mut().flat_map(|room| room.on_second(now)).collect();
        publishes.extend(self.doors.iter_mut().filter_map(|door| door.on_second(now)));
        if self.seconds.is_multiple_of(REPORT_EVERY) {
            let index = fastrand::usize(1..self.devices.len());
            publishes.extend(self.devices.get_mut(index).map(Device::report));
        }
        publishes
    }

    /// A command arrived.
    pub fn on_message(&mut self, topic: &str, payload: &[u8], now: u64) -> Vec<Outgoing> {
        if topic == light::COMMAND_TOPIC {
            return vec![self.light.on_command(payload, now)];
        }
        let till = topic
            .strip_prefix("till/")
            .and_then(|rest| rest.strip_suffix("/charge"));
        till.and_then(|till| self.tills.on_charge(till, payload))
            .into_iter()
            .collect()
    }
}

impl Device {
    fn new(id: &'static str, name: &'static str, battery: f64) -> Self {
        Self {
            id,
            name,
            online: true,
            battery,
            signal: -fastrand::i32(48..70),
        }
    }

    fn state(&self) -> Outgoing {
        Outgoing::state(format!("device/{}/state", self.id), self)
    }

    fn report(&mut self) -> Outgoing {
        self.battery = ((self.battery - 0.1).max(5.0) * 10.0).round() / 10.0;
        self.signal = (self.signal + fastrand::i32(-3..=3)).clamp(-82, -41);
        self.state()
    }
}

/// The gateway's last will: the opposite of what its state says.
pub fn gateway_lost() -> Outgoing {
    let lost = Device {
        online: false,
        ..Device::new("gateway", "Gateway", 100.0)
    };
    lost.state()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charge_goes_to_the_till_that_its_topic_names() {
        let mut home = Home::new(1_000_000);
        let charge = br#"{"id":"1","cents":250}"#;
        let publishes = home.on_message("till/blue/charge", charge, 0);
        assert_eq!(publishes[0].topic, "till/blue/ledger");
    }

    #[test]
    fn all_that_is_announced_is_retained() {
        let home = Home::new(1_000_000);
        assert!(home.announce().iter().all(|publish| publish.retain));
    }

    #[test]
    fn every_room_reports_both_quantities_each_second() {
        let mut home = Home::new(1_000_000);
        let publishes = home.on_second(1_001_000);
        let readings = |end: &str| publishes.iter().filter(|p| p.topic.ends_with(end)).count();
        assert_eq!(readings("/temperature"), 4);
        assert_eq!(readings("/humidity"), 4);
    }
}
