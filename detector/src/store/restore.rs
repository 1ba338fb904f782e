use std::net::SocketAddr;

use detector_common::flow::FlowKey;
use detector_common::packet::Encapsulation;
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::de::DeserializeOwned;

use super::details::Details;
use super::evidence::unpack;
use super::row::{address, case, count, counted, day, id};
use crate::intern::intern;
use crate::judge::{Carrier, Protocol, Shares};
use crate::ledger::{CaseId, Day, Reason, Record, State};
use crate::output::Identities;

/// The cases that go on, at most so many: those that were seen last. The ones that were seen longest ago come first.
/// Nothing of them is later than `now`.
pub(super) fn restore(
    connection: &Connection,
    identities: Identities,
    most: usize,
    now: Timestamp,
) -> rusqlite::Result<Vec<Record>> {
    let mut records = Vec::new();
    let mut select = connection.prepare(concat!(
        include_str!("sql/record.sql"),
        "WHERE life <> 'closed' ORDER BY cases.last_seen DESC LIMIT ?"
    ))?;
    let rows = select.query_map([count(most as u64)], |row| record(row, identities, now))?;
    for row in rows {
        match row {
            Ok(mut record) => {
                record.days = days_since(connection, record.case, record.last_seen)?;
                records.push(record);
            }
            Err(error @ rusqlite::Error::FromSqlConversionFailure(..)) => {
                tracing::error!(
                    "a case of the ledger cannot be read, and begins anew when it is seen: {error}"
                );
            }
            Err(error) => return Err(error),
        }
    }
    records.sort_by_key(|record| record.last_seen);
    Ok(records)
}

/// Cases beyond the `most` that were seen last are over: nobody follows them.
pub(super) fn close_others(connection: &Connection, most: usize) -> rusqlite::Result<()> {
    let open = "SELECT count(*) FROM cases WHERE life <> 'closed'";
    let open: i64 = connection.query_row(open, (), |row| row.get(0))?;
    if counted(open) > most as u64 {
        connection.execute(include_str!("sql/close.sql"), [count(most as u64)])?;
    }
    Ok(())
}

/// A case as it was written, without its days.
pub(super) fn one(
    connection: &Connection,
    identities: Identities,
    case: CaseId,
    now: Timestamp,
) -> rusqlite::Result<Option<Record>> {
    let mut select =
        connection.prepare_cached(concat!(include_str!("sql/record.sql"), "WHERE cases.id = ?"))?;
    select.query_row([id(case)], |row| record(row, identities, now)).optional()
}

/// A case on the day of a time, the day before and the day after.
pub(super) fn days_since(
    connection: &Connection,
    case: CaseId,
    time: Timestamp,
) -> rusqlite::Result<Vec<Day>> {
    let mut select = connection.prepare_cached(
        r#"SELECT day, active, connections FROM days WHERE "case" = ? AND day IN (?2, ?2 + 1, ?2 + 2)"#,
    )?;
    let yesterday = time.as_second().div_euclid(86_400) - 1;
    let rows = select.query_map(params![id(case), yesterday], day_of)?;
    rows.collect()
}

fn day_of(row: &Row<'_>) -> rusqlite::Result<Day> {
    let connections: Vec<u8> = row.get(2)?;
    Ok(day(row.get(0)?, row.get(1)?, &connections))
}

fn record(row: &Row<'_>, identities: Identities, now: Timestamp) -> rusqlite::Result<Record> {
    let details: Details = parsed(row, 22)?;
    let miner = SocketAddr::new(address(row.get(1)?), row.get(26)?);
    let pool = SocketAddr::new(address(row.get(2)?), row.get(3)?);
    let carrier: Carrier = worded(row, 5)?;
    let key = if carrier == Carrier::Udp { FlowKey::udp } else { FlowKey::tcp };
    let interface = details.interface.clone();
    let mut evidence = unpack(row.get_ref(27)?.as_blob()?).map_err(|error| failed(27, Type::Blob, error))?;
    if !details.may_be_told(identities) {
        for reason in &mut evidence {
            reason.excerpt = None;
        }
    }
    let mut facts = details.facts(identities);
    let coin: Option<String> = row.get(11)?;
    facts.coin = coin.as_deref().map(intern);
    facts.algorithm = row.get(12)?;
    facts.jobs = counted(row.get(17)?);
    facts.shares = Shares {
        submitted: counted(row.get(18)?),
        accepted: counted(row.get(19)?),
        rejected: counted(row.get(20)?),
    };
    let state: Vec<u8> = row.get(21)?;
    let state: State = postcard::from_bytes(&state).map_err(|error| failed(21, Type::Blob, error))?;
    let protocol: String = row.get(4)?;
    let last_seen = time(row, 14)?.min(now);
    Ok(Record {
        case: case(row.get(0)?),
        number: counted(row.get(15)?),
        reason: Reason::Update,
        life: worded(row, 7)?,
        time: last_seen,
        key: key(miner.into(), pool.into()).0,
        miner,
        pool,
        interface,
        outer: Encapsulation::NONE,
        protocol: Protocol::named(&protocol),
        verdict: worded(row, 8)?,
        stage: worded(row, 9)?,
        carrier,
        encrypted: row.get(6)?,
        confidence: row.get(10)?,
        evidence,
        facts,
        estimate: None,
        bytes: counted(row.get(23)?),
        connections: counted(row.get(24)?),
        connections_per_hour: None,
        first_seen: time(row, 13)?.min(now),
        last_seen,
        returns: counted(row.get(16)?),
        parallel: row.get(25)?,
        workers: row.get(28)?,
        days: Vec::new(),
        state: state.until(now),
    })
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(row.get(column)?).map_err(|error| failed(column, Type::Integer, error))
}

/// A word that stands for a value in records.
fn worded<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let word: String = row.get(column)?;
    serde_json::from_value(word.into()).map_err(|error| failed(column, Type::Text, error))
}

fn parsed<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| failed(column, Type::Text, error))
}

fn failed(
    column: usize,
    kind: Type,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, error.into())
}
