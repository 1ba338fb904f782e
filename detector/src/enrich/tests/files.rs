use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use jiff::Timestamp;

use super::{Files, NOON, nested, network};
use crate::advice::Language;
use crate::enrich::{Config, Enricher, FileKind, Problems, Reloader};

#[test]
fn ages_are_those_of_the_files_and_of_the_build_of_databases() {
    let files = Files::new()
        .prefixes("prefix\n10.0.0.0/8\n")
        .pools("name,match\nA,10.0.0.1\nA,a.example.net\n")
        .leases("ip,user,from\n10.0.0.1,a,0\n")
        .database(&[("203.0.113.0/24", nested())]);
    let modified = fs::File::options().write(true).open(files.config.prefixes.as_ref().unwrap()).unwrap();
    modified.set_modified(NOON.into()).unwrap();
    let ages = files.load().ages();
    let kinds: Vec<_> = ages.iter().map(|age| (age.kind, age.entries)).collect();
    assert_eq!(kinds[0], (FileKind::Prefixes, 1));
    assert_eq!(kinds[2..], [(FileKind::Pools, 2), (FileKind::Leases, 1)]);
    assert_eq!((ages[0].time, ages[1].time), (NOON, Timestamp::from_second(1_700_000_000).unwrap()));
}

#[test]
fn the_section_of_the_configuration_knows_its_keys() {
    let config: Config =
        toml::from_str("prefixes = 'a.csv'\ndatabases = ['b.mmdb']\ncheck-seconds = 3").unwrap();
    assert_eq!((config.check_seconds, config.databases.len()), (3, 1));
    assert_eq!(Config::default().check_seconds, 10);
    assert!(toml::from_str::<Config>("prefix = 'a.csv'").is_err());
    assert!(toml::from_str::<Config>("check-seconds = 0").is_err());
}

/// What comes of a change, long after the interval.
fn outcome(reloader: &mut Reloader, now: &mut Instant) -> Result<Arc<Enricher>, Problems> {
    let begun = Instant::now();
    loop {
        *now += Duration::from_secs(11);
        if let Some(outcome) = reloader.poll(*now) {
            return outcome;
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "it did not see the change");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// As an operator should do it, and as rsync does.
fn replace(path: &Path, contents: impl AsRef<[u8]>) {
    let new = path.with_extension("new");
    fs::write(&new, contents).unwrap();
    fs::rename(new, path).unwrap();
}

fn reloader(files: &Files, now: Instant) -> Reloader {
    let enricher = Enricher::load(&files.config, Language::En).unwrap();
    Reloader::after(files.config.clone(), Language::En, Arc::new(enricher), now)
}

#[test]
fn a_changed_file_is_read_anew_and_a_broken_one_leaves_the_old_in_use() {
    let files =
        Files::new().prefixes("prefix,site\n10.0.0.0/8,old\n").database(&[("203.0.113.0/24", nested())]);
    let path = files.config.prefixes.clone().unwrap();
    let mut now = Instant::now();
    let mut reloader = reloader(&files, now);
    let site = |reloader: &Reloader| network(reloader.current(), "10.1.2.3").site.unwrap();
    assert_eq!(site(&reloader), "old");

    replace(&path, "prefix,site\n10.0.0.0/8,new\n");
    assert!(reloader.poll(now + Duration::from_secs(9)).is_none(), "the interval has not passed");
    let new = outcome(&mut reloader, &mut now).unwrap();
    assert_eq!(network(&new, "10.1.2.3").site.as_deref(), Some("new"));
    assert_eq!(network(&new, "203.0.113.9").city.as_deref(), Some("Jinan"));

    replace(&path, "prefix,site\nzork,newer\n");
    let problems = outcome(&mut reloader, &mut now).unwrap_err();
    assert!(problems.to_string().contains("prefixes.csv:2: "), "{problems}");
    assert_eq!(site(&reloader), "new");
    for _ in 0..50 {
        now += Duration::from_secs(11);
        assert!(reloader.poll(now).is_none(), "a mistake is told once");
    }

    fs::remove_file(&path).unwrap();
    assert!(outcome(&mut reloader, &mut now).is_err());
    replace(&path, "prefix,site\n10.0.0.0/8,newest\n");
    outcome(&mut reloader, &mut now).unwrap();
    assert_eq!(site(&reloader), "newest");
}

#[test]
fn a_file_that_changes_before_it_is_looked_after_is_read_anew() {
    let files = Files::new().prefixes("prefix,site\n10.0.0.0/8,old\n");
    let read = Arc::new(files.load());
    replace(files.config.prefixes.as_ref().unwrap(), "prefix,site\n10.0.0.0/8,new\n");
    let mut now = Instant::now();
    let mut reloader = Reloader::after(files.config.clone(), Language::En, read, now);
    outcome(&mut reloader, &mut now).unwrap();
    assert_eq!(network(reloader.current(), "10.1.2.3").site.as_deref(), Some("new"));
}

#[test]
fn a_database_that_is_truncated_in_place_is_used_as_it_was_read() {
    let files = Files::new().database(&[("203.0.113.0/24", nested())]);
    let mut now = Instant::now();
    let mut reloader = reloader(&files, now);
    fs::File::options().write(true).open(&files.config.databases[0]).unwrap().set_len(10).unwrap();
    assert!(outcome(&mut reloader, &mut now).is_err());
    assert_eq!(network(reloader.current(), "203.0.113.9").city.as_deref(), Some("Jinan"));
}
