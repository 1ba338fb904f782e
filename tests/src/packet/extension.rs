/// An IPv6 extension header.
#[derive(Clone, Debug)]
pub struct Extension {
    pub(super) kind: u8,
    /// Everything after the next-header byte.
    pub(super) rest: Vec<u8>,
}

impl Extension {
    /// Hop-by-hop options: `8 * (1 + units)` bytes of padding options.
    #[must_use]
    pub fn hop_by_hop(units: u8) -> Self {
        Self::padded(0, units)
    }

    /// Destination options: `8 * (1 + units)` bytes of padding options.
    #[must_use]
    pub fn destination(units: u8) -> Self {
        Self::padded(60, units)
    }

    /// A routing header of type 0 with no segments left: `8 * (1 + units)` bytes.
    #[must_use]
    pub fn routing(units: u8) -> Self {
        let mut rest = vec![units, 0, 0, 0];
        rest.resize(usize::from(units) * 8 + 7, 0);
        Self { kind: 43, rest }
    }

    /// A fragment header. `offset` counts units of 8 bytes.
    #[must_use]
    pub fn fragment(offset: u16, more: bool) -> Self {
        let [high, low] = (offset << 3 | u16::from(more)).to_be_bytes();
        Self { kind: 44, rest: vec![0, high, low, 0xf1, 0x7e, 0xda, 0x3b] }
    }

    /// One `PadN` option fills the header.
    fn padded(kind: u8, units: u8) -> Self {
        let length = usize::from(units) * 8 + 7;
        let mut rest = vec![units, 1, u8::try_from(length - 3).unwrap_or(u8::MAX)];
        rest.resize(length, 0);
        Self { kind, rest }
    }
}
