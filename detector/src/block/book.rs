use std::collections::BTreeMap;

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Config, Protected, Target};
use crate::ledger::CaseId;

/// The widest networks that are blocked, in bits.
const WIDEST_V4: u8 = 16;
const WIDEST_V6: u8 = 32;

/// The longest block, in minutes.
const LONGEST: u32 = 10_080;

/// How many ended blocks are remembered, to tell who comes back.
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
    /// The case that it is for.
    pub case: Option<CaseId>,
}

/// Something that is to be blocked.
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
    /// Since when.
    pub since: Timestamp,
    /// When it is over.
    pub until: Timestamp,
}

/// Why something is not blocked.
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
    last: u64,
    /// How long what ended was blocked, and until when that is remembered.
    ended: BTreeMap<String, (SignedDuration, Timestamp)>,
}

impl Book {
    /// Takes a wish, or makes a block that is there last longer. Gives the entry, and whether it is new.
    ///
    /// # Errors
    /// It must not be blocked, or there is no room.
    pub fn add(
        &mut self,
        wish: Wish,
        config: &Config,
        protected: &Protected,
        now: Timestamp,
    ) -> Result<(Entry, bool), Refusal> {
        let Wish { target, reason, by, minutes, case } = wish;
        Self::forbids(&target, protected)?;
        if let Some(minutes) = minutes.filter(|minutes| !(1..=LONGEST).contains(minutes)) {
            return Err(Refusal::Minutes(minutes));
        }
        let duration = minutes.map_or_else(|| self.duration(&target, config, now), minutes_of);
        let until = now.checked_add(duration).unwrap_or(Timestamp::MAX);
        if let Some(entry) = self.entries.values_mut().find(|entry| entry.target == target) {
            entry.until = entry.until.max(until);
            return Ok((entry.clone(), false));
        }
        if self.entries.len() >= config.entries as usize {
            return Err(Refusal::Full(self.entries.len()));
        }
        self.last += 1;
        let entry = Entry { id: self.last, target, reason, by, case, since: now, until };
        self.entries.insert(entry.id, entry.clone());
        Ok((entry, true))
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
    fn duration(&self, target: &Target, config: &Config, now: Timestamp) -> SignedDuration {
        let before = self.ended.get(&target.to_string()).filter(|(_, remembered)| now < *remembered);
        let twice = before.map(|(duration, _)| *duration * 2);
        twice
            .unwrap_or(minutes_of(config.minutes))
            .min(minutes_of(config.longest_minutes.max(config.minutes)))
    }

    /// Takes one out.
    ///
    /// # Errors
    /// There is none.
    pub fn remove(&mut self, id: u64) -> Result<Entry, Refusal> {
        self.entries.remove(&id).ok_or(Refusal::Unknown(id))
    }

    /// Takes out those whose time is over.
    pub fn expire(&mut self, now: Timestamp) -> Vec<Entry> {
        let over: Vec<u64> =
            self.entries.values().filter(|entry| entry.until <= now).map(|entry| entry.id).collect();
        let over: Vec<Entry> = over.into_iter().filter_map(|id| self.entries.remove(&id)).collect();
        self.ended.retain(|_, (_, remembered)| now < *remembered);
        for entry in &over {
            if self.ended.len() < REMEMBERED {
                let duration = entry.until.duration_since(entry.since);
                let remembered = now.checked_add(duration * 4).unwrap_or(Timestamp::MAX);
                self.ended.insert(entry.target.to_string(), (duration, remembered));
            }
        }
        over
    }

    /// All, those that came first in front.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The one of a target.
    #[must_use]
    pub fn of(&self, target: &Target) -> Option<&Entry> {
        self.entries.values().find(|entry| entry.target == *target)
    }
}

fn minutes_of(minutes: u32) -> SignedDuration {
    SignedDuration::from_mins(minutes.into())
}
