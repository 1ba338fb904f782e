//! When a flow is reported, and with which verdict: the one place in which the thresholds stand.

use super::{Protocol, Side, Stage, Verdict};
use crate::protocol::Kind;

/// One flow in 100,000 is mining before anything is known of it: the natural logarithm of the odds.
pub const PRIOR: f64 = -11.5;

/// Taken away for each line that has no place in a mining conversation, divided by the messages that have.
/// It never takes more than the same side has brought.
pub(super) const FOREIGN_LINE: f64 = -6.0;

/// Weight below which nothing is reported: a probability of 12 %.
pub(super) const SUSPICION: f64 = 9.5;

/// Number of jobs or shares that make a series.
pub(super) const SERIES: u64 = 3;

/// Probability from which a flow is probably mining.
pub(super) const LIKELY: f64 = 0.5;

/// Probability that is needed where both sides speak, and where one does.
pub(super) const SURE: f64 = 0.99;
pub(super) const CERTAIN: f64 = 0.999;

/// Weights of the miner and the pool that confirm each other.
pub(super) const BOTH: [f64; 2] = [6.0, 4.0];

/// Weight with which the miner, the pool or peers alone are beyond doubt.
pub(super) const MINER_ALONE: f64 = 25.0;
pub(super) const POOL_ALONE: f64 = 18.0;
pub(super) const PEERS: f64 = 20.0;

/// Different messages of the miner that it takes.
pub(super) const MINER_MESSAGES: usize = 3;

/// What was said, in sums of weights.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    pub(super) miner: f64,
    pub(super) pool: f64,
    pub(super) peer: f64,
    /// What of the miner and the pool only keeps a connection alive.
    pub(super) upkeep: [f64; 2],
    /// Different messages of the miner.
    pub(super) messages: usize,
    /// There were jobs enough for a series.
    pub(super) series: bool,
    /// What came from the wrong side, at most 0.
    pub(super) rival: f64,
    /// Foreign lines of the miner and the pool, at most 0, as if they could outweigh anything.
    pub(super) foreign: [f64; 2],
    /// Nothing but sizes was seen.
    pub(super) sizes: bool,
}

/// What foreign lines take away beside so much that the same side said.
pub(super) const fn foreign_weight(lines: f64, said: f64) -> f64 {
    lines.max(-said)
}

impl Sums {
    /// Whether it is enough to be reported.
    pub(super) fn is_weighty(score: f64) -> bool {
        score >= SUSPICION
    }

    /// Takes in one thing that was said.
    pub(super) fn add(&mut self, side: Side, kind: &str, weight: f64, message: bool) {
        let upkeep = if Kind::is_upkeep(kind) { weight } else { 0.0 };
        let [miner_upkeep, pool_upkeep] = &mut self.upkeep;
        match side {
            Side::Miner => {
                self.miner += weight;
                *miner_upkeep += upkeep;
                self.messages += usize::from(message);
            }
            Side::Pool => {
                self.pool += weight;
                *pool_upkeep += upkeep;
                self.series |= kind == Kind::JOB_SERIES.name;
            }
            Side::Peer => self.peer += weight,
        }
    }

    /// The weight of all.
    pub(super) fn score(&self) -> f64 {
        let [by_miner, by_pool] = self.foreign;
        let foreign = foreign_weight(by_miner, self.miner) + foreign_weight(by_pool, self.pool);
        self.miner + self.pool + self.peer + self.rival + foreign
    }

    /// Probability of mining, or of a node, 0 to 1.
    pub(super) fn confidence(&self) -> f64 {
        1.0 / (1.0 + (-(PRIOR + self.score())).exp())
    }

    /// What the miner and the pool say that only they say at this stage: before there is a job or a share, staying connected
    /// is what the clients of any service do.
    pub(super) fn telling(&self, stage: Stage) -> [f64; 2] {
        let [miner, pool] = if stage >= Stage::Working { [0.0; 2] } else { self.upkeep };
        [self.miner - miner, self.pool - pool]
    }

    /// The verdict. `None` if nothing is reported.
    pub(super) fn verdict(&self, protocol: Protocol, stage: Stage) -> Option<Verdict> {
        let confidence = self.confidence();
        if !Self::is_weighty(self.score()) {
            return None;
        }
        if protocol.is_node() {
            return (confidence >= LIKELY).then_some(Verdict::Node);
        }
        if confidence < LIKELY {
            return Some(Verdict::Suspected);
        }
        let [miner, pool] = self.telling(stage);
        let [from_miner, from_pool] = BOTH;
        let both = miner >= from_miner && pool >= from_pool && confidence >= SURE;
        let miner_alone = self.miner >= MINER_ALONE && self.messages >= MINER_MESSAGES;
        let pool_alone = self.pool >= POOL_ALONE && self.series;
        let certain = confidence >= CERTAIN;
        let confirmed = both || (certain && (self.peer >= PEERS || miner_alone || pool_alone));
        Some(if confirmed && !self.sizes { Verdict::Confirmed } else { Verdict::Probable })
    }
}
