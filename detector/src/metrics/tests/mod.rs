use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use detector_common::counters::Counter;

use super::counters::FAMILIES;
use super::received::Received;
use super::*;
use crate::judge::{Protocol, Verdict};
use crate::losses::{LOSSES, UNREAD};

mod files;
mod http;

const WITHIN: Duration = Duration::from_secs(10);

/// A page, read by somebody who knows only the format: sample with labels to value, metric to kind.
struct Page {
    samples: BTreeMap<String, f64>,
    kinds: BTreeMap<String, String>,
}

fn read(page: &str) -> Page {
    let (mut samples, mut kinds, mut helped) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
    let mut current = String::new();
    assert!(page.ends_with('\n'));
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a help has words");
            assert!(!help.is_empty() && helped.insert(name.to_owned()), "{name} stands twice");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(helped.contains(name) && ["counter", "gauge", "summary"].contains(&kind), "{line}");
            assert_eq!(kinds.insert(name.to_owned(), kind.to_owned()), None);
            name.clone_into(&mut current);
        } else {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            let name = sample.split('{').next().unwrap();
            let part = name.strip_prefix(&current).expect("the samples of a metric stand together");
            assert!(
                part.is_empty() || (kinds[&current] == "summary" && ["_sum", "_count"].contains(&part)),
                "{line}"
            );
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{line}");
            assert_eq!(
                samples.insert(sample.to_owned(), value.parse().unwrap()),
                None,
                "{line} stands twice"
            );
        }
    }
    Page { samples, kinds }
}

/// A state in which everything is there.
fn full() -> Snapshot {
    let counters = FAMILIES.iter().flat_map(|family| family.counters).copied().chain(["packets"]);
    Snapshot {
        counters: counters.zip(1..).collect(),
        interfaces: vec![
            Interface { name: "lan0".to_owned(), hook: Hook::Native, reason: None },
            Interface {
                name: "wan1".to_owned(),
                hook: Hook::Tcx,
                reason: Some("XDP is taken by program 4".to_owned()),
            },
            Interface { name: "wan\"0\\".to_owned(), hook: Hook::Generic, reason: None },
        ],
        drained: Some(Instant::now()),
        detections: BTreeMap::from([(
            Detection::new(Protocol::CryptoNote, Some("XMR"), Verdict::Confirmed, NetworkType::Education),
            7,
        )]),
        open: BTreeMap::from([(NetworkType::HomeBroadband, 3), (NetworkType::Unknown, 2)]),
        outputs: vec![Output {
            name: "siem".to_owned(),
            written: 10,
            filtered: 5,
            repeated: 6,
            lost: 1,
            cut: 2,
            outages: 3,
            retries: 7,
            connected: true,
            waiting: 4,
            waiting_bytes: 5000,
            lag: Duration::from_millis(2500),
        }],
        store: Some(Store { writes: 4, writing: Duration::from_millis(500), bytes: 1 << 20 }),
        data: vec![DataFile {
            kind: "database",
            name: "city".to_owned(),
            age: Duration::from_hours(24),
            entries: 9,
            failures: 2,
        }],
        rules: 88,
        data_refused: true,
        reload: Some(Reload { success: true, time: Timestamp::from_second(1_795_370_155).unwrap() }),
    }
}

fn shown(snapshot: Snapshot) -> Page {
    let metrics = Metrics::default();
    metrics.update(snapshot);
    let received =
        BTreeMap::from([("lan0".to_owned(), Received { bytes: 1_000_000_000_000_000, packets: 9 })]);
    read(&metrics.page(Instant::now(), WITHIN, &received))
}

