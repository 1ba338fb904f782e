//! The configuration, checked as `firedamp check-config` does, and how old the files are that it names.

use std::path::Path;

use jiff::Timestamp;

use super::finding::{Check, Finding, word};
use crate::config::{Config, Loaded, Overrides, Settled};
use crate::enrich::Age;

/// Days after which what a file says of addresses is taken for old; the alert rules for Prometheus say the same.
const OLD_DAYS: i64 = 45;

const DAY: i64 = 86_400;

/// The configuration as far as it can be read, and what is to be said of it. Without a file nothing is.
pub(super) fn examine(file: Option<&Path>) -> (Config, Vec<Finding>) {
    let Some(file) = file else { return (Config::default(), Vec::new()) };
    let settled = match Settled::read(Some(file), &Overrides::default()) {
        Ok(settled) => settled,
        Err(problems) => return (Config::default(), vec![wrong(file, &problems.to_string())]),
    };
    let config = settled.config.clone();
    let loaded = match settled.load() {
        Ok(loaded) => loaded,
        Err(problems) => return (config, vec![wrong(file, &problems.to_string())]),
    };
    let mut findings = vec![right(file, &loaded)];
    let now = Timestamp::now();
    findings.extend(loaded.enricher.ages().iter().map(|age| aged(age, now)));
    (config, findings)
}

fn wrong(file: &Path, problems: &str) -> Finding {
    let check = format!("firedamp check-config {}", word(file.display()));
    Finding::fatal(Check::Configuration, problems).of(file.display().to_string()).mend(check)
}

fn right(file: &Path, loaded: &Loaded) -> Finding {
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    let finding = if warnings.is_empty() {
        Finding::fine(Check::Configuration, "valid, with all that it names")
    } else {
        let check = format!("firedamp check-config {}", word(file.display()));
        Finding::degraded(Check::Configuration, warnings.join("; ")).mend(check)
    };
    finding.of(file.display().to_string())
}

fn aged(age: &Age, now: Timestamp) -> Finding {
    let days = (now.as_second() - age.time.as_second()) / DAY;
    let why = format!("{} rows or nodes, of {}", age.entries, age.time.strftime("%Y-%m-%d"));
    let finding = if days < -1 {
        let why = format!("{why}: that is still to come; the clock or the file is wrong");
        Finding::degraded(Check::DataFile, why).mend("date --utc")
    } else if days > OLD_DAYS {
        let why = format!("{why}, {days} days old: networks and places in records may be wrong");
        Finding::degraded(Check::DataFile, why).mend("put a newer file in its place; it is read at once")
    } else if age.entries == 0 {
        Finding::degraded(Check::DataFile, "there is nothing in it")
            .mend("put a file that is not empty in its place; it is read at once")
    } else {
        Finding::fine(Check::DataFile, why)
    };
    finding.of(age.path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;
    use crate::enrich::FileKind;

    #[test]
    fn old_files_are_told_with_their_age() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let aged = |days: i64| {
            let time = Timestamp::from_second(now.as_second() - days * DAY).unwrap();
            aged(&Age { kind: FileKind::Pools, path: "pools.csv".into(), time, entries: 3, failures: 0 }, now)
        };
        assert_eq!(aged(3).state, State::Fine);
        let old = aged(100);
        assert_eq!((old.state, old.subject.as_deref()), (State::Degraded, Some("pools.csv")));
        assert!(old.why.contains("100 days"), "{}", old.why);
        assert!(aged(-20).why.contains("to come"));
    }

    #[test]
    fn a_wrong_configuration_is_fatal_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f.toml");
        std::fs::write(&file, "[capture]\nflows = 0\n").unwrap();
        let (_, findings) = examine(Some(&file));
        assert_eq!((findings.len(), findings[0].state), (1, State::Fatal));
        assert!(findings[0].why.contains("f.toml:2"), "{}", findings[0].why);
        std::fs::write(&file, "[capture]\nflows = 5\n").unwrap();
        let (config, findings) = examine(Some(&file));
        assert_eq!((config.capture.flows, findings[0].state), (5, State::Fine));
        assert!(examine(None).1.is_empty());
    }
}
