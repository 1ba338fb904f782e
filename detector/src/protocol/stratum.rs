//! Stratum version 1 of Bitcoin and its forks, and `EthereumStratum` 1.0.0 (`NiceHash`) and 2.0.0 (EIP-1571).
//!
//! Sources: BIP 310, EIP-1571, `NiceHash`'s specification of EthereumStratum/1.0.0, the sources of cgminer, bfgminer,
//! cpuminer, ethminer and Miningcore.

use serde_json::Value;

use super::account;
use super::block;
use super::finding::{Fact, Finding, Kind};
use super::message::Message;
use super::outstanding::Ask;
use super::shape::{clean, difficulty_of_target, hex, is_hex, number, text};
use crate::judge::{Protocol, Stage};

const V1: Protocol = Protocol::StratumV1;
const ETHEREUM: Protocol = Protocol::EthereumStratum;

/// BIP 310: version rolling saves work in SHA-256d only (BIP 320), and pools of other algorithms do not grant it.
const ROLLS_VERSION: Fact = Fact::ImpliedAlgorithm("sha256d");

impl Kind {
    pub(crate) const CONFIGURE: Self =
        Self::message("client-configure", "mining.configure with a list of extensions (BIP 310)", 13.0);
    pub(crate) const SUBSCRIBE: Self = Self::message("client-subscribe", "mining.subscribe", 12.0);
    pub(crate) const AUTHORIZE: Self =
        Self::message("client-authorize", "mining.authorize with user and password", 12.5);
    pub(crate) const SUBMIT: Self =
        Self::message("client-submit", "mining.submit with worker, job and solution", 13.0);
    pub(crate) const EXTRANONCE_SUBSCRIBE: Self =
        Self::message("client-extranonce-subscribe", "mining.extranonce.subscribe", 12.0);
    pub(crate) const SUGGEST: Self =
        Self::message("client-suggest", "mining.suggest_difficulty or mining.suggest_target", 12.0);
    pub(crate) const CAPABILITIES: Self = Self::message("client-capabilities", "mining.capabilities", 12.0);
    pub(crate) const GET_TRANSACTIONS: Self =
        Self::message("client-get-transactions", "mining.get_transactions for a job", 11.0);
    pub(crate) const MULTI_VERSION: Self =
        Self::message("client-multi-version", "mining.multi_version", 11.0);
    pub(crate) const HELLO: Self =
        Self::message("client-hello", "mining.hello with the name of the protocol (EIP-1571)", 12.0);
    pub(crate) const NOOP: Self = Self::message("client-noop", "mining.noop", 6.0);
    pub(crate) const HASHRATE: Self = Self::message("client-hashrate", "mining.hashrate with a rate", 11.0);
    pub(crate) const VERSION_ANSWER: Self =
        Self::message("client-version", "answer to client.get_version", 5.0);
    pub(crate) const DIALECT_NAME: Self =
        Self::feature("dialect-name", "the text EthereumStratum with a version", 6.0);
    pub(crate) const CONFIGURE_ANSWER: Self =
        Self::message("pool-configure", "answer to mining.configure with granted extensions", 10.0);
    pub(crate) const SUBSCRIBE_ANSWER: Self =
        Self::message("pool-subscribe", "answer to mining.subscribe with an extranonce", 13.0);
    pub(crate) const HELLO_ANSWER: Self =
        Self::message("pool-hello", "answer to mining.hello with the name of the protocol", 12.0);
    pub(crate) const NOTIFY: Self = Self::message("pool-notify", "mining.notify with a job", 12.0);
    pub(crate) const NOTIFY_FIELDS: Self =
        Self::feature("pool-notify-fields", "the job has the fields of a block to be mined", 3.0);
    pub(crate) const SET_DIFFICULTY: Self =
        Self::message("pool-difficulty", "mining.set_difficulty with a number", 12.0);
    pub(crate) const SET_VERSION_MASK: Self =
        Self::message("pool-version-mask", "mining.set_version_mask with a mask", 12.0);
    pub(crate) const SET_EXTRANONCE: Self =
        Self::message("pool-extranonce", "mining.set_extranonce with an extranonce", 11.0);
    pub(crate) const SET_GOAL: Self = Self::message("pool-goal", "mining.set_goal", 11.0);
    pub(crate) const SET: Self =
        Self::message("pool-set", "mining.set with target, epoch or algorithm (EIP-1571)", 12.0);
    pub(crate) const BYE: Self = Self::message("pool-bye", "mining.bye", 6.0);
    pub(crate) const PING: Self = Self::message("pool-ping", "mining.ping", 5.0);
    pub(crate) const RECONNECT: Self = Self::message("pool-reconnect", "client.reconnect", 6.0);
    pub(crate) const SHOW_MESSAGE: Self =
        Self::message("pool-message", "client.show_message with a text", 6.0);
    pub(crate) const GET_VERSION: Self = Self::message("pool-get-version", "client.get_version", 6.0);
}

