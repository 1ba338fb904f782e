mod adopted;
mod state;

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::Receiver;

use detector_common::block::Control;
use detector_common::counters::Counters;
use jiff::Timestamp;

use super::audit::{Action, Line};
use super::barrier::{Barrier, LEASE};
use super::clocks::Clocks;
use super::listed::{Effective, Listed, State};
use super::share::Share;
use super::{
    AuditError, Backend, Book, Config, Decision, Entry, History, Incident, Journal, Mode, Notice, Protected,
    Refusal, Surroundings, Target, Totals, Unseen, Wish,
};

/// Who decides if nobody does.
const SELF: &str = "firedamp";

/// Why nothing can be blocked.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// Nobody would know what was done.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// What must not be blocked is not known.
    #[error(transparent)]
    Unseen(#[from] Unseen),
    /// The kernel does not take the list of what must not be blocked.
    #[error(
        "the kernel does not take the list of what is never blocked: {0}; shorten `allow` in [block], or give the machine more memory"
    )]
    Protect(String),
    /// What an earlier agent has left cannot be read, or not be lifted.
    #[error(
        "cannot go on with the blocks of an earlier agent: {0}; remove them with `firedamp cleanup`, which detaches its program"
    )]
    Left(String),
    /// Nobody would look how the machine's addresses change.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

/// Decides what is blocked, and sees to it that it is.
#[derive(Debug)]
pub struct Blocker<B = Backend> {
    config: Config,
    book: Book,
    barrier: B,
    surroundings: Surroundings,
    news: Receiver<Surroundings>,
    protected: Protected,
    /// Why the kernel does not have the list of what is never blocked.
    unprotected: Option<String>,
    journal: Journal,
    /// Who said that nothing is to be dropped.
    panicked: Option<String>,
    /// Too much would have been dropped.
    alarmed: bool,
    share: Share,
    /// Why the kernel did not take what it was told last.
    failure: Option<String>,
    /// Why the barrier does not do what it was told, as it was warned of last.
    trouble: Option<String>,
    /// What is to be lifted and the kernel kept, with the reason.
    kept: BTreeMap<u64, (Action, String)>,
    /// There was no room since something was removed last.
    full: bool,
    /// What the outputs are to be told.
    notices: Vec<Notice>,
    /// How often too much would have been dropped, or there was no room.
    alarms: u64,
}

impl Blocker {
    /// Begins with the blocks that an earlier agent has left, if there are any.
    ///
    /// # Errors
    /// The audit log cannot be written, the kernel cannot be told what must not be blocked, or what was left cannot be
    /// read or lifted.
    pub fn new(config: Config, backend: Backend) -> Result<Self, BlockError> {
        let surroundings = Surroundings::look()?;
        let news = Surroundings::follow().map_err(BlockError::Thread)?;
        Self::with(config, backend, surroundings, news)
    }

    /// Packets that nftables met, if it is what drops them.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.barrier.totals()
    }
}

#[expect(private_bounds, reason = "there are the backend and one for tests")]
impl<B: Barrier> Blocker<B> {
    pub(super) fn with(
        config: Config,
        mut barrier: B,
        surroundings: Surroundings,
        news: Receiver<Surroundings>,
    ) -> Result<Self, BlockError> {
        let protected = Protected::new(&config.allow, &surroundings);
        barrier.allow_only(&protected.networks()).map_err(BlockError::Protect)?;
        // Before this agent says anything itself.
        let history = if config.keeps() { Journal::history(&config) } else { History::default() };
        let mut journal = Journal::open(&config)?;
        journal.begin(&Journal::line(Action::Start, SELF, config.mode))?;
        let mut this = Self {
            config,
            book: Book::default(),
            barrier,
            surroundings,
            news,
            protected,
            unprotected: None,
            journal,
            panicked: None,
            alarmed: false,
            share: Share::default(),
            failure: None,
            trouble: None,
            kept: BTreeMap::new(),
            full: false,
            notices: Vec::new(),
            alarms: 0,
        };
        this.adopt(&history).map_err(BlockError::Left)?;
        // What the kernel refuses is told, and tried again each second.
        let _ = this.tell();
        Ok(this)
    }

    /// What was counted before this agent is no reason for an alarm.
    pub fn begin(&mut self, counters: &Counters) {
        self.share.begin(counters, self.barrier.now());
    }

    /// What the outputs are to be told, once.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// How often too much would have been dropped, or there was no room for a block.
    pub const fn alarms(&self) -> u64 {
        self.alarms
    }

