use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Day, Hours, Moment, PoolMatch, SignatureMatch, Zone};
use crate::enrich::NetworkType;

/// `[[exclude]]`. A rule hides what fits all that it says; it says at least one thing of what it hides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rule {
    /// Why, in the operator's words. Not empty.
    #[serde(deserialize_with = "reason")]
    pub reason: String,
    /// The miner's address.
    pub host: Option<IpAddr>,
    /// The miner's address and the pool's, with or without a port.
    pub pair: Option<Pair>,
    /// Addresses of miners.
    pub prefix: Option<IpNet>,
    /// The pool.
    pub pool: Option<PoolMatch>,
    /// Who is paid, in clear.
    pub wallet: Option<String>,
    /// The machine within the account, in clear.
    pub worker: Option<String>,
    /// What was found.
    pub signature: Option<SignatureMatch>,
    /// The protocol, by its name in records.
    pub protocol: Option<String>,
    /// The kind of network in which the miner is.
    pub network_type: Option<NetworkType>,
    /// The rule begins to hide at this moment.
    pub from: Option<Moment>,
    /// The rule ceases to hide at this moment; a date is the end of that day.
    pub until: Option<Moment>,
    /// Hours of the day at which the rule hides.
    pub hours: Option<Hours>,
    /// Days on which the rule hides; none stands for all. Hours that pass midnight belong to the day on which they begin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    /// The time zone of dates, hours and days; the machine's if there is none.
    pub timezone: Option<Zone>,
}

fn reason<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let reason = String::deserialize(deserializer)?;
    if reason.trim().is_empty() {
        return Err(serde::de::Error::custom("is empty; say why this is not to be reported"));
    }
    Ok(reason)
}

/// A miner and its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "(IpAddr, PoolMatch)", into = "(IpAddr, PoolMatch)")]
pub struct Pair {
    /// The miner's address.
    pub miner: IpAddr,
    /// The pool's.
    pub pool: IpAddr,
    /// The pool's port, if it is to be this one.
    pub port: Option<u16>,
}

impl TryFrom<(IpAddr, PoolMatch)> for Pair {
    type Error = &'static str;

    fn try_from((miner, pool): (IpAddr, PoolMatch)) -> Result<Self, Self::Error> {
        match pool {
            PoolMatch::Address(pool, port) => Ok(Self { miner, pool, port }),
            _ => Err("a pair is the address of the miner and that of the pool, with or without a port: \
                      [\"10.1.2.3\", \"203.0.113.9:3333\"]"),
        }
    }
}

impl From<Pair> for (IpAddr, PoolMatch) {
    fn from(pair: Pair) -> Self {
        (pair.miner, PoolMatch::Address(pair.pool, pair.port))
    }
}

impl Rule {
    /// Whether it says anything of what it hides.
    pub(super) const fn says_what(&self) -> bool {
        let Self { host, pair, prefix, pool, wallet, worker, signature, protocol, network_type, .. } = self;
        host.is_some()
            || pair.is_some()
            || prefix.is_some()
            || pool.is_some()
            || wallet.is_some()
            || worker.is_some()
            || signature.is_some()
            || protocol.is_some()
            || network_type.is_some()
    }
}
