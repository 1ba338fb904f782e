use std::borrow::Borrow;
use std::net::{IpAddr, SocketAddr};

use detector_common::flow::FlowKey;
use detector_common::packet::Encapsulation;
use jiff::{SignedDuration, Timestamp};

use super::activity::Activity;
use super::parties::Parties;
use super::record::{Life, Reason, Record};
use super::state::{State, milliseconds, timestamp};
use super::{CaseId, Observation, Settings};
use crate::estimate::{Effort, Estimate, Spans, estimate};
use crate::judge::{Assessment, Carrier, Evidence, Facts, Protocol, Shares, Stage, Verdict};
use crate::output::Identities;

/// What makes two flows the same case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct CaseKey {
    miner: IpAddr,
    pool: SocketAddr,
    family: Protocol,
}

impl CaseKey {
    pub(super) fn of(observation: &Observation<'_>) -> Self {
        let Assessment { miner_sends, protocol, .. } = *observation.assessment;
        Self {
            miner: observation.key.sender(miner_sends).ip(),
            pool: observation.key.receiver(miner_sends).into(),
            family: protocol.family(),
        }
    }

    pub(super) fn of_record(record: &Record) -> Self {
        Self { miner: record.miner.ip(), pool: record.pool, family: record.protocol.family() }
    }
}

/// What only grows while a flow lives.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tally {
    bytes: u64,
    jobs: u64,
    shares: Shares,
    submitted: Effort,
    accepted: Effort,
}

impl Tally {
    pub(super) const fn of(observation: &Observation<'_>) -> Self {
        let Facts { jobs, shares, work, .. } = observation.assessment.facts;
        Self { bytes: observation.bytes, jobs, shares, submitted: work.submitted, accepted: work.accepted }
    }

    /// What came since `earlier`; `None` if something shrank, so that this is another flow.
    pub(super) fn since(&self, earlier: &Self) -> Option<Self> {
        Some(Self {
            bytes: self.bytes.checked_sub(earlier.bytes)?,
            jobs: self.jobs.checked_sub(earlier.jobs)?,
            shares: Shares {
                submitted: self.shares.submitted.checked_sub(earlier.shares.submitted)?,
                accepted: self.shares.accepted.checked_sub(earlier.shares.accepted)?,
                rejected: self.shares.rejected.checked_sub(earlier.shares.rejected)?,
            },
            submitted: self.submitted.since(&earlier.submitted)?,
            accepted: self.accepted.since(&earlier.accepted)?,
        })
    }

    const fn take(&mut self, part: &Self) {
        self.bytes = self.bytes.saturating_sub(part.bytes);
        self.jobs = self.jobs.saturating_sub(part.jobs);
        self.shares.submitted = self.shares.submitted.saturating_sub(part.shares.submitted);
        self.shares.accepted = self.shares.accepted.saturating_sub(part.shares.accepted);
        self.shares.rejected = self.shares.rejected.saturating_sub(part.shares.rejected);
        self.submitted.take(&part.submitted);
        self.accepted.take(&part.accepted);
    }

    fn add(&mut self, more: &Self) {
        self.bytes = self.bytes.saturating_add(more.bytes);
        self.jobs = self.jobs.saturating_add(more.jobs);
        self.shares.submitted = self.shares.submitted.saturating_add(more.shares.submitted);
        self.shares.accepted = self.shares.accepted.saturating_add(more.shares.accepted);
        self.shares.rejected = self.shares.rejected.saturating_add(more.shares.rejected);
        self.submitted.add(&more.submitted);
        self.accepted.add(&more.accepted);
    }
}

/// What an observation adds to its case.
pub(super) struct News {
    /// The flow was not known.
    pub(super) connection: bool,
    /// What the flow gained.
    pub(super) gained: Tally,
}

