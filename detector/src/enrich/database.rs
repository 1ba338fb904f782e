use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use maxminddb::Reader;

use super::file::{self, Stamp};
use super::value::{Said, Value};
use crate::advice::Language;

/// So many records are looked at to see whether any field is known.
const SAMPLE: usize = 1000;

/// So many keys are told if none is known.
const TOLD: usize = 20;

/// A database of places and networks in the MMDB format.
pub(super) struct Database {
    reader: Reader<Vec<u8>>,
    pub(super) stamp: Stamp,
    /// Records that could not be read.
    failures: AtomicU64,
}

impl Database {
    /// # Errors
    /// In words: it cannot be read, is none, or holds nothing that is of use.
    pub(super) fn load(path: &Path) -> Result<Self, String> {
        let (contents, stamp) = file::read(path)?;
        let reader = Reader::from_source(contents)
            .map_err(|error| format!("is no whole database in the MMDB format: {error}"))?;
        let database = Self { reader, stamp, failures: AtomicU64::new(0) };
        database.look_over()?;
        Ok(database)
    }

    /// What it says of an address.
    pub(super) fn look_up(&self, address: IpAddr, language: Language) -> Option<Said<'_>> {
        if address.is_ipv6() && self.reader.metadata().ip_version == 4 {
            return None;
        }
        let record = self.reader.lookup(address).and_then(|found| found.decode::<Value<'_>>());
        if record.is_err() {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        record.ok().flatten().map(|record| record.said(language))
    }

    /// When its maker built it, or if that is not told, when the file was changed.
    pub(super) fn built(&self) -> Timestamp {
        let epoch = i64::try_from(self.reader.metadata().build_epoch).ok().filter(|epoch| *epoch > 0);
        let built = epoch.and_then(|epoch| Timestamp::from_second(epoch).ok());
        built.unwrap_or_else(|| self.stamp.modified())
    }

    /// Nodes of its search tree, of which there are about as many as networks.
    pub(super) fn len(&self) -> usize {
        usize::try_from(self.reader.metadata().node_count).unwrap_or(usize::MAX)
    }

    pub(super) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    fn look_over(&self) -> Result<(), String> {
        let broken = |error| format!("is a broken database: {error}");
        let mut keys = BTreeSet::new();
        for found in self.reader.networks(maxminddb::WithinOptions::default()).map_err(broken)?.take(SAMPLE) {
            let record = found.and_then(|found| found.decode::<Value<'_>>()).map_err(broken)?;
            let Some(record) = record else { continue };
            if record.has_known_key() {
                return Ok(());
            }
            keys.extend(record.keys().into_iter().map(|key| key.escape_debug().to_string()));
        }
        let keys: Vec<_> = keys.into_iter().take(TOLD).collect();
        Err(format!(
            "is a database of which no field is known (it has {}): docs/enrichment.md lists those that are",
            if keys.is_empty() { "none".to_owned() } else { keys.join(", ") }
        ))
    }
}
