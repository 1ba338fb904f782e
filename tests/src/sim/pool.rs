//! A mining pool that takes every share.

use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::Result;

use super::line::{Heard, LineStream};
use super::{Pace, Simulator, Stop, TICK, accept_until, listen};
use crate::dialects::Dialect;
use crate::lab::Namespace;

/// What a pool does.
#[derive(Clone, Copy, Debug)]
pub struct PoolPlan {
    /// The protocol.
    pub dialect: Dialect,
    /// Where it listens.
    pub at: SocketAddr,
    /// How often it hands out a job.
    pub pace: Pace,
}

/// Starts a pool in `namespace`; it accepts connections when this returns. It counts connections.
///
/// # Errors
/// The address is not in the namespace or in use.
pub fn pool(namespace: &Namespace, plan: PoolPlan) -> Result<Simulator<AtomicU64>> {
    let listener = listen(namespace, plan.at)?;
    Simulator::start(namespace, "pool", AtomicU64::new(0), move |connections, stop| {
        thread::scope(|scope| {
            accept_until(&listener, stop, |stream| {
                let seed = connections.fetch_add(1, Ordering::Relaxed) ^ u64::from(plan.at.port()) << 32;
                // A miner that leaves in the middle of a line is no error of the pool.
                scope.spawn(move || serve(plan, seed, stream, stop).ok());
                Ok(())
            })
        })
    })
}

fn serve(plan: PoolPlan, seed: u64, stream: TcpStream, stop: &Stop) -> Result<()> {
    let mut miner = LineStream::new(stream)?;
    let mut pool = plan.dialect.pool(seed);
    // Jobs begin when the miner has said something that was answered.
    let mut next_job: Option<Instant> = None;
    while !stop.wanted() {
        match miner.hear(TICK)? {
            Heard::Line(line) => {
                for answer in pool.answer(&line) {
                    miner.say(&answer)?;
                    next_job.get_or_insert_with(|| Instant::now() + plan.pace.job);
                }
            }
            Heard::Nothing => {}
            Heard::Closed => return Ok(()),
        }
        if let Some(due) = next_job.filter(|due| Instant::now() >= *due) {
            miner.say(&pool.job())?;
            next_job = Some(due + plan.pace.job);
        }
    }
    Ok(())
}
