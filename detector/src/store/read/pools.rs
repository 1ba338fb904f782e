use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use super::filter::Filter;
use super::miners::distinct;
use super::row::{Columns, POOL_ORIGIN};
use super::select::{Listing, grouped};
use super::sort::{Sort, Value, order};
use super::totals::{Part, Totals, Words, lately, sum};
use super::{ReadError, Reader};
use crate::enrich::PoolOrigin;

/// A pool. The sums are over its cases that the filter lets through.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pool {
    /// Its address.
    pub pool_ip: IpAddr,
    /// Its port.
    pub pool_port: u16,
    /// Its name, as a miner addressed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool_name: Option<String>,
    /// What is known of its address.
    #[serde(rename = "pool_network")]
    pub origin: PoolOrigin,
    /// How many miners use it.
    pub miners: usize,
    /// Sums over the cases.
    #[serde(flatten)]
    pub totals: Totals,
}

impl Pool {
    /// Address and port.
    #[must_use]
    pub const fn endpoint(&self) -> SocketAddr {
        SocketAddr::new(self.pool_ip, self.pool_port)
    }
}

/// What pools can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PoolKey {
    /// Number of miners.
    Miners,
    /// Number of cases.
    Cases,
    /// Latest activity.
    LastSeen,
    /// First activity.
    FirstSeen,
    /// Address and port.
    Address,
    /// Name, as a miner addressed it, or as the operator's list has it.
    Name,
    /// Connections in all.
    Connections,
    /// Shares handed in.
    Shares,
    /// Hash rate, whatever it counts.
    HashRate,
    /// Power.
    Power,
}

fn miners(parts: &[Part]) -> usize {
    distinct(parts.iter().map(|part| part.head.miner))
}

