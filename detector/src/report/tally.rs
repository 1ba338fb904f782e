//! From the rows of the ledger to the figures of a day.

mod groups;
mod lists;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use rusqlite::Connection;

use super::calendar::Span;
use super::figures::{Apart, Energy, Hour, NETWORK_TYPES, Reason, Report, State, Totals, TrendDay, Work};
use super::rows::{Case, Class, DayRow, Ledger, Miner};
use crate::enrich::NetworkType;

/// Days of the trend, the day of the report among them.
const TREND: usize = 30;

/// What a case did on a day.
#[derive(Clone, Copy, Default)]
struct Activity {
    /// Bit n: hour n of the local day.
    hours: u64,
    connections: u64,
    /// Watt-hours: low, middle, high.
    energy: Option<[f64; 3]>,
    /// The sum of the rates of each hour, and of how many hours.
    rate: f64,
    rated: u32,
}

impl Activity {
    fn add(&mut self, row: &DayRow<'_>, span: Span) -> [u64; 24] {
        let mask = span.mask(row.day);
        let hours = (row.active & mask).count_ones();
        self.hours |= span.local(row.day, row.active);
        let mut connections = [0; 24];
        for (hour, (count, bytes)) in connections.iter_mut().zip(row.connections.as_chunks().0).enumerate() {
            if mask >> hour & 1 == 1 {
                *count = u64::from(u16::from_le_bytes(*bytes));
            }
        }
        self.connections += connections.iter().sum::<u64>();
        if hours == 0 {
            return connections;
        }
        if let Some(power) = row.power {
            let sum = self.energy.get_or_insert_default();
            for (sum, watts) in sum.iter_mut().zip(power) {
                *sum += watts * f64::from(hours);
            }
        }
        if let Some(rate) = row.rate {
            self.rate += rate * f64::from(hours);
            self.rated += hours;
        }
        connections
    }

    /// Its rate while it was active.
    fn mean_rate(&self) -> Option<f64> {
        (self.rated > 0).then(|| self.rate / f64::from(self.rated))
    }
}

impl Energy {
    /// Adds a case's watt-hours.
    fn add(&mut self, energy: Option<[f64; 3]>) {
        if let Some([low, middle, high]) = energy {
            self.kwh_low += low / 1000.0;
            self.kwh += middle / 1000.0;
            self.kwh_high += high / 1000.0;
            self.cases += 1;
        }
    }
}

/// A case that was active, with what it did. The cases are gone through many times, so each is here and not referred to.
#[derive(Clone, Copy)]
struct Active {
    case: Case,
    activity: Activity,
}

/// When a miner mined.
#[derive(Clone, Copy)]
struct Mined {
    /// Bit 0 is the day before the trend begins, bit [`TREND`] the day of the report.
    days: u32,
    kind: NetworkType,
    /// When mining was first seen from it, in milliseconds since the epoch.
    first_seen: i64,
}

/// What is known of the day when the rows are read.
struct Day<'a> {
    ledger: &'a Ledger,
    span: Span,
    /// Of each miner, in their order.
    mined: Vec<Mined>,
    /// Cases that mined, those of a miner side by side.
    mining: Vec<Active>,
}

impl Day<'_> {
    /// The miners that were active, each with its cases.
    fn miners(&self) -> impl Iterator<Item = (&Miner, &[Active])> {
        self.mining.chunk_by(|one, other| one.case.miner == other.case.miner).filter_map(|cases| {
            let miner = self.ledger.miners.get(cases.first()?.case.miner)?;
            Some((miner, cases))
        })
    }

    /// Whether the miner of these cases was never seen mining before.
    fn starts(&self, cases: &[Active]) -> bool {
        let Some(place) = cases.first().map(|it| it.case.miner) else { return false };
        self.mined.get(place).is_some_and(|mined| {
            mined.first_seen >= self.span.from() && !Presence::of(mined.days, TREND).yesterday
        })
    }
}

/// Which days of the last 31 an address mined on.
#[derive(Clone, Copy)]
struct Presence {
    today: bool,
    yesterday: bool,
}

impl Presence {
    fn of(mined: u32, day: usize) -> Self {
        let bit = |day: usize| mined >> day & 1 == 1;
        Self { today: bit(day), yesterday: day > 0 && bit(day - 1) }
    }
}

/// Counts comings and goings of a day.
fn movements(mined: &[Mined], day: usize, span: Span) -> Totals {
    let mut totals = Totals::default();
    for mined in mined {
        match Presence::of(mined.days, day) {
            Presence { today: true, yesterday } => {
                totals.addresses += 1;
                if yesterday {
                    totals.continuing += 1;
                } else if mined.first_seen >= span.from() {
                    totals.new += 1;
                } else {
                    totals.returning += 1;
                }
            }
            Presence { today: false, yesterday: true } => totals.cleared += 1,
            Presence { .. } => {}
        }
    }
    totals
}

