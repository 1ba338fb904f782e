//! What the commands that read the ledger have in common on the command line.

use std::io::{IsTerminal as _, Write, stdout};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use detector::config::{Overrides, Settled};
use detector::legible::{no_formula, thousands};
use detector::output::Identities;
use detector::store::read::{
    Filter, Hidden, Known, LIVES, Listing, NETWORK_TYPES, PoolTerm, Reader, STATES, Sort, VERDICTS, nearest,
};
use ipnet::IpNet;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::format::{View, counted};
use super::when::When;

/// Where the ledger is if nobody says.
const LEDGER: &str = "/var/lib/firedamp/ledger.db";

/// So many lines are in a table if nobody says.
const LIMIT: usize = 50;

/// So many known names are told to someone who asks for an unknown one.
const NAMES: usize = 8;

/// Which ledger.
#[derive(Args)]
pub(in crate::cli) struct Source {
    /// The ledger [default: the one of --config, or /var/lib/firedamp/ledger.db]
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,

    /// The configuration of the agent, which names the ledger
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Source {
    pub(in crate::cli) fn reader(&self) -> anyhow::Result<Reader> {
        Ok(Reader::open(&self.path()?)?)
    }

    pub(super) fn path(&self) -> anyhow::Result<PathBuf> {
        match (&self.ledger, &self.config) {
            (Some(ledger), _) => Ok(ledger.clone()),
            (None, Some(config)) => configured(config),
            (None, None) => Ok(LEDGER.into()),
        }
    }
}

/// The form in which an agent with this configuration keeps names.
fn form(config: &Path) -> anyhow::Result<Identities> {
    let settled = Settled::read(Some(config), &Overrides::default())?;
    settled.config.privacy.identities().map_err(anyhow::Error::msg)
}

/// Names as they are given, and in the form in which they are kept.
fn names(given: &[String], form: Option<Identities>) -> Vec<String> {
    let kept = given.iter().filter_map(|name| Some(form?.kept(name).into_owned()));
    given.iter().cloned().chain(kept).collect()
}

/// The ledger that a configuration names.
fn configured(config: &Path) -> anyhow::Result<PathBuf> {
    let settled = Settled::read(Some(config), &Overrides::default())?;
    settled.config.ledger.file.with_context(|| {
        format!(
            "{}: this configuration names no ledger; there is none without `file` in [ledger]",
            config.display()
        )
    })
}

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
    #[arg(long = "prefix", value_name = "CIDR")]
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

/// How it is written.
#[derive(Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Output {
    /// How many lines; 0 for all [default: 50 in a table, all as JSON or CSV]
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,

    /// Write a JSON object a line, with all that is known
    #[arg(long, conflicts_with = "csv")]
    pub(super) json: bool,

    /// Write comma-separated values with a heading
    #[arg(long)]
    pub(super) csv: bool,

    /// Tell times in UTC and not in the local zone; times without a zone are meant so, too
    #[arg(long)]
    pub(super) utc: bool,
}

impl Output {
    pub(super) fn view(&self) -> View {
        view(self.utc)
    }

    pub(super) const fn limit(&self) -> usize {
        match self.limit {
            Some(0) => usize::MAX,
            Some(limit) => limit,
            None if self.json || self.csv => usize::MAX,
            None => LIMIT,
        }
    }

    /// What a listing leaves out goes beneath a table, and to standard error beside JSON or CSV.
    pub(super) fn footnotes(
        &self,
        out: &mut dyn Write,
        view: &View,
        (shown, noun): (usize, &str),
        listing: Listing,
    ) -> anyhow::Result<()> {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let mut notes = Vec::new();
        if shown < listing.found {
            let all = counted(count(listing.found), noun);
            notes.push(format!("{} of {all}; --limit 0 lists all", thousands(count(shown))));
        } else if !self.json && !self.csv {
            notes.push(if shown == 0 { format!("no {noun}s") } else { counted(count(shown), noun) });
        }
        if listing.hidden > 0 {
            let hidden = counted(count(listing.hidden), "hidden case");
            notes.push(format!("{hidden} left out; --hidden include lists hidden ones"));
        }
        if listing.nodes > 0 {
            let apart = counted(count(listing.nodes), "node");
            notes.push(format!(
                "{apart} of peer-to-peer networks left out, which do not mine; --verdict node lists nodes"
            ));
        }
        if self.json || self.csv {
            for note in &notes {
                eprintln!("note: {note}");
            }
            return Ok(());
        }
        if view.width.is_some() && shown > 0 {
            notes.push(format!("times are those of {}", view.zone_name()));
        }
        if shown > 0 {
            writeln!(out)?;
        }
        notes.iter().try_for_each(|note| writeln!(out, "{note}"))?;
        Ok(())
    }
}

