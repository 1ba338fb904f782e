use std::time::{Duration, Instant};

use crate::kernel::{AttachError, Attached, Hook, Link};

/// Between two tries to attach to an interface that is there but refuses: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Above this an interface may refuse a program in its driver, or take it in the network stack only.
const USUAL_MTU: u32 = 1500;

/// An interface that is to be watched.
pub(super) struct Interface {
    pub(super) name: String,
    /// By its name, not by a pattern: it is waited for while it is not there.
    pub(super) named: bool,
    /// Where the program runs, or did when it was last attached.
    pub(super) hook: Hook,
    /// Why not at a faster place.
    pub(super) reason: Option<String>,
    /// The longest packet when it was last looked at, in bytes; 0 if that is not known yet.
    pub(super) mtu: u32,
    pub(super) state: State,
}

pub(super) enum State {
    /// The program is attached to the interface with this index.
    Watched(u32),
    /// There was none of this name when looked for, or it has just appeared.
    Missing,
    Refusing(Refusal),
}

/// What became of the last try to attach.
pub(super) struct Refusal {
    /// The interface that was tried.
    index: u32,
    /// What was said about it, see [`AttachError::gist`].
    said: String,
    again: Instant,
    pause: Duration,
}

impl Interface {
    /// One that is not watched yet.
    pub(super) const fn new(name: String, named: bool) -> Self {
        Self { name, named, hook: Hook::Native, reason: None, mtu: 0, state: State::Missing }
    }

    pub(super) const fn watched(&self) -> Option<u32> {
        if let State::Watched(index) = self.state { Some(index) } else { None }
    }

    /// The index under which it was last seen.
    pub(super) const fn index(&self) -> Option<u32> {
        match &self.state {
            State::Watched(index) => Some(*index),
            State::Refusing(refusal) => Some(refusal.index),
            State::Missing => None,
        }
    }

    /// Notes what else is known of the interface that is watched.
    pub(super) fn seen(&mut self, link: &Link) {
        if self.name != link.name && !link.is_called(&self.name) {
            tracing::info!("interface {} has another name now: {}", self.name, link.name);
            self.name.clone_from(&link.name);
        }
        let before = std::mem::replace(&mut self.mtu, link.mtu);
        if before != 0 && before != link.mtu {
            tracing::info!(
                "interface {}: its MTU was {before} and is {} now; {} goes on",
                self.name,
                link.mtu,
                self.hook
            );
        }
    }

    /// Gives up what is watched; gives its index. `there` is what has the index now.
    pub(super) fn lose(&mut self, there: Option<&Link>) -> Option<u32> {
        let index = self.watched()?;
        let name = &self.name;
        let waiting = if self.named { "; waiting for it to come back" } else { "" };
        match there {
            Some(link) if !link.is_called(name) => {
                tracing::warn!("interface {name} is gone: it is called {} now{waiting}", link.name);
            }
            Some(link) if self.mtu != 0 && link.mtu != self.mtu => tracing::warn!(
                "interface {name} is gone, or its driver took the program off when its MTU went from {} to {}{waiting}",
                self.mtu,
                link.mtu
            ),
            Some(_) => tracing::warn!(
                "interface {name} is gone and another has its place, or somebody took the program off{waiting}"
            ),
            None => tracing::warn!("interface {name} is gone{waiting}"),
        }
        self.state = State::Missing;
        Some(index)
    }

    /// Takes over what another one watches, which is the same interface.
    pub(super) fn take_over(&mut self, other: Self) {
        if let Some(index) = other.watched() {
            tracing::info!("interface {} has another name now: {}", other.name, self.name);
            self.hook = other.hook;
            self.reason = other.reason;
            self.mtu = other.mtu;
            self.state = State::Watched(index);
        }
    }

    /// Whether it is time to attach to the interface that has the name now.
    pub(super) fn is_due(&self, index: u32, now: Instant) -> bool {
        match &self.state {
            State::Watched(_) => false,
            State::Missing => true,
            State::Refusing(refusal) => refusal.index != index || refusal.again <= now,
        }
    }

    pub(super) fn tried(&mut self, link: &Link, tried: Result<Attached, AttachError>, now: Instant) {
        let how = if self.named { "is there again" } else { "has appeared" };
        let error = match tried {
            Ok(attached) => {
                tracing::info!("interface {} {how}: {attached}", self.name);
                self.attached(attached);
                self.mtu = link.mtu;
                return;
            }
            // It went while it was looked at.
            Err(AttachError::NoInterface { .. }) => {
                self.state = State::Missing;
                return;
            }
            Err(error) => error,
        };
        let gist = error.gist();
        let mut error = error.to_string();
        if link.mtu > USUAL_MTU {
            error = format!(
                "{error}; its MTU is {}, and some drivers take no program with a large one",
                link.mtu
            );
        }
        let before = match &self.state {
            State::Refusing(before) if before.index == link.index => {
                Some((before.said == gist, before.pause))
            }
            _ => None,
        };
        if before.is_none_or(|(said, _)| !said) {
            tracing::warn!("interface {} {how} and cannot be watched yet: {error}", self.name);
        }
        let pause = before.map_or(PAUSE.0, |(_, pause)| (pause * 2).min(PAUSE.1));
        self.state = State::Refusing(Refusal { index: link.index, said: gist, again: now + pause, pause });
    }

    /// Notes that it is watched.
    pub(super) fn attached(&mut self, attached: Attached) {
        self.hook = attached.hook;
        self.reason = attached.fallback;
        self.state = State::Watched(attached.index);
    }
}
