use std::path::PathBuf;

use super::{Config, Form};
use crate::kernel::{WhenOccupied, XdpMode};
use crate::output::Target;

/// What the command line says; it wins over the file. What it does not say is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// In place of `interfaces` of `[capture]`.
    pub interfaces: Vec<String>,
    /// In place of `pin`.
    pub pin: Option<PathBuf>,
    /// In place of `xdp-mode`.
    pub xdp_mode: Option<XdpMode>,
    /// In place of `when-occupied`.
    pub when_occupied: Option<WhenOccupied>,
    /// In place of `ring-kib`.
    pub ring_kib: Option<u32>,
    /// In place of `flows`.
    pub flows: Option<u32>,
    /// In place of `watched`.
    pub watched: Option<u32>,
    /// In place of `stats-interval`.
    pub stats_interval: Option<u32>,
    /// In place of `files` of `[signatures]`.
    pub signatures: Vec<PathBuf>,
    /// The built-in signatures are left out.
    pub no_built_in_signatures: bool,
    /// In place of `file` of `[ledger]`.
    pub ledger: Option<PathBuf>,
    /// The file's ledger is left alone, as a replay must.
    pub no_ledger: bool,
    /// In place of all `[[output]]`.
    pub output: Option<Target>,
    /// Identities are hashed, with the salt that is configured, if any.
    pub hash_identities: bool,
}

impl Overrides {
    /// Puts what the command line says in the place of what the file says.
    pub fn apply(&self, config: &mut Config) {
        fn set<T: Clone>(value: &mut T, said: Option<&T>) {
            if let Some(said) = said {
                value.clone_from(said);
            }
        }
        let capture = &mut config.capture;
        set(&mut capture.interfaces, Some(&self.interfaces).filter(|list| !list.is_empty()));
        capture.pin = self.pin.clone().or_else(|| capture.pin.take());
        set(&mut capture.xdp_mode, self.xdp_mode.as_ref());
        set(&mut capture.when_occupied, self.when_occupied.as_ref());
        set(&mut capture.ring_kib, self.ring_kib.as_ref());
        set(&mut capture.flows, self.flows.as_ref());
        set(&mut capture.watched, self.watched.as_ref());
        set(&mut capture.stats_interval, self.stats_interval.as_ref());
        set(&mut config.signatures.files, Some(&self.signatures).filter(|list| !list.is_empty()));
        config.signatures.built_in &= !self.no_built_in_signatures;
        if self.no_ledger {
            config.ledger.file = None;
        }
        config.ledger.file = self.ledger.clone().or_else(|| config.ledger.file.take());
        if let Some(target) = &self.output {
            config.output = vec![target.clone().into()];
        }
        if self.hash_identities {
            config.privacy.identities = Form::Hashed;
        }
    }
}
