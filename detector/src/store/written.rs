use foldhash::HashMap;
use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::details::Details;
use super::digest::digest;
use super::evidence;
use super::row::octets;
use crate::dispatch::Dossier;
use crate::enrich::{Network, PoolOrigin};
use crate::ledger::{CaseId, Record};

/// Of more, all are forgotten and written once more: peers of a botnet may be many.
const MAX_POOLS: usize = 65_536;

/// What is known to be in the file, so that it is not written again. Miners and cases are forgotten with the cases that the
/// ledger in memory follows.
#[derive(Default)]
pub(super) struct Written {
    miners: HashMap<[u8; 16], Miner>,
    pools: HashMap<([u8; 16], u16), Pool>,
    cases: HashMap<CaseId, Seldom>,
}

struct Miner {
    id: i64,
    first_seen: Timestamp,
    /// Of what is known of its address.
    digest: u64,
}

struct Pool {
    id: i64,
    first_seen: Timestamp,
    name: Option<String>,
    origin: PoolOrigin,
}

/// Digests of what changes seldom.
#[derive(Clone, Copy)]
struct Seldom {
    details: u64,
    evidence: u64,
}

impl Written {
    pub(super) fn forget(&mut self, record: &Record) {
        self.cases.remove(&record.case);
        self.miners.remove(&octets(record.miner.ip()));
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The number of the miner's row, which is written if there is anything new.
    pub(super) fn miner(
        &mut self,
        transaction: &Transaction<'_>,
        dossier: &Dossier,
    ) -> rusqlite::Result<i64> {
        let Dossier { record, origin, .. } = dossier;
        let address = octets(record.miner.ip());
        let network = &origin.network;
        let digest = digest_of(network);
        let known = self.miners.get(&address);
        if let Some(known) =
            known.filter(|known| known.digest == digest && known.first_seen <= record.first_seen)
        {
            return Ok(known.id);
        }
        let mut insert = transaction.prepare_cached(include_str!("sql/miner.sql"))?;
        let id = insert.query_row(
            params![
                address,
                record.first_seen.as_millisecond(),
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
            ],
            |row| row.get(0),
        )?;
        let first_seen = known.map_or(record.first_seen, |known| known.first_seen.min(record.first_seen));
        self.miners.insert(address, Miner { id, first_seen, digest });
        Ok(id)
    }

    /// The number of the pool's row, which is written if there is anything new.
    pub(super) fn pool(&mut self, transaction: &Transaction<'_>, dossier: &Dossier) -> rusqlite::Result<i64> {
        let Dossier { record, pool: origin, .. } = dossier;
        let key = (octets(record.pool.ip()), record.pool.port());
        let name = record.facts.pool_name.as_ref();
        let known = self.pools.get(&key);
        let told = |known: &&Pool| {
            known.origin == *origin
                && known.first_seen <= record.first_seen
                && (name.is_none() || name == known.name.as_ref())
        };
        if let Some(known) = known.filter(told) {
            return Ok(known.id);
        }
        let PoolOrigin { listed, asn, as_org, country } = origin;
        let first_seen = record.first_seen;
        let mut insert = transaction.prepare_cached(include_str!("sql/pool.sql"))?;
        let id = insert.query_row(
            params![key.0, key.1, first_seen.as_millisecond(), name, listed, asn, as_org, country],
            |row| row.get(0),
        )?;
        let first_seen = known.map_or(first_seen, |known| known.first_seen.min(first_seen));
        let name = name.or_else(|| known.and_then(|known| known.name.as_ref())).cloned();
        if self.pools.len() >= MAX_POOLS {
            self.pools.clear();
        }
        self.pools.insert(key, Pool { id, first_seen, name, origin: origin.clone() });
        Ok(id)
    }

    /// What of that which changes seldom is to be written, as a record has it now.
    pub(super) fn changed(&mut self, dossier: &Dossier) -> (bool, bool) {
        let record = &dossier.record;
        let now =
            Seldom { details: Details::digest(dossier), evidence: evidence::digest_of(&record.evidence) };
        let before = self.cases.insert(record.case, now);
        let differs = |of: fn(&Seldom) -> u64| before.as_ref().map(of) != Some(of(&now));
        (differs(|it| it.details), differs(|it| it.evidence))
    }
}

/// Of the same always the same within this process.
fn digest_of(network: &Network) -> u64 {
    let bits = |number: Option<f64>| number.map(f64::to_bits);
    digest((
        (network.kind, network.type_source, bits(network.type_confidence)),
        (network.asn, &network.as_org, &network.country, &network.region, &network.city),
        (bits(network.latitude), bits(network.longitude), &network.prefix),
        (&network.site, &network.owner, &network.contact),
    ))
}
