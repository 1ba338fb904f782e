use std::time::{Duration, Instant};

use detector_common::block::{Block, Control, DRY_RUN, ENFORCE, Kinds, Network};
use detector_common::counters::{Counter, Counters};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::audit::{Action, Line};
use super::{
    Audit, AuditError, Backend, Book, Config, Decision, Entry, Incident, Mode, Notice, Protected, Refusal,
    Target, Totals, Wish,
};
use crate::kernel::Gate;

/// How long the kernel goes on with what the agent said last. An agent that hangs blocks nobody for longer.
const LEASE: Duration = Duration::from_secs(10);

/// How often is looked at which addresses this machine has and asks.
const REFRESH: Duration = Duration::from_secs(30);

/// Who decides if nobody does.
const SELF: &str = "firedamp";

/// What keeps packets back. Errors are in words.
pub(super) trait Barrier {
    fn set(&mut self, control: &Control) -> Result<(), String>;
    /// Until a time in nanoseconds since the machine started.
    fn block(&mut self, target: &Target, expires: u64) -> Result<(), String>;
    fn unblock(&mut self, target: &Target) -> Result<(), String>;
    fn hits(&self, target: &Target) -> Result<Option<Block>, String>;
    fn allow_only(&mut self, networks: &[Network]) -> Result<(), String>;
    /// Nanoseconds since the machine started.
    fn now(&self) -> u64;

    /// Whether something that was said still has to be done.
    fn is_pending(&self) -> bool {
        false
    }

    /// Whether packets come to it.
    fn is_reached(&self) -> bool {
        true
    }

    /// Why it does not do what it was told.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// Lets everything pass, for good.
    fn finish(&mut self) -> Result<(), String> {
        self.set(&Control::default())
    }
}

/// Nanoseconds since the machine started.
pub(super) fn since_start() -> u64 {
    let clock = nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME);
    let since: Duration = clock.map(Into::into).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

impl Barrier for Gate {
    fn set(&mut self, control: &Control) -> Result<(), String> {
        self.set_control(control).map_err(|error| error.to_string())
    }

    fn block(&mut self, target: &Target, expires: u64) -> Result<(), String> {
        Self::block(self, &target.place(), expires).map_err(|error| error.to_string())
    }

    fn unblock(&mut self, target: &Target) -> Result<(), String> {
        Self::unblock(self, &target.place()).map_err(|error| error.to_string())
    }

    fn hits(&self, target: &Target) -> Result<Option<Block>, String> {
        self.get(&target.place()).map_err(|error| error.to_string())
    }

    fn allow_only(&mut self, networks: &[Network]) -> Result<(), String> {
        Self::allow_only(self, networks).map_err(|error| error.to_string())
    }

    fn now(&self) -> u64 {
        since_start()
    }
}

/// What the kernel does about a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effective {
    /// Packets are dropped.
    Dropping,
    /// They are counted and pass.
    Counting,
    /// They pass uncounted.
    Passing,
    /// The kernel has no such block, although it should.
    Missing,
    /// The kernel is about to be told.
    Pending,
    /// The kernel has it, and lets no packet come to it.
    Bypassed,
}

/// A block as it is wanted, and as it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed {
    /// What is wanted.
    #[serde(flatten)]
    pub entry: Entry,
    /// What the kernel does.
    pub effective: Effective,
    /// Packets that were kept back, or would have been.
    pub hits: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// When the latest of them came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_hit: Option<Timestamp>,
}

/// What is done about blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// As the configuration wants it.
    pub requested: Mode,
    /// As it is.
    pub effective: Mode,
    /// Why it is not as it is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// How many blocks there are.
    pub entries: usize,
}

/// Decides what is blocked, and sees to it that it is.
#[derive(Debug)]
pub struct Blocker<B = Backend> {
    config: Config,
    book: Book,
    barrier: B,
    protected: Protected,
    refreshed: Instant,
    audit: Audit,
    /// Who said that nothing is to be dropped.
    panicked: Option<String>,
    /// Too much would have been dropped.
    alarmed: bool,
    /// Packets that passed for that when they were counted last.
    shed: u64,
    /// Something failed since it was last in order.
    failed: bool,
    /// There was no room since something was removed last.
    full: bool,
    /// What the outputs are to be told.
    notices: Vec<Notice>,
    /// How often too much would have been dropped, or there was no room.
    alarms: u64,
}

