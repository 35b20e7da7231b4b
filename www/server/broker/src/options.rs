//! What the launcher may ask for: one JSON object. Unknown names are refused.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use mqtt5::broker::config::{BrokerConfig, RateLimitConfig, StorageBackend, StorageConfig, WebSocketConfig};
use serde::Deserialize;

/// Options of the broker, in the launcher's spelling (camelCase). Everything may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Options {
    /// Port of the WebSocket listener on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Port of the plain TCP listener on 127.0.0.1; 0 takes a free one.
    pub tcp_port: u16,
    /// Accounts. Empty: everybody may connect.
    pub users: Vec<User>,
    /// Largest packet the broker accepts, in bytes, announced in CONNACK (at least 1,024).
    maximum_packet_size: Option<usize>,
    /// QoS 1 and 2 publishes a client may have open, announced in CONNACK.
    receive_maximum: Option<u16>,
    /// Highest QoS granted, 0 to 2.
    maximum_qos: Option<u8>,
    /// Topic aliases a client may use.
    topic_alias_maximum: Option<u16>,
    /// Seconds; overrides the client's keep-alive (0 switches it off).
    server_keep_alive: Option<u64>,
    /// Longest session expiry granted, in seconds.
    session_expiry: Option<u64>,
    /// QoS 1 and 2 messages on their way to one client at a time.
    maximum_inflight: Option<u16>,
    retain_available: Option<bool>,
    wildcard_available: Option<bool>,
    subscription_identifier_available: Option<bool>,
    shared_available: Option<bool>,
}

/// One account.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub username: String,
    pub password: String,
}

impl Options {
    /// Reads the JSON object.
    ///
    /// # Errors
    /// The JSON is malformed, or names an option that does not exist.
    pub fn parse(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|fault| format!("options: {fault}"))
    }

    /// The same in the broker's own terms: on 127.0.0.1 only, sessions in memory.
    pub fn broker_config(&self) -> BrokerConfig {
        let mut config = BrokerConfig {
            bind_addresses: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, self.tcp_port))],
            websocket_config: Some(WebSocketConfig {
                bind_addresses: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))],
                ..WebSocketConfig::default()
            }),
            // Without a storage backend the broker keeps no sessions at all.
            storage_config: StorageConfig::new().with_backend(StorageBackend::Memory),
            sys_topics_enabled: false,
            server_receive_maximum: self.receive_maximum,
            server_keep_alive: self.server_keep_alive.map(Duration::from_secs),
            ..BrokerConfig::default()
        };
        // A test that tries wrong passwords must not be locked out for the next five minutes.
        config.auth_config.rate_limit = RateLimitConfig {
            enabled: false,
            ..RateLimitConfig::default()
        };
        set(&mut config.max_packet_size, self.maximum_packet_size);
        set(&mut config.maximum_qos, self.maximum_qos);
        set(&mut config.topic_alias_maximum, self.topic_alias_maximum);
        set(&mut config.max_outbound_inflight, self.maximum_inflight);
        set(&mut config.retain_available, self.retain_available);
        set(&mut config.wildcard_subscription_available, self.wildcard_available);
        set(
            &mut config.subscription_identifier_available,
            self.subscription_identifier_available,
        );
        set(&mut config.shared_subscription_available, self.shared_available);
        set(
            &mut config.session_expiry_interval,
            self.session_expiry.map(Duration::from_secs),
        );
        config
    }
}

fn set<T>(field: &mut T, wish: Option<T>) {
    if let Some(wish) = wish {
        *field = wish;
    }
}
