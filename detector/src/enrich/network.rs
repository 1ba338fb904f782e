use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of network an address is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkType {
    /// Rented or own servers, clouds.
    DataCentre,
    /// Offices and works.
    Enterprise,
    /// Lines of households.
    HomeBroadband,
    /// Mobile telephony.
    Mobile,
    /// Schools, universities, research.
    Education,
    /// Authorities, the military among them.
    Government,
    /// Nothing that is known tells it.
    #[default]
    Unknown,
}

impl NetworkType {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::DataCentre,
        Self::Enterprise,
        Self::HomeBroadband,
        Self::Mobile,
        Self::Education,
        Self::Government,
        Self::Unknown,
    ];

    /// The name in records and in files of the operator.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DataCentre => "data-centre",
            Self::Enterprise => "enterprise",
            Self::HomeBroadband => "home-broadband",
            Self::Mobile => "mobile",
            Self::Education => "education",
            Self::Government => "government",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for NetworkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What the judgement on a network's type rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TypeSource {
    /// The operator's own table of prefixes.
    PrefixFile,
    /// A field of a database (MMDB) that names the type of user or connection.
    Database,
    /// Words in the name of the autonomous system.
    AsName,
}

impl fmt::Display for TypeSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// What is known of the network of an address. What is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// What kind of network it is.
    #[serde(rename = "type")]
    pub kind: NetworkType,
    /// What that rests on; `None` if it is unknown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub type_source: Option<TypeSource>,
    /// How sure that is, 0 to 1; `None` if it is unknown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub type_confidence: Option<f64>,
    /// Number of the autonomous system.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asn: Option<u32>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub as_org: Option<String>,
    /// Code of the country, two letters (ISO 3166-1).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub country: Option<String>,
    /// Province, state or the like.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub region: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub city: Option<String>,
    /// Degrees north.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub latitude: Option<f64>,
    /// Degrees east.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub longitude: Option<f64>,
    /// The operator's prefix that holds the address, in CIDR notation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub prefix: Option<String>,
    /// The operator's name of the site.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub site: Option<String>,
    /// Whose network it is, as the operator says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<String>,
    /// Whom to tell, as the operator says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub contact: Option<String>,
}

/// Who had an address at a time, by the operator's lease log. Personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    /// Hardware address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mac: Option<String>,
    /// Name of the user or the host.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user: Option<String>,
}

/// What is known of a miner's address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// Its network.
    pub network: Network,
    /// Who had it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lease: Option<Lease>,
}

/// What is known of a pool's address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PoolOrigin {
    /// The pool, by the operator's list of pools.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub listed: Option<String>,
    /// Number of the autonomous system.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asn: Option<u32>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub as_org: Option<String>,
    /// Code of the country, two letters (ISO 3166-1).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub country: Option<String>,
}
