//! The report for a terminal of 80 columns.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::figures::{Dimension, Miner, Report, State};
use super::format::{amount, change, compact, float, kwh, kwh_range, percent, shortened};
use super::words::{Words, assumption, method};
use crate::advice::Language;
use crate::legible::{hash_rate, thousands, visible};

/// Groups that are shown of a dimension.
const SHOWN: usize = 8;

struct Page {
    text: String,
    words: &'static Words,
}

fn name(text: &str, columns: usize) -> String {
    shortened(&visible(text), columns).into_owned()
}

impl Page {
    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    fn heading(&mut self, text: &str) {
        self.line("");
        self.line(&text.to_uppercase());
    }

    /// The first columns are words, the others numbers.
    fn table(&mut self, words: usize, head: &[&str], rows: Vec<Vec<String>>) {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(head.iter().map(|it| name(it, 24)));
        table.add_rows(rows);
        for (place, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if place >= words {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        for line in table.to_string().lines() {
            self.line(line);
        }
    }
}

/// Puts a report into words.
#[must_use]
pub fn text(report: &Report, language: Language) -> String {
    let mut page = Page { text: String::new(), words: Words::of(language) };
    summary(&mut page, report);
    rates(&mut page, report);
    for dimension in Dimension::ALL {
        groups(&mut page, report, dimension);
    }
    hours(&mut page, report);
    pools(&mut page, report);
    let words = page.words;
    miners(&mut page, report, words.top_miners, &report.top_miners);
    if !report.top_repeat_offenders.is_empty() {
        miners(&mut page, report, words.repeat, &report.top_repeat_offenders);
    }
    work(&mut page, report);
    trend(&mut page, report);
    about(&mut page, report);
    page.text
}

/// What is to be known before anything else is read.
pub(super) fn notices(report: &Report, words: &Words) -> Vec<&'static str> {
    let (day, mut notices) = (report.day, Vec::new());
    let words = Words::of(words.language);
    if !report.complete {
        notices.push(words.partial);
    }
    if report.totals.addresses == 0 {
        notices.push(match (report.recorded_since, report.recorded_until) {
            (Some(since), _) if since > day => words.too_early,
            (None, _) => words.unrecorded,
            (_, Some(until)) if until < day => words.unrecorded,
            _ => words.nothing,
        });
    }
    notices
}

/// When the day begins and ends, on the clock of its zone.
pub(super) fn period(report: &Report, words: &Words) -> String {
    let [from, to] = &report.clock;
    format!("{} ({})", words.between(from, to), visible(&report.timezone))
}

/// The same in UTC.
pub(super) fn period_in_utc(report: &Report, words: &Words) -> String {
    words.between(&utc(report.from), &utc(report.to))
}

/// A moment in UTC, to the minute.
pub(super) fn utc(moment: jiff::Timestamp) -> String {
    moment.strftime("%Y-%m-%d %H:%M").to_string()
}

fn summary(page: &mut Page, report: &Report) {
    let words = page.words;
    let (now, before) = (&report.totals, &report.day_before);
    page.line(&format!("{}: {}", words.title, words.date(report.day)));
    page.line(&format!("{}: {}", words.period, period(report, words)));
    page.line(&format!("{}: {}", words.period_in_utc, period_in_utc(report, words)));
    page.line(&format!("{}: {} UTC", words.made, utc(report.made)));
    for notice in notices(report, words) {
        page.line("");
        wrapped(page, notice);
    }
    page.heading(words.summary);
    let count = |name: &str, now: u64, before: u64| {
        vec![name.to_owned(), thousands(now), change(float(now), float(before))]
    };
    let plain = |name: &str, now: u64, note: &str| vec![name.to_owned(), thousands(now), note.to_owned()];
    let mut rows = vec![
        count(words.active, now.addresses, before.addresses),
        count(words.new, now.new, before.new),
        count(words.returning, now.returning, before.returning),
        count(words.continuing, now.continuing, before.continuing),
        count(words.cleared, now.cleared, before.cleared),
        count(words.cases, now.cases, before.cases),
        count(words.connections, now.connections, before.connections),
    ];
    let energy = format!("{} ({})", words.energy, words.kwh);
    rows.push(vec![energy, kwh(&now.energy), change(now.energy.kwh, before.energy.kwh)]);
    if let Some((low, high)) = kwh_range(&now.energy) {
        rows.push(vec![format!("  {}", words.range), String::new(), words.between(&low, &high)]);
    }
    rows.push(plain(
        words.institutional,
        report.institutional,
        &percent(report.institutional, now.addresses),
    ));
    rows.push(plain(words.open_cases, report.open_cases(), ""));
    rows.push(plain(words.repeat, report.repeat_offenders, ""));
    page.table(1, &["", "", words.before], rows);
}

fn rates(page: &mut Page, report: &Report) {
    let words = page.words;
    let known: Vec<_> = report.coins.iter().filter(|it| it.rate.is_some()).collect();
    if known.is_empty() {
        return;
    }
    page.heading(words.hash_rate);
    page.line(words.never_added);
    let unknown = || words.unknown.to_owned();
    let rows = known
        .into_iter()
        .map(|it| {
            let [low, middle, high] = [it.rate_low, it.rate, it.rate_high]
                .map(|value| hash_rate(value.unwrap_or_default(), it.unit.as_deref()));
            vec![
                it.coin.as_deref().map_or_else(unknown, |it| name(it, 8)),
                it.algorithm.as_deref().map_or_else(unknown, |it| name(it, 16)),
                middle,
                words.between(&low, &high),
                kwh(&it.energy),
            ]
        })
        .collect();
    let coin = words.dimension(Dimension::Coin);
    page.table(2, &[coin, words.algorithm, words.rate, words.range, words.kwh], rows);
}

fn groups(page: &mut Page, report: &Report, dimension: Dimension) {
    let (words, groups) = (page.words, report.by(dimension));
    if groups.iter().all(|group| group.name.is_none()) {
        return;
    }
    page.heading(words.dimension(dimension));
    let mut rows: Vec<Vec<String>> = groups
        .iter()
        .take(SHOWN)
        .map(|group| {
            vec![
                name(words.group(dimension, group), 30),
                thousands(group.addresses),
                percent(group.addresses, report.totals.addresses),
                thousands(group.new),
                thousands(group.connections),
                kwh(&group.energy),
            ]
        })
        .collect();
    if groups.len() > SHOWN {
        rows.push(vec![words.more(groups.len() - SHOWN)]);
    }
    let head = ["", words.addresses, words.share, words.new, words.connections, words.kwh];
    page.table(1, &head, rows);
}

fn hours(page: &mut Page, report: &Report) {
    const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let words = page.words;
    let most = report.hours.iter().map(|hour| hour.addresses).max().unwrap_or_default();
    if most == 0 {
        return;
    }
    page.heading(words.hours);
    let (mut bars, mut scale) = (String::new(), String::new());
    for hour in &report.hours {
        let level = (hour.addresses * 8).div_ceil(most);
        let bar = usize::try_from(level).ok().and_then(|level| BARS.get(level)).unwrap_or(&'█');
        let _ = write!(bars, "{bar}{bar} ");
        let _ = write!(scale, "{} ", hour.clock.get(..2).unwrap_or_default());
    }
    page.line(&bars);
    page.line(&scale);
    let peak = report.hours.iter().max_by_key(|hour| hour.addresses);
    if let Some(hour) = peak {
        page.line(&format!("{} {}: {}", hour.clock, words.addresses, thousands(hour.addresses)));
    }
}

fn pools(page: &mut Page, report: &Report) {
    let words = page.words;
    if report.top_pools.is_empty() {
        return;
    }
    page.heading(words.top_pools);
    let rows = report
        .top_pools
        .iter()
        .take(SHOWN)
        .map(|pool| {
            vec![
                name(&pool.name, 28),
                name(&pool.countries.join(" "), 7),
                name(&pool.coins.join(" "), 11),
                thousands(pool.endpoints),
                thousands(pool.addresses),
                kwh(&pool.energy),
            ]
        })
        .collect();
    let pool = words.dimension(Dimension::Pool);
    let head = [pool, words.country, words.coins, words.endpoints, words.addresses, words.kwh];
    page.table(3, &head, rows);
}

fn miners(page: &mut Page, report: &Report, heading: &str, miners: &[Miner]) {
    let words = page.words;
    if report.totals.addresses == 0 {
        return;
    }
    page.heading(heading);
    let rows = miners
        .iter()
        .take(SHOWN)
        .map(|miner| {
            vec![
                name(&miner.address.to_string(), 20),
                name(words.network_type(miner.network_type), 14),
                name(miner.place.as_deref().unwrap_or(words.unknown), 16),
                name(&miner.coins.join(" "), 8),
                miner.hours.to_string(),
                kwh(&miner.energy),
            ]
        })
        .collect();
    let coin = words.dimension(Dimension::Coin);
    let kind = words.dimension(Dimension::NetworkType);
    page.table(4, &[words.address, kind, words.place, coin, words.hours_count, words.kwh], rows);
}

fn work(page: &mut Page, report: &Report) {
    let words = page.words;
    page.heading(words.work);
    let rows = report
        .work
        .iter()
        .map(|it| vec![words.state(it.state).to_owned(), thousands(it.active), thousands(it.open)])
        .collect();
    page.table(1, &[words.state, words.active_cases, words.open_now], rows);
    page.heading(words.apart);
    let rows = [
        (words.nodes, &report.nodes),
        (words.hidden, &report.hidden),
        (words.false_alarms, &report.false_alarms),
    ]
    .map(|(what, apart)| vec![what.to_owned(), thousands(apart.addresses), thousands(apart.cases)]);
    page.table(1, &["", words.addresses, words.cases], rows.to_vec());
    for it in &report.hidden_by_reason {
        page.line(&format!("  {}: {}", name(&it.reason, 60), thousands(it.cases)));
    }
}

fn trend(page: &mut Page, report: &Report) {
    let words = page.words;
    page.heading(words.trend_days);
    let most = report.trend.iter().map(|day| day.addresses).max().unwrap_or_default().max(1);
    for day in &report.trend {
        let bar = usize::try_from((day.addresses * 30).div_ceil(most)).unwrap_or_default();
        let count = if day.recorded { thousands(day.addresses) } else { "-".to_owned() };
        let moved = if day.recorded {
            format!("+{} \u{2212}{}", compact(day.new + day.returning), compact(day.cleared))
        } else {
            String::new()
        };
        page.line(&format!("{}  {:<30}  {count:>10}  {moved}", day.day, "█".repeat(bar)));
    }
}

fn about(page: &mut Page, report: &Report) {
    let words = page.words;
    page.heading(words.method);
    for (heading, text) in method(report, words) {
        wrapped(page, &format!("{heading}: {text}"));
    }
    let assumptions: Vec<&str> = report.algorithms.iter().filter_map(|it| it.assumption).collect();
    if !assumptions.is_empty() {
        page.heading(words.assumptions);
        for text in assumptions {
            wrapped(page, &assumption(text, words.language));
        }
    }
}

/// Lines of at most 80 columns, broken at spaces, or anywhere within Chinese.
fn wrapped(page: &mut Page, text: &str) {
    use unicode_width::{UnicodeWidthChar, UnicodeWidthStr as _};
    let (mut line, mut width) = (String::new(), 0);
    for word in text.split_inclusive(|letter: char| letter == ' ' || letter > '\u{2e80}') {
        if width + word.trim_end().width() > 80 {
            page.line(&line);
            (line, width) = (String::new(), 0);
        }
        line.push_str(word);
        width += word.chars().filter_map(UnicodeWidthChar::width).sum::<usize>();
    }
    page.line(&line);
}

/// What stands under the number of open cases: those of each state that has some.
pub(super) fn states(report: &Report, words: &Words) -> String {
    let said = report.work.iter().filter(|it| it.open > 0 && it.state != State::FalseAlarm);
    said.map(|it| format!("{} {}", words.state(it.state), amount(float(it.open))))
        .collect::<Vec<_>>()
        .join(" · ")
}