impl Reader {
    /// The pools with cases that the filter lets through, as many as `limit` at most.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn pools(
        &self,
        filter: &Filter,
        sort: Sort<PoolKey>,
        limit: usize,
    ) -> Result<(Vec<Pool>, Listing), ReadError> {
        let (mut parts, words, left) = self.parts(filter)?;
        let groups = grouped(&mut parts, |part| (part.head.pool, part.head.id));
        let latest = |parts: &[Part]| parts.iter().map(|part| part.head.last_seen).max().unwrap_or(0);
        let mut values = Vec::with_capacity(groups.len());
        for parts in &groups {
            values.push((self.pool_value(parts, sort.key)?, latest(parts)));
        }
        let found = groups.len();
        let mut pools = Vec::new();
        for place in order(values, sort.descending, limit) {
            let Some(parts) = groups.get(place) else { continue };
            pools.extend(self.pool(parts, &words)?);
        }
        Ok((pools, Listing { found, ..left }))
    }

    fn pool_value(&self, parts: &[Part], key: PoolKey) -> Result<Value, ReadError> {
        let count = |count: usize| Value::count(i64::try_from(count).unwrap_or(i64::MAX));
        let total = |of: fn(&Part) -> i64| Value::count(parts.iter().map(of).sum());
        let column = |expression: &str| -> Result<Value, ReadError> {
            let statement = format!("SELECT {expression} FROM pools WHERE id = ?");
            let id = parts.first().map_or(0, |part| part.head.pool);
            let bytes: Option<Vec<u8>> =
                self.connection.prepare_cached(&statement)?.query_row([id], |row| row.get(0))?;
            Ok(bytes.map_or(Value::Nothing, Value::text))
        };
        Ok(match key {
            PoolKey::Miners => count(miners(parts)),
            PoolKey::Cases => count(parts.len()),
            PoolKey::LastSeen => {
                Value::count(parts.iter().map(|part| part.head.last_seen).max().unwrap_or(0))
            }
            PoolKey::FirstSeen => Value::count(parts.iter().map(|part| part.first_seen).min().unwrap_or(0)),
            PoolKey::Address => column("CAST(address || unhex(printf('%04x', port)) AS BLOB)")?,
            PoolKey::Name => column("CAST(lower(coalesce(name, listed)) AS BLOB)")?,
            PoolKey::Connections => total(|part| part.connections),
            PoolKey::Shares => total(|part| part.shares[0]),
            PoolKey::HashRate => Value::number(sum(lately(parts).map(|part| part.rate))),
            PoolKey::Power => {
                Value::number(sum(lately(parts).map(|part| part.power.map(|[value, ..]| value))))
            }
        })
    }

    /// `None` if it is gone since.
    fn pool(&self, parts: &[Part], words: &Words) -> Result<Option<Pool>, ReadError> {
        let Some(first) = parts.first() else { return Ok(None) };
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT p.address, p.port, p.name, {POOL_ORIGIN} FROM pools p WHERE p.id = ?"
        ))?;
        let mut rows = statement.query([first.head.pool])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let mut columns = Columns::of(row);
        Ok(Some(Pool {
            pool_ip: columns.address()?,
            pool_port: columns.get()?,
            pool_name: columns.get()?,
            origin: columns.pool_origin()?,
            miners: miners(parts),
            totals: Totals::of(parts, words),
        }))
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::super::fixture::Fixture;
    use super::*;

    #[test]
    fn pools_are_told_apart_by_port_and_sorted_by_every_key() {
        let fixture = Fixture::new();
        fixture.case("10.0.0.1", "192.0.2.1:300");
        fixture.case("10.0.0.2", "192.0.2.1:300");
        fixture.change_case(
            "10.0.0.1",
            "submitted = 5, accepted = 4, rejected = 1, rate = 7, power = 2, last_seen = 3000",
        );
        fixture.case("10.0.0.1", "192.0.2.1:5");
        fixture
            .connection
            .execute_batch("UPDATE pools SET name = 'b.example', listed = 'B', asn = 64500 WHERE port = 300; UPDATE pools SET listed = 'A' WHERE port = 5; UPDATE cases SET first_seen = 500 WHERE pool = 1")
            .unwrap();
        for &key in PoolKey::value_variants() {
            let sort = Sort { key, descending: key != PoolKey::FirstSeen };
            let (pools, listing) = fixture.reader().pools(&Filter::default(), sort, usize::MAX).unwrap();
            assert_eq!(listing.found, 2);
            let [first, second] = pools.as_slice() else { panic!("{pools:?}") };
            assert_eq!(
                (first.endpoint().to_string().as_str(), second.pool_port),
                ("192.0.2.1:300", 5),
                "{key:?}"
            );
            assert_eq!((first.miners, first.totals.cases, first.totals.shares.accepted), (2, 2, 4));
            assert_eq!(
                (first.pool_name.as_deref(), first.origin.listed.as_deref()),
                (Some("b.example"), Some("B"))
            );
            assert_eq!((first.origin.asn, second.pool_name.as_deref()), (Some(64500), None));
        }
    }
    #[test]
    fn words_stay_with_their_cases_whichever_thread_reads_them() {
        let fixture = Fixture::new();
        for port in 1..=40 {
            fixture.case("10.0.0.1", &format!("192.0.2.1:{port}"));
        }
        let words =
            "coin = 'C' || (SELECT port % 7 FROM pools WHERE id = pool), protocol = 'p' || (pool % 3)";
        fixture.connection.execute(&format!("UPDATE cases SET {words}"), ()).unwrap();
        let sort = Sort { key: PoolKey::Address, descending: false };
        let (pools, listing) = fixture.reader().pools(&Filter::default(), sort, usize::MAX).unwrap();
        assert_eq!((pools.len(), listing.found), (40, 40));
        for (id, pool) in (1..).zip(pools) {
            assert_eq!(pool.totals.coins, [format!("C{}", pool.pool_port % 7)]);
            assert_eq!(pool.totals.protocols, [format!("p{}", id % 3)]);
        }
    }
}
