use std::collections::VecDeque;
use std::time::{Duration, Instant};

use nix::net::if_::if_nametoindex;

use crate::kernel::{AttachError, Attached, Program, Promiscuous, XdpMode, attach, readable};
use crate::metrics;

/// Between two tries to attach to an interface that is there but refuses: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// How many former interfaces keep their names, for events that are still on their way.
const FORMER: usize = 64;

/// The interfaces that are to be watched, by name. One that goes away is watched again once one of
/// its name is there.
pub(super) struct Interfaces {
    wanted: Vec<Interface>,
    mode: XdpMode,
    /// They get copies of what is addressed to others.
    mirror: bool,
    /// Index and name of those that are gone, the latest first.
    former: VecDeque<(u32, String)>,
    lost: u64,
}

struct Interface {
    name: String,
    /// The program runs in the driver, or did when it was last attached.
    native: bool,
    /// If it takes in everything because of this agent.
    promiscuous: Option<Promiscuous>,
    state: State,
}

enum State {
    /// The program is attached to the interface with this index.
    Watched(u32),
    /// There was none of this name when looked for.
    Missing,
    Refusing(Refusal),
}

/// What became of the last try to attach.
struct Refusal {
    /// The interface that was tried.
    index: u32,
    /// What was said about it.
    said: String,
    again: Instant,
    pause: Duration,
}

impl Interfaces {
    /// Looks whether all of them are there and can be read, before any is touched.
    ///
    /// # Errors
    /// One of them does not exist, or is no Ethernet.
    pub(super) fn check(names: &[String]) -> Result<(), AttachError> {
        names.iter().try_for_each(|name| readable(name).map(drop))
    }

    /// Attaches the program to all of them.
    ///
    /// # Errors
    /// One of them does not exist or refuses.
    pub(super) fn attach(
        program: &mut Program,
        names: &[String],
        mode: XdpMode,
        mirror: bool,
    ) -> Result<Self, AttachError> {
        let mut wanted = Vec::new();
        for name in names {
            let attached = attach(program, name, mode)?;
            if attached.fallback.is_some() {
                tracing::warn!("{attached}");
            } else {
                tracing::info!("{attached}");
            }
            wanted.push(Interface {
                name: name.clone(),
                native: attached.native,
                promiscuous: take_in_all(name, mirror),
                state: State::Watched(attached.index),
            });
        }
        Ok(Self { wanted, mode, mirror, former: VecDeque::new(), lost: 0 })
    }

    /// Those that are watched now, and whether the program runs in their drivers.
    pub(super) fn modes(&self) -> Vec<metrics::Interface> {
        let watched = self.wanted.iter().filter(|interface| interface.watched().is_some());
        watched.map(|one| metrics::Interface { name: one.name.clone(), native: one.native }).collect()
    }

    /// The name of the interface that has an index, or had it lately.
    pub(super) fn name(&self, index: u32) -> Option<&str> {
        let watched = self.wanted.iter().find(|interface| interface.watched() == Some(index));
        watched.map(|interface| interface.name.as_str()).or_else(|| self.former(index))
    }

    fn former(&self, index: u32) -> Option<&str> {
        self.former.iter().find(|(former, _)| *former == index).map(|(_, name)| name.as_str())
    }

    /// How many are watched now.
    pub(super) fn watched(&self) -> usize {
        self.wanted.iter().filter(|interface| interface.watched().is_some()).count()
    }

    /// How often one was lost.
    pub(super) const fn lost(&self) -> u64 {
        self.lost
    }

    /// Lets go of those that are gone or have another name, and attaches to those that are there
    /// again.
    pub(super) fn follow(&mut self, program: &mut Program, now: Instant) {
        let present: Vec<Option<u32>> =
            self.wanted.iter().map(|interface| if_nametoindex(interface.name.as_str()).ok()).collect();
        // All are let go of before any is attached: names may have been exchanged.
        for (interface, present) in self.wanted.iter_mut().zip(&present) {
            // Another interface may have got the name and the index.
            let same = present.filter(|index| program.is_attached_to(*index));
            if let Some(index) = interface.lose(same) {
                self.lost += 1;
                self.former.push_front((index, interface.name.clone()));
                self.former.truncate(FORMER);
                program.detach_from(index);
            }
        }
        for (interface, present) in self.wanted.iter_mut().zip(present) {
            if let Some(index) = present.filter(|index| interface.is_due(*index, now)) {
                let tried = attach(program, &interface.name, self.mode);
                let is_there = tried.is_ok();
                interface.tried(index, tried, now);
                if is_there {
                    interface.promiscuous = take_in_all(&interface.name, self.mirror);
                }
            }
        }
    }
}