    fn tell_outputs(&mut self, event: Incident, by: &str, message: String) {
        self.alarms += u64::from(matches!(event, Incident::Alarm | Incident::Full));
        let State { requested, effective, entries, .. } = self.state();
        let (time, by) = (Timestamp::now(), by.to_owned());
        self.notices.push(Notice { time, event, message, by, requested, effective, entries });
    }

    /// What was decided by what was found.
    pub fn decide(&mut self, decision: Decision) {
        match decision {
            Decision::Block { case, target, reason } => {
                let now = self.barrier.now();
                // What an operator says of a target holds. A miner that goes on, which a dry run lets it, is decided on again
                // and again.
                let lasts = |entry: &Entry| {
                    let (left, all) =
                        (entry.expires.saturating_sub(now), entry.expires.saturating_sub(entry.since));
                    !entry.automatic || left > all / 2
                };
                if self.book.is_released(&target, case, now) || self.book.of(&target).is_some_and(lasts) {
                    return;
                }
                // Why not is in the log.
                let _ =
                    self.add(Wish { target, reason, by: SELF.to_owned(), minutes: None, case: Some(case) });
            }
            Decision::Lift { case, reason } => {
                let ids: Vec<u64> = self.book.of_case(case);
                for id in ids {
                    if self.book.get(id).is_ok_and(|entry| entry.automatic) {
                        self.lift(id, Action::Lift, &reason);
                    }
                }
                // What the kernel refuses is told, and tried again each second.
                let _ = self.tell();
            }
        }
    }

    /// Why something would be refused because of what it is.
    pub fn forbids(&self, target: &Target) -> Option<String> {
        Book::forbids(target, &self.protected).err().map(|refusal| refusal.to_string())
    }

    /// Blocks something.
    ///
    /// # Errors
    /// Why it is not blocked; that is in the log, too.
    pub fn add(&mut self, wish: Wish) -> Result<Listed, Refusal> {
        let before = self.book.of(&wish.target).map(|entry| entry.expires);
        let done = self.put(wish.clone());
        match done {
            Ok(entry) => {
                self.journal.blocked(entry.case);
                self.kept.remove(&entry.id);
                let action = match before {
                    None => Action::Block,
                    Some(before) if entry.expires < before => Action::Shorten,
                    Some(_) => Action::Extend,
                };
                let clocks = self.clocks();
                if before.is_none() {
                    tracing::warn!(
                        "{} {} until {}: {}",
                        self.deed(),
                        entry.target,
                        clocks.time_of(entry.expires).strftime("%F %T%:z"),
                        entry.reason
                    );
                }
                self.note(action, &entry.by, &entry, None, None);
                self.tell().map_err(Refusal::Kernel)?;
                Ok(self.listed(&entry, &clocks, self.barrier.control().ok().as_ref()))
            }
            Err(refusal) => {
                let message = format!("{} is not blocked: {refusal}", wish.target);
                self.journal.refuse(wish, &refusal, self.mode());
                if matches!(refusal, Refusal::Full(_)) && !self.full {
                    self.full = true;
                    self.tell_outputs(Incident::Full, SELF, message);
                }
                Err(refusal)
            }
        }
    }

    /// In the kernel first: what it refuses is in no book, and what was there before stays in both.
    fn put(&mut self, wish: Wish) -> Result<Entry, Refusal> {
        let entry = self.book.plan(wish, &self.config, &self.protected, self.barrier.now())?;
        self.barrier.block(&entry.target, entry.expires).map_err(Refusal::Kernel)?;
        self.book.put(entry.clone());
        Ok(entry)
    }

