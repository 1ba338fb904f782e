use crate::advice::Advice;
use crate::enrich::{Origin, PoolOrigin};
use crate::ledger::Record;

/// A record with what the operator's files say of its ends, and what to do about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Dossier {
    /// What was seen.
    pub record: Record,
    /// Of the miner's address.
    pub origin: Origin,
    /// Of the pool's address.
    pub pool: PoolOrigin,
    /// Steps that may be taken, the best first.
    pub advice: Vec<Advice>,
}

impl From<Record> for Dossier {
    /// Nothing is known beside the record.
    fn from(record: Record) -> Self {
        Self { record, origin: Origin::default(), pool: PoolOrigin::default(), advice: Vec::new() }
    }
}
