//! Two small programs for the demo and the tests, each on the loopback interface only:
//!
//! - `hawser-broker serve '{"port": 0}'`: an MQTT 5.0 and 3.1.1 broker over WebSocket and TCP, in memory. Prints
//!   `listening PORT TCP-PORT`.
//! - `hawser-broker devices TCP-PORT`: simulated devices, clients of that broker; they survive its restarts. Prints `connected`.
//!
//! Both end with their standard input (so that they never outlive whoever started them), or with SIGTERM or SIGINT.

mod devices;
mod options;
mod serve;
mod users;

use std::process::ExitCode;

use tokio::io::{AsyncReadExt, stdin};
use tokio::signal::unix::{SignalKind, signal};

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
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", json] => serve::run(json).await,
        ["devices", port] => devices::run(port.parse()?).await,
        _ => Err("usage: hawser-broker serve OPTIONS | devices TCP-PORT".into()),
    }
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