impl Blocker {
    /// Begins with an empty book.
    ///
    /// # Errors
    /// The audit log cannot be written.
    pub fn new(config: Config, backend: Backend) -> Result<Self, AuditError> {
        let protected = Protected::of_this_machine(&config.allow);
        Self::with(config, backend, protected)
    }

    /// Packets that nftables met, if it is what drops them.
    pub fn totals(&self) -> Totals {
        self.barrier.totals()
    }
}

#[expect(private_bounds, reason = "there are the backend and one for tests")]
impl<B: Barrier> Blocker<B> {
    pub(super) fn with(config: Config, barrier: B, protected: Protected) -> Result<Self, AuditError> {
        let audit = Audit::open(config.audit.as_deref().unwrap_or(std::path::Path::new("/dev/null")))?;
        let mut this = Self {
            config,
            book: Book::default(),
            barrier,
            protected,
            refreshed: Instant::now(),
            audit,
            panicked: None,
            alarmed: false,
            shed: 0,
            failed: false,
            full: false,
            notices: Vec::new(),
            alarms: 0,
        };
        this.log(Action::Start, SELF, None, None)?;
        let allowed = this.barrier.allow_only(&this.protected.networks());
        this.check(allowed);
        this.tell();
        Ok(this)
    }

    /// What is done now.
    pub fn mode(&self) -> Mode {
        match (&self.panicked, self.alarmed) {
            (Some(_), _) => Mode::Observe,
            (None, true) => self.config.mode.min(Mode::DryRun),
            (None, false) => self.config.mode,
        }
    }

    /// What is wanted, and what is done.
    pub fn state(&self) -> State {
        let because = match (&self.panicked, self.alarmed) {
            (Some(by), _) => Some(format!("{by} said panic; `firedamp block resume` ends that")),
            (None, true) => Some(format!(
                "more than {} of 1,000 packets would have been dropped; look at `firedamp block list`, then say `firedamp \
                 block resume`",
                self.config.share
            )),
            (None, false) => None,
        };
        let reasons: Vec<String> = because.into_iter().chain(self.barrier.trouble()).collect();
        State {
            requested: self.config.mode,
            effective: self.mode(),
            because: Some(reasons.join("; ")).filter(|reasons| !reasons.is_empty()),
            entries: self.book.entries().count(),
        }
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
        let Decision { case, target, reason } = decision;
        // A miner that goes on, which a dry run lets it, is decided on again and again.
        let lasts = |entry: &Entry| {
            entry.until.duration_since(Timestamp::now()) * 2 > entry.until.duration_since(entry.since)
        };
        if self.book.of(&target).is_some_and(lasts) {
            return;
        }
        let wish = Wish { target, reason, by: SELF.to_owned(), minutes: None, case: Some(case) };
        // Why not is in the log.
        let _ = self.add(wish);
    }

    /// Why something would be refused because of what it is.
    pub fn forbids(&self, target: &Target) -> Option<String> {
        Book::forbids(target, &self.protected).err().map(|refusal| refusal.to_string())
    }

    /// Blocks something.
    ///
    /// # Errors
    /// Why it is not blocked; that is in the log, too.
    pub fn add(&mut self, wish: Wish) -> Result<Entry, Refusal> {
        let (by, reason, target, now) = (wish.by.clone(), wish.reason.clone(), wish.target, Timestamp::now());
        let taken = self.book.add(wish, &self.config, &self.protected, now).and_then(|(entry, is_new)| {
            let left = u64::try_from(entry.until.duration_since(now).as_nanos()).unwrap_or(0);
            let expires = self.barrier.now().saturating_add(left);
            match self.barrier.block(&target, expires) {
                Ok(()) => Ok((entry, is_new)),
                Err(error) => {
                    // What was there before stays, in the kernel and in the book.
                    if is_new {
                        let _ = self.book.remove(entry.id);
                    }
                    Err(Refusal::Kernel(error))
                }
            }
        });
        match taken {
            Ok((entry, is_new)) => {
                self.tell();
                let action = if is_new { Action::Block } else { Action::Extend };
                if is_new {
                    tracing::warn!(
                        "{} {target} until {}: {reason}",
                        self.deed(),
                        entry.until.strftime("%F %T%:z")
                    );
                }
                self.note(action, &by, Some(&entry), None);
                Ok(entry)
            }
            Err(refusal) => {
                tracing::warn!("{target} is not blocked: {refusal}");
                let text = format!("{refusal}; wanted for: {reason}");
                let line = Line {
                    timestamp: now,
                    target: Some(target),
                    reason: Some(&text),
                    ..self.line(Action::Refuse, &by)
                };
                let written = self.audit.write(&line);
                self.check(written.map_err(|error| error.to_string()));
                if matches!(refusal, Refusal::Full(_)) && !self.full {
                    self.full = true;
                    self.tell_outputs(Incident::Full, SELF, format!("{target} is not blocked: {refusal}"));
                }
                Err(refusal)
            }
        }
    }

