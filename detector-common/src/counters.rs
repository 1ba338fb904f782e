//! Every packet is accounted for, by what became of it.

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// What is counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(usize)]
        pub enum Counter { $($(#[$doc])* $name,)+ }

        impl Counter {
            /// All of them, in the order of [`Counters`].
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The name in records and metrics.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

counters! {
    /// Packets that arrived.
    Packets = "packets",
    /// Packets that were dropped because something of them is blocked. Nothing else is counted of them.
    Blocked = "blocked",
    /// Packets that would have been dropped if blocks were enforced.
    WouldBlock = "would_block",
    /// Packets of what is blocked that passed because one of their addresses is on the list of what must not be blocked.
    BlockAllowed = "block_allowed",
    /// Packets of what is blocked that passed because too many would have been dropped.
    BlockShed = "block_shed",
    /// Packets that carry neither IPv4 nor IPv6.
    NotIp = "not_ip",
    /// IP packets that carry neither TCP nor UDP.
    NotTcp = "not_tcp",
    /// UDP datagrams that do not look like node discovery.
    Udp = "udp",
    /// UDP datagrams that look like node discovery, copied to the agent.
    Datagrams = "datagrams",
    /// Fragments of TCP, which are put together by the agent; of others those after the first.
    Fragments = "fragments",
    /// Fragments of packets of TCP, copied to the agent.
    FragmentsCopied = "fragments_copied",
    /// Fragments of packets of TCP, not copied: the budget of this CPU for them, or what two hosts
    /// may have of it, was used up.
    FragmentsSpent = "fragments_spent",
    /// Headers that end before they should.
    Truncated = "truncated",
    /// Headers that contradict themselves.
    Malformed = "malformed",
    /// IPv6 packets with more extension headers than are followed.
    ExtensionHeaders = "extension_headers",
    /// Packets in a tunnel whose header contradicts itself.
    TunnelsMalformed = "tunnels_malformed",
    /// Packets with more tunnels, VLAN tags, MPLS labels or other headers around them than are
    /// followed.
    TooDeep = "too_deep",
    /// TCP segments without payload.
    NoPayload = "no_payload",
    /// New flows that were stored.
    Flows = "flows",
    /// Flows that went over to the table which floods of new flows cannot wash out.
    FlowsLasting = "flows_lasting",
    /// Flows that could not be stored.
    FlowsRefused = "flows_refused",
    /// Segments that were scanned.
    Scanned = "scanned",
    /// Segments of a flow whose scan credit was used up.
    Spent = "spent",
    /// Segments of a TLS conversation.
    Tls = "tls",
    /// Segments of flows that the agent dismissed, and datagrams of flows of which it has one.
    Ignored = "ignored",
    /// Scanned segments that lie behind what was read: repetitions, or late ones that fill a hole.
    Retransmitted = "retransmitted",
    /// Scanned segments after a hole, where a token may have been missed.
    Gaps = "gaps",
    /// Segments that could not be copied from the packet.
    Unreadable = "unreadable",
    /// Segments in which a token was found.
    Matches = "matches",
    /// Flows put under watch because a token may have been missed: their beginning could not be read
    /// in order, or only by the agent, or later disorder or repetitions kept bytes from being read.
    Doubtful = "doubtful",
    /// Flows that could not be watched because the table of watched flows is full.
    WatchRefused = "watch_refused",
    /// Segments of watched flows.
    Watched = "watched",
    /// Segments and ends of watched flows not copied: that flow's credit was used up.
    WatchSpent = "watch_spent",
    /// Segments and ends of watched flows not copied: the budget of this CPU was used up.
    BudgetSpent = "budget_spent",
    /// Segments not copied, or not to their end, because the ring buffer was full.
    RingFull = "ring_full",
}

impl Counter {
    /// What may become of a packet: each is counted under exactly one of these.
    pub const FATES: &'static [Self] = &[
        Self::Blocked,
        Self::NotIp,
        Self::NotTcp,
        Self::Udp,
        Self::Datagrams,
        Self::Fragments,
        Self::Truncated,
        Self::Malformed,
        Self::ExtensionHeaders,
        Self::TunnelsMalformed,
        Self::TooDeep,
        Self::NoPayload,
        Self::FlowsRefused,
        Self::Scanned,
        Self::Spent,
        Self::Tls,
        Self::Ignored,
        Self::Watched,
    ];
}

/// How many counters there are.
pub const COUNTERS: usize = Counter::ALL.len();

/// The counters of one CPU, or their sum.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters([u64; COUNTERS]);

impl Counters {
    /// All zero.
    pub const ZERO: Self = Self([0; COUNTERS]);

    /// Counts one.
    #[inline(always)]
    pub const fn add(&mut self, counter: Counter) {
        #[expect(clippy::indexing_slicing, reason = "the enum has as many variants as the array elements")]
        {
            self.0[counter as usize] = self.0[counter as usize].wrapping_add(1);
        }
    }

    /// Counts one, where the counter is not a constant: the verifier must see its bound checked.
    #[inline(always)]
    pub fn add_computed(&mut self, counter: Counter) {
        if let Some(count) = self.0.get_mut(core::hint::black_box(counter as usize)) {
            *count = count.wrapping_add(1);
        }
    }

    /// The value of one counter.
    #[must_use]
    pub const fn get(&self, counter: Counter) -> u64 {
        #[expect(clippy::indexing_slicing, reason = "the enum has as many variants as the array elements")]
        {
            self.0[counter as usize]
        }
    }

    /// Adds the counters of another CPU.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine = mine.wrapping_add(theirs);
        }
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Counter::ALL.iter().map(|counter| (counter.name(), self.get(*counter)))
    }
}
