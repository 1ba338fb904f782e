use std::time::Duration;

use nix::libc::ARPHRD_ETHER;

use super::interface::State;
use super::*;
use crate::kernel::{Attached, LinkKind};

fn refused() -> AttachError {
    AttachError::Refused { interface: "lan0".into(), mode: "generic", cause: "busy".into(), hint: "" }
}

fn attached(index: u32) -> Attached {
    Attached { interface: "lan0".into(), index, hook: Hook::Native, fallback: None, taken_over: false }
}

fn watched(index: u32) -> Interface {
    Interface { state: State::Watched(index), ..Interface::new("lan0".into(), true) }
}

fn link(index: u32, name: &str) -> Link {
    let kind = LinkKind::numbered(ARPHRD_ETHER);
    Link { name: name.to_owned(), mtu: 1500, ..Link::nameless(index, kind) }
}

/// Those that are wanted, as after a look at what there is, with all of it attached.
fn looking(wanted: &[&str], links: &[Link]) -> Interfaces {
    let wanted = wanted.iter().map(|text| text.parse().unwrap()).collect();
    let mut this =
        Interfaces::of(wanted, How { mode: XdpMode::Auto, otherwise: WhenOccupied::Refuse, mirror: false });
    look(&mut this, links);
    this
}

/// A look at what there is: gives what is let go of, and attaches to all that are due.
fn look(this: &mut Interfaces, links: &[Link]) -> Vec<u32> {
    let had: HashSet<u32> = this.known.iter().filter_map(Interface::watched).collect();
    let lost = this.review(links, |link| had.contains(&link.index));
    this.discover(links);
    let now = Instant::now();
    for interface in &mut this.known {
        if let Some(link) = by_name(links).get(interface.name.as_str())
            && interface.is_due(link.index, now)
        {
            interface.tried(link, Ok(attached(link.index)), now);
        }
    }
    lost
}

/// Names and indexes of what is watched, in the order of the alphabet.
fn seen(this: &Interfaces) -> Vec<(&str, u32)> {
    let mut seen: Vec<_> =
        this.known.iter().filter_map(|one| Some((one.name.as_str(), one.watched()?))).collect();
    seen.sort_unstable();
    seen
}

#[test]
fn what_is_there_is_left_alone() {
    let links = [link(3, "lan0")];
    let mut this = looking(&["lan0"], &links);
    assert_eq!(look(&mut this, &links), [0; 0]);
    assert_eq!((seen(&this), this.lost()), (vec![("lan0", 3)], 0));
    assert!(!watched(3).is_due(3, Instant::now()));
}

#[test]
fn another_interface_of_the_name_is_attached_to_at_once() {
    let mut this = looking(&["lan0"], &[link(3, "lan0")]);
    assert_eq!(look(&mut this, &[link(7, "lan0")]), [3], "it is lost once");
    assert_eq!((seen(&this), this.lost()), (vec![("lan0", 7)], 1));
}

#[test]
fn one_that_refuses_is_tried_less_and_less_often() {
    let (mut interface, mut now) = (watched(3), Instant::now());
    interface.lose(None);
    let mut pauses = Vec::new();
    for _ in 0..8 {
        interface.tried(&link(7, "lan0"), Err(refused()), now);
        let before = now;
        while !interface.is_due(7, now) {
            now += Duration::from_secs(1);
        }
        pauses.push((now - before).as_secs());
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
    interface.tried(&link(7, "lan0"), Err(refused()), now);
    assert!(interface.is_due(8, now), "another one is tried at once");
}

#[test]
fn former_interfaces_keep_their_names() {
    let mut interfaces = looking(&["lan0"], &[link(3, "lan0")]);
    interfaces.former = (0..64).map(|index| (index, format!("old{index}"))).collect();
    interfaces.names = HashMap::from([(3, "lan0".to_owned())]);
    assert_eq!(interfaces.name(3), Some("lan0"), "the one that is there goes first");
    assert_eq!(interfaces.name(5), Some("old5"));
    assert_eq!(interfaces.name(1000), None);
}

#[test]
fn what_matches_is_watched_while_it_is_there_and_once() {
    let links = [link(1, "eth0"), link(2, "ppp0"), link(3, "ppp1")];
    let mut this = looking(&["ppp*", "ppp?", "ppp1"], &links);
    assert_eq!(seen(&this), [("ppp0", 2), ("ppp1", 3)]);
    assert_eq!(look(&mut this, &links[..1]), [3, 2]);
    assert!(this.known.iter().all(|one| one.named), "what a pattern found is forgotten");
    look(&mut this, &[link(9, "ppp0")]);
    assert_eq!((seen(&this), this.lost()), (vec![("ppp0", 9)], 2));
    assert_eq!(this.name(3), Some("ppp1"), "events on their way keep their names");
}

#[test]
fn one_of_a_pattern_keeps_its_place_under_another_name_that_matches() {
    let mut this = looking(&["ppp*"], &[link(2, "ppp0")]);
    assert_eq!(look(&mut this, &[link(2, "ppp7")]), [0; 0]);
    assert_eq!((seen(&this), this.lost()), (vec![("ppp7", 2)], 0));
    assert_eq!(look(&mut this, &[link(2, "wan0")]), [2], "nothing matches it any more");
    assert_eq!((seen(&this), this.lost()), (vec![], 1));
}

#[test]
fn a_name_is_lost_with_its_interface_and_found_with_it() {
    let mut this = looking(&["lan0", "ppp*"], &[link(2, "lan0"), link(3, "ppp0")]);
    // What a pattern found gets a name that is wanted: there is no gap.
    assert_eq!(look(&mut this, &[link(2, "away0"), link(3, "lan0")]), [2]);
    assert_eq!((seen(&this), this.lost()), (vec![("lan0", 3)], 1));
    // What has a name gets one that a pattern matches: it is another one from now on.
    assert_eq!(look(&mut this, &[link(3, "ppp5")]), [3]);
    assert_eq!((seen(&this), this.lost()), (vec![("ppp5", 3)], 2));
}

#[test]
fn one_that_refuses_is_followed_by_its_name_and_told_once() {
    let mut this = looking(&["ppp*"], &[]);
    let links = [link(2, "ppp0")];
    this.discover(&links);
    let now = Instant::now();
    this.known[0].tried(&links[0], Err(refused()), now);
    this.review(&links, |_| false);
    this.discover(&links);
    assert_eq!((this.known.len(), this.known[0].is_due(2, now)), (1, false));
    this.review(&[], |_| false);
    assert!(this.known.is_empty());
}

#[test]
fn there_is_a_most() {
    let links: Vec<Link> = (1..=1030).map(|index| link(index, &format!("ppp{index}"))).collect();
    let mut this = looking(&["ppp*"], &links);
    assert_eq!((seen(&this).len(), this.crowded), (MOST, true));
    look(&mut this, &links[1000..]);
    assert_eq!((seen(&this).len(), this.crowded), (30, false));
}

#[test]
fn patterns_that_match_nothing_are_told() {
    let this = looking(&["ppp*", "eth?", "lan0"], &[link(1, "eth0"), link(2, "lan0")]);
    assert_eq!(this.unmatched().collect::<Vec<_>>(), ["ppp*"]);
}
