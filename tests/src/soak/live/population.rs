//! Miners that come and go, dozens at a time.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::dialects::Dialect;
use crate::lab::{self, HOSTS, Lab};
use crate::noise::Noise;
use crate::sim::{MinerPlan, Pace, PoolPlan, Progress, Simulator, miner, pool};

/// Miners at the same time.
const CROWD: usize = 36;

/// How long a miner stays: at least, and how much longer at most.
const STAY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(6));

const PACE: Pace = Pace { job: Duration::from_millis(400), share: Duration::from_millis(150) };

const DIALECTS: [Dialect; 3] = [Dialect::Monero, Dialect::Bitcoin, Dialect::EthProxy];

/// What a miner must hear in calm to be heard itself: from then on its connection passes the agent.
const HEARD: u64 = 3;

/// A miner's address and its pool's. Everybody who mines there from there is one case.
pub(super) type Pair = (IpAddr, SocketAddr);

/// What was done from one address at one pool, by all miners that ever were there.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// The protocol that records name.
    pub(super) protocol: &'static str,
    /// Miners that were there.
    pub(super) miners: u64,
    /// Shares handed in.
    pub(super) shares: u64,
    /// Shares of miners that came and went without any disturbance of the network.
    pub(super) undisturbed: u64,
    /// A share was handed in, and the connection passed the agent.
    pub(super) due: bool,
}

/// One miner.
struct Life {
    pair: Pair,
    dialect: Dialect,
    miner: Simulator<Progress>,
    leaves: Instant,
    disturbed: bool,
    /// Lines heard before the network fell calm.
    heard: u64,
    due: bool,
}

/// All miners and their pools.
pub(super) struct Population<'a> {
    lab: &'a Lab,
    pools: Vec<(PoolPlan, Simulator<AtomicU64>)>,
    lives: Vec<Life>,
    tallies: BTreeMap<Pair, Tally>,
    noise: Noise,
    begun: u64,
}

impl<'a> Population<'a> {
    pub(super) fn new(lab: &'a Lab) -> Result<Self> {
        let mut pools = Vec::new();
        for (host, v6) in (0..HOSTS).flat_map(|host| [(host, false), (host, true)]) {
            for (port, dialect) in (3000..).zip(DIALECTS) {
                let plan = PoolPlan { dialect, at: SocketAddr::new(lab::server(host, v6), port), pace: PACE };
                pools.push((plan, pool(&lab.pool, plan)?));
            }
        }
        Ok(Self { lab, pools, lives: Vec::new(), tallies: BTreeMap::new(), noise: Noise::new(1), begun: 0 })
    }

    /// Lets go who has to go, and come who has to come. The network is calm: all that is said passes the agent.
    pub(super) fn turn(&mut self) -> Result<()> {
        let now = Instant::now();
        for life in &mut self.lives {
            life.hear();
            if life.leaves <= now {
                life.miner.tell_to_stop();
            }
        }
        let (over, staying) =
            std::mem::take(&mut self.lives).into_iter().partition(|life| life.miner.has_ended());
        self.lives = staying;
        self.bury(over);
        for (plan, pool) in &mut self.pools {
            // The network went while a miner was let in.
            if pool.has_ended() {
                *pool = crate::sim::pool(&self.lab.pool, *plan)?;
            }
        }
        // Not all at once: a few each turn.
        for _ in 0..3 {
            if self.lives.len() < CROWD {
                self.arrival()?;
            }
        }
        Ok(())
    }

    /// The network is disturbed from now on: nobody's shares are known to arrive.
    pub(super) fn disturb(&mut self) {
        for life in &mut self.lives {
            life.disturbed = true;
        }
    }

    /// The network is calm again.
    pub(super) fn settle(&mut self) {
        for life in &mut self.lives {
            life.heard = life.miner.counts().heard();
        }
    }

    /// Nobody comes any more, and everybody goes.
    pub(super) fn disperse(&mut self) {
        for life in &self.lives {
            life.miner.tell_to_stop();
        }
        while self.lives.iter().any(|life| !life.miner.has_ended()) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let over = std::mem::take(&mut self.lives);
        self.bury(over);
    }

    /// What was done, by address and pool.
    pub(super) const fn tallies(&self) -> &BTreeMap<Pair, Tally> {
        &self.tallies
    }

    fn bury(&mut self, over: Vec<Life>) {
        for life in over {
            let shares = life.miner.counts().submitted();
            let tally = self.tallies.entry(life.pair).or_default();
            tally.protocol = life.dialect.protocol();
            tally.miners += 1;
            tally.shares += shares;
            tally.undisturbed += if life.disturbed { 0 } else { shares };
            tally.due |= life.due;
        }
    }

    fn arrival(&mut self) -> Result<()> {
        let random = self.noise.next_u64();
        let pools = self.pools.len().max(1);
        let Some((plan, _)) = usize::try_from(random).ok().and_then(|random| self.pools.get(random % pools))
        else {
            return Ok(());
        };
        let [.., a, b] = self.noise.next_u64().to_be_bytes();
        let from = SocketAddr::new(lab::client(a % HOSTS, plan.at.is_ipv6()), 0);
        self.begun += 1;
        let mut miner_plan = MinerPlan::new(plan.dialect, &format!("rig{}", self.begun), from, plan.at, PACE);
        // One in four does not stay connected.
        miner_plan.reconnect_after = b.is_multiple_of(4).then_some(8);
        let stay = STAY.0 + STAY.1 * u32::from(b) / 256;
        self.lives.push(Life {
            pair: (from.ip(), plan.at),
            dialect: plan.dialect,
            miner: miner(&self.lab.miner, miner_plan)?,
            leaves: Instant::now() + stay,
            disturbed: false,
            heard: 0,
            due: false,
        });
        Ok(())
    }
}

impl Life {
    fn hear(&mut self) {
        let progress = self.miner.counts();
        self.due |= progress.submitted() > 0 && progress.heard() >= self.heard + HEARD;
    }
}
