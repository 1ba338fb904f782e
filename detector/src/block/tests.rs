mod adopted;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::mpsc::{Sender, channel};

use detector_common::block::{Block, Control, ENFORCE, Kinds, Network};
use detector_common::counters::{Counter, Counters};
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

use super::barrier::Barrier;
use super::*;
use crate::ledger::CaseId;
use crate::store::tests::{ledger, observe};

/// What the kernel would have.
#[derive(Debug, Default)]
struct Kernel {
    control: Control,
    blocks: HashMap<Target, u64>,
    allowed: Vec<Network>,
    refuses: bool,
    /// Nanoseconds after the first moment.
    later: u64,
}

impl Kernel {
    fn answer(&self) -> Result<(), String> {
        if self.refuses { Err("no memory".to_owned()) } else { Ok(()) }
    }
}

#[derive(Clone, Debug, Default)]
struct Fake(Rc<RefCell<Kernel>>);

impl Barrier for Fake {
    fn set(&mut self, control: &Control) -> Result<(), String> {
        self.0.borrow().answer()?;
        self.0.borrow_mut().control = *control;
        Ok(())
    }

    fn control(&self) -> Result<Control, String> {
        Ok(self.0.borrow().control)
    }

    fn block(&mut self, target: &Target, expires: u64) -> Result<(), String> {
        self.0.borrow().answer()?;
        self.0.borrow_mut().blocks.insert(*target, expires);
        Ok(())
    }

    fn unblock(&mut self, target: &Target) -> Result<(), String> {
        self.0.borrow().answer()?;
        self.0.borrow_mut().blocks.remove(target);
        Ok(())
    }

    fn hits(&self, target: &Target) -> Result<Option<Block>, String> {
        let expires = self.0.borrow().blocks.get(target).copied();
        Ok(expires.map(|expires| Block { expires, hits: 7, bytes: 700, latest: 5 }))
    }

    fn allow_only(&mut self, networks: &[Network]) -> Result<(), String> {
        self.0.borrow().answer()?;
        self.0.borrow_mut().allowed = networks.to_vec();
        Ok(())
    }

    fn left(&self) -> Result<Vec<Target>, String> {
        Ok(self.0.borrow().blocks.keys().copied().collect())
    }

    fn now(&self) -> u64 {
        1_000 + self.0.borrow().later
    }
}

const MINUTE: u64 = 60_000_000_000;

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
        self.try_blocker(config).unwrap().0
    }

    /// With the way on which news of the machine come.
    fn try_blocker(&self, config: Config) -> Result<(Blocker<Fake>, Sender<Surroundings>), BlockError> {
        let (sender, news) = channel();
        Ok((Blocker::with(config, self.kernel.clone(), surroundings(&["192.0.2.10"]), news)?, sender))
    }

    /// The kernel refuses from now on, or does not any more.
    fn refuses(&self, refuses: bool) {
        self.kernel.0.borrow_mut().refuses = refuses;
    }

    /// Lets time pass.
    fn pass(&self, nanoseconds: u64) {
        self.kernel.0.borrow_mut().later += nanoseconds;
    }

    fn mode(&self) -> u32 {
        self.kernel.0.borrow().control.mode
    }

    fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.audit()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The actions in the audit log.
    fn actions(&self) -> Vec<String> {
        self.lines().iter().map(|line| line["action"].as_str().unwrap().to_owned()).collect()
    }
}

