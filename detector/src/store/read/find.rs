use std::net::IpAddr;

use rusqlite::{Connection, Row, params};

use super::row::{address, octets};
use super::{ReadError, Reader};
use crate::ledger::CaseId;

/// So many digits of a case's number are enough, if they are unique.
const DIGITS: usize = 4;
/// So many of several are named.
const NAMED: usize = 5;

/// Why a case is not found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// Neither a number nor an address.
    #[error(
        "{0:?} names no case: give {DIGITS} to 16 hexadecimal digits of its number, or the address of a miner with one case"
    )]
    Malformed(String),
    /// No case has that number or address.
    #[error("no case {0} in this ledger; `firedamp cases --hidden include` lists them")]
    Unknown(String),
    /// Several have.
    #[error("{name} stands for {count} cases; give the number of one: {named}")]
    Several {
        /// What was given.
        name: String,
        /// How many there are.
        count: usize,
        /// Some of them.
        named: String,
    },
    /// The ledger cannot be read.
    #[error("cannot read the ledger: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

impl Reader {
    /// The case with a number that begins with these digits, or the only case of a miner with this address.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub fn find(&self, name: &str) -> Result<CaseId, FindError> {
        find(&self.connection, name)
    }

    /// Values of a column that occur, for a hint at what was meant.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn known(&self, of: Known) -> Result<Vec<String>, ReadError> {
        let (column, table) = match of {
            Known::Country => ("country", "miners"),
            Known::Region => ("region", "miners"),
            Known::City => ("city", "miners"),
            Known::Site => ("site", "miners"),
            Known::Coin => ("coin", "cases"),
            Known::Protocol => ("protocol", "cases"),
        };
        let mut statement = self
            .connection
            .prepare(&format!("SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"))?;
        let values = statement.query_map([], |row| row.get(0))?;
        Ok(values.collect::<rusqlite::Result<_>>()?)
    }
}

/// What can be asked for that has no fixed set of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Countries of miners.
    Country,
    /// Regions of miners.
    Region,
    /// Cities of miners.
    City,
    /// Sites of miners.
    Site,
    /// Coins of cases.
    Coin,
    /// Protocols of cases.
    Protocol,
}

/// Some of the matches, and how many there are.
struct Matches {
    named: Vec<(CaseId, String)>,
    count: usize,
}

const ENDS: &str = "SELECT c.id, m.address, p.address, p.port, c.protocol FROM cases c \
     JOIN miners m ON m.id = c.miner JOIN pools p ON p.id = c.pool";

pub(super) fn find(connection: &Connection, name: &str) -> Result<CaseId, FindError> {
    let name = name.trim();
    let matches = if let Ok(address) = name.parse::<IpAddr>() {
        matches(connection, "m.address = ?1", params![octets(address)])?
    } else {
        let is_number =
            (DIGITS..=16).contains(&name.len()) && name.bytes().all(|letter| letter.is_ascii_hexdigit());
        let Some((first, last)) = is_number.then(|| range(name)).flatten() else {
            return Err(FindError::Malformed(name.to_owned()));
        };
        matches(connection, "c.id BETWEEN ?1 AND ?2", params![first, last])?
    };
    match matches.named.as_slice() {
        [] => Err(FindError::Unknown(name.to_owned())),
        [(only, _)] => Ok(*only),
        several => {
            let more = if matches.count > several.len() { ", ..." } else { "" };
            let named: Vec<&str> = several.iter().map(|(_, text)| text.as_str()).collect();
            Err(FindError::Several {
                name: name.to_owned(),
                count: matches.count,
                named: named.join(", ") + more,
            })
        }
    }
}

/// The numbers that begin with these digits, as they are stored. The first digit has the sign, so the order is kept.
fn range(digits: &str) -> Option<(i64, i64)> {
    let end = |filling: &str| {
        let text: String = digits.chars().chain(filling.repeat(16 - digits.len()).chars()).collect();
        text.parse::<CaseId>().ok().map(|id| id.0.cast_signed())
    };
    end("0").zip(end("f"))
}

fn matches(
    connection: &Connection,
    condition: &str,
    values: &[&dyn rusqlite::ToSql],
) -> rusqlite::Result<Matches> {
    let mut statement = connection.prepare_cached(&format!("{ENDS} WHERE {condition}"))?;
    let mut rows = statement.query(values)?;
    let mut found = Matches { named: Vec::new(), count: 0 };
    while let Some(row) = rows.next()? {
        found.count += 1;
        if found.named.len() < NAMED {
            found.named.push(named(row)?);
        }
    }
    Ok(found)
}

fn named(row: &Row<'_>) -> rusqlite::Result<(CaseId, String)> {
    let id = CaseId(row.get::<_, i64>(0)?.cast_unsigned());
    let (miner, pool) = (address(row.get(1)?), address(row.get(2)?));
    let pool = std::net::SocketAddr::new(pool, row.get(3)?);
    Ok((id, format!("{id} ({miner} -> {pool} {})", row.get::<_, String>(4)?)))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    #[test]
    fn a_case_is_found_by_the_beginning_of_its_number_or_by_its_miner() {
        let fixture = Fixture::new();
        let ids: Vec<CaseId> =
            (1..50).map(|last| fixture.case(&format!("10.0.0.{last}"), "192.0.2.1:1")).collect();
        let reader = fixture.reader();
        assert!(ids.iter().any(|id| id.0 >> 63 == 1) && ids.iter().any(|id| id.0 >> 63 == 0));
        for (id, last) in ids.iter().zip(1..) {
            for name in [id.to_string(), id.to_string().to_uppercase(), id.to_string()[..9].to_owned()] {
                assert_eq!(reader.find(&name).unwrap(), *id, "{name}");
            }
            assert_eq!(reader.find(&format!("10.0.0.{last}")).unwrap(), *id);
            assert_eq!(reader.find(&format!("::ffff:10.0.0.{last}")).unwrap(), *id);
        }
    }

    #[test]
    fn what_is_not_one_case_is_an_error_that_says_so() {
        let fixture = Fixture::new();
        let ids = [fixture.case("10.0.0.1", "192.0.2.1:1"), fixture.case("10.0.0.1", "192.0.2.2:2")];
        let reader = fixture.reader();
        let refused = |name: &str| reader.find(name).unwrap_err().to_string();
        let several = refused("10.0.0.1");
        assert!(several.contains("10.0.0.1 stands for 2 cases"), "{several}");
        for (id, pool) in ids.iter().zip(["192.0.2.1:1", "192.0.2.2:2"]) {
            assert!(several.contains(&format!("{id} (10.0.0.1 -> {pool} stratum-v1)")), "{several}");
        }
        assert!(refused("10.0.0.9").contains("no case 10.0.0.9"));
        assert!(refused("0000000000000000").contains("no case 0000000000000000"));
        for malformed in ["abc", "xyzw", "00000000000000000", "", "ａｂｃｄ"] {
            assert!(refused(malformed).contains("4 to 16 hexadecimal digits"), "{malformed}");
        }
    }
}
