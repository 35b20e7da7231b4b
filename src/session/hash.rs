//! The hash of names.

/// Eight bytes at a time, multiply and rotate: names are short and the tables are small.
pub(super) fn hash(seed: u64, bytes: &[u8]) -> u32 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut hash = seed ^ bytes.len() as u64;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        hash = (hash.rotate_left(23) ^ u64::from_le_bytes(*chunk)).wrapping_mul(FACTOR);
    }
    let tail = rest.iter().fold(0_u64, |tail, byte| tail << 8 | u64::from(*byte));
    hash = (hash.rotate_left(23) ^ tail).wrapping_mul(FACTOR);
    (hash >> 32) as u32
}