pub(super) struct Case {
    id: CaseKey,
    number: CaseId,
    records: u64,
    returns: u64,
    key: FlowKey,
    miner_port: u16,
    interface: Option<String>,
    /// If they are wrapped in anything.
    outer: Option<Box<Encapsulation>>,
    protocol: Protocol,
    verdict: Verdict,
    stage: Stage,
    confidence: f64,
    carrier: Carrier,
    encrypted: bool,
    evidence: Vec<Evidence>,
    facts: Facts,
    tally: Tally,
    observed: Spans,
    activity: Activity,
    parties: Parties,
    first_seen: Timestamp,
    last_seen: Timestamp,
    /// The ledger's time of the last news.
    active: Timestamp,
    /// The ledger's time of the last record.
    recorded: Timestamp,
    /// The record that opened it was lost.
    unopened: bool,
}

impl Case {
    pub(super) fn new(id: CaseKey, observation: &Observation<'_>, now: Timestamp) -> Self {
        let assessment = observation.assessment;
        Self {
            id,
            number: CaseId::of(id.miner, id.pool, id.family),
            records: 0,
            returns: 0,
            key: observation.key,
            miner_port: 0,
            interface: None,
            outer: None,
            protocol: assessment.protocol,
            verdict: assessment.verdict,
            stage: assessment.stage,
            confidence: 0.0,
            carrier: assessment.carrier,
            encrypted: assessment.encrypted,
            evidence: Vec::new(),
            facts: Facts::default(),
            tally: Tally::default(),
            observed: Spans::default(),
            activity: Activity::new(observation.time),
            parties: Parties::default(),
            first_seen: observation.time,
            last_seen: observation.time,
            active: now,
            recorded: now,
            unopened: false,
        }
    }

    pub(super) fn is_node(&self) -> bool {
        self.verdict == Verdict::Node
    }

    /// Whether an observation tells the case anything.
    pub(super) fn is_news(&self, observation: &Observation<'_>, news: &News) -> bool {
        let assessment = observation.assessment;
        news.connection
            || news.gained != Tally::default()
            || assessment.verdict > self.verdict
            || assessment.stage > self.stage
    }

    /// Takes an observation in; says why a record is due, if one is.
    pub(super) fn absorb(
        &mut self,
        observation: &Observation<'_>,
        news: &News,
        now: Timestamp,
        settings: &Settings,
    ) -> Option<Reason> {
        let assessment = observation.assessment;
        let reason = if assessment.verdict > self.verdict {
            Some(Reason::Verdict)
        } else if assessment.stage > self.stage {
            Some(Reason::Stage)
        } else if now.duration_since(self.recorded) >= settings.interval {
            Some(Reason::Periodic)
        } else {
            None
        };
        self.protocol = assessment.protocol;
        self.carrier = assessment.carrier;
        self.encrypted = assessment.encrypted;
        self.weigh(assessment, settings);
        self.learn(&assessment.facts, settings.identities);
        self.tally.add(&news.gained);
        if let Some(span) = assessment.facts.work.observed {
            self.observed.add(span);
        }
        if news.connection {
            self.parties.opened();
        }
        self.activity.note(observation.time, news.connection);
        self.key = observation.key;
        self.miner_port = observation.key.sender(assessment.miner_sends).port();
        if self.interface.as_deref() != observation.interface {
            self.interface = observation.interface.map(str::to_owned);
        }
        let outer = Some(observation.outer).filter(|outer| !outer.is_none());
        if self.outer.as_deref() != outer.as_ref() {
            self.outer = outer.map(Box::new);
        }
        self.first_seen = self.first_seen.min(observation.time);
        self.last_seen = self.last_seen.max(observation.time);
        self.active = now;
        reason
    }

    /// A weaker verdict takes nothing back.
    fn weigh(&mut self, assessment: &Assessment, settings: &Settings) {
        let standing = (self.verdict, self.confidence);
        let better = (assessment.verdict, assessment.confidence) >= standing;
        if better && !same_reasons(&self.evidence, &assessment.evidence) {
            let names = &assessment.facts;
            let kept = |evidence| kept(evidence, names, settings);
            self.evidence = assessment.evidence.iter().map(kept).collect();
        }
        self.verdict = self.verdict.max(assessment.verdict);
        self.stage = self.stage.max(assessment.stage);
        self.confidence = self.confidence.max(assessment.confidence);
    }