/// Reads a request or notification.
pub(super) fn request(method: &str, message: &Message) -> Option<(Finding, Ask)> {
    miner(method, message).or_else(|| pool(method, message))
}

fn miner(method: &str, message: &Message) -> Option<(Finding, Ask)> {
    let list = message.list();
    let first = text(list.first());
    let plain = |kind, ask| Some((Finding::miner(V1, kind), ask));
    match method {
        "mining.configure" => {
            let extensions = list.first()?.as_array()?;
            if extensions.is_empty() || !extensions.iter().all(Value::is_string) {
                return None;
            }
            plain(Kind::CONFIGURE, Ask::Configure)
        }
        "mining.subscribe" => Some((subscribe(message)?, Ask::Subscribe)),
        "mining.authorize" => Some((authorize(message)?, Ask::Admission(V1))),
        "mining.submit" => Some((submit(message)?, Ask::Share(V1))),
        "mining.extranonce.subscribe" => plain(Kind::EXTRANONCE_SUBSCRIBE, Ask::Other),
        "mining.suggest_difficulty" => {
            number(list.first())?;
            plain(Kind::SUGGEST, Ask::Other)
        }
        "mining.suggest_target" if first.is_some_and(is_hex) => plain(Kind::SUGGEST, Ask::Other),
        "mining.capabilities" if message.has_params() => plain(Kind::CAPABILITIES, Ask::Other),
        "mining.get_transactions" if first.is_some() => plain(Kind::GET_TRANSACTIONS, Ask::Other),
        "mining.multi_version" => {
            number(list.first())?;
            plain(Kind::MULTI_VERSION, Ask::Other)
        }
        "mining.hello" => Some((hello(message)?, Ask::Other)),
        "mining.noop" => Some((Finding::miner(ETHEREUM, Kind::NOOP), Ask::Other)),
        "mining.hashrate" if first.is_some() || message.named().is_some() => {
            Some((Finding::miner(ETHEREUM, Kind::HASHRATE), Ask::Other))
        }
        _ => None,
    }
}

fn subscribe(message: &Message) -> Option<Finding> {
    let list = message.list();
    let dialect = text(list.get(1)).is_some_and(|name| name.starts_with("EthereumStratum/"));
    let finding = Finding::miner(if dialect { ETHEREUM } else { V1 }, Kind::SUBSCRIBE);
    let finding = finding.with(Kind::DIALECT_NAME, dialect);
    if let Some(named) = message.named() {
        let agent = text(named.get("agent").or_else(|| named.get("user_agent")))?;
        return Some(software(finding, Some(account::software(agent)?)));
    }
    if list.first().is_some_and(|agent| !agent.is_string() && !agent.is_null()) {
        return None;
    }
    let agent = text(list.first()).and_then(account::software);
    Some(software(finding, agent).fact(pool_name(list)))
}

