use jiff::Timestamp;
use rusqlite::Connection;

use super::Limits;
use super::days::{BRIEF, PERIOD, period};
use super::row::counted;

/// Cases removed at once: a moment's work.
const CASES: i64 = 2_000;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// What one step of keeping within the limits did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Cases that were removed for their age.
    pub aged: u64,
    /// Cases that were removed for want of room, before their age.
    pub crowded: u64,
    /// There is more to do.
    pub more: bool,
    /// The limit of size is exceeded by what is of today and the two days before, which is kept.
    pub exceeded: bool,
}

/// Pages given back to the file system at once.
const PAGES: i64 = 4_096;

/// Removes what is too old or too much, some of it at a time. `begins`: it is the first time of several.
pub(super) fn retain(
    connection: &mut Connection,
    keep: Limits,
    now: Timestamp,
    begins: bool,
) -> rusqlite::Result<Removed> {
    let now = now.as_millisecond();
    let before = now - i64::from(keep.days) * DAY;
    if begins {
        come_back(connection, now)?;
    }
    let aged = remove(connection, before)?;
    let mut removed = Removed { aged, more: aged == counted(CASES), ..Removed::default() };
    let used = used(connection)?;
    if !removed.more && used > keep.bytes && used > keep.bytes + waiting(connection)? {
        let oldest: Option<i64> =
            connection.query_row("SELECT min(last_seen) FROM cases", (), |row| row.get(0))?;
        let first: Option<i64> = connection.query_row("SELECT min(day) FROM days", (), |row| row.get(0))?;
        let first = first.map(|day| day * DAY);
        match [oldest, first].into_iter().flatten().min() {
            // A day at a time, and neither today nor the two days before.
            Some(oldest) if oldest < (now.div_euclid(DAY) - 2) * DAY => {
                removed.crowded = remove(connection, (oldest / DAY + 1) * DAY)?;
                removed.more = true;
            }
            _ => removed.exceeded = true,
        }
    }
    removed.more |= shrink(connection)?;
    Ok(removed)
}

/// What the clock, when it was wrong, put into the future comes back to now: it would never be too old.
fn come_back(connection: &Connection, now: i64) -> rusqlite::Result<()> {
    let tomorrow = now + DAY;
    connection.execute("UPDATE cases SET last_seen = ? WHERE last_seen > ?", [now, tomorrow])?;
    let last = tomorrow.div_euclid(DAY);
    connection.execute("DELETE FROM days WHERE day > ?", [last])?;
    connection.execute("DELETE FROM activity WHERE period > ?", [period(last)])?;
    let bytes = (last.rem_euclid(PERIOD) + 1) * i64::try_from(BRIEF).unwrap_or(0);
    let cut = "UPDATE activity SET days = substr(days, 1, ?2) WHERE period = ?1 AND length(days) > ?2";
    connection.execute(cut, [period(last), bytes]).map(drop)
}

/// Gives free pages back to the file system, some of them. True if there are more.
fn shrink(connection: &Connection) -> rusqlite::Result<bool> {
    let free: i64 = connection.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    // Each step frees one page.
    let mut vacuum = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
    let mut steps = vacuum.query(())?;
    while steps.next()?.is_some() {}
    Ok(free > PAGES)
}

/// About the bytes of the file that hold records on their way to outputs, which have a limit of their own.
fn waiting(connection: &Connection) -> rusqlite::Result<u64> {
    let pages = "SELECT coalesce(sum(octet_length(line) / 4092 + 1), 0) FROM outbox";
    connection.query_row(pages, (), |row| row.get(0).map(|pages: i64| counted(pages * 4_096)))
}

/// Bytes of the file that hold something.
pub(super) fn used(connection: &Connection) -> rusqlite::Result<u64> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = number("page_count")? - number("freelist_count")?;
    Ok(counted(pages * number("page_size")?))
}

/// Removes cases that were not seen since a time in milliseconds, and days that ended before it. Says how many cases.
fn remove(connection: &mut Connection, before: i64) -> rusqlite::Result<u64> {
    let transaction = connection.transaction()?;
    let first = before.div_euclid(DAY);
    transaction.execute("DELETE FROM days WHERE day < ?", [first])?;
    transaction.execute("DELETE FROM activity WHERE period < ?", [period(first)])?;
    transaction
        .execute_batch("CREATE TEMP TABLE IF NOT EXISTS old (id INTEGER PRIMARY KEY); DELETE FROM old")?;
    let cases = transaction
        .execute("INSERT INTO old SELECT id FROM cases WHERE last_seen < ? LIMIT ?", [before, CASES])?;
    if cases > 0 {
        transaction.execute_batch(include_str!("sql/remove.sql"))?;
    }
    transaction.commit()?;
    Ok(cases as u64)
}
