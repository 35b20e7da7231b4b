//! The broker: configured, announced on standard output, stopped cleanly.

use std::sync::Arc;

use mqtt5::broker::MqttBroker;

use crate::options::Options;
use crate::users::Users;
use crate::{Failure, asked_to_stop};

/// Serves until asked to stop; clients then get a DISCONNECT.
///
/// # Errors
/// The options are wrong, or the port is taken.
pub async fn run(options: &str) -> Result<(), Failure> {
    let options = Options::parse(options)?;
    let mut broker = MqttBroker::with_config(options.broker_config()).await?;
    if !options.users.is_empty() {
        broker = broker.with_auth_provider(Arc::new(Users::new(&options.users)));
    }
    let taken = |port: u16| format!("port {port} of 127.0.0.1 is taken");
    let web_socket = broker.ws_local_addr().ok_or(taken(options.port))?;
    let tcp = broker.local_addr().ok_or(taken(options.tcp_port))?;
    let shutdown = broker.shutdown_handle();
    let mut ready = broker.ready_receiver();
    let serving = tokio::spawn(async move { broker.run().await });
    ready.wait_for(|ready| *ready).await?;
    println!("listening {} {}", web_socket.port(), tcp.port());
    asked_to_stop().await?;
    shutdown.shutdown();
    serving.await??;
    Ok(())
}
