//! The session engine against a scripted broker, in virtual time. Each scenario is named by what it shows.
#![cfg(not(target_arch = "wasm32"))]

mod model;
mod random;
mod text;
mod world;

mod aliases;
mod connecting;
mod faults;
mod frames;
mod keep_alive;
mod limits;
mod publishing;
mod random_operations;
mod receiving;
mod reconnecting;
mod storing;
mod subscribing;
