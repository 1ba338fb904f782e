use std::process::ExitCode;

use clap::Args;
use detector::legible::thousands;
use detector::store::read::{Pool, PoolKey, Sort};

use super::filters::Filters;
use super::format::{listed, or_nothing, system};
use super::list::{Field, Shape, field, time_field};
use super::miners::{speed_field, speeds, watts};
use super::output::{Output, sort, sort_help};
use super::source::Source;
use super::table::{Column, column, number};

#[derive(Args)]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    source: Source,

    #[arg(long, value_name = "KEY", value_parser = sort::<PoolKey>, default_value = "-miners",
          allow_hyphen_values = true, help = sort_help::<PoolKey>())]
    sort: Sort<PoolKey>,

    #[command(flatten)]
    filters: Filters,

    #[command(flatten)]
    output: Output,
}

pub(in crate::cli) fn pools(options: &Options) -> anyhow::Result<ExitCode> {
    let Options { source, sort, filters, output } = options;
    let (view, reader) = (output.view(), source.reader()?);
    let filter = filters.filter(source, true, &view.zone)?;
    let (pools, listing) = reader.pools(&filter, *sort, output.limit())?;
    POOLS.write((output, &view), (filters, &reader), pools.into_iter().map(Ok), listing)
}

fn count(count: usize) -> String {
    thousands(u64::try_from(count).unwrap_or(u64::MAX))
}

const POOLS: Shape<Pool> = Shape { noun: "pool", columns: COLUMNS, fields: FIELDS };

const COLUMNS: &[Column<Pool>] = &[
    column("POOL", 0, 0, |pool, _| pool.endpoint().to_string()),
    column("NAME", 1, 16, |pool, _| or_nothing(pool.pool_name.as_ref())),
    column("LISTED", 8, 12, |pool, _| or_nothing(pool.origin.listed.as_ref())),
    column("COINS", 4, 7, |pool, _| listed(&pool.totals.coins)),
    column("PROTOCOLS", 7, 10, |pool, _| listed(&pool.totals.protocols)),
    column("VERDICT", 12, 0, |pool, _| pool.totals.verdict.to_owned()),
    number("MINERS", 0, |pool, _| count(pool.miners)),
    number("CASES", 9, |pool, _| count(pool.totals.cases)),
    number("CONNS", 11, |pool, _| thousands(pool.totals.connections)),
    number("SHARES", 6, |pool, _| thousands(pool.totals.shares.submitted)),
    number("HASH RATE", 3, |pool, _| speeds(&pool.totals.rates)),
    number("POWER", 5, |pool, _| watts(&pool.totals.rates)),
    column("AS", 10, 16, |pool, _| system(pool.origin.asn, pool.origin.as_org.as_deref())),
    column("COUNTRY", 13, 0, |pool, _| or_nothing(pool.origin.country.as_ref())),
    column("FIRST SEEN", 14, 0, |pool, view| view.time(pool.totals.first_seen)),
    column("LAST SEEN", 2, 0, |pool, view| view.time(pool.totals.last_seen)),
];

const FIELDS: &[Field<Pool>] = &[
    ("pool_ip", |pool| pool.pool_ip.to_string()),
    ("pool_port", |pool| pool.pool_port.to_string()),
    ("pool_name", |pool| field(pool.pool_name.as_ref())),
    ("pool_listed", |pool| field(pool.origin.listed.as_ref())),
    ("asn", |pool| field(pool.origin.asn)),
    ("as_org", |pool| field(pool.origin.as_org.as_ref())),
    ("country", |pool| field(pool.origin.country.as_ref())),
    ("verdict", |pool| pool.totals.verdict.to_owned()),
    ("life", |pool| pool.totals.life.to_owned()),
    ("coins", |pool| pool.totals.coins.join(" ")),
    ("protocols", |pool| pool.totals.protocols.join(" ")),
    ("miners", |pool| pool.miners.to_string()),
    ("cases", |pool| pool.totals.cases.to_string()),
    ("connections", |pool| pool.totals.connections.to_string()),
    ("connections_per_hour", |pool| field(pool.totals.connections_per_hour)),
    ("shares_submitted", |pool| pool.totals.shares.submitted.to_string()),
    ("shares_accepted", |pool| pool.totals.shares.accepted.to_string()),
    ("shares_rejected", |pool| pool.totals.shares.rejected.to_string()),
    ("hashrates", |pool| speed_field(&pool.totals.rates)),
    ("power_w", |pool| field(pool.totals.rates.power.map(|power| power.value))),
    ("power_low_w", |pool| field(pool.totals.rates.power.map(|power| power.low))),
    ("power_high_w", |pool| field(pool.totals.rates.power.map(|power| power.high))),
    ("first_seen", |pool| time_field(pool.totals.first_seen)),
    ("last_seen", |pool| time_field(pool.totals.last_seen)),
];
