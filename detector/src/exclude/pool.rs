use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::enrich::canonical;

/// Which pool a rule is about, each with a port if it is to be that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolMatch {
    /// This address.
    Address(IpAddr, Option<u16>),
    /// An address of this prefix.
    Prefix(IpNet),
    /// This name, in small letters.
    Name(String, Option<u16>),
    /// This domain, in small letters and without the dot that leads it, and all below it.
    Domain(String, Option<u16>),
}

const EXPECTED: &str = "a pool is an address (203.0.113.9), an address with a port (203.0.113.9:3333, \
                        [2001:db8::9]:3333), a prefix (203.0.113.0/24), a name (pool.example.org) or the end of names \
                        (.example.org)";

impl FromStr for PoolMatch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Address(address.to_canonical(), None));
        }
        if let Ok(end) = text.parse::<SocketAddr>() {
            return Ok(Self::Address(end.ip().to_canonical(), Some(end.port())));
        }
        if let Ok(prefix) = text.parse::<IpNet>() {
            return Ok(Self::Prefix(canonical(prefix.trunc())));
        }
        let wrong = || format!("\"{text}\" is no pool: {EXPECTED}");
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) => (name, Some(port.parse().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let (domain, name) = name.strip_prefix('.').map_or((false, name), |name| (true, name));
        let looks_like_a_name = name.chars().any(char::is_alphabetic)
            && !name.contains(['/', ':', '[', ']'])
            && !name.chars().any(char::is_control)
            && name.trim() == name;
        if !looks_like_a_name {
            return Err(wrong());
        }
        let name = name.strip_suffix('.').unwrap_or(name).to_lowercase();
        Ok(if domain { Self::Domain(name, port) } else { Self::Name(name, port) })
    }
}

impl fmt::Display for PoolMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = |f: &mut fmt::Formatter<'_>, port: &Option<u16>| match port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        };
        match self {
            Self::Address(address, Some(port)) => SocketAddr::new(*address, *port).fmt(f),
            Self::Address(address, None) => address.fmt(f),
            Self::Prefix(prefix) => prefix.fmt(f),
            Self::Name(name, at) => f.write_str(name).and_then(|()| port(f, at)),
            Self::Domain(name, at) => write!(f, ".{name}").and_then(|()| port(f, at)),
        }
    }
}

impl Serialize for PoolMatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PoolMatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl PoolMatch {
    /// Whether a pool is meant that has this end and these names, in small letters.
    pub(super) fn fits(&self, pool: SocketAddr, names: &[String]) -> bool {
        let is_port = |port: &Option<u16>| port.is_none_or(|port| port == pool.port());
        match self {
            Self::Address(address, port) => *address == pool.ip() && is_port(port),
            Self::Prefix(prefix) => prefix.contains(&pool.ip()),
            Self::Name(name, port) => names.contains(name) && is_port(port),
            Self::Domain(domain, port) => {
                let below = |name: &String| {
                    name.strip_suffix(domain.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                };
                names.iter().any(below) && is_port(port)
            }
        }
    }
}
