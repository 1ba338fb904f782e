//! Which cases are asked for.

use std::net::IpAddr;

use anyhow::Context as _;
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use detector::output::Identities;
use detector::store::read::{
    Filter, Hidden, Known, LIVES, NETWORK_TYPES, PoolTerm, Reader, STATES, VERDICTS, nearest,
};
use ipnet::IpNet;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::source::{Source, form};
use super::when::When;

/// So many known names are told to someone who asks for an unknown one.
const NAMES: usize = 8;

/// Which cases.
#[derive(Args)]
#[command(next_help_heading = "Filters (each but times may be repeated: one of its values has to hold)")]
pub(super) struct Filters {
    /// Seen at this time or later: 2026-11-23T08:00:00Z, 2026-11-23, or how long ago: 24h, 7d
    #[arg(long, value_name = "TIME")]
    pub(super) since: Option<When>,

    /// First seen at this time or earlier; a date means its end
    #[arg(long, value_name = "TIME")]
    pub(super) until: Option<When>,

    /// Address of the miner
    #[arg(long = "miner", value_name = "IP")]
    miners: Vec<IpAddr>,

    /// Network of the miner
    #[arg(long = "prefix", value_name = "CIDR", value_parser = network)]
    prefixes: Vec<IpNet>,

    /// Type of the miner's network
    #[arg(long = "network-type", value_name = "TYPE", value_parser = PossibleValuesParser::new(NETWORK_TYPES))]
    network_types: Vec<String>,

    /// Country of the miner, two letters
    #[arg(long = "country", value_name = "CODE")]
    countries: Vec<String>,

    /// Province, state or the like of the miner
    #[arg(long = "region", value_name = "NAME")]
    regions: Vec<String>,

    /// City of the miner
    #[arg(long = "city", value_name = "NAME")]
    cities: Vec<String>,

    /// Your name of the miner's site
    #[arg(long = "site", value_name = "NAME")]
    sites: Vec<String>,

    /// Autonomous system of the miner: 64500 or AS64500
    #[arg(long = "asn", value_name = "NUMBER", value_parser = asn)]
    asns: Vec<u32>,

    /// Coin, by its ticker symbol
    #[arg(long = "coin", value_name = "COIN")]
    coins: Vec<String>,

    /// Protocol, by its name in records
    #[arg(long = "protocol", value_name = "NAME")]
    protocols: Vec<String>,

    /// Verdict
    #[arg(long = "verdict", value_name = "VERDICT", value_parser = PossibleValuesParser::new(VERDICTS))]
    verdicts: Vec<String>,

    /// What you said of the case with `mark`
    #[arg(long = "state", value_name = "STATE", value_parser = PossibleValuesParser::new(STATES))]
    states: Vec<String>,

    /// Only what was seen again after you had marked it as fixed
    #[arg(long)]
    came_back: bool,

    /// Whether it goes on
    #[arg(long = "life", value_name = "LIFE", value_parser = PossibleValuesParser::new(LIVES))]
    lives: Vec<String>,

    /// Pool: address, address:port, network, or a part of a name
    #[arg(long = "pool", value_name = "POOL")]
    pools: Vec<PoolTerm>,

    /// Wallet, whole, or as the ledger has it; if names are truncated or hashed with a salt, --config says how
    #[arg(long = "wallet", value_name = "WALLET")]
    wallets: Vec<String>,

    /// Name of the machine at the pool, likewise
    #[arg(long = "worker", value_name = "WORKER")]
    workers: Vec<String>,

    /// Also list what an exclusion hides, or only that; if not given, it is counted only
    #[arg(long, value_name = "WHICH")]
    hidden: Option<Which>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    Include,
    Only,
}

fn network(text: &str) -> Result<IpNet, &'static str> {
    text.parse().map_err(|_| "must be a network such as 10.20.0.0/16 or 2001:db8::/32")
}

fn asn(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix("AS").or_else(|| text.strip_prefix("as")).unwrap_or(text);
    digits.parse().map_err(|_| "must be a number such as 64500 or AS64500".to_owned())
}

