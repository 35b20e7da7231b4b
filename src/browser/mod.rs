//! The wasm32 layer: socket, timer, clock and the record boundary. No policy.
