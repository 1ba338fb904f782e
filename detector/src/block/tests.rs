use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::rc::Rc;

use detector_common::block::{Block, Control, ENFORCE, Kinds, Network};
use detector_common::counters::{Counter, Counters};
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

use super::blocker::Barrier;
use super::*;
use crate::ledger::CaseId;
use crate::store::tests::{ledger, observe};

/// What the kernel would have.
#[derive(Default)]
struct Kernel {
    control: Control,
    blocks: HashMap<Target, u64>,
    allowed: Vec<Network>,
    refuses: bool,
}

#[derive(Clone, Default)]
struct Fake(Rc<RefCell<Kernel>>);

impl Barrier for Fake {
    fn set(&mut self, control: &Control) -> Result<(), String> {
        self.0.borrow_mut().control = *control;
        Ok(())
    }

    fn block(&mut self, target: &Target, expires: u64) -> Result<(), String> {
        let mut kernel = self.0.borrow_mut();
        if kernel.refuses {
            return Err("no memory".to_owned());
        }
        kernel.blocks.insert(*target, expires);
        Ok(())
    }

    fn unblock(&mut self, target: &Target) -> Result<(), String> {
        self.0.borrow_mut().blocks.remove(target);
        Ok(())
    }

    fn hits(&self, target: &Target) -> Result<Option<Block>, String> {
        let expires = self.0.borrow().blocks.get(target).copied();
        Ok(expires.map(|expires| Block { expires, hits: 7, bytes: 700, latest: 5 }))
    }

    fn allow_only(&mut self, networks: &[Network]) -> Result<(), String> {
        self.0.borrow_mut().allowed = networks.to_vec();
        Ok(())
    }

    fn now(&self) -> u64 {
        1_000
    }
}

struct Place {
    folder: TempDir,
    kernel: Fake,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), kernel: Fake::default() }
    }

    fn audit(&self) -> PathBuf {
        self.folder.path().join("audit.jsonl")
    }

    fn config(&self) -> Config {
        Config { mode: Mode::Enforce, audit: Some(self.audit()), ..Config::default() }
    }

    fn blocker(&self, config: Config) -> Blocker<Fake> {
        let own: Vec<IpAddr> = vec!["192.0.2.10".parse().unwrap()];
        let protected = Protected::new(&config.allow, own, Vec::new(), Vec::new());
        Blocker::with(config, self.kernel.clone(), protected).unwrap()
    }

    /// The actions in the audit log.
    fn actions(&self) -> Vec<String> {
        let text = fs::read_to_string(self.audit()).unwrap();
        let action =
            |line: &str| serde_json::from_str::<Value>(line).unwrap()["action"].as_str().unwrap().to_owned();
        text.lines().map(action).collect()
    }
}

fn wish(target: &str) -> Wish {
    Wish {
        target: target.parse().unwrap(),
        reason: "mines".to_owned(),
        by: "noc".to_owned(),
        minutes: None,
        case: None,
    }
}

const PAIR: &str = "10.0.0.2-203.0.113.9:3333";

#[test]
fn targets_are_written_as_they_are_read() {
    for text in [
        "10.0.0.2:40000-192.0.2.1:3333",
        PAIR,
        "2001:db8::2-[2001:db8::1]:3333",
        "[2001:db8::2]:4000-[2001:db8::1]:3333",
        "192.0.2.1",
        "192.0.2.0/24",
        "2001:db8::/48",
    ] {
        assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
    }
    let mapped: Target = "::ffff:10.0.0.2-[::ffff:203.0.113.9]:3333".parse().unwrap();
    assert_eq!(mapped, PAIR.parse().unwrap());
    for (text, why) in [
        ("pool.example", "nothing that can be blocked"),
        ("10.0.0.2-192.0.2.1", "nothing that can be blocked"),
        ("192.0.2.1/24", "write 192.0.2.0/24"),
        ("::ffff:0:0/96", "write them as such"),
        ("::ffff:192.0.2.10", "write them as such"),
        ("::/32", "write them as such"),
        ("", "nothing that can be blocked"),
    ] {
        assert!(text.parse::<Target>().unwrap_err().contains(why), "{text}");
    }
}

