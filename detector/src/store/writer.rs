use rusqlite::{CachedStatement, Connection, Transaction, params};
use serde::Serialize;

use super::days::{DayWriter, Rated};
use super::details::Details;
use super::evidence;
use super::row::{count, id};
use super::written::Written;
use crate::dispatch::Dossier;
use crate::ledger::{Life, Reason, Record};
use crate::output::Identities;

/// A record to be written, or an update.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The record with what is known of its ends.
    pub dossier: &'a Dossier,
    /// The reason of the exclusion that hides the case.
    pub hidden: Option<&'a str>,
    /// Its number among all records and its text, if outputs are to have it.
    pub line: Option<(u64, &'a str)>,
}

/// Writes entries, all of them or none.
pub(super) fn write(
    connection: &mut Connection,
    written: &mut Written,
    identities: Identities,
    entries: &[Entry<'_>],
) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    let mut statements = Statements::new(&transaction)?;
    let mut latest = 0;
    for entry in entries {
        let record = &entry.dossier.record;
        let miner = written.miner(&transaction, entry.dossier)?;
        let pool = written.pool(&transaction, entry.dossier)?;
        statements.case(entry, miner, pool)?;
        let (details, evidence) = written.changed(entry.dossier);
        if details {
            statements.details(entry.dossier, identities)?;
        }
        if evidence {
            statements.evidence(record)?;
        }
        statements.days(record)?;
        if record.reason != Reason::Update {
            statements.history(record)?;
        }
        if let Some((sequence, line)) = entry.line {
            statements.line.execute(params![count(sequence), line])?;
            latest = latest.max(sequence);
        }
        if record.life == Life::Closed {
            written.forget(record);
        }
    }
    drop(statements);
    if latest > 0 {
        let mut progress =
            transaction.prepare_cached("UPDATE progress SET sequence = max(sequence, ?) WHERE id = 1")?;
        progress.execute([count(latest)])?;
    }
    transaction.commit()
}

/// What is executed again and again.
struct Statements<'a> {
    case: CachedStatement<'a>,
    details: CachedStatement<'a>,
    evidence: CachedStatement<'a>,
    day: DayWriter<'a>,
    history: CachedStatement<'a>,
    line: CachedStatement<'a>,
}

impl<'a> Statements<'a> {
    fn new(transaction: &'a Transaction<'_>) -> rusqlite::Result<Self> {
        let prepared = |statement| transaction.prepare_cached(statement);
        Ok(Self {
            case: prepared(include_str!("sql/case.sql"))?,
            details: prepared(r#"INSERT OR REPLACE INTO details ("case", body) VALUES (?, ?)"#)?,
            evidence: prepared(r#"INSERT OR REPLACE INTO evidence ("case", body) VALUES (?, ?)"#)?,
            day: DayWriter::new(transaction)?,
            history: prepared(
                // A case that nothing hides any more is told with the number of what was said last.
                r#"INSERT OR IGNORE INTO history ("case", number, at, reason, verdict, stage) VALUES (?, ?, ?, ?, ?, ?)"#,
            )?,
            line: prepared("INSERT OR REPLACE INTO outbox (sequence, line) VALUES (?, ?)")?,
        })
    }

    fn case(&mut self, entry: &Entry<'_>, miner: i64, pool: i64) -> rusqlite::Result<()> {
        let record = &entry.dossier.record;
        let facts = &record.facts;
        let rate = record.estimate.map(|estimate| estimate.rate);
        let power = record.estimate.and_then(|estimate| estimate.power).map(|power| power.watts);
        let state = postcard::to_stdvec(&record.state).map_err(unwritable)?;
        self.case.execute(params![
            id(record.case),
            miner,
            pool,
            record.miner.port(),
            record.protocol.name(),
            word(record.carrier),
            record.encrypted,
            word(record.life),
            word(record.verdict),
            word(record.stage),
            record.confidence,
            facts.coin,
            facts.algorithm,
            record.first_seen.as_millisecond(),
            record.last_seen.as_millisecond(),
            record.time.as_millisecond(),
            count(record.number),
            count(record.returns),
            count(record.connections),
            record.connections_per_hour,
            record.parallel,
            record.workers,
            count(facts.jobs),
            count(facts.shares.submitted),
            count(facts.shares.accepted),
            count(facts.shares.rejected),
            count(record.bytes),
            rate.map(|rate| rate.value),
            rate.map(|rate| rate.low),
            rate.map(|rate| rate.high),
            record.estimate.map(|estimate| word(estimate.unit)),
            power.map(|power| power.value),
            power.map(|power| power.low),
            power.map(|power| power.high),
            entry.hidden,
            state,
        ])?;
        Ok(())
    }

    fn details(&mut self, dossier: &Dossier, identities: Identities) -> rusqlite::Result<()> {
        let body = serde_json::to_string(&Details::of(dossier, identities)).map_err(unwritable)?;
        self.details.execute(params![id(dossier.record.case), body]).map(drop)
    }

    fn evidence(&mut self, record: &Record) -> rusqlite::Result<()> {
        let body = evidence::pack(&record.evidence).map_err(unwritable)?;
        self.evidence.execute(params![id(record.case), body]).map(drop)
    }

    fn days(&mut self, record: &Record) -> rusqlite::Result<()> {
        let estimate = record.estimate;
        let power = estimate.and_then(|estimate| estimate.power).map(|power| power.watts);
        let rated = Rated {
            rate: estimate.map(|estimate| estimate.rate.value),
            power: power.map(|power| [power.value, power.low, power.high]),
        };
        record.days.iter().try_for_each(|day| self.day.write(record.case, day, rated))
    }

    fn history(&mut self, record: &Record) -> rusqlite::Result<()> {
        let row = params![
            id(record.case),
            count(record.number),
            record.time.as_millisecond(),
            word(record.reason),
            word(record.verdict),
            word(record.stage),
        ];
        self.history.execute(row).map(drop)
    }
}

fn unwritable(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(error.into())
}

/// A value that is one word in records.
pub(super) fn word(value: impl Serialize) -> String {
    let quoted = serde_json::to_string(&value).unwrap_or_default();
    quoted.trim_matches('"').to_owned()
}
