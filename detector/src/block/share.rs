use detector_common::block::FEW;
use detector_common::counters::{Counter, Counters};

use super::Config;

const SECOND: u64 = 1_000_000_000;

/// Looks whether more of all traffic is dropped than the operator takes for possible. A CPU by itself, which some miners may
/// have nearly for themselves, is measured by what all CPUs have seen.
#[derive(Debug, Default)]
pub(super) struct Share {
    /// What the program had counted, and when, in nanoseconds since the machine started.
    latest: Option<(Counts, u64)>,
    /// Packets a second, over the time before.
    packets: u64,
    /// What was counted until the next look was forgiven.
    forgiven: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    packets: u64,
    blocked: u64,
    shed: u64,
}

impl Counts {
    fn of(counters: &Counters) -> Self {
        Self {
            packets: counters.get(Counter::Packets),
            blocked: counters.get(Counter::Blocked),
            shed: counters.get(Counter::BlockShed),
        }
    }
}

impl Share {
    /// Packets a second on all CPUs.
    pub(super) const fn packets(&self) -> u64 {
        self.packets
    }

    /// What was counted before this agent is no reason for an alarm.
    pub(super) fn begin(&mut self, counters: &Counters, now: u64) {
        self.latest = Some((Counts::of(counters), now));
    }

    /// Whatever is counted until the next look is no reason for an alarm.
    pub(super) const fn forgive(&mut self) {
        self.forgiven = true;
    }

    /// Whether it was too much since the last look.
    pub(super) fn exceeded(&mut self, counters: &Counters, config: &Config, now: u64) -> bool {
        let counts = Counts::of(counters);
        let (before, since) = self.latest.replace((counts, now)).unwrap_or_default();
        let milliseconds = (now.saturating_sub(since) / (SECOND / 1000)).max(1);
        let grown = |after: u64, before: u64| after.saturating_sub(before);
        let [packets, blocked, shed] = [
            grown(counts.packets, before.packets),
            grown(counts.blocked, before.blocked),
            grown(counts.shed, before.shed),
        ];
        self.packets = packets.saturating_mul(1000) / milliseconds;
        if std::mem::take(&mut self.forgiven) {
            return false;
        }
        let free = u64::from(config.free).saturating_mul(milliseconds.max(1000)) / 1000;
        let of = packets.max(FEW).saturating_mul(config.share.into());
        shed > 0 || (blocked > free.saturating_mul(cpus()) && blocked.saturating_mul(1000) > of)
    }
}

/// Each may drop some in any case.
fn cpus() -> u64 {
    std::thread::available_parallelism().map_or(1, |count| count.get() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(packets: u64, blocked: u64, shed: u64) -> Counters {
        let mut counters = Counters::ZERO;
        for (counter, count) in
            [(Counter::Packets, packets), (Counter::Blocked, blocked), (Counter::BlockShed, shed)]
        {
            (0..count).for_each(|_| counters.add(counter));
        }
        counters
    }

    #[test]
    fn the_share_is_one_of_all_traffic() {
        let config = Config { share: 50, free: 0, ..Config::default() };
        let mut share = Share::default();
        assert!(!share.exceeded(&counters(10_000, 500, 0), &config, SECOND));
        assert_eq!(share.packets(), 10_000);
        assert!(
            !share.exceeded(&counters(10_040, 540, 0), &config, 2 * SECOND),
            "of few packets some may be all"
        );
        assert!(share.exceeded(&counters(12_040, 641, 0), &config, 3 * SECOND), "101 of 2,000");
        assert!(share.exceeded(&counters(22_040, 642, 1), &config, 4 * SECOND), "a CPU let some pass");
        share.forgive();
        assert!(!share.exceeded(&counters(22_041, 642, 9), &config, 5 * SECOND));
        assert!(!share.exceeded(&counters(22_042, 642, 9), &config, 6 * SECOND));
        assert!(share.exceeded(&counters(22_043, 642, 10), &config, 7 * SECOND));
    }
}
