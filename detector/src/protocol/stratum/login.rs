//! How a miner names its software, its pool and its account.
//!
//! Sources: ZIP 301, EIP-1571, `NiceHash`'s description of its traffic, the Aleo pool server's and Alephium's descriptions,
//! Xelis' stratum protocol, the help pages of multi-coin pools on passwords.

use serde_json::Value;

use super::super::account;
use super::super::coin::CoinReason;
use super::super::finding::{Fact, Finding, Kind};
use super::super::message::Message;
use super::super::shape::{clean, hex, number, text};
use super::{ETHEREUM, V1, coin};
use crate::judge::Protocol;

impl Kind {
    pub(crate) const SUBSCRIBE: Self = Self::message("client-subscribe", "mining.subscribe", 12.0);
    pub(crate) const AUTHORIZE: Self =
        Self::message("client-authorize", "mining.authorize with user and password", 12.5);
    pub(crate) const HELLO: Self =
        Self::message("client-hello", "mining.hello with the name of the protocol", 12.0);
    pub(crate) const DIALECT_NAME: Self =
        Self::feature("dialect-name", "the name of a stratum dialect with its version", 6.0);
    pub(crate) const PASSWORD_OPTIONS: Self = Self::feature(
        "client-password-options",
        "the password is a pool's options, such as coin or difficulty",
        3.0,
    );
    pub(crate) const BOUGHT: Self =
        Self::feature("client-nicehash", "NiceHash's time stamp and proof: hash power that is sold", 5.0);
}

/// Names of stratum dialects, as they stand before the slash and the version.
const DIALECTS: [(&str, Protocol); 3] = [
    ("EthereumStratum/", ETHEREUM),
    ("AleoStratum/", Protocol::Aleo),
    ("AlephiumStratum/", Protocol::Alephium),
];

/// The dialect that a text names.
pub(super) fn dialect(value: Option<&Value>) -> Option<Protocol> {
    let name = text(value)?;
    DIALECTS.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|&(_, protocol)| protocol)
}

/// The dialect of the coin whose addresses have this form; Stratum's own if it is not known.
fn dialect_of(wallet: &str) -> Protocol {
    match account::coin_of(wallet) {
        Some("KAS" | "KLS" | "SPR" | "PYI") => Protocol::Kaspa,
        Some("ALPH") => Protocol::Alephium,
        Some("ALEO") => Protocol::Aleo,
        Some("CFX") => Protocol::Conflux,
        Some("CKB") => Protocol::Ckb,
        Some("ERG") => Protocol::Ergo,
        Some("XEL") => Protocol::Xelis,
        _ => V1,
    }
}

/// A finding that names the account: `address.worker`.
fn account(kind: Kind, user: &str) -> Finding {
    let (wallet, _) = account::split(user);
    Finding::miner(dialect_of(wallet), kind)
        .with(Kind::ADDRESS, account::is_address(wallet))
        .fact(account::user(user))
}

pub(super) fn subscribe(message: &Message) -> Option<Finding> {
    let list = message.list();
    if let Some(named) = message.named() {
        let agent = text(named.get("agent").or_else(|| named.get("user_agent")))?;
        return Some(software(Finding::miner(V1, Kind::SUBSCRIBE), Some(agent)));
    }
    if list.first().is_some_and(|agent| !agent.is_string() && !agent.is_null()) {
        return None;
    }
    let algorithms: Vec<&str> =
        list.get(1).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let xelis = algorithms.iter().any(|name| name.starts_with("xel/"));
    let dialect = dialect(list.get(1));
    let protocol = if xelis { Protocol::Xelis } else { dialect.unwrap_or(V1) };
    let finding = Finding::miner(protocol, Kind::SUBSCRIBE)
        .with(Kind::DIALECT_NAME, dialect.is_some())
        .with(Kind::ALGORITHM_LIST, xelis)
        .with(Kind::BOUGHT, is_nicehash(list));
    let single = <[&str; 1]>::try_from(algorithms).ok().filter(|_| xelis).and_then(|[name]| clean(name));
    let finding = finding.fact(single.map(Fact::Algorithm)).fact(pool_name(list));
    Some(software(finding, text(list.first()).filter(|agent| !agent.is_empty())))
}

/// Software, milliseconds since 1970, a proof of 32 bytes.
fn is_nicehash(list: &[Value]) -> bool {
    let stamp = text(list.get(1)).unwrap_or_default();
    stamp.len() == 13 && stamp.bytes().all(|byte| byte.is_ascii_digit()) && hex(list.get(2), 64)
}