    const fn deed(&self) -> &'static str {
        match self.config.mode {
            Mode::Enforce => "blocking",
            Mode::DryRun => "would block",
            Mode::Observe => "not blocking",
        }
    }

    /// Lets pass what was blocked. What is found does not bring it back before its time would have been over.
    ///
    /// # Errors
    /// There is no such block, or the kernel refuses; then it stays in the book.
    pub fn remove(&mut self, id: u64, by: &str) -> Result<Listed, Refusal> {
        let entry = self.book.get(id)?.clone();
        let listed = self.listed(&entry, &self.clocks(), None);
        if let Err(error) = self.barrier.unblock(&entry.target) {
            let why = format!("block {id} is not removed: the kernel refuses: {error}");
            self.journal.fail(by, self.mode(), Some(entry.target), &why);
            return Err(Refusal::Kernel(error));
        }
        self.book.release(id);
        self.note(Action::Remove, by, &entry, None, Some(listed.hits));
        // The block is gone: that the rest is as it was is told elsewhere.
        let _ = self.tell();
        Ok(Listed { effective: Effective::Passing, ..listed })
    }

    /// Lets pass what is not to be blocked any more. What the kernel keeps stays in the book, and is tried again each second.
    fn lift(&mut self, id: u64, action: Action, reason: &str) {
        let Ok(entry) = self.book.get(id).cloned() else {
            self.kept.remove(&id);
            return;
        };
        let hits = self.hits(&entry);
        match self.barrier.unblock(&entry.target) {
            Ok(()) => {
                self.kept.remove(&id);
                tracing::info!("{} is not blocked any more: {reason}", entry.target);
                if action == Action::Expire {
                    self.book.end(id, self.barrier.now());
                    self.note(action, SELF, &entry, None, hits);
                } else {
                    self.book.take(id);
                    self.note(action, SELF, &entry, Some(reason), hits);
                }
            }
            Err(error) => {
                if self.kept.insert(id, (action, reason.to_owned())).is_none() {
                    let why = format!("{reason}, but the kernel refuses: {error}");
                    tracing::error!("cannot let {} pass: {why}", entry.target);
                    self.journal.fail(SELF, self.mode(), Some(entry.target), &why);
                }
            }
        }
    }

    fn hits(&self, entry: &Entry) -> Option<u64> {
        self.barrier.hits(&entry.target).ok().flatten().map(|block| block.hits)
    }

    /// Lets everything pass at once; blocks stay in the book and hold again when somebody says so.
    ///
    /// # Errors
    /// The kernel refuses: then it is tried again each second, and blocks lapse after ten.
    pub fn panic(&mut self, by: &str) -> Result<State, Refusal> {
        self.panicked = Some(by.to_owned());
        let message = format!("{by} said panic: nothing is to be dropped any more");
        tracing::warn!("{message}");
        let said = self.say(Action::Panic, by);
        self.tell_outputs(Incident::Panic, by, message);
        said
    }

    /// Goes on as the configuration says.
    ///
    /// # Errors
    /// The kernel refuses: then it is tried again each second.
    pub fn resume(&mut self, by: &str) -> Result<State, Refusal> {
        (self.panicked, self.alarmed) = (None, false);
        self.share.forgive();
        let message = format!("{by} said resume: blocks are to hold again");
        tracing::warn!("{message}");
        let said = self.say(Action::Resume, by);
        self.tell_outputs(Incident::Resume, by, message);
        said
    }

    fn say(&mut self, action: Action, by: &str) -> Result<State, Refusal> {
        let told = self.tell();
        let settled = self.barrier.settle();
        // Who does it later may have failed meanwhile.
        let done = told
            .and_then(|()| self.tell())
            .and_then(|()| if settled { Ok(()) } else { Err("it is not done within a second".to_owned()) });
        let mode = self.mode();
        self.journal.write(&Journal::line(action, by, mode));
        if let Err(error) = done {
            self.journal.fail(by, mode, None, &format!("the kernel refuses: {error}"));
            let then = if self.config.keeps() {
                "`firedamp block list` tells when it is done".to_owned()
            } else {
                format!(
                    "nothing is dropped any more {} seconds after the agent was last heard",
                    self.barrier.lapses()
                )
            };
            return Err(Refusal::Kernel(format!("{error}; it is tried on, and {then}")));
        }
        Ok(self.state())
    }

    /// Goes by another configuration. Blocks that it forbids are lifted. The audit log is opened anew.
    pub fn exchange(&mut self, config: Config) {
        let differs = config.mode != self.config.mode;
        self.config = config;
        self.journal.reopen(&self.config);
        self.protect();
        // What the kernel refuses is told, and tried again each second.
        let _ = self.tell();
        if differs {
            self.journal.write(&Journal::line(Action::Mode, SELF, self.mode()));
        }
    }

    /// Lets time pass: ends what is over, renews the agent's word, and looks whether too much is dropped.
    pub fn tick(&mut self, counters: &Counters) {
        let now = self.barrier.now();
        for (id, (action, reason)) in std::mem::take(&mut self.kept) {
            self.kept.insert(id, (action, reason.clone()));
            self.lift(id, action, &reason);
        }
        for id in self.book.over(now) {
            self.lift(id, Action::Expire, "its time is over");
        }
        self.book.forget(now);
        let too_much = self.share.exceeded(counters, &self.config, now);
        let mut alarm = None;
        if too_much && self.mode() == Mode::Enforce {
            self.alarmed = true;
            let message = format!(
                "more than {} of 1,000 packets would be dropped: nothing is dropped any more; look at `firedamp block list`, \
                 then say `firedamp block resume`",
                self.config.share
            );
            tracing::error!("{message}");
            self.journal.write(&Journal::line(Action::Alarm, SELF, self.mode()));
            alarm = Some(message);
        }
        self.full &= self.book.len() >= self.config.entries as usize;
        if let Some(surroundings) = self.news.try_iter().last() {
            self.surroundings = surroundings;
            self.protect();
        } else if self.unprotected.is_some() {
            self.protect();
        }
        // What the kernel refuses is told, and tried again each second.
        let _ = self.tell();
        let trouble = self.barrier.trouble();
        if trouble != self.trouble {
            if let Some(trouble) = &trouble {
                tracing::warn!("blocking: {trouble}");
            }
            self.trouble = trouble;
        }
        // Once the kernel was told.
        if let Some(message) = alarm {
            self.tell_outputs(Incident::Alarm, SELF, message);
        }
    }

    /// Nothing is blocked any more, because the agent ends, unless it is to go on.
    pub fn finish(&mut self) {
        let done = if self.config.keeps() { self.barrier.keep() } else { self.barrier.finish() };
        self.check(done);
        self.journal.write(&Journal::line(Action::Stop, SELF, self.mode()));
    }

    /// Sees to it that nothing is blocked that must not be. Without the kernel's list nothing is dropped.
    fn protect(&mut self) {
        let protected = Protected::new(&self.config.allow, &self.surroundings);
        if protected == self.protected && self.unprotected.is_none() {
            return;
        }
        self.protected = protected;
        match self.barrier.allow_only(&self.protected.networks()) {
            Ok(()) if self.unprotected.take().is_some() => {
                tracing::warn!("the kernel has the list of what is never blocked again");
                self.journal.write(&Journal::line(Action::Mode, SELF, self.mode()));
            }
            Ok(()) => {}
            Err(error) => {
                if self.unprotected.replace(error.clone()).is_none() {
                    let why = format!("the kernel does not take the list of what is never blocked: {error}");
                    tracing::error!("{why}; nothing is dropped until it does");
                    self.journal.fail(SELF, self.mode(), None, &why);
                }
            }
        }
        let forbidden = |entry: &Entry| match Book::forbids(&entry.target, &self.protected) {
            Err(refusal @ Refusal::Protected { .. }) => Some((entry.id, refusal.to_string())),
            _ => None,
        };
        let forbidden: Vec<(u64, String)> = self.book.entries().filter_map(forbidden).collect();
        for (id, reason) in forbidden {
            self.lift(id, Action::Lift, &reason);
        }
    }

    /// Says to the kernel what is done now.
    fn tell(&mut self) -> Result<(), String> {
        let mode = self.mode().code();
        let lease = u64::try_from(LEASE.as_nanos()).unwrap_or(u64::MAX);
        let lapses = self.barrier.now().saturating_add(lease);
        let until = if self.config.keeps() { u64::MAX } else { lapses };
        let Config { share, free, .. } = self.config;
        let packets = self.share.packets();
        let control = Control { mode, kinds: self.book.kinds(), until, share, free, packets };
        let said = self.barrier.set(&control);
        self.check(said.clone());
        said
    }

    fn clocks(&self) -> Clocks {
        Clocks::new(self.barrier.now(), Timestamp::now())
    }

    fn note(&mut self, action: Action, by: &str, entry: &Entry, reason: Option<&str>, hits: Option<u64>) {
        let line = Journal::about(Journal::line(action, by, self.mode()), entry, &self.clocks());
        self.journal.write(&Line { reason: reason.or(line.reason), hits, ..line });
    }

    fn check(&mut self, done: Result<(), String>) {
        match done {
            Ok(()) => self.failure = None,
            Err(error) => self.complain(&error),
        }
    }

    /// Tells a failure of the kernel once.
    fn complain(&mut self, error: &str) {
        if self.failure.replace(error.to_owned()).is_none() {
            tracing::error!("blocking: the kernel refuses: {error}");
        }
    }
}
