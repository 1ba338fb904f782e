use super::dossier::Dossier;
use crate::advice::{Advice, Circumstances, Language, advise};
use crate::judge::Verdict;
use crate::store::OperatorState;

/// What to do about a case of which the operator said `state` last.
pub(super) fn advice(dossier: &Dossier, state: Option<&OperatorState>, language: Language) -> Vec<Advice> {
    let Dossier { record, origin, .. } = dossier;
    let (network, lease) = (&origin.network, origin.lease.as_ref());
    let circumstances = Circumstances {
        network: network.kind,
        protocol: record.protocol,
        carrier: record.carrier,
        encrypted: record.encrypted,
        verdict: record.verdict,
        stage: record.stage,
        farm: is_farm(record.verdict, record.workers, record.parallel),
        returned: record.returns > 0,
        returned_after_fixed: state.is_some_and(|state| state.is_refuted(record.last_seen)),
        miner: record.miner.ip(),
        pool: record.pool,
        pool_name: record.facts.pool_name.as_deref(),
        coin: record.facts.coin,
        site: network.site.as_deref(),
        owner: network.owner.as_deref(),
        contact: network.contact.as_deref(),
        user: lease.and_then(|lease| lease.user.as_deref()),
        mac: lease.and_then(|lease| lease.mac.as_deref()),
    };
    advise(&circumstances, language)
}

/// Whether several machines mine behind the address: they have names of their own, or more connections at the same time than
/// one that changes from one to the next.
#[must_use]
pub fn is_farm(verdict: Verdict, workers: u32, parallel: u32) -> bool {
    verdict != Verdict::Node && (workers >= 2 || parallel >= 3)
}
