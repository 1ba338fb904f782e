//! The files for operators name metrics: all of them must exist.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{full, shown};

const DASHBOARD: &str = include_str!("../../../../deploy/grafana/firedamp.json");
const RULES: &str = include_str!("../../../../deploy/prometheus/firedamp.rules.yml");
const RULE_TESTS: &str = include_str!("../../../../deploy/prometheus/firedamp.rules.test.yml");
const GUIDE: &str = include_str!("../../../../docs/metrics.md");

/// Names of samples as they are on the page.
fn on_the_page() -> BTreeSet<String> {
    shown(full()).samples.into_keys().map(|sample| sample.split('{').next().unwrap().to_owned()).collect()
}

/// Words that look like metrics of ours.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("firedamp_")).collect()
}

#[test]
fn every_metric_that_a_file_names_exists() {
    let there = on_the_page();
    for (file, text) in
        [("dashboard", DASHBOARD), ("rules", RULES), ("tests of the rules", RULE_TESTS), ("guide", GUIDE)]
    {
        let named = named(text);
        assert!(named.len() > 3, "{file}");
        for name in named {
            let summary = there.contains(&format!("{name}_sum"));
            assert!(there.contains(name) || summary, "{name} in the {file} is no metric");
        }
    }
}

#[test]
fn the_guide_tells_every_metric_with_its_kind() {
    let rows: Vec<_> = GUIDE.lines().filter(|line| line.starts_with("| `firedamp_")).collect();
    for (name, kind) in shown(full()).kinds {
        let row = rows.iter().find(|row| row.starts_with(&format!("| `{name}`"))).unwrap_or_else(|| {
            panic!("{name} is not told");
        });
        assert!(row.contains(&format!("| {kind} |")), "{name} is a {kind}: {row}");
    }
}

#[test]
fn the_dashboard_can_be_imported() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    assert!(dashboard["title"].is_string() && dashboard["uid"].is_string());
    assert!(dashboard["id"].is_null(), "an id belongs to one Grafana");
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        let place = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(place("x") + place("w") <= 24 && place("h") > 0, "{panel}");
        if panel["type"] == "row" {
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}");
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty() && targets.iter().all(|target| target["expr"].is_string()), "{panel}");
    }
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert!(variables.iter().any(|variable| variable["name"] == "datasource"));
}
