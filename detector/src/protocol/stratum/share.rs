//! What miners hand in, whose form often tells the dialect.
//!
//! Sources: ZIP 301, EIP-1571, `NiceHash`'s specifications, kawpowminer, Conflux' and Alephium's descriptions, the Kaspa
//! stratum bridge, Xelis' and Aeternity's stratum protocols.

use serde_json::{Map, Value};

use super::super::account;
use super::super::coin::CoinReason;
use super::super::finding::{Fact, Finding, Kind};
use super::super::message::Message;
use super::super::shape::{clean, hex, is_hex, prefixed, prefixed_hex, text};
use super::{V1, coin};
use crate::judge::{Protocol, Stage};

impl Kind {
    pub(crate) const SUBMIT: Self =
        Self::message("client-submit", "mining.submit with worker, job and solution", 13.0);
    pub(crate) const ODD_SUBMIT: Self =
        Self::message("client-odd-submit", "mining.submit without the digits of a solution", 4.0);
    pub(crate) const THREE_HASHES: Self =
        Self::feature("share-progpow", "the share is nonce, header hash and mix hash", 4.0);
    pub(crate) const EQUIHASH_SOLUTION: Self =
        Self::feature("share-equihash", "the share has a solution of Equihash", 4.0);
    pub(crate) const CYCLE: Self =
        Self::feature("share-cuckoo", "the share has a cycle of 42 edges (Cuckoo Cycle)", 4.0);
}

/// Digits of the smallest nonce.
const MIN_NONCE: usize = 8;

/// What a share tells of itself.
struct Share<'a> {
    protocol: Protocol,
    /// The message, and the feature that tells the dialect.
    kinds: (Kind, Option<Kind>),
    user: Option<&'a str>,
    algorithm: Option<&'static str>,
    coin: Option<&'static str>,
}

pub(super) fn submit(message: &Message) -> Option<Finding> {
    let share = match message.named() {
        Some(named) => by_name(named)?,
        None => by_place(message.list())?,
    };
    let (kind, feature) = share.kinds;
    if kind == Kind::ODD_SUBMIT {
        return Some(Finding::miner(share.protocol, kind));
    }
    let mut finding = Finding::miner(share.protocol, kind).stage(Stage::Submitting);
    finding.kinds.extend(feature);
    let user = share.user.and_then(account::user);
    // ethminer names the machine beside the parameters.
    let worker = message.text("worker").and_then(clean).map(Fact::Worker);
    Some(
        finding
            .fact(Some(Fact::Submitted))
            .fact(user)
            .fact(worker)
            .fact(share.algorithm.map(Fact::ImpliedAlgorithm))
            .fact(share.coin.map(|coin| Fact::coin(coin, CoinReason::Protocol))),
    )
}

/// Alephium's pool takes an object with the chain.
fn by_name(named: &Map<String, Value>) -> Option<Share<'_>> {
    named.get("nonce")?;
    let protocol = if named.contains_key("fromGroup") { Protocol::Alephium } else { V1 };
    Some(Share { user: text(named.get("worker")), ..Share::of(protocol, None) })
}

fn by_place(list: &[Value]) -> Option<Share<'_>> {
    // Xelis: job, nonce.
    if list.len() == 2 && hex(list.get(1), 16) && text(list.first()).is_some() {
        return Some(Share::of(Protocol::Xelis, None));
    }
    if list.len() < 3 || !list.iter().take(3).all(|value| value.is_string() || value.is_number()) {
        return None;
    }
    let mut share = dialect(list);
    if share.kinds.1.is_none() && !list.iter().skip(1).any(is_nonce) {
        share.kinds.0 = Kind::ODD_SUBMIT;
    }
    // EIP-1571 and Alephium hand in job, nonce and the worker's number: no account there.
    let numbered = list.len() == 3 && !list.get(2).is_some_and(is_nonce);
    share.user = text(list.first()).filter(|_| !numbered);
    Some(share)
}

fn dialect(list: &[Value]) -> Share<'_> {
    let solution = |place| text(list.get(place)).filter(|digits| is_hex(digits)).map_or(0, str::len);
    // Aion's stands a place before Zcash'.
    let (zcash, aion) = (solution(4), solution(3));
    let known = coin::of_solution(zcash).or_else(|| coin::of_solution(aion));
    if known.is_some() || (zcash >= 1000 && hex(list.get(2), 8)) {
        let (algorithm, coin) = known.unzip();
        let share = Share::of(Protocol::Equihash, Some(Kind::EQUIHASH_SOLUTION));
        return Share { algorithm, coin: coin.flatten(), ..share };
    }
    let nonce = prefixed_hex(list.get(2), 16);
    let hashes = [3, 4].map(|place| prefixed_hex(list.get(place), 64));
    let protocol = match (list.len(), hashes) {
        (5.., [true, true]) if nonce => return Share::of(Protocol::KawPow, Some(Kind::THREE_HASHES)),
        (4, [true, _]) if prefixed(list.get(2)).is_some() => Protocol::Conflux,
        (3, _) if nonce => Protocol::Kaspa,
        _ => V1,
    };
    Share::of(protocol, list.iter().any(is_cycle).then_some(Kind::CYCLE))
}

impl Share<'_> {
    fn of(protocol: Protocol, feature: Option<Kind>) -> Self {
        Self { protocol, kinds: (Kind::SUBMIT, feature), user: None, algorithm: None, coin: None }
    }
}

fn is_nonce(value: &Value) -> bool {
    let digits = value.as_str().unwrap_or_default();
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    digits.len() >= MIN_NONCE && is_hex(digits)
}

/// The 42 edges of a cycle, as numbers or digits.
fn is_cycle(value: &Value) -> bool {
    value.as_array().is_some_and(|edges| {
        edges.len() == 42 && edges.iter().all(|edge| edge.is_u64() || edge.as_str().is_some_and(is_hex))
    })
}
