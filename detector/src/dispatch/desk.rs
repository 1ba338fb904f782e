use std::collections::HashSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use hashlink::LruCache;
use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;

use super::circumstances::advice;
use super::dossier::Dossier;
use super::keeper::Keeper;
use super::rules::Rules;
use super::shared::Shared;
use crate::block::Decision;
use crate::exclude::Subject;
use crate::ledger::{CaseId, Life, Reason, Record};
use crate::output::eve::Alert;
use crate::output::{Counts as OutputCounts, Entry, Outputs, alert_signature};

/// How often what is due is looked at.
const TICK: Duration = Duration::from_secs(1);

/// Of so many cases is remembered what it was decided by that they are to be blocked.
pub(super) const DECIDED: usize = 16_384;

/// Records taken at once.
const BATCH: usize = 16_384;

/// What the desk is told.
pub(super) enum Message {
    /// A record, and the capture that it is of, in a replay.
    Record(Box<Record>, Option<Arc<str>>),
    /// The agent's counters, or what else concerns the agent itself, as EVE.
    Line(String),
}

/// A record that is ready to be written.
pub(super) struct Ready {
    pub(super) dossier: Dossier,
    /// The reason of the exclusion that hides the case.
    pub(super) hidden: Option<String>,
    /// Its number among all records and its text, if outputs are to have it.
    pub(super) line: Option<(u64, Arc<str>)>,
}

/// Whether outputs are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// Live: never.
    Live,
    /// In a replay: always.
    Replay,
}

/// What is done with records, on a thread of its own.
pub(super) struct Desk {
    pub(super) messages: Receiver<Message>,
    pub(super) rules: Rules,
    pub(super) keeper: Keeper,
    pub(super) outputs: Arc<Outputs>,
    pub(super) shared: Arc<Shared>,
    pub(super) pace: Pace,
    /// Cases that are excluded, so that they are told when they cease to be.
    pub(super) untold: HashSet<CaseId>,
    /// Who is to be blocked.
    pub(super) decisions: UnboundedSender<Decision>,
    /// By what record that was decided, so that a later exclusion takes it back at once.
    pub(super) decided: LruCache<CaseId, Box<Record>>,
    /// Room in which records become text.
    pub(super) text: Vec<u8>,
}

impl Desk {
    /// Works until nobody sends any more; gives what became of the records in the end.
    pub(super) fn run(mut self) -> OutputCounts {
        let mut tick = Instant::now() + TICK;
        loop {
            let mut entries = Vec::new();
            let first = self.messages.recv_timeout(tick.saturating_duration_since(Instant::now()));
            let ended = matches!(first, Err(RecvTimeoutError::Disconnected));
            let more = std::iter::from_fn(|| self.messages.try_recv().ok()).take(BATCH);
            let batch: Vec<Message> = first.into_iter().chain(more).collect();
            // Before what was handed over after them.
            if let Some(rules) = self.shared.rules() {
                self.keeper.set_limits(rules.limits());
                self.rules = rules;
                self.reconsider();
            }
            let messages = batch.len() as u64;
            for message in batch {
                self.take(message, &mut entries);
            }
            let urgent = !entries.is_empty() || ended;
            let kept = self.keeper.keep(urgent, &self.shared);
            self.publish(entries, kept);
            self.keeper.tell(&self.shared);
            self.shared.done(messages);
            if ended {
                break;
            }
            if Instant::now() >= tick {
                tick = Instant::now() + TICK;
                self.keeper.tick(&self.outputs, &self.shared, Timestamp::now());
                self.rules.poll(&self.shared);
            }
        }
        self.keeper.finish(&self.shared);
        let patience = match (self.pace, self.shared.deadline()) {
            (Pace::Replay, _) | (_, None) => None,
            (Pace::Live, Some(deadline)) => Some(deadline.saturating_duration_since(Instant::now())),
        };
        let (counts, cursors) = self.outputs.finish_all(patience);
        self.keeper.acknowledge(cursors);
        counts
    }

    fn take(&mut self, message: Message, entries: &mut Vec<Entry>) {
        match message {
            Message::Record(record, capture) => {
                let ready = self.prepare(*record, capture.as_deref());
                self.shared.note(&ready);
                if let Some((sequence, line)) = &ready.line {
                    entries.push(Entry { sequence: *sequence, line: Arc::clone(line), durable: false });
                }
                self.keeper.add(ready);
            }
            Message::Line(line) => {
                let sequence = self.keeper.next_sequence();
                entries.push(Entry { sequence, line: line.into(), durable: false });
            }
        }
    }

