//! What the head of a miner's request tells about it.

use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::super::finding::{Fact, Finding, Kind};
use super::super::{account, cryptonote, shape};
use super::{daemon, ether, getwork};
use crate::transport::Head;

/// Adds the software, the user and the name of the pool to what a request says.
pub(super) fn describe(finding: Finding, head: &Head) -> Finding {
    let agent = head.header("user-agent").and_then(shape::clean);
    let miner = agent.as_deref().is_some_and(cryptonote::is_miner);
    let paid = target(head, &["POST", "GET"]).and_then(|(path, _)| ether::user(path));
    finding
        .with(Kind::HTTP_AGENT, miner)
        .with(Kind::ADDRESS, paid.is_some())
        .with(Kind::HASH_DIFFICULTY, daemon::has_hash_difficulty(head))
        .fact(agent.map(Fact::Agent))
        .fact(paid.or_else(|| user(head)))
        .fact(host(head).map(Fact::PoolName))
}

/// The user name of the basic authentication (RFC 7617). At a node it is the name for its interface and not who is paid:
/// only the header fields of mining software, or the form of an address, make it an account.
fn user(head: &Head) -> Option<Fact> {
    let (scheme, coded) = head.header("authorization")?.split_once(' ')?;
    let plain = BASE64_STANDARD.decode(coded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let (name, _) = std::str::from_utf8(&plain).ok()?.split_once(':')?;
    let account = getwork::request_head(head).is_some() || account::is_address(account::split(name).0);
    if account { account::user(name) } else { None }
}

/// The name in the field `Host`, without the port; `None` if it is an address.
fn host(head: &Head) -> Option<String> {
    let host = head.header("host")?.trim();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let named = name.contains('.') && name.parse::<IpAddr>().is_err() && !name.starts_with('[');
    shape::clean(name).filter(|_| named)
}

/// A parameter of a request's query, as sent.
pub(super) fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(known, value)| *known == name && !value.is_empty()).map(|(_, value)| value)
}

/// Path and query of a request with one of these methods.
pub(super) fn target<'a>(head: &'a Head, methods: &[&str]) -> Option<(&'a str, &'a str)> {
    let (method, target) = head.request()?;
    // A proxy is asked with the whole address.
    let path = match target.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
        None => target,
    };
    methods.contains(&method).then(|| path.split_once('?').unwrap_or((path, "")))
}
