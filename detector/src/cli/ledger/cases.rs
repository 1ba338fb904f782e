use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;
use detector::legible::{hash_rate, scaled};
use detector::store::read::{Case, CaseKey, Sort};

use super::filters::Filters;
use super::format::{NOTHING, View, or_nothing, per, place};
use super::list::{Field, Shape, field, time_field};
use super::output::{Output, sort, sort_help};
use super::source::Source;
use super::table::{Column, column, number};

#[derive(Args)]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    source: Source,

    #[arg(long, value_name = "KEY", value_parser = sort::<CaseKey>, default_value = "-last-seen",
          allow_hyphen_values = true, help = sort_help::<CaseKey>())]
    sort: Sort<CaseKey>,

    #[command(flatten)]
    filters: Filters,

    #[command(flatten)]
    output: Output,
}

pub(in crate::cli) fn cases(options: &Options) -> anyhow::Result<ExitCode> {
    let Options { source, sort, filters, output } = options;
    let (view, reader) = (output.view(), source.reader()?);
    let filter = filters.filter(source, false, &view.zone)?;
    let (cases, listing) = reader.cases(&filter, *sort, output.limit())?;
    CASES.write((output, &view), (filters, &reader), cases.map(|case| Ok(case?)), listing)
}

/// So wide must a table be for numbers of cases in full; the beginning is enough to find one.
const FULL: u16 = 140;

fn id(case: &Case, view: &View) -> String {
    let mut id = case.case_id.to_string();
    if view.width.is_some_and(|width| width < FULL) {
        id.truncate(10);
    }
    id
}

const CASES: Shape<Case> = Shape { noun: "case", columns: COLUMNS, fields: FIELDS };

const COLUMNS: &[Column<Case>] = &[
    column("CASE", 0, 0, id),
    column("MINER", 0, 0, |case, _| case.miner_ip.to_string()),
    column("NETWORK", 12, 0, |case, _| case.network.kind.to_string()),
    column("PLACE", 11, 14, |case, _| place(&case.network)),
    column("POOL", 3, 0, |case, _| SocketAddr::new(case.pool_ip, case.pool_port).to_string()),
    column("NAME", 10, 16, |case, _| or_nothing(case.pool_name())),
    column("COIN", 5, 0, |case, _| or_nothing(case.coin.as_ref())),
    column("PROTOCOL", 6, 10, |case, _| or_nothing(Some(&case.protocol))),
    column("VERDICT", 1, 0, |case, _| case.verdict.clone()),
    column("STAGE", 9, 0, |case, _| case.stage.clone()),
    column("LIFE", 7, 0, |case, _| case.life.clone()),
    column("STATE", 4, 0, |case, _| case.state.to_owned()),
    column("HIDDEN BY", 8, 10, |case, _| or_nothing(case.hidden.as_ref())),
    number("CONNS", 16, |case, _| case.connections.to_string()),
    number("CONN/H", 13, |case, _| case.connections_per_hour.map_or_else(|| NOTHING.to_owned(), per)),
    number("SHARES", 15, |case, _| case.shares.submitted.to_string()),
    number("HASH RATE", 14, |case, _| {
        case.rate.map_or_else(|| NOTHING.to_owned(), |rate| hash_rate(rate, case.rate_unit.as_deref()))
    }),
    number("POWER", 17, |case, _| case.power.map_or_else(|| NOTHING.to_owned(), |power| scaled(power, "W"))),
    number("RETURNS", 18, |case, _| case.returns.to_string()),
    column("AGENT", 19, 12, |case, _| or_nothing(case.details.agent.as_ref())),
    column("FIRST SEEN", 20, 0, |case, view| view.time(case.first_seen)),
    column("LAST SEEN", 2, 0, |case, view| view.time(case.last_seen)),
];

const FIELDS: &[Field<Case>] = &[
    ("case_id", |case| case.case_id.to_string()),
    ("miner_ip", |case| case.miner_ip.to_string()),
    ("miner_port", |case| case.miner_port.to_string()),
    ("pool_ip", |case| case.pool_ip.to_string()),
    ("pool_port", |case| case.pool_port.to_string()),
    ("pool_name", |case| field(case.details.pool_name.as_ref())),
    ("pool_listed", |case| field(case.pool_network.listed.as_ref())),
    ("protocol", |case| case.protocol.clone()),
    ("transport", |case| case.transport.clone()),
    ("encrypted", |case| case.encrypted.to_string()),
    ("coin", |case| field(case.coin.as_ref())),
    ("algorithm", |case| field(case.algorithm.as_ref())),
    ("agent", |case| field(case.details.agent.as_ref())),
    ("wallet", |case| field(case.details.wallet.as_ref())),
    ("worker", |case| field(case.details.worker.as_ref())),
    ("wallet_sha256", |case| field(case.details.wallet_sha256.as_ref())),
    ("worker_sha256", |case| field(case.details.worker_sha256.as_ref())),
    ("verdict", |case| case.verdict.clone()),
    ("stage", |case| case.stage.clone()),
    ("confidence", |case| case.confidence.to_string()),
    ("life", |case| case.life.clone()),
    ("state", |case| case.state.to_owned()),
    ("hidden", |case| field(case.hidden.as_ref())),
    ("network_type", |case| case.network.kind.to_string()),
    ("asn", |case| field(case.network.asn)),
    ("as_org", |case| field(case.network.as_org.as_ref())),
    ("country", |case| field(case.network.country.as_ref())),
    ("region", |case| field(case.network.region.as_ref())),
    ("city", |case| field(case.network.city.as_ref())),
    ("site", |case| field(case.network.site.as_ref())),
    ("owner", |case| field(case.network.owner.as_ref())),
    ("contact", |case| field(case.network.contact.as_ref())),
    ("mac", |case| field(case.details.lease.as_ref().and_then(|lease| lease.mac.as_ref()))),
    ("user", |case| field(case.details.lease.as_ref().and_then(|lease| lease.user.as_ref()))),
    ("connections", |case| case.connections.to_string()),
    ("connections_per_hour", |case| field(case.connections_per_hour)),
    ("parallel_connections", |case| case.parallel_connections.to_string()),
    ("workers", |case| case.workers.to_string()),
    ("jobs", |case| case.jobs.to_string()),
    ("shares_submitted", |case| case.shares.submitted.to_string()),
    ("shares_accepted", |case| case.shares.accepted.to_string()),
    ("shares_rejected", |case| case.shares.rejected.to_string()),
    ("bytes", |case| case.bytes.to_string()),
    ("hashrate_hs", |case| field(case.rate)),
    ("hashrate_low_hs", |case| field(case.rate_low)),
    ("hashrate_high_hs", |case| field(case.rate_high)),
    ("hashrate_unit", |case| field(case.rate_unit.as_ref())),
    ("power_w", |case| field(case.power)),
    ("power_low_w", |case| field(case.power_low)),
    ("power_high_w", |case| field(case.power_high)),
    ("records", |case| case.records.to_string()),
    ("returns", |case| case.returns.to_string()),
    ("first_seen", |case| time_field(case.first_seen)),
    ("last_seen", |case| time_field(case.last_seen)),
];