/// Adds the name of the software, or the user name in its place.
fn software(mut finding: Finding, agent: Option<&str>) -> Finding {
    let Some(agent) = agent else { return finding };
    let named = account::software(agent);
    let software = matches!(named, Some(Fact::Agent(_)));
    if !software {
        let (wallet, _) = account::split(agent);
        finding = finding.with(Kind::ADDRESS, account::is_address(wallet));
        if finding.protocol == V1 {
            finding.protocol = dialect_of(wallet);
        }
    } else if finding.protocol == V1 && agent.starts_with("cfxmine") {
        finding.protocol = Protocol::Conflux;
    }
    finding.with(Kind::AGENT, software).fact(named)
}

/// ZIP 301: agent, session, host, port. The port is a number there and text in several miners.
fn pool_name(list: &[Value]) -> Option<Fact> {
    let host = text(list.get(2))?;
    let port = list.get(3)?;
    let port = port.as_u64().or_else(|| port.as_str()?.parse().ok())?;
    host_name(host).filter(|_| (1..=65535).contains(&port))
}

/// A name or address, with or without scheme and port.
fn host_name(host: &str) -> Option<Fact> {
    let host = host.rsplit_once("://").map_or(host, |(_, host)| host);
    let host = clean(host)?;
    let known = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte));
    known.then_some(Fact::PoolName(host))
}

/// EIP-1571 names what it says, Alephium lists it.
pub(super) fn hello(message: &Message) -> Option<Finding> {
    let list = message.list();
    let (agent, name, host) = match message.named() {
        Some(named) => (named.get("agent"), named.get("proto"), text(named.get("host"))),
        None => (list.first(), list.get(1), None),
    };
    let (agent, dialect) = (text(agent), dialect(name));
    if dialect.is_none() && (agent.is_none() || message.named().is_none()) {
        return None;
    }
    let finding = Finding::miner(dialect.unwrap_or(ETHEREUM), Kind::HELLO);
    let finding = finding.with(Kind::DIALECT_NAME, dialect.is_some()).fact(host.and_then(host_name));
    Some(software(finding, agent))
}

pub(super) fn authorize(message: &Message) -> Option<Finding> {
    let list = message.list();
    let (user, password) = match message.named() {
        Some(named) => {
            let text = |keys: &[&str]| keys.iter().find_map(|&key| text(named.get(key)));
            (text(&["user", "username", "worker", "login"]), text(&["password", "pass"]))
        }
        None if list.len() <= 3 && list.get(1).is_none_or(|word| !word.is_object()) => {
            (text(list.first()), text(list.get(1)))
        }
        None => (None, None),
    };
    let user = user?;
    let finding = account(Kind::AUTHORIZE, user);
    let (wallet, worker) = account::split(user);
    // Xelis: address, worker, password.
    if finding.protocol == Protocol::Xelis && worker.is_none() && list.len() == 3 {
        return Some(finding.fact(account::paid(wallet, text(list.get(1)))));
    }
    Some(options(finding, wallet, password.unwrap_or_default()))
}

/// Adds what a pool reads from the password: options such as `c=LTC,mc=DOGE,d=4096,ID=rig1`, or the worker's name.
fn options(mut finding: Finding, wallet: &str, password: &str) -> Finding {
    let (mut mined, mut paid, mut known) = (None, None, false);
    for (key, value) in password.split([',', ';']).filter_map(|option| option.split_once('=')) {
        let value = value.trim();
        let fact = match key.trim().to_ascii_lowercase().as_str() {
            "d" | "diff" => number(Some(&Value::from(value))).map(Fact::WantedDifficulty),
            "id" => clean(value).map(Fact::Worker),
            "mc" => {
                mined = coin::of_ticker(value);
                None
            }
            "c" => {
                paid = coin::of_ticker(value);
                None
            }
            _ => continue,
        };
        known |= fact.is_some() || mined.or(paid).is_some();
        finding = finding.fact(fact);
    }
    // The coin in which the pool pays says less than the address does.
    let coin = mined.or_else(|| paid.filter(|_| account::coin_of(wallet).is_none()));
    let worker = account::worker_in_password(wallet, password).and_then(clean).map(Fact::Worker);
    finding
        .with(Kind::PASSWORD_OPTIONS, known)
        .fact(coin.map(|coin| Fact::coin(coin, CoinReason::Password)))
        .fact(worker)
}
