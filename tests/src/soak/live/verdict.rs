//! What the agent said and used, against what was done.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::super::table::Checks;
use super::population::Pair;
use super::{Evidence, Sample};
use crate::lab::{self, Record, Report};

/// What memory may grow by after the first half, in KiB. By then every miner's address was at most pools. What remains
/// is the allocator's: the blocks in which compiled signatures are, are not always those in which the old ones were.
const GROWTH: u64 = 4096;

/// Losses of a segment, or of an event about one: it held no more than one share. With any other loss all that is known of
/// an address at a pool may be missing.
const SEGMENTS: [&str; 5] = ["watch_spent", "budget_spent", "ring_full", "unreadable", "events_undecodable"];

/// What the records say about an address at a pool.
#[derive(Default)]
struct Case {
    opened: usize,
    protocol: String,
    shares: u64,
}

pub(super) fn judge(evidence: &Evidence<'_>) -> Checks {
    let mut checks = Checks::default();
    let report = evidence.report;
    checks.add("the agent ends well", report.clean(), report.status.to_string());
    resources(&mut checks, evidence);
    troubles(&mut checks, evidence);
    miners(&mut checks, evidence);
    checks
}

fn resources(checks: &mut Checks, evidence: &Evidence<'_>) {
    let samples = evidence.samples;
    let end = samples.last().map(|sample| sample.at).unwrap_or_default();
    let peak = |later: bool| {
        let half = samples.iter().filter(|sample| (sample.at > end / 2) == later);
        half.map(|sample| sample.memory).max().unwrap_or_default()
    };
    let (first, second) = (peak(false), peak(true));
    // Who looked once cannot tell.
    checks.add(
        "memory does not grow",
        first == 0 || second <= first + GROWTH,
        format!("{first} KiB in the first half, {second} KiB in the second; {GROWTH} KiB more are allowed"),
    );
    let constant = |value: fn(&Sample) -> String| {
        let mut values: Vec<String> = samples.iter().map(value).collect();
        values.dedup();
        (values.len() == 1, values.join(", then "))
    };
    let (holds, found) = constant(|sample| sample.descriptors.to_string());
    checks.add("descriptors stay the same", holds, found);
    let (holds, found) = constant(|sample| {
        let (maps, programs, links) = sample.objects;
        format!("{maps} maps, {programs} program, {links} links")
    });
    checks.add("the agent's maps, program and links stay the same", holds, found);
    let [running, after] = &evidence.strays;
    checks.nothing("no automaton is left of those replaced", "the one in use", running);
    checks.nothing("no map or program is left in the kernel", "none", after);
}

fn troubles(checks: &mut Checks, evidence: &Evidence<'_>) {
    let (done, report) = (evidence.done, evidence.report);
    let (watched, lost) = (report.counter("interfaces"), report.counter("interfaces_lost"));
    checks.add(
        "interfaces are watched again",
        watched == Some(2) && lost == Some(done.lost),
        format!(
            "{} times, after {:.1} s at most; {} flaps",
            done.lost,
            done.slowest.as_secs_f64(),
            done.flaps
        ),
    );
    let read = report.log.iter().filter(|line| line.contains("configuration read anew")).count();
    checks.add("signatures are read anew", read as u64 == done.reloads, format!("{read} times"));
}

