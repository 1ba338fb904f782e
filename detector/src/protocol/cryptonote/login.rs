//! Logging in, and the software and algorithms that are named with it.

use serde_json::{Map, Value};

use super::super::account;
use super::super::finding::{Fact, Finding, Kind};
use super::super::message::{Id, Message};
use super::super::shape::{clean, text};
use super::algorithm;
use crate::judge::Protocol;

/// Algorithm names looked at in a login.
const MAX_ALGORITHMS: usize = 64;

impl Kind {
    pub(crate) const LOGIN: Self = Self::message("client-login", "method login with login and pass", 6.0);
}

/// Reads the request `login`.
pub(super) fn read(message: &Message) -> Option<Finding> {
    match message.named() {
        Some(named) => login(protocol(message, named), named),
        None => listed(message.list()),
    }
}

/// Grin's server knows one kind of client, which calls itself by the id "Stratum" or by name.
fn protocol(message: &Message, named: &Map<String, Value>) -> Protocol {
    let agent = text(named.get("agent")).unwrap_or_default().to_ascii_lowercase();
    let grin = ["grin", "mwc"].iter().any(|name| agent.starts_with(name))
        || message.id() == Some(Id::Text("Stratum".into()));
    if grin { Protocol::Grin } else { Protocol::CryptoNote }
}

fn login(protocol: Protocol, named: &Map<String, Value>) -> Option<Finding> {
    let user = text(named.get("login"))?;
    let password = text(named.get("pass"));
    let agent = text(named.get("agent")).and_then(clean);
    if password.is_none() && agent.is_none() {
        return None;
    }
    let algorithms: Vec<&str> = named
        .get("algo")
        .and_then(Value::as_array)
        .map(|list| list.iter().take(MAX_ALGORITHMS).filter_map(Value::as_str).collect())
        .or_else(|| named.get("algo").and_then(Value::as_str).map(|name| vec![name]))
        .unwrap_or_default();
    let single = <[&str; 1]>::try_from(algorithms.as_slice()).ok().and_then(|[name]| clean(name));
    let (wallet, suffix) = account::split(user);
    let worker = ["rigid", "worker"]
        .iter()
        .find_map(|&key| text(named.get(key)).filter(|name| !name.is_empty()))
        .or(suffix)
        .or_else(|| account::worker_in_password(wallet, password?));
    let finding = with_agent(Finding::miner(protocol, Kind::LOGIN), agent)
        .with(Kind::ALGORITHM_LIST, algorithms.iter().any(|name| algorithm::is_known(name)))
        .with(Kind::ADDRESS, account::is_address(wallet))
        .fact(account::paid(wallet, worker));
    let coin = single.as_deref().and_then(algorithm::coin);
    Some(finding.fact(coin).fact(single.map(Fact::Algorithm)))
}

/// The account, the password and the software, as Bytom's pools take them.
fn listed(list: &[Value]) -> Option<Finding> {
    let [user, password, agent] = list else { return None };
    let (user, _, agent) = (user.as_str()?, password.as_str()?, agent.as_str()?);
    let (wallet, worker) = account::split(user);
    let finding = with_agent(Finding::miner(Protocol::CryptoNote, Kind::LOGIN), clean(agent))
        .with(Kind::ADDRESS, account::is_address(wallet));
    Some(finding.fact(account::paid(wallet, worker)))
}

fn with_agent(finding: Finding, agent: Option<String>) -> Finding {
    let miner = agent.as_deref().is_some_and(is_miner);
    finding
        .with(Kind::AGENT, miner)
        .with(Kind::UNKNOWN_AGENT, agent.is_some() && !miner)
        .fact(agent.filter(|name| !account::is_user(name)).map(Fact::Agent))
}

/// Software that is known to mine, by the name before its version.
const MINERS: [&str; 50] = [
    "ethminer",
    "poclbm",
    "xmrig",
    "xmr-",
    "xmrstak",
    "xlarig",
    "deepminer",
    "cpuminer",
    "ccminer",
    "cgminer",
    "bfgminer",
    "sgminer",
    "minerd",
    "bmminer",
    "srbminer",
    "nanominer",
    "teamredminer",
    "wildrig",
    "lolminer",
    "bminer",
    "gminer",
    "grin-miner",
    "grin miner",
    "mwc-miner",
    "claymore",
    "phoenixminer",
    "nbminer",
    "rigel",
    "t-rex",
    "trex",
    "miniz",
    "bzminer",
    "onezerominer",
    "hellminer",
    "cryptodredge",
    "jceminer",
    "jce_cn",
    "cast_xmr",
    "moneroocean",
    "coinhive",
    "nodeminer",
    "nicehash",
    "stratum",
    "stcbox",
    "starcoin",
    "tari-miner",
    "tari_",
    "glytex",
    "graxil",
    "spectre-miner",
];

/// Whether it is software that is known to mine.
pub(in super::super) fn is_miner(agent: &str) -> bool {
    let agent = agent.to_ascii_lowercase();
    MINERS.iter().any(|&name| agent.starts_with(name))
}
