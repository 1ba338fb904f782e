use std::process::ExitCode;

use clap::Args;
use detector::legible::{hash_rate, scaled};
use detector::store::read::{Activity, HashRate, Miner, MinerKey, Rates, Sort, Window};
use jiff::Timestamp;

use super::filters::Filters;
use super::format::{NOTHING, clean, listed, or_nothing, per, place, system};
use super::list::{Field, Shape, field, time_field};
use super::output::{Output, sort, sort_help};
use super::source::Source;
use super::table::{Column, column, number};

#[derive(Args)]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    source: Source,

    #[arg(long, value_name = "KEY", value_parser = sort::<MinerKey>, default_value = "-last-seen",
          allow_hyphen_values = true, help = sort_help::<MinerKey>())]
    sort: Sort<MinerKey>,

    #[command(flatten)]
    filters: Filters,

    #[command(flatten)]
    output: Output,
}

/// Connections a day, hours and days are counted from --since to --until, if not given in the last seven days.
fn window(since: Option<Timestamp>, until: Option<Timestamp>) -> Window {
    let until = until.unwrap_or_else(Timestamp::now);
    since.map_or_else(|| Window::week(until), |since| Window::new(since, until))
}

pub(in crate::cli) fn miners(options: &Options) -> anyhow::Result<ExitCode> {
    let Options { source, sort, filters, output } = options;
    let (view, reader) = (output.view(), source.reader()?);
    let filter = filters.filter(source, true, &view.zone)?;
    let window = window(filter.since, filter.until);
    let (miners, listing) = reader.miners(&filter, *sort, output.limit(), window)?;
    MINERS.write((output, &view), (filters, &reader), miners.into_iter().map(Ok), listing)
}

/// The speed at which most mine, and how many others there are.
pub(super) fn speeds(rates: &Rates) -> String {
    let speed = |HashRate { value, unit, .. }: &HashRate| hash_rate(*value, Some(unit));
    match rates.speeds.as_slice() {
        [] => NOTHING.to_owned(),
        [only] => speed(only),
        [first, others @ ..] => {
            let what = first.coin.as_ref().or(first.algorithm.as_ref());
            let what = what.map(|what| format!(" {}", clean(what)));
            format!("{}{} +{}", speed(first), what.unwrap_or_default(), others.len())
        }
    }
}

/// Watts.
pub(super) fn watts(rates: &Rates) -> String {
    rates.power.map_or_else(|| NOTHING.to_owned(), |power| scaled(power.value, "W"))
}

/// All speeds in one field.
pub(super) fn speed_field(rates: &Rates) -> String {
    let each = |HashRate { value, unit, coin, algorithm }: &HashRate| {
        let names = coin.iter().chain(algorithm).map(|name| format!(" {name}"));
        format!("{value} {unit}{}", names.collect::<String>())
    };
    rates.speeds.iter().map(each).collect::<Vec<String>>().join("; ")
}

fn frequency(per_hour: Option<f64>) -> String {
    per_hour.map_or_else(|| NOTHING.to_owned(), per)
}

/// The operator's site, or whose it is.
fn site(miner: &Miner) -> String {
    or_nothing(miner.network.site.as_ref().or(miner.network.owner.as_ref()))
}

const MINERS: Shape<Miner> = Shape { noun: "miner", columns: COLUMNS, fields: FIELDS };

