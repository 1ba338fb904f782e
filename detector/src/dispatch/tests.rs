use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use serde_json::Value;

use super::*;
use crate::advice::Language;
use crate::enrich::{Enricher, NetworkType};
use crate::exclude::Exclusions;
use crate::judge::Verdict;
use crate::ledger::{Ledger, Record};
use crate::metrics::Detection;
use crate::output::{Identities, Target};
use crate::store::tests::{at, ledger, observe};
use crate::store::{Limits, Settings};
use crate::{block, enrich, exclude};

fn rules(exclude: &str) -> Rules {
    rules_with(exclude, &enrich::Config::default())
}

fn rules_with(exclude: &str, files: &enrich::Config) -> Rules {
    #[derive(serde::Deserialize)]
    struct File {
        #[serde(default)]
        exclude: Vec<exclude::Rule>,
    }
    let file: File = toml::from_str(exclude).unwrap();
    let exclusions = Exclusions::new(&file.exclude, Identities::Clear, None).unwrap();
    let (identities, limits) = (Identities::Clear, Limits::default());
    let enricher = Enricher::load(files, Language::En).unwrap();
    Rules::new(files, enricher, exclusions, identities, Language::En, limits)
}

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn settings(&self) -> Settings {
        Settings::new(self.directory.path().join("ledger.db"))
    }

    fn records(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.directory.path().join("eve.json")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn start(&self, rules: Rules) -> Dispatch {
        let mut store = Store::open(self.settings()).unwrap();
        let target = Target::File(self.directory.path().join("eve.json"));
        let cursors = store.begin(["file"]).unwrap();
        let outputs = Outputs::start(vec![target.into()], Some(store.archive()), &cursors).unwrap();
        Dispatch::live(rules, Some(store), outputs).unwrap()
    }
}

fn finish(dispatch: Dispatch) -> Counts {
    dispatch.finish(Some(Duration::from_mins(1))).0
}

