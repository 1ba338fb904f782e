//! Bytes that look random and are the same in every run.

/// A `SplitMix64` generator: made-up hashes, nonces and bulk data come from it.
#[derive(Clone, Debug)]
pub struct Noise(u64);

impl Noise {
    /// Two generators with the same `seed` say the same.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// `length` bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> =
            (0..length.div_ceil(8)).flat_map(|_| self.next_u64().to_le_bytes()).collect();
        bytes.truncate(length);
        bytes
    }

    /// `digits` lower-case hexadecimal digits.
    pub fn hex(&mut self, digits: usize) -> String {
        let digit = |_| char::from_digit((self.next_u64() & 15) as u32, 16).unwrap_or('0');
        (0..digits).map(digit).collect()
    }
}

/// `length` bytes that depend on nothing but `seed`.
#[must_use]
pub fn random(length: usize, seed: u64) -> Vec<u8> {
    Noise::new(seed).bytes(length)
}