    fn prepare(&mut self, mut record: Record, capture: Option<&str>) -> Ready {
        self.keeper.adopt(&mut record, &self.shared);
        let enricher = self.rules.enricher();
        // A record may be written long after something happened, for example when the case is closed.
        let origin = enricher.origin(record.miner.ip(), record.last_seen);
        let pool = enricher.pool(record.pool, record.facts.pool_name.as_deref());
        let mut dossier = Dossier { record, origin, pool, advice: Vec::new() };
        let hidden = self.hidden(&dossier);
        if self.appears(&dossier.record, hidden.is_some()) {
            dossier.record.reason = Reason::Opened;
        }
        self.decide(&dossier.record, hidden.as_deref());
        if dossier.record.reason == Reason::Update || hidden.is_some() {
            return Ready { dossier, hidden, line: None };
        }
        let state = self.keeper.operator_state(dossier.record.case);
        dossier.advice = advice(&dossier, state.as_ref(), self.rules.language());
        let alert = Alert::new(&dossier, self.rules.identities(), capture);
        self.text.clear();
        let text = serde_json::to_writer(&mut self.text, &alert)
            .and_then(|()| str::from_utf8(&self.text).map_err(serde::ser::Error::custom));
        let line = match text {
            Ok(text) => Some((self.keeper.next_sequence(), text.into())),
            Err(error) => {
                self.shared.unwritable();
                tracing::error!("a record has no JSON form and was lost: {error}");
                None
            }
        };
        Ready { dossier, hidden, line }
    }

    /// Whom to block, and whom not any more because an exclusion hides the case.
    fn decide(&mut self, record: &Record, hidden: Option<&str>) {
        let decision = match hidden {
            None => Decision::of(record, self.rules.block())
                .inspect(|_| drop(self.decided.insert(record.case, Box::new(record.clone())))),
            Some(reason) => self.decided.remove(&record.case).map(|_| lift(record.case, reason)),
        };
        if let Some(decision) = decision {
            // Nobody listens in a replay.
            let _ = self.decisions.send(decision);
        }
    }

    /// Takes back what the rules hide now.
    fn reconsider(&mut self) {
        let decided = std::mem::replace(&mut self.decided, LruCache::new(DECIDED));
        for (case, record) in decided {
            let enricher = self.rules.enricher();
            let origin = enricher.origin(record.miner.ip(), record.last_seen);
            let pool = enricher.pool(record.pool, record.facts.pool_name.as_deref());
            let dossier = Dossier { record: *record, origin, pool, advice: Vec::new() };
            if let Some(reason) = self.hidden(&dossier) {
                let _ = self.decisions.send(lift(case, &reason));
            } else {
                self.decided.insert(case, Box::new(dossier.record));
            }
        }
    }

    /// Whether a case goes on that was excluded until now: nobody was told of it.
    fn appears(&mut self, record: &Record, is_hidden: bool) -> bool {
        if is_hidden && record.life != Life::Closed {
            self.untold.insert(record.case);
            return false;
        }
        self.untold.remove(&record.case) && record.life == Life::Open
    }

    /// The reason why the case is not to be reported.
    fn hidden(&self, dossier: &Dossier) -> Option<String> {
        let Dossier { record, origin, pool, .. } = dossier;
        let exclusions = self.rules.exclusions();
        if exclusions.is_empty() {
            return None;
        }
        let (signature_id, signature) = alert_signature(record.protocol, record.verdict);
        let evidence: Vec<&str> = record.evidence.iter().map(|evidence| evidence.kind).collect();
        let subject = Subject {
            time: record.last_seen,
            miner: record.miner.ip(),
            pool: record.pool,
            pool_name: record.facts.pool_name.as_deref(),
            pool_listed: pool.listed.as_deref(),
            protocol: record.protocol,
            wallet: record.facts.wallet.as_deref(),
            worker: record.facts.worker.as_deref(),
            signature_id,
            signature: &signature,
            evidence: &evidence,
            network_type: origin.network.kind,
        };
        exclusions.matches(&subject).map(|rule| rule.reason.clone())
    }

    /// Hands records over to the outputs, after they were kept if that was possible.
    fn publish(&self, mut entries: Vec<Entry>, kept: bool) {
        if entries.is_empty() {
            return;
        }
        for entry in &mut entries {
            entry.durable = kept && !entry.line.contains(r#""event_type":"stats""#);
        }
        let closed = match (self.pace, self.shared.deadline()) {
            (Pace::Replay, _) => self.outputs.publish_all(entries),
            (Pace::Live, Some(deadline)) => self.outputs.publish_until(entries, deadline),
            (Pace::Live, None) => self.outputs.publish(entries),
        };
        if closed.is_err() {
            self.shared.close();
        }
    }
}

fn lift(case: CaseId, reason: &str) -> Decision {
    Decision::Lift { case, reason: format!("excluded: {reason}") }
}
