use std::fmt;

use super::super::rule::{
    BOTH, CERTAIN, LIKELY, MINER_ALONE, MINER_MESSAGES, PEERS, POOL_ALONE, PRIOR, SERIES, SURE, SUSPICION,
    Sums,
};
use super::{Judged, Side, Verdict};
use crate::protocol::Kind;

/// More than is lost when weights are added up.
const ROUNDING: f64 = 1e-9;

/// Something that was missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Need {
    /// More that was not said yet, of this weight together.
    Said {
        /// By whom; `None` if it does not matter.
        by: Option<Side>,
        /// The weight.
        weight: f64,
        /// More than that it keeps a connection alive.
        telling: bool,
    },
    /// So many kinds of messages of the miner that were not said yet.
    Messages(usize),
    /// As many jobs in one connection as make a series.
    Jobs,
}

/// What would have made a verdict higher: all of these together.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// The verdict that it would have been.
    pub verdict: Verdict,
    /// What was missing.
    pub needs: Vec<Need>,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said { by, weight, telling } => {
                let whose = match by {
                    None => "more messages of either side",
                    Some(Side::Miner) => "more messages of the miner",
                    Some(Side::Pool) => "more messages of the pool, such as a job",
                    Some(Side::Peer) => "more messages of the peers",
                };
                let more = if *telling { ", other than to keep the connection alive" } else { "" };
                let weight = (weight * 10.0 - ROUNDING * 100.0).ceil() / 10.0;
                write!(f, "{whose}, of weight {weight} or more{more}")
            }
            Self::Messages(1) => f.write_str("one more kind of message of the miner"),
            Self::Messages(count) => write!(f, "{count} more kinds of messages of the miner"),
            Self::Jobs => write!(f, "{SERIES} or more jobs in one connection"),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, need) in self.needs.iter().enumerate() {
            let and = if at == 0 { "" } else { "; and " };
            write!(f, "{and}{need}")?;
        }
        Ok(())
    }
}

/// The ways to the next higher verdict.
pub(super) fn higher(judged: &Judged<'_>, verdict: Option<Verdict>) -> Vec<Way> {
    let sums = judged.sums(judged.evidence.iter());
    let any = |verdict, weight: f64| {
        let by = judged.is_of_peers().then_some(Side::Peer);
        let mut needs = Needs::new(&sums);
        needs.reach(weight, by);
        needs.way(verdict)
    };
    match verdict {
        None if judged.protocol.is_node() => vec![any(Verdict::Node, total(LIKELY).max(SUSPICION))],
        None => vec![any(Verdict::Suspected, SUSPICION)],
        Some(Verdict::Suspected) => vec![any(Verdict::Probable, total(LIKELY))],
        Some(Verdict::Probable) if !sums.sizes => confirming(judged, &sums),
        // A node is no miner whatever else it says as one, and what cannot be read confirms nothing.
        Some(Verdict::Probable | Verdict::Node | Verdict::Confirmed) => Vec::new(),
    }
}

/// The sum of weights from which the probability is so high.
fn total(confidence: f64) -> f64 {
    (confidence / (1.0 - confidence)).ln() - PRIOR
}

fn confirming(judged: &Judged<'_>, sums: &Sums) -> Vec<Way> {
    let certain = total(CERTAIN);
    if judged.is_of_peers() {
        let mut peers = Needs::new(sums);
        peers.say(Side::Peer, PEERS - sums.peer, false);
        peers.reach(certain, Some(Side::Peer));
        return vec![peers.way(Verdict::Confirmed)];
    }
    let mut both = Needs::new(sums);
    for ((side, least), said) in
        [Side::Miner, Side::Pool].into_iter().zip(BOTH).zip(sums.telling(judged.stage))
    {
        both.say(side, least - said, true);
    }
    both.reach(total(SURE), None);
    let mut miner = Needs::new(sums);
    miner.say(Side::Miner, MINER_ALONE - sums.miner, false);
    let missing = MINER_MESSAGES.saturating_sub(sums.messages);
    miner.needs.extend((missing > 0).then_some(Need::Messages(missing)));
    miner.reach(certain, Some(Side::Miner));
    let mut pool = Needs::new(sums);
    if !sums.series {
        pool.needs.push(Need::Jobs);
        pool.sums.pool += Kind::JOB_SERIES.weight;
    }
    pool.say(Side::Pool, POOL_ALONE - pool.sums.pool, false);
    pool.reach(certain, Some(Side::Pool));
    // What has been said nothing of is no way that is worth to be told.
    let spoke = [true, sums.miner > 0.0, sums.pool > 0.0];
    let ways = [both, miner, pool].into_iter().zip(spoke).filter(|(_, spoke)| *spoke);
    ways.map(|(needs, _)| needs.way(Verdict::Confirmed)).collect()
}

/// What is missing, and the sums if it is said.
struct Needs {
    sums: Sums,
    needs: Vec<Need>,
}

impl Needs {
    fn new(sums: &Sums) -> Self {
        Self { sums: *sums, needs: Vec::new() }
    }

    /// One side says more, if more is missing.
    fn say(&mut self, side: Side, weight: f64, telling: bool) {
        if weight <= 0.0 {
            return;
        }
        match side {
            Side::Miner => self.sums.miner += weight,
            Side::Pool => self.sums.pool += weight,
            Side::Peer => self.sums.peer += weight,
        }
        let known = self.needs.iter_mut().find_map(|need| match need {
            Need::Said { by: Some(by), weight, .. } if *by == side => Some(weight),
            _ => None,
        });
        match known {
            Some(known) => *known += weight,
            None => self.needs.push(Need::Said { by: Some(side), weight, telling }),
        }
    }

    /// More is said, by this side, until all weighs so much. Foreign lines may take a part of it.
    fn reach(&mut self, weight: f64, by: Option<Side>) {
        let missing = weight - self.sums.score();
        if missing <= 0.0 {
            return;
        }
        // What is lost in rounding must not be missing.
        let missing = missing + ROUNDING;
        let [miner, pool] = self.sums.foreign;
        let taken = match by {
            Some(Side::Miner) => [miner + self.sums.miner, 0.0],
            Some(Side::Pool) => [0.0, pool + self.sums.pool],
            Some(Side::Peer) => [0.0; 2],
            None => [miner + self.sums.miner, pool + self.sums.pool],
        };
        let weight = missing - taken.map(|beyond| beyond.min(0.0)).iter().sum::<f64>();
        match by {
            Some(side) => self.say(side, weight, false),
            None => self.needs.push(Need::Said { by: None, weight, telling: false }),
        }
    }

    fn way(self, verdict: Verdict) -> Way {
        Way { verdict, needs: self.needs }
    }
}
