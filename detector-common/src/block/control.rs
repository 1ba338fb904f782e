/// What is done with packets that are blocked: they are counted and pass.
pub const DRY_RUN: u32 = 1;
/// They are dropped.
pub const ENFORCE: u32 = 2;

/// What the agent says of all blocks. It can be changed under traffic.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Control {
    /// [`DRY_RUN`] or [`ENFORCE`]. With anything else nothing is blocked, nor looked for.
    pub mode: u32,
    /// Of which kinds there are blocks, as [`Kinds`].
    pub kinds: Kinds,
    /// Until when the agent's word holds, in nanoseconds since the machine started. After that nothing is blocked.
    pub until: u64,
    /// Of 1,000 packets of all CPUs, so many a CPU may drop within a second.
    pub share: u32,
    /// So many packets it may drop within a second in any case.
    pub free: u32,
    /// How many packets all CPUs have seen lately, a second.
    pub packets: u64,
}

/// Kinds of blocks, as bits.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u32);

impl Kinds {
    /// Single connections.
    pub const FLOWS: Self = Self(1);
    /// One address towards an address and port.
    pub const PAIRS: Self = Self(2);
    /// All that comes from or goes to a network, or a single address.
    pub const NETWORKS: Self = Self(4);

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether one of these is among them.
    #[must_use]
    #[inline(always)]
    pub const fn have(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}
