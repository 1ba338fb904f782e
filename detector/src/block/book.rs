use std::collections::{BTreeMap, BTreeSet, HashMap};

use detector_common::block::Kinds;
use ipnet::IpNet;
use serde::Serialize;

use super::{Config, Protected, Target};
use crate::kernel::Place;
use crate::ledger::CaseId;

/// The widest networks that are blocked, in bits.
const WIDEST_V4: u8 = 16;
const WIDEST_V6: u8 = 32;

/// The longest block, in minutes.
const LONGEST: u32 = 10_080;

/// How many ended blocks are remembered, to tell who comes back, and how many that somebody lifted.
const REMEMBERED: usize = 65_536;

/// What somebody wants to be blocked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// What.
    pub target: Target,
    /// Why.
    pub reason: String,
    /// Who wants it: a user, or `firedamp`.
    pub by: String,
    /// For how long; `None`: as long as the configuration says.
    pub minutes: Option<u32>,
    /// The case that it is for, if it was decided by what was found; `None` if an operator says it.
    pub case: Option<CaseId>,
}

/// Something that is to be blocked. Times are those by which the kernel ends it: the time of day may be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its number, which no other has while the agent runs.
    pub id: u64,
    /// What.
    pub target: Target,
    /// Why.
    pub reason: String,
    /// Who wants it.
    pub by: String,
    /// The case that it is for.
    #[serde(skip_serializing_if = "Option::is_none", rename = "case_id")]
    pub case: Option<CaseId>,
    /// Whether it was decided by what was found, and no operator has said anything of it.
    pub automatic: bool,
    /// Since when, in nanoseconds since the machine started.
    #[serde(skip)]
    pub since: u64,
    /// When it is over, likewise.
    #[serde(skip)]
    pub expires: u64,
}

/// Why something is not done about a block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is never blocked.
    #[error("{network} is never blocked: {why}")]
    Protected {
        /// The network.
        network: IpNet,
        /// Why.
        why: &'static str,
    },
    /// It is too much.
    #[error("{0} is too wide: at most a /{WIDEST_V4} of IPv4 or a /{WIDEST_V6} of IPv6 is blocked")]
    Wide(IpNet),
    /// It is for no time, or for ever.
    #[error("{0} minutes: a block lasts from 1 to {LONGEST} minutes")]
    Minutes(u32),
    /// There is no room.
    #[error("{0} blocks are there, and no more are allowed: remove some, or raise `entries` in [block]")]
    Full(usize),
    /// There is no such block.
    #[error("there is no block {0}; `firedamp block list` shows those that there are")]
    Unknown(u64),
    /// The kernel refuses.
    #[error("the kernel refuses: {0}")]
    Kernel(String),
}

/// What is to be blocked.
#[derive(Debug, Default)]
pub struct Book {
    entries: BTreeMap<u64, Entry>,
    places: HashMap<Place, u64>,
    /// Those for a case.
    cases: BTreeSet<(CaseId, u64)>,
    /// When each is over, those that are over first in front.
    ends: BTreeSet<(u64, u64)>,
    /// How many there are of each kind.
    kinds: [usize; 3],
    last: u64,
    /// How long what ended was blocked by what was found, and until when that is remembered.
    ended: HashMap<Place, (u64, u64)>,
    /// What operators lifted, and until when it would have been blocked.
    released: HashMap<Released, u64>,
}

/// What an operator lets pass, whatever is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Released {
    Place(Place),
    Case(CaseId),
}

const KINDS: [Kinds; 3] = [Kinds::FLOWS, Kinds::PAIRS, Kinds::NETWORKS];

impl Book {
    /// What a wish leads to: an entry that [`Self::put`] takes. An operator who says for how long
    /// has the last word about what is there; everybody else only makes it last longer. `now` is in nanoseconds since the
    /// machine started.
    ///
    /// # Errors
    /// It must not be blocked, or there is no room.
    pub fn plan(
        &self,
        wish: Wish,
        config: &Config,
        protected: &Protected,
        now: u64,
    ) -> Result<Entry, Refusal> {
        let Wish { target, reason, by, minutes, case } = wish;
        Self::forbids(&target, protected)?;
        if let Some(minutes) = minutes.filter(|minutes| !(1..=LONGEST).contains(minutes)) {
            return Err(Refusal::Minutes(minutes));
        }
        let automatic = case.is_some();
        let duration = minutes.map_or_else(|| self.duration(&target, config, now), nanoseconds);
        let expires = now.saturating_add(duration);
        if let Some(known) = self.of(&target) {
            let is_final = !automatic && minutes.is_some();
            let expires = if is_final { expires } else { known.expires.max(expires) };
            let case = case.or(known.case);
            return Ok(Entry { reason, by, case, automatic, expires, ..known.clone() });
        }
        if self.entries.len() >= config.entries as usize {
            return Err(Refusal::Full(self.entries.len()));
        }
        Ok(Entry { id: self.last + 1, target, reason, by, case, automatic, since: now, expires })
    }