fn written(path: &Path) -> BTreeSet<(String, u64)> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut select = connection.prepare(r#"SELECT "case", number FROM history"#).unwrap();
    let rows = select.query_map((), |row| {
        Ok((format!("{:016x}", row.get::<_, i64>(0)?), u64::try_from(row.get::<_, i64>(1)?).unwrap()))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn what_an_output_has_is_in_the_ledger() {
    let place = Place::new();
    let dispatch = place.start(rules(""));
    let mut memory = ledger();
    for host in 1..=200 {
        for record in observe(&mut memory, &format!("10.0.0.{host}:4000"), 3, host) {
            dispatch.offer(record).unwrap();
        }
    }
    let counts = finish(dispatch);
    assert_eq!((counts.unkept, counts.shed, counts.store_entries), (0, 0, 200));
    let told: BTreeSet<(String, u64)> = place
        .records()
        .iter()
        .map(|record| {
            let mining = &record["mining"];
            (mining["case_id"].as_str().unwrap().to_owned(), mining["record"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(told, written(&place.settings().file));
    let confirmed =
        |network| Detection::new(crate::judge::Protocol::KawPow, Some("RVN"), Verdict::Confirmed, network);
    assert_eq!(counts.detections, [(confirmed(NetworkType::Unknown), 200)].into());
    assert_eq!(counts.open, [(NetworkType::Unknown, 200)].into());
}

#[test]
fn cases_that_go_on_are_open_before_they_are_heard_again() {
    let place = Place::new();
    let dispatch = place.start(rules(""));
    let mut memory = ledger();
    for host in 1..=3 {
        for record in observe(&mut memory, &format!("10.0.0.{host}:4000"), 3, host) {
            dispatch.offer(record).unwrap();
        }
    }
    drop(finish(dispatch));
    let cases = Store::open(place.settings()).unwrap().restore(100).unwrap();
    let again = rules("");
    let open = again.open(&cases);
    let dispatch = place.start(again);
    dispatch.resume(open);
    assert_eq!(dispatch.counts().open, [(NetworkType::Unknown, 3)].into());
    let mut memory = ledger();
    for case in cases {
        memory.restore(case);
    }
    for host in 1..=3 {
        let _ = observe(&mut memory, &format!("10.0.0.{host}:4001"), 4, 100);
    }
    let told: Vec<Record> = memory.finish(at(1_000)).collect();
    assert_eq!(told.len(), 3);
    for record in told {
        dispatch.offer(record).unwrap();
    }
    assert_eq!(finish(dispatch).open, [(NetworkType::Unknown, 3)].into(), "none is counted twice");
}

#[test]
fn an_agent_that_is_started_anew_repeats_nothing_and_forgets_nothing() {
    let place = Place::new();
    let mut ports = 4_000..;
    for start in 0..3 {
        let store = Store::open(place.settings()).unwrap();
        let cases = store.restore(100).unwrap();
        drop(store);
        let mut memory = ledger();
        for case in cases {
            memory.restore(case);
        }
        let dispatch = place.start(rules(""));
        for host in 1..=10 {
            let miner = format!("10.0.0.{host}:{}", ports.next().unwrap());
            for record in observe(&mut memory, &miner, 3, start * 100) {
                dispatch.offer(record).unwrap();
            }
        }
        for record in memory.finish(at(start * 100 + 50)) {
            dispatch.offer(record).unwrap();
        }
        let _ = finish(dispatch);
    }
    let records = place.records();
    assert_eq!(records.len(), 10, "each case once: {records:#?}");
    assert!(records.iter().all(|record| record["mining"]["reason"] == "opened"));
    let store = Store::open(place.settings()).unwrap();
    assert!(store.restore(100).unwrap().iter().all(|case| case.connections == 3));
}

#[test]
fn a_hidden_case_is_kept_and_counted_and_not_told() {
    let place = Place::new();
    let dispatch = place.start(rules("[[exclude]]\nreason = \"our own test\"\nhost = \"10.0.0.1\""));
    let mut memory = ledger();
    for host in 1..=2 {
        for record in observe(&mut memory, &format!("10.0.0.{host}:4000"), 3, 0) {
            dispatch.offer(record).unwrap();
        }
    }
    let counts = finish(dispatch);
    assert_eq!(counts.hidden, 1);
    let records = place.records();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["src_ip"], "10.0.0.2");
    assert!(records[0]["mining"]["advice"].as_array().is_some_and(|advice| !advice.is_empty()));
    let connection = rusqlite::Connection::open(place.settings().file).unwrap();
    let hidden: String = connection
        .query_row("SELECT hidden FROM cases WHERE hidden IS NOT NULL", (), |row| row.get(0))
        .unwrap();
    assert_eq!(hidden, "our own test");
}

/// Seconds after which a case is quiet that had news at 0, and a little more.
const QUIET: i64 = 3_700;

fn tell(dispatch: &Dispatch, records: impl IntoIterator<Item = Record>) {
    for record in records {
        dispatch.offer(record).unwrap();
    }
}

#[test]
fn a_record_names_who_had_the_address_when_the_miner_was_last_active() {
    let place = Place::new();
    let leases = place.directory.path().join("leases.csv");
    let (from, later) = (at(-60), at(60));
    let rows = format!("ip,user,from,to\n10.0.0.1,lee,{from},{later}\n10.0.0.1,wang,{later},\n");
    std::fs::write(&leases, rows).unwrap();
    let files = enrich::Config { leases: Some(leases), ..enrich::Config::default() };
    let dispatch = place.start(rules_with("", &files));
    let mut memory = ledger();
    tell(&dispatch, observe(&mut memory, "10.0.0.1:4000", 3, 0));
    tell(&dispatch, memory.advance(at(QUIET)));
    tell(&dispatch, memory.finish(at(QUIET + 1)));
    let _ = finish(dispatch);
    let records = place.records();
    let told: Vec<_> =
        records.iter().map(|it| (&it["mining"]["reason"], &it["mining"]["lease"]["user"])).collect();
    assert_eq!(told, [(&"opened".into(), &"lee".into()), (&"quiet".into(), &"lee".into())]);
    assert!(!records[1]["mining"]["advice"].to_string().contains("wang"));
    let connection = rusqlite::Connection::open(place.settings().file).unwrap();
    let user: String =
        connection.query_row("SELECT body ->> '$.lease.user' FROM details", (), |row| row.get(0)).unwrap();
    assert_eq!(user, "lee");
}

#[test]
fn a_case_hidden_at_some_hours_stays_hidden_when_it_falls_quiet_after_them() {
    let place = Place::new();
    let until = at(60);
    let rule = format!("[[exclude]]\nreason = 'backups'\nhost = '10.0.0.1'\nuntil = '{until}'");
    let dispatch = place.start(rules(&rule));
    let mut memory = ledger();
    tell(&dispatch, observe(&mut memory, "10.0.0.1:4000", 3, 0));
    tell(&dispatch, memory.advance(at(QUIET)));
    tell(&dispatch, observe(&mut memory, "10.0.0.1:4001", 4, QUIET + 1));
    let counts = finish(dispatch);
    assert_eq!(counts.hidden, 2);
    let records = place.records();
    assert_eq!(records.len(), 1, "{records:#?}");
    assert_eq!(records[0]["mining"]["reason"], "opened", "nobody was told before");
}

#[test]
fn a_case_that_is_hidden_no_more_is_told_once() {
    let place = Place::new();
    let until = at(60);
    let rule = format!("[[exclude]]\nreason = 'maintenance'\nhost = '10.0.0.1'\nuntil = '{until}'");
    let mut memory = ledger();
    let dispatch = place.start(rules(&rule));
    tell(&dispatch, observe(&mut memory, "10.0.0.1:4000", 3, 0));
    assert_eq!(finish(dispatch).hidden, 1);
    // Also if the agent was started anew in between.
    let dispatch = place.start(rules(&rule));
    for seconds in [120, 240] {
        tell(&dispatch, observe(&mut memory, "10.0.0.1:4000", 4, seconds));
        tell(&dispatch, memory.advance(at(seconds + 61)));
    }
    let _ = finish(dispatch);
    let told: Vec<Value> =
        place.records().into_iter().map(|record| record["mining"]["reason"].clone()).collect();
    assert_eq!(told, ["opened"]);
}

#[test]
fn a_miner_is_back_only_if_it_was_active_after_it_was_called_fixed() {
    let place = Place::new();
    let dispatch = place.start(rules(""));
    let mut memory = ledger();
    tell(&dispatch, observe(&mut memory, "10.0.0.1:4000", 3, 0));
    crate::output::tests::until("the record is told", || place.records().len() == 1);
    let connection = rusqlite::Connection::open(place.settings().file).unwrap();
    let fixed = r#"INSERT INTO remarks ("case", at, author, state) SELECT id, ?, 'us', 'fixed' FROM cases"#;
    connection.execute(fixed, [at(600).as_millisecond()]).unwrap();
    tell(&dispatch, memory.advance(at(QUIET)));
    tell(&dispatch, observe(&mut memory, "10.0.0.1:4001", 4, QUIET + 1));
    let _ = finish(dispatch);
    let persists = |record: &Value| record["mining"]["advice"].to_string().contains("marked fixed");
    let told: Vec<bool> = place.records().iter().map(persists).collect();
    assert_eq!(told, [false, false, true], "{:#?}", place.records());
}

#[test]
fn rules_that_are_handed_over_hold_for_the_records_after_them() {
    let place = Place::new();
    let dispatch = place.start(rules(""));
    let mut memory = ledger();
    tell(&dispatch, observe(&mut memory, "10.0.0.1:4000", 3, 0));
    crate::output::tests::until("the record is told", || place.records().len() == 1);
    dispatch.exchange(rules("[[exclude]]\nreason = 'ours'\nprefix = '10.0.0.0/8'"));
    tell(&dispatch, observe(&mut memory, "10.0.0.2:4000", 3, 1));
    assert_eq!(finish(dispatch).hidden, 1);
    assert_eq!(place.records().len(), 1);
}

#[test]
fn records_go_out_while_the_ledger_cannot_be_written() {
    let place = Place::new();
    let dispatch = place.start(rules(""));
    let mut memory: Ledger = ledger();
    // Somebody holds the ledger for longer than the agent waits for it.
    let other = rusqlite::Connection::open(place.settings().file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for record in observe(&mut memory, "10.0.0.1:4000", 3, 0) {
        dispatch.offer(record).unwrap();
    }
    crate::output::tests::until("the record is told", || {
        std::fs::read_to_string(place.directory.path().join("eve.json"))
            .is_ok_and(|text| text.contains("opened"))
    });
    assert!(dispatch.counts().store_errors > 0);
    other.execute_batch("ROLLBACK").unwrap();
    let counts = finish(dispatch);
    assert_eq!((counts.unkept, counts.store_entries), (0, 1));
    assert_eq!(place.records().len(), 1);
    assert_eq!(written(&place.settings().file).len(), 1);
}

#[test]
fn without_a_ledger_on_disk_records_are_told_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("eve.json");
    let outputs = Outputs::start(vec![Target::File(path.clone()).into()], None, &HashMap::new()).unwrap();
    let dispatch = Dispatch::replay(rules(""), None, outputs).unwrap();
    for record in observe(&mut ledger(), "10.0.0.1:4000", 3, 0) {
        dispatch.submit(record, &"a.pcap".into()).unwrap();
    }
    let (counts, output) = dispatch.finish(None);
    assert_eq!((counts.store_entries, output.written), (0, 1));
    assert!(std::fs::read_to_string(path).unwrap().contains(r#""pcap_filename":"a.pcap""#));
}

#[test]
fn captures_of_one_case_count_on_though_they_come_at_once() {
    let place = Place::new();
    let outputs = Outputs::start(
        vec![Target::File(place.directory.path().join("eve.json")).into()],
        None,
        &HashMap::new(),
    );
    // Nothing of it is in the file while all of it is looked at: another holds the ledger.
    let store = Store::open(place.settings()).unwrap();
    let other = rusqlite::Connection::open(place.settings().file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let dispatch = Dispatch::replay(rules(""), Some(store), outputs.unwrap()).unwrap();
    for capture in ["a.pcap", "b.pcap", "c.pcap"] {
        let mut memory = Ledger::new(crate::ledger::Settings::default());
        let mut records = observe(&mut memory, "10.0.0.1:4000", 3, 0);
        records.extend(memory.finish(at(10)));
        for record in records {
            dispatch.submit(record, &capture.into()).unwrap();
        }
    }
    other.execute_batch("ROLLBACK").unwrap();
    let _ = dispatch.finish(None);
    let told: Vec<(u64, u64)> = place
        .records()
        .iter()
        .map(|record| &record["mining"])
        .map(|mining| (mining["record"].as_u64().unwrap(), mining["connections"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3)]);
    assert_eq!(written(&place.settings().file).len(), 6, "no record takes the place of another");
    let file = rusqlite::Connection::open(place.settings().file).unwrap();
    let shares: i64 = file.query_row("SELECT accepted FROM cases", (), |row| row.get(0)).unwrap();
    let connections: Vec<u8> = file.query_row("SELECT connections FROM days", (), |row| row.get(0)).unwrap();
    assert_eq!((shares, connections[2]), (9, 3));
}

#[test]
fn what_the_desk_does_not_come_to_is_counted() {
    let place = Place::new();
    let dispatch = place.start(rules(""));
    let other = rusqlite::Connection::open(place.settings().file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut memory = ledger();
    for record in observe(&mut memory, "10.0.0.1:4000", 3, 0) {
        dispatch.offer(record).unwrap();
    }
    // The desk waits for the ledger by now, and takes no more.
    std::thread::sleep(Duration::from_millis(200));
    for host in 2..=9 {
        for record in observe(&mut memory, &format!("10.0.0.{host}:4000"), 3, 0) {
            dispatch.offer(record).unwrap();
        }
    }
    let (counts, _) = dispatch.finish(Some(Duration::ZERO));
    assert_eq!(counts.shed + counts.unkept, 9);
}

#[test]
fn a_new_exclusion_takes_a_decision_to_block_back_at_once() {
    let block = || block::Config { mode: block::Mode::Enforce, ..block::Config::default() };
    let place = Place::new();
    let dispatch = place.start(rules("").blocking(block()));
    let mut decisions = dispatch.take_decisions().unwrap();
    let mut memory = ledger();
    let records: Vec<Record> =
        (1..=2).flat_map(|host| observe(&mut memory, &format!("10.0.0.{host}:4000"), 3, host)).collect();
    let excluded = records[0].case;
    for record in records {
        dispatch.offer(record).unwrap();
    }
    let blocks = [decisions.blocking_recv(), decisions.blocking_recv()];
    assert!(blocks.iter().all(|decision| matches!(decision, Some(Decision::Block { .. }))), "{blocks:?}");
    let rule = "[[exclude]]\nreason = 'our own'\nprefix = '10.0.0.1/32'\n";
    dispatch.exchange(rules(rule).blocking(block()));
    let reason = "excluded: our own".to_owned();
    assert_eq!(decisions.blocking_recv(), Some(Decision::Lift { case: excluded, reason }));
    drop(finish(dispatch));
    assert_eq!(decisions.blocking_recv(), None, "the other stays, and it is told once");
}