fn miners(checks: &mut Checks, evidence: &Evidence<'_>) {
    let (cases, tallies) = (cases(evidence.report), evidence.population.tallies());
    let told = |(miner, pool): &Pair| format!("{miner} -> {pool}");
    let (mut missing, mut invented, mut short) = (Vec::new(), Vec::new(), Vec::new());
    let (mut miners, mut due, mut shares) = (0, 0, 0);
    for (pair, tally) in tallies {
        let case = cases.get(pair);
        miners += tally.miners;
        shares += tally.shares;
        let reported = case.map_or(0, |case| case.shares);
        let complaint =
            || format!("{}: {reported}, and not {} to {}", told(pair), tally.undisturbed, tally.shares);
        if reported > tally.shares {
            invented.push(complaint());
        } else if reported < tally.undisturbed {
            short.push((tally.undisturbed - reported, complaint()));
        }
        match case {
            None if tally.due => missing.push(format!("{}: not reported", told(pair))),
            Some(case) if case.opened != 1 => missing.push(format!("{}: {} cases", told(pair), case.opened)),
            Some(case) if case.protocol != tally.protocol => {
                missing.push(format!("{}: {} and not {}", told(pair), case.protocol, tally.protocol));
            }
            _ => {}
        }
        due += usize::from(tally.due);
    }
    let strangers: Vec<String> = cases.keys().filter(|pair| !tallies.contains_key(pair)).map(told).collect();
    checks.nothing(
        "every miner is reported, as one case",
        format!("{miners} miners, from {} addresses at their pools, {due} of which had to be", tallies.len()),
        &missing,
    );
    checks.nothing("nobody else is reported", "no other case", &strangers);
    let report = evidence.report;
    let losses: Vec<String> = lab::losses()
        .filter_map(|name| {
            report.counter(name).filter(|count| *count > 0).map(|count| format!("{name} {count}"))
        })
        .collect();
    let lost = |of_a_segment: bool| -> u64 {
        let names = lab::losses().filter(|name| SEGMENTS.contains(name) == of_a_segment);
        names.filter_map(|name| report.counter(name)).sum()
    };
    let unexplained = unexplained(short, lost(true), lost(false));
    checks.nothing("no share is invented", "none more than were handed in", &invented);
    checks.nothing(
        "no loss goes uncounted",
        format!(
            "{} of {shares} shares in the records, beside {} MiB of bulk; {}",
            cases.values().map(|case| case.shares).sum::<u64>(),
            evidence.bulk >> 20,
            if losses.is_empty() { "no losses".to_owned() } else { losses.join(", ") }
        ),
        &unexplained,
    );
}

/// Of those for whom shares are missing, and how many, whom the losses that were counted do not explain.
fn unexplained(mut short: Vec<(u64, String)>, segments: u64, others: u64) -> Vec<String> {
    short.sort();
    let rest = short.len().saturating_sub(usize::try_from(others).unwrap_or(usize::MAX));
    short.truncate(rest);
    let missing: u64 = short.iter().map(|(shares, _)| shares).sum();
    if missing <= segments { Vec::new() } else { short.into_iter().map(|(_, complaint)| complaint).collect() }
}

fn cases(report: &Report) -> BTreeMap<Pair, Case> {
    let mut cases: BTreeMap<Pair, Case> = BTreeMap::new();
    for record in report.alerts() {
        let Some(pair) = pair(record) else { continue };
        let case = cases.entry(pair).or_default();
        case.opened += usize::from(record.says("reason", "opened"));
        text(record, "/app_proto").clone_into(&mut case.protocol);
        let shares = record.value.pointer("/mining/shares/submitted").and_then(serde_json::Value::as_u64);
        case.shares = case.shares.max(shares.unwrap_or(0));
    }
    cases
}

fn pair(record: &Record) -> Option<Pair> {
    let port = record.value.get("dest_port")?.as_u64()?;
    let pool = SocketAddr::new(text(record, "/dest_ip").parse().ok()?, u16::try_from(port).ok()?);
    Some((text(record, "/src_ip").parse().ok()?, pool))
}

fn text<'a>(record: &'a Record, path: &str) -> &'a str {
    record.value.pointer(path).and_then(serde_json::Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_excuses_no_more_than_it_may_have_taken() {
        let short = || vec![(7, "a".to_owned()), (1, "b".to_owned())];
        assert_eq!(unexplained(short(), 0, 0).len(), 2);
        assert_eq!(unexplained(short(), 7, 0).len(), 2, "eight are missing");
        assert_eq!(unexplained(short(), 8, 0).len(), 0);
        assert_eq!(unexplained(short(), 0, 1), ["b"], "one may be missing altogether");
        assert_eq!(unexplained(short(), 1, 1).len(), 0);
    }
}