/// What each case did on a day and on the day before; the hours of the day get the connections that mining took.
fn two_days(
    connection: &Connection,
    ledger: &Ledger,
    [before, span]: [Span; 2],
    hours: &mut [Hour],
) -> Result<(Vec<Activity>, Vec<Activity>), super::ReportError> {
    let mut today = vec![Activity::default(); ledger.cases.len()];
    let mut last = vec![Activity::default(); ledger.cases.len()];
    ledger.each_day(connection, Span { start: before.start, end: span.end }, |row| {
        let Some(case) = ledger.cases.get(row.case) else { return };
        if let Some(activity) = last.get_mut(row.case)
            && case.class == Class::Mining
        {
            activity.add(row, before);
        }
        let Some(activity) = today.get_mut(row.case) else { return };
        let connections = activity.add(row, span);
        if case.class == Class::Mining {
            for (hour, count) in (0..).zip(connections) {
                let place = usize::try_from(row.day * 24 + hour - span.start).ok();
                if let Some(hour) = place.and_then(|place| hours.get_mut(place)) {
                    hour.connections += count;
                }
            }
        }
    })?;
    Ok((today, last))
}

/// Reads the ledger and counts. The connection should be in a transaction, so that all of it is of one moment.
///
/// # Errors
/// If the ledger cannot be read.
pub(super) fn count(
    connection: &Connection,
    day: Date,
    zone: &TimeZone,
    made: Timestamp,
) -> Result<Report, super::ReportError> {
    let ledger = Ledger::read(connection)?;
    let dates = (0..=TREND)
        .rev()
        .map(|back| day.checked_sub(i64::try_from(back).unwrap_or_default().days()))
        .collect::<Result<Vec<Date>, _>>()?;
    let spans = dates.iter().map(|&date| Span::of(date, zone)).collect::<Result<Vec<Span>, _>>()?;
    let (span, before) = (Span::of(day, zone)?, Span::of(day.yesterday()?, zone)?);

    let mut hours = empty_hours(span, zone);
    let (today, last) = two_days(connection, &ledger, [before, span], &mut hours)?;
    let mut yesterday = Totals::default();
    for activity in last.iter().filter(|it| it.hours != 0) {
        yesterday.cases += 1;
        yesterday.connections += activity.connections;
        yesterday.energy.add(activity.energy);
    }

    let extent = Ledger::extent(connection)?;
    let mined = presence(connection, &ledger, &spans, extent)?;
    let mut active: Vec<Active> = ledger
        .cases
        .iter()
        .zip(&today)
        .filter(|(_, activity)| activity.hours != 0)
        .map(|(&case, &activity)| Active { case, activity })
        .collect();
    active.sort_unstable_by_key(|it| (it.case.miner, it.case.id));
    let apart = |class| apart(&active, class);
    let (nodes, false_alarms, hidden) = (apart(Class::Node), apart(Class::FalseAlarm), apart(Class::Hidden));
    let hidden_by_reason = reasons(&ledger, &active);
    let work = work(&ledger, &active);
    active.retain(|it| it.case.class == Class::Mining);
    let day_figures = Day { ledger: &ledger, span, mined, mining: active };

    let mut totals = movements(&day_figures.mined, TREND, span);
    for it in &day_figures.mining {
        totals.cases += 1;
        totals.connections += it.activity.connections;
        totals.energy.add(it.activity.energy);
    }
    let moved = movements(&day_figures.mined, TREND - 1, before);
    let day_before = Totals {
        cases: yesterday.cases,
        connections: yesterday.connections,
        energy: yesterday.energy,
        ..moved
    };
    count_hours(&day_figures, &mut hours);
    let (algorithms, coins) = groups::hash_rates(&day_figures);
    let (places, without_coordinates) = lists::places(&day_figures);
    let (repeat_offenders, top_repeat_offenders) = lists::repeat_offenders(&day_figures);
    let institutional = day_figures
        .miners()
        .filter(|(miner, _)| {
            matches!(miner.kind, NetworkType::Government | NetworkType::Education | NetworkType::Enterprise)
        })
        .count() as u64;
    Ok(Report {
        day,
        timezone: zone_name(zone, span),
        from: span.hours().next().unwrap_or(span.ends()),
        to: span.ends(),
        clock: [span.from(), span.ends().as_millisecond()].map(|moment| {
            let moment = Timestamp::from_millisecond(moment).unwrap_or_default();
            moment.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
        }),
        made,
        complete: made >= span.ends(),
        recorded_since: extent.and_then(|(first, _)| date(first)),
        recorded_until: extent.and_then(|(_, last)| date(last)),
        institutional,
        by: groups::all(&day_figures),
        algorithms,
        coins,
        hours,
        nodes,
        false_alarms,
        hidden,
        hidden_by_reason,
        work,
        repeat_offenders,
        top_repeat_offenders,
        top_miners: lists::top_miners(&day_figures),
        top_pools: lists::top_pools(&day_figures),
        trend: trend(&day_figures, &dates, &spans, extent),
        places,
        without_coordinates,
        totals,
        day_before,
    })
}

