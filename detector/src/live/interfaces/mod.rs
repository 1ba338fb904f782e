//! The interfaces that are to be watched: followed as they appear, go, and change their names.

mod interface;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Instant;

use crate::kernel::{
    AttachError, Attached, Hook, Link, Program, Promiscuous, Wanted, WhenOccupied, XdpMode, attach_or, links,
    readable,
};
use crate::metrics;
use interface::Interface;

/// How many former interfaces keep their names, for events that are still on their way.
const FORMER: usize = 64;

/// The most interfaces that are watched.
const MOST: usize = 1024;

/// Interfaces that are tried at each look: the kernel takes some milliseconds for each, and the ring is to be drained.
const AT_ONCE: usize = 32;

/// How interfaces are watched.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    pub(super) mode: XdpMode,
    /// What is done where XDP is not to be had.
    pub(super) otherwise: WhenOccupied,
    /// They get copies of what is addressed to others.
    pub(super) mirror: bool,
}

/// The interfaces that are to be watched. One with a name that goes away is watched again once one of its name is there,
/// and one that a pattern matches as soon as it appears.
pub(super) struct Interfaces {
    wanted: Vec<Wanted>,
    /// All that have a name in `wanted`, and those that a pattern found.
    known: Vec<Interface>,
    how: How,
    /// Those that shall take in everything, by index: nothing where they do already, or cannot.
    promiscuous: HashMap<u32, Option<Promiscuous>>,
    /// The names of those that are watched, by index.
    names: HashMap<u32, String>,
    /// Index and name of those that are gone, the latest first.
    former: VecDeque<(u32, String)>,
    lost: u64,
    /// More match than may be watched, and that was said.
    crowded: bool,
    /// The kernel did not list them, and that was said.
    blind: bool,
}

impl Interfaces {
    /// Looks whether all that have a name are there and can be read, before any is touched.
    ///
    /// # Errors
    /// One of them does not exist, or is no Ethernet; or a pattern is none.
    pub(super) fn check(wanted: &[String]) -> Result<(), AttachError> {
        wanted.iter().try_for_each(|text| match text.parse()? {
            Wanted::Name(name) => readable(&name).map(drop),
            Wanted::Pattern(_) => Ok(()),
        })
    }

    /// Attaches the program to all of them, and to what patterns match now.
    ///
    /// # Errors
    /// One that has a name does not exist or refuses, or packets are to be dropped on one that is watched behind XDP. One that a pattern matches is tried again later.
    pub(super) fn attach(program: &mut Program, wanted: &[String], how: How) -> Result<Self, AttachError> {
        let wanted = wanted.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
        let mut this = Self::of(wanted, how);
        for interface in &mut this.known {
            // One interface may have several names.
            if this.names.contains_key(&readable(&interface.name)?) {
                continue;
            }
            let attached = attach_or(program, &interface.name, how.mode, how.otherwise)?;
            if program.may_block() && attached.hook == Hook::Tcx {
                return Err(cannot_block(&interface.name, attached.fallback.as_deref()));
            }
            if attached.fallback.is_some() {
                tracing::warn!("{attached}");
            } else {
                tracing::info!("{attached}");
            }
            this.names.insert(attached.index, interface.name.clone());
            interface.attached(attached);
        }
        this.known.retain(|interface| interface.watched().is_some());
        this.look(program, Instant::now(), usize::MAX);
        if program.may_block()
            && let Some(one) = this.behind().next()
        {
            return Err(cannot_block(&one.name, one.reason.as_deref()));
        }
        for pattern in this.unmatched() {
            tracing::warn!("no interface matches {pattern} yet; waiting for one");
        }
        Ok(this)
    }

    fn of(wanted: Vec<Wanted>, how: How) -> Self {
        let known = wanted.iter().filter_map(|one| match one {
            Wanted::Name(name) => Some(Interface::new(name.clone(), true)),
            Wanted::Pattern(_) => None,
        });
        let (known, names, former) = (known.collect(), HashMap::new(), VecDeque::new());
        let promiscuous = HashMap::new();
        Self { wanted, known, how, promiscuous, names, former, lost: 0, crowded: false, blind: false }
    }

    /// Those that are not watched any more when the agent ends, though its program stays attached to others.
    pub(super) fn let_go(&self) -> impl Iterator<Item = &str> {
        self.behind().map(|one| one.name.as_str())
    }

