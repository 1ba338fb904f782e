use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;
use prefix_trie::joint::JointPrefixMap;

use super::rules::Compiled;
use super::{Pair, PoolMatch};

/// Numbers of rules, in ascending order.
type Numbers = Vec<u32>;

/// Each rule under the most telling thing that it says, so that few are looked at.
#[derive(Debug, Default)]
pub(super) struct Index {
    miners: HashMap<IpAddr, Numbers>,
    names: HashMap<String, Numbers>,
    pools: HashMap<IpAddr, Numbers>,
    pool_names: HashMap<String, Numbers>,
    domains: HashMap<String, Numbers>,
    miner_prefixes: JointPrefixMap<IpNet, Numbers>,
    pool_prefixes: JointPrefixMap<IpNet, Numbers>,
    others: Numbers,
}

impl Index {
    pub(super) fn add(&mut self, number: u32, compiled: &Compiled) {
        let rule = &compiled.rule;
        let miner = rule.host.or(rule.pair.map(|Pair { miner, .. }| miner));
        let numbers = match (miner, &compiled.wallet, &compiled.worker, &rule.pool, rule.prefix) {
            (Some(miner), ..) => self.miners.entry(miner.to_canonical()).or_default(),
            (_, Some(name), ..) | (_, _, Some(name), ..) => self.names.entry(name.clone()).or_default(),
            (_, _, _, Some(PoolMatch::Address(pool, _)), _) => self.pools.entry(*pool).or_default(),
            (_, _, _, Some(PoolMatch::Name(name, _)), _) => self.pool_names.entry(name.clone()).or_default(),
            (_, _, _, Some(PoolMatch::Domain(name, _)), _) => self.domains.entry(name.clone()).or_default(),
            (_, _, _, _, Some(prefix)) => self.miner_prefixes.entry(prefix.trunc()).or_default(),
            (_, _, _, Some(PoolMatch::Prefix(prefix)), _) => self.pool_prefixes.entry(*prefix).or_default(),
            _ => &mut self.others,
        };
        numbers.push(number);
    }

    /// The lists of rules that may fit.
    pub(super) fn lists<'a>(
        &'a self,
        miner: IpAddr,
        pool: IpAddr,
        names: [Option<&'a str>; 2],
        pool_names: &'a [String],
    ) -> impl Iterator<Item = &'a Numbers> {
        let identities = names.into_iter().flatten().filter_map(|name| self.names.get(name));
        let named_pools = pool_names.iter().filter_map(|name| self.pool_names.get(name));
        let domains =
            pool_names.iter().flat_map(|name| domains(name)).filter_map(|name| self.domains.get(name));
        self.miners
            .get(&miner)
            .into_iter()
            .chain(identities)
            .chain(self.pools.get(&pool))
            .chain(named_pools)
            .chain(domains)
            .chain(self.miner_prefixes.cover_values(&miner.into()))
            .chain(self.pool_prefixes.cover_values(&pool.into()))
            .chain([&self.others])
    }
}

/// The name, and what follows each of its dots.
fn domains(name: &str) -> impl Iterator<Item = &str> {
    let below = name.match_indices('.').filter_map(|(dot, _)| name.get(dot + 1..));
    std::iter::once(name).chain(below)
}
