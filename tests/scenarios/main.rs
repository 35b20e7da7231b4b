//! The session engine against a scripted broker, in virtual time. Each scenario is named by what it shows.
#![cfg(not(target_arch = "wasm32"))]

mod deduplicating;
mod driver;
mod exchange;
mod peer;
mod random;
mod text;
mod world;

mod accepting;
mod aliases;
mod authenticating;
mod connecting;
mod counting;
mod expiry;
mod fallen_back;
mod falling_back;
mod faults;
mod frames;
mod handling;
mod hanging;
mod identifiers;
mod information;
mod interrupting;
mod keep_alive;
mod keeping;
mod leaving;
mod limits;
mod losing;
mod overflowing;
mod oversleeping;
mod page_events;
mod pending;
mod policy;
mod publishing;
mod reauthenticating;
mod receiving;
mod reconnecting;
mod recovering;
mod redirecting;
mod renewing;
mod resending;
mod restoring;
mod resubscribing;
mod storing;
mod subscribing;
