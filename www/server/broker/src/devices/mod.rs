//! The simulated home: devices that talk to the broker like any other MQTT client would, through one gateway.

mod climate;
mod doors;
mod gateway;
mod home;
mod light;
mod outgoing;
mod tills;

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::{Failure, asked_to_stop};
use gateway::{Gateway, Input};
use home::Home;

/// Runs the devices until asked to stop.
///
/// # Errors
/// The first connection to the broker on the TCP port `port` failed. Later losses are mended without end.
pub async fn run(port: u16) -> Result<(), Failure> {
    let (gateway, mut inputs) = Gateway::connect(port).await?;
    println!("connected");
    let mut home = Home::new(now());
    let mut tick = interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stop = asked_to_stop();
    tokio::pin!(stop);
    loop {
        let publishes = tokio::select! {
            stopped = &mut stop => return stopped,
            _ = tick.tick() => home.on_second(now()),
            Some(input) = inputs.recv() => match input {
                // A broker that came back may have forgotten everything retained.
                Input::Connected => home.announce(),
                Input::Message { topic, payload } => home.on_message(&topic, &payload, now()),
            },
        };
        for publish in publishes {
            gateway.publish(publish);
        }
    }
}

/// Milliseconds since the epoch.
fn now() -> u64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
