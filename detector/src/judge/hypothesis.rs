use std::collections::BTreeMap;

use detector_common::flow::Direction;
use jiff::Timestamp;

use super::rule::{FOREIGN_LINE, SERIES, Sums, foreign_weight};
use super::{Assessment, Carrier, Evidence, Excerpt, Facts, Protocol, Side, Source, Stage};
use crate::estimate::Meter;
use crate::protocol::{CoinReason, Fact, Finding, Kind, coin_of, is_address};

/// What speaks against mining, by the names in records.
pub(super) const WRONG_SIDE: &str = "wrong-side";
pub(super) const CLIENT_FOREIGN: &str = "client-foreign-lines";
pub(super) const POOL_FOREIGN: &str = "pool-foreign-lines";

/// The supposition that the miner sends in one direction, or that both ends are peers, and what speaks for it.
#[derive(Clone, Debug)]
pub(super) struct Hypothesis {
    /// In the order in which they were said.
    kinds: Vec<Reason>,
    protocols: BTreeMap<Protocol, f64>,
    stage: Option<Stage>,
    facts: Facts,
    /// The coin that was named.
    coin: Option<Coin>,
    /// Who named the algorithm, and how.
    algorithm_by: (Side, Option<Excerpt>),
    /// How the wallet was named.
    paid_by: Option<Excerpt>,
    meter: Meter,
}

/// One thing that was said, by whom, and where it was said first.
#[derive(Clone, Debug)]
struct Reason {
    kind: Kind,
    side: Side,
    excerpt: Option<Excerpt>,
}

/// A coin, why it is this one, and whose word that is.
#[derive(Clone, Debug)]
struct Coin {
    ticker: &'static str,
    reason: CoinReason,
    side: Side,
    excerpt: Option<Excerpt>,
}

impl Hypothesis {
    /// Nothing speaks for it.
    pub(super) const NONE: Self = Self {
        kinds: Vec::new(),
        protocols: BTreeMap::new(),
        stage: None,
        facts: Facts::NONE,
        coin: None,
        algorithm_by: (Side::Pool, None),
        paid_by: None,
        meter: Meter::NEW,
    };

