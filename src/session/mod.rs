//! The session engine: all policy, no input or output of its own.
