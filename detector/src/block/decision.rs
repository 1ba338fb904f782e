use ipnet::IpNet;

use super::{Config, Scope, Target};
use crate::ledger::{CaseId, Life, Record};

/// What is to be done about a miner, by what was found.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// To block it.
    Block {
        /// The case.
        case: CaseId,
        /// What of it.
        target: Target,
        /// Why.
        reason: String,
    },
    /// To let pass what was blocked of it.
    Lift {
        /// The case.
        case: CaseId,
        /// Why.
        reason: String,
    },
}

impl Decision {
    /// What a record of a case that nothing hides leads to.
    #[must_use]
    pub fn of(record: &Record, config: &Config) -> Option<Self> {
        let wanted = config.decides()
            && record.life == Life::Open
            && record.verdict >= config.verdict
            && record.confidence >= config.confidence;
        if !wanted {
            return None;
        }
        let (miner, pool) = (record.miner, record.pool);
        let target = match config.scope {
            Scope::Flow => Target::Flow(miner, pool),
            Scope::Pair => Target::Pair(miner.ip(), pool),
            Scope::Pool => Target::Network(IpNet::from(pool.ip())),
        };
        let reason = format!("{} {} mining at {pool}", record.verdict, record.protocol);
        Some(Self::Block { case: record.case, target, reason })
    }
}