    /// Adds what a message said that supports it.
    pub(super) fn add(&mut self, finding: &Finding, source: &Source<'_>) {
        for &kind in &finding.kinds {
            if self.note(kind, finding.side, source) {
                let vote = if kind.tells_no_protocol() { 0.0 } else { kind.weight };
                *self.protocols.entry(finding.protocol).or_default() += vote;
            }
        }
        self.stage = self.stage.max(Some(finding.stage));
        for fact in &finding.facts {
            self.learn(finding.side, fact, source);
        }
        if self.facts.jobs >= SERIES {
            self.note(Kind::JOB_SERIES, Side::Pool, source);
        }
        if self.facts.shares.submitted >= SERIES {
            self.note(Kind::SHARE_SERIES, Side::Miner, source);
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
    fn note(&mut self, kind: Kind, side: Side, source: &Source<'_>) -> bool {
        let new = !self.kinds.iter().any(|known| known.kind == kind && known.side == side);
        if new {
            let excerpt = source.excerpt();
            self.kinds.push(Reason { kind, side, excerpt });
        }
        new
    }

    /// Where `kind` was said first.
    pub(super) fn excerpt_of(&self, kind: Kind) -> Option<Excerpt> {
        self.kinds.iter().find(|known| known.kind == kind)?.excerpt.clone()
    }

    /// Where a side said something new last.
    pub(super) fn latest_by(&self, side: Side) -> Option<Excerpt> {
        self.kinds.iter().rev().find(|known| known.side == side)?.excerpt.clone()
    }

    /// The first name given counts, the last number does.
    fn learn(&mut self, side: Side, fact: &Fact, source: &Source<'_>) {
        let facts = &mut self.facts;
        let first = |place: &mut Option<String>, value: &String| {
            place.get_or_insert_with(|| value.clone());
        };
        match fact {
            Fact::Agent(agent) => first(&mut facts.agent, agent),
            Fact::User { wallet, worker } => {
                if facts.paid(wallet, worker.as_deref()) {
                    self.paid_by = source.excerpt();
                }
            }
            Fact::Worker(worker) => first(&mut facts.worker, worker),
            Fact::PoolName(name) => first(&mut facts.pool_name, name),
            Fact::Algorithm(name) => {
                if facts.algorithm.as_ref() != Some(name) {
                    facts.algorithm = Some(name.clone());
                    self.algorithm_by.1 = source.excerpt();
                }
                self.algorithm_by.0 = side;
            }
            Fact::ImpliedAlgorithm(name) => facts.implied_algorithm = Some(name),
            &Fact::Coin { ticker, reason } => match &mut self.coin {
                Some(known) if known.ticker == ticker && known.reason == reason => known.side = side,
                Some(known) if known.reason > reason => {}
                coin => *coin = Some(Coin { ticker, reason, side, excerpt: source.excerpt() }),
            },
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
        self.kinds.iter().map(|known| known.kind.weight).sum()
    }

    /// Enough was said to be suspicious, if nothing speaks against it.
    pub(super) fn weighty(&self) -> bool {
        Sums::is_weighty(self.weight())
    }

    /// What speaks for this hypothesis and for its opposite, and `foreign` lines, weighed against each other. `None` if it
    /// is not enough to be reported.
    ///
    /// `foreign` is, for the miner and the pool, the lines that have no place in a mining conversation for each one that
    /// has.
    pub(super) fn score(&self, rival: &Self, foreign: [f64; 2]) -> Option<f64> {
        let score = self.sums(rival, foreign).score();
        Sums::is_weighty(score).then_some(score)
    }

    /// The same in sums.
    fn sums(&self, rival: &Self, foreign: [f64; 2]) -> Sums {
        let mut sums = Sums::default();
        for Reason { kind, side, .. } in &self.kinds {
            sums.add(*side, kind.name, kind.weight, kind.message);
        }
        sums.rival = -rival.weight();
        sums.foreign = foreign.map(|lines| FOREIGN_LINE * lines);
        sums
    }

    /// Whether those who speak are nodes and not, by that, miners.
    pub(super) fn is_node(&self) -> bool {
        self.protocol().is_some_and(Protocol::is_node)
    }

    /// The judgement if this hypothesis holds, the miner sends in the given direction and `rival` is the opposite
    /// hypothesis.
    pub(super) fn assess(
        &self,
        miner_sends: Direction,
        rival: &Self,
        hearing: &Hearing,
    ) -> Option<Assessment> {
        let sums = Sums { sizes: hearing.sizes, ..self.sums(rival, hearing.foreign) };
        if !Sums::is_weighty(sums.score()) {
            return None;
        }
        let reasons = self.kinds.iter();
        let mut evidence: Vec<Evidence> =
            reasons.map(|known| Evidence::of(known.kind, known.side, known.excerpt.clone())).collect();
        evidence.sort_by_key(|reason| reason.side);
        evidence.extend(rival.against());
        evidence.extend(hearing.evidence([sums.miner, sums.pool]));
        let protocol = self.protocol()?;
        let stage = self.stage?;
        let (verdict, confidence) = (sums.verdict(protocol, stage)?, sums.confidence());
        let coin = self.coin();
        let ticker = coin.as_ref().map(|coin| coin.ticker);
        evidence.extend(coin.map(|coin| Evidence {
            excerpt: coin.excerpt,
            ..Evidence::new(coin.reason.kind(), coin.side, coin.reason.detail(), 0.0)
        }));
        let facts = Facts { coin: ticker, work: self.meter.work(), ..self.facts.clone() };
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
        let pool_spoke_as_miner = self.kinds.iter().any(|known| known.side == Side::Miner);
        let side = if pool_spoke_as_miner { Side::Pool } else { Side::Miner };
        let detail = "messages came from the side that does not send them";
        let first = self.kinds.first()?;
        let evidence = Evidence::new(WRONG_SIDE, side, detail, -self.weight());
        Some(Evidence { excerpt: first.excerpt.clone(), ..evidence })
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
        let paid = paid.map(|ticker| {
            let excerpt = self.paid_by.clone();
            Coin { ticker, reason: CoinReason::Wallet, side: Side::Miner, excerpt }
        });
        // An address of another form tells that it is another coin with the same algorithm.
        let monero = address.is_none() && algorithm.as_deref() == Some("rx/0");
        let hashed = monero.then(|| {
            let (side, excerpt) = self.algorithm_by.clone();
            Coin { ticker: "XMR", reason: CoinReason::Algorithm, side, excerpt }
        });
        [hashed, paid, self.coin.clone()].into_iter().flatten().max_by_key(|coin| coin.reason)
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
    ///
    /// Whether the wallet is another than before.
    fn paid(&mut self, wallet: &str, worker: Option<&str>) -> bool {
        let other = self.wallet.as_deref() != Some(wallet);
        match self.wallet.as_deref() {
            Some(known) if known == wallet => {}
            Some(known) if is_address(known) || !is_address(wallet) => return false,
            Some(_) => self.worker = None,
            None if worker.is_some() => self.worker = None,
            None => {}
        }
        self.wallet = Some(wallet.to_owned());
        self.worker = self.worker.take().or_else(|| worker.map(str::to_owned));
        other
    }
}

/// How a conversation was heard.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    /// Lines of the miner and the pool that have no place in a mining conversation, for each one that has.
    pub(super) foreign: [f64; 2],
    /// The first of each.
    pub(super) excerpts: [Option<Excerpt>; 2],
    /// Nothing but sizes was seen.
    pub(super) sizes: bool,
}

impl Hearing {
    /// What foreign lines are worth beside so much that the miner and the pool said.
    fn evidence(&self, said: [f64; 2]) -> Vec<Evidence> {
        let names = [CLIENT_FOREIGN, POOL_FOREIGN];
        let sides =
            [Side::Miner, Side::Pool].into_iter().zip(names).zip(said).zip(self.foreign).zip(&self.excerpts);
        let there = sides.filter(|((_, lines), _)| *lines > 0.0);
        there
            .map(|((((side, name), said), lines), excerpt)| {
                let weight = foreign_weight(FOREIGN_LINE * lines, said);
                let evidence = Evidence::new(name, side, "other text stands between the messages", weight);
                Evidence { excerpt: excerpt.clone(), ..evidence }
            })
            .collect()
    }
}