    const fn deed(&self) -> &'static str {
        match self.config.mode {
            Mode::Enforce => "blocking",
            Mode::DryRun => "would block",
            Mode::Observe => "not blocking",
        }
    }

    /// Lets pass what was blocked.
    ///
    /// # Errors
    /// There is no such block.
    pub fn remove(&mut self, id: u64, by: &str) -> Result<Entry, Refusal> {
        let entry = self.book.remove(id)?;
        self.lift(&entry, Action::Remove, by);
        Ok(entry)
    }

    fn lift(&mut self, entry: &Entry, action: Action, by: &str) {
        let hits = self.barrier.hits(&entry.target).ok().flatten().map(|block| block.hits);
        let done = self.barrier.unblock(&entry.target);
        self.check(done);
        self.tell();
        self.note(action, by, Some(entry), hits);
    }

    /// Lets everything pass at once; blocks stay in the book and hold again when somebody says so.
    pub fn panic(&mut self, by: &str) {
        self.panicked = Some(by.to_owned());
        self.tell();
        tracing::warn!("{by} said panic: nothing is dropped any more");
        self.note(Action::Panic, by, None, None);
        self.tell_outputs(Incident::Panic, by, format!("{by} said panic: nothing is dropped any more"));
    }

    /// Goes on as the configuration says.
    pub fn resume(&mut self, by: &str) {
        (self.panicked, self.alarmed) = (None, false);
        self.tell();
        tracing::warn!("{by} said resume: blocks hold again");
        self.note(Action::Resume, by, None, None);
        self.tell_outputs(Incident::Resume, by, format!("{by} said resume: blocks hold again"));
    }

    /// Goes by another configuration. Blocks that it forbids are lifted.
    pub fn exchange(&mut self, config: Config) {
        let differs = config.mode != self.config.mode;
        self.config = config;
        self.refresh();
        self.tell();
        if differs {
            self.note(Action::Mode, SELF, None, None);
        }
    }

    /// Lets time pass: ends what is over, renews the agent's word, and looks whether too much is dropped.
    pub fn tick(&mut self, counters: &Counters) {
        for entry in self.book.expire(Timestamp::now()) {
            tracing::info!("{} is not blocked any more: its time is over", entry.target);
            self.lift(&entry, Action::Expire, SELF);
        }
        let shed = counters.get(Counter::BlockShed);
        if shed > self.shed && self.mode() == Mode::Enforce {
            self.alarmed = true;
            let message = format!(
                "more than {} of 1,000 packets would be dropped: nothing is dropped any more; look at `firedamp block list`, \
                 then say `firedamp block resume`",
                self.config.share
            );
            tracing::error!("{message}");
            self.note(Action::Alarm, SELF, None, None);
            self.tell_outputs(Incident::Alarm, SELF, message);
        }
        self.shed = shed;
        self.full &= self.book.entries().count() >= self.config.entries as usize;
        if self.refreshed.elapsed() >= REFRESH {
            self.refresh();
        }
        self.tell();
    }

    /// All blocks, as they are wanted and as they are.
    pub fn list(&self) -> Vec<Listed> {
        self.book.entries().map(|entry| self.listed(entry)).collect()
    }

    fn listed(&self, entry: &Entry) -> Listed {
        let found = self.barrier.hits(&entry.target).ok().flatten();
        let effective = match (found, self.mode()) {
            (None, _) if self.barrier.is_pending() => Effective::Pending,
            (None, _) => Effective::Missing,
            (Some(_), Mode::Enforce | Mode::DryRun) if !self.barrier.is_reached() => Effective::Bypassed,
            (Some(_), Mode::Enforce) => Effective::Dropping,
            (Some(_), Mode::DryRun) => Effective::Counting,
            (Some(_), Mode::Observe) => Effective::Passing,
        };
        let Block { hits, bytes, latest, .. } = found.unwrap_or_default();
        let ago = SignedDuration::from_nanos(
            i64::try_from(self.barrier.now().saturating_sub(latest)).unwrap_or(i64::MAX),
        );
        let last_hit = if hits > 0 { Timestamp::now().checked_sub(ago).ok() } else { None };
        Listed { entry: entry.clone(), effective, hits, bytes, last_hit }
    }

    /// Nothing is blocked any more, because the agent ends.
    pub fn finish(&mut self) {
        let done = self.barrier.finish();
        self.check(done);
        self.note(Action::Stop, SELF, None, None);
    }

    /// Looks which addresses this machine has and asks now.
    fn refresh(&mut self) {
        self.refreshed = Instant::now();
        let protected = Protected::of_this_machine(&self.config.allow);
        if protected == self.protected {
            return;
        }
        if let Err(error) = self.barrier.allow_only(&protected.networks()) {
            self.check(Err(error));
            return;
        }
        self.protected = protected;
        let forbidden = |entry: &&Entry| {
            entry.target.networks().iter().any(|network| self.protected.forbids(network).is_some())
        };
        let forbidden: Vec<u64> = self.book.entries().filter(forbidden).map(|entry| entry.id).collect();
        for id in forbidden {
            if let Ok(entry) = self.book.remove(id) {
                tracing::warn!("{} is not blocked any more: it is one of those that never are", entry.target);
                self.lift(&entry, Action::Remove, SELF);
            }
        }
    }

    /// Says to the kernel what is done now.
    fn tell(&mut self) {
        let mode = match self.mode() {
            Mode::Observe => 0,
            Mode::DryRun => DRY_RUN,
            Mode::Enforce => ENFORCE,
        };
        let kinds = self.book.entries().fold(Kinds::default(), |kinds, entry| kinds.and(entry.target.kind()));
        let lease = u64::try_from(LEASE.as_nanos()).unwrap_or(u64::MAX);
        let until = self.barrier.now().saturating_add(lease);
        let Config { share, free, .. } = self.config;
        let said = self.barrier.set(&Control { mode, kinds, until, share, free });
        self.check(said);
    }

    const fn line<'a>(&self, action: Action, by: &'a str) -> Line<'a> {
        Line {
            timestamp: Timestamp::UNIX_EPOCH,
            action,
            by,
            mode: self.config.mode,
            id: None,
            target: None,
            case_id: None,
            reason: None,
            until: None,
            hits: None,
        }
    }

    fn log(
        &mut self,
        action: Action,
        by: &str,
        entry: Option<&Entry>,
        hits: Option<u64>,
    ) -> Result<(), AuditError> {
        let line = Line {
            timestamp: Timestamp::now(),
            mode: self.mode(),
            id: entry.map(|entry| entry.id),
            target: entry.map(|entry| entry.target),
            case_id: entry.and_then(|entry| entry.case),
            reason: entry.map(|entry| entry.reason.as_str()),
            until: entry.map(|entry| entry.until),
            hits,
            ..self.line(action, by)
        };
        self.audit.write(&line)
    }

    fn note(&mut self, action: Action, by: &str, entry: Option<&Entry>, hits: Option<u64>) {
        let written = self.log(action, by, entry, hits);
        self.check(written.map_err(|error| error.to_string()));
    }

    /// Tells a failure once.
    fn check(&mut self, done: Result<(), String>) {
        match done {
            Ok(()) => self.failed = false,
            Err(error) if !self.failed => {
                self.failed = true;
                tracing::error!("blocking: {error}");
            }
            Err(_) => {}
        }
    }
}
