//! The browser layer: performs what the session asks for. No policy here. Records are plain data, so they build and are tested natively too;
//! everything that touches a web type is for wasm32 only.

pub mod records;
