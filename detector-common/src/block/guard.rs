use super::Control;

/// Nanoseconds of the window in which the share of dropped packets is taken.
const WINDOW: u64 = 1_000_000_000;

/// The share is one of so many packets at least: of a few, a single one would be too large a share.
pub const FEW: u64 = 1000;

/// Keeps one CPU from dropping more than the operator takes for possible.
///
/// The share is one of all traffic: a card may give a CPU hardly anything but a miner's packets. What the CPU itself sees
/// counts if that is more than the agent has said, in this second or in the one before.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Guard {
    /// Packets so far.
    packets: u64,
    /// When the window began, and how many there were then.
    since: u64,
    before: u64,
    /// Packets a second until then, since the window before began.
    rate: u64,
    /// Packets that were dropped in the window.
    dropped: u64,
}

impl Guard {
    /// Nothing was dropped yet.
    pub(super) const NEW: Self = Self { packets: 0, since: 0, before: 0, rate: 0, dropped: 0 };

    /// Takes note of a packet.
    #[inline(always)]
    pub(super) const fn pass(&mut self) {
        self.packets = self.packets.wrapping_add(1);
    }

    /// Whether the packet of which note was just taken may be dropped.
    #[inline(always)]
    pub(super) fn may_drop(&mut self, control: &Control, now: u64) -> bool {
        let elapsed = now.wrapping_sub(self.since);
        if elapsed >= WINDOW {
            let start = self.packets.wrapping_sub(1);
            // A window ends with the first blocked packet after its second: there may have been none for hours.
            self.rate = start.wrapping_sub(self.before).wrapping_mul(1000) / (elapsed / (WINDOW / 1000));
            self.since = now;
            self.before = start;
            self.dropped = 0;
        }
        let packets = self.packets.wrapping_sub(self.before).max(self.rate).max(control.packets).max(FEW);
        // Multiplied and not divided: a packet more or less is not worth a division.
        let dropped = self.dropped.wrapping_add(1);
        if dropped > u64::from(control.free)
            && dropped.wrapping_mul(1000) > packets.wrapping_mul(u64::from(control.share))
        {
            return false;
        }
        self.dropped = dropped;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many packets are dropped if every `each`-th is blocked.
    fn dropped(control: &Control, guard: &mut Guard, packets: u64, each: u64, now: u64) -> u64 {
        (0..packets)
            .map(|number| {
                guard.pass();
                u64::from(number.is_multiple_of(each) && guard.may_drop(control, now))
            })
            .sum()
    }

    #[test]
    fn a_share_of_the_packets_may_be_dropped_and_some_in_any_case() {
        let control = Control { share: 100, free: 10, ..Control::default() };
        let mut guard = Guard::NEW;
        assert_eq!(dropped(&control, &mut guard, 1000, 20, WINDOW), 50, "one of twenty is little");
        assert_eq!(dropped(&control, &mut guard, 1000, 1, 2 * WINDOW), 100, "a tenth");
        assert_eq!(dropped(&control, &mut guard, 5, 1, 3 * WINDOW), 5, "few may be dropped in any case");
        let none = Control { share: 0, free: 0, ..control };
        assert_eq!(dropped(&none, &mut guard, 1000, 1, 4 * WINDOW), 0);
    }

    #[test]
    fn each_second_begins_anew() {
        let control = Control { share: 0, free: 3, ..Control::default() };
        let mut guard = Guard::NEW;
        for second in 1..10 {
            assert_eq!(dropped(&control, &mut guard, 100, 1, second * WINDOW), 3);
            assert_eq!(dropped(&control, &mut guard, 100, 1, second * WINDOW + WINDOW / 2), 0);
        }
    }

    #[test]
    fn one_of_few_packets_is_no_share() {
        let control = Control { share: 50, free: 0, ..Control::default() };
        let mut guard = Guard::NEW;
        assert_eq!(dropped(&control, &mut guard, 1, 1, WINDOW), 1, "the first packet of all");
        assert_eq!(
            dropped(&control, &mut guard, 200, 1, 2 * WINDOW),
            50,
            "of a thousand, not of two hundred"
        );
    }

    #[test]
    fn the_second_before_counts_and_what_all_cpus_see() {
        let control = Control { share: 50, free: 0, ..Control::default() };
        let mut guard = Guard::NEW;
        assert_eq!(dropped(&control, &mut guard, 1, 1, WINDOW), 1);
        assert_eq!(dropped(&control, &mut guard, 100_000, 100_001, WINDOW), 1);
        assert_eq!(
            dropped(&control, &mut guard, 10_000, 1, 2 * WINDOW),
            5_000,
            "of 100,000 in the second before"
        );
        (0..100_000).for_each(|_| guard.pass());
        assert_eq!(
            dropped(&control, &mut guard, 10_000, 1, 102 * WINDOW),
            500,
            "1,100 a second are less than now"
        );
        let all = Control { packets: 40_000, ..control };
        assert_eq!(dropped(&all, &mut guard, 10_000, 1, 104 * WINDOW), 2_000);
        let wrong = Control { packets: u64::MAX / 1000, ..control };
        assert!(dropped(&wrong, &mut guard, 10_000, 1, 106 * WINDOW) <= 10_000, "nothing overflows");
    }
}
