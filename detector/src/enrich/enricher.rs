use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::as_names::{self, AsNames};
use super::config::Config;
use super::database::Database;
use super::file::Stamp;
use super::leases::Leases;
use super::network::{Network, Origin, PoolOrigin, TypeSource};
use super::pools::Pools;
use super::prefixes::Prefixes;
use super::problems::Problems;
use super::value::Said;
use crate::advice::Language;

/// All that the operator's files say, in memory. It does not change: [`super::Reloader`] makes a new one.
#[derive(Default)]
pub struct Enricher {
    prefixes: Option<Part<Prefixes>>,
    databases: Vec<Part<Database>>,
    pools: Option<Part<Pools>>,
    leases: Option<Part<Leases>>,
    as_names: AsNames,
    language: Language,
}

/// One file that was read. A new [`Enricher`] shares those that have not changed.
struct Part<T> {
    path: PathBuf,
    content: Arc<T>,
}

impl<T> Clone for Part<T> {
    fn clone(&self) -> Self {
        Self { path: self.path.clone(), content: Arc::clone(&self.content) }
    }
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// The operator's own table of prefixes.
    Prefixes,
    /// A database of places and networks.
    Database,
    /// The list of pools.
    Pools,
    /// The lease log.
    Leases,
}

impl FileKind {
    /// Its name in records and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prefixes => "prefixes",
            Self::Database => "database",
            Self::Pools => "pools",
            Self::Leases => "leases",
        }
    }
}

/// How old a file is, and how much it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Age {
    /// What it holds.
    pub kind: FileKind,
    /// The file as the configuration names it.
    pub path: PathBuf,
    /// When a database was built by its maker, and when another file was changed.
    pub time: Timestamp,
    /// Rows; of a database, nodes of its search tree.
    pub entries: usize,
    /// Look-ups that failed because a record of a database is broken.
    pub failures: u64,
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, path, time, entries, .. } = self;
        let (what, when) = match kind {
            FileKind::Database => ("nodes", "made"),
            FileKind::Prefixes | FileKind::Pools | FileKind::Leases => ("rows", "changed"),
        };
        write!(f, "{}: {entries} {what}, {when} on {}", path.display(), time.strftime("%Y-%m-%d"))
    }
}

impl Enricher {
    /// Reads all files that are named. Names in databases are taken in `language` if they have it.
    ///
    /// # Errors
    /// All that is wrong in all files.
    pub fn load(config: &Config, language: Language) -> Result<Self, Problems> {
        Self::load_anew(config, language, &Self::default())
    }

    /// The same, without reading again what another one holds and has not changed since.
    pub(super) fn load_anew(config: &Config, language: Language, old: &Self) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let enricher = Self {
            prefixes: one(config.prefixes.as_deref(), old.prefixes.as_slice(), &mut problems),
            databases: config
                .databases
                .iter()
                .filter_map(|path| one(Some(path), &old.databases, &mut problems))
                .collect(),
            pools: one(config.pools.as_deref(), old.pools.as_slice(), &mut problems),
            leases: one(config.leases.as_deref(), old.leases.as_slice(), &mut problems),
            as_names: AsNames::built_in(&mut problems),
            language,
        };
        if problems.count() == 0 { Ok(enricher) } else { Err(problems) }
    }

    /// What is known of a miner's address, and who had it at a time.
    #[must_use]
    pub fn origin(&self, address: IpAddr, at: Timestamp) -> Origin {
        let address = address.to_canonical();
        let lease = self.leases.as_ref().and_then(|leases| leases.content.look_up(address, at)).cloned();
        Origin { network: self.network(address), lease }
    }

    /// What is known of a pool's address, and of the name by which a miner asked for it.
    #[must_use]
    pub fn pool(&self, address: SocketAddr, said_name: Option<&str>) -> PoolOrigin {
        let listed = self.pools.as_ref().and_then(|pools| pools.content.look_up(address, said_name));
        let Network { asn, as_org, country, .. } = self.network(address.ip().to_canonical());
        PoolOrigin { listed: listed.map(str::to_owned), asn, as_org, country }
    }

    /// Each file that was read, in the order of the configuration.
    #[must_use]
    pub fn ages(&self) -> Vec<Age> {
        let mut ages = Vec::new();
        let mut add = |kind, path: &Path, time, entries, failures| {
            ages.push(Age { kind, path: path.to_owned(), time, entries, failures });
        };
        if let Some(Part { path, content }) = &self.prefixes {
            add(FileKind::Prefixes, path, content.stamp.modified(), content.len(), 0);
        }
        for Part { path, content } in &self.databases {
            add(FileKind::Database, path, content.built(), content.len(), content.failures());
        }
        if let Some(Part { path, content }) = &self.pools {
            add(FileKind::Pools, path, content.stamp.modified(), content.len(), 0);
        }
        if let Some(Part { path, content }) = &self.leases {
            add(FileKind::Leases, path, content.stamp.modified(), content.len(), 0);
        }
        ages
    }

    /// The stamp that a file had when it was read.
    pub(super) fn stamp(&self, path: &Path) -> Option<Stamp> {
        fn of<T: Content>(parts: &[Part<T>], path: &Path) -> Option<Stamp> {
            parts.iter().find(|part| part.path == path).map(|part| part.content.stamp())
        }
        of(self.prefixes.as_slice(), path)
            .or_else(|| of(&self.databases, path))
            .or_else(|| of(self.pools.as_slice(), path))
            .or_else(|| of(self.leases.as_slice(), path))
    }

    /// The operator's table comes first, then the databases in their order; the first that gives a field counts.
    fn network(&self, address: IpAddr) -> Network {
        let own = self.prefixes.as_ref().and_then(|prefixes| prefixes.content.look_up(address));
        let mut network = own.cloned().unwrap_or_default();
        for database in &self.databases {
            if let Some(said) = database.content.look_up(address, self.language) {
                add(&mut network, said);
            }
        }
        if network.type_source.is_none()
            && let Some(kind) = network.as_org.as_deref().and_then(|name| self.as_names.kind(name))
        {
            network.kind = kind;
            network.type_source = Some(TypeSource::AsName);
            network.type_confidence = Some(as_names::CONFIDENCE);
        }
        network
    }
}

