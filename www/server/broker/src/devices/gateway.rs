//! The devices' connection to the broker: an ordinary MQTT 5.0 client that always comes back.

use std::time::Duration;

use mqtt5::{
    ConnectOptions, ConnectionEvent, MqttClient, MqttError, PublishOptions, QoS, SubscribeOptions, WillMessage,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::home::{COMMAND_FILTERS, gateway_lost};
use super::outgoing::Outgoing;

/// What comes in from the broker.
pub enum Input {
    Connected,
    Message { topic: String, payload: Vec<u8> },
}

pub struct Gateway {
    queue: UnboundedSender<Outgoing>,
}

impl Gateway {
    /// Connects and subscribes to all commands at QoS 2 (a charge is sent at QoS 2, so it arrives exactly once).
    ///
    /// # Errors
    /// The broker cannot be reached, or refuses.
    pub async fn connect(port: u16) -> Result<(Self, UnboundedReceiver<Input>), MqttError> {
        let client = MqttClient::with_options(options());
        let (inputs, received) = unbounded_channel();
        let events = inputs.clone();
        client
            .on_connection_event(move |event| {
                if matches!(event, ConnectionEvent::Connected { .. }) {
                    // Nobody listens any more: the program is about to end.
                    let _ = events.send(Input::Connected);
                }
            })
            .await?;
        // Over WebSocket this library leaves Nagle's algorithm on, and each answer of a device would come 40 ms late.
        client.connect(&format!("mqtt://127.0.0.1:{port}")).await?;
        for filter in COMMAND_FILTERS {
            let inputs = inputs.clone();
            let options = SubscribeOptions {
                qos: QoS::ExactlyOnce,
                ..SubscribeOptions::default()
            };
            client
                .subscribe_with_options(filter, options, move |message| {
                    let _ = inputs.send(Input::Message {
                        topic: message.topic.to_string(),
                        payload: message.payload.to_vec(),
                    });
                })
                .await?;
        }
        let (queue, publishes) = unbounded_channel();
        tokio::spawn(write(client, publishes));
        Ok((Self { queue }, received))
    }

    /// Queues a message. Readings are dropped while there is no link; states and events wait for it.
    pub fn publish(&self, message: Outgoing) {
        let _ = self.queue.send(message);
    }
}

fn options() -> ConnectOptions {
    let lost = gateway_lost();
    let will = WillMessage::new(lost.topic, lost.payload.into_bytes())
        .with_qos(lost.qos)
        .with_retain(lost.retain);
    ConnectOptions::new("demo-gateway")
        .with_will(will)
        .with_keep_alive(Duration::from_secs(15))
        .with_session_expiry_interval(3_600)
        .with_automatic_reconnect(true)
        .with_reconnect_delay(Duration::from_millis(100), Duration::from_millis(500))
}

/// Publishes in order, one after the other.
async fn write(client: MqttClient, mut publishes: UnboundedReceiver<Outgoing>) {
    while let Some(message) = publishes.recv().await {
        let options = PublishOptions {
            qos: message.qos,
            retain: message.retain,
            ..PublishOptions::default()
        };
        // A reading that finds no link is lost by design; the library keeps the rest itself.
        let _ = client
            .publish_with_options(message.topic, message.payload, options)
            .await;
    }
}
