//! The report as one HTML file that loads nothing.

mod pages;
mod tables;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::figures::Report;
use super::format::{change, float, kwh, kwh_range, percent};
use super::text::{notices, period, period_in_utc, states, utc};
use super::words::Words;
use super::{charts, format};
use crate::advice::Language;
use crate::legible::{hash_rate, thousands, visible};

const STYLE: &str = include_str!("html/style.css");

/// Nothing may be loaded and no script may run, even if a name from the wire were to get through unescaped.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Puts a report on a page.
#[must_use]
pub fn html(report: &Report, language: Language) -> String {
    let words = Words::of(language);
    let page = html! {
        (DOCTYPE)
        html lang=(words.tag) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="color-scheme" content="light";
                title { (words.title) " " (report.day) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (words.title) span { (words.date(report.day)) } }
                    dl class="facts" {
                        div { dt { (words.period) } dd { (period(report, words)) } }
                        div { dt { (words.period_in_utc) } dd { (period_in_utc(report, words)) } }
                        div { dt { (words.made) } dd { (utc(report.made)) " UTC" } }
                    }
                    @for notice in notices(report, words) {
                        p class="notice" { (notice) }
                    }
                }
                main {
                    (summary(report, words))
                    (pages::whereabouts(report, words))
                    (pages::networks(report, words))
                    (pages::mined(report, words))
                    (pages::pools(report, words))
                    (pages::miners(report, words))
                    (pages::work(report, words))
                    (pages::method(report, words))
                }
                footer { "Firedamp " (env!("CARGO_PKG_VERSION")) " · " (report.day) " · " (visible(&report.timezone)) }
            }
        }
    };
    page.into_string()
}

/// A number with its name, how it changed and what it means.
fn tile(name: &str, value: &str, changed: Option<&str>, meaning: &str) -> Markup {
    html! {
        li class="tile" {
            div class="name" { (name) }
            div class="value" { (value) }
            @if let Some(changed) = changed { div class="aside" { (changed) } }
            @if !meaning.is_empty() { div class="aside" { (meaning) } }
        }
    }
}

fn summary(report: &Report, words: &Words) -> Markup {
    let (now, before) = (&report.totals, &report.day_before);
    let changed = |now: u64, before: u64| change(float(now), float(before));
    let range = kwh_range(&now.energy).map(|(low, high)| words.between(&low, &high)).unwrap_or_default();
    html! {
        h2 class="here" { (words.summary) }
        ul class="tiles" {
            li class="tile first" {
                div class="name" { (words.active) }
                div class="value" { (thousands(now.addresses)) }
                div class="aside" { (changed(now.addresses, before.addresses)) " " (words.before) }
                div class="aside" { (words.continuing) " " (thousands(now.continuing)) }
            }
            (tile(words.new, &thousands(now.new), Some(&changed(now.new, before.new)), words.new_meaning))
            (tile(words.returning, &thousands(now.returning), Some(&changed(now.returning, before.returning)), words.returning_meaning))
            (tile(words.cleared, &thousands(now.cleared), Some(&changed(now.cleared, before.cleared)), words.cleared_meaning))
            li class="tile" {
                div class="name" { (words.energy_estimate) }
                div class="value" { (kwh(&now.energy)) small { " " (words.kwh) } }
                @if now.energy.cases > 0 {
                    div class="aside" { (change(now.energy.kwh, before.energy.kwh)) }
                    div class="aside" { (words.range) " " (range) }
                }
            }
            (tile(words.connections, &thousands(now.connections), Some(&changed(now.connections, before.connections)), ""))
            (tile(words.institutional, &percent(report.institutional, now.addresses), Some(&thousands(report.institutional)), words.institutional_meaning))
            (tile(words.open_cases, &thousands(report.open_cases()), Some(&states(report, words)), words.open_meaning))
            (tile(words.repeat, &thousands(report.repeat_offenders), None, words.repeat_meaning))
            (rates_tile(report, words))
        }
        @if report.trend.iter().any(|day| day.addresses > 0) {
            h3 { (words.trend_days) }
            figure {
                figcaption { (words.trend) }
                (charts::legend(report, words))
                div class="scroll latest" { (charts::trend(report, words)) }
            }
            details { summary { (words.exact) } (tables::trend(report, words)) }
        }
        @if now.addresses > 0 {
            h3 { (words.hours) }
            figure {
                figcaption { (words.hours_meaning) }
                div class="scroll" { (charts::hours(report, words)) }
            }
            details { summary { (words.exact) } (tables::hours(report, words)) }
        }
    }
}

/// The rates of the algorithms with most addresses.
fn rates_tile(report: &Report, words: &Words) -> Markup {
    let known = report.algorithms.iter().filter_map(|it| Some((it, it.rate?)));
    html! {
        li class="tile wide" {
            div class="name" { (words.hash_rate) }
            ul {
                @for (it, value) in known.clone().take(4) {
                    li {
                        b { (format::shortened(&visible(it.algorithm.as_deref().or(it.coin.as_deref()).unwrap_or(words.unknown)), 20)) }
                        " " (hash_rate(value, it.unit.as_deref()))
                    }
                }
                @if known.count() == 0 { li { "-" } }
            }
        }
    }
}