/// For whom standard output is. `COLUMNS` says how wide it is, whatever it is.
pub(super) fn view(utc: bool) -> View {
    let is_terminal = stdout().is_terminal();
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let width = told.or_else(|| comfy_table::Table::new().width()).filter(|&width| width > 0);
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let zone = if utc { TimeZone::UTC } else { TimeZone::system() };
    View { zone, width, colour: is_terminal && !no_colour }
}

/// The order that `KEY` or `-KEY` stands for.
pub(super) fn sort<K: ValueEnum>(text: &str) -> Result<Sort<K>, String> {
    let (name, descending) = match text.strip_prefix('-') {
        Some(name) => (name, true),
        None => (text, false),
    };
    if let Ok(key) = K::from_str(name, true) {
        Ok(Sort { key, descending })
    } else {
        let known = keys::<K>();
        let meant = nearest(name, known.iter().map(String::as_str));
        let meant = meant.map(|meant| format!("{meant:?} perhaps; ")).unwrap_or_default();
        Err(format!("{meant}there are {}", known.join(", ")))
    }
}

fn keys<K: ValueEnum>() -> Vec<String> {
    let names = K::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    names.map(|value| value.get_name().to_owned()).collect()
}

/// The help of `--sort`.
pub(super) fn sort_help<K: ValueEnum>() -> String {
    format!("Order, with - before it the greatest first: {}", keys::<K>().join(", "))
}

/// A line of JSON.
pub(super) fn json_line(out: &mut dyn Write, value: &impl serde::Serialize) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    writeln!(out)?;
    Ok(())
}

/// A field of comma-separated values.
pub(super) type Field<T> = (&'static str, fn(&T) -> String);

/// A heading, then a line for each thing.
pub(super) fn csv<T>(
    out: &mut dyn Write,
    fields: &[Field<T>],
    things: impl Iterator<Item = anyhow::Result<T>>,
) -> anyhow::Result<usize> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(fields.iter().map(|(name, _)| name))?;
    let mut count = 0;
    for thing in things {
        let thing = thing?;
        writer.write_record(fields.iter().map(|(_, text)| no_formula(text(&thing))))?;
        count += 1;
    }
    writer.flush()?;
    Ok(count)
}

/// What is not known is an empty field.
pub(super) fn field(value: Option<impl std::fmt::Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A time as a field.
pub(super) fn time_field(time: Timestamp) -> String {
    format!("{time:.3}")
}

#[cfg(test)]
mod tests {
    use detector::store::read::MinerKey;

    use super::*;

    #[test]
    fn the_ledger_is_the_one_that_is_named_or_configured() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("firedamp.toml");
        let source =
            |ledger: Option<&str>| Source { ledger: ledger.map(Into::into), config: Some(file.clone()) };
        assert!(format!("{:#}", source(None).path().unwrap_err()).contains("cannot read this file"));
        std::fs::write(&file, "[ledger]\nfile = \"/srv/a.db\"\n").unwrap();
        assert_eq!(source(None).path().unwrap(), Path::new("/srv/a.db"));
        std::fs::write(&file, "[ledger]\nfile = \"a.db\"\n").unwrap();
        assert_eq!(source(None).path().unwrap(), folder.path().join("a.db"));
        assert_eq!(source(Some("b.db")).path().unwrap(), Path::new("b.db"));
        std::fs::write(&file, "[metrics]\n").unwrap();
        assert!(source(None).path().unwrap_err().to_string().contains("names no ledger"));
        assert_eq!(Source { ledger: None, config: None }.path().unwrap(), Path::new(LEDGER));
    }

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
    fn an_order_is_a_key_with_or_without_a_sign() {
        assert_eq!(sort("-power"), Ok(Sort { key: MinerKey::Power, descending: true }));
        assert_eq!(sort("Hash-Rate"), Ok(Sort { key: MinerKey::HashRate, descending: false }));
        let error = sort::<MinerKey>("powr").unwrap_err();
        assert!(error.starts_with("\"power\" perhaps; there are last-seen, first-seen"), "{error}");
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
