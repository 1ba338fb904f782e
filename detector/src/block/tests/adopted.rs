//! Blocks that an earlier agent has left.

use super::*;

fn keeping(place: &Place) -> Config {
    Config { on_exit: OnExit::Keep, ..place.config() }
}

#[test]
fn blocks_go_on_as_what_they_were() {
    let place = Place::new();
    let mut first = place.blocker(keeping(&place));
    first.decide(decision(7, "10.0.0.2:40000-203.0.113.9:3333"));
    place.pass(MINUTE);
    first.add(Wish { reason: "ticket 12".to_owned(), ..wish("203.0.113.9") }).unwrap();
    place.kernel.0.borrow_mut().blocks.insert("10.9.9.9-203.0.113.9:1".parse().unwrap(), 90 * MINUTE);
    place.pass(MINUTE);
    first.finish();

    let numbers = |blocker: &Blocker<Fake>| {
        let mut numbers: Vec<_> =
            blocker.list().into_iter().map(|listed| (listed.entry.id, listed.entry.target)).collect();
        numbers.sort_by_key(|(id, _)| *id);
        numbers
    };
    let before = numbers(&first);
    let mut second = place.blocker(keeping(&place));
    assert_eq!(numbers(&second)[..2], before, "each keeps its number");
    let of = |blocker: &Blocker<Fake>, target: &str| {
        let target: Target = target.parse().unwrap();
        blocker.list().into_iter().find(|listed| listed.entry.target == target).map(|listed| listed.entry)
    };
    let by_hand = of(&second, "203.0.113.9").unwrap();
    assert_eq!(
        (by_hand.by.as_str(), by_hand.reason.as_str(), by_hand.automatic),
        ("noc", "ticket 12", false)
    );
    let found = of(&second, "10.0.0.2:40000-203.0.113.9:3333").unwrap();
    assert_eq!((found.case, found.reason.as_str(), found.automatic), (Some(CaseId(7)), "mines", true));
    let unknown = of(&second, "10.9.9.9-203.0.113.9:1").unwrap();
    assert_eq!(unknown.by, "somebody");
    assert!(unknown.automatic && unknown.reason.contains("audit log does not tell"), "{}", unknown.reason);

    // What is decided anew about the same connection, in whichever order its ends are told, is the same block.
    second.decide(decision(7, "203.0.113.9:3333-10.0.0.2:40000"));
    assert_eq!(second.list().len(), 3);
    second.decide(Decision::Lift { case: CaseId(7), reason: "excluded".to_owned() });
    assert!(of(&second, "10.0.0.2:40000-203.0.113.9:3333").is_none());
    assert!(of(&second, "203.0.113.9").is_some(), "what an operator said holds");
}

#[test]
fn an_alarm_and_a_panic_hold_over_a_restart() {
    let place = Place::new();
    let mut first = place.blocker(keeping(&place));
    first.add(wish(PAIR)).unwrap();
    let mut counters = Counters::ZERO;
    counters.add(Counter::BlockShed);
    first.tick(&counters);
    first.finish();
    let mut second = place.blocker(keeping(&place));
    assert_eq!(second.mode(), Mode::DryRun);
    assert!(second.state().because.unwrap().contains("firedamp block resume"));
    second.resume("noc").unwrap();
    second.finish();
    let mut third = place.blocker(keeping(&place));
    assert_eq!(third.mode(), Mode::Enforce);
    third.panic("noc").unwrap();
    third.finish();
    let mut fourth = place.blocker(keeping(&place));
    assert_eq!(fourth.mode(), Mode::Observe);
    assert!(fourth.state().because.unwrap().starts_with("noc, to an earlier agent,"));
    fourth.finish();

    // A dry run that the configuration wanted is no alarm.
    let other = Place::new();
    let config = Config { mode: Mode::DryRun, ..keeping(&other) };
    let mut dry = other.blocker(config);
    dry.add(wish(PAIR)).unwrap();
    dry.finish();
    assert_eq!(other.blocker(keeping(&other)).mode(), Mode::Enforce);
}

#[test]
fn what_an_operator_removed_is_not_blocked_by_the_next_agent() {
    let place = Place::new();
    let mut first = place.blocker(keeping(&place));
    first.decide(decision(1, PAIR));
    let id = first.list()[0].entry.id;
    first.remove(id, "noc").unwrap();
    first.finish();
    let mut second = place.blocker(keeping(&place));
    second.decide(decision(1, PAIR));
    second.decide(decision(1, "10.0.0.2-198.51.100.1:1"));
    second.decide(decision(2, PAIR));
    assert_eq!(second.list(), []);
    second.decide(decision(2, "10.0.0.3-203.0.113.9:3333"));
    assert!(second.list()[0].entry.id > id, "numbers go on");
}

#[test]
fn what_must_not_go_on_is_lifted_and_told() {
    let place = Place::new();
    let mut first = place.blocker(keeping(&place));
    first.add(wish(PAIR)).unwrap();
    first.finish();
    let allowing = Config { allow: vec!["10.0.0.2/32".parse().unwrap()], ..keeping(&place) };
    assert!(place.blocker(allowing).list().is_empty());
    assert!(place.kernel.0.borrow().blocks.is_empty());
    let line = place.lines().pop().unwrap();
    assert_eq!((&line["action"], &line["target"]), (&"lift".into(), &PAIR.into()));
    assert!(line["reason"].as_str().unwrap().contains("never blocked"), "{line}");
}
