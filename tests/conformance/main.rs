//! The duties of a client in MQTT 5.0 and 3.1.1, against the real engine: a scripted broker, bytes in and bytes out. One file for each section of the
//! standard; `map.tsv` says which test proves which duty.
#![cfg(not(target_arch = "wasm32"))]

// The world of the scenarios, which use all of it.
#[allow(dead_code)]
#[path = "../scenarios/driver.rs"]
mod driver;
#[allow(dead_code)]
#[path = "../scenarios/peer.rs"]
mod peer;
#[path = "../scenarios/text.rs"]
mod text;
#[allow(dead_code)]
#[path = "../scenarios/world.rs"]
mod world;

mod judge;

mod acks;
mod auth;
mod clauses;
mod delivery;
mod disconnect;
mod errors;
mod flow;
mod qos;
mod session;
mod subscribe;
mod topics;

mod connack;
mod connect;
mod connect_session;
mod data;
mod packets;
mod publish;
mod v311;
mod v311_messages;
