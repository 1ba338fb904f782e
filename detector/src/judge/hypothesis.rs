use std::collections::BTreeMap;

use detector_common::flow::Direction;
use jiff::Timestamp;

use super::{Assessment, Carrier, Evidence, Facts, Protocol, Side, Stage, Verdict};
use crate::estimate::Meter;
use crate::protocol::{CoinReason, Fact, Finding, Kind, coin_of, is_address};

/// One flow in 100,000 is mining before anything is known of it: the natural logarithm of the odds.
const PRIOR: f64 = -11.5;

/// Taken away for each line that has no place in a mining conversation, divided by the messages that have.
/// It never takes more than the same side has brought.
const FOREIGN_LINE: f64 = -6.0;

/// Weight below which nothing is reported: a probability of 12 %.
const SUSPICION: f64 = 9.5;

/// Number of jobs or shares that make a series.
const SERIES: u64 = 3;

/// The supposition that the miner sends in one direction, or that both ends are peers, and what speaks for it.
#[derive(Clone, Debug)]
pub(super) struct Hypothesis {
    /// In the order in which they were said.
    kinds: Vec<(Kind, Side)>,
    protocols: BTreeMap<Protocol, f64>,
    stage: Option<Stage>,
    facts: Facts,
    /// The coin that was named.
    coin: Option<Coin>,
    /// Who named the algorithm.
    algorithm_by: Side,
    meter: Meter,
}

/// A coin, why it is this one, and whose word that is.
#[derive(Clone, Copy, Debug)]
struct Coin {
    ticker: &'static str,
    reason: CoinReason,
    side: Side,
}

impl Hypothesis {
    /// Nothing speaks for it.
    pub(super) const NONE: Self = Self {
        kinds: Vec::new(),
        protocols: BTreeMap::new(),
        stage: None,
        facts: Facts::NONE,
        coin: None,
        algorithm_by: Side::Pool,
        meter: Meter::NEW,
    };

    /// Adds what a message said that supports it.
    pub(super) fn add(&mut self, finding: &Finding) {
        for &kind in &finding.kinds {
            if self.note(kind, finding.side) {
                let vote = if kind.tells_no_protocol() { 0.0 } else { kind.weight };
                *self.protocols.entry(finding.protocol).or_default() += vote;
            }
        }
        self.stage = self.stage.max(Some(finding.stage));
        for fact in &finding.facts {
            self.learn(finding.side, fact);
        }
        if self.facts.jobs >= SERIES {
            self.note(Kind::JOB_SERIES, Side::Pool);
        }
        if self.facts.shares.submitted >= SERIES {
            self.note(Kind::SHARE_SERIES, Side::Miner);
        }
    }

    /// Measures the work that a message at `now` tells of.
    pub(super) fn measure(&mut self, finding: &Finding, now: Timestamp) {
        for fact in &finding.facts {
            self.meter.learn(fact, now);
        }
        self.meter.time(now);
    }

    /// False if it was known. Peers say the same, each for itself.
    fn note(&mut self, kind: Kind, side: Side) -> bool {
        let new = !self.kinds.contains(&(kind, side));
        if new {
            self.kinds.push((kind, side));
        }
        new
    }

    /// The first name given counts, the last number does.
    fn learn(&mut self, side: Side, fact: &Fact) {
        let facts = &mut self.facts;
        let first = |place: &mut Option<String>, value: &String| {
            place.get_or_insert_with(|| value.clone());
        };
        match fact {
            Fact::Agent(agent) => first(&mut facts.agent, agent),
            Fact::User { wallet, worker } => facts.paid(wallet, worker.as_deref()),
            Fact::Worker(worker) => first(&mut facts.worker, worker),
            Fact::PoolName(name) => first(&mut facts.pool_name, name),
            Fact::Algorithm(name) => {
                facts.algorithm = Some(name.clone());
                self.algorithm_by = side;
            }
            Fact::ImpliedAlgorithm(name) => facts.implied_algorithm = Some(name),
            &Fact::Coin { ticker, reason } => {
                if self.coin.is_none_or(|known| known.reason <= reason) {
                    self.coin = Some(Coin { ticker, reason, side });
                }
            }
            Fact::Difficulty(difficulty) => facts.difficulty = Some(difficulty.value),
            Fact::WantedDifficulty(difficulty) => {
                facts.difficulty.get_or_insert(*difficulty);
            }
            Fact::ClaimedHashRate(rate) => facts.claimed_hash_rate = Some(*rate),
            Fact::Job => facts.jobs += 1,
            Fact::Submitted => facts.shares.submitted += 1,
            Fact::Accepted => facts.shares.accepted += 1,
            Fact::Rejected => facts.shares.rejected += 1,
        }
    }

