use super::{BlockKey, Control, DRY_RUN, ENFORCE, Guard, Kinds, Network};
use crate::counters::{Counter, Counters};
use crate::flow::End;
use crate::packet::Ends;

/// A block that stands in a table.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// When it is over, in nanoseconds since the machine started.
    pub expires: u64,
    /// Packets that it kept back, or would have.
    pub hits: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// When the latest of them came.
    pub latest: u64,
}

/// The tables of blocks. In the kernel several CPUs share them.
pub trait Blocks {
    /// The block of a connection or a pair.
    fn exact(&mut self, key: &BlockKey) -> Option<&mut Block>;

    /// The block of the longest prefix of an address.
    fn network(&mut self, address: &Network) -> Option<&mut Block>;

    /// Counts a packet of so many bytes.
    fn hit(block: &mut Block, bytes: u32, now: u64);
}

/// What one CPU remembers, and works with: the stack of the kernel is small.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Work {
    guard: Guard,
    exact: BlockKey,
    network: Network,
    host: Network,
}

impl Work {
    /// At the start.
    #[must_use]
    pub const fn new() -> Self {
        let nowhere = End::v4([0; 4], [0; 2]);
        let host = Network::host(&nowhere);
        Self { guard: Guard::NEW, exact: BlockKey::pair(nowhere, nowhere), network: host, host }
    }
}

impl Default for Work {
    fn default() -> Self {
        Self::new()
    }
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Pass,
    /// It ends here.
    Drop,
}

/// All that decides about a packet.
pub struct Gate<'a, B, A> {
    /// What the agent says.
    pub control: &'a Control,
    /// What is blocked.
    pub blocks: B,
    /// Whether a prefix of an address must not be blocked.
    pub is_allowed: A,
    /// What this CPU remembers.
    pub work: &'a mut Work,
    /// What became of the packets.
    pub counters: &'a mut Counters,
}

impl<B: Blocks, A: FnMut(&Network) -> bool> Gate<'_, B, A> {
    /// Decides about a packet of so many bytes. `ends` are asked only if something is blocked at all, and `now`, in
    /// nanoseconds since the machine started, only if something of this packet is.
    #[inline(always)]
    pub fn judge<'e>(
        &mut self,
        bytes: u32,
        ends: impl FnOnce() -> Option<&'e Ends>,
        now: impl Fn() -> u64,
    ) -> Verdict {
        let Self { control, blocks, is_allowed, work: Work { guard, exact, network, host }, counters } = self;
        let Control { mode, kinds, until, .. } = **control;
        guard.pass();
        if kinds == Kinds::default() || !matches!(mode, DRY_RUN | ENFORCE) {
            return Verdict::Pass;
        }
        let Some(Ends { source, destination, protocol, ports }) = ends() else { return Verdict::Pass };
        let mut meet = |block: Option<&mut Block>| -> Option<Verdict> {
            let block = block?;
            let now = now();
            if now >= until || now >= block.expires {
                return None;
            }
            for end in [source, destination] {
                *host = Network::host(end);
                if is_allowed(host) {
                    counters.add(Counter::BlockAllowed);
                    return Some(Verdict::Pass);
                }
            }
            B::hit(block, bytes, now);
            if mode == DRY_RUN {
                counters.add(Counter::WouldBlock);
                return Some(Verdict::Pass);
            }
            if !guard.may_drop(control, now) {
                counters.add(Counter::BlockShed);
                return Some(Verdict::Pass);
            }
            counters.add(Counter::Packets);
            counters.add(Counter::Blocked);
            Some(Verdict::Drop)
        };
        if *ports && kinds.have(Kinds::FLOWS) {
            *exact = BlockKey::flow(*source, *destination, *protocol);
            if let Some(verdict) = meet(blocks.exact(exact)) {
                return verdict;
            }
        }
        if *ports && kinds.have(Kinds::PAIRS) {
            *exact = BlockKey::pair(*source, *destination);
            if let Some(verdict) = meet(blocks.exact(exact)) {
                return verdict;
            }
            *exact = BlockKey::pair(*destination, *source);
            if let Some(verdict) = meet(blocks.exact(exact)) {
                return verdict;
            }
        }
        if kinds.have(Kinds::NETWORKS) {
            *network = Network::host(source);
            if let Some(verdict) = meet(blocks.network(network)) {
                return verdict;
            }
            *network = Network::host(destination);
            if let Some(verdict) = meet(blocks.network(network)) {
                return verdict;
            }
        }
        Verdict::Pass
    }
}
