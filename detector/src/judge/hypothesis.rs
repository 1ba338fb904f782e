use std::collections::BTreeMap;

use detector_common::flow::Direction;

use super::weight::{FOREIGN_LINE, PRIOR, weight};
use super::{Assessment, Evidence, Facts, Protocol, Side, Stage, Verdict};
use crate::protocol::{Fact, Finding, Kind, coin_of};

/// Weight below which nothing is reported.
const SUSPICION: f64 = 7.0;

/// Number of jobs or shares that make a series.
const SERIES: u64 = 3;

/// The supposition that the miner sends in one direction, and what speaks for it.
#[derive(Debug, Default)]
pub(super) struct Hypothesis {
    kinds: BTreeMap<Kind, Side>,
    protocols: BTreeMap<Protocol, f64>,
    stage: Option<Stage>,
    facts: Facts,
}

impl Hypothesis {
    /// Adds what a message said that supports it.
    pub(super) fn add(&mut self, finding: &Finding) {
        for &kind in &finding.kinds {
            if self.kinds.insert(kind, finding.side).is_none() {
                *self.protocols.entry(finding.protocol).or_default() += weight(kind);
            }
        }
        self.stage = self.stage.max(Some(finding.stage));
        for fact in &finding.facts {
            self.learn(fact);
        }
        if self.facts.jobs >= SERIES {
            self.kinds.insert(Kind::JobSeries, Side::Pool);
        }
        if self.facts.shares.submitted >= SERIES {
            self.kinds.insert(Kind::ShareSeries, Side::Miner);
        }
    }

    /// The first name given counts, the last number does.
    fn learn(&mut self, fact: &Fact) {
        let facts = &mut self.facts;
        let first = |place: &mut Option<String>, value: &String| {
            place.get_or_insert_with(|| value.clone());
        };
        match fact {
            Fact::Agent(agent) => first(&mut facts.agent, agent),
            Fact::Wallet(wallet) => first(&mut facts.wallet, wallet),
            Fact::Worker(worker) => first(&mut facts.worker, worker),
            Fact::PoolName(name) => first(&mut facts.pool_name, name),
            Fact::Algorithm(name) => facts.algorithm = Some(name.clone()),
            Fact::Difficulty(difficulty) => facts.difficulty = Some(*difficulty),
            Fact::Job => facts.jobs += 1,
            Fact::Submitted => facts.shares.submitted += 1,
            Fact::Accepted => facts.shares.accepted += 1,
            Fact::Rejected => facts.shares.rejected += 1,
        }
    }

    /// The sum of the weights of what was said.
    pub(super) fn weight(&self) -> f64 {
        self.kinds.keys().map(|&kind| weight(kind)).sum()
    }

    /// The judgement if this hypothesis holds: `rival` is the weight of the opposite one, `foreign` the lines that have
    /// no place in a mining conversation for each one that has.
    pub(super) fn assess(&self, miner_sends: Direction, rival: f64, foreign: f64) -> Option<Assessment> {
        let mut evidence: Vec<Evidence> =
            self.kinds.iter().map(|(&kind, &side)| reason(kind, side)).collect();
        if rival > 0.0 {
            evidence.push(Evidence {
                kind: "wrong-side",
                side: Side::Pool,
                detail: "messages came from the side that does not send them".to_owned(),
                weight: -rival,
            });
        }
        if foreign > 0.0 {
            evidence.push(Evidence {
                kind: "foreign-lines",
                side: Side::Miner,
                detail: "other text stands between the messages".to_owned(),
                weight: FOREIGN_LINE * foreign,
            });
        }
        let sum: f64 = evidence.iter().map(|reason| reason.weight).sum();
        if sum < SUSPICION {
            return None;
        }
        let confidence = 1.0 / (1.0 + (-(PRIOR + sum)).exp());
        let protocol = self.protocol()?;
        let verdict = self.verdict(confidence);
        let stage = self.stage?;
        Some(Assessment { protocol, verdict, stage, confidence, miner_sends, evidence, facts: self.facts() })
    }

    fn verdict(&self, confidence: f64) -> Verdict {
        if confidence < 0.5 {
            return Verdict::Suspected;
        }
        let side = |side: Side| self.kinds.iter().filter(move |(_, by)| **by == side).map(|(&kind, _)| kind);
        let total = |by| side(by).map(weight).sum::<f64>();
        let messages = |by| side(by).filter(|kind| kind.is_message()).count();
        let both = total(Side::Miner) >= 6.0 && total(Side::Pool) >= 4.0 && confidence >= 0.99;
        let miner_alone = messages(Side::Miner) >= 3 && total(Side::Miner) >= 25.0;
        let pool_alone = self.facts.jobs >= SERIES && total(Side::Pool) >= 18.0;
        let certain = confidence >= 0.999;
        if both || (certain && (miner_alone || pool_alone)) { Verdict::Confirmed } else { Verdict::Probable }
    }

    /// The dialect with the greatest weight; `EthereumStratum` shares most of its words with Stratum version 1.
    fn protocol(&self) -> Option<Protocol> {
        let (&heaviest, _) = self.protocols.iter().max_by(|(_, a), (_, b)| a.total_cmp(b))?;
        let ethereum = self.protocols.contains_key(&Protocol::EthereumStratum);
        Some(if heaviest == Protocol::StratumV1 && ethereum { Protocol::EthereumStratum } else { heaviest })
    }

    fn facts(&self) -> Facts {
        let mut facts = self.facts.clone();
        facts.coin = match facts.wallet.as_deref() {
            // A short name is an account at the pool or a proxy and says nothing.
            Some(wallet) if wallet.len() >= 26 => coin_of(wallet),
            _ => (facts.algorithm.as_deref() == Some("rx/0")).then_some("XMR"),
        };
        facts
    }
}

fn reason(kind: Kind, side: Side) -> Evidence {
    Evidence { kind: kind.name(), side, detail: kind.detail().to_owned(), weight: weight(kind) }
}
