use detector_common::flow::{FlowKey, UDP};
use detector_common::packet::Encapsulation;
use hashlink::{LinkedHashMap, LruCache};
use jiff::{SignedDuration, Timestamp};

use super::case::{Case, CaseKey, News, Tally};
use super::record::{Life, Reason, Record};
use crate::judge::{Assessment, Verdict};
use crate::output::Identities;

/// Limits of a ledger.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The most cases kept, at least 1. Above it, the one that is quiet for longest is closed.
    pub cases: usize,
    /// The most flows whose counters are remembered, at least 1. Above it, the one not observed for
    /// longest is forgotten; should it go on, it counts as another connection.
    pub flows: usize,
    /// A flow that is not followed any more and is silent for this long is forgotten, with the same effect.
    pub silence: SignedDuration,
    /// A case falls quiet when nothing happened for this long.
    pub quiet: SignedDuration,
    /// A case that was quiet for this long is closed.
    pub close: SignedDuration,
    /// A case that goes on is recorded at most this often.
    pub interval: SignedDuration,
    /// What changes in between is told by updates, so often, for a ledger on disk; `None` if there is none.
    pub update: Option<SignedDuration>,
    /// A further connection of a case is told at once by an update if it comes to this verdict by itself: for who blocks by
    /// what is found. `None` if nobody does.
    pub connections: Option<Verdict>,
    /// Whether cases go on after the end, because they are restored: their last records are updates then.
    pub resumes: bool,
    /// In which form names of persons are kept.
    pub identities: Identities,
    /// Whether the beginnings of messages are kept with the evidence.
    pub excerpts: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cases: 262_144,
            flows: 262_144,
            // Gateways that translate addresses may forget a connection after two hours (RFC 5382, section 5).
            silence: SignedDuration::from_hours(3),
            quiet: SignedDuration::from_hours(1),
            close: SignedDuration::from_hours(7 * 24),
            interval: SignedDuration::from_hours(1),
            update: None,
            connections: None,
            resumes: false,
            identities: Identities::default(),
            excerpts: true,
        }
    }
}

/// The judgement on one flow at one moment. Bytes, jobs and shares are those of the flow so far.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// The flow.
    pub key: FlowKey,
    /// Name of the interface that saw it, if it has one.
    pub interface: Option<&'a str>,
    /// What packets from the miner are wrapped in.
    pub outer: Encapsulation,
    /// When.
    pub time: Timestamp,
    /// Payload bytes of the flow in both directions so far.
    pub bytes: u64,
    /// The judgement.
    pub assessment: &'a Assessment,
}

struct Flow {
    case: CaseKey,
    tally: Tally,
    /// The ledger's time at which it was no longer followed, if it is not.
    paused: Option<Timestamp>,
    /// Whether a record or an update was of it when it had come to the verdict that is told at once.
    told: bool,
}

/// The open cases. One ledger follows one course of time: time that jumps back is held still for
/// deadlines, so give each capture a ledger of its own.
pub struct Ledger {
    settings: Settings,
    /// Cases in which something happened lately, the longest-waiting first.
    active: LinkedHashMap<CaseKey, Case>,
    /// Cases that fell quiet, the longest-quiet first.
    quiet: LinkedHashMap<CaseKey, Case>,
    /// Cases that changed since they were told of, and since when, the longest first.
    untold: LinkedHashMap<CaseKey, Timestamp>,
    flows: LruCache<FlowKey, Flow>,
    now: Timestamp,
    evicted: u64,
    /// How many cases are of nodes.
    nodes: usize,
}

impl Ledger {
    /// Other limits hold from now on, but for the number of flows and the form of names, which stay.
    pub fn set_settings(&mut self, settings: &Settings) {
        let Settings { flows, identities, .. } = self.settings;
        self.settings = Settings { flows, identities, ..*settings };
        if !settings.excerpts {
            self.active.values_mut().chain(self.quiet.values_mut()).for_each(Case::drop_excerpts);
        }
    }

