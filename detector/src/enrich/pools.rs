use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use ipnet::IpNet;
use prefix_trie::joint::JointPrefixMap;

use super::field::{self, host_of};
use super::file::Stamp;
use super::problems::Problems;
use super::table::{self, Layout};

const LAYOUT: Layout = Layout { columns: &["name", "match"], needed: &["name", "match"], rows: 1_000_000 };

/// Names of pools at a prefix, each with the port that it is for.
type Addresses = JointPrefixMap<IpNet, Vec<(Option<u16>, Box<str>)>>;

/// The operator's list of pools.
pub(super) struct Pools {
    addresses: Addresses,
    /// By host name in small letters.
    hosts: HashMap<String, Box<str>>,
    /// By the domain below which all host names are.
    domains: HashMap<String, Box<str>>,
    entries: usize,
    pub(super) stamp: Stamp,
}

/// By what a pool is known.
enum Mark {
    Address(IpNet, Option<u16>),
    Host(String),
    /// All names below this one.
    Domain(String),
}

impl Pools {
    pub(super) fn load(path: &Path, problems: &mut Problems) -> Option<Self> {
        let mut addresses = Addresses::new();
        let (mut hosts, mut domains) = (HashMap::new(), HashMap::new());
        let mut entries = 0;
        let stamp = table::read(path, &LAYOUT, problems, |row| {
            let (name, mark) = (row.needed("name", field::owned), row.needed("match", mark));
            let (Some(name), Some(mark)) = (name.map(String::into_boxed_str), mark) else { return };
            entries += 1;
            let former = match mark {
                Mark::Address(prefix, port) => {
                    let there = addresses.entry(prefix).or_default();
                    let former = there.iter().find(|(of, _)| *of == port).map(|(_, name)| name.clone());
                    there.push((port, name.clone()));
                    former
                }
                Mark::Host(host) => hosts.insert(host, name.clone()),
                Mark::Domain(domain) => domains.insert(domain, name.clone()),
            };
            if let Some(former) = former.filter(|former| *former != name) {
                row.problem(format!("match: an earlier line gives this to {former}"));
            }
        })?;
        Some(Self { addresses, hosts, domains, entries, stamp })
    }

    /// The pool by the name that a miner said, or else by its address: the longest prefix first, and at one prefix the
    /// row for this port before the one for all.
    pub(super) fn look_up(&self, address: SocketAddr, said: Option<&str>) -> Option<&str> {
        said.and_then(|name| self.by_name(name)).or_else(|| self.by_address(address))
    }

    fn by_name(&self, said: &str) -> Option<&str> {
        let said = host_of(said).to_lowercase();
        if let Some(name) = self.hosts.get(&said) {
            return Some(name);
        }
        let mut rest = said.as_str();
        while let Some((_, domain)) = rest.split_once('.') {
            if let Some(name) = self.domains.get(domain) {
                return Some(name);
            }
            rest = domain;
        }
        None
    }

    fn by_address(&self, address: SocketAddr) -> Option<&str> {
        let port = Some(address.port());
        let mut best = None;
        for (_, rows) in self.addresses.cover(&IpNet::from(address.ip().to_canonical())) {
            let fits = rows.iter().filter(|(of, _)| of.is_none() || *of == port);
            best = fits.max_by_key(|(of, _)| of.is_some()).or(best);
        }
        best.map(|(_, name)| &**name)
    }

    pub(super) const fn len(&self) -> usize {
        self.entries
    }
}

fn mark(text: &str) -> Result<Mark, String> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(Mark::Address(IpNet::from(address.ip().to_canonical()), Some(address.port())));
    }
    if text.parse::<IpAddr>().is_ok() {
        return field::prefix(text).map(|prefix| Mark::Address(prefix, None));
    }
    if let Some((prefix, length)) = text.rsplit_once('/') {
        let (length, port) = match length.split_once(':') {
            Some((length, port)) => (length, Some(port.parse().map_err(|_| format!("{port:?} is no port"))?)),
            None => (length, None),
        };
        return Ok(Mark::Address(field::prefix(&format!("{prefix}/{length}"))?, port));
    }
    let name = text.to_lowercase();
    let (domain, name) = match name.strip_prefix("*.") {
        Some(domain) => (true, domain),
        None => (false, name.as_str()),
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_name = name.split('.').all(|label| {
        !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    });
    // An address that is not quite right is no name.
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !is_name || is_number {
        return Err(format!(
            "{text:?} is no address, prefix, address or prefix with :port, host name, or *.domain"
        ));
    }
    Ok(if domain { Mark::Domain(name.to_owned()) } else { Mark::Host(name.to_owned()) })
}