/// Adds the name of the software, or the user name in its place.
fn software(finding: Finding, named: Option<Fact>) -> Finding {
    let agent = matches!(named, Some(Fact::Agent(_)));
    let address = matches!(&named, Some(Fact::User { wallet, .. }) if account::is_address(wallet));
    finding.with(Kind::AGENT, agent).with(Kind::ADDRESS, address).fact(named)
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

fn authorize(message: &Message) -> Option<Finding> {
    let list = message.list();
    let user = match message.named() {
        Some(named) => ["user", "username", "worker", "login"].iter().find_map(|&key| text(named.get(key))),
        None if list.len() <= 3 && list.get(1).is_none_or(|word| !word.is_object()) => text(list.first()),
        None => None,
    }?;
    let finding =
        Finding::miner(V1, Kind::AUTHORIZE).with(Kind::ADDRESS, account::is_address(account::split(user).0));
    Some(finding.fact(account::user(user)))
}

fn submit(message: &Message) -> Option<Finding> {
    let list = message.list();
    let user = if let Some(named) = message.named() {
        if !named.contains_key("nonce") {
            return None;
        }
        text(named.get("worker"))
    } else {
        if list.len() < 3 || !list.iter().take(3).all(|value| value.is_string() || value.is_number()) {
            return None;
        }
        // EIP-1571 hands in job, nonce and the worker's number: no account there.
        text(list.first()).filter(|_| list.len() > 3)
    };
    let finding = Finding::miner(V1, Kind::SUBMIT).stage(Stage::Submitting).fact(Some(Fact::Submitted));
    Some(finding.fact(user.and_then(account::user)))
}

fn hello(message: &Message) -> Option<Finding> {
    let named = message.named()?;
    let agent = text(named.get("agent")).and_then(account::software);
    let dialect = text(named.get("proto")).is_some_and(|name| name.starts_with("EthereumStratum/"));
    if agent.is_none() && !dialect {
        return None;
    }
    let finding = Finding::miner(ETHEREUM, Kind::HELLO).with(Kind::DIALECT_NAME, dialect);
    Some(software(finding, agent).fact(text(named.get("host")).and_then(host_name)))
}

fn pool(method: &str, message: &Message) -> Option<(Finding, Ask)> {
    let list = message.list();
    let first = text(list.first());
    let plain = |kind| Some((Finding::pool(V1, kind), Ask::Other));
    match method {
        "mining.notify" => Some((notify(list)?, Ask::Other)),
        "mining.set_difficulty" => {
            let difficulty = number(list.first())?;
            let finding = Finding::pool(V1, Kind::SET_DIFFICULTY);
            Some((finding.fact(Some(Fact::difficulty_units(difficulty))), Ask::Other))
        }
        "mining.set_version_mask" if first.is_some_and(is_hex) => {
            Some((Finding::pool(V1, Kind::SET_VERSION_MASK).fact(Some(ROLLS_VERSION)), Ask::Other))
        }
        "mining.set_extranonce" if first.is_some_and(|xn| xn.is_empty() || is_hex(xn)) => {
            plain(Kind::SET_EXTRANONCE)
        }
        "mining.set_goal" if first.is_some() => plain(Kind::SET_GOAL),
        "mining.set" => Some((set(message)?, Ask::Other)),
        "mining.bye" => Some((Finding::pool(ETHEREUM, Kind::BYE), Ask::Other)),
        "mining.ping" => plain(Kind::PING),
        "client.reconnect" => plain(Kind::RECONNECT),
        "client.show_message" if first.is_some() => plain(Kind::SHOW_MESSAGE),
        "client.get_version" => Some((Finding::pool(V1, Kind::GET_VERSION), Ask::Version)),
        _ => None,
    }
}

fn notify(list: &[Value]) -> Option<Finding> {
    let job = list.first()?;
    if !(job.is_string() || job.is_number() || job.is_object()) {
        return None;
    }
    // Job, previous hash, two halves of the coinbase, branches, version, bits, time, clean.
    let bitcoin = list.len() >= 9
        && hex(list.get(1), 64)
        && list.get(4).is_some_and(Value::is_array)
        && [5, 6, 7].iter().all(|&field| hex(list.get(field), 8));
    // Job, seed hash, header hash, clean.
    let ethereum = list.len() == 4
        && hex(list.get(1), 64)
        && hex(list.get(2), 64)
        && list.get(3).is_some_and(Value::is_boolean);
    let finding = Finding::pool(if ethereum { ETHEREUM } else { V1 }, Kind::NOTIFY);
    let finding = finding.with(Kind::NOTIFY_FIELDS, bitcoin || ethereum).fact(Some(Fact::Job));
    let [algorithm, coin] = block::facts(text(list.get(6)).filter(|_| bitcoin));
    Some(finding.fact(algorithm).fact(coin).stage(Stage::Working))
}

fn set(message: &Message) -> Option<Finding> {
    let named = message.named()?;
    if !["epoch", "target", "algo", "extranonce"].iter().any(|&key| named.contains_key(key)) {
        return None;
    }
    let difficulty = text(named.get("target")).and_then(difficulty_of_target);
    let algorithm = text(named.get("algo")).and_then(clean);
    let finding = Finding::pool(ETHEREUM, Kind::SET);
    Some(finding.fact(difficulty.map(Fact::difficulty_hashes)).fact(algorithm.map(Fact::Algorithm)))
}

/// Reads a response. `ask` is what it answers, if the request was seen.
pub(super) fn answer(ask: Option<Ask>, message: &Message) -> Option<Finding> {
    let result = message.result();
    if let Some(finding) = subscription(result) {
        return Some(finding);
    }
    if let Some(granted) = result.get("version-rolling").and_then(Value::as_bool) {
        return Some(Finding::pool(V1, Kind::CONFIGURE_ANSWER).fact(granted.then_some(ROLLS_VERSION)));
    }
    if text(result.get("proto")).is_some_and(|name| name.starts_with("EthereumStratum/")) {
        return Some(Finding::pool(ETHEREUM, Kind::HELLO_ANSWER));
    }
    let ask = ask?;
    let refused = message.error().is_some_and(is_stratum_error);
    match ask {
        Ask::Subscribe if short_subscription(result) => Some(Finding::pool(V1, Kind::SUBSCRIBE_ANSWER)),
        Ask::Configure if result.is_object() => Some(Finding::pool(V1, Kind::CONFIGURE_ANSWER)),
        Ask::Admission(V1) if result.is_boolean() && message.error().is_none() => {
            Some(Finding::pool(V1, Kind::ADMISSION))
        }
        Ask::Share(V1) if *result == Value::Bool(true) => {
            Some(Finding::pool(V1, Kind::SHARE_ANSWER).fact(Some(Fact::Accepted)))
        }
        Ask::Share(V1) if message.error().is_some() || *result == Value::Bool(false) => Some(
            Finding::pool(V1, Kind::SHARE_ANSWER).with(Kind::POOL_ERROR, refused).fact(Some(Fact::Rejected)),
        ),
        Ask::Version => {
            let agent = account::software(result.as_str()?)?;
            Some(Finding::miner(V1, Kind::VERSION_ANSWER).fact(Some(agent)))
        }
        Ask::Admission(V1) | Ask::Subscribe | Ask::Configure | Ask::Other if refused => {
            Some(Finding::pool(V1, Kind::POOL_ERROR))
        }
        _ => None,
    }
}

/// The subscriptions and the extranonce: unmistakable also without the request.
fn subscription(result: &Value) -> Option<Finding> {
    let list = result.as_array()?;
    let topics = list.first()?.as_array()?;
    let topic = |value: Option<&Value>| {
        text(value).is_some_and(|name| matches!(name, "mining.notify" | "mining.set_difficulty"))
    };
    let nested = topics.first().and_then(Value::as_array).is_some_and(|pair| topic(pair.first()));
    if !nested && !topic(topics.first()) {
        return None;
    }
    let dialect = text(topics.get(2)).is_some_and(|name| name.starts_with("EthereumStratum/"));
    let protocol = if dialect { ETHEREUM } else { V1 };
    Some(Finding::pool(protocol, Kind::SUBSCRIBE_ANSWER).with(Kind::DIALECT_NAME, dialect))
}

/// Session or flag, then the extranonce or the dialect.
fn short_subscription(result: &Value) -> bool {
    let Some(list) = result.as_array() else { return false };
    let second = text(list.get(1)).unwrap_or_default();
    list.len() <= 4 && (is_hex(second) || second.starts_with("EthereumStratum/"))
}

/// Number, text, traceback: Stratum's own form, which no other JSON-RPC has.
fn is_stratum_error(error: &Value) -> bool {
    let Some(list) = error.as_array() else { return false };
    list.first().is_some_and(Value::is_number) && list.get(1).is_some_and(Value::is_string)
}