    /// Those that are watched behind XDP, where nothing can be dropped.
    fn behind(&self) -> impl Iterator<Item = &Interface> {
        self.known.iter().filter(|one| one.hook == Hook::Tcx && one.watched().is_some())
    }

    /// The patterns that match none of those that are known.
    fn unmatched(&self) -> impl Iterator<Item = &str> {
        self.wanted.iter().filter_map(|one| match one {
            Wanted::Pattern(pattern) => {
                let matched = self.known.iter().any(|interface| pattern.matches(&interface.name));
                (!matched).then(|| pattern.as_str())
            }
            Wanted::Name(_) => None,
        })
    }

    /// Those that are watched now, and where.
    pub(super) fn modes(&self) -> Vec<metrics::Interface> {
        let watched = self.known.iter().filter(|interface| interface.watched().is_some());
        watched
            .map(|one| metrics::Interface {
                name: one.name.clone(),
                hook: one.hook,
                reason: one.reason.clone(),
            })
            .collect()
    }

    /// The name of the interface that has an index, or had it lately.
    pub(super) fn name(&self, index: u32) -> Option<&str> {
        self.names.get(&index).map(String::as_str).or_else(|| self.former(index))
    }

    fn former(&self, index: u32) -> Option<&str> {
        self.former.iter().find(|(former, _)| *former == index).map(|(_, name)| name.as_str())
    }

    /// How many are watched now.
    pub(super) fn watched(&self) -> usize {
        self.names.len()
    }

    /// How often one was lost.
    pub(super) const fn lost(&self) -> u64 {
        self.lost
    }

    /// Lets go of those that are gone or have another name that nothing matches, and attaches to those that are there
    /// again or have appeared.
    pub(super) fn follow(&mut self, program: &mut Program, now: Instant) {
        self.look(program, now, AT_ONCE);
    }

    /// Asks the kernel once for all interfaces, and tries at most so many.
    fn look(&mut self, program: &mut Program, now: Instant, most: usize) {
        let links = match links() {
            Ok(links) => links,
            Err(error) => {
                if !std::mem::replace(&mut self.blind, true) {
                    tracing::warn!(
                        "the kernel does not list the interfaces, and none that comes or goes is noticed: {error}"
                    );
                }
                return;
            }
        };
        self.blind = false;
        // All are let go of before any is attached: names may have been exchanged.
        for index in self.review(&links, |link| program.is_attached_to(link)) {
            program.detach_from(index);
        }
        self.discover(&links);
        let by_name = by_name(&links);
        let due = self.known.iter_mut().filter_map(|interface| {
            let link = *by_name.get(interface.name.as_str())?;
            interface.is_due(link.index, now).then_some((interface, link))
        });
        for (interface, link) in due.take(most) {
            interface.tried(link, try_on(program, link, &interface.name, self.how), now);
        }
        if program.may_block() {
            self.unblockable();
        }
        self.names = self
            .known
            .iter()
            .filter_map(|interface| Some((interface.watched()?, interface.name.clone())))
            .collect();
        self.take_in_all();
    }

    /// Lets interfaces that get copies take in what is addressed to others: a card keeps that back.
    fn take_in_all(&mut self) {
        self.promiscuous.retain(|index, _| self.names.contains_key(index));
        for (index, name) in self.names.iter().filter(|_| self.how.mirror) {
            if self.promiscuous.contains_key(index) {
                continue;
            }
            let made = Promiscuous::make(*index).unwrap_or_else(|error| {
                tracing::warn!(
                    "interface {name} takes in only what is addressed to it, and a mirror port brings other packets: {error}; \
                     say `ip link set dev {name} promisc on`"
                );
                None
            });
            self.promiscuous.insert(*index, made);
        }
    }

    /// Lets interfaces that get copies go on taking in everything, for a program that goes on without this agent.
    pub(super) fn leave_open(&mut self) {
        let behind: Vec<u32> = self.behind().filter_map(Interface::watched).collect();
        let goes_on = self.promiscuous.drain().filter(|(index, _)| !behind.contains(index));
        goes_on.for_each(|(_, made)| std::mem::forget(made));
    }

    /// Warns of those that have just come to be watched where nothing can be dropped.
    fn unblockable(&self) {
        let new =
            self.behind().filter(|one| one.watched().is_some_and(|index| !self.names.contains_key(&index)));
        for one in new {
            tracing::warn!(
                "nothing is blocked on interface {}: it is watched with {}, because {}; free its XDP hook, or block elsewhere",
                one.name,
                one.hook,
                one.reason.as_deref().unwrap_or("XDP is not to be had")
            );
        }
    }

