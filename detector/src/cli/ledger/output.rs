//! How what is found is written, and in which order.

use std::io::{IsTerminal as _, Write, stdout};

use clap::{Args, ValueEnum};
use detector::legible::thousands;
use detector::store::read::{Listing, Sort, nearest};
use jiff::tz::TimeZone;

use super::format::{View, counted};

/// So many lines are in a table if nobody says.
const LIMIT: usize = 50;

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

#[cfg(test)]
mod tests {
    use detector::store::read::MinerKey;

    use super::*;

    #[test]
    fn an_order_is_a_key_with_or_without_a_sign() {
        assert_eq!(sort("-power"), Ok(Sort { key: MinerKey::Power, descending: true }));
        assert_eq!(sort("Hash-Rate"), Ok(Sort { key: MinerKey::HashRate, descending: false }));
        let error = sort::<MinerKey>("powr").unwrap_err();
        assert!(error.starts_with("\"power\" perhaps; there are last-seen, first-seen"), "{error}");
    }
}