    fn learn(&mut self, facts: &Facts, identities: Identities) {
        fn latest<T>(known: &mut Option<T::Owned>, told: Option<&T>)
        where
            T: ToOwned + PartialEq + ?Sized,
            T::Owned: Borrow<T>,
        {
            if let Some(told) = told
                && known.as_ref().map(Borrow::borrow) != Some(told)
            {
                *known = Some(told.to_owned());
            }
        }
        let names = identities.names(facts);
        latest(&mut self.facts.agent, names.agent);
        latest(&mut self.facts.pool_name, names.pool_name);
        if let Some(worker) = &facts.worker {
            self.parties.named(worker);
        }
        self.learn_user(names.wallet.as_deref(), names.worker.as_deref());
        self.facts.coin = facts.coin.or(self.facts.coin);
        latest(&mut self.facts.algorithm, facts.algorithm.as_deref());
        self.facts.implied_algorithm = facts.implied_algorithm.or(self.facts.implied_algorithm);
        self.facts.work.mixed |= facts.work.mixed;
        self.facts.difficulty = facts.difficulty.or(self.facts.difficulty);
        self.facts.claimed_hash_rate = facts.claimed_hash_rate.or(self.facts.claimed_hash_rate);
    }

    /// Wallet and worker are always those of one user: the latest that was told.
    fn learn_user(&mut self, wallet: Option<&str>, worker: Option<&str>) {
        let known = &mut self.facts;
        if wallet.is_some() && wallet != known.wallet.as_deref() {
            known.wallet = wallet.map(str::to_owned);
            known.worker = worker.map(str::to_owned);
        } else if worker.is_some() && (wallet == known.wallet.as_deref() || known.worker.is_none()) {
            known.worker = worker.map(str::to_owned);
        }
    }

    /// The ledger's time of the last news.
    pub(super) const fn active(&self) -> Timestamp {
        self.active
    }

    /// A flow proved to belong to another case: takes out what it had brought.
    pub(super) const fn give_up(&mut self, tally: &Tally) {
        self.tally.take(tally);
    }

    /// Shares count when the pool accepted them; if no answer to any was seen, when they were handed in.
    fn estimate(&self) -> Option<Estimate> {
        let Tally { shares, submitted, accepted, .. } = &self.tally;
        let answered = shares.accepted > 0 || shares.rejected > 0;
        let counted = if answered { accepted } else { submitted };
        let mining = self.verdict != Verdict::Node;
        estimate(self.protocol, &self.facts, counted, self.observed.seconds()).filter(|_| mining)
    }

    /// One of its flows ended.
    pub(super) const fn closed(&mut self) {
        self.parties.closed();
    }

    /// It goes on after it had been quiet.
    pub(super) const fn returned(&mut self) {
        self.returns += 1;
    }

    /// The case that a record was written of.
    pub(super) fn restore(id: CaseKey, record: Record) -> Self {
        let State { submitted, accepted, observed, active, recorded } = record.state;
        let tally = Tally {
            bytes: record.bytes,
            jobs: record.facts.jobs,
            shares: record.facts.shares,
            submitted,
            accepted,
        };
        Self {
            id,
            number: record.case,
            records: record.number,
            returns: record.returns,
            key: record.key,
            miner_port: record.miner.port(),
            interface: record.interface,
            outer: (!record.outer.is_none()).then(|| Box::new(record.outer)),
            protocol: record.protocol,
            verdict: record.verdict,
            stage: record.stage,
            confidence: record.confidence,
            carrier: record.carrier,
            encrypted: record.encrypted,
            evidence: record.evidence,
            facts: record.facts,
            tally,
            observed,
            activity: Activity::restore(record.connections, record.last_seen, &record.days),
            parties: Parties::restore(record.workers, record.parallel),
            first_seen: record.first_seen,
            last_seen: record.last_seen,
            active: timestamp(active),
            recorded: timestamp(recorded),
            unopened: false,
        }
    }

