use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use detector::estimate::Effort;
use detector::judge::{Assessment, Shares};
use detector::ledger::{Ledger, Observation, Record, Settings};
use detector_common::flow::FlowKey;
use detector_common::packet::Encapsulation;
use jiff::{SignedDuration, Timestamp};

use super::cast::{self, Role};
use super::hearing::{Heard, Talk, talks};
use crate::ledger::dice::Dice;

/// Seconds of a day.
const DAY: u32 = 86_400;

/// Seconds of an hour.
const HOUR: u32 = 3_600;

/// A case that changes is written this often.
const UPDATE: SignedDuration = SignedDuration::from_secs(60);

/// Something happens in a case not more often than this on the average, in seconds: so seldom that each time is an update.
const CLOSEST: u64 = 120;

/// What was seen in the whole day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) cases: u64,
    pub(super) connections: u64,
    pub(super) shares: u64,
    pub(super) bytes: u64,
}

/// What one connection came to.
#[derive(Clone, Copy, Default)]
struct Flow {
    port: u16,
    machine: u32,
    /// Second of the day.
    since: u32,
    jobs: u64,
    shares: Shares,
    bytes: u64,
}

struct Actor {
    role: Role,
    flow: Option<Flow>,
    /// How often something happened.
    times: u32,
}

/// A simulated day of miners. The same for the same numbers.
pub(super) struct Day {
    begin: Timestamp,
    talks: Vec<Talk>,
    actors: Vec<Actor>,
    /// Who has something to do in each second.
    calendar: Vec<Vec<u32>>,
    /// Seconds between two times that something happens in a case, on the average.
    pause: u32,
    dice: Dice,
    ledger: Ledger,
    seen: Seen,
}

impl Day {
    /// A day that begins at `begin`, midnight of UTC, with about so many updates.
    pub(super) fn new(miners: u32, updates: u64, begin: Timestamp) -> Result<Self> {
        let mut dice = Dice::new();
        let talks = talks()?;
        let roles = cast::roles(miners, &talks, &mut dice);
        let seconds: u64 = roles.iter().map(|role| u64::from(role.hours.count_ones() * HOUR)).sum();
        let pause = seconds / updates.max(1);
        ensure!(
            pause >= CLOSEST,
            "so many updates of so few miners: at most {} of {miners} are simulated",
            seconds / CLOSEST
        );
        let settings =
            Settings { update: Some(UPDATE), resumes: true, cases: roles.len(), ..Settings::default() };
        let actors = roles.into_iter().map(|role| Actor { role, flow: None, times: 0 });
        Ok(Self {
            begin,
            talks,
            actors: actors.collect(),
            calendar: vec![Vec::new(); DAY as usize],
            pause: u32::try_from(pause).unwrap_or(DAY),
            dice,
            ledger: Ledger::new(settings),
            seen: Seen::default(),
        })
    }

    /// Lets the day pass; `emit` gets what the ledger in memory tells.
    pub(super) fn pass(mut self, mut emit: impl FnMut(Record) -> Result<()>) -> Result<Seen> {
        for number in 0..self.actors.len() {
            let first = self.begins(number, 0);
            self.plan(number, first);
        }
        for second in 0..DAY {
            let due = self.calendar.get_mut(second as usize).map(std::mem::take).unwrap_or_default();
            for number in due {
                for record in self.act(number as usize, second)? {
                    emit(record)?;
                }
            }
            for record in self.ledger.advance(self.at(second)) {
                emit(record)?;
            }
        }
        let end = self.at(DAY);
        for record in self.ledger.finish(end) {
            emit(record)?;
        }
        Ok(self.seen)
    }

    fn at(&self, second: u32) -> Timestamp {
        self.begin + SignedDuration::from_secs(second.into())
    }

    fn plan(&mut self, number: usize, second: Option<u32>) {
        let slot = second.and_then(|second| self.calendar.get_mut(second as usize));
        if let (Some(slot), Ok(number)) = (slot, u32::try_from(number)) {
            slot.push(number);
        }
    }

    /// When a case goes on at `hour` or later.
    fn begins(&mut self, number: usize, hour: u32) -> Option<u32> {
        let hours = self.actors.get(number)?.role.hours;
        let hour = (hour..24).find(|hour| hours >> hour & 1 == 1)?;
        Some(hour * HOUR + self.up_to(self.pause.min(HOUR)))
    }

    fn up_to(&mut self, end: u32) -> u32 {
        u32::try_from(self.dice.below(end.into())).unwrap_or(0)
    }

