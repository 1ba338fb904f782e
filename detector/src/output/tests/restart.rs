use std::io;
use std::sync::{Arc, Mutex};

use super::*;

/// A store whose records were committed by an earlier run.
struct Store(Mutex<Vec<Entry>>);

impl Archive for Store {
    fn read(&self, after: u64, most: usize) -> io::Result<Vec<Entry>> {
        let entries = self.0.lock().unwrap();
        Ok(entries.iter().filter(|entry| entry.sequence > after).take(most).cloned().collect())
    }
}

fn entry(sequence: u64) -> Entry {
    Entry { sequence, line: alert(sequence).to_string().into(), durable: true }
}

fn store(last: u64) -> Arc<Store> {
    Arc::new(Store(Mutex::new((1..=last).map(entry).collect())))
}

fn records(path: &Path) -> Vec<u64> {
    fs::read_to_string(path).unwrap().lines().filter(|line| line.ends_with('}')).map(record_of).collect()
}

#[test]
fn a_file_has_each_record_once_though_the_agent_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("eve.json");
    // Killed when 1 to 13 were written and 14 begun; that 10 were written had been stored.
    let written: Vec<String> = (1..=13).map(|record| alert(record).to_string()).collect();
    fs::write(&path, format!("{}\n{}", written.join("\n"), &alert(14).to_string()[..50])).unwrap();
    let cursors = HashMap::from([("file".to_owned(), 10)]);
    let archive: Arc<dyn Archive> = store(20);
    let outputs = Outputs::start(vec![Target::File(path.clone()).into()], Some(archive), &cursors).unwrap();
    outputs.publish((21..=25).map(entry).collect()).unwrap();
    until("all is acknowledged", || outputs.acknowledged()["file"] == 25);
    assert_eq!(outputs.per_output()[0].repeated, 3);
    let (counts, acknowledged) = outputs.finish_all(None);
    assert_eq!((counts.written, counts.lost), (12, 0));
    assert_eq!(acknowledged["file"], 25);
    assert_eq!(records(&path), (1..=25).collect::<Vec<_>>());
}

#[test]
fn what_is_new_is_written_though_a_lost_ledger_gave_its_number_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("eve.json");
    let written: Vec<String> = (1..=5).map(|record| alert(record).to_string()).collect();
    fs::write(&path, written.join("\n") + "\n").unwrap();
    let cursors = HashMap::from([("file".to_owned(), 0)]);
    let outputs = Outputs::start(vec![Target::File(path.clone()).into()], Some(store(0)), &cursors).unwrap();
    outputs.publish((1..=2).map(entry).collect()).unwrap();
    until("all is acknowledged", || outputs.acknowledged()["file"] == 2);
    assert_eq!(outputs.per_output()[0].repeated, 0);
    assert_eq!(records(&path), [1, 2, 3, 4, 5, 1, 2]);
}

#[test]
fn what_a_dead_receiver_did_not_take_is_taken_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sock");
    let settings = format!("to = 'unix'\npath = '{}'\nlimits = {{ retry-seconds = 1 }}", path.display());
    let store = store(3_000);
    let start = |cursor| {
        let archive = Arc::clone(&store) as Arc<dyn Archive>;
        let cursors = HashMap::from([("unix".to_owned(), cursor)]);
        let room = Room { entries: 100, ..Room::default() };
        Outputs::with_room(vec![config(&settings)], Some(archive), &cursors, room).unwrap()
    };
    let outputs = start(0);
    until("it is missed", || outputs.counts().outages == 1);
    let (counts, acknowledged) = outputs.finish_all(Some(PATIENCE));
    assert_eq!((counts.written, counts.lost, counts.shed), (0, 0, 0));
    assert_eq!(acknowledged["unix"], 0);
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let outputs = start(acknowledged["unix"]);
    let reader = std::thread::spawn(move || {
        let mut lines = BufReader::new(listener.accept().unwrap().0).lines();
        let records: Vec<u64> = (0..3_010).map(|_| record_of(&lines.next().unwrap().unwrap())).collect();
        (records, lines)
    });
    for number in 3_001..=3_010 {
        store.0.lock().unwrap().push(entry(number));
        outputs.publish(vec![entry(number)]).unwrap();
    }
    // A reader that closes at once may not have read all: it has to be there still.
    let (records, _open) = reader.join().unwrap();
    assert_eq!(records, (1..=3_010).collect::<Vec<_>>());
    until("all is acknowledged", || outputs.acknowledged()["unix"] == 3_010);
    assert_eq!(outputs.finish(Some(PATIENCE)).written, 3_010);
}

