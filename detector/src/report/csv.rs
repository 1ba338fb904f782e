//! The figures in long form: a line each of section, key, measure and value.

use std::io::Write;

use jiff::Timestamp;

use super::figures::{Energy, Group, HashRate, Miner, Pool, Report, Totals};
use crate::legible::no_formula;

struct Lines<W: Write>(csv::Writer<W>);

fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { value.to_string() }
}

impl<W: Write> Lines<W> {
    fn text(&mut self, section: &str, key: &str, measure: &str, value: &str) -> csv::Result<()> {
        self.0.write_record([section, &no_formula(key.to_owned()), measure, &no_formula(value.to_owned())])
    }

    fn count(&mut self, section: &str, key: &str, measure: &str, value: u64) -> csv::Result<()> {
        self.text(section, key, measure, &value.to_string())
    }

    fn number(&mut self, section: &str, key: &str, measure: &str, value: f64) -> csv::Result<()> {
        self.text(section, key, measure, &number(value))
    }

    fn energy(&mut self, section: &str, key: &str, energy: &Energy) -> csv::Result<()> {
        if energy.cases == 0 {
            return Ok(());
        }
        self.number(section, key, "kwh_low", super::figures::watt_hours(energy.kwh_low))?;
        self.number(section, key, "kwh", super::figures::watt_hours(energy.kwh))?;
        self.number(section, key, "kwh_high", super::figures::watt_hours(energy.kwh_high))?;
        self.count(section, key, "cases_with_energy", energy.cases)
    }

    fn totals(&mut self, section: &str, totals: &Totals) -> csv::Result<()> {
        for (measure, value) in [
            ("addresses", totals.addresses),
            ("new", totals.new),
            ("returning", totals.returning),
            ("continuing", totals.continuing),
            ("cleared", totals.cleared),
            ("cases", totals.cases),
            ("connections", totals.connections),
        ] {
            self.count(section, "", measure, value)?;
        }
        self.energy(section, "", &totals.energy)
    }

    fn group(&mut self, section: &str, group: &Group) -> csv::Result<()> {
        let key = group.name.as_deref().unwrap_or_default();
        self.count(section, key, "addresses", group.addresses)?;
        self.count(section, key, "new", group.new)?;
        self.count(section, key, "cases", group.cases)?;
        self.count(section, key, "connections", group.connections)?;
        self.energy(section, key, &group.energy)
    }

    fn hash_rate(&mut self, section: &str, rate: &HashRate) -> csv::Result<()> {
        let parts = [rate.coin.as_deref(), rate.algorithm.as_deref(), rate.unit.as_deref()];
        let key = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        self.count(section, &key, "addresses", rate.addresses)?;
        self.count(section, &key, "cases", rate.cases)?;
        for (measure, value) in
            [("rate_low", rate.rate_low), ("rate", rate.rate), ("rate_high", rate.rate_high)]
        {
            if let Some(value) = value {
                self.number(section, &key, measure, super::format::significant(value))?;
            }
        }
        self.energy(section, &key, &rate.energy)?;
        rate.assumption.map_or(Ok(()), |it| self.text(section, &key, "assumption", it))
    }

    fn miner(&mut self, section: &str, miner: &Miner) -> csv::Result<()> {
        let key = miner.address.to_string();
        self.text(section, &key, "network_type", &miner.network_type.to_string())?;
        for (measure, value) in
            [("place", &miner.place), ("autonomous_system", &miner.autonomous_system), ("site", &miner.site)]
        {
            if let Some(value) = value {
                self.text(section, &key, measure, value)?;
            }
        }
        self.text(section, &key, "coins", &miner.coins.join(" "))?;
        self.text(section, &key, "pools", &miner.pools.join(" "))?;
        let cases: Vec<String> = miner.cases.iter().map(ToString::to_string).collect();
        self.text(section, &key, "cases", &cases.join(" "))?;
        self.count(section, &key, "hours", miner.hours.into())?;
        self.count(section, &key, "connections", miner.connections)?;
        self.text(section, &key, "state", &name(miner.state))?;
        if let Some(fixed) = miner.fixed {
            self.text(section, &key, "fixed", &moment(fixed))?;
        }
        self.energy(section, &key, &miner.energy)
    }

