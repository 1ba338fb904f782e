use std::collections::HashMap;
use std::net::SocketAddr;

use detector_common::flow::FlowKey;
use detector_common::packet::Encapsulation;
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};
use serde::de::DeserializeOwned;

use super::details::Details;
use super::evidence::unpack;
use super::row::{address, case, count, counted, day, id};
use crate::intern::intern;
use crate::judge::{Carrier, Protocol, Shares};
use crate::ledger::{CaseId, Day, Reason, Record};

/// The cases that go on, at most so many: those that were seen last. The ones that were seen longest ago come first.
pub(super) fn restore(connection: &Connection, most: usize) -> rusqlite::Result<Vec<Record>> {
    let mut records = Vec::new();
    let mut days = latest_days(connection)?;
    let mut select = connection.prepare(include_str!("sql/restore.sql"))?;
    let rows = select.query_map([count(most as u64)], record)?;
    for row in rows {
        match row {
            Ok(mut record) => {
                record.days = days.remove(&record.case).unwrap_or_default();
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

/// The last two days of which there is anything, by case.
fn latest_days(connection: &Connection) -> rusqlite::Result<HashMap<CaseId, Vec<Day>>> {
    let mut select = connection.prepare(
        r#"SELECT "case", day, active, connections FROM days WHERE day >= (SELECT max(day) - 1 FROM days)"#,
    )?;
    let mut rows = select.query(())?;
    let mut days: HashMap<CaseId, Vec<Day>> = HashMap::new();
    while let Some(row) = rows.next()? {
        days.entry(case(row.get(0)?)).or_default().push(day_of(row)?);
    }
    Ok(days)
}

/// A case on the day of a time and on the day before.
pub(super) fn days_since(
    connection: &Connection,
    case: CaseId,
    time: Timestamp,
) -> rusqlite::Result<Vec<Day>> {
    let mut select = connection.prepare_cached(
        r#"SELECT "case", day, active, connections FROM days WHERE "case" = ? AND day BETWEEN ?2 AND ?2 + 2"#,
    )?;
    let yesterday = time.as_second().div_euclid(86_400) - 1;
    let rows = select.query_map(params![id(case), yesterday], day_of)?;
    rows.collect()
}

fn day_of(row: &Row<'_>) -> rusqlite::Result<Day> {
    let connections: Vec<u8> = row.get(3)?;
    Ok(day(row.get(1)?, row.get(2)?, &connections))
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let details: Details = parsed(row, 22)?;
    let miner = SocketAddr::new(address(row.get(1)?), row.get(26)?);
    let pool = SocketAddr::new(address(row.get(2)?), row.get(3)?);
    let carrier: Carrier = worded(row, 5)?;
    let key = if carrier == Carrier::Udp { FlowKey::udp } else { FlowKey::tcp };
    let interface = details.interface.clone();
    let evidence = unpack(row.get_ref(27)?.as_blob()?).map_err(|error| failed(27, Type::Blob, error))?;
    let mut facts = details.facts();
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
    let protocol: String = row.get(4)?;
    let last_seen = time(row, 14)?;
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
        first_seen: time(row, 13)?,
        last_seen,
        returns: counted(row.get(16)?),
        parallel: row.get(25)?,
        workers: 0,
        days: Vec::new(),
        state: postcard::from_bytes(&state).map_err(|error| failed(21, Type::Blob, error))?,
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
