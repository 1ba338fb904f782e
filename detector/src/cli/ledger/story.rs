//! A case in text.

use std::fmt::Write as _;
use std::net::SocketAddr;

use comfy_table::presets::NOTHING as NO_LINES;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};
use detector::advice::{Advice, Language};
use detector::judge::{Alternative, Counterfactuals, Evidence, PRIOR};
use detector::legible::{hash_rate, scaled, thousands};
use detector::store::read::{Case, Day, Story};

use super::format::{NOTHING, View, clean, counted, per, place, system};
use super::hours::chart;

/// Lines are not longer, in columns: longer ones are hard to read.
const WIDEST: u16 = 120;
/// If nobody says how wide a line is.
const USUAL: u16 = 100;
/// A line cannot be narrower.
const NARROWEST: u16 = 40;
/// Of the words before facts.
const LABEL: u16 = 13;

/// All that is known of a case, in sections.
pub(super) fn tell(
    story: &Story,
    otherwise: Option<&Counterfactuals>,
    advice: (&[Advice], Language),
    days: u16,
    view: &View,
) -> String {
    let case = &story.case;
    let width = view.width.unwrap_or(USUAL).clamp(NARROWEST, WIDEST);
    let page = Page { view, width };
    let mut text = page.folded(&headline(case));
    let sections = [
        ("WHO", page.facts(&who(case))),
        ("WHAT", page.facts(&what(case))),
        ("HOW MUCH", page.facts(&how_much(case))),
        ("WHEN", page.facts(&when(case, view)) + &page.chart(&story.days, days)),
        ("EVIDENCE", page.evidence(case, otherwise)),
        ("WHAT WOULD HAVE CHANGED IT", page.facts(&changes(case, otherwise))),
        ("RECORDS", page.facts(&history(story, view))),
        ("REMARKS", page.facts(&remarks(story, view))),
        ("RELATED CASES", page.facts(&relatives(story))),
        ("ADVICE", page.advice(advice)),
    ];
    for (title, section) in sections.into_iter().filter(|(_, section)| !section.is_empty()) {
        let _ = write!(text, "\n{title}\n{section}");
    }
    text
}

