//! What happens in the demonstration.

use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::Result;
use firedamp_tests::dialects::Dialect;
use firedamp_tests::lab::{self, Lab, Segments};
use firedamp_tests::sim::{
    Benign, Bulk, MinerPlan, Pace, PoolPlan, Progress, Simulator, bulk_client, bulk_service, miner, pool,
    rpc_client, rpc_service,
};

/// A transfer of 16 MiB each way every second: enough to be bulk, not enough to heat the machine.
const TRANSFER: u64 = 16 << 20;

/// Two miners with their pools, an RPC service with its client, and bulk TCP.
pub(crate) struct Traffic<'a> {
    lab: &'a Lab,
    miners: Vec<Simulator<Progress>>,
    rpc: Simulator<Benign>,
    bulk: Simulator<Bulk>,
    pools: Vec<Simulator<AtomicU64>>,
    rpc_service: Simulator<Benign>,
    bulk_service: Simulator<Bulk>,
}

/// What was really sent, to hold against what the agent says.
pub(crate) struct Totals {
    pub(crate) shares: u64,
    pub(crate) answers: u64,
    pub(crate) bulk: u64,
    pub(crate) segments: Segments,
}

impl<'a> Traffic<'a> {
    pub(crate) fn start(lab: &'a Lab) -> Result<Self> {
        let at = |ip, port| SocketAddr::new(ip, port);
        // No port number means anything to the detector, so none here is a mining pool's usual one.
        let cast = [(Dialect::Monero, "rig7", 443), (Dialect::Bitcoin, "garage", 8443)];
        let (mut pools, mut miners) = (Vec::new(), Vec::new());
        for (host, (dialect, worker, port)) in (0..).zip(cast) {
            let to = at(lab::server(host, false), port);
            pools.push(pool(&lab.pool, PoolPlan { dialect, at: to, pace: Pace::DEMO })?);
            let from = at(lab::client(host, false), 0);
            let plan = MinerPlan::new(dialect, worker, from, to, Pace::DEMO);
            miners.push(miner(&lab.miner, plan)?);
        }
        let (rpc, bulk) = (at(lab::server(2, false), 3333), at(lab::server(3, false), 4444));
        let rpc_service = rpc_service(&lab.pool, rpc)?;
        let bulk_service = bulk_service(&lab.pool, bulk)?;
        let pause = Duration::from_millis(200);
        Ok(Self {
            lab,
            miners,
            rpc: rpc_client(&lab.miner, at(lab::client(2, false), 0), rpc, pause)?,
            bulk: bulk_client(
                &lab.miner,
                at(lab::client(3, false), 0),
                bulk,
                TRANSFER,
                None,
                Duration::from_secs(1),
            )?,
            pools,
            rpc_service,
            bulk_service,
        })
    }

    /// Ends everything, clients first.
    pub(crate) fn stop(self) -> Result<Totals> {
        let mut shares = 0;
        for miner in self.miners {
            shares += miner.stop()?.submitted();
        }
        let answers = self.rpc.stop()?.answers();
        let bulk = self.bulk.stop()?.bytes() + self.bulk_service.stop()?.bytes();
        for pool in self.pools {
            pool.stop()?;
        }
        self.rpc_service.stop()?;
        Ok(Totals { shares, answers, bulk, segments: self.lab.segments()? })
    }
}