    /// The sum of the weights of what was said.
    pub(super) fn weight(&self) -> f64 {
        self.kinds.iter().map(|(kind, _)| kind.weight).sum()
    }

    /// Enough was said to be suspicious, if nothing speaks against it.
    pub(super) fn weighty(&self) -> bool {
        self.weight() >= SUSPICION
    }

    /// What speaks for this hypothesis and for its opposite, and `foreign` lines, weighed against each other. `None` if it
    /// is not enough to be reported.
    ///
    /// `foreign` is, for the miner and the pool, the lines that have no place in a mining conversation for each one that
    /// has.
    pub(super) fn score(&self, rival: &Self, foreign: [f64; 2]) -> Option<f64> {
        let lines = foreign_sides(foreign).map(|(side, lines)| self.foreign_weight(side, lines));
        let sum = self.weight() - rival.weight() + lines.sum::<f64>();
        (sum >= SUSPICION).then_some(sum)
    }

    /// Whether those who speak are nodes and not, by that, miners.
    pub(super) fn is_node(&self) -> bool {
        self.protocol().is_some_and(Protocol::is_node)
    }

    /// The judgement if this hypothesis holds, the miner sends in the given direction and `rival` is the opposite
    /// hypothesis. `foreign` is as for the score.
    pub(super) fn assess(
        &self,
        miner_sends: Direction,
        rival: &Self,
        foreign: [f64; 2],
    ) -> Option<Assessment> {
        let sum = self.score(rival, foreign)?;
        let mut evidence: Vec<Evidence> = self.kinds.iter().map(|&(kind, side)| reason(kind, side)).collect();
        evidence.sort_by_key(|reason| reason.side);
        evidence.extend(rival.against());
        evidence.extend(foreign_sides(foreign).map(|(side, lines)| self.foreign_lines(side, lines)));
        let confidence = 1.0 / (1.0 + (-(PRIOR + sum)).exp());
        let protocol = self.protocol()?;
        let verdict = self.verdict(protocol, confidence)?;
        let stage = self.stage?;
        let coin = self.coin();
        evidence.extend(coin.map(|coin| Evidence {
            kind: coin.reason.kind(),
            side: coin.side,
            detail: coin.reason.detail(),
            weight: 0.0,
        }));
        let facts =
            Facts { coin: coin.map(|coin| coin.ticker), work: self.meter.work(), ..self.facts.clone() };
        let (carrier, encrypted) = (Carrier::default(), false);
        Some(Assessment {
            protocol,
            verdict,
            stage,
            confidence,
            carrier,
            encrypted,
            miner_sends,
            evidence,
            facts,
        })
    }

    /// What speaks for this hypothesis as a reason against the opposite one.
    fn against(&self) -> Option<Evidence> {
        let pool_spoke_as_miner = self.kinds.iter().any(|&(_, side)| side == Side::Miner);
        (!self.kinds.is_empty()).then(|| Evidence {
            kind: "wrong-side",
            side: if pool_spoke_as_miner { Side::Pool } else { Side::Miner },
            detail: "messages came from the side that does not send them",
            weight: -self.weight(),
        })
    }

    fn foreign_lines(&self, side: Side, lines: f64) -> Evidence {
        Evidence {
            kind: match side {
                Side::Miner => "client-foreign-lines",
                Side::Pool | Side::Peer => "pool-foreign-lines",
            },
            side,
            detail: "other text stands between the messages",
            weight: self.foreign_weight(side, lines),
        }
    }

    fn foreign_weight(&self, side: Side, lines: f64) -> f64 {
        (FOREIGN_LINE * lines).max(-self.weight_of(side))
    }

    fn by(&self, side: Side) -> impl Iterator<Item = Kind> {
        self.kinds.iter().filter(move |(_, by)| *by == side).map(|&(kind, _)| kind)
    }

    fn weight_of(&self, side: Side) -> f64 {
        self.by(side).map(|kind| kind.weight).sum()
    }