#[test]
fn a_block_stands_in_the_kernel_until_its_time_is_over() {
    let place = Place::new();
    let mut blocker = place.blocker(place.config());
    let entry = blocker.add(Wish { minutes: Some(2), ..wish(PAIR) }).unwrap();
    let target = entry.target;
    assert_eq!(place.kernel.0.borrow().blocks[&target], 1_000 + 120 * 1_000_000_000);
    let Control { mode, kinds, until, .. } = place.kernel.0.borrow().control;
    assert_eq!((mode, kinds), (ENFORCE, Kinds::PAIRS));
    assert_eq!(until, 1_000 + 10_000_000_000, "an agent that hangs blocks for ten seconds more");
    let listed = &blocker.list()[0];
    assert_eq!((listed.effective, listed.hits, listed.entry.by.as_str()), (Effective::Dropping, 7, "noc"));
    blocker.remove(entry.id, "noc").unwrap();
    assert!(place.kernel.0.borrow().blocks.is_empty() && blocker.list().is_empty());
    assert_eq!(place.kernel.0.borrow().control.kinds, Kinds::default());
    assert_eq!(blocker.remove(entry.id, "noc"), Err(Refusal::Unknown(entry.id)));
    blocker.finish();
    assert_eq!(place.kernel.0.borrow().control.mode, 0);
    assert_eq!(place.actions(), ["start", "block", "remove", "stop"]);
}

#[test]
fn what_must_not_be_blocked_and_what_is_too_much_is_refused() {
    let place = Place::new();
    let config = Config { allow: vec!["10.1.0.0/16".parse().unwrap()], entries: 1, ..place.config() };
    let mut blocker = place.blocker(config);
    for (target, why) in [
        ("10.1.2.3-203.0.113.9:3333", "10.1.0.0/16 is never blocked: you allow it"),
        ("10.0.0.2:5-192.0.2.10:3333", "192.0.2.10/32 is never blocked: it is an address of this machine"),
        ("203.0.0.0/8", "203.0.0.0/8 is too wide"),
        ("0.0.0.0/0", "is never blocked"),
        ("224.0.0.251", "is never blocked"),
    ] {
        let refusal = blocker.add(wish(target)).unwrap_err().to_string();
        assert!(refusal.contains(why), "{target}: {refusal}");
        assert!(blocker.forbids(&target.parse().unwrap()).unwrap().contains(why));
    }
    place.kernel.0.borrow_mut().refuses = true;
    assert_eq!(blocker.add(wish(PAIR)), Err(Refusal::Kernel("no memory".to_owned())));
    assert_eq!(blocker.list(), [], "what the kernel refuses is in no book");
    place.kernel.0.borrow_mut().refuses = false;
    for minutes in [0, 10_081] {
        let wish = Wish { minutes: Some(minutes), ..wish(PAIR) };
        assert_eq!(blocker.add(wish), Err(Refusal::Minutes(minutes)));
    }
    blocker.add(wish(PAIR)).unwrap();
    place.kernel.0.borrow_mut().refuses = true;
    assert!(matches!(blocker.add(wish(PAIR)), Err(Refusal::Kernel(_))));
    assert_eq!(blocker.list().len(), 1, "what was there stays in the list");
    place.kernel.0.borrow_mut().refuses = false;
    assert_eq!(blocker.add(wish("203.0.113.9")), Err(Refusal::Full(1)));
    assert_eq!(blocker.add(wish("203.0.113.8")), Err(Refusal::Full(1)));
    let told: Vec<_> = blocker.take_notices().into_iter().map(|notice| notice.event).collect();
    assert_eq!(told, [Incident::Full], "it is told once");
    assert_eq!(place.actions().iter().filter(|action| *action == "refuse").count(), 11);
    let allowed = &place.kernel.0.borrow().allowed;
    assert!(
        allowed.iter().any(|network| network.parts().0.to_string() == "10.1.0.0"),
        "the kernel knows them"
    );
}