    /// Takes an entry in, in the place of the one of its number.
    pub fn put(&mut self, entry: Entry) {
        self.take(entry.id);
        self.last = self.last.max(entry.id);
        if !entry.automatic {
            self.released.remove(&Released::Place(entry.target.place()));
        }
        self.count(&entry, usize::saturating_add);
        self.places.insert(entry.target.place(), entry.id);
        self.cases.extend(entry.case.map(|case| (case, entry.id)));
        self.ends.insert((entry.expires, entry.id));
        self.entries.insert(entry.id, entry);
    }

    /// Takes an entry out.
    pub fn take(&mut self, id: u64) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        self.count(&entry, usize::saturating_sub);
        self.places.remove(&entry.target.place());
        self.ends.remove(&(entry.expires, id));
        if let Some(case) = entry.case {
            self.cases.remove(&(case, id));
        }
        Some(entry)
    }

    fn count(&mut self, entry: &Entry, change: fn(usize, usize) -> usize) {
        for (kind, count) in KINDS.into_iter().zip(&mut self.kinds) {
            if kind == entry.target.kind() {
                *count = change(*count, 1);
            }
        }
    }

    /// Refuses what is never blocked, and what is too wide.
    pub(super) fn forbids(target: &Target, protected: &Protected) -> Result<(), Refusal> {
        for network in target.networks() {
            if let Some((network, why)) = protected.forbids(&network) {
                return Err(Refusal::Protected { network, why });
            }
            let widest = if network.addr().is_ipv4() { WIDEST_V4 } else { WIDEST_V6 };
            if network.prefix_len() < widest {
                return Err(Refusal::Wide(network));
            }
        }
        Ok(())
    }

    /// As long as the configuration says; twice as long as the last time for what was blocked before, not long ago.
    fn duration(&self, target: &Target, config: &Config, now: u64) -> u64 {
        let before = self.ended.get(&target.place()).filter(|(_, remembered)| now < *remembered);
        let twice = before.map(|(duration, _)| duration.saturating_mul(2));
        twice
            .unwrap_or(nanoseconds(config.minutes))
            .min(nanoseconds(config.longest_minutes.max(config.minutes)))
    }

    /// Those whose time is over; they stay in the book until they are taken out.
    #[must_use]
    pub fn over(&self, now: u64) -> Vec<u64> {
        self.ends.iter().take_while(|(expires, _)| *expires <= now).map(|(_, id)| *id).collect()
    }

    /// Takes one out whose time is over, and remembers it if it was decided by what was found.
    pub fn end(&mut self, id: u64, now: u64) {
        let Some(entry) = self.take(id) else { return };
        if entry.automatic && self.ended.len() < REMEMBERED {
            let duration = entry.expires.saturating_sub(entry.since);
            self.ended
                .insert(entry.target.place(), (duration, now.saturating_add(duration.saturating_mul(4))));
        }
    }

    /// Takes one out that an operator lifts: what is found does not bring it back before its time would have been over.
    pub fn release(&mut self, id: u64) {
        let Some(entry) = self.take(id) else { return };
        self.let_pass(&entry.target, entry.case, entry.expires);
    }

    /// Lets a target and a case pass until a time, in nanoseconds since the machine started, whatever is found.
    pub fn let_pass(&mut self, target: &Target, case: Option<CaseId>, until: u64) {
        for released in
            [Some(Released::Place(target.place())), case.map(Released::Case)].into_iter().flatten()
        {
            if self.released.len() < REMEMBERED {
                self.released.insert(released, until);
            }
        }
    }

    /// Counts on from a number.
    pub fn count_from(&mut self, last: u64) {
        self.last = self.last.max(last);
    }

    /// Whether an operator lets a target, or a case, pass now.
    #[must_use]
    pub fn is_released(&self, target: &Target, case: CaseId, now: u64) -> bool {
        [Released::Place(target.place()), Released::Case(case)]
            .iter()
            .any(|it| self.released.get(it).is_some_and(|expires| now < *expires))
    }

    /// Forgets what is too long ago.
    pub fn forget(&mut self, now: u64) {
        self.ended.retain(|_, (_, remembered)| now < *remembered);
        self.released.retain(|_, expires| now < *expires);
    }

    /// All, those that came first in front.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Of which kinds there are some.
    #[must_use]
    pub fn kinds(&self) -> Kinds {
        let some = KINDS.into_iter().zip(self.kinds).filter(|(_, count)| *count > 0);
        some.fold(Kinds::default(), |kinds, (kind, _)| kinds.and(kind))
    }

    /// The one of this number.
    ///
    /// # Errors
    /// There is none.
    pub fn get(&self, id: u64) -> Result<&Entry, Refusal> {
        self.entries.get(&id).ok_or(Refusal::Unknown(id))
    }

    /// The one of a target.
    #[must_use]
    pub fn of(&self, target: &Target) -> Option<&Entry> {
        self.entries.get(self.places.get(&target.place())?)
    }

    /// The numbers of those for a case.
    #[must_use]
    pub fn of_case(&self, case: CaseId) -> Vec<u64> {
        self.cases.range((case, 0)..=(case, u64::MAX)).map(|(_, id)| *id).collect()
    }
}

const fn nanoseconds(minutes: u32) -> u64 {
    minutes as u64 * 60 * 1_000_000_000
}