    fn verdict(&self, protocol: Protocol, confidence: f64) -> Option<Verdict> {
        if protocol.is_node() {
            return (confidence >= 0.5).then_some(Verdict::Node);
        }
        if confidence < 0.5 {
            return Some(Verdict::Suspected);
        }
        let (miner, pool) = (self.weight_of(Side::Miner), self.weight_of(Side::Pool));
        // Before there is a job or a share, staying connected is what the clients of any service do.
        let worked = self.stage >= Some(Stage::Working);
        let upkeep =
            |side| self.by(side).filter(|kind| !worked && kind.is_upkeep()).map(|kind| kind.weight).sum();
        let [miner_upkeep, pool_upkeep]: [f64; 2] = [upkeep(Side::Miner), upkeep(Side::Pool)];
        let both = miner - miner_upkeep >= 6.0 && pool - pool_upkeep >= 4.0 && confidence >= 0.99;
        let miner_alone = miner >= 25.0 && self.by(Side::Miner).filter(|kind| kind.message).count() >= 3;
        let pool_alone = pool >= 18.0 && self.facts.jobs >= SERIES;
        let certain = confidence >= 0.999;
        let peers = certain && self.weight_of(Side::Peer) >= 20.0;
        let confirmed = both || peers || (certain && (miner_alone || pool_alone));
        Some(if confirmed { Verdict::Confirmed } else { Verdict::Probable })
    }

    /// The dialect with the greatest weight. The relatives of Stratum version 1 share most of its words, so that the words
    /// of their own decide. `EthereumStratum` in turn is the dialect of several of them.
    fn protocol(&self) -> Option<Protocol> {
        let mut families: BTreeMap<Protocol, f64> = BTreeMap::new();
        for (protocol, weight) in &self.protocols {
            *families.entry(protocol.family()).or_default() += weight;
        }
        let (&family, _) = families.iter().max_by(|(_, a), (_, b)| a.total_cmp(b))?;
        let general = |protocol: Protocol| match protocol {
            Protocol::StratumV1 => 2,
            Protocol::EthereumStratum | Protocol::CryptoNote | Protocol::GetWork => 1,
            _ => 0,
        };
        let members = self.protocols.iter().filter(|(protocol, _)| protocol.family() == family);
        members
            .max_by(|(a, x), (b, y)| general(**b).cmp(&general(**a)).then(x.total_cmp(y)))
            .map(|(&protocol, _)| protocol)
    }

    /// The coin with the strongest reason.
    fn coin(&self) -> Option<Coin> {
        let Facts { wallet, algorithm, .. } = &self.facts;
        // A short name is an account at the pool or a proxy and says nothing.
        let address = wallet.as_deref().filter(|wallet| wallet.len() >= 26);
        let paid = address.and_then(coin_of);
        let paid = paid.map(|ticker| Coin { ticker, reason: CoinReason::Wallet, side: Side::Miner });
        // An address of another form tells that it is another coin with the same algorithm.
        let monero = address.is_none() && algorithm.as_deref() == Some("rx/0");
        let hashed = Coin { ticker: "XMR", reason: CoinReason::Algorithm, side: self.algorithm_by };
        [monero.then_some(hashed), paid, self.coin].into_iter().flatten().max_by_key(|coin| coin.reason)
    }
}

impl Default for Hypothesis {
    fn default() -> Self {
        Self::NONE
    }
}

impl Facts {
    /// The first user stays, unless only a later one is a coin's address. Worker and wallet are never those of
    /// different users.
    fn paid(&mut self, wallet: &str, worker: Option<&str>) {
        match self.wallet.as_deref() {
            Some(known) if known == wallet => {}
            Some(known) if is_address(known) || !is_address(wallet) => return,
            Some(_) => self.worker = None,
            None if worker.is_some() => self.worker = None,
            None => {}
        }
        self.wallet = Some(wallet.to_owned());
        self.worker = self.worker.take().or_else(|| worker.map(str::to_owned));
    }
}

/// The sides on which there are foreign lines.
fn foreign_sides(foreign: [f64; 2]) -> impl Iterator<Item = (Side, f64)> {
    [Side::Miner, Side::Pool].into_iter().zip(foreign).filter(|&(_, lines)| lines > 0.0)
}

pub(super) fn reason(kind: Kind, side: Side) -> Evidence {
    Evidence { kind: kind.name, side, detail: kind.detail, weight: kind.weight }
}
