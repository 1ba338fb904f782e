use maud::{Markup, html};

use super::super::figures::{Dimension, Report};
use super::super::format::percent;
use super::super::map::map;
use super::super::words::{Words, assumption, method as words_of_method};
use super::tables;
use crate::legible::{thousands, visible};

pub(super) fn whereabouts(report: &Report, words: &Words) -> Markup {
    if report.totals.addresses == 0 {
        return html! {};
    }
    html! {
        h2 { (words.whereabouts) }
        @if let Some(map) = map(report, words) {
            figure {
                div class="scroll" { (map) }
                figcaption { (words.map_meaning) }
            }
            @if report.without_coordinates > 0 {
                p class="note" {
                    (words.place_unknown) ": " (thousands(report.without_coordinates))
                    " (" (percent(report.without_coordinates, report.totals.addresses)) ")"
                }
            }
        } @else {
            p class="note" { (words.no_map) }
        }
        (tables::groups(report, Dimension::Region, words))
        (tables::groups(report, Dimension::City, words))
        (tables::groups(report, Dimension::Country, words))
        (tables::groups(report, Dimension::Site, words))
    }
}

pub(super) fn networks(report: &Report, words: &Words) -> Markup {
    if report.totals.addresses == 0 {
        return html! {};
    }
    html! {
        h2 { (words.networks) }
        (tables::groups(report, Dimension::NetworkType, words))
        (tables::groups(report, Dimension::AutonomousSystem, words))
    }
}

pub(super) fn mined(report: &Report, words: &Words) -> Markup {
    if report.totals.addresses == 0 {
        return html! {};
    }
    html! {
        h2 { (words.mined) }
        (tables::groups(report, Dimension::Coin, words))
        h3 { (words.by_coin) }
        p class="note" { (words.never_added) }
        (tables::hash_rates(&report.coins, true, words))
        h3 { (words.by_algorithm) }
        (tables::hash_rates(&report.algorithms, false, words))
        (tables::groups(report, Dimension::Protocol, words))
        (tables::groups(report, Dimension::Verdict, words))
    }
}

pub(super) fn pools(report: &Report, words: &Words) -> Markup {
    if report.top_pools.is_empty() {
        return html! {};
    }
    let others = report.by(Dimension::Pool).len().saturating_sub(report.top_pools.len());
    html! {
        h2 { (words.pools) }
        h3 { (words.top_pools) }
        p class="note" { (words.overlaps) }
        (tables::pools(report, words))
        @if others > 0 { p class="note" { (words.more(others)) } }
    }
}

pub(super) fn miners(report: &Report, words: &Words) -> Markup {
    if report.totals.addresses == 0 {
        return html! {};
    }
    html! {
        h2 { (words.miners) }
        h3 { (words.top_miners) }
        (tables::miners(&report.top_miners, false, words))
        h3 { (words.repeat) ": " (thousands(report.repeat_offenders)) }
        @if report.top_repeat_offenders.is_empty() {
            p class="note" { (words.repeat_none) }
        } @else {
            p class="note" { (words.repeat_meaning) }
            (tables::miners(&report.top_repeat_offenders, true, words))
        }
    }
}

pub(super) fn work(report: &Report, words: &Words) -> Markup {
    html! {
        h2 { (words.work) }
        p class="note" { (words.work_meaning) }
        div class="two" {
            table {
                thead {
                    tr {
                        th scope="col" { (words.state) }
                        th scope="col" class="n" { (words.active_cases) }
                        th scope="col" class="n" { (words.open_now) }
                    }
                }
                tbody {
                    @for it in &report.work {
                        tr {
                            th scope="row" { (words.state(it.state)) }
                            td class="n" { (thousands(it.active)) }
                            td class="n" { (thousands(it.open)) }
                        }
                    }
                }
            }
        }
        h3 { (words.apart) }
        p class="note" { (words.apart_meaning) }
        div class="two" {
            table {
                thead {
                    tr {
                        th scope="col" {}
                        th scope="col" class="n" { (words.addresses) }
                        th scope="col" class="n" { (words.cases) }
                    }
                }
                tbody {
                    @for (what, apart) in [
                        (words.nodes, &report.nodes),
                        (words.false_alarms, &report.false_alarms),
                        (words.hidden, &report.hidden),
                    ] {
                        tr {
                            th scope="row" { (what) }
                            td class="n" { (thousands(apart.addresses)) }
                            td class="n" { (thousands(apart.cases)) }
                        }
                    }
                }
            }
            @if !report.hidden_by_reason.is_empty() {
                table {
                    thead {
                        tr {
                            th scope="col" { (words.hidden_reason) }
                            th scope="col" class="n" { (words.cases) }
                        }
                    }
                    tbody {
                        @for it in report.hidden_by_reason.iter().take(20) {
                            tr {
                                th scope="row" { (tables::name(&it.reason, 60)) }
                                td class="n" { (thousands(it.cases)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn method(report: &Report, words: &Words) -> Markup {
    let assumed = || report.algorithms.iter().filter_map(|it| Some((it, it.assumption?)));
    html! {
        h2 { (words.method) }
        dl class="method" {
            @for (heading, text) in words_of_method(report, words) {
                dt { (heading) }
                dd { (visible(&text)) }
            }
        }
        @if assumed().next().is_some() {
            h3 { (words.assumptions) }
            div class="scroll" {
                table {
                    thead {
                        tr {
                            th scope="col" { (words.algorithm) }
                            th scope="col" { (words.assumptions) }
                            th scope="col" class="n" { (words.kwh) }
                        }
                    }
                    tbody {
                        @for (it, text) in assumed() {
                            tr {
                                th scope="row" { (tables::unknown_or(it.algorithm.as_deref(), 24, words)) }
                                td { (assumption(text, words.language)) }
                                td class="n" { (super::super::format::kwh(&it.energy)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