    /// An empty ledger.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            active: LinkedHashMap::new(),
            quiet: LinkedHashMap::new(),
            untold: LinkedHashMap::new(),
            flows: LruCache::new(settings.flows.max(1)),
            now: Timestamp::MIN,
            evicted: 0,
            nodes: 0,
            settings,
        }
    }

    /// Takes in an observation. Gives the records that are due: of cases that fell quiet until
    /// then, of one that had to make room, and of this one.
    pub fn observe(&mut self, observation: &Observation<'_>) -> Vec<Record> {
        let mut due = self.advance(observation.time);
        let id = CaseKey::of(observation);
        let mut news = self.follow(id, observation);
        let known = self.active.get(&id).or_else(|| self.quiet.get(&id));
        if known.is_some_and(|case| !case.is_news(observation, &news)) {
            return due;
        }
        if let Some(case) = self.active.to_back(&id) {
            let before = case.is_node();
            let reason = case.absorb(observation, &news, self.now, &self.settings);
            self.nodes = self.nodes + usize::from(case.is_node()) - usize::from(before);
            if let Some(reason) = reason {
                due.push(case.record(reason, Life::Open, observation.time, self.now));
                self.untold.remove(&id);
                tell(&mut self.flows, &self.settings, observation);
            } else if tell(&mut self.flows, &self.settings, observation) {
                due.push(case.record(Reason::Update, Life::Open, observation.time, self.now));
                self.untold.remove(&id);
            } else if self.settings.update.is_some() && !self.untold.contains_key(&id) {
                self.untold.insert(id, self.now);
            }
            return due;
        }
        let (mut case, reason) = if let Some(mut case) = self.quiet.remove(&id) {
            self.untold.remove(&id);
            self.nodes -= usize::from(case.is_node());
            case.returned();
            (case, Reason::Returned)
        } else {
            due.extend(self.make_room());
            // The flow may be known from a case that had to make room.
            news.connection = true;
            (Case::new(id, observation, self.now), Reason::Opened)
        };
        case.absorb(observation, &news, self.now, &self.settings);
        due.push(case.record(reason, Life::Open, observation.time, self.now));
        self.nodes += usize::from(case.is_node());
        self.active.insert(id, case);
        tell(&mut self.flows, &self.settings, observation);
        due
    }

    /// Takes a case in of which a record was written before the agent was started anew. Without effect if it is known, or
    /// if there is no more room.
    pub fn restore(&mut self, record: Record) {
        let id = CaseKey::of_record(&record);
        let known = self.active.contains_key(&id) || self.quiet.contains_key(&id);
        if known || record.life == Life::Closed || self.cases() >= self.settings.cases.max(1) {
            return;
        }
        // The connection may go on.
        let flow = Flow { case: id, tally: Tally::default(), paused: Some(record.last_seen), told: false };
        self.insert_flow(record.key, flow);
        let cases = if record.life == Life::Open { &mut self.active } else { &mut self.quiet };
        let mut case = Case::restore(id, record);
        if !self.settings.excerpts {
            case.drop_excerpts();
        }
        self.nodes += usize::from(case.is_node());
        cases.insert(id, case);
    }

    /// Lets time pass without an observation; gives the records of the cases that fell quiet or are over, each with the
    /// time at which it did, and updates.
    pub fn advance(&mut self, time: Timestamp) -> Vec<Record> {
        self.now = self.now.max(time);
        let mut due = Vec::new();
        while let Some((_, case)) = self.active.front() {
            if self.now.duration_since(case.active()) < self.settings.quiet {
                break;
            }
            let Some((id, mut case)) = self.active.pop_front() else { break };
            let fell_quiet = case.active().checked_add(self.settings.quiet).unwrap_or(self.now);
            due.push(case.record(Reason::Quiet, Life::Quiet, fell_quiet, self.now));
            self.untold.remove(&id);
            self.quiet.insert(id, case);
        }
        while let Some((_, case)) = self.quiet.front() {
            if self.now.duration_since(case.active()) < self.settings.close {
                break;
            }
            let Some((id, mut case)) = self.quiet.pop_front() else { break };
            let over = case.active().checked_add(self.settings.close).unwrap_or(self.now);
            due.push(case.record(Reason::Closed, Life::Closed, over, self.now));
            self.nodes -= usize::from(case.is_node());
            self.untold.remove(&id);
        }
        self.update(&mut due);
        while let Some((_, Flow { paused: Some(paused), .. })) = self.flows.iter().next() {
            if self.now.duration_since(*paused) < self.settings.silence {
                break;
            }
            let oldest = self.flows.remove_lru();
            self.left(oldest.as_ref().map(|(_, flow)| flow));
        }
        due
    }

    /// Tells of what changed long enough ago.
    fn update(&mut self, due: &mut Vec<Record>) {
        let Some(update) = self.settings.update else { return };
        while let Some((_, since)) = self.untold.front() {
            if self.now.duration_since(*since) < update {
                break;
            }
            let Some((id, _)) = self.untold.pop_front() else { break };
            if let Some(case) = self.active.get_mut(&id) {
                due.push(case.record(Reason::Update, Life::Open, self.now, self.now));
            } else if let Some(case) = self.quiet.get_mut(&id) {
                due.push(case.record(Reason::Update, Life::Quiet, self.now, self.now));
            }
        }
    }

    /// A record or an update was lost on its way: what it said of a case that goes on is told by a later update.
    pub fn retell(&mut self, lost: &Record) {
        let id = CaseKey::of_record(lost);
        let case = self.active.get_mut(&id).or_else(|| self.quiet.get_mut(&id));
        if let Some(case) = case
            && self.settings.update.is_some()
        {
            case.retell(lost);
            if !self.untold.contains_key(&id) {
                self.untold.insert(id, self.now);
            }
        }
    }

    /// The clock was set back by so much, and it is `now`: deadlines move with it, and nothing was in the future.
    pub fn set_back(&mut self, by: SignedDuration, now: Timestamp) {
        let earlier = |time: Timestamp| time.checked_sub(by).unwrap_or(time).min(now);
        self.now = now;
        for case in self.active.values_mut().chain(self.quiet.values_mut()) {
            case.set_back(by, now);
        }
        for since in self.untold.values_mut() {
            *since = earlier(*since);
        }
        for (_, flow) in &mut self.flows {
            flow.paused = flow.paused.map(earlier);
        }
    }

    /// Forgets a flow that was closed, after its last observation, so that the next with the same
    /// addresses and ports counts as another connection.
    pub fn closed(&mut self, key: &FlowKey) {
        let flow = self.flows.remove(key);
        self.left(flow.as_ref());
    }

    /// A flow is forgotten.
    fn left(&mut self, flow: Option<&Flow>) {
        if let Some(Flow { case, .. }) = flow
            && let Some(case) = self.active.get_mut(case).or_else(|| self.quiet.get_mut(case))
        {
            case.closed();
        }
    }

    fn insert_flow(&mut self, key: FlowKey, flow: Flow) {
        if self.flows.len() >= self.flows.capacity() && !self.flows.contains_key(&key) {
            let oldest = self.flows.remove_lru();
            self.left(oldest.as_ref().map(|(_, flow)| flow));
        }
        let before = self.flows.insert(key, flow);
        self.left(before.as_ref());
    }

    /// A flow is not followed for a while, after its last observation: what is said of it later is counted from nothing,
    /// and it is the same connection still.
    pub fn paused(&mut self, key: &FlowKey) {
        if let Some(flow) = self.flows.get_mut(key) {
            flow.tally = Tally::default();
            flow.paused = Some(self.now);
        }
    }

    /// Ends; gives the last records of the cases one by one, those in which something happened lately first. Nobody follows
    /// the cases any more; if they go on later, these are updates of what was not told yet.
    pub fn finish(&mut self, time: Timestamp) -> impl Iterator<Item = Record> {
        self.now = self.now.max(time);
        let now = self.now;
        self.flows.clear();
        self.nodes = 0;
        let active = std::mem::take(&mut self.active);
        let quiet = std::mem::take(&mut self.quiet);
        let untold = std::mem::take(&mut self.untold);
        let resumes = self.settings.resumes;
        let reason = if resumes { Reason::Update } else { Reason::Final };
        let active = active.into_iter().rev().map(|(id, case)| (id, Life::Open, case));
        let quiet = quiet.into_iter().rev().map(|(id, case)| (id, Life::Quiet, case));
        active
            .chain(quiet)
            .filter(move |(id, _, case)| !resumes || untold.contains_key(id) || case.has_untold_days())
            .map(move |(_, life, mut case)| {
                case.tell_days();
                case.record(reason, if resumes { life } else { Life::Closed }, time, now)
            })
    }

    /// How many cases are open, those of nodes among them.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.active.len() + self.quiet.len()
    }

    /// How many of them are of nodes, which do not mine.
    #[must_use]
    pub const fn nodes(&self) -> usize {
        self.nodes
    }

    /// How many cases were closed to make room.
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Brings the flow's counters up to date.
    fn follow(&mut self, id: CaseKey, observation: &Observation<'_>) -> News {
        let tally = Tally::of(observation);
        // A datagram is followed by nothing.
        let paused = (observation.key.protocol() == UDP).then_some(self.now);
        match self.flows.get_mut(&observation.key) {
            Some(flow) if flow.case == id => {
                flow.paused = paused;
                if let Some(gained) = tally.since(&flow.tally) {
                    flow.tally = tally;
                    return News { connection: false, gained };
                }
            }
            // What was said since shows that the miner is the other side.
            Some(flow) => {
                if let Some(case) = self.active.get_mut(&flow.case).or_else(|| self.quiet.get_mut(&flow.case))
                {
                    case.give_up(&flow.tally);
                    if self.settings.update.is_some() && !self.untold.contains_key(&flow.case) {
                        self.untold.insert(flow.case, self.now);
                    }
                }
            }
            None => {}
        }
        self.insert_flow(observation.key, Flow { case: id, tally, paused, told: false });
        News { connection: true, gained: tally }
    }

    fn make_room(&mut self) -> Option<Record> {
        if self.cases() < self.settings.cases.max(1) {
            return None;
        }
        let (id, mut case) = self.quiet.pop_front().or_else(|| self.active.pop_front())?;
        self.evicted += 1;
        self.nodes -= usize::from(case.is_node());
        self.untold.remove(&id);
        Some(case.record(Reason::Final, Life::Closed, self.now, self.now))
    }
}

/// Whether a flow has come to the verdict that is told at once, and was not told since it has.
fn tell(flows: &mut LruCache<FlowKey, Flow>, settings: &Settings, observation: &Observation<'_>) -> bool {
    let reached = settings.connections.is_some_and(|verdict| observation.assessment.verdict >= verdict);
    let flow = if reached { flows.get_mut(&observation.key) } else { None };
    flow.is_some_and(|flow| !std::mem::replace(&mut flow.told, true))
}
