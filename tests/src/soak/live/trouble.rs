//! What happens to a gateway in its life, one thing after the other.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use nix::sys::signal::Signal;

use crate::lab::{Agent, LAN, Lab, Side, WAN};

/// For what must happen, on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// How long an interface is down, or away.
const AWAY: Duration = Duration::from_millis(700);

/// What to do next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Trouble {
    /// The signature file changes, and the agent is told.
    Reload,
    /// The link goes down and up.
    Flap(Side),
    /// The interface is deleted and made anew.
    Remake(Side),
    /// The interface has another name for a while.
    Rename(Side),
}

/// In this order, again and again.
pub(super) const COURSE: [Trouble; 10] = [
    Trouble::Reload,
    Trouble::Remake(Side::Lan),
    Trouble::Flap(Side::Wan),
    Trouble::Reload,
    Trouble::Remake(Side::Wan),
    Trouble::Rename(Side::Lan),
    Trouble::Reload,
    Trouble::Flap(Side::Lan),
    Trouble::Reload,
    Trouble::Rename(Side::Wan),
];

/// What was done, and how it was taken.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Done {
    pub(super) reloads: u64,
    pub(super) flaps: u64,
    /// Interfaces that were deleted or renamed.
    pub(super) lost: u64,
    /// The longest time from an interface's return until the agent said that it watches it.
    pub(super) slowest: Duration,
}

/// Makes trouble.
pub(super) struct Troubles {
    signatures: PathBuf,
    pub(super) done: Done,
}

impl Trouble {
    /// Whether packets are lost, or pass unseen.
    pub(super) const fn disturbs(self) -> bool {
        !matches!(self, Self::Reload)
    }
}

impl Troubles {
    /// `signatures` is the agent's signature file.
    pub(super) fn new(signatures: PathBuf) -> Result<Self> {
        let this = Self { signatures, done: Done::default() };
        this.write()?;
        Ok(this)
    }

    /// A coin that does not exist, each time with other signatures.
    fn write(&self) -> Result<()> {
        let number = self.done.reloads;
        let signature = |name: &str, side: &str| {
            format!(
                "[[signature]]\nname = \"zork-{name}\"\nprotocol = \"zork\"\nside = \"{side}\"\nweight = {}\ntoken = '\"zork_{name}{}\"'\n",
                5 + number % 9,
                "x".repeat(usize::try_from(number % 7).unwrap_or(0)),
            )
        };
        Ok(fs::write(&self.signatures, signature("login", "miner") + &signature("work", "pool"))?)
    }

    /// Makes it, and waits until the agent has coped with it.
    ///
    /// # Errors
    /// It has not.
    pub(super) fn make(&mut self, trouble: Trouble, lab: &Lab, agent: &mut Agent) -> Result<()> {
        // What was said before is not the answer to this.
        while agent.next(Duration::ZERO).is_some() {}
        match trouble {
            Trouble::Reload => {
                self.done.reloads += 1;
                self.write()?;
                agent.signal(Signal::SIGHUP)?;
                agent.wait_for_log(SOON, &["configuration read anew", "changed"])
            }
            Trouble::Flap(side) => {
                self.done.flaps += 1;
                lab.flap(side, AWAY)
            }
            Trouble::Remake(side) => {
                lab.unplug(side)?;
                self.gone(side, agent)?;
                lab.plug(side)?;
                self.back(side, agent)
            }
            Trouble::Rename(side) => {
                lab.rename(side, name(side), "away0")?;
                self.gone(side, agent)?;
                lab.rename(side, "away0", name(side))?;
                self.back(side, agent)
            }
        }
    }

    fn gone(&mut self, side: Side, agent: &mut Agent) -> Result<()> {
        self.done.lost += 1;
        agent.wait_for_log(SOON, &[&format!("interface {} is gone", name(side))])
    }

    fn back(&mut self, side: Side, agent: &mut Agent) -> Result<()> {
        let since = Instant::now();
        agent.wait_for_log(SOON, &[&format!("interface {} is there again", name(side)), "watching"])?;
        self.done.slowest = self.done.slowest.max(since.elapsed());
        Ok(())
    }
}

const fn name(side: Side) -> &'static str {
    match side {
        Side::Lan => LAN,
        Side::Wan => WAN,
    }
}