/// The zone's name, or its offset if it has none.
fn zone_name(zone: &TimeZone, span: Span) -> String {
    zone.iana_name().map_or_else(|| zone.to_offset(span.ends()).to_string(), str::to_owned)
}

/// The date of a day of UTC.
fn date(day: i64) -> Option<Date> {
    Date::new(1970, 1, 1).ok()?.checked_add(jiff::Span::new().try_days(day).ok()?).ok()
}

fn empty_hours(span: Span, zone: &TimeZone) -> Vec<Hour> {
    span.hours()
        .map(|start| Hour {
            start,
            clock: start.to_zoned(zone.clone()).strftime("%H:%M").to_string(),
            addresses: 0,
            connections: 0,
        })
        .collect()
}

fn count_hours(day: &Day<'_>, hours: &mut [Hour]) {
    for (_, cases) in day.miners() {
        let mined = cases.iter().fold(0, |mined, it| mined | it.activity.hours);
        for (bit, hour) in hours.iter_mut().enumerate() {
            hour.addresses += mined >> bit & 1;
        }
    }
}

/// On which days each miner mined; bit n: in span n. What is of days before the first that the ledger has is out of date.
fn presence(
    connection: &Connection,
    ledger: &Ledger,
    spans: &[Span],
    extent: Option<(i64, i64)>,
) -> rusqlite::Result<Vec<Mined>> {
    let known = ledger.miners.iter();
    let mut mined: Vec<Mined> =
        known.map(|it| Mined { days: 0, kind: it.kind, first_seen: it.first_seen }).collect();
    let (Some(first), Some(last), Some((earliest, _))) = (spans.first(), spans.last(), extent) else {
        return Ok(mined);
    };
    let days = (*first.days().start()).max(earliest)..=*last.days().end();
    // Of each day of UTC, which hours belong to which day.
    let of_spans = |day: i64| {
        let masks = (0..).zip(spans).map(move |(bit, span)| (1 << bit, span.mask(day)));
        masks.filter(|&(_, mask)| mask != 0).collect()
    };
    let masks: Vec<Vec<(u32, u64)>> = days.clone().map(of_spans).collect();
    let start = *days.start();
    ledger.each_activity(connection, days, |day, case, active| {
        let masks = usize::try_from(day - start).ok().and_then(|place| masks.get(place));
        if case.class == Class::Mining
            && let (Some(mined), Some(masks)) = (mined.get_mut(case.miner), masks)
        {
            for (bit, mask) in masks {
                if active & mask != 0 {
                    mined.days |= bit;
                }
            }
        }
    })?;
    Ok(mined)
}

fn apart(active: &[Active], class: Class) -> Apart {
    let mut apart = Apart::default();
    let mut latest = None;
    for it in active.iter().filter(|it| it.case.class == class) {
        apart.cases += 1;
        if latest != Some(it.case.miner) {
            apart.addresses += 1;
            latest = Some(it.case.miner);
        }
    }
    apart
}

fn reasons(ledger: &Ledger, active: &[Active]) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = Vec::new();
    for it in active.iter().filter(|it| it.case.class == Class::Hidden) {
        let reason = it.case.hidden.map(|name| ledger.names.text(name)).unwrap_or_default();
        match reasons.iter_mut().find(|known| known.reason == reason) {
            Some(known) => known.cases += 1,
            None => reasons.push(Reason { reason: reason.to_owned(), cases: 1 }),
        }
    }
    reasons.sort_by(|one, other| other.cases.cmp(&one.cases).then_with(|| one.reason.cmp(&other.reason)));
    reasons
}

fn work(ledger: &Ledger, active: &[Active]) -> Vec<Work> {
    let counts = |case: &Case| matches!(case.class, Class::Mining | Class::FalseAlarm);
    State::ALL
        .into_iter()
        .map(|state| Work {
            state,
            active: active.iter().filter(|it| counts(&it.case) && it.case.state == state).count() as u64,
            open: ledger.cases.iter().filter(|it| counts(it) && it.state == state && !it.closed).count()
                as u64,
        })
        .collect()
}

fn trend(day: &Day<'_>, dates: &[Date], spans: &[Span], extent: Option<(i64, i64)>) -> Vec<TrendDay> {
    let mut trend: Vec<TrendDay> = Vec::new();
    for (bit, (&date, &span)) in dates.iter().zip(spans).enumerate().skip(1) {
        let Totals { addresses, new, returning, cleared, .. } = movements(&day.mined, bit, span);
        let mut network_type: BTreeMap<NetworkType, u64> = NETWORK_TYPES.map(|kind| (kind, 0)).into();
        for mined in day.mined.iter().filter(|mined| mined.days >> bit & 1 == 1) {
            *network_type.entry(mined.kind).or_default() += 1;
        }
        let recorded =
            extent.is_some_and(|(first, last)| *span.days().end() >= first && *span.days().start() <= last);
        trend.push(TrendDay { day: date, recorded, addresses, new, returning, cleared, network_type });
    }
    trend
}
