use std::path::Path;

use anyhow::Result;
use detector::ledger::{CaseId, Day};
use detector::store::{DayWriter, Rated};
use rusqlite::{Connection, Row};

/// Days before the one that is simulated. With it they are what a report looks at.
pub(super) const DAYS: i64 = 30;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Lets every case have had the same day thirty times before.
pub(super) fn add(ledger: &Path) -> Result<()> {
    let mut connection = Connection::open(ledger)?;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -262144")?;
    let transaction = connection.transaction()?;
    let rows: Vec<(CaseId, Day, Rated)> = transaction
        .prepare("SELECT \"case\", day, active, connections, rate, power, power_low, power_high FROM days")?
        .query_map((), of_day)?
        .collect::<Result<_, _>>()?;
    let mut writer = DayWriter::new(&transaction)?;
    for back in (1..=DAYS).rev() {
        for &(case, day, rated) in &rows {
            writer.write(case, &Day { day: day.day - back, ..day }, rated)?;
        }
    }
    drop(writer);
    for table in ["miners", "pools", "cases"] {
        transaction.execute(&format!("UPDATE {table} SET first_seen = first_seen - ?"), [DAYS * DAY])?;
    }
    transaction.commit()?;
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

fn of_day(row: &Row<'_>) -> rusqlite::Result<(CaseId, Day, Rated)> {
    let case = CaseId(row.get::<_, i64>(0)?.cast_unsigned());
    let mut day = Day { day: row.get(1)?, active: row.get(2)?, connections: [0; 24] };
    for (count, bytes) in day.connections.iter_mut().zip(row.get_ref(3)?.as_blob()?.as_chunks().0) {
        *count = u16::from_le_bytes(*bytes);
    }
    let power: [Option<f64>; 3] = [row.get(5)?, row.get(6)?, row.get(7)?];
    let power = match power {
        [Some(power), Some(low), Some(high)] => Some([power, low, high]),
        _ => None,
    };
    Ok((case, day, Rated { rate: row.get(4)?, power }))
}