const COLUMNS: &[Column<Miner>] = &[
    column("MINER", 0, 0, |miner, _| miner.miner_ip.to_string()),
    column("NETWORK", 6, 0, |miner, _| miner.network.kind.to_string()),
    column("PLACE", 4, 14, |miner, _| place(&miner.network)),
    column("AS", 12, 16, |miner, _| system(miner.network.asn, miner.network.as_org.as_deref())),
    column("SITE", 10, 12, |miner, _| site(miner)),
    column("VERDICT", 1, 0, |miner, _| miner.totals.verdict.to_owned()),
    column("STATE", 8, 0, |miner, _| miner.state.to_owned()),
    column("LIFE", 14, 0, |miner, _| miner.totals.life.to_owned()),
    column("COINS", 3, 7, |miner, _| listed(&miner.totals.coins)),
    column("PROTOCOLS", 9, 10, |miner, _| listed(&miner.totals.protocols)),
    number("POOLS", 15, |miner, _| miner.pools.to_string()),
    number("CASES", 16, |miner, _| miner.totals.cases.to_string()),
    number("CONNS", 17, |miner, _| miner.totals.connections.to_string()),
    number("CONN/H", 5, |miner, _| frequency(miner.totals.connections_per_hour)),
    number("CONN/DAY", 18, |miner, _| frequency(miner.activity.connections_per_day)),
    number("HOURS", 13, |miner, _| miner.activity.active_hours_last_day.to_string()),
    number("DAYS", 19, |miner, _| miner.activity.days_seen.to_string()),
    number("HASH RATE", 7, |miner, _| speeds(&miner.totals.rates)),
    number("POWER", 11, |miner, _| watts(&miner.totals.rates)),
    column("FIRST SEEN", 20, 0, |miner, view| view.time(miner.totals.first_seen)),
    column("LAST SEEN", 2, 0, |miner, view| view.time(miner.totals.last_seen)),
];

const FIELDS: &[Field<Miner>] = &[
    ("miner_ip", |miner| miner.miner_ip.to_string()),
    ("network_type", |miner| miner.network.kind.to_string()),
    ("type_source", |miner| field(miner.network.type_source)),
    ("type_confidence", |miner| field(miner.network.type_confidence)),
    ("asn", |miner| field(miner.network.asn)),
    ("as_org", |miner| field(miner.network.as_org.as_ref())),
    ("country", |miner| field(miner.network.country.as_ref())),
    ("region", |miner| field(miner.network.region.as_ref())),
    ("city", |miner| field(miner.network.city.as_ref())),
    ("latitude", |miner| field(miner.network.latitude)),
    ("longitude", |miner| field(miner.network.longitude)),
    ("prefix", |miner| field(miner.network.prefix.as_ref())),
    ("site", |miner| field(miner.network.site.as_ref())),
    ("owner", |miner| field(miner.network.owner.as_ref())),
    ("contact", |miner| field(miner.network.contact.as_ref())),
    ("mac", |miner| field(miner.lease.as_ref().and_then(|lease| lease.mac.as_ref()))),
    ("user", |miner| field(miner.lease.as_ref().and_then(|lease| lease.user.as_ref()))),
    ("verdict", |miner| miner.totals.verdict.to_owned()),
    ("state", |miner| miner.state.to_owned()),
    ("life", |miner| miner.totals.life.to_owned()),
    ("coins", |miner| miner.totals.coins.join(" ")),
    ("protocols", |miner| miner.totals.protocols.join(" ")),
    ("pools", |miner| miner.pools.to_string()),
    ("cases", |miner| miner.totals.cases.to_string()),
    ("workers", |miner| miner.workers.to_string()),
    ("connections", |miner| miner.totals.connections.to_string()),
    ("connections_per_hour", |miner| field(miner.totals.connections_per_hour)),
    ("connections_in_window", |miner| miner.activity.connections_in_window.to_string()),
    ("connections_per_day", |miner| field(miner.activity.connections_per_day)),
    ("days_seen", |Miner { activity: Activity { days_seen, .. }, .. }| days_seen.to_string()),
    ("active_hours", |miner| miner.activity.active_hours.to_string()),
    ("active_hours_last_day", |miner| miner.activity.active_hours_last_day.to_string()),
    ("shares_submitted", |miner| miner.totals.shares.submitted.to_string()),
    ("shares_accepted", |miner| miner.totals.shares.accepted.to_string()),
    ("shares_rejected", |miner| miner.totals.shares.rejected.to_string()),
    ("hashrates", |miner| speed_field(&miner.totals.rates)),
    ("power_w", |miner| field(miner.totals.rates.power.map(|power| power.value))),
    ("power_low_w", |miner| field(miner.totals.rates.power.map(|power| power.low))),
    ("power_high_w", |miner| field(miner.totals.rates.power.map(|power| power.high))),
    ("first_seen", |miner| time_field(miner.totals.first_seen)),
    ("last_seen", |miner| time_field(miner.totals.last_seen)),
    ("case_ids", |miner| miner.case_ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
];
