//! OCEAN's DATUM, between a miner's own template maker and its pool (`datum_gateway`'s `datum_protocol.h` and
//! `datum_protocol.c`). Headers of 32 bits are masked: the first with a constant, the others with a mask that follows
//! from the one before it. What they head is encrypted.

use super::{DatumStep, Header, is_text, u32_at};

/// The mask of the hello.
const FIRST_MASK: u32 = 0xdc87_1829;

/// A header's length, and the rest of it: command, flags and reserved bits.
const LENGTH: u32 = 0x003f_ffff;

/// Command 1, signed, sealed to the pool's key.
const HELLO: u32 = 0x0b00_0000;

/// Command 5, encrypted for the session: everything about mining.
const MINING: u32 = 0x2c00_0000;

/// The hello: four keys, a version, padding of up to 200 bytes, signature and seal.
const HELLO_SIZES: std::ops::RangeInclusive<u32> = 250..=900;

/// Bytes of a header.
const HEAD: usize = 4;

pub(super) fn header(bytes: &[u8], number: u64) -> Header {
    if number > 0 {
        return Header::Opaque;
    }
    let Some(word) = u32_at(bytes, 0) else {
        // The third byte of the mask shows as it is, for a hello is short.
        let possible = bytes.get(1).is_none_or(|byte| (0x18..=0x1b).contains(byte))
            && bytes.get(2).is_none_or(|&byte| byte == 0x87);
        return if possible && bytes.len() > 1 { Header::Short } else { Header::Broken };
    };
    let plain = word ^ FIRST_MASK;
    let length = plain & LENGTH;
    // The gateway says nothing more until it is answered.
    let size = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(HEAD);
    if plain & !LENGTH == HELLO && HELLO_SIZES.contains(&length) && bytes.len() <= size {
        Header::Message { head: HEAD, body: length.into() }
    } else {
        Header::Broken
    }
}

/// The mask after `mask`: `datum_header_xor_feedback`, which is one round of `MurmurHash3`.
const fn next_mask(mask: u32) -> u32 {
    let k = mask.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let mut h = (0xb10c_feed ^ k).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    h ^= 4;
    h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

/// Both directions after the hello, by the direction of the gateway and the other.
#[derive(Debug, Default)]
pub(in crate::transport) struct Datum {
    sides: [Chain; 2],
    answered: bool,
}

impl Datum {
    /// Takes what one side sent next, as a segment; `None` stands for a gap.
    pub(in crate::transport) fn take(&mut self, gateway: bool, segment: Option<&[u8]>) -> Option<DatumStep> {
        let [ours, theirs] = &mut self.sides;
        let chain = if gateway { ours } else { theirs };
        let Some(segment) = segment else {
            chain.lose();
            return None;
        };
        if segment.is_empty() {
            return None;
        }
        if chain.take(segment) {
            return Some(if gateway { DatumStep::GatewayCommands } else { DatumStep::PoolCommands });
        }
        let answer = !gateway && !self.answered && !is_text(segment);
        self.answered |= answer;
        answer.then_some(DatumStep::Answer)
    }
}

/// The headers of one direction.
#[derive(Debug, Default)]
struct Chain {
    /// The mask of the next header, as it follows from an assumption about an earlier one.
    mask: Option<u32>,
    /// Bytes until the next header.
    left: usize,
    proven: bool,
}

impl Chain {
    fn lose(&mut self) {
        self.mask = None;
        self.left = 0;
    }

    /// True if this proves, for the first time, that the masks follow from one another: 32 bits fit.
    fn take(&mut self, segment: &[u8]) -> bool {
        let mut rest = segment;
        let mut fitted = false;
        while let (Some(mask), false) = (self.mask, rest.is_empty()) {
            let skipped = self.left.min(rest.len());
            self.left -= skipped;
            rest = rest.get(skipped..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            let header = u32_at(rest, 0).map(|word| word ^ mask).filter(|plain| plain & !LENGTH == MINING);
            let Some(plain) = header else {
                self.lose();
                rest = segment;
                break;
            };
            self.mask = Some(next_mask(mask));
            self.left = usize::try_from(plain & LENGTH).unwrap_or(usize::MAX);
            rest = rest.get(HEAD..).unwrap_or_default();
            fitted |= self.left == rest.len();
        }
        if self.mask.is_none() {
            self.suppose(rest);
        }
        let news = fitted && !self.proven;
        self.proven |= fitted;
        news
    }

    /// Supposes that a segment is one command.
    fn suppose(&mut self, segment: &[u8]) {
        let length = segment.len().checked_sub(HEAD).and_then(|length| u32::try_from(length).ok());
        if let (Some(word), Some(length)) = (u32_at(segment, 0), length) {
            self.mask = Some(next_mask(word ^ (MINING | length)));
            self.left = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Commands of these lengths, each with its header, masked from `mask` on.
    fn commands(mut mask: u32, lengths: &[usize]) -> Vec<Vec<u8>> {
        let mut said = Vec::new();
        for &length in lengths {
            let plain = MINING | u32::try_from(length).unwrap();
            let mut command = (plain ^ mask).to_le_bytes().to_vec();
            command.extend((0..length).map(|at| u8::try_from(at * 37 % 251).unwrap()));
            said.push(command);
            mask = next_mask(mask);
        }
        said
    }

    #[test]
    fn commands_prove_themselves_from_the_second_on() {
        let mut datum = Datum::default();
        let steps: Vec<_> =
            commands(0x1234_5678, &[60, 131, 88]).iter().map(|said| datum.take(true, Some(said))).collect();
        assert_eq!(steps, [None, Some(DatumStep::GatewayCommands), None]);
    }

    #[test]
    fn an_answer_of_another_form_does_not_hide_the_commands_after_it() {
        let mut datum = Datum::default();
        assert_eq!(datum.take(false, Some(&[7; 400])), Some(DatumStep::Answer));
        let said = commands(99, &[200, 40, 40]);
        let steps: Vec<_> = said.iter().map(|said| datum.take(false, Some(said))).collect();
        assert_eq!(steps, [None, Some(DatumStep::PoolCommands), None]);
    }

    #[test]
    fn random_segments_prove_nothing() {
        let mut datum = Datum::default();
        let mut word = 1u32;
        for length in (10..5000).map(|length| length % 200 + 8) {
            word = next_mask(word);
            let segment: Vec<u8> = (0..length).map(|at| (word >> (at % 24)).to_le_bytes()[0]).collect();
            assert_eq!(datum.take(true, Some(&segment)), None);
        }
    }
}