#[test]
fn panic_lets_everything_pass_and_resume_blocks_again() {
    let place = Place::new();
    let mut blocker = place.blocker(place.config());
    blocker.add(wish(PAIR)).unwrap();
    blocker.panic("noc");
    assert_eq!(place.kernel.0.borrow().control.mode, 0);
    assert_eq!(blocker.list()[0].effective, Effective::Passing);
    let State { requested, effective, because, .. } = blocker.state();
    assert_eq!((requested, effective), (Mode::Enforce, Mode::Observe));
    assert!(because.unwrap().contains("noc said panic"));
    blocker.tick(&Counters::ZERO);
    assert_eq!(place.kernel.0.borrow().control.mode, 0, "it lasts");
    blocker.resume("noc");
    assert_eq!(
        (place.kernel.0.borrow().control.mode, blocker.list()[0].effective),
        (ENFORCE, Effective::Dropping)
    );
    assert_eq!(place.actions(), ["start", "block", "panic", "resume"]);
}

#[test]
fn too_much_ends_in_a_dry_run() {
    let place = Place::new();
    let mut blocker = place.blocker(place.config());
    blocker.add(wish(PAIR)).unwrap();
    let mut counters = Counters::ZERO;
    counters.add(Counter::BlockShed);
    blocker.tick(&counters);
    assert_eq!(blocker.mode(), Mode::DryRun);
    blocker.tick(&counters);
    assert_eq!(place.actions(), ["start", "block", "alarm"], "it is told once");
    blocker.resume("noc");
    blocker.tick(&counters);
    assert_eq!(blocker.mode(), Mode::Enforce, "nothing new was shed");
    let told: Vec<_> = blocker.take_notices();
    let events: Vec<_> = told.iter().map(|notice| (notice.event, notice.effective)).collect();
    assert_eq!(events, [(Incident::Alarm, Mode::DryRun), (Incident::Resume, Mode::Enforce)]);
    assert!(told[0].message.contains("firedamp block resume"), "{}", told[0].message);
    assert_eq!((told[0].requested, told[0].entries, told[1].by.as_str()), (Mode::Enforce, 1, "noc"));
    assert!(blocker.take_notices().is_empty(), "each once");
    assert_eq!(blocker.alarms(), 1);
}

#[test]
fn a_miner_is_blocked_by_what_was_found_and_not_again_and_again() {
    let place = Place::new();
    let record = observe(&mut ledger(), "10.0.0.2:40000", 3, 0).remove(0);
    for (scope, target) in
        [(Scope::Flow, "10.0.0.2:40000-203.0.113.9:3333"), (Scope::Pair, PAIR), (Scope::Pool, "203.0.113.9")]
    {
        let config = Config { scope, ..place.config() };
        let decision = Decision::of(&record, &config).unwrap();
        assert_eq!(decision.target, target.parse().unwrap());
        let mut blocker = place.blocker(config);
        blocker.decide(decision.clone());
        let until = blocker.list()[0].entry.until;
        blocker.decide(decision);
        assert_eq!((blocker.list().len(), blocker.list()[0].entry.until), (1, until));
        assert_eq!(blocker.list()[0].entry.case, Some(record.case));
    }
    for config in [
        Config { mode: Mode::Observe, ..place.config() },
        Config { automatic: false, ..place.config() },
        Config { confidence: 0.9999, ..place.config() },
    ] {
        assert_eq!(Decision::of(&record, &config), None);
    }
}

#[test]
fn who_comes_back_is_blocked_twice_as_long() {
    let (mut book, protected) = (Book::default(), Protected::default());
    let config = Config { minutes: 60, longest_minutes: 100, ..Config::default() };
    let mut now = Timestamp::UNIX_EPOCH;
    for minutes in [60, 100, 100] {
        let (entry, is_new) = book.add(wish(PAIR), &config, &protected, now).unwrap();
        assert_eq!((is_new, entry.until.duration_since(now).as_mins()), (true, minutes));
        now = entry.until;
        assert_eq!(book.expire(now).len(), 1);
        now += jiff::SignedDuration::from_mins(10);
    }
    now += jiff::SignedDuration::from_hours(24);
    book.expire(now);
    assert_eq!(
        book.add(wish(PAIR), &config, &protected, now).unwrap().0.until.duration_since(now).as_mins(),
        60
    );
    let longer = Wish { minutes: Some(90), case: Some(CaseId(1)), ..wish(PAIR) };
    let (entry, is_new) = book.add(longer, &config, &protected, now).unwrap();
    assert_eq!((is_new, entry.until.duration_since(now).as_mins()), (false, 90), "the later end counts");
}
