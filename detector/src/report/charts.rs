//! Charts as SVG.

use maud::{Markup, html};

use super::figures::{NETWORK_TYPES, Report, TrendDay};
use super::format::{compact, float};
use super::map::tenth;
use super::words::Words;
use crate::enrich::NetworkType;
use crate::legible::thousands;

const WIDTH: f64 = 760.0;

/// Colours that stay apart for those who see few colours, each with a contrast to white of 3 and more.
pub(super) const fn colour(kind: NetworkType) -> &'static str {
    match kind {
        NetworkType::DataCentre => "#332288",
        NetworkType::Enterprise => "#2a8f80",
        NetworkType::Education => "#b8860b",
        NetworkType::Government => "#882255",
        NetworkType::HomeBroadband => "#0072b2",
        NetworkType::Mobile => "#cc6677",
        NetworkType::Unknown => "#767676",
    }
}

/// A round number that is not less, and the distance of a handful of lines below it.
fn scale(most: u64) -> (u64, u64) {
    let most = most.max(1);
    let mut unit = 1;
    loop {
        for step in [unit, unit * 2, unit * 5] {
            if most.div_ceil(step) <= 6 {
                return (most.div_ceil(step) * step, step);
            }
        }
        unit = match unit.checked_mul(10) {
            Some(unit) if unit < u64::MAX / 50 => unit,
            _ => return (most, most),
        };
    }
}

/// Addresses of each day, by kind of network.
pub(super) fn trend(report: &Report, words: &Words) -> Markup {
    const HEIGHT: f64 = 260.0;
    const LEFT: f64 = 58.0;
    const BOTTOM: f64 = 232.0;
    const TOP: f64 = 12.0;
    let most = report.trend.iter().map(|day| day.addresses).max().unwrap_or_default();
    let (top, step) = scale(most);
    let y = |count: u64| BOTTOM - float(count) / float(top) * (BOTTOM - TOP);
    let room = (WIDTH - LEFT - 6.0) / float(report.trend.len().max(1) as u64);
    let x = |place: usize| LEFT + float(place as u64) * room;
    let unrecorded = report.trend.iter().take_while(|day| !day.recorded).count();
    html! {
        svg class="chart" viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-labelledby="trend-title trend-desc" {
            title id="trend-title" { (words.trend) }
            desc id="trend-desc" { @for day in report.trend.iter().rev().take(7) { (day.day) ": " (thousands(day.addresses)) "; " } }
            defs {
                pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    line class="hatch" x1="0" y1="0" x2="0" y2="6" {}
                }
            }
            @for place in 0..=top.checked_div(step).unwrap_or(1) {
                @let line = y(place * step);
                line class="graticule" x1=(LEFT) x2=(WIDTH) y1=(tenth(line)) y2=(tenth(line)) {}
                text class="tick" x=(LEFT - 6.0) y=(tenth(line + 4.0)) text-anchor="end" { (thousands(place * step)) }
            }
            @if unrecorded > 0 {
                rect x=(LEFT) y=(TOP) width=(tenth(float(unrecorded as u64) * room)) height=(BOTTOM - TOP) fill="url(#hatch)" {}
            }
            @for (place, day) in report.trend.iter().enumerate() {
                @if day.addresses > 0 {
                    g {
                        title { (day.day) ": " (thousands(day.addresses)) }
                        @for (kind, from, to) in stacked(day) {
                            rect x=(tenth(x(place) + 1.0)) width=(tenth(room - 2.0)) y=(tenth(y(to)))
                                height=(tenth(y(from) - y(to))) fill=(colour(kind)) {}
                        }
                    }
                }
                @if (report.trend.len() - 1 - place).is_multiple_of(5) {
                    text class="tick" x=(tenth(x(place) + room / 2.0)) y=(BOTTOM + 17.0) text-anchor="middle" {
                        (day.day.strftime("%m-%d"))
                    }
                }
            }
            line class="axis" x1=(LEFT) x2=(WIDTH) y1=(BOTTOM) y2=(BOTTOM) {}
        }
    }
}

/// Where each part of a bar begins and ends, in the order of the legend.
fn stacked(day: &TrendDay) -> Vec<(NetworkType, u64, u64)> {
    let mut from = 0;
    let mut parts = Vec::new();
    for kind in NETWORK_TYPES {
        let count = day.network_type.get(&kind).copied().unwrap_or(0);
        if count > 0 {
            parts.push((kind, from, from + count));
            from += count;
        }
    }
    parts
}

