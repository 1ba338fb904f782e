use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use serde::Deserialize;

use crate::enrich::NetworkType;
use crate::judge::{Carrier, Protocol, Stage, Verdict};

/// What advice depends on, and what its texts name.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Circumstances<'a> {
    /// Type of the miner's network.
    pub network: NetworkType,
    /// The dialect spoken.
    pub protocol: Protocol,
    /// What carries the conversation.
    pub carrier: Carrier,
    /// Whether its contents are encrypted.
    pub encrypted: bool,
    /// How sure it is.
    pub verdict: Verdict,
    /// How far the miner got.
    pub stage: Stage,
    /// Whether several machines mine behind the miner's address.
    pub farm: bool,
    /// Whether the miner came back after it had been quiet.
    pub returned: bool,
    /// Whether it was seen after the operator had called the case fixed.
    pub returned_after_fixed: bool,
    /// The miner's address.
    pub miner: IpAddr,
    /// The pool's end.
    pub pool: SocketAddr,
    /// The pool's name as the miner said it. Not trusted: what is no host name counts as not known, because it gets into
    /// commands.
    pub pool_name: Option<&'a str>,
    /// Ticker symbol.
    pub coin: Option<&'a str>,
    /// The operator's name of the site.
    pub site: Option<&'a str>,
    /// Whose network it is.
    pub owner: Option<&'a str>,
    /// Whom to tell.
    pub contact: Option<&'a str>,
    /// Who had the address, by the lease log.
    pub user: Option<&'a str>,
    /// Hardware address, by the lease log.
    pub mac: Option<&'a str>,
}

/// What may be known or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Known {
    Site,
    Owner,
    Contact,
    User,
    Mac,
    PoolName,
    Coin,
}

/// What a text may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placeholder {
    Miner,
    Pool,
    PoolIp,
    PoolPort,
    Protocol,
    /// `ip` or `ip6`.
    L3,
    /// `tcp` or `udp`.
    L4,
    /// Needs a condition that it is known.
    Known(Known),
}

impl Placeholder {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "miner" => Self::Miner,
            "pool" => Self::Pool,
            "pool_ip" => Self::PoolIp,
            "pool_port" => Self::PoolPort,
            "protocol" => Self::Protocol,
            "l3" => Self::L3,
            "l4" => Self::L4,
            "site" => Self::Known(Known::Site),
            "owner" => Self::Known(Known::Owner),
            "contact" => Self::Known(Known::Contact),
            "user" => Self::Known(Known::User),
            "mac" => Self::Known(Known::Mac),
            "pool_name" => Self::Known(Known::PoolName),
            "coin" => Self::Known(Known::Coin),
            _ => return None,
        })
    }
}

impl<'a> Circumstances<'a> {
    /// Whether the pool's address is one that is used inside networks only.
    pub(super) const fn pool_is_inside(&self) -> bool {
        match self.pool.ip().to_canonical() {
            IpAddr::V4(address) => address.is_private() || address.is_loopback() || address.is_link_local(),
            IpAddr::V6(address) => {
                address.is_unique_local() || address.is_loopback() || address.is_unicast_link_local()
            }
        }
    }

    pub(super) fn known(&self, what: Known) -> Option<&'a str> {
        let value = match what {
            Known::Site => self.site,
            Known::Owner => self.owner,
            Known::Contact => self.contact,
            Known::User => self.user,
            Known::Mac => self.mac,
            Known::PoolName => self.pool_name.and_then(host_name),
            Known::Coin => self.coin,
        };
        value.filter(|value| !value.is_empty())
    }

    /// What stands for a placeholder; empty for what is not known.
    pub(super) fn value(&self, placeholder: Placeholder) -> Cow<'a, str> {
        let (ip, port) = (self.pool.ip().to_canonical(), self.pool.port());
        match placeholder {
            Placeholder::Miner => self.miner.to_canonical().to_string().into(),
            Placeholder::Pool => match self.known(Known::PoolName) {
                Some(name) => format!("{name}:{port}").into(),
                None => SocketAddr::new(ip, port).to_string().into(),
            },
            Placeholder::PoolIp => ip.to_string().into(),
            Placeholder::PoolPort => port.to_string().into(),
            Placeholder::Protocol => self.protocol.name().into(),
            Placeholder::L3 => if ip.is_ipv4() { "ip" } else { "ip6" }.into(),
            Placeholder::L4 => if self.carrier == Carrier::Udp { "udp" } else { "tcp" }.into(),
            Placeholder::Known(what) => self.known(what).unwrap_or_default().into(),
        }
    }
}

/// The host name in what a miner said, without a port. Letters, digits and hyphens between dots (RFC 1123), and at the
/// end no number, which would make it an address.
fn host_name(said: &str) -> Option<&str> {
    let name = said.split_once(':').map_or(said, |(name, _)| name);
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
    };
    let (_, last) = name.rsplit_once('.')?;
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
    (name.len() <= 253 && name.split('.').all(is_label) && !is_number).then_some(name)
}