#[test]
fn the_state_is_shown_with_units_and_labels() {
    let page = shown(full());
    for (sample, value) in [
        ("firedamp_ready", 1.0),
        (r#"firedamp_interface_info{iface="lan0",xdp_mode="native"}"#, 1.0),
        (r#"firedamp_interface_info{iface="wan\"0\\",xdp_mode="generic"}"#, 1.0),
        (r#"firedamp_interface_info{iface="wan1",xdp_mode="tcx",reason="XDP is taken by program 4"}"#, 1.0),
        (r#"firedamp_interface_received_bytes_total{iface="lan0"}"#, 1e15),
        (
            r#"firedamp_detections_total{protocol="cryptonote",coin="XMR",verdict="confirmed",net_type="education"}"#,
            7.0,
        ),
        (r#"firedamp_cases_open{net_type="home-broadband"}"#, 3.0),
        (r#"firedamp_sink_lag_seconds{sink="siem"}"#, 2.5),
        (r#"firedamp_sink_dropped_total{sink="siem"}"#, 1.0),
        (r#"firedamp_sink_filtered_total{sink="siem"}"#, 5.0),
        (r#"firedamp_sink_repeated_total{sink="siem"}"#, 6.0),
        (r#"firedamp_sink_cut_total{sink="siem"}"#, 2.0),
        (r#"firedamp_sink_outages_total{sink="siem"}"#, 3.0),
        (r#"firedamp_sink_retries_total{sink="siem"}"#, 7.0),
        (r#"firedamp_sink_connected{sink="siem"}"#, 1.0),
        ("firedamp_store_write_seconds_sum", 0.5),
        ("firedamp_store_write_seconds_count", 4.0),
        (r#"firedamp_enrich_db_age_seconds{db="database",file="city"}"#, 86400.0),
        (r#"firedamp_enrich_db_entries{db="database",file="city"}"#, 9.0),
        (r#"firedamp_enrich_db_failures_total{db="database",file="city"}"#, 2.0),
        ("firedamp_enrich_reload_success", 0.0),
        ("firedamp_rules_loaded", 88.0),
        ("firedamp_config_reload_success", 1.0),
        ("firedamp_config_last_reload_timestamp_seconds", 1_795_370_155.0),
    ] {
        let found = page.samples.get(sample).unwrap_or_else(|| panic!("{sample} is missing"));
        assert!((found - value).abs() < f64::EPSILON, "{sample} is {found}");
    }
    let version = env!("CARGO_PKG_VERSION");
    assert!(page.samples.keys().any(|sample| {
        sample.starts_with(&format!("firedamp_build_info{{version=\"{version}\""))
            && sample.contains("\"mixed\"")
    }));
}

#[test]
fn names_follow_the_conventions_of_prometheus() {
    for (name, kind) in shown(full()).kinds {
        assert!(name.starts_with("firedamp_"), "{name}");
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name} is a {kind}");
    }
}

#[test]
fn every_counter_has_exactly_one_metric() {
    let mut listed = BTreeSet::from(["packets"]);
    for counter in FAMILIES.iter().flat_map(|family| family.counters) {
        assert!(listed.insert(counter), "{counter} stands twice");
    }
    let kernel = Counter::ALL.iter().map(|counter| counter.name());
    for counter in kernel.chain(LOSSES.map(|(name, _)| name)).chain(UNREAD) {
        assert!(listed.contains(counter), "{counter} has no metric");
    }
    let readme = include_str!("../../../../README.md");
    let table = readme.split("\n## Counters\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut told = 0;
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let names = row.split('|').nth(1).unwrap();
        for name in names.split('`').skip(1).step_by(2) {
            told += 1;
            assert!(listed.contains(name), "{name} of the README has no metric");
        }
    }
    assert!(told > 50, "the table was not found");
}

#[test]
fn each_counter_is_shown_once_with_its_value() {
    let snapshot = full();
    let page = shown(snapshot.clone());
    for family in FAMILIES {
        for counter in family.counters {
            let sample = match family.label {
                Some(label) => format!("{}{{{label}=\"{counter}\"}}", family.name),
                None => family.name.to_owned(),
            };
            let value = f64::from(u32::try_from(snapshot.counters[counter]).unwrap());
            assert!((page.samples[&sample] - value).abs() < f64::EPSILON, "{sample}");
        }
    }
}

/// The fates of packets that the kernel counts add up to all packets, and so do the two metrics.
#[test]
fn the_fates_of_packets_are_in_two_metrics() {
    let readme = include_str!("../../../../README.md");
    let starred: BTreeSet<_> = readme
        .lines()
        .filter(|line| line.starts_with("| `"))
        .filter_map(|line| line.split('|').nth(1)?.trim().strip_suffix(" *"))
        .map(|name| name.trim_matches('`'))
        .collect();
    let of =
        |name: &str| FAMILIES.iter().find(|family| family.name == name).unwrap().counters.iter().copied();
    let both: BTreeSet<_> = of("firedamp_packets_total").chain(of("firedamp_parse_errors_total")).collect();
    assert_eq!(starred, both);
}

#[test]
fn labels_are_bounded_whatever_is_detected() {
    let mut kinds = BTreeSet::new();
    for number in 0..1000 {
        let protocol = Protocol::named(&format!("custom-{number}"));
        let coin = format!("4Wallet{number}");
        kinds.insert(Detection::new(protocol, Some(&coin), Verdict::Probable, NetworkType::Unknown));
    }
    assert_eq!(kinds.len(), 1);
    let label = |detection: Detection| detection.labels().map(|(_, value)| value);
    assert_eq!(label(kinds.pop_first().unwrap()), ["other", "other", "probable", "unknown"]);
    let known = Detection::new(Protocol::Kaspa, None, Verdict::Node, NetworkType::DataCentre);
    assert_eq!(label(known), ["kaspa", "unknown", "node", "data-centre"]);
}

#[test]
fn what_is_not_there_is_not_shown() {
    let page = shown(Snapshot::default());
    assert!(!page.kinds.contains_key("firedamp_store_size_bytes"));
    assert!(!page.kinds.contains_key("firedamp_config_reload_success"));
    assert!((page.samples["firedamp_ready"] - 0.0).abs() < f64::EPSILON);
}

#[test]
fn readiness_says_why_not() {
    let (metrics, now) = (Metrics::default(), Instant::now());
    let reason = || metrics.ready(now, WITHIN).unwrap_err();
    assert_eq!(reason(), "the agent starts");
    metrics.update(Snapshot { interfaces: Vec::new(), ..full() });
    assert_eq!(reason(), "no interface is watched");
    metrics.update(Snapshot { drained: None, ..full() });
    assert_eq!(reason(), "the ring buffer was never empty yet");
    metrics.update(Snapshot { drained: now.checked_sub(Duration::from_secs(11)), ..full() });
    assert_eq!(reason(), "the ring buffer was last empty 11 s ago");
    metrics.update(Snapshot { drained: now.checked_sub(Duration::from_secs(10)), ..full() });
    assert_eq!(metrics.ready(now, WITHIN), Ok(()));
}

#[test]
fn the_configuration_has_defaults_and_refuses_what_it_does_not_know() {
    let read = toml::from_str::<Config>;
    assert_eq!(read("").unwrap(), Config::default());
    let config = read("listen = \"127.0.0.1:9798\"\nallow-remote = true\nready-within = 3").unwrap();
    assert_eq!(config, Config { listen: "127.0.0.1:9798".parse().ok(), allow_remote: true, ready_within: 3 });
    assert!(read("listen-on = \"127.0.0.1:9798\"").unwrap_err().to_string().contains("listen-on"));
}