    /// The next record or update is to have all days on which something happened, so that what is kept of a day beside its
    /// hours is as it is then.
    pub(super) fn tell_days(&mut self) {
        self.activity.tell_touched();
    }

    /// The next record or update is to say what a lost one said.
    pub(super) fn retell(&mut self, lost: &Record) {
        self.activity.retell(&lost.days);
        self.unopened |= lost.reason == Reason::Opened;
    }

    /// Whether something happened on a day since that day was told.
    pub(super) fn has_untold_days(&self) -> bool {
        self.activity.is_touched()
    }

    /// The clock was set back by so much, and it is `now`.
    pub(super) fn set_back(&mut self, by: SignedDuration, now: Timestamp) {
        let earlier = |time: Timestamp| time.checked_sub(by).unwrap_or(time).min(now);
        self.active = earlier(self.active);
        self.recorded = earlier(self.recorded);
        self.first_seen = self.first_seen.min(now);
        self.last_seen = self.last_seen.min(now);
        self.activity.set_back(now);
    }

    /// No beginnings of messages are kept any more.
    pub(super) fn drop_excerpts(&mut self) {
        for reason in &mut self.evidence {
            reason.excerpt = None;
        }
    }

    /// A record of the case as it is at `time`, which is `now` for the ledger.
    pub(super) fn record(&mut self, reason: Reason, life: Life, time: Timestamp, now: Timestamp) -> Record {
        self.records += u64::from(reason != Reason::Update);
        let opens = self.unopened && life == Life::Open;
        let reason = if opens { Reason::Opened } else { reason };
        if reason != Reason::Update {
            self.recorded = now;
            self.unopened = false;
            self.tell_days();
        }
        let mut facts = self.facts.clone();
        facts.jobs = self.tally.jobs;
        facts.shares = self.tally.shares;
        Record {
            case: self.number,
            number: self.records,
            reason,
            life,
            time,
            key: self.key,
            miner: SocketAddr::new(self.id.miner, self.miner_port),
            pool: self.id.pool,
            interface: self.interface.clone(),
            outer: self.outer.as_deref().copied().unwrap_or(Encapsulation::NONE),
            protocol: self.protocol,
            verdict: self.verdict,
            stage: self.stage,
            confidence: self.confidence,
            carrier: self.carrier,
            encrypted: self.encrypted,
            evidence: self.evidence.clone(),
            facts,
            estimate: self.estimate(),
            bytes: self.tally.bytes,
            connections: self.activity.total(),
            connections_per_hour: self.activity.per_hour(self.first_seen, time),
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            returns: self.returns,
            parallel: self.parties.most(),
            workers: self.parties.workers(),
            days: self.activity.take_changed(),
            state: State {
                submitted: self.tally.submitted,
                accepted: self.tally.accepted,
                observed: self.observed.clone(),
                active: milliseconds(self.active),
                recorded: milliseconds(self.recorded),
            },
        }
    }
}

/// Excerpts aside: of the same reasons the first stay.
fn same_reasons(known: &[Evidence], told: &[Evidence]) -> bool {
    let reason = |evidence: &Evidence| (evidence.kind, evidence.side, evidence.weight.to_bits());
    known.iter().map(reason).eq(told.iter().map(reason))
}

/// A reason in the form in which it is kept.
fn kept(evidence: &Evidence, facts: &Facts, settings: &Settings) -> Evidence {
    let mut kept = evidence.clone();
    if !settings.excerpts {
        kept.excerpt = None;
    } else if settings.identities != Identities::Clear {
        let names: Vec<&str> =
            [&facts.wallet, &facts.worker].into_iter().flatten().map(String::as_str).collect();
        kept.excerpt = kept.excerpt.map(|excerpt| excerpt.masked(&names));
    }
    kept
}
