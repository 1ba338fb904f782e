use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rusqlite::{Connection, Transaction, params};
use serde::Serialize;

use super::details::Details;
use super::row::{count, hours, id, octets};
use crate::dispatch::Dossier;
use crate::enrich::{Origin, PoolOrigin};
use crate::ledger::{CaseId, Life, Reason, Record};
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

/// What is known to be in the file, so that it is not written again. Bounded by the cases that the ledger in memory follows.
#[derive(Default)]
pub(super) struct Written {
    miners: HashMap<[u8; 16], Known>,
    pools: HashMap<([u8; 16], u16), Known>,
    details: HashMap<CaseId, u64>,
}

struct Known {
    id: i64,
    /// Of all that was written.
    digest: u64,
}

impl Written {
    pub(super) fn forget(&mut self, record: &Record) {
        self.details.remove(&record.case);
        self.miners.remove(&octets(record.miner.ip()));
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Writes entries, all of them or none.
pub(super) fn write(
    connection: &mut Connection,
    written: &mut Written,
    identities: Identities,
    entries: &[Entry<'_>],
) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    let mut latest = 0;
    for entry in entries {
        let record = &entry.dossier.record;
        let miner = miner(&transaction, written, entry.dossier)?;
        let pool = pool(&transaction, written, entry.dossier)?;
        case(&transaction, entry, miner, pool)?;
        details(&transaction, written, identities, record)?;
        days(&transaction, record)?;
        if record.reason != Reason::Update {
            history(&transaction, record)?;
        }
        if let Some((sequence, line)) = entry.line {
            let mut insert =
                transaction.prepare_cached("INSERT OR REPLACE INTO outbox (sequence, line) VALUES (?, ?)")?;
            insert.execute(params![count(sequence), line])?;
            latest = latest.max(sequence);
        }
        if record.life == Life::Closed {
            written.forget(record);
        }
    }
    if latest > 0 {
        let mut progress =
            transaction.prepare_cached("UPDATE progress SET sequence = max(sequence, ?) WHERE id = 1")?;
        progress.execute([count(latest)])?;
    }
    transaction.commit()
}

fn miner(transaction: &Transaction<'_>, written: &mut Written, dossier: &Dossier) -> rusqlite::Result<i64> {
    let Dossier { record, origin, .. } = dossier;
    let address = octets(record.miner.ip());
    let digest = digest(origin);
    let (first, last) = (record.first_seen.as_millisecond(), record.last_seen.as_millisecond());
    if let Some(known) = written.miners.get(&address).filter(|known| known.digest == digest) {
        let mut seen = transaction.prepare_cached(
            "UPDATE miners SET last_seen = max(last_seen, ?2), first_seen = min(first_seen, ?3) WHERE id = ?1",
        )?;
        seen.execute(params![known.id, last, first])?;
        return Ok(known.id);
    }
    let Origin { network, lease } = origin;
    let mut insert = transaction.prepare_cached(include_str!("sql/miner.sql"))?;
    let id = insert.query_row(
        params![
            address,
            first,
            last,
            network.kind.to_string(),
            network.type_source.map(|source| source.to_string()),
            network.type_confidence,
            network.asn,
            network.as_org,
            network.country,
            network.region,
            network.city,
            network.latitude,
            network.longitude,
            network.prefix,
            network.site,
            network.owner,
            network.contact,
            lease.as_ref().and_then(|lease| lease.mac.as_deref()),
            lease.as_ref().and_then(|lease| lease.user.as_deref()),
        ],
        |row| row.get(0),
    )?;
    written.miners.insert(address, Known { id, digest });
    Ok(id)
}

fn pool(transaction: &Transaction<'_>, written: &mut Written, dossier: &Dossier) -> rusqlite::Result<i64> {
    let Dossier { record, pool, .. } = dossier;
    let key = (octets(record.pool.ip()), record.pool.port());
    let name = record.facts.pool_name.as_deref();
    let digest = digest(&(name, pool));
    let (first, last) = (record.first_seen.as_millisecond(), record.last_seen.as_millisecond());
    if let Some(known) = written.pools.get(&key).filter(|known| known.digest == digest) {
        let mut seen = transaction.prepare_cached(
            "UPDATE pools SET last_seen = max(last_seen, ?2), first_seen = min(first_seen, ?3) WHERE id = ?1",
        )?;
        seen.execute(params![known.id, last, first])?;
        return Ok(known.id);
    }
    let PoolOrigin { listed, asn, as_org, country } = pool;
    let mut insert = transaction.prepare_cached(include_str!("sql/pool.sql"))?;
    let id = insert
        .query_row(params![key.0, key.1, first, last, name, listed, asn, as_org, country], |row| {
            row.get(0)
        })?;
    written.pools.insert(key, Known { id, digest });
    Ok(id)
}

fn case(transaction: &Transaction<'_>, entry: &Entry<'_>, miner: i64, pool: i64) -> rusqlite::Result<()> {
    let record = &entry.dossier.record;
    let facts = &record.facts;
    let rate = record.estimate.map(|estimate| estimate.rate);
    let power = record.estimate.and_then(|estimate| estimate.power).map(|power| power.watts);
    let state = postcard::to_stdvec(&record.state)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let mut upsert = transaction.prepare_cached(include_str!("sql/case.sql"))?;
    upsert.execute(params![
        id(record.case),
        miner,
        pool,
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

fn details(
    transaction: &Transaction<'_>,
    written: &mut Written,
    identities: Identities,
    record: &Record,
) -> rusqlite::Result<()> {
    let details = Details::of(record, identities);
    let body = serde_json::to_string(&details)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let digest = digest_of_text(&body);
    if written.details.get(&record.case) == Some(&digest) {
        return Ok(());
    }
    let mut upsert =
        transaction.prepare_cached(r#"INSERT OR REPLACE INTO details ("case", body) VALUES (?, ?)"#)?;
    upsert.execute(params![id(record.case), body])?;
    written.details.insert(record.case, digest);
    Ok(())
}

fn days(transaction: &Transaction<'_>, record: &Record) -> rusqlite::Result<()> {
    let rate = record.estimate.map(|estimate| estimate.rate.value);
    let power = record.estimate.and_then(|estimate| estimate.power).map(|power| power.watts);
    for day in &record.days {
        let mut upsert = transaction.prepare_cached(
            r#"INSERT OR REPLACE INTO days (day, "case", active, connections, rate, power, power_low, power_high)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)"#,
        )?;
        upsert.execute(params![
            day.day,
            id(record.case),
            day.active,
            hours(day),
            rate,
            power.map(|power| power.value),
            power.map(|power| power.low),
            power.map(|power| power.high),
        ])?;
    }
    Ok(())
}

fn history(transaction: &Transaction<'_>, record: &Record) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        r#"INSERT OR REPLACE INTO history ("case", number, at, reason, verdict, stage) VALUES (?, ?, ?, ?, ?, ?)"#,
    )?;
    insert.execute(params![
        id(record.case),
        count(record.number),
        record.time.as_millisecond(),
        word(record.reason),
        word(record.verdict),
        word(record.stage),
    ])?;
    Ok(())
}

/// A value that is one word in records.
pub(super) fn word(value: impl Serialize) -> String {
    let quoted = serde_json::to_string(&value).unwrap_or_default();
    quoted.trim_matches('"').to_owned()
}

/// Of the same contents always the same within this process.
fn digest(value: &impl Serialize) -> u64 {
    digest_of_text(&serde_json::to_string(value).unwrap_or_default())
}

fn digest_of_text(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
