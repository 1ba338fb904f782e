use std::sync::Arc;
use std::time::Instant;

use super::shared::Shared;
use crate::advice::Language;
use crate::block;
use crate::enrich::{Config, Enricher, NetworkType, Reloader};
use crate::exclude::Exclusions;
use crate::ledger::{CaseId, Record};
use crate::output::Identities;
use crate::store::Limits;

/// What is done with records: what files say of addresses, what is not reported, and how names and advice are written.
pub struct Rules {
    enricher: Arc<Enricher>,
    /// Looks whether files have changed.
    reloader: Reloader,
    exclusions: Exclusions,
    identities: Identities,
    language: Language,
    /// How much of the ledger on disk is kept.
    limits: Limits,
    /// What is blocked.
    block: block::Config,
}

impl Rules {
    /// Files that `config` names were read into `enricher`, and are read anew when they change.
    #[must_use]
    pub fn new(
        config: &Config,
        enricher: Enricher,
        exclusions: Exclusions,
        identities: Identities,
        language: Language,
        limits: Limits,
    ) -> Self {
        let enricher = Arc::new(enricher);
        let reloader = Reloader::after(config.clone(), language, Arc::clone(&enricher), Instant::now());
        let block = block::Config::default();
        Self { enricher, reloader, exclusions, identities, language, limits, block }
    }

    /// The same, and miners are blocked as this says.
    #[must_use]
    pub fn blocking(self, block: block::Config) -> Self {
        Self { block, ..self }
    }

    pub(super) const fn block(&self) -> &block::Config {
        &self.block
    }

    /// Those of the cases that [`Counts::open`](super::Counts::open) counts, with their networks.
    #[must_use]
    pub fn open(&self, cases: &[Record]) -> Vec<(CaseId, NetworkType)> {
        let open = cases.iter().filter(|case| case.is_open());
        let network = |case: &Record| self.enricher.origin(case.miner.ip(), case.last_seen).network.kind;
        open.map(|case| (case.case, network(case))).collect()
    }

    pub(super) fn enricher(&self) -> &Enricher {
        &self.enricher
    }

    pub(super) const fn exclusions(&self) -> &Exclusions {
        &self.exclusions
    }

    pub(super) const fn identities(&self) -> Identities {
        self.identities
    }

    pub(super) const fn language(&self) -> Language {
        self.language
    }

    pub(super) const fn limits(&self) -> Limits {
        self.limits
    }

    /// Takes files in that have changed.
    pub(super) fn poll(&mut self, shared: &Shared) {
        match self.reloader.poll(Instant::now()) {
            Some(Ok(enricher)) => {
                tracing::info!("files about addresses read anew");
                self.enricher = enricher;
                shared.files_refused(false);
            }
            Some(Err(problems)) => {
                tracing::error!("the old files about addresses stay in use: {problems}");
                shared.files_refused(true);
            }
            None => {}
        }
        shared.aged(self.enricher.ages());
    }
}
