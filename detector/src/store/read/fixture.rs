//! A small ledger for tests.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use rusqlite::{Connection, params};
use tempfile::TempDir;

use super::Reader;
use super::row::octets;
use crate::judge::{Evidence, Protocol};
use crate::ledger::{CaseId, Day};
use crate::store::evidence::pack;
use crate::store::{DayWriter, Rated, schema};

pub(super) struct Fixture {
    pub(super) connection: Connection,
    folder: TempDir,
}

impl Fixture {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("ledger.db")).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        schema::create(&connection).unwrap();
        Self { connection, folder }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("ledger.db")
    }

    pub(super) fn reader(&self) -> Reader {
        Reader::open(&self.path()).unwrap()
    }

    /// A case of Stratum, seen once, one second after the epoch.
    pub(super) fn case(&self, miner: &str, pool: &str) -> CaseId {
        let (miner, pool): (IpAddr, SocketAddr) = (miner.parse().unwrap(), pool.parse().unwrap());
        let id = CaseId::of(miner, pool, Protocol::StratumV1);
        let (miner, port) = (octets(miner), pool.port());
        self.connection
            .execute(
                "INSERT OR IGNORE INTO miners (address, first_seen, network_type) VALUES (?, 1000, 'unknown')",
                [miner],
            )
            .unwrap();
        self.connection
            .execute(
                "INSERT OR IGNORE INTO pools (address, port, first_seen) VALUES (?, ?, 1000)",
                params![octets(pool.ip()), port],
            )
            .unwrap();
        self.connection
            .execute(
                "INSERT INTO cases SELECT ?1, m.id, p.id, 4000, 'stratum-v1', 'tcp', 0, 'open', NULL, 'confirmed', 'working', 0.99, \
                 NULL, NULL, 1000, 1000, 1000, 1, 0, 1, NULL, 1, 1, 0, 0, 0, 0, 100, NULL, NULL, NULL, NULL, NULL, NULL, \
                 NULL, x'' FROM miners m, pools p WHERE m.address = ?2 AND p.address = ?3 AND p.port = ?4",
                params![id.0.cast_signed(), miner, octets(pool.ip()), port],
            )
            .unwrap();
        id
    }

    pub(super) fn change(&self, table: &str, address: &str, assignments: &str) {
        let address: IpAddr = address.parse().unwrap();
        let statement = format!("UPDATE {table} SET {assignments} WHERE address = ?");
        assert_eq!(self.connection.execute(&statement, [octets(address)]).unwrap(), 1);
    }

    fn of(&self, miner: &str, statement: &str) {
        let miner: IpAddr = miner.parse().unwrap();
        let cases = "SELECT c.id FROM cases c JOIN miners m ON m.id = c.miner WHERE m.address = ?1";
        self.connection.execute(&statement.replace("{}", cases), [octets(miner)]).unwrap();
    }

    pub(super) fn change_case(&self, miner: &str, assignments: &str) {
        self.of(miner, &format!("UPDATE cases SET {assignments} WHERE id IN ({{}})"));
    }

    pub(super) fn details(&self, miner: &str, body: &str) {
        self.of(
            miner,
            &format!("INSERT OR REPLACE INTO details SELECT id, '{body}' FROM cases WHERE id IN ({{}})"),
        );
    }

    pub(super) fn evidence(&self, case: CaseId, evidence: &[Evidence]) {
        let body = pack(evidence).unwrap();
        self.connection
            .execute("INSERT INTO evidence VALUES (?, ?)", params![case.0.cast_signed(), body])
            .unwrap();
    }

    pub(super) fn remark(&self, miner: &str, state: &str) {
        self.of(
            miner,
            &format!(
                "INSERT INTO remarks (\"case\", at, author, state) SELECT id, 5000, 'noc', '{state}' FROM cases WHERE id IN ({{}})"
            ),
        );
    }

    /// A day of a miner's cases with connections in the hours that are named.
    pub(super) fn day(&self, miner: &str, day: i64, hours: &[(u8, u16)]) {
        let mut connections = [0_u16; 24];
        for &(hour, count) in hours {
            connections[usize::from(hour)] = count;
        }
        let active = hours.iter().map(|(hour, _)| 1 << hour).sum();
        let miner: IpAddr = miner.parse().unwrap();
        let mut select = self
            .connection
            .prepare("SELECT c.id FROM cases c JOIN miners m ON m.id = c.miner WHERE m.address = ?")
            .unwrap();
        let cases = select.query_map([octets(miner)], |row| row.get::<_, i64>(0)).unwrap();
        let mut writer = DayWriter::new(&self.connection).unwrap();
        for case in cases {
            let case = CaseId(case.unwrap().cast_unsigned());
            writer.write(case, &Day { day, active, connections }, Rated::default()).unwrap();
        }
    }
}
