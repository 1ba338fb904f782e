use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;
use prefix_trie::joint::JointPrefixMap;

use super::field;
use super::file::Stamp;
use super::network::{Network, NetworkType, TypeSource};
use super::problems::Problems;
use super::table::{self, Layout, Row};

const LAYOUT: Layout = Layout {
    columns: &[
        "prefix",
        "site",
        "owner",
        "contact",
        "type",
        "region",
        "city",
        "country",
        "latitude",
        "longitude",
        "asn",
    ],
    needed: &["prefix"],
    rows: 1_000_000,
};

/// The operator's own table of prefixes.
pub(super) struct Prefixes {
    networks: JointPrefixMap<IpNet, Network>,
    pub(super) stamp: Stamp,
}

impl Prefixes {
    pub(super) fn load(path: &Path, problems: &mut Problems) -> Option<Self> {
        let mut networks = JointPrefixMap::new();
        let mut lines = HashMap::new();
        let stamp = table::read(path, &LAYOUT, problems, |row| {
            let prefix = row.needed("prefix", field::prefix);
            let network = network(row, prefix);
            let Some(prefix) = prefix else { return };
            if let Some(line) = lines.insert(prefix, row.line) {
                row.problem(format!("{prefix} is already on line {line}"));
            }
            networks.insert(prefix, network);
        })?;
        Some(Self { networks, stamp })
    }

    /// What the longest prefix says that holds an address.
    pub(super) fn look_up(&self, address: IpAddr) -> Option<&Network> {
        self.networks.get_lpm(&IpNet::from(address)).map(|(_, network)| network)
    }

    pub(super) fn len(&self) -> usize {
        self.networks.len()
    }
}

fn network(row: &mut Row<'_>, prefix: Option<IpNet>) -> Network {
    let kind = row.parsed("type", field::network_type).filter(|kind| *kind != NetworkType::Unknown);
    let network = Network {
        kind: kind.unwrap_or_default(),
        type_source: kind.map(|_| TypeSource::PrefixFile),
        type_confidence: kind.map(|_| 1.0),
        asn: row.parsed("asn", field::asn),
        as_org: None,
        country: row.parsed("country", field::country),
        region: row.parsed("region", field::owned),
        city: row.parsed("city", field::owned),
        latitude: row.parsed("latitude", field::latitude),
        longitude: row.parsed("longitude", field::longitude),
        prefix: prefix.map(|prefix| prefix.to_string()),
        site: row.parsed("site", field::owned),
        owner: row.parsed("owner", field::owned),
        contact: row.parsed("contact", field::owned),
    };
    if network.latitude.is_some() != network.longitude.is_some() && !row.broken {
        row.problem("latitude and longitude: give both or neither");
    }
    network
}
