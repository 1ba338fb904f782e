//! What an operator notices: files in, origins out. Databases are made as their vendors lay them out.

mod databases;
mod files;
mod leases;
mod speed;
mod tables;

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;

use jiff::Timestamp;
use maxminddb_writer::Database;
use maxminddb_writer::metadata::IpVersion;
use maxminddb_writer::paths::IpAddrWithMask;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Config, Enricher, Network, Problems};
use crate::advice::Language;

const NOON: Timestamp = Timestamp::constant(1_772_366_400, 0);

/// Files of an operator in a directory of their own.
struct Files {
    directory: TempDir,
    config: Config,
}

impl Files {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), config: Config::default() }
    }

    fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, contents).unwrap();
        path
    }

    fn prefixes(mut self, text: &str) -> Self {
        self.config.prefixes = Some(self.write("prefixes.csv", text));
        self
    }

    fn pools(mut self, text: &str) -> Self {
        self.config.pools = Some(self.write("pools.csv", text));
        self
    }

    fn leases(mut self, text: &str) -> Self {
        self.config.leases = Some(self.write("leases.csv", text));
        self
    }

    fn database(mut self, records: &[(&str, Value)]) -> Self {
        let name = format!("{}.mmdb", self.config.databases.len());
        let path = self.write(&name, mmdb(records));
        self.config.databases.push(path);
        self
    }

    fn load(&self) -> Enricher {
        Enricher::load(&self.config, Language::En).unwrap()
    }

    fn problems(&self) -> Problems {
        Enricher::load(&self.config, Language::En).unwrap_err()
    }

    /// What is wrong, without the directory.
    fn complaints(&self) -> Vec<String> {
        let directory = format!("{}/", self.directory.path().display());
        self.problems().list().iter().map(|problem| problem.to_string().replace(&directory, "")).collect()
    }
}

fn empty() -> Database {
    let mut database = Database::default();
    database.metadata.binary_format_major_version = 2;
    database.metadata.build_epoch = 1_700_000_000;
    database
}

fn mmdb(records: &[(&str, Value)]) -> Vec<u8> {
    let mut database = empty();
    database.metadata.ip_version = IpVersion::V6;
    for (prefix, record) in records {
        let record = database.insert_value(record).unwrap();
        let mut at: IpAddrWithMask = prefix.parse().unwrap();
        if let IpAddr::V4(address) = at.addr {
            at = IpAddrWithMask::new(IpAddr::V6(address.to_ipv6_compatible()), at.mask + 96);
        }
        database.insert_node(at, record);
    }
    database.write_to(Vec::new()).unwrap()
}

/// As `MaxMind` lays out its databases of cities, users and autonomous systems.
fn nested() -> Value {
    json!({
        "city": {"geoname_id": 1, "names": {"en": "Jinan", "zh-CN": "济南"}},
        "country": {"iso_code": "CN", "names": {"en": "China", "zh-CN": "中国"}},
        "subdivisions": [{"iso_code": "SD", "names": {"en": "Shandong", "zh-CN": "山东"}}, {"iso_code": "X"}],
        "location": {"latitude": 36.67, "longitude": 117.02, "time_zone": "Asia/Shanghai"},
        "traits": {"autonomous_system_number": 64_500, "autonomous_system_organization": "Example Net",
                   "user_type": "residential", "connection_type": "Corporate"}
    })
}

fn network(enricher: &Enricher, address: &str) -> Network {
    enricher.origin(address.parse().unwrap(), NOON).network
}
