use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _};

use super::restore::days_since;
use super::row::{counted, id};
use crate::judge::Shares;
use crate::ledger::{CaseId, Day, Life, Reason, Record};

/// What the file holds of a case from before the ledger in memory opened it anew: it was over, or had to make room. Its
/// counts go on from there, so that they never fall and no record has the number of another.
pub(super) struct Base {
    records: u64,
    returns: u64,
    connections: u64,
    jobs: u64,
    shares: Shares,
    bytes: u64,
    first_seen: i64,
    days: Vec<Day>,
}

/// The cases that were opened anew.
#[derive(Default)]
pub(super) struct Adopted(HashMap<CaseId, Base>);

impl Adopted {
    /// Makes a record of a case that is opened anew go on from what the file holds.
    pub(super) fn adopt(&mut self, connection: &Connection, record: &mut Record) -> rusqlite::Result<()> {
        if record.reason == Reason::Opened
            && let Some(base) = base(connection, record)?
        {
            self.0.insert(record.case, base);
        }
        let Some(base) = self.0.get(&record.case) else { return Ok(()) };
        base.add_to(record);
        if record.life == Life::Closed {
            self.0.remove(&record.case);
        }
        Ok(())
    }
}

impl Base {
    fn add_to(&self, record: &mut Record) {
        if record.reason == Reason::Opened {
            record.reason = Reason::Returned;
        }
        record.number += self.records;
        record.returns += self.returns + 1;
        record.connections += self.connections;
        record.bytes += self.bytes;
        record.facts.jobs += self.jobs;
        record.facts.shares.submitted += self.shares.submitted;
        record.facts.shares.accepted += self.shares.accepted;
        record.facts.shares.rejected += self.shares.rejected;
        if let Ok(first) = jiff::Timestamp::from_millisecond(self.first_seen) {
            record.first_seen = record.first_seen.min(first);
        }
        for day in &mut record.days {
            let Some(before) = self.days.iter().find(|before| before.day == day.day) else { continue };
            day.active |= before.active;
            for (count, before) in day.connections.iter_mut().zip(before.connections) {
                *count = count.saturating_add(before);
            }
        }
    }
}

fn base(connection: &Connection, record: &Record) -> rusqlite::Result<Option<Base>> {
    let mut select = connection.prepare_cached(
        "SELECT records, returns, connections, jobs, submitted, accepted, rejected, bytes, first_seen FROM cases \
         WHERE id = ?",
    )?;
    let base = select
        .query_row([id(record.case)], |row| {
            Ok(Base {
                records: counted(row.get(0)?),
                returns: counted(row.get(1)?),
                connections: counted(row.get(2)?),
                jobs: counted(row.get(3)?),
                shares: Shares {
                    submitted: counted(row.get(4)?),
                    accepted: counted(row.get(5)?),
                    rejected: counted(row.get(6)?),
                },
                bytes: counted(row.get(7)?),
                first_seen: row.get(8)?,
                days: Vec::new(),
            })
        })
        .optional()?;
    let Some(mut base) = base else { return Ok(None) };
    base.days = days_since(connection, record.case, record.time)?;
    Ok(Some(base))
}
