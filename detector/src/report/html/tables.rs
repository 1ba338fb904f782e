use maud::{Markup, html};

use super::super::charts::bar;
use super::super::figures::{Dimension, HashRate, Miner, NETWORK_TYPES, Report};
use super::super::format::{kwh, kwh_range, percent, shortened};
use super::super::text::utc;
use super::super::words::Words;
use crate::legible::{hash_rate, thousands, visible};

/// Rows of a dimension; the others are added up.
const SHOWN: usize = 15;

/// A name from the wire or from a file: what cannot be seen is shown, and what is long is cut, with the whole as its title.
pub(super) fn name(text: &str, columns: usize) -> Markup {
    let whole = visible(text);
    let short = shortened(&whole, columns);
    html! {
        @if short == whole { (whole) } @else { span title=(shortened(&whole, 300)) { (short) } }
    }
}

pub(super) fn unknown_or(text: Option<&str>, columns: usize, words: &Words) -> Markup {
    if let Some(text) = text {
        name(text, columns)
    } else {
        html! { (words.unknown) }
    }
}

/// A dimension with bars. Nothing if nothing is known of it.
pub(super) fn groups(report: &Report, dimension: Dimension, words: &Words) -> Markup {
    let groups = report.by(dimension);
    if groups.is_empty() {
        return html! {};
    }
    let title = words.dimension(dimension);
    if groups.iter().all(|group| group.name.is_none()) {
        return html! { div { h3 { (title) } p class="note" { (words.no_data) } } };
    }
    let most = groups.iter().map(|group| group.addresses).max().unwrap_or_default();
    let all = report.totals.addresses;
    let rest = groups.get(SHOWN..).unwrap_or_default();
    html! {
        div {
            h3 { (title) }
            @if dimension.overlaps() { p class="note" { (words.overlaps) } }
            div class="scroll" {
                table {
                    thead {
                        tr {
                            th scope="col" { (title) }
                            th scope="col" class="b" {}
                            th scope="col" class="n" { (words.addresses) }
                            th scope="col" class="n" { (words.share) }
                            th scope="col" class="n" { (words.new) }
                            th scope="col" class="n" { (words.connections) }
                            th scope="col" class="n" { (words.kwh) }
                        }
                    }
                    tbody {
                        @for group in groups.iter().take(SHOWN) {
                            tr {
                                th scope="row" { (name(words.group(dimension, group), 44)) }
                                td class="b" { (bar(group.addresses, most)) }
                                td class="n" { (thousands(group.addresses)) }
                                td class="n" { (percent(group.addresses, all)) }
                                td class="n" { (thousands(group.new)) }
                                td class="n" { (thousands(group.connections)) }
                                td class="n" { (kwh(&group.energy)) }
                            }
                        }
                    }
                    @if !rest.is_empty() {
                        tfoot {
                            tr {
                                th scope="row" { (words.more(rest.len())) }
                                td class="b" {}
                                @if dimension.overlaps() {
                                    td class="n" { "-" } td class="n" { "-" } td class="n" { "-" }
                                } @else {
                                    @let addresses = rest.iter().map(|group| group.addresses).sum();
                                    td class="n" { (thousands(addresses)) }
                                    td class="n" { (percent(addresses, all)) }
                                    td class="n" { (thousands(rest.iter().map(|group| group.new).sum())) }
                                }
                                td class="n" { (thousands(rest.iter().map(|group| group.connections).sum())) }
                                td class="n" {}
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Rates by algorithm, or by coin and algorithm.
pub(super) fn hash_rates(rates: &[HashRate], with_coin: bool, words: &Words) -> Markup {
    html! {
        div class="scroll" {
            table {
                thead {
                    tr {
                        @if with_coin { th scope="col" { (words.dimension(Dimension::Coin)) } }
                        th scope="col" { (words.algorithm) }
                        th scope="col" class="n" { (words.addresses) }
                        th scope="col" class="n" { (words.estimated_cases) }
                        th scope="col" class="n" { (words.rate) }
                        th scope="col" class="n" { (words.range) }
                        th scope="col" class="n" { (words.kwh) }
                        th scope="col" class="n" { (words.range) }
                    }
                }
                tbody {
                    @for it in rates.iter().take(SHOWN * 2) {
                        @let unit = it.unit.as_deref();
                        tr {
                            @if with_coin { td { (unknown_or(it.coin.as_deref(), 16, words)) } }
                            th scope="row" {
                                (unknown_or(it.algorithm.as_deref(), 24, words))
                                @if let (false, Some(coin)) = (with_coin, &it.coin) { " (" (name(coin, 16)) ")" }
                            }
                            td class="n" { (thousands(it.addresses)) }
                            td class="n" { (thousands(it.cases)) }
                            td class="n" { (it.rate.map_or_else(|| "-".to_owned(), |it| hash_rate(it, unit))) }
                            td class="n" {
                                @if let (Some(low), Some(high)) = (it.rate_low, it.rate_high) {
                                    (words.between(&hash_rate(low, unit), &hash_rate(high, unit)))
                                }
                            }
                            td class="n" { (kwh(&it.energy)) }
                            td class="n" {
                                @if let Some((low, high)) = kwh_range(&it.energy) { (words.between(&low, &high)) }
                            }
                        }
                    }
                }
                @if rates.len() > SHOWN * 2 {
                    tfoot { tr { td colspan="8" { (words.more(rates.len() - SHOWN * 2)) } } }
                }
            }
        }
    }
}

/// Names, of which the first few are shown.
pub(super) fn names(texts: &[String], columns: usize) -> Markup {
    html! {
        @for (place, text) in texts.iter().take(3).enumerate() {
            @if place > 0 { ", " }
            (name(text, columns))
        }
        @if texts.len() > 3 { ", +" (texts.len() - 3) }
    }
}

/// Addresses with what is known of them.
pub(super) fn miners(miners: &[Miner], repeat: bool, words: &Words) -> Markup {
    html! {
        div class="scroll" {
            table {
                thead {
                    tr {
                        th scope="col" { (words.address) }
                        th scope="col" { (words.dimension(Dimension::NetworkType)) }
                        th scope="col" { (words.place) }
                        th scope="col" { (words.dimension(Dimension::Coin)) }
                        th scope="col" { (words.dimension(Dimension::Pool)) }
                        @if repeat { th scope="col" { (words.fixed) } }
                        th scope="col" { (words.state) }
                        th scope="col" class="n" { (words.hours_count) }
                        th scope="col" class="n" { (words.connections) }
                        th scope="col" class="n" { (words.kwh) }
                    }
                }
                tbody {
                    @for it in miners {
                        tr {
                            th scope="row" class="code" title=(cases(it)) { (it.address) }
                            td { (words.network_type(it.network_type)) }
                            td {
                                (unknown_or(it.place.as_deref(), 34, words))
                                @if let Some(site) = &it.site { br; (name(site, 34)) }
                                @else if let Some(system) = &it.autonomous_system { br; span class="note" { (name(system, 34)) } }
                            }
                            td { (names(&it.coins, 10)) }
                            td { (names(&it.pools, 30)) }
                            @if repeat { td class="nowrap" { @if let Some(fixed) = it.fixed { (utc(fixed)) " UTC" } } }
                            td class="nowrap" { (words.state(it.state)) }
                            td class="n" { (it.hours) }
                            td class="n" { (thousands(it.connections)) }
                            td class="n" { (kwh(&it.energy)) }
                        }
                    }
                }
            }
        }
    }
}

fn cases(miner: &Miner) -> String {
    miner.cases.iter().take(10).map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

pub(super) fn pools(report: &Report, words: &Words) -> Markup {
    let most = report.top_pools.iter().map(|pool| pool.addresses).max().unwrap_or_default();
    html! {
        div class="scroll" {
            table {
                thead {
                    tr {
                        th scope="col" { (words.dimension(Dimension::Pool)) }
                        th scope="col" { (words.country) }
                        th scope="col" { (words.autonomous_system) }
                        th scope="col" { (words.coins) }
                        th scope="col" class="b" {}
                        th scope="col" class="n" { (words.addresses) }
                        th scope="col" class="n" { (words.endpoints) }
                        th scope="col" class="n" { (words.connections) }
                        th scope="col" class="n" { (words.kwh) }
                    }
                }
                tbody {
                    @for it in &report.top_pools {
                        tr {
                            th scope="row" { (name(&it.name, 40)) }
                            td { (names(&it.countries, 8)) }
                            td { (names(&it.networks, 24)) }
                            td { (names(&it.coins, 10)) }
                            td class="b" { (bar(it.addresses, most)) }
                            td class="n" { (thousands(it.addresses)) }
                            td class="n" { (thousands(it.endpoints)) }
                            td class="n" { (thousands(it.connections)) }
                            td class="n" { (kwh(&it.energy)) }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn trend(report: &Report, words: &Words) -> Markup {
    let kinds: Vec<_> = NETWORK_TYPES
        .into_iter()
        .filter(|kind| report.trend.iter().any(|day| day.network_type.get(kind).is_some_and(|&it| it > 0)))
        .collect();
    html! {
        div class="scroll" {
            table {
                thead {
                    tr {
                        th scope="col" { (words.day) }
                        @for head in [words.addresses, words.new, words.returning, words.cleared] {
                            th scope="col" class="n" { (head) }
                        }
                        @for kind in &kinds { th scope="col" class="n" { (words.network_type(*kind)) } }
                    }
                }
                tbody {
                    @for day in report.trend.iter().rev().filter(|day| day.recorded) {
                        tr {
                            th scope="row" class="nowrap" { (day.day) }
                            @for count in [day.addresses, day.new, day.returning, day.cleared] {
                                td class="n" { (thousands(count)) }
                            }
                            @for kind in &kinds {
                                td class="n" { (thousands(day.network_type.get(kind).copied().unwrap_or_default())) }
                            }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn hours(report: &Report, words: &Words) -> Markup {
    html! {
        div class="scroll" {
            table {
                thead {
                    tr {
                        th scope="col" { (words.hour) }
                        th scope="col" class="n" { (words.addresses) }
                        th scope="col" class="n" { (words.share) }
                        th scope="col" class="n" { (words.connections) }
                    }
                }
                tbody {
                    @for hour in &report.hours {
                        tr {
                            th scope="row" { (hour.clock) }
                            td class="n" { (thousands(hour.addresses)) }
                            td class="n" { (percent(hour.addresses, report.totals.addresses)) }
                            td class="n" { (thousands(hour.connections)) }
                        }
                    }
                }
            }
        }
    }
}
