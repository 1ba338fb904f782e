//! Small changes to inputs, the same in every run.

use crate::noise::Noise;

/// Numbers at which lengths and counts change their meaning.
const EDGES: [u32; 12] =
    [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff, 0xffff_ffff];

/// An input that comes of `seed` by one to four changes: bits are flipped, bytes replaced, parts cut out or repeated,
/// parts of `other` put in, numbers set to where their meaning changes. It may be up to twice as long as both together.
#[must_use]
pub fn mutated(seed: &[u8], other: &[u8], noise: &mut Noise) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=noise.next_u64() & 3 {
        change(&mut bytes, other, noise);
    }
    bytes.truncate(2 * (seed.len() + other.len()));
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], noise: &mut Noise) {
    let at = below(noise, bytes.len());
    match noise.next_u64() & 7 {
        0 => set(bytes, at, |byte| byte ^ (1 << (at & 7))),
        1 => {
            let random = noise.next_u64().to_le_bytes()[0];
            set(bytes, at, |_| random);
        }
        2 => bytes.truncate(at),
        3 => {
            let end = bytes.len().min(at + 1 + below(noise, 64));
            bytes.drain(at..end);
        }
        4 => {
            let end = bytes.len().min(at + 1 + below(noise, 256));
            let part = bytes.get(at..end).unwrap_or_default().to_vec();
            bytes.splice(at..at, part);
        }
        5 => {
            let from = below(noise, other.len());
            let end = other.len().min(from + 1 + below(noise, 512));
            let part = other.get(from..end).unwrap_or_default().to_vec();
            let until = bytes.len().min(at + below(noise, part.len()));
            bytes.splice(at..until, part);
        }
        number => {
            let edge = EDGES.get(below(noise, EDGES.len())).copied().unwrap_or_default();
            let big = noise.next_u64() & 1 == 0;
            let wide = if big { edge.to_be_bytes() } else { edge.to_le_bytes() };
            // Of a number in the order of the network, the lower half is behind.
            let part = match (number & 1, big) {
                (0, _) => wide.as_slice(),
                (_, true) => wide.get(2..).unwrap_or_default(),
                (_, false) => wide.get(..2).unwrap_or_default(),
            };
            for (distance, value) in part.iter().enumerate() {
                set(bytes, at + distance, |_| *value);
            }
        }
    }
}

fn set(bytes: &mut [u8], at: usize, to: impl FnOnce(u8) -> u8) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte = to(*byte);
    }
}

/// A number from 0 to `end`, without it; 0 if there is none.
fn below(noise: &mut Noise, end: usize) -> usize {
    let random = usize::try_from(noise.next_u64() >> 32).unwrap_or(0);
    random.checked_rem(end).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_the_same_in_every_run_and_bounded() {
        let (seed, other) = (b"{\"id\":1,\"method\":\"login\"}", [7_u8; 40]);
        let made = |seed_of_noise| {
            let mut noise = Noise::new(seed_of_noise);
            (0..500).map(|_| mutated(seed, &other, &mut noise)).collect::<Vec<_>>()
        };
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
        assert!(made(1).iter().all(|bytes| bytes.len() <= 2 * (seed.len() + other.len())));
        let different = made(3).iter().filter(|bytes| bytes.as_slice() != seed).count();
        assert!(different > 450, "{different} of 500 are different");
    }

    #[test]
    fn nothing_can_be_changed_too() {
        let mut noise = Noise::new(1);
        for _ in 0..100 {
            assert!(mutated(b"", b"", &mut noise).is_empty());
        }
    }
}
