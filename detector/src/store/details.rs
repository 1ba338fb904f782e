use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::digest::digest;
use crate::dispatch::Dossier;
use crate::enrich::Lease;
use crate::intern::intern;
use crate::judge::Facts;
use crate::output::{Identities, Names};

/// What the ledger on disk holds of a case beside its numbers: what changes seldom. Unknown is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// Who had the miner's address when it was last active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// The interface that last saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The mining software.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Who is paid, in the form in which names are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wallet: Option<String>,
    /// The machine within the account, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// Wallet and worker are truncated.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// The SHA-256 of who is paid, if only that is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wallet_sha256: Option<String>,
    /// The SHA-256 of the machine's name, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_sha256: Option<String>,
    /// The pool's name as the miner addressed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool_name: Option<String>,
    /// The hash function as it follows from the form of the messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub implied_algorithm: Option<String>,
    /// The algorithm changed, so that no hash rate is told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mixed: bool,
    /// Current share difficulty in the protocol's own unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difficulty: Option<f64>,
    /// Hashes a second, as the miner itself says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed_hashrate_hs: Option<f64>,
    /// The hash function by which the hash rate is estimated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hashrate_algorithm: Option<String>,
    /// On what hardware the power is estimated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_assumption: Option<String>,
}

impl Details {
    /// Those of a case whose names are in the form of `identities`.
    #[must_use]
    pub fn of(dossier: &Dossier, identities: Identities) -> Self {
        let Dossier { record, origin, .. } = dossier;
        let facts = record.facts.clone();
        let finite = |number: Option<f64>| number.filter(|number| number.is_finite());
        let hashed = matches!(identities, Identities::Hashed { .. });
        let truncated =
            identities == Identities::Truncated && (facts.wallet.is_some() || facts.worker.is_some());
        let (wallet, wallet_sha256) = if hashed { (None, facts.wallet) } else { (facts.wallet, None) };
        let (worker, worker_sha256) = if hashed { (None, facts.worker) } else { (facts.worker, None) };
        Self {
            lease: origin.lease.clone(),
            interface: record.interface.clone(),
            agent: facts.agent,
            wallet,
            worker,
            truncated,
            wallet_sha256,
            worker_sha256,
            pool_name: facts.pool_name,
            implied_algorithm: facts.implied_algorithm.map(str::to_owned),
            mixed: facts.work.mixed,
            difficulty: finite(facts.difficulty),
            claimed_hashrate_hs: finite(facts.claimed_hash_rate),
            hashrate_algorithm: record.estimate.and_then(|estimate| estimate.algorithm).map(str::to_owned),
            power_assumption: record
                .estimate
                .and_then(|estimate| estimate.power)
                .map(|power| power.assumption.to_owned()),
        }
    }

    /// Of a case with the same details always the same within this process.
    pub(super) fn digest(dossier: &Dossier) -> u64 {
        let Dossier { record, origin, .. } = dossier;
        let facts = &record.facts;
        let bits = |number: Option<f64>| number.map(f64::to_bits);
        let (algorithm, power) =
            record.estimate.map_or((None, None), |estimate| (estimate.algorithm, estimate.power));
        digest((
            (&record.interface, &facts.agent, &facts.wallet, &facts.worker, &facts.pool_name),
            (
                facts.implied_algorithm,
                facts.work.mixed,
                bits(facts.difficulty),
                bits(facts.claimed_hash_rate),
            ),
            (algorithm, power.map(|power| power.assumption), &origin.lease),
        ))
    }

    /// Whether what was written with these names may be told in the form of `identities`: not if they are in clear, and
    /// are not to be.
    pub(super) const fn may_be_told(&self, identities: Identities) -> bool {
        let clear = !self.truncated && (self.wallet.is_some() || self.worker.is_some());
        matches!(identities, Identities::Clear) || !clear
    }

    /// The facts of a case to go on with, but for those that have columns of their own. Names come into the form of
    /// `identities`; those that cannot are left out.
    pub(super) fn facts(self, identities: Identities) -> Facts {
        let told = self.may_be_told(identities);
        let (wallet, worker) = match identities {
            Identities::Hashed { .. } if told => (self.wallet_sha256, self.worker_sha256),
            Identities::Clear if self.truncated => (None, None),
            _ => (self.wallet, self.worker),
        };
        let mut facts = Facts {
            agent: self.agent,
            wallet,
            worker,
            pool_name: self.pool_name,
            implied_algorithm: self.implied_algorithm.as_deref().map(intern),
            difficulty: self.difficulty,
            claimed_hash_rate: self.claimed_hashrate_hs,
            ..Facts::default()
        };
        facts.work.mixed = self.mixed;
        if !told {
            let Names { wallet, worker, agent, pool_name } = identities.names(&facts);
            let (wallet, worker) = (wallet.map(Cow::into_owned), worker.map(Cow::into_owned));
            let (agent, pool_name) = (agent.map(str::to_owned), pool_name.map(str::to_owned));
            facts = Facts { agent, wallet, worker, pool_name, ..facts };
        }
        facts
    }
}
