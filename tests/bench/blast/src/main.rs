//! The benchmark's MQTT 5.0 peer over WebSocket, on loopback, with nothing in it that could be slow:
//! streams are encoded before they start, acknowledgements are counted, payloads are compared.
//!
//! `hawser-blast` prints `listening PORT` and serves until standard input closes.
//! `hawser-blast raw FILTER...` serves itself and prints what one native client gets out of it, a JSON line for each filter.

mod connection;
mod mqtt;
mod raw;
mod stream;
mod websocket;

use std::io::{self, Read};
use std::net::TcpListener;

fn main() -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            std::thread::spawn(move || {
                if let Err(error) = connection::serve(socket) {
                    eprintln!("connection: {error}");
                }
            });
        }
    });
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((first, filters)) if first == "raw" => filters.iter().try_for_each(|filter| raw::measure(port, filter)),
        _ => {
            println!("listening {port}");
            io::stdin().read_to_end(&mut Vec::new()).map(drop)
        }
    }
}
