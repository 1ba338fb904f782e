//! What nft says of the table.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde_json::Value;

use super::ruleset::{ALLOWED, COUNTED, Count, DROPPED, OWN};
use crate::block::Target;

/// The table as the kernel has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// What is blocked, and for how many seconds.
    pub(super) blocks: HashMap<Target, (Count, u64)>,
    /// Networks that are never blocked, and how many there are.
    pub(super) allowed: Vec<IpNet>,
    pub(super) allowances: usize,
    /// Rules in the chain that drops.
    pub(super) rules: usize,
    /// Whether one of them drops.
    pub(super) drops: bool,
    /// Whether a rule leads to that chain.
    pub(super) is_reached: bool,
    /// Whether there are chains or other things that are not Firedamp's.
    pub(super) is_shared: bool,
    /// Firedamp's chains and sets.
    pub(super) chains: Vec<String>,
    pub(super) sets: Vec<String>,
    /// Packets that were dropped.
    pub(super) dropped: u64,
    /// Packets that would have been dropped.
    pub(super) counted: u64,
}

impl Seen {
    /// Reads what `nft -j list table` says.
    pub(super) fn read(said: &[u8]) -> Result<Self, serde_json::Error> {
        let said: Value = serde_json::from_slice(said)?;
        let mut seen = Self::default();
        for object in said.get("nftables").and_then(Value::as_array).into_iter().flatten() {
            let Some((kind, what)) = object.as_object().and_then(|object| object.iter().next()) else {
                continue;
            };
            seen.take(kind, what);
        }
        Ok(seen)
    }

    fn take(&mut self, kind: &str, what: &Value) {
        let word = |name| what.get(name).and_then(Value::as_str).unwrap_or_default();
        match kind {
            "metainfo" | "table" => return,
            "rule" => {
                if word("chain") == OWN {
                    self.rules += 1;
                    self.drops |= what
                        .get("expr")
                        .and_then(Value::as_array)
                        .is_some_and(|steps| steps.iter().any(|step| step.get("drop").is_some()));
                }
                self.is_reached |= what.get("expr").is_some_and(leads);
                return;
            }
            "counter" => {
                let packets = what.get("packets").and_then(Value::as_u64).unwrap_or(0);
                match word("name") {
                    DROPPED => self.dropped = packets,
                    COUNTED => self.counted = packets,
                    _ => {}
                }
            }
            "set" => {
                let elements = what.get("elem").and_then(Value::as_array).into_iter().flatten();
                if ALLOWED.iter().any(|(name, _)| *name == word("name")) {
                    self.allowances += elements.clone().count();
                    self.allowed.extend(elements.filter_map(network));
                } else {
                    self.blocks.extend(elements.filter_map(|element| block(word("name"), element)));
                }
            }
            _ => {}
        }
        match kind {
            _ if !word("name").starts_with(OWN) => self.is_shared = true,
            "chain" => self.chains.push(word("name").to_owned()),
            "set" => self.sets.push(word("name").to_owned()),
            _ => {}
        }
    }
}

/// Whether a rule jumps to the chain, be it in a map of verdicts.
fn leads(value: &Value) -> bool {
    match value {
        Value::Object(object) => object.iter().any(|(key, value)| {
            let is_jump = matches!(key.as_str(), "jump" | "goto");
            is_jump && value.get("target").and_then(Value::as_str) == Some(OWN) || leads(value)
        }),
        Value::Array(values) => values.iter().any(leads),
        _ => false,
    }
}

fn block(set: &str, element: &Value) -> Option<(Target, (Count, u64))> {
    let element = element.get("elem")?;
    let counter = element.get("counter");
    let number = |name| counter.and_then(|counter| counter.get(name)).and_then(Value::as_u64).unwrap_or(0);
    let target = target(set.strip_prefix(OWN)?.trim_end_matches(['4', '6']), element.get("val")?)?;
    let left = element.get("expires").and_then(Value::as_u64)?;
    Some((target, (Count { packets: number("packets"), bytes: number("bytes") }, left)))
}

fn target(kind: &str, value: &Value) -> Option<Target> {
    let parts: Vec<&Value> = value.get("concat").and_then(Value::as_array).into_iter().flatten().collect();
    match (kind, parts.as_slice()) {
        ("_flow", &[from, from_port, to, to_port]) => {
            Some(Target::Flow(end(from, from_port)?, end(to, to_port)?))
        }
        ("_pair", &[from, to, to_port]) => Some(Target::Pair(address(from)?, end(to, to_port)?)),
        ("_address", []) => Some(Target::Network(address(value)?.into())),
        ("_network", []) => Some(Target::Network(network(value)?)),
        _ => None,
    }
}

fn network(value: &Value) -> Option<IpNet> {
    let Some(prefix) = value.get("prefix") else { return address(value).map(IpNet::from) };
    let bits = u8::try_from(prefix.get("len")?.as_u64()?).ok()?;
    IpNet::new(address(prefix.get("addr")?)?, bits).ok()
}

fn address(value: &Value) -> Option<IpAddr> {
    value.as_str()?.parse().ok()
}

fn end(value: &Value, port: &Value) -> Option<SocketAddr> {
    Some(SocketAddr::new(address(value)?, u16::try_from(port.as_u64()?).ok()?))
}
