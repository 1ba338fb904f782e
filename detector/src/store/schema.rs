//! What the file holds, and how it is told from other files.

use rusqlite::Connection;

/// What brings a ledger from each version to the next; the first makes a new one. What was released once stays as it is.
const MIGRATIONS: [&str; VERSION as usize] = [include_str!("schema.sql")];

/// The version of the ledgers that this program writes, as `PRAGMA user_version` tells it.
pub const VERSION: i32 = 1;

/// Says that an `SQLite` file is a ledger: `FDP1`, as `PRAGMA application_id` tells it.
pub const APPLICATION_ID: i32 = 0x4644_5031;

/// Makes a ledger of an empty database, all of it or nothing.
///
/// # Errors
/// If the database is not empty, or cannot be written.
pub fn create(connection: &Connection) -> rusqlite::Result<()> {
    migrate_by(connection, 0, &MIGRATIONS)
}

/// Brings a ledger of an earlier version up to date, step by step.
pub(super) fn migrate(connection: &Connection, version: i32) -> rusqlite::Result<()> {
    migrate_by(connection, version, &MIGRATIONS)
}

/// Each step is done whole or not at all.
fn migrate_by(connection: &Connection, version: i32, steps: &[&str]) -> rusqlite::Result<()> {
    for (reached, step) in (1..).zip(steps).skip(usize::try_from(version).unwrap_or(0)) {
        let done = connection.execute_batch(&format!(
            "BEGIN IMMEDIATE; {step}; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {reached}; COMMIT"
        ));
        if done.is_err() && !connection.is_autocommit() {
            connection.execute_batch("ROLLBACK")?;
        }
        done?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(connection: &Connection, name: &str) -> i32 {
        connection.pragma_query_value(None, name, |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_ledger_is_made_once() {
        let connection = Connection::open_in_memory().unwrap();
        create(&connection).unwrap();
        assert_eq!(number(&connection, "application_id"), APPLICATION_ID);
        assert_eq!(number(&connection, "user_version"), VERSION);
        assert_eq!(APPLICATION_ID.to_be_bytes(), *b"FDP1");
        create(&connection).unwrap_err();
        assert!(connection.is_autocommit(), "nothing is left half done");
    }

    #[test]
    fn a_step_that_fails_leaves_the_ledger_as_it_was() {
        let connection = Connection::open_in_memory().unwrap();
        migrate_by(&connection, 0, &["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).unwrap();
        let steps = [
            "CREATE TABLE a (x)",
            "CREATE TABLE b (x)",
            "ALTER TABLE a ADD COLUMN y",
            "DROP TABLE a; nonsense",
        ];
        migrate_by(&connection, 2, &steps).unwrap_err();
        assert_eq!(number(&connection, "user_version"), 3);
        connection.execute("INSERT INTO a (x, y) VALUES (1, 2)", ()).unwrap();
    }
}
