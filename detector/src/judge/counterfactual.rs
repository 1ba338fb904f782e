//! What would have changed a verdict, from what a record holds.

mod cuts;
mod ways;

use super::hypothesis::{CLIENT_FOREIGN, POOL_FOREIGN, WRONG_SIDE};
use super::rule::Sums;
use super::{Assessment, Evidence, Protocol, Side, Stage, Verdict};
use crate::protocol::Kind;
pub use ways::{Need, Way};

/// What was judged.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The dialect spoken.
    pub protocol: Protocol,
    /// How far it got.
    pub stage: Stage,
    /// Whether its contents are encrypted.
    pub encrypted: bool,
    /// The reasons.
    pub evidence: &'a [Evidence],
}

impl<'a> From<&'a Assessment> for Judged<'a> {
    fn from(assessment: &'a Assessment) -> Self {
        let Assessment { protocol, stage, encrypted, evidence, .. } = assessment;
        Self { protocol: *protocol, stage: *stage, encrypted: *encrypted, evidence }
    }
}

/// The judgement if some of the evidence was missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alternative {
    /// `None` if nothing would be reported.
    pub verdict: Option<Verdict>,
    /// Probability of mining, or of a node, 0 to 1.
    pub confidence: f64,
}

/// What would have changed a verdict. Pieces of evidence are told by their places in the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Counterfactuals {
    /// The judgement by this evidence alone. It is that of the record, unless connections of the record that told less took
    /// it further.
    pub with_all: Alternative,
    /// For each piece of evidence, in their order: the judgement without it.
    pub without_each: Vec<Alternative>,
    /// The least pieces without which the verdict would be lower, or nothing would be reported. Empty if nothing is
    /// reported anyway.
    pub lower_without: Vec<usize>,
    /// The least pieces without which nothing would be reported.
    pub nothing_without: Vec<usize>,
    /// What would have made the verdict higher: any of these ways. Empty if none could.
    pub higher_with: Vec<Way>,
}

/// What would have changed the verdict on what was `judged`. The protocol is taken to be the same whatever is missing.
#[must_use]
pub fn counterfactuals(judged: &Judged<'_>) -> Counterfactuals {
    let all = judged.without(&[]);
    let lower = |cut: &[usize]| judged.without(cut).verdict < all.verdict;
    let nothing = |cut: &[usize]| judged.without(cut).verdict.is_none();
    let reported = all.verdict.is_some();
    let pieces = judged.evidence;
    Counterfactuals {
        with_all: all,
        without_each: (0..pieces.len()).map(|at| judged.without(&[at])).collect(),
        lower_without: if reported { cuts::least(pieces, lower) } else { Vec::new() },
        nothing_without: if reported { cuts::least(pieces, nothing) } else { Vec::new() },
        higher_with: ways::higher(judged, all.verdict),
    }
}

impl Judged<'_> {
    /// The judgement without the pieces of evidence at these places.
    #[must_use]
    pub fn without(&self, missing: &[usize]) -> Alternative {
        let kept = self.evidence.iter().enumerate().filter(|(at, _)| !missing.contains(at));
        self.alternative(&self.sums(kept.map(|(_, reason)| reason)))
    }

    fn alternative(&self, sums: &Sums) -> Alternative {
        Alternative { verdict: sums.verdict(self.protocol, self.stage), confidence: sums.confidence() }
    }

    fn sums<'a>(&self, evidence: impl Iterator<Item = &'a Evidence>) -> Sums {
        let mut sums = Sums { sizes: self.saw_only_sizes(), ..Sums::default() };
        let [by_miner, by_pool] = &mut sums.foreign;
        let mut said = Vec::new();
        for reason in evidence {
            match (reason.kind, reason.side) {
                (WRONG_SIDE, _) => sums.rival = reason.weight,
                (CLIENT_FOREIGN, _) => *by_miner = reason.weight,
                (POOL_FOREIGN, _) => *by_pool = reason.weight,
                _ => said.push(reason),
            }
        }
        for reason in said {
            sums.add(reason.side, reason.kind, reason.weight, reason.message);
        }
        sums
    }

    /// Encrypted, and not even headers could be read.
    fn saw_only_sizes(&self) -> bool {
        let headers = [Kind::DATUM_HELLO, Kind::DATUM_ANSWER, Kind::DATUM_COMMANDS, Kind::RLPX];
        let read = |reason: &Evidence| headers.iter().any(|kind| kind.name == reason.kind);
        self.encrypted && !self.evidence.iter().any(read)
    }

    /// What sides can say here: peers, or a miner and a pool.
    fn is_of_peers(&self) -> bool {
        self.evidence.iter().any(|reason| reason.side == Side::Peer)
    }
}
