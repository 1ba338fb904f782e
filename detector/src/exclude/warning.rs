use jiff::Timestamp;

use super::rules::Compiled;
use super::{Complaint, Exclusions, PoolMatch, SignatureMatch};
use crate::judge::Protocol;
use crate::output::alert_signatures;

impl Exclusions {
    /// Rules that hide nothing any more, or never can.
    #[must_use]
    pub fn warnings(&self, now: Timestamp) -> Vec<Complaint> {
        let all = self.rules.iter().enumerate();
        let warnings = all.flat_map(|(rule, one)| {
            let found = [expired(one, now), contradiction(one)].into_iter().flatten();
            found.map(move |(key, message)| Complaint { rule, key, message })
        });
        warnings.collect()
    }
}

fn expired(one: &Compiled, now: Timestamp) -> Option<(&'static str, String)> {
    let until = one.window.until.filter(|until| *until <= now)?;
    Some(("until", format!("the rule hides nothing since {until}; move its end, or delete the rule")))
}

/// Why nothing can fit all that the rule says.
fn contradiction(one: &Compiled) -> Option<(&'static str, String)> {
    let rule = &one.rule;
    let never = |key, why: String| Some((key, format!("nothing can fit this rule: {why}")));
    if let (Some(from), Some(until)) = (one.window.from, one.window.until)
        && until <= from
    {
        return never("until", format!("it ends at {until}, before it begins at {from}"));
    }
    let pair = rule.pair.as_ref();
    if let (Some(host), Some(pair)) = (rule.host, pair)
        && host != pair.miner
    {
        return never("pair", format!("its miner is not the host {host}"));
    }
    if let (Some(miner), Some(prefix)) = (rule.host.or(pair.map(|pair| pair.miner)), rule.prefix)
        && !prefix.contains(&miner.to_canonical())
    {
        return never("prefix", format!("{miner} is not in {prefix}"));
    }
    if let (Some(pair), Some(pool)) = (pair, &rule.pool) {
        let fits = match pool {
            PoolMatch::Address(address, port) => {
                *address == pair.pool && (port.is_none() || pair.port.is_none() || *port == pair.port)
            }
            PoolMatch::Prefix(prefix) => prefix.contains(&pair.pool),
            PoolMatch::Name(..) | PoolMatch::Domain(..) => true,
        };
        if !fits {
            return never("pool", "it is not the pool of the pair".to_owned());
        }
    }
    if let (Some(protocol), Some(signature)) = (&rule.protocol, &rule.signature) {
        let all = || alert_signatures(Protocol::ALL.iter().copied());
        let own = || alert_signatures(std::iter::once(Protocol::named(protocol)));
        let is_meant = |(id, text): (u32, String)| match signature {
            SignatureMatch::Id(wanted) => id == *wanted,
            SignatureMatch::Name(wanted) => text == *wanted,
        };
        if all().any(is_meant) && !own().any(is_meant) {
            return never("signature", format!("the alert is not one of the protocol {protocol}"));
        }
    }
    None
}