type Fact = (&'static str, String);

/// Leaves out facts that are not known.
fn known(facts: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Vec<Fact> {
    facts
        .into_iter()
        .filter_map(|(label, fact)| Some((label, fact.filter(|fact| !fact.is_empty() && fact != NOTHING)?)))
        .collect()
}

fn headline(case: &Case) -> String {
    let Case { case_id, verdict, stage, life, state, .. } = case;
    let what = if verdict == "node" {
        "a node of a peer-to-peer network".to_owned()
    } else {
        format!("{verdict} mining")
    };
    let hidden = case.hidden.as_ref().map(|reason| format!("\nhidden by an exclusion: {}", clean(reason)));
    format!("case {case_id}: {what}, stage {stage}, {life}; state {state}{}", hidden.unwrap_or_default())
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn joined(parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn who(case: &Case) -> Vec<Fact> {
    let network = &case.network;
    let address = match case.miner_port {
        0 => case.miner_ip.to_string(),
        port => SocketAddr::new(case.miner_ip, port).to_string(),
    };
    let basis = network.type_source.map(|source| {
        let sure = network.type_confidence.map(|sure| format!(", {} sure", percent(sure)));
        format!(" (by {source}{})", sure.unwrap_or_default())
    });
    let spot =
        network.latitude.zip(network.longitude).map(|(north, east)| format!(" ({north:.2}, {east:.2})"));
    let lease = case.details.lease.as_ref();
    let named = |what: &str, text: Option<&String>| text.map(|text| format!("{what} {}", clean(text)));
    known([
        ("miner", Some(address)),
        ("network", Some(format!("{}{}", network.kind, basis.unwrap_or_default()))),
        (
            "place",
            Some(place(network))
                .filter(|place| place != NOTHING)
                .map(|place| place + &spot.unwrap_or_default()),
        ),
        ("system", Some(system(network.asn, network.as_org.as_deref()))),
        (
            "yours",
            joined([
                named("prefix", network.prefix.as_ref()),
                named("site", network.site.as_ref()),
                named("owner", network.owner.as_ref()),
                named("contact", network.contact.as_ref()),
            ]),
        ),
        (
            "lease",
            joined([
                named("MAC", lease.and_then(|lease| lease.mac.as_ref())),
                named("user", lease.and_then(|lease| lease.user.as_ref())),
            ]),
        ),
        ("machines", (case.workers > 1).then(|| format!("at least {} behind this address", case.workers))),
    ])
}

fn what(case: &Case) -> Vec<Fact> {
    let details = &case.details;
    let origin = &case.pool_network;
    let named = |what: &str, text: Option<&String>| text.map(|text| format!("{what} {}", clean(text)));
    let text = |text: &Option<String>| text.as_ref().map(|text| clean(text));
    let shares = case.shares;
    let secrecy = if case.encrypted { "encrypted" } else { "not encrypted" };
    let whose = system(origin.asn, origin.as_org.as_deref());
    let difficulty = details.difficulty.map(|difficulty| format!("difficulty {difficulty}"));
    known([
        (
            "pool",
            joined([
                Some(SocketAddr::new(case.pool_ip, case.pool_port).to_string()),
                named("addressed as", details.pool_name.as_ref()),
                named("listed as", origin.listed.as_ref()),
                Some(whose).filter(|whose| whose != NOTHING),
                named("country", origin.country.as_ref()),
            ]),
        ),
        ("protocol", Some(format!("{} over {}, {secrecy}", clean(&case.protocol), case.transport))),
        ("seen on", text(&details.interface)),
        ("coin", text(&case.coin)),
        ("algorithm", text(&case.algorithm)),
        ("software", text(&details.agent)),
        ("wallet", text(&details.wallet).or_else(|| named("SHA-256", details.wallet_sha256.as_ref()))),
        ("worker", text(&details.worker).or_else(|| named("SHA-256", details.worker_sha256.as_ref()))),
        (
            "work",
            joined([
                Some(counted(case.jobs, "job")),
                Some(format!(
                    "{} handed in, {} accepted, {} rejected",
                    counted(shares.submitted, "share"),
                    thousands(shares.accepted),
                    thousands(shares.rejected)
                )),
                difficulty,
            ]),
        ),
        ("traffic", Some(counted(case.bytes, "byte"))),
    ])
}

fn how_much(case: &Case) -> Vec<Fact> {
    let details = &case.details;
    let unit = case.rate_unit.as_deref();
    let within = |low: Option<f64>, high: Option<f64>, told: &dyn Fn(f64) -> String| {
        low.zip(high).map(|(low, high)| format!(", {} to {}", told(low), told(high))).unwrap_or_default()
    };
    let speed = |value| hash_rate(value, unit);
    let watts = |value| scaled(value, "W");
    let algorithm = details.hashrate_algorithm.as_ref().map(|name| format!(" of {}", clean(name)));
    known([
        (
            "hash rate",
            case.rate.map(|rate| {
                let limits = within(case.rate_low, case.rate_high, &speed);
                format!("{}{limits}{}, from its shares", speed(rate), algorithm.unwrap_or_default())
            }),
        ),
        ("it says", details.claimed_hashrate_hs.map(|rate| hash_rate(rate, None))),
        ("power", case.power.map(|power| watts(power) + &within(case.power_low, case.power_high, &watts))),
        ("assumed", details.power_assumption.as_ref().map(|text| clean(text))),
    ])
}

fn when(case: &Case, view: &View) -> Vec<Fact> {
    let returns = match case.returns {
        0 => None,
        1 => Some("once after it had been quiet".to_owned()),
        times => Some(format!("{times} times after it had been quiet")),
    };
    known([
        ("first seen", Some(view.exact(case.first_seen))),
        ("last seen", Some(view.exact(case.last_seen))),
        ("returned", returns),
        (
            "connections",
            joined([
                Some(format!("{} in all", thousands(case.connections))),
                case.connections_per_hour.map(|rate| format!("{} an hour lately", per(rate))),
                (case.parallel_connections > 1)
                    .then(|| format!("up to {} at the same time", case.parallel_connections)),
            ]),
        ),
    ])
}

fn history(story: &Story, view: &View) -> Vec<Fact> {
    let entries = story.history.iter();
    entries
        .map(|entry| {
            let text = format!(
                "{}: {} (verdict {}, stage {})",
                entry.record, entry.reason, entry.verdict, entry.stage
            );
            ("", format!("{}  {text}", view.exact(entry.at)))
        })
        .collect()
}

fn remarks(story: &Story, view: &View) -> Vec<Fact> {
    let remarks = story.remarks.iter();
    remarks
        .map(|remark| {
            let note = remark.note.as_ref().map(|note| format!(": {}", clean(note)));
            let text = format!("{} by {}{}", remark.state, clean(&remark.author), note.unwrap_or_default());
            ("", format!("{}  {text}", view.exact(remark.at)))
        })
        .collect()
}

fn relatives(story: &Story) -> Vec<Fact> {
    let with = |common: &str, count: usize| {
        let alike = story.relatives.iter().filter(|other| other.common == common);
        let named: Vec<String> =
            alike.map(|other| format!("{} ({})", other.case_id, other.miner_ip)).collect();
        let more = count - named.len().min(count);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (count > 0).then(|| named.join(", ") + &more)
    };
    known([
        ("same miner", with("miner", story.same_miner)),
        ("same wallet", with("wallet", story.same_wallet)),
    ])
}

/// The judgement without pieces of evidence, in words.
fn verdict(alternative: Alternative) -> String {
    let Alternative { verdict, confidence } = alternative;
    match verdict {
        Some(verdict) => format!("{verdict}, confidence {}", certainty(confidence)),
        None => "nothing would have been reported".to_owned(),
    }
}

/// What would have made the verdict another.
fn changes(case: &Case, otherwise: Option<&Counterfactuals>) -> Vec<Fact> {
    let Some(Counterfactuals { without_each, lower_without, nothing_without, higher_with, .. }) = otherwise
    else {
        return Vec::new();
    };
    let evidence = &case.evidence;
    let kinds = |places: &[usize]| {
        let kinds: Vec<&str> = places.iter().filter_map(|&place| Some(evidence.get(place)?.kind)).collect();
        (!kinds.is_empty()).then(|| clean(&kinds.join(" and ")))
    };
    let without = |places: &[usize]| kinds(places).map(|kinds| format!("without {kinds}"));
    let mut facts =
        known([("lower verdict", without(lower_without)), ("no report", without(nothing_without))]);
    facts.extend(higher_with.iter().map(|way| ("higher", format!("{}, with {way}", way.verdict))));
    let weighty = evidence.iter().zip(without_each).filter(|(reason, _)| reason.weight.abs() > 0.0);
    facts.extend(weighty.map(|(reason, alternative)| {
        ("without", format!("{}: {}", clean(reason.kind), verdict(*alternative)))
    }));
    facts
}

/// How wide and for whom it is written.
struct Page<'a> {
    view: &'a View,
    width: u16,
}

impl Page<'_> {
    fn table(&self) -> Table {
        let mut table = Table::new();
        table.force_no_tty().load_style(NO_LINES);
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(self.width);
        table
    }

    fn folded(&self, text: &str) -> String {
        let mut table = self.table();
        table.add_row([text]);
        for column in table.column_iter_mut() {
            column.set_padding((0, 0));
        }
        table.trim_fmt() + "\n"
    }

    /// Labels and what belongs to them, folded.
    fn facts(&self, facts: &[Fact]) -> String {
        if facts.is_empty() {
            return String::new();
        }
        let mut table = self.table();
        let labelled = facts.iter().any(|(label, _)| !label.is_empty());
        for (label, fact) in facts {
            if labelled {
                table.add_row([*label, fact]);
            } else {
                table.add_row([fact]);
            }
        }
        for column in table.column_iter_mut() {
            column.set_padding((2, 0));
            if labelled && column.index == 0 {
                column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(LABEL + 2)));
            }
        }
        table.trim_fmt() + "\n"
    }

    /// Activity on the last of so many days, and what the signs mean.
    fn chart(&self, days: &[Day], asked: u16) -> String {
        let lines = chart(days, self.view, self.width);
        if lines.is_empty() {
            return lines;
        }
        let meaning = format!(
            "connections by the hour in the {} up to its last activity, times of {}; ·: active without a new one",
            counted(asked.into(), "day"),
            self.view.zone_name()
        );
        format!("\n{}{lines}", self.facts(&[("", meaning)]))
    }

    /// Each piece of evidence with its weight, and the bytes behind it.
    fn evidence(&self, case: &Case, otherwise: Option<&Counterfactuals>) -> String {
        let evidence = &case.evidence;
        if evidence.is_empty() {
            return String::new();
        }
        let mut table = self.table();
        for reason in evidence {
            table.add_row([
                format!("{:+.1}", reason.weight),
                reason.side.to_string(),
                clean(reason.kind),
                self.seen(reason),
            ]);
        }
        let prior = format!("{PRIOR:+.1}");
        table.add_row([prior.as_str(), "", "before anything", "one connection in 100,000 mines"]);
        let sum = PRIOR + evidence.iter().map(|reason| reason.weight).sum::<f64>();
        let by_these = otherwise.map_or(case.confidence, |otherwise| otherwise.with_all.confidence);
        // The highest so far may have been that of another connection.
        let other = (by_these - case.confidence).abs() > 1e-9;
        let other =
            if other { format!("; of the case {}", certainty(case.confidence)) } else { String::new() };
        let confidence = format!("confidence {}{other}", certainty(by_these));
        table.add_row([format!("{sum:+.1}"), String::new(), "in all".to_owned(), confidence]);
        for (column, width) in table.column_iter_mut().zip([7, 6, 22, 0]) {
            column.set_padding((if column.index == 0 { 2 } else { 0 }, 2));
            if width > 0 {
                column.set_constraint(ColumnConstraint::UpperBoundary(Width::Fixed(width + 4)));
            }
            if column.index == 0 {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.trim_fmt() + "\n"
    }

    fn seen(&self, reason: &Evidence) -> String {
        let mut text = clean(reason.detail);
        if let Some(excerpt) = &reason.excerpt {
            let (time, length) = (self.view.exact(excerpt.time), counted(excerpt.length, "byte"));
            let _ = write!(text, "\n{time}, {length} from the {}", reason.side);
            if !excerpt.bytes().is_empty() {
                let _ = write!(text, "\n{}", excerpt.text());
            }
        }
        text
    }

    fn advice(&self, (advice, language): (&[Advice], Language)) -> String {
        let [why, effect, undo] = match language {
            Language::En => ["why", "effect", "to undo"],
            Language::Zh => ["原因", "效果", "撤销"],
        };
        let each = advice.iter().zip(1..).map(|(advice, number)| {
            let action = self.facts(&[("", format!("{number}. {}", advice.action))]);
            let texts = [(why, &advice.why), (effect, &advice.effect), (undo, &advice.undo)];
            action + &self.facts(&texts.map(|(label, text)| (label, text.clone())))
        });
        each.collect::<Vec<String>>().join("\n")
    }
}

/// A probability near 1 in digits that say something.
fn certainty(confidence: f64) -> String {
    let doubt = 1.0 - confidence;
    if doubt <= 0.0 {
        return "1".to_owned();
    }
    if doubt < 0.001 {
        return format!("1 - {doubt:.1e}");
    }
    format!("{confidence:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certainty_has_digits_that_say_something() {
        assert_eq!(certainty(0.5), "0.500");
        assert_eq!(certainty(0.999_999), "1 - 1.0e-6");
        assert_eq!(certainty(1.0), "1");
    }
}