    /// Compares what is known with what is there. Gives the indexes of what is lost.
    fn review(&mut self, links: &[Link], is_attached_to: impl Fn(&Link) -> bool) -> Vec<u32> {
        let by_index: HashMap<u32, &Link> = links.iter().map(|link| (link.index, link)).collect();
        let mut lost = Vec::new();
        for interface in &mut self.known {
            let Some(index) = interface.watched() else { continue };
            let there = by_index.get(&index).copied();
            let is_meant = |link: &&Link| {
                if interface.named {
                    link.is_called(&interface.name)
                } else {
                    self.wanted.iter().any(|wanted| wanted.matches(link))
                }
            };
            // Another interface may have got the name and the index.
            match there.filter(|link| is_attached_to(link)).filter(is_meant) {
                Some(link) => interface.seen(link),
                None => lost.extend(interface.lose(there).map(|index| (index, interface.name.clone()))),
            }
        }
        self.lost += lost.len() as u64;
        for gone in &lost {
            self.former.push_front(gone.clone());
        }
        self.former.truncate(FORMER);
        self.merge(&by_name(links));
        // What a pattern found is forgotten when it is gone.
        self.known.retain(|interface| {
            let there = || by_index.get(&interface.index()?).copied();
            interface.named || there().is_some_and(|link| link.is_called(&interface.name))
        });
        lost.into_iter().map(|(index, _)| index).collect()
    }

    /// What a pattern found and now has a name that is wanted goes on under that.
    fn merge(&mut self, by_name: &HashMap<&str, &Link>) {
        let (mut named, found): (Vec<Interface>, Vec<Interface>) =
            std::mem::take(&mut self.known).into_iter().partition(|interface| interface.named);
        for other in found {
            let index = other.index();
            let is_same =
                |one: &&mut Interface| by_name.get(one.name.as_str()).map(|link| link.index) == index;
            match named.iter_mut().find(is_same) {
                Some(one) if one.watched().is_none() => one.take_over(other),
                Some(_) => {}
                None => self.known.push(other),
            }
        }
        named.append(&mut self.known);
        self.known = named;
    }

    /// Takes up what patterns match and nothing watches.
    fn discover(&mut self, links: &[Link]) {
        let patterns: Vec<&Wanted> =
            self.wanted.iter().filter(|one| matches!(one, Wanted::Pattern(_))).collect();
        let mut taken: HashSet<u32> = self.known.iter().filter_map(Interface::index).collect();
        let by_name = by_name(links);
        taken.extend(
            self.known.iter().filter_map(|one| by_name.get(one.name.as_str())).map(|link| link.index),
        );
        let new = links.iter().filter(|link| {
            !taken.contains(&link.index) && patterns.iter().any(|pattern| pattern.matches(link))
        });
        let (mut found, room) = (0, MOST.saturating_sub(self.known.len()));
        for link in new {
            found += 1;
            if found <= room {
                self.known.push(Interface::new(link.name.clone(), false));
            }
        }
        if found > room && !self.crowded {
            tracing::warn!(
                "{} interfaces match, and at most {MOST} are watched: name fewer, or let several agents watch some each",
                found + MOST - room
            );
        }
        self.crowded = found > room;
    }
}

fn cannot_block(interface: &str, why: Option<&str>) -> AttachError {
    let why = why.unwrap_or("XDP is not to be had").to_owned();
    AttachError::CannotBlock { interface: interface.to_owned(), why }
}

fn try_on(program: &mut Program, link: &Link, name: &str, how: How) -> Result<Attached, AttachError> {
    // Without asking the kernel once more: there may be hundreds of them.
    if !link.kind.is_ethernet() {
        return Err(AttachError::NotEthernet { interface: name.to_owned(), kind: link.kind });
    }
    attach_or(program, name, how.mode, how.otherwise)
}

/// The interfaces by all their names.
fn by_name(links: &[Link]) -> HashMap<&str, &Link> {
    let firsts = links.iter().map(|link| (link.name.as_str(), link));
    let others =
        links.iter().flat_map(|link| link.alternatives.iter().map(move |name| (name.as_str(), link)));
    // First names go first.
    others.chain(firsts).collect()
}
