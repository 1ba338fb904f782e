//! The limits of the recogniser. They are fixed when the program is loaded.

/// Limits, all in bytes, bytes a second, or [`Ticks`](crate::flow::Ticks).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Bytes of one direction of a flow that are scanned at once, before the rate applies. As many
    /// again, of both directions together, of what does not bring its direction on.
    pub scan_burst: u32,
    /// Bytes a second by which the scan credit of a direction is refilled, and that of all
    /// else.
    pub scan_rate: u32,
    /// Bytes of one watched flow that are copied to the agent at once, with [`EVENT_FIXED`] for each
    /// segment. As many again of what was copied before, comes late or from far away, and of ends.
    ///
    /// [`EVENT_FIXED`]: crate::event::EVENT_FIXED
    pub watch_burst: u32,
    /// Bytes a second by which each of the two credits of a watched flow is refilled.
    pub watch_rate: u32,
    /// Bytes of all watched flows together, for each CPU, that are copied at once, counted likewise.
    pub budget_burst: u32,
    /// Bytes a second by which that budget is refilled, for each CPU.
    pub budget_rate: u32,
    /// Bytes of fragments of TCP, for each CPU, that are copied at once, with what each event costs
    /// beside them. A sixteenth of it is for one pair of addresses.
    pub fragment_burst: u32,
    /// Bytes a second by which that budget is refilled, for each CPU.
    pub fragment_rate: u32,
    /// A direction counts as early, where any disorder is a reason to watch, for this many bytes.
    /// Later, disorder is one where it may hide a token.
    pub early_bytes: u32,
    /// For how long disorder is no reason to watch a flow after the agent dismissed one that was
    /// watched for a doubt, in ticks.
    pub doubt_ticks: u32,
    /// For how long a flow must be scanned, and heard again in steps of a quarter of that, until
    /// floods of new flows cannot wash it out any more, in ticks.
    pub lasting_ticks: u32,
    /// How long a flow in which a token was found and that the agent dismissed is not scanned, in
    /// ticks of 2^20 ns.
    pub ignore_ticks: u32,
    /// 1 when each packet carries its own time in front of it (see `detector-ebpf`), 0 when the
    /// clock of the machine counts.
    pub replay: u32,
}

impl Settings {
    /// What `firedamp run` uses unless told otherwise.
    pub const DEFAULT: Self = Self {
        scan_burst: 16 << 10,
        scan_rate: 1 << 10,
        watch_burst: 256 << 10,
        watch_rate: 16 << 10,
        budget_burst: 8 << 20,
        budget_rate: 32 << 20,
        fragment_burst: 4 << 20,
        fragment_rate: 4 << 20,
        early_bytes: 1 << 10,
        doubt_ticks: 60 * 954,
        lasting_ticks: 8 * 954,
        ignore_ticks: 10 * 60 * 954,
        replay: 0,
    };
}

impl Default for Settings {
    fn default() -> Self {
        Self::DEFAULT
    }
}