fn surroundings(own: &[&str]) -> Surroundings {
    let own = own.iter().map(|address| address.parse().unwrap()).collect();
    Surroundings { own, ..Surroundings::default() }
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

fn found(target: &str) -> Wish {
    Wish { by: "firedamp".to_owned(), case: Some(CaseId(1)), ..wish(target) }
}

fn decision(case: u64, target: &str) -> Decision {
    Decision::Block { case: CaseId(case), target: target.parse().unwrap(), reason: "mines".to_owned() }
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
    let entry = blocker.add(Wish { minutes: Some(2), ..wish(PAIR) }).unwrap().entry;
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
    place.refuses(true);
    assert_eq!(blocker.add(wish(PAIR)), Err(Refusal::Kernel("no memory".to_owned())));
    assert_eq!(blocker.list(), [], "what the kernel refuses is in no book");
    place.refuses(false);
    for minutes in [0, 10_081] {
        let wish = Wish { minutes: Some(minutes), ..wish(PAIR) };
        assert_eq!(blocker.add(wish), Err(Refusal::Minutes(minutes)));
    }
    blocker.add(wish(PAIR)).unwrap();
    place.refuses(true);
    assert!(matches!(blocker.add(wish(PAIR)), Err(Refusal::Kernel(_))));
    assert_eq!(blocker.list().len(), 1, "what was there stays in the list");
    place.refuses(false);
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
    blocker.panic("noc").unwrap();
    assert_eq!(place.kernel.0.borrow().control.mode, 0);
    assert_eq!(blocker.list()[0].effective, Effective::Passing);
    let State { requested, effective, because, .. } = blocker.state();
    assert_eq!((requested, effective), (Mode::Enforce, Mode::Observe));
    assert!(because.unwrap().contains("noc said panic"));
    blocker.tick(&Counters::ZERO);
    assert_eq!(place.kernel.0.borrow().control.mode, 0, "it lasts");
    blocker.resume("noc").unwrap();
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
    blocker.resume("noc").unwrap();
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
    let record = observe(&mut ledger(), "10.0.0.2:40000", 3, 0).remove(0);
    for (scope, target) in
        [(Scope::Flow, "10.0.0.2:40000-203.0.113.9:3333"), (Scope::Pair, PAIR), (Scope::Pool, "203.0.113.9")]
    {
        let place = Place::new();
        let config = Config { scope, ..place.config() };
        let decision = Decision::of(&record, &config).unwrap();
        assert!(
            matches!(&decision, Decision::Block { target: blocked, .. } if *blocked == target.parse().unwrap())
        );
        let mut blocker = place.blocker(config);
        blocker.decide(decision.clone());
        let until = blocker.list()[0].entry.expires;
        place.pass(MINUTE);
        blocker.decide(decision);
        assert_eq!((blocker.list().len(), blocker.list()[0].entry.expires), (1, until));
        assert_eq!(blocker.list()[0].entry.case, Some(record.case));
    }
    let place = Place::new();
    for config in [
        Config { mode: Mode::Observe, ..place.config() },
        Config { automatic: false, ..place.config() },
        Config { confidence: 0.9999, ..place.config() },
    ] {
        assert_eq!(Decision::of(&record, &config), None);
    }
}

/// Puts what a wish leads to in the book; gives its number, whether it is new, and for how many minutes it is blocked.
fn put(book: &mut Book, wish: Wish, config: &Config, now: u64) -> (u64, bool, u64) {
    let is_new = book.of(&wish.target).is_none();
    let entry = book.plan(wish, config, &Protected::default(), now).unwrap();
    book.put(entry.clone());
    (entry.id, is_new, (entry.expires - now) / MINUTE)
}

#[test]
fn who_comes_back_is_blocked_twice_as_long() {
    let mut book = Book::default();
    let config = Config { minutes: 60, longest_minutes: 100, ..Config::default() };
    let mut now = 0;
    for minutes in [60, 100, 100] {
        let (id, is_new, lasts) = put(&mut book, found(PAIR), &config, now);
        assert_eq!((is_new, lasts), (true, minutes));
        now += lasts * MINUTE;
        assert_eq!(book.over(now), [id]);
        book.end(id, now);
        now += 10 * MINUTE;
    }
    now += 24 * 60 * MINUTE;
    book.forget(now);
    assert_eq!(put(&mut book, found(PAIR), &config, now).2, 60);
    let longer = Wish { minutes: Some(90), case: Some(CaseId(1)), ..wish(PAIR) };
    let (_, is_new, lasts) = put(&mut book, longer, &config, now);
    assert_eq!((is_new, lasts), (false, 90), "the later end counts");
}

#[test]
fn what_an_operator_blocks_for_a_while_is_no_return() {
    let mut book = Book::default();
    let config = Config { minutes: 60, ..Config::default() };
    let (id, _, lasts) = put(&mut book, Wish { minutes: Some(1), ..wish(PAIR) }, &config, 0);
    book.end(id, lasts * MINUTE);
    assert_eq!(put(&mut book, found(PAIR), &config, lasts * MINUTE).2, 60);
}

#[test]
fn the_operators_later_word_counts() {
    let place = Place::new();
    let mut blocker = place.blocker(place.config());
    blocker.decide(decision(7, PAIR));
    let minutes = |blocker: &Blocker<Fake>| (blocker.list()[0].entry.expires - 1_000) / MINUTE;
    assert_eq!(minutes(&blocker), 60);
    let listed = blocker.add(Wish { minutes: Some(5), reason: "ticket".to_owned(), ..wish(PAIR) }).unwrap();
    assert_eq!(
        (minutes(&blocker), listed.entry.reason.as_str(), listed.entry.by.as_str()),
        (5, "ticket", "noc")
    );
    assert_eq!(listed.entry.case, Some(CaseId(7)));
    place.pass(4 * MINUTE);
    blocker.decide(decision(7, PAIR));
    assert_eq!(minutes(&blocker), 5, "what is found does not change it");
    let line = place.lines().pop().unwrap();
    assert_eq!(
        (&line["action"], &line["reason"], &line["by"]),
        (&"shorten".into(), &"ticket".into(), &"noc".into())
    );
    blocker.add(Wish { reason: "again".to_owned(), by: "soc".to_owned(), ..wish(PAIR) }).unwrap();
    assert_eq!(minutes(&blocker), 64, "without a time it only lasts longer");
    let line = place.lines().pop().unwrap();
    assert_eq!(
        (&line["action"], &line["reason"], &line["by"]),
        (&"extend".into(), &"again".into(), &"soc".into())
    );
}

#[test]
fn an_extension_tells_what_it_is_for() {
    let place = Place::new();
    let mut blocker = place.blocker(place.config());
    blocker.decide(decision(1, "203.0.113.9"));
    place.pass(40 * MINUTE);
    blocker.decide(Decision::Block {
        case: CaseId(2),
        target: "203.0.113.9".parse().unwrap(),
        reason: "mines, too".to_owned(),
    });
    let line = place.lines().pop().unwrap();
    assert_eq!((&line["action"], &line["reason"]), (&"extend".into(), &"mines, too".into()));
    assert_eq!(line["case_id"], CaseId(2).to_string());
}

#[test]
fn what_an_operator_removed_does_not_come_back_with_the_next_record() {
    let place = Place::new();
    let mut blocker = place.blocker(place.config());
    blocker.decide(decision(1, PAIR));
    let id = blocker.list()[0].entry.id;
    let removed = blocker.remove(id, "noc").unwrap();
    assert_eq!((removed.effective, removed.hits), (Effective::Passing, 7));
    for target in [PAIR, "10.0.0.2:5-203.0.113.9:3333"] {
        place.pass(10 * MINUTE);
        blocker.tick(&Counters::ZERO);
        blocker.decide(decision(1, target));
        assert_eq!(blocker.list(), [], "{target}");
    }
    blocker.decide(decision(2, PAIR));
    assert_eq!(blocker.list(), [], "nor for another case");
    blocker.decide(decision(2, "10.0.0.3-203.0.113.9:3333"));
    assert_eq!(blocker.list().len(), 1, "another miner is blocked");
    place.pass(40 * MINUTE);
    blocker.decide(decision(1, PAIR));
    assert_eq!(blocker.list().len(), 2, "its time would have been over");

    let id = blocker.list()[1].entry.id;
    blocker.remove(id, "noc").unwrap();
    blocker.add(wish(PAIR)).unwrap();
    assert_eq!(blocker.list().len(), 2, "an operator may block it again");
}

#[test]
fn what_the_kernel_refuses_is_told_and_stays_in_the_book() {
    let place = Place::new();
    let mut blocker = place.blocker(place.config());
    let id = blocker.add(wish(PAIR)).unwrap().entry.id;
    place.refuses(true);
    assert_eq!(blocker.remove(id, "noc"), Err(Refusal::Kernel("no memory".to_owned())));
    assert_eq!(blocker.list().len(), 1, "it is blocked still");
    let refusal = blocker.panic("noc").unwrap_err().to_string();
    assert!(
        refusal.contains("the kernel refuses: no memory") && refusal.contains("10 seconds after"),
        "{refusal}"
    );
    let State { effective, because, .. } = blocker.state();
    assert_eq!(effective, Mode::Enforce, "the kernel still drops");
    assert!(because.unwrap().contains("no memory"));
    assert_eq!(place.actions(), ["start", "block", "fail", "panic", "fail"]);
    assert_eq!(blocker.list()[0].effective, Effective::Dropping);
    place.pass(10_000_000_000);
    assert_eq!(blocker.list()[0].effective, Effective::Passing, "the agent's word is over");
    assert_eq!(blocker.state().effective, Mode::Observe);
    place.refuses(false);
    blocker.tick(&Counters::ZERO);
    assert_eq!((place.mode(), blocker.state().because.unwrap().contains("noc said panic")), (0, true));
    blocker.remove(id, "noc").unwrap();
    assert_eq!(blocker.list(), []);
}

#[test]
fn a_block_is_over_when_the_kernel_ends_it_and_not_before() {
    let place = Place::new();
    let mut blocker = place.blocker(place.config());
    blocker.add(Wish { minutes: Some(1), ..wish(PAIR) }).unwrap();
    place.pass(MINUTE - 1);
    blocker.tick(&Counters::ZERO);
    assert_eq!(blocker.list()[0].effective, Effective::Dropping);
    let left = blocker.list()[0].until.duration_since(Timestamp::now()).as_secs();
    assert!((-1..=1).contains(&left), "the end is told by the clock as it stands: {left}");
    place.pass(1);
    assert_eq!(blocker.list()[0].effective, Effective::Passing);
    place.refuses(true);
    blocker.tick(&Counters::ZERO);
    assert_eq!(blocker.list().len(), 1, "the kernel has it still");
    place.refuses(false);
    blocker.tick(&Counters::ZERO);
    assert_eq!(blocker.list(), []);
    assert_eq!(place.actions(), ["start", "block", "fail", "expire"]);
}

#[test]
fn without_the_list_of_what_is_never_blocked_nothing_is_dropped() {
    let place = Place::new();
    place.refuses(true);
    let error = place.try_blocker(place.config()).unwrap_err().to_string();
    assert!(error.contains("what is never blocked: no memory; shorten `allow`"), "{error}");

    place.refuses(false);
    let (mut blocker, news) = place.try_blocker(place.config()).unwrap();
    blocker.add(wish(PAIR)).unwrap();
    news.send(surroundings(&["192.0.2.10", "192.0.2.11"])).unwrap();
    place.refuses(true);
    blocker.tick(&Counters::ZERO);
    let State { requested, because, .. } = blocker.state();
    assert_eq!((requested, blocker.mode()), (Mode::Enforce, Mode::DryRun));
    assert!(because.is_some());
    place.refuses(false);
    blocker.tick(&Counters::ZERO);
    assert_eq!((place.mode(), blocker.mode()), (ENFORCE, Mode::Enforce));
    assert_eq!(place.actions(), ["start", "block", "fail", "mode"]);
    let own = "192.0.2.11".parse().unwrap();
    assert!(place.kernel.0.borrow().allowed.iter().any(|network| network.parts() == (own, 32)));
}

#[test]
fn another_configuration_lifts_what_it_forbids_and_opens_its_audit_log() {
    let place = Place::new();
    let mut blocker = place.blocker(place.config());
    blocker.decide(decision(1, PAIR));
    blocker.decide(decision(2, "10.0.0.3-203.0.113.9:3333"));
    let (other, allow) = (place.folder.path().join("other.jsonl"), vec!["10.0.0.2/32".parse().unwrap()]);
    blocker.exchange(Config { mode: Mode::DryRun, allow, audit: Some(other.clone()), ..place.config() });
    assert_eq!(blocker.list().len(), 1);
    assert_eq!(blocker.list()[0].effective, Effective::Counting);
    assert_eq!(place.actions(), ["start", "block", "block"], "the old log is done with");
    let text = fs::read_to_string(&other).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["action"], &lines[1]["action"]), (&"lift".into(), &"mode".into()), "{text}");
    assert_eq!(lines[0]["reason"], "10.0.0.2/32 is never blocked: you allow it in [block]");

    // As logrotate does it.
    fs::rename(&other, place.folder.path().join("other.jsonl.1")).unwrap();
    blocker.exchange(Config { mode: Mode::Enforce, audit: Some(other.clone()), ..place.config() });
    assert!(fs::read_to_string(&other).unwrap().contains(r#""action":"mode""#));

    blocker.exchange(Config { audit: Some("/nowhere/audit.jsonl".into()), ..place.config() });
    blocker.panic("noc").unwrap();
    assert!(
        fs::read_to_string(&other).unwrap().contains(r#""action":"panic""#),
        "the old one is better than none"
    );
}

#[test]
fn a_case_that_is_excluded_is_not_blocked_any_more() {
    let place = Place::new();
    let mut blocker = place.blocker(place.config());
    blocker.decide(decision(1, PAIR));
    blocker.add(wish("203.0.113.77")).unwrap();
    place.refuses(true);
    for case in [1, 2] {
        blocker.decide(Decision::Lift { case: CaseId(case), reason: "excluded: our own".to_owned() });
    }
    blocker.tick(&Counters::ZERO);
    assert_eq!((blocker.list().len(), place.actions().pop().as_deref()), (2, Some("fail")));
    place.refuses(false);
    blocker.tick(&Counters::ZERO);
    assert_eq!(blocker.list().len(), 1, "it is tried again");
    let line = place.lines().pop().unwrap();
    assert_eq!((&line["action"], &line["reason"]), (&"lift".into(), &"excluded: our own".into()));
    blocker.decide(decision(1, PAIR));
    assert_eq!(blocker.list().len(), 2, "once it is not excluded any more");
}

#[test]
fn why_a_case_is_not_blocked_is_told_once() {
    let place = Place::new();
    let config = Config { allow: vec!["10.0.0.2/32".parse().unwrap()], entries: 1, ..place.config() };
    let mut blocker = place.blocker(config);
    for _ in 0..3 {
        blocker.decide(decision(1, PAIR));
        blocker.decide(decision(2, "10.0.0.2-203.0.113.9:4444"));
    }
    assert_eq!(place.actions(), ["start", "refuse", "refuse"]);
    let other = "10.0.0.3-203.0.113.9:3333";
    blocker.decide(decision(3, other));
    for _ in 0..2 {
        blocker.decide(decision(4, "10.0.0.4-203.0.113.9:3333"));
    }
    assert_eq!(place.actions()[3..], ["block", "refuse"], "another cause is told");
}