/// Lets an interface that gets copies take in what is addressed to others: a card keeps that back.
fn take_in_all(name: &str, mirror: bool) -> Option<Promiscuous> {
    if !mirror {
        return None;
    }
    match Promiscuous::make(name) {
        Ok(made) => made,
        Err(error) => {
            tracing::warn!(
                "interface {name} takes in only what is addressed to it, and a mirror port brings other packets: {error}; say `ip \
                 link set dev {name} promisc on`"
            );
            None
        }
    }
}

impl Interface {
    const fn watched(&self) -> Option<u32> {
        if let State::Watched(index) = self.state { Some(index) } else { None }
    }

    /// Gives up what is watched, if it is not what has the name now; gives its index.
    fn lose(&mut self, present: Option<u32>) -> Option<u32> {
        let index = self.watched().filter(|index| present != Some(*index))?;
        tracing::warn!("interface {} is gone; waiting for it to come back", self.name);
        self.state = State::Missing;
        self.promiscuous = None;
        Some(index)
    }

    /// Whether it is time to attach to the interface that has the name now.
    fn is_due(&self, index: u32, now: Instant) -> bool {
        match &self.state {
            State::Watched(_) => false,
            State::Missing => true,
            State::Refusing(refusal) => refusal.index != index || refusal.again <= now,
        }
    }

    fn tried(&mut self, index: u32, tried: Result<Attached, AttachError>, now: Instant) {
        let error = match tried {
            Ok(attached) => {
                tracing::info!("interface {} is there again: {attached}", self.name);
                self.native = attached.native;
                self.state = State::Watched(attached.index);
                return;
            }
            // It went while it was looked at.
            Err(AttachError::NoInterface { .. }) => {
                self.state = State::Missing;
                return;
            }
            Err(error) => error.to_string(),
        };
        let before = match &self.state {
            State::Refusing(before) if before.index == index => Some((before.said == error, before.pause)),
            _ => None,
        };
        if before.is_none_or(|(said, _)| !said) {
            tracing::warn!("interface {} is there again and cannot be watched yet: {error}", self.name);
        }
        let pause = before.map_or(PAUSE.0, |(_, pause)| (pause * 2).min(PAUSE.1));
        self.state = State::Refusing(Refusal { index, said: error, again: now + pause, pause });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> AttachError {
        AttachError::Refused { interface: "lan0".into(), mode: "generic", cause: "busy".into(), hint: "" }
    }

    fn attached(index: u32) -> Attached {
        Attached { interface: "lan0".into(), index, native: true, fallback: None }
    }

    fn watched(index: u32) -> Interface {
        Interface { name: "lan0".into(), native: true, promiscuous: None, state: State::Watched(index) }
    }

    #[test]
    fn what_is_there_is_left_alone() {
        let mut interface = watched(3);
        assert_eq!(interface.lose(Some(3)), None);
        assert!(!interface.is_due(3, Instant::now()));
    }

    #[test]
    fn another_interface_of_the_name_is_attached_to_at_once() {
        let (mut interface, now) = (watched(3), Instant::now());
        assert_eq!(interface.lose(Some(7)), Some(3));
        assert_eq!(interface.lose(Some(7)), None, "it is lost once");
        assert!(interface.is_due(7, now));
        interface.tried(7, Ok(attached(7)), now);
        assert_eq!(interface.watched(), Some(7));
    }

    #[test]
    fn one_that_refuses_is_tried_less_and_less_often() {
        let (mut interface, mut now) = (watched(3), Instant::now());
        interface.lose(None);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            interface.tried(7, Err(refused()), now);
            let before = now;
            while !interface.is_due(7, now) {
                now += Duration::from_secs(1);
            }
            pauses.push((now - before).as_secs());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
        interface.tried(7, Err(refused()), now);
        assert!(interface.is_due(8, now), "another one is tried at once");
    }

    #[test]
    fn former_interfaces_keep_their_names() {
        let former = (0..64).map(|index| (index, format!("old{index}"))).collect();
        let wanted = vec![watched(3)];
        let interfaces = Interfaces { wanted, mode: XdpMode::Auto, mirror: false, former, lost: 0 };
        assert_eq!(interfaces.name(3), Some("lan0"), "the one that is there goes first");
        assert_eq!(interfaces.name(5), Some("old5"));
        assert_eq!(interfaces.name(1000), None);
    }
}