impl fmt::Debug for Enricher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Enricher").field(&self.ages()).finish()
    }
}

/// Fills in what is not known yet.
fn add(network: &mut Network, said: Said<'_>) {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    // The name belongs to the number: that of another system would mislead.
    if network.asn.is_none() || network.asn == said.asn {
        network.as_org = network.as_org.take().or_else(|| owned(said.as_org));
    }
    network.asn = network.asn.or(said.asn);
    network.country = network.country.take().or(said.country);
    network.region = network.region.take().or_else(|| owned(said.region));
    network.city = network.city.take().or_else(|| owned(said.city));
    if let ((None, None), Some((north, east))) = ((network.latitude, network.longitude), said.place) {
        (network.latitude, network.longitude) = (Some(north), Some(east));
    }
    if let (None, Some((kind, confidence))) = (network.type_source, said.kind) {
        network.kind = kind;
        network.type_source = Some(TypeSource::Database);
        network.type_confidence = Some(confidence);
    }
}

/// A file that an [`Enricher`] holds.
trait Content: Sized {
    fn read(path: &Path, problems: &mut Problems) -> Option<Self>;
    fn stamp(&self) -> Stamp;
}

fn one<T: Content>(path: Option<&Path>, old: &[Part<T>], problems: &mut Problems) -> Option<Part<T>> {
    let path = path?;
    let same = old.iter().find(|part| part.path == path && Stamp::of(path) == Some(part.content.stamp()));
    if let Some(same) = same {
        return Some(same.clone());
    }
    let content = Arc::new(T::read(path, problems)?);
    Some(Part { path: path.to_owned(), content })
}

impl Content for Prefixes {
    fn read(path: &Path, problems: &mut Problems) -> Option<Self> {
        Self::load(path, problems)
    }

    fn stamp(&self) -> Stamp {
        self.stamp
    }
}

impl Content for Pools {
    fn read(path: &Path, problems: &mut Problems) -> Option<Self> {
        Self::load(path, problems)
    }

    fn stamp(&self) -> Stamp {
        self.stamp
    }
}

impl Content for Leases {
    fn read(path: &Path, problems: &mut Problems) -> Option<Self> {
        Self::load(path, problems)
    }

    fn stamp(&self) -> Stamp {
        self.stamp
    }
}

impl Content for Database {
    fn read(path: &Path, problems: &mut Problems) -> Option<Self> {
        Self::load(path).map_err(|message| problems.add(path, None, message)).ok()
    }

    fn stamp(&self) -> Stamp {
        self.stamp
    }
}