impl Filters {
    /// `only_mining`: nodes count only if they are asked for.
    pub(super) fn filter(
        &self,
        source: &Source,
        only_mining: bool,
        zone: &TimeZone,
    ) -> anyhow::Result<Filter> {
        let names_given = !self.wallets.is_empty() || !self.workers.is_empty();
        let form = source.config.as_deref().filter(|_| names_given).map(form).transpose()?;
        let now = Timestamp::now();
        let since = self.since.map(|when| when.start(zone, now)).transpose().context("--since")?;
        let until = self.until.map(|when| when.end(zone, now)).transpose().context("--until")?;
        if let (Some(since), Some(until)) = (since, until)
            && since > until
        {
            return Err(super::usage(format_args!("--since {since} is later than --until {until}")));
        }
        Ok(Filter {
            since,
            until,
            miners: self.miners.clone(),
            prefixes: self.prefixes.clone(),
            network_types: self.network_types.clone(),
            countries: self.countries.clone(),
            regions: self.regions.clone(),
            cities: self.cities.clone(),
            sites: self.sites.clone(),
            asns: self.asns.clone(),
            coins: self.coins.clone(),
            protocols: self.protocols.clone(),
            verdicts: self.verdicts.clone(),
            lives: self.lives.clone(),
            states: self.states.clone(),
            came_back: self.came_back,
            pools: self.pools.clone(),
            wallets: names(&self.wallets, form),
            workers: names(&self.workers, form),
            hidden: match self.hidden {
                None => Hidden::Leave,
                Some(Which::Include) => Hidden::Include,
                Some(Which::Only) => Hidden::Only,
            },
            only_mining,
        })
    }

    /// What was probably meant by names that the ledger does not have.
    pub(super) fn hints(&self, reader: &Reader) -> anyhow::Result<Vec<String>> {
        let mut hints = Vec::new();
        if !self.wallets.is_empty() || !self.workers.is_empty() {
            hints.push(
                "a wallet or worker is found as the ledger has it, in clear, or hashed without a salt; for names that are \
                 truncated or hashed with a salt, give the configuration of the agent (--config)"
                    .to_owned(),
            );
        }
        for (of, option, names) in [
            (Known::Coin, "coin", &self.coins),
            (Known::Protocol, "protocol", &self.protocols),
            (Known::Country, "country", &self.countries),
            (Known::Region, "region", &self.regions),
            (Known::City, "city", &self.cities),
            (Known::Site, "site", &self.sites),
        ] {
            if names.is_empty() {
                continue;
            }
            let known = reader.known(of)?;
            let unknown = names.iter().filter(|name| !known.iter().any(|it| it.eq_ignore_ascii_case(name)));
            hints.extend(unknown.map(|name| hint(option, name, &known)));
        }
        Ok(hints)
    }
}

fn hint(option: &str, name: &str, known: &[String]) -> String {
    let start = format!("this ledger has no {option} {name:?}");
    if let Some(meant) = nearest(name, known.iter().map(String::as_str)) {
        return format!("{start}; --{option} {meant:?} perhaps");
    }
    let mut names: Vec<String> = known.iter().take(NAMES).map(|name| super::format::clean(name)).collect();
    match known.len() {
        0 => return start,
        count if count > NAMES => names.push("...".to_owned()),
        _ => {}
    }
    format!("{start}; it has {}", names.join(", "))
}

/// Names as they are given, and in the form in which they are kept.
fn names(given: &[String], form: Option<Identities>) -> Vec<String> {
    let kept = given.iter().filter_map(|name| Some(form?.kept(name).into_owned()));
    given.iter().cloned().chain(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_looked_for_in_the_form_in_which_they_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("firedamp.toml");
        for (privacy, kept) in [("identities = 'truncated'", "ri\u{2026}"), ("identities = 'clear'", "rig7")]
        {
            std::fs::write(&file, format!("[privacy]\n{privacy}\n")).unwrap();
            let form = form(&file).unwrap();
            assert_eq!(names(&["rig7".to_owned()], Some(form)), ["rig7", kept]);
        }
        assert_eq!(names(&["rig7".to_owned()], None), ["rig7"]);
    }

    #[test]
    fn unknown_names_get_the_nearest_or_some() {
        let known = ["Shandong".to_owned(), "Sichuan".to_owned()];
        assert_eq!(
            hint("region", "Shandnog", &known),
            "this ledger has no region \"Shandnog\"; --region \"Shandong\" perhaps"
        );
        assert_eq!(hint("region", "x", &known), "this ledger has no region \"x\"; it has Shandong, Sichuan");
        assert_eq!(hint("region", "x", &[]), "this ledger has no region \"x\"");
    }
}
