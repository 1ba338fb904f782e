use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::*;

const SMALL: Room = Room { entries: 10, bytes: 1000 };

fn entry(sequence: u64) -> Entry {
    Entry { sequence, line: format!("{sequence}").into(), durable: true }
}

/// Has all that was published, unless it is out of order.
#[derive(Default)]
struct Store {
    entries: Mutex<Vec<Entry>>,
    broken: AtomicBool,
}

impl Archive for Store {
    fn read(&self, after: u64, most: usize) -> io::Result<Vec<Entry>> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(io::Error::other("out of order"));
        }
        let entries = self.entries.lock().unwrap();
        Ok(entries.iter().filter(|entry| entry.sequence > after).take(most).cloned().collect())
    }
}

fn spool(store: Option<&Arc<Store>>) -> Arc<Spool> {
    Arc::new(Spool::new(SMALL, store.map(|store| Arc::clone(store) as Arc<dyn Archive>)))
}

fn publish(spool: &Spool, store: &Store, numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        store.entries.lock().unwrap().push(entry(number));
        spool.publish([entry(number)], Wait::Never);
    }
}

fn read(reader: &Reader) -> Vec<u64> {
    let mut all = Vec::new();
    loop {
        match reader.next(4, Some(Instant::now())).unwrap() {
            Next::Entries(slots) => all.extend(slots.iter().map(|slot| slot.entry.sequence)),
            Next::Nothing | Next::End => return all,
        }
    }
}

#[test]
fn each_reader_goes_at_its_own_pace() {
    let spool = spool(None);
    let (fast, slow) = (spool.reader(1, None), spool.reader(2, None));
    for number in 0..8 {
        spool.append(format!("{number}").into(), Wait::Never);
    }
    assert_eq!(read(&fast), (1..=8).collect::<Vec<_>>());
    for number in 0..8 {
        spool.append(format!("{number}").into(), Wait::Never);
    }
    assert_eq!(read(&fast), (9..=16).collect::<Vec<_>>());
    assert_eq!(behind(&spool, 1), Some((0, 0)));
    assert_eq!(behind(&spool, 2), Some((10, 6)));
    assert_eq!(read(&slow), (7..=16).collect::<Vec<_>>(), "the oldest were lost");
    assert_eq!(behind(&spool, 2), Some((0, 6)));
    let state = spool.state();
    assert_eq!((state.slots.len(), state.bytes), (0, 0), "what all have read takes no memory");
}

#[test]
fn bytes_are_bounded_too() {
    let spool = spool(None);
    let reader = spool.reader(1, None);
    for _ in 0..5 {
        spool.append("x".repeat(400).into(), Wait::Never);
    }
    assert_eq!(read(&reader), [4, 5]);
    spool.append("x".repeat(4_000).into(), Wait::Never);
    assert_eq!(read(&reader), [6], "one that is longer than all memory still passes");
}

#[test]
fn who_is_further_behind_than_memory_reads_the_archive() {
    let store = Arc::new(Store::default());
    let spool = spool(Some(&store));
    let slow = spool.reader(1, Some(0));
    publish(&spool, &store, (1..=50).filter(|number| number % 3 > 0));
    let all: Vec<u64> = (1..=50).filter(|number| number % 3 > 0).collect();
    assert_eq!(read(&slow), all, "numbers with gaps, none lost, none twice");
    assert_eq!(behind(&spool, 1), Some((0, 0)));
}

#[test]
fn counters_are_not_in_the_archive() {
    let store = Arc::new(Store::default());
    let spool = spool(Some(&store));
    let slow = spool.reader(1, Some(0));
    spool.publish([Entry { durable: false, ..entry(1) }], Wait::Never);
    publish(&spool, &store, 2..=20);
    assert_eq!(read(&slow), (2..=20).collect::<Vec<_>>());
    assert_eq!(behind(&spool, 1), Some((0, 1)));
}

#[test]
fn a_reader_goes_on_where_an_earlier_run_stopped() {
    let store = Arc::new(Store::default());
    store.entries.lock().unwrap().extend((1..=20).map(entry));
    let spool = spool(Some(&store));
    let (resumed, new) = (spool.reader(1, Some(15)), spool.reader(2, None));
    assert_eq!(read(&resumed), (16..=20).collect::<Vec<_>>());
    publish(&spool, &store, 21..=40);
    assert_eq!(read(&resumed), (21..=40).collect::<Vec<_>>());
    assert_eq!(read(&new), (21..=40).collect::<Vec<_>>(), "an output that is new begins with what is new");
}

#[test]
fn an_archive_that_fails_is_asked_again() {
    let store = Arc::new(Store::default());
    let spool = spool(Some(&store));
    let slow = spool.reader(1, Some(0));
    publish(&spool, &store, 1..=30);
    store.broken.store(true, Ordering::Relaxed);
    assert!(slow.next(4, Some(Instant::now())).is_err());
    store.broken.store(false, Ordering::Relaxed);
    assert_eq!(read(&slow), (1..=30).collect::<Vec<_>>());
}

#[test]
fn a_publisher_waits_for_healthy_readers_only() {
    let spool = spool(None);
    let (reader, sick) = (spool.reader(1, None), spool.reader(2, None));
    sick.set_healthy(false);
    let publisher = {
        let spool = Arc::clone(&spool);
        std::thread::spawn(move || {
            for number in 0..1_000 {
                spool.append(format!("{number}").into(), Wait::Always);
            }
            spool.end(true);
        })
    };
    let mut all = Vec::new();
    while let Next::Entries(slots) = reader.next(3, None).unwrap() {
        all.extend(slots.iter().map(|slot| slot.entry.sequence));
    }
    publisher.join().unwrap();
    assert_eq!(all, (1..=1_000).collect::<Vec<_>>());
    assert_eq!(behind(&spool, 2), Some((10, 990)));
    let soon = Instant::now() + Duration::from_millis(20);
    sick.set_healthy(true);
    spool.append("".into(), Wait::Until(soon));
    assert!(Instant::now() >= soon, "it waits as long as it is told to");
}

#[test]
fn a_reader_that_is_retired_reads_what_there_is() {
    let spool = spool(None);
    let (leaving, replaced) = (spool.reader(1, None), spool.reader(2, None));
    for number in 0..5 {
        spool.append(format!("{number}").into(), Wait::Never);
    }
    spool.retire(1, false);
    spool.retire(2, true);
    spool.append("later".into(), Wait::Never);
    assert!(matches!(leaving.next(1, None).unwrap(), Next::Nothing), "it is woken");
    assert_eq!(read(&leaving), [1, 2, 3, 4, 5]);
    assert!(matches!(leaving.next(1, None).unwrap(), Next::End));
    assert!(matches!(replaced.next(1, None).unwrap(), Next::Nothing));
    assert!(matches!(replaced.next(1, None).unwrap(), Next::End));
}

/// Entries not taken and entries missed.
fn behind(spool: &Spool, reader: u64) -> Option<(u64, u64)> {
    spool.behind(reader).map(|behind| (behind.unread, behind.missed))
}