/// What the colours mean.
pub(super) fn legend(report: &Report, words: &Words) -> Markup {
    let shown =
        |kind| report.trend.iter().any(|day| day.network_type.get(&kind).is_some_and(|&count| count > 0));
    html! {
        ul class="legend" {
            @for kind in NETWORK_TYPES.into_iter().filter(|&kind| shown(kind)) {
                li {
                    svg class="swatch" viewBox="0 0 12 12" aria-hidden="true" { rect width="12" height="12" fill=(colour(kind)) {} }
                    (words.network_type(kind))
                }
            }
            @if report.trend.iter().any(|day| !day.recorded) {
                li {
                    svg class="swatch" viewBox="0 0 12 12" aria-hidden="true" { rect width="12" height="12" fill="url(#hatch)" {} }
                    (words.unrecorded_days)
                }
            }
        }
    }
}

/// From light to dark, by how much of the most it is; and a colour for text on it.
fn shade(count: u64, most: u64) -> (String, &'static str) {
    const LIGHT: [f64; 3] = [237.0, 244.0, 250.0];
    const DARK: [f64; 3] = [8.0, 69.0, 126.0];
    let level = if most == 0 { 0.0 } else { float(count) / float(most) };
    let [red, green, blue] = [0, 1, 2].map(|at| {
        let (light, dark) = (LIGHT.get(at).unwrap_or(&0.0), DARK.get(at).unwrap_or(&0.0));
        format!("{:.0}", light + (dark - light) * level)
    });
    (format!("rgb({red},{green},{blue})"), if level > 0.55 { "#fff" } else { "#14202b" })
}

/// Addresses and connections of each hour.
pub(super) fn hours(report: &Report, words: &Words) -> Markup {
    const LEFT: f64 = 104.0;
    let rows = [
        (words.addresses, report.hours.iter().map(|hour| hour.addresses).collect::<Vec<u64>>()),
        (words.connections, report.hours.iter().map(|hour| hour.connections).collect::<Vec<u64>>()),
    ];
    let room = (WIDTH - LEFT) / float(report.hours.len().max(1) as u64);
    html! {
        svg class="chart" viewBox=(format!("0 0 {WIDTH} 92")) role="img" aria-labelledby="hours-title hours-desc" {
            title id="hours-title" { (words.hours) }
            desc id="hours-desc" { @for hour in &report.hours { (hour.clock) ": " (thousands(hour.addresses)) "; " } }
            @for (line, (name, counts)) in rows.iter().enumerate() {
                @let y = 4.0 + 34.0 * float(line as u64);
                @let most = counts.iter().copied().max().unwrap_or_default();
                text class="tick" x=(LEFT - 8.0) y=(y + 20.0) text-anchor="end" { (name) }
                @for (place, (&count, hour)) in counts.iter().zip(&report.hours).enumerate() {
                    @let x = LEFT + float(place as u64) * room;
                    @let (fill, ink) = shade(count, most);
                    g {
                        title { (hour.clock) " " (name) ": " (thousands(count)) }
                        rect x=(tenth(x + 0.5)) y=(y) width=(tenth(room - 1.0)) height="30" fill=(fill) {}
                        text class="cell" x=(tenth(x + room / 2.0)) y=(y + 19.0) text-anchor="middle" fill=(ink) { (compact(count)) }
                    }
                }
            }
            @for (place, hour) in report.hours.iter().enumerate() {
                text class="tick" x=(tenth(LEFT + (float(place as u64) + 0.5) * room)) y="86" text-anchor="middle" {
                    (hour.clock.get(..2).unwrap_or_default())
                }
            }
        }
    }
}

/// A bar in a table, beside its number.
pub(super) fn bar(count: u64, most: u64) -> Markup {
    let length = if most == 0 { 0.0 } else { 100.0 * float(count) / float(most) };
    html! {
        svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
            rect width=(tenth(length.max(0.6))) height="10" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_have_round_lines() {
        for (most, expected) in
            [(0, (1, 1)), (1, (1, 1)), (7, (8, 2)), (109_000, (120_000, 20_000)), (43, (50, 10))]
        {
            assert_eq!(scale(most), expected, "{most}");
        }
        assert!(scale(u64::MAX).0 >= u64::MAX / 2);
    }

    #[test]
    fn colours_can_be_seen_on_white() {
        let channel = |hex: &str| {
            let value = f64::from(u8::from_str_radix(hex, 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        for kind in NETWORK_TYPES {
            let hex = &colour(kind)[1..];
            let luminance =
                0.2126 * channel(&hex[..2]) + 0.7152 * channel(&hex[2..4]) + 0.0722 * channel(&hex[4..]);
            assert!(1.05 / (luminance + 0.05) >= 3.0, "{kind}");
        }
    }
}