    fn pool(&mut self, section: &str, pool: &Pool) -> csv::Result<()> {
        let key = &pool.name;
        self.count(section, key, "endpoints", pool.endpoints)?;
        for (measure, names) in
            [("countries", &pool.countries), ("networks", &pool.networks), ("coins", &pool.coins)]
        {
            self.text(section, key, measure, &names.join("; "))?;
        }
        self.count(section, key, "addresses", pool.addresses)?;
        self.count(section, key, "connections", pool.connections)?;
        self.energy(section, key, &pool.energy)
    }
}

fn name(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn moment(value: Timestamp) -> String {
    format!("{value:.0}")
}

/// Writes a report as CSV with the columns section, key, measure and value. What is not known is an empty key. Text that a
/// spreadsheet would take for a formula has an apostrophe before it.
///
/// # Errors
/// If `out` does not take it.
pub fn write(report: &Report, out: impl Write) -> csv::Result<()> {
    let mut lines = Lines(csv::Writer::from_writer(out));
    lines.0.write_record(["section", "key", "measure", "value"])?;
    for (measure, value) in [
        ("day", report.day.to_string()),
        ("timezone", report.timezone.clone()),
        ("from", moment(report.from)),
        ("to", moment(report.to)),
        ("made", moment(report.made)),
        ("complete", report.complete.to_string()),
    ] {
        lines.text("report", "", measure, &value)?;
    }
    for (measure, day) in
        [("recorded_since", report.recorded_since), ("recorded_until", report.recorded_until)]
    {
        if let Some(day) = day {
            lines.text("report", "", measure, &day.to_string())?;
        }
    }
    lines.totals("totals", &report.totals)?;
    lines.totals("day_before", &report.day_before)?;
    lines.count("totals", "", "institutional", report.institutional)?;
    lines.count("totals", "", "open_cases", report.open_cases())?;
    lines.count("totals", "", "repeat_offenders", report.repeat_offenders)?;
    for (section, apart) in
        [("nodes", &report.nodes), ("false_alarms", &report.false_alarms), ("hidden", &report.hidden)]
    {
        lines.count(section, "", "addresses", apart.addresses)?;
        lines.count(section, "", "cases", apart.cases)?;
    }
    for it in &report.hidden_by_reason {
        lines.count("hidden", &it.reason, "cases", it.cases)?;
    }
    for it in &report.work {
        lines.count("work", &name(it.state), "active", it.active)?;
        lines.count("work", &name(it.state), "open", it.open)?;
    }
    for (dimension, groups) in &report.by {
        let section = name(dimension);
        groups.iter().try_for_each(|group| lines.group(&section, group))?;
    }
    report.algorithms.iter().try_for_each(|rate| lines.hash_rate("hash_rate_by_algorithm", rate))?;
    report.coins.iter().try_for_each(|rate| lines.hash_rate("hash_rate_by_coin", rate))?;
    for hour in &report.hours {
        lines.count("hour", &moment(hour.start), "addresses", hour.addresses)?;
        lines.count("hour", &moment(hour.start), "connections", hour.connections)?;
    }
    for day in report.trend.iter().filter(|day| day.recorded) {
        let key = day.day.to_string();
        for (measure, value) in [
            ("addresses", day.addresses),
            ("new", day.new),
            ("returning", day.returning),
            ("cleared", day.cleared),
        ] {
            lines.count("trend", &key, measure, value)?;
        }
        for (kind, count) in &day.network_type {
            lines.count("trend", &key, &kind.to_string(), *count)?;
        }
    }
    report.top_miners.iter().try_for_each(|miner| lines.miner("top_miner", miner))?;
    report.top_repeat_offenders.iter().try_for_each(|miner| lines.miner("repeat_offender", miner))?;
    report.top_pools.iter().try_for_each(|pool| lines.pool("top_pool", pool))?;
    for place in &report.places {
        lines.count("place", &place.name, "addresses", place.addresses)?;
        lines.number("place", &place.name, "latitude", place.latitude)?;
        lines.number("place", &place.name, "longitude", place.longitude)?;
    }
    lines.count("without_coordinates", "", "addresses", report.without_coordinates)?;
    lines.0.flush()?;
    Ok(())
}
