//! Fields of the operator's tables. Errors say in words what is wrong and how to mend it.

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;

use super::network::NetworkType;
use crate::problem::nearest;

/// The longest text, in characters.
const LONGEST: usize = 256;

pub(super) fn text(text: &str) -> Result<&str, String> {
    if text.chars().any(char::is_control) {
        return Err(
            "holds a line break or another control character: is a double quote not closed?".to_owned()
        );
    }
    if text.chars().count() > LONGEST {
        return Err(format!("is longer than {LONGEST} characters"));
    }
    Ok(text)
}

/// Text as it stands.
#[expect(clippy::unnecessary_wraps, reason = "one of several parsers of a column")]
pub(super) fn owned(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

pub(super) fn network_type(text: &str) -> Result<NetworkType, String> {
    let names = NetworkType::ALL.map(NetworkType::name);
    let wanted = text.to_ascii_lowercase();
    if let Some(kind) = NetworkType::ALL.into_iter().find(|kind| kind.name() == wanted) {
        return Ok(kind);
    }
    Err(match nearest(text, names) {
        Some(near) => format!("unknown network type {text:?}: did you mean {near}?"),
        None => format!("unknown network type {text:?}: types are {}", names.join(", ")),
    })
}

/// A prefix in CIDR notation, or one address.
pub(super) fn prefix(text: &str) -> Result<IpNet, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(address.to_canonical()));
    }
    let net: IpNet = text.parse().map_err(|_| {
        format!("{text:?} is no prefix such as 192.0.2.0/24 or 2001:db8::/32, and no address")
    })?;
    if canonical(net) != net && net.trunc() == net {
        return Ok(canonical(net));
    }
    if net.trunc() != net {
        return Err(format!("{text} has bits set behind the prefix: write {}", net.trunc()));
    }
    Ok(net)
}

/// A prefix of IPv4 addresses that are written as IPv6 ones, as one of IPv4: addresses of packets are.
pub(crate) fn canonical(net: IpNet) -> IpNet {
    let (address, length) = (net.addr().to_canonical(), net.prefix_len());
    match (net, address) {
        (IpNet::V6(_), IpAddr::V4(_)) if length >= 96 => IpNet::new_assert(address, length - 96),
        _ => net,
    }
}

/// The host of what a miner may have said: `name`, `name:port`, `stratum+tcp://name:port/path`, `name.`
pub(crate) fn host_of(said: &str) -> &str {
    let host = said.split_once("://").map_or(said, |(_, host)| host);
    let host = host.split(['/', ':']).next().unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host)
}

pub(super) fn address(text: &str) -> Result<IpAddr, String> {
    text.parse::<IpAddr>()
        .map(|address| address.to_canonical())
        .map_err(|_| format!("{text:?} is no address such as 192.0.2.7 or 2001:db8::7"))
}

pub(super) fn asn(text: &str) -> Result<u32, String> {
    as_number(text).ok_or_else(|| format!("{text:?} is no number of an autonomous system such as 64500"))
}

/// `64500` or `AS64500`.
pub(super) fn as_number(text: &str) -> Option<u32> {
    let digits = match text.get(..2) {
        Some(start) if start.eq_ignore_ascii_case("AS") => text.get(2..)?,
        _ => text,
    };
    digits.trim().parse().ok().filter(|number| *number != 0)
}

pub(super) fn country(text: &str) -> Result<String, String> {
    country_code(text).ok_or_else(|| format!("{text:?} is no code of a country of two letters such as CN"))
}

pub(super) fn country_code(text: &str) -> Option<String> {
    let is_code = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_code.then(|| text.to_ascii_uppercase())
}

pub(super) fn latitude(text: &str) -> Result<f64, String> {
    degrees(text, 90.0)
}

pub(super) fn longitude(text: &str) -> Result<f64, String> {
    degrees(text, 180.0)
}

fn degrees(text: &str, most: f64) -> Result<f64, String> {
    let number = text.parse().ok().filter(|degrees: &f64| degrees.abs() <= most);
    number.ok_or_else(|| format!("{text:?} is no number of degrees from -{most} to {most}"))
}

/// A hardware address in any of the usual notations, as six or eight pairs of digits.
pub(super) fn mac(text: &str) -> Result<String, String> {
    let digits: Vec<char> = text.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
    if !matches!(digits.len(), 12 | 16) || !digits.iter().all(char::is_ascii_hexdigit) {
        return Err(format!("{text:?} is no hardware address such as 02:00:5e:10:00:01"));
    }
    let pairs: Vec<String> =
        digits.chunks(2).map(|pair| pair.iter().map(char::to_ascii_lowercase).collect()).collect();
    Ok(pairs.join(":"))
}

/// Seconds since the epoch, from seconds since the epoch or RFC 3339.
pub(super) fn time(text: &str) -> Result<i64, String> {
    if let Ok(seconds) = text.parse() {
        return Timestamp::from_second(seconds)
            .map(Timestamp::as_second)
            .map_err(|_| format!("{text} seconds is no time (are these milliseconds?)"));
    }
    text.parse::<Timestamp>().map(Timestamp::as_second).map_err(|_| {
        format!("{text:?} is no time such as 2026-03-01T08:00:00+08:00, 2026-03-01T00:00:00Z or 1772323200")
    })
}