#[test]
fn outputs_are_exchanged_all_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let to = |name: &str, path: &str, more: &str| {
        config(&format!("to = 'file'\nname = '{name}'\npath = '{}'\n{more}", at(path).display()))
    };
    let outputs = start(vec![to("a", "a", ""), to("b", "b", ""), to("c", "c", "")]);
    outputs.submit(&alert(1)).unwrap();
    let error = change(&outputs, vec![to("a", "a", ""), to("d", "none/d", "")]).unwrap_err();
    assert!(error.to_string().contains("none/d"), "{error}");
    outputs.submit(&alert(2)).unwrap();
    let changed = to("b", "b", "limits = { batch = 7 }");
    change(&outputs, vec![to("a", "a", ""), changed, to("d", "d", "")]).unwrap();
    outputs.submit(&alert(3)).unwrap();
    let names: Vec<String> = outputs.per_output().into_iter().map(|output| output.name).collect();
    assert_eq!(names, ["a", "b", "d"]);
    until("c has written what there was", || records(&at("c")).len() == 2);
    let counts = outputs.finish(None);
    assert_eq!(records(&at("a")), [1, 2, 3]);
    assert_eq!(records(&at("b")), [1, 2, 3], "it was changed, and goes on");
    assert_eq!(records(&at("c")), [1, 2]);
    assert_eq!(records(&at("d")), [3]);
    assert_eq!((counts.written, counts.lost, counts.shed), (9, 0, 0), "what has ended is counted too");
}

fn socket(path: &Path, more: &str) -> Config {
    let limits = "limits = { retry-seconds = 1 }";
    config(&format!("to = 'unix'\nname = 's'\npath = '{}'\n{limits}\n{more}", path.display()))
}

#[test]
fn what_waits_for_an_output_that_is_changed_waits_for_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let (dead, alive) = (folder.path().join("dead"), folder.path().join("alive"));
    let listener = std::os::unix::net::UnixListener::bind(&alive).unwrap();
    let outputs = start(vec![socket(&dead, "")]);
    for record in 1..=50 {
        outputs.submit(&alert(record)).unwrap();
    }
    until("it is missed", || outputs.counts().outages == 1);
    change(&outputs, vec![socket(&dead, "format = 'eve'\nfilter = { stats = false }")]).unwrap();
    outputs.submit(&alert(51)).unwrap();
    change(&outputs, vec![socket(&alive, "")]).unwrap();
    outputs.submit(&alert(52)).unwrap();
    let mut lines = BufReader::new(listener.accept().unwrap().0).lines();
    let taken: Vec<u64> = (0..52).map(|_| record_of(&lines.next().unwrap().unwrap())).collect();
    assert_eq!(taken, (1..=52).collect::<Vec<_>>());
    let counts = outputs.finish(Some(PATIENCE));
    assert_eq!((counts.written, counts.lost, counts.shed), (52, 0, 0));
}

#[test]
fn what_an_output_that_is_taken_away_could_not_deliver_is_lost_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (dead, path) = (folder.path().join("dead"), folder.path().join("eve.json"));
    let file = || Config::from(Target::File(path.clone()));
    let outputs = start(vec![file(), socket(&dead, "")]);
    for record in 1..=20 {
        outputs.submit(&alert(record)).unwrap();
    }
    change(&outputs, vec![file()]).unwrap();
    let counts = outputs.finish(Some(PATIENCE));
    assert_eq!((counts.written, counts.lost, counts.shed), (20, 20, 0));
}
