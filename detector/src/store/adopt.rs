use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::restore::{days_since, one};
use super::row::id;
use crate::judge::{Facts, Stage, Verdict};
use crate::ledger::{CaseId, Day, Life, Reason, Record, connections_per_hour};
use crate::output::Identities;

/// What was written of a case before the ledger in memory opened it anew: it was over, had to make room, or is in another
/// capture. It goes on from there, so that no count or verdict falls and no record has the number of another.
struct Base {
    /// With its latest days.
    record: Record,
    /// These as they are now.
    days: Vec<Day>,
    /// It was not only out of sight.
    was_quiet: bool,
    /// What was told of it so far, since then as well.
    told: (Verdict, Stage),
}

/// The cases that were opened anew.
#[derive(Default)]
pub(super) struct Adopted(HashMap<CaseId, Base>);

impl Adopted {
    /// Makes a record of a case that is opened anew go on from the latest that was written of it: `waiting`, or what the file
    /// holds.
    pub(super) fn adopt(
        &mut self,
        connection: &Connection,
        identities: Identities,
        record: &mut Record,
        waiting: Option<&Record>,
    ) -> rusqlite::Result<()> {
        if record.reason == Reason::Opened {
            self.0.remove(&record.case);
            if let Some(base) = base(connection, identities, record, waiting)? {
                self.0.insert(record.case, base);
            }
        }
        let Some(base) = self.0.get_mut(&record.case) else { return Ok(()) };
        base.add_to(record);
        if record.life == Life::Closed {
            self.0.remove(&record.case);
        }
        Ok(())
    }
}

impl Base {
    fn add_to(&mut self, record: &mut Record) {
        record.reason = self.reason(record);
        let before = &self.record;
        record.number += before.number;
        record.returns += before.returns + u64::from(self.was_quiet);
        record.connections += before.connections;
        record.bytes += before.bytes;
        record.first_seen = record.first_seen.min(before.first_seen);
        record.last_seen = record.last_seen.max(before.last_seen);
        if (before.verdict, before.confidence) > (record.verdict, record.confidence) {
            record.evidence.clone_from(&before.evidence);
        }
        record.verdict = record.verdict.max(before.verdict);
        record.stage = record.stage.max(before.stage);
        self.told = (record.verdict, record.stage);
        record.confidence = record.confidence.max(before.confidence);
        record.parallel = record.parallel.max(before.parallel);
        record.workers = record.workers.max(before.workers);
        learned(&mut record.facts, &before.facts);
        for day in &mut record.days {
            let Some(before) = before.days.iter().find(|before| before.day == day.day) else { continue };
            day.active |= before.active;
            for (count, before) in day.connections.iter_mut().zip(before.connections) {
                *count = count.saturating_add(before);
            }
        }
        self.days.retain(|known| record.days.iter().all(|day| day.day != known.day));
        self.days.extend_from_slice(&record.days);
        let latest = self.days.iter().map(|day| day.day).max().unwrap_or_default();
        self.days.retain(|day| day.day >= latest - 1);
        record.connections_per_hour =
            connections_per_hour(record.connections, &self.days, record.first_seen, record.time);
    }

    /// Why the record is written, of a case that is not new.
    fn reason(&self, record: &Record) -> Reason {
        match record.reason {
            Reason::Opened if self.was_quiet => Reason::Returned,
            Reason::Opened | Reason::Verdict | Reason::Stage => {
                let (verdict, stage) = self.told;
                if record.verdict > verdict {
                    Reason::Verdict
                } else if record.stage > stage {
                    Reason::Stage
                } else {
                    Reason::Periodic
                }
            }
            reason => reason,
        }
    }
}

/// What was known before holds until there is something newer.
fn learned(facts: &mut Facts, before: &Facts) {
    facts.jobs += before.jobs;
    facts.shares.submitted += before.shares.submitted;
    facts.shares.accepted += before.shares.accepted;
    facts.shares.rejected += before.shares.rejected;
    if facts.wallet.is_none() && facts.worker.is_none() {
        facts.wallet.clone_from(&before.wallet);
        facts.worker.clone_from(&before.worker);
    }
    for (now, before) in [
        (&mut facts.agent, &before.agent),
        (&mut facts.pool_name, &before.pool_name),
        (&mut facts.algorithm, &before.algorithm),
    ] {
        if now.is_none() {
            now.clone_from(before);
        }
    }
    facts.coin = facts.coin.or(before.coin);
    facts.implied_algorithm = facts.implied_algorithm.or(before.implied_algorithm);
    facts.difficulty = facts.difficulty.or(before.difficulty);
    facts.claimed_hash_rate = facts.claimed_hash_rate.or(before.claimed_hash_rate);
}

fn base(
    connection: &Connection,
    identities: Identities,
    record: &Record,
    waiting: Option<&Record>,
) -> rusqlite::Result<Option<Base>> {
    let over = |reason| matches!(reason, Reason::Quiet | Reason::Closed);
    let (mut before, was_quiet) = if let Some(waiting) = waiting {
        (waiting.clone(), over(waiting.reason))
    } else {
        let Some(before) = one(connection, identities, record.case, Timestamp::now())? else {
            return Ok(None);
        };
        (before, was_over(connection, record.case)?)
    };
    let newer = std::mem::replace(&mut before.days, days_since(connection, record.case, record.time)?);
    before.days.retain(|day: &Day| newer.iter().all(|newer| newer.day != day.day));
    before.days.extend(newer);
    let was_quiet = was_quiet || before.life == Life::Quiet;
    let told = (before.verdict, before.stage);
    let days = before.days.clone();
    Ok(Some(Base { record: before, days, was_quiet, told }))
}

/// Whether the last record of a case said that it had fallen quiet, or was over.
fn was_over(connection: &Connection, case: CaseId) -> rusqlite::Result<bool> {
    let mut select = connection.prepare_cached(
        r#"SELECT reason IN ('quiet', 'closed') FROM history WHERE "case" = ? ORDER BY number DESC LIMIT 1"#,
    )?;
    let over = select.query_row([id(case)], |row| row.get(0)).optional()?;
    Ok(over.unwrap_or_default())
}
