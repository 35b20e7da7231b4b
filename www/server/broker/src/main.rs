//! The demo's embedded broker: MQTT 5.0 and 3.1.1 over WebSocket on the loopback interface, in memory, with optional simulated devices.
//!
//! `hawser-broker '{"port": 0, "devices": true}'` prints `listening PORT` on one line and serves until its standard input ends
//! (so that it never outlives whoever started it), or until SIGTERM or SIGINT.

mod options;
mod users;

use std::process::ExitCode;
use std::sync::Arc;

use mqtt5::broker::MqttBroker;
use tokio::io::{AsyncReadExt, stdin};
use tokio::signal::unix::{SignalKind, signal};

use options::Options;
use users::Users;

type Failure = Box<dyn std::error::Error>;

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    match run().await {
        // Not a return from `main`: the pending read of standard input would hold the runtime back.
        Ok(()) => std::process::exit(0),
        Err(failure) => {
            eprintln!("hawser-broker: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failure> {
    let options = Options::from_arguments()?;
    let mut broker = MqttBroker::with_config(options.broker_config()).await?;
    if !options.users.is_empty() {
        broker = broker.with_auth_provider(Arc::new(Users::new(&options.users)));
    }
    let port = broker
        .ws_local_addr()
        .ok_or_else(|| format!("port {} of 127.0.0.1 is taken", options.port))?
        .port();
    let shutdown = broker.shutdown_handle();
    let mut ready = broker.ready_receiver();
    let serving = tokio::spawn(async move { broker.run().await });
    ready.wait_for(|ready| *ready).await?;
    println!("listening {port}");
    asked_to_stop().await?;
    shutdown.shutdown();
    serving.await??;
    Ok(())
}

/// Waits for the end of standard input, SIGTERM or SIGINT.
async fn asked_to_stop() -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut ignored = Vec::new();
    let mut input = stdin();
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        end = input.read_to_end(&mut ignored) => { end?; }
    }
    Ok(())
}
