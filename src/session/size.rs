//! Sizes on the wire, before anything is written.

/// Bytes of a variable byte integer (1.5.5).
pub(super) const fn variable_length(value: usize) -> usize {
    match value {
        0..=0x7F => 1,
        0x80..=0x3FFF => 2,
        0x4000..=0x1F_FFFF => 3,
        _ => 4,
    }
}

/// Bytes of a packet with this remaining length.
pub(super) const fn packet(remaining: usize) -> usize {
    remaining.saturating_add(variable_length(remaining)).saturating_add(1)
}
