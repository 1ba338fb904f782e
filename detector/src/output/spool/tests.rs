use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::*;
use crate::output::filter::Filter;
use crate::output::format::Format;

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

/// Adds a line under the next number.
fn append(spool: &Spool, line: &str, wait: Wait) {
    spool.publish(
        [Entry { sequence: spool.last().unwrap_or_default() + 1, line: line.into(), durable: false }],
        wait,
    );
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
            Next::Entries(slots) => {
                all.extend(slots.iter().map(|slot| slot.entry.sequence));
                reader.settle(reader.after());
            }
            Next::Nothing | Next::End => return all,
        }
    }
}

#[test]
fn each_reader_goes_at_its_own_pace() {
    let spool = spool(None);
    let (fast, slow) = (spool.reader(1, None, Wanted::default()), spool.reader(2, None, Wanted::default()));
    for number in 0..8 {
        append(&spool, &format!("{number}"), Wait::Never);
    }
    assert_eq!(read(&fast), (1..=8).collect::<Vec<_>>());
    for number in 0..8 {
        append(&spool, &format!("{number}"), Wait::Never);
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
    let reader = spool.reader(1, None, Wanted::default());
    for _ in 0..5 {
        append(&spool, &"x".repeat(400), Wait::Never);
    }
    assert_eq!(read(&reader), [4, 5]);
    append(&spool, &"x".repeat(4_000), Wait::Never);
    assert_eq!(read(&reader), [6], "one that is longer than all memory still passes");
}

#[test]
fn who_is_further_behind_than_memory_reads_the_archive() {
    let store = Arc::new(Store::default());
    let spool = spool(Some(&store));
    let slow = spool.reader(1, Some(0), Wanted::default());
    publish(&spool, &store, (1..=50).filter(|number| number % 3 > 0));
    let all: Vec<u64> = (1..=50).filter(|number| number % 3 > 0).collect();
    assert_eq!(read(&slow), all, "numbers with gaps, none lost, none twice");
    assert_eq!(behind(&spool, 1), Some((0, 0)));
}

#[test]
fn counters_are_not_in_the_archive() {
    let store = Arc::new(Store::default());
    let spool = spool(Some(&store));
    let slow = spool.reader(1, Some(0), Wanted::default());
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
    let (resumed, new) =
        (spool.reader(1, Some(15), Wanted::default()), spool.reader(2, None, Wanted::default()));
    assert_eq!(read(&resumed), (16..=20).collect::<Vec<_>>());
    publish(&spool, &store, 21..=40);
    assert_eq!(read(&resumed), (21..=40).collect::<Vec<_>>());
    assert_eq!(read(&new), (21..=40).collect::<Vec<_>>(), "an output that is new begins with what is new");
}

#[test]
fn an_archive_that_fails_is_asked_again() {
    let store = Arc::new(Store::default());
    let spool = spool(Some(&store));
    let slow = spool.reader(1, Some(0), Wanted::default());
    publish(&spool, &store, 1..=30);
    store.broken.store(true, Ordering::Relaxed);
    assert!(slow.next(4, Some(Instant::now())).is_err());
    store.broken.store(false, Ordering::Relaxed);
    assert_eq!(read(&slow), (1..=30).collect::<Vec<_>>());
}

#[test]
fn a_publisher_waits_for_healthy_readers_only() {
    let spool = spool(None);
    let (reader, sick) = (spool.reader(1, None, Wanted::default()), spool.reader(2, None, Wanted::default()));
    sick.set_healthy(false);
    let publisher = {
        let spool = Arc::clone(&spool);
        std::thread::spawn(move || {
            for number in 0..1_000 {
                append(&spool, &format!("{number}"), Wait::Always);
            }
            spool.end(true);
        })
    };
    let mut all = Vec::new();
    while let Next::Entries(slots) = reader.next(3, None).unwrap() {
        all.extend(slots.iter().map(|slot| slot.entry.sequence));
        reader.settle(reader.after());
    }
    publisher.join().unwrap();
    assert_eq!(all, (1..=1_000).collect::<Vec<_>>());
    assert_eq!(behind(&spool, 2), Some((10, 990)));
    let soon = Instant::now() + Duration::from_millis(20);
    sick.set_healthy(true);
    append(&spool, "", Wait::Until(soon));
    assert!(Instant::now() >= soon, "it waits as long as it is told to");
}

#[test]
fn a_reader_that_is_retired_reads_what_there_is() {
    let spool = spool(None);
    let leaving = spool.reader(1, None, Wanted::default());
    for number in 0..5 {
        append(&spool, &format!("{number}"), Wait::Never);
    }
    spool.retire(1);
    append(&spool, "later", Wait::Never);
    assert!(matches!(leaving.next(1, None).unwrap(), Next::Nothing), "it is woken");
    assert_eq!(read(&leaving), [1, 2, 3, 4, 5]);
    assert!(matches!(leaving.next(1, None).unwrap(), Next::End));
}

#[test]
fn an_heir_goes_on_with_what_was_taken_and_not_delivered() {
    let spool = spool(None);
    let before = spool.reader(1, None, Wanted::default());
    for number in 0..5 {
        append(&spool, &format!("{number}"), Wait::Never);
    }
    assert!(matches!(before.next(4, None).unwrap(), Next::Entries(_)));
    before.settle(Some(1));
    let heir = spool.heir(2, 1, Wanted::default()).unwrap();
    append(&spool, "later", Wait::Never);
    assert!(matches!(before.next(1, None).unwrap(), Next::Nothing), "it is woken");
    assert!(matches!(before.next(1, None).unwrap(), Next::End));
    // What it was about still gets there.
    before.settle(Some(2));
    drop(before);
    heir.wait_for_place(Duration::ZERO);
    assert_eq!(read(&heir), [3, 4, 5, 6]);
    assert_eq!(behind(&spool, 2), Some((0, 0)));
    assert!(spool.heir(3, 1, Wanted::default()).is_none(), "nobody is there any more");
}

#[test]
fn what_left_memory_before_an_heir_could_begin_is_counted() {
    let spool = spool(None);
    let before = spool.reader(1, None, Wanted::default());
    for number in 0..5 {
        append(&spool, &format!("{number}"), Wait::Never);
    }
    assert!(matches!(before.next(5, None).unwrap(), Next::Entries(_)));
    let heir = spool.heir(2, 1, Wanted::default()).unwrap();
    for number in 5..13 {
        append(&spool, &format!("{number}"), Wait::Never);
    }
    before.settle(Some(1));
    drop(before);
    assert_eq!(read(&heir), (4..=13).collect::<Vec<_>>());
    assert_eq!(behind(&spool, 2), Some((0, 2)), "2 and 3");
}

#[test]
fn what_a_reader_would_leave_out_is_not_missed() {
    let spool = spool(None);
    let _cef = spool.reader(1, None, Wanted::new(Filter::default(), Format::Cef));
    let _eve = spool.reader(2, None, Wanted::default());
    for _ in 0..15 {
        append(&spool, r#"{"event_type":"stats"}"#, Wait::Never);
    }
    assert_eq!(behind(&spool, 1).map(|(_, missed)| missed), Some(0));
    assert_eq!(behind(&spool, 2), Some((10, 5)));
    assert_eq!((spool.unread(1), spool.unread(2)), (0, 10));
}

#[test]
fn what_comes_from_the_archive_is_as_old_as_its_record() {
    let store = Arc::new(Store::default());
    let line = r#"{"timestamp":"2023-11-14T22:13:20.123456+0000","event_type":"alert"}"#;
    store.entries.lock().unwrap().push(Entry { line: line.into(), ..entry(1) });
    let reader = spool(Some(&store)).reader(1, Some(0), Wanted::default());
    let Next::Entries(slots) = reader.next(1, None).unwrap() else { panic!() };
    assert_eq!(slots[0].at.as_microsecond(), 1_700_000_000_123_456);
}

/// Entries not taken and entries missed.
fn behind(spool: &Spool, reader: u64) -> Option<(u64, u64)> {
    spool.behind(reader).map(|behind| (behind.unread, behind.missed))
}
