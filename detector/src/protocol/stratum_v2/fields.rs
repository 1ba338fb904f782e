use crate::protocol::shape::difficulty_of_target;

/// Fields of a message, from the front.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.first_chunk().copied()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn boolean(&mut self) -> Option<()> {
        (self.u8()? <= 1).then_some(())
    }

    /// `B0_32` or `B0_255`.
    pub(super) fn short(&mut self, most: u8) -> Option<&'a [u8]> {
        let length = self.u8().filter(|&length| length <= most)?;
        self.take(length.into())
    }

    /// `B0_64K`.
    pub(super) fn long(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(length.into())
    }

    /// `STR0_255` in UTF-8, without control characters.
    pub(super) fn words(&mut self) -> Option<&'a str> {
        let text = std::str::from_utf8(self.short(255)?).ok()?;
        text.chars().all(|character| !character.is_control()).then_some(text)
    }

    /// Hashes a second. A proxy without miners says 0.
    pub(super) fn rate(&mut self) -> Option<f32> {
        self.array().map(f32::from_le_bytes).filter(|rate| rate.is_finite() && *rate >= 0.0)
    }

    /// The target of shares, which is not 0, as a difficulty.
    pub(super) fn target(&mut self) -> Option<f64> {
        let target = self.array::<32>()?;
        let digits = target.iter().rev().flat_map(|byte| [byte >> 4, byte & 15]);
        let digits: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
        difficulty_of_target(&digits)
    }

    /// Seconds since 1970, after Bitcoin began.
    pub(super) fn time(&mut self) -> Option<u32> {
        self.u32().filter(|&time| time > 0x4960_0000)
    }

    pub(super) fn optional_time(&mut self) -> Option<()> {
        match self.u8()? {
            0 => Some(()),
            1 => self.time().map(drop),
            _ => None,
        }
    }

    /// A target in the short form of a block header: an exponent and three digits of base 256.
    pub(super) fn bits(&mut self) -> Option<()> {
        let bits = self.u32()?;
        ((3..=0x20).contains(&(bits >> 24)) && bits & 0x0080_0000 == 0).then_some(())
    }
}