    /// Something happens in a case.
    fn act(&mut self, number: usize, second: u32) -> Result<Vec<Record>> {
        let next = second + self.pause / 2 + self.up_to(self.pause);
        let (at, since) =
            (self.at(second), |flow: &Flow| self.begin + SignedDuration::from_secs(flow.since.into()));
        let (dice, seen) = (&mut self.dice, &mut self.seen);
        let actor = self.actors.get_mut(number).context("nobody")?;
        let talk = self.talks.get_mut(actor.role.talk).context("nothing is said")?;
        let heard = match &mut talk.miner {
            Some(heard) if actor.role.one_sided => heard,
            _ => &mut talk.both,
        };
        let pool = actor.role.pool;
        let ends =
            |flow: &Flow| FlowKey::tcp(SocketAddr::new(actor.role.miner, flow.port).into(), pool.into());
        // Now and then a connection breaks.
        if let Some(flow) = actor.flow.take_if(|_| dice.percent(2)) {
            self.ledger.closed(&ends(&flow).0);
        }
        let flow = actor.flow.get_or_insert_with(|| {
            seen.connections += 1;
            Flow {
                port: 32_768 + u16::try_from(dice.below(28_000)).unwrap_or(0),
                machine: dice.skewed(actor.role.machines),
                since: second,
                ..Flow::default()
            }
        });
        actor.times += 1;
        seen.cases += u64::from(actor.times == 1);
        let shares = flow.go_on(heard, dice);
        seen.shares += shares;
        seen.bytes += 400 + 600 * shares;
        let (key, miner_sends) = ends(flow);
        let share = heard.share;
        let assessment = heard.assessment(actor.times == 1);
        assessment.miner_sends = miner_sends;
        let work = (since(flow), at);
        flow.tell(&actor.role, assessment, &share, work);
        let observation = Observation {
            key,
            interface: Some("lan0"),
            outer: Encapsulation::NONE,
            time: at,
            bytes: flow.bytes,
            assessment,
        };
        let records = self.ledger.observe(&observation);
        let hour = next / HOUR;
        if hour == second / HOUR || actor.role.hours >> hour & 1 == 1 {
            self.plan(number, Some(next));
        } else {
            // It stops, and goes on in another hour.
            if let Some(flow) = actor.flow.take() {
                self.ledger.closed(&ends(&flow).0);
            }
            let later = self.begins(number, hour);
            self.plan(number, later);
        }
        Ok(records)
    }
}

impl Flow {
    /// A job or two, and shares if any are handed in.
    fn go_on(&mut self, heard: &Heard, dice: &mut Dice) -> u64 {
        let submits = heard.whole.facts.shares.submitted > 0;
        let shares = if submits { u64::from(dice.skewed(6)) } else { 0 };
        let rejected = u64::from(shares > 0 && dice.percent(2));
        self.jobs += 1;
        self.shares.submitted += shares;
        self.shares.accepted += shares - rejected;
        self.shares.rejected += rejected;
        self.bytes += 400 + 600 * shares;
        shares
    }

    /// Writes into a judgement what this connection came to, who speaks, and between which times.
    fn tell(&self, role: &Role, assessment: &mut Assessment, share: &Effort, work: (Timestamp, Timestamp)) {
        let facts = &mut assessment.facts;
        facts.jobs = self.jobs;
        facts.shares = self.shares;
        facts.work.observed = Some(work);
        facts.work.submitted = times(share, self.shares.submitted);
        facts.work.accepted = times(share, self.shares.accepted);
        if let Some(wallet) = facts.wallet.as_mut().filter(|wallet| wallet.is_ascii() && wallet.len() >= 8) {
            wallet.replace_range(wallet.len() - 8.., &format!("{:08x}", role.wallet));
        }
        if let Some(worker) = &mut facts.worker {
            *worker = format!("rig{}", self.machine);
        }
        if let Some(name) = &mut facts.pool_name {
            *name = format!("pool{}.mining.example", role.pool_number);
        }
    }
}

/// What so many shares are worth.
fn times(share: &Effort, count: u64) -> Effort {
    #[expect(clippy::cast_precision_loss, reason = "there are not 2^53 shares in a day")]
    let factor = count as f64;
    Effort {
        shares: share.shares * count,
        hashes: share.hashes * factor,
        units: share.units * factor,
        hashes_squared: share.hashes_squared * factor,
        units_squared: share.units_squared * factor,
    }
}
