//! A small generator for jitter and names: seeded by the caller, fit for nothing secret.

/// SplitMix64: what [`Backoff`](super::Backoff) takes its chances from.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// All that follows comes from the seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// "hawser-" and 16 hexadecimal digits. Written by hand: formatting machinery would weigh kilobytes.
    pub(super) fn client_id(&mut self) -> String {
        let mut number = self.next();
        let mut name = String::from("hawser-");
        for _ in 0..16 {
            number = number.rotate_left(4);
            name.extend(char::from_digit(number as u32 & 15, 16));
        }
        name
    }

    /// 0 to `most`, both included, evenly enough for jitter.
    pub(super) const fn up_to(&mut self, most: u64) -> u64 {
        match most.checked_add(1) {
            Some(range) => ((self.next() as u128 * range as u128) >> 64) as u64,
            None => self.next(),
        }
    }
}
