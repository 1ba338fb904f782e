use std::future::pending;
use std::sync::Arc;

use tokio::task::{JoinError, JoinHandle, spawn_blocking};

use super::run::Origin;
use crate::config::{Loaded, Problems};
use crate::output::{OutputError, Outputs, Prepared};

/// Why the old configuration stays in use.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReloadError {
    #[error(transparent)]
    Problems(#[from] Problems),
    #[error(transparent)]
    Outputs(#[from] OutputError),
    #[error("reading it anew broke off: {0}")]
    BrokeOff(#[from] JoinError),
}

/// A configuration that was read anew, with all that it names and with its outputs open.
pub(super) struct Reloaded {
    pub(super) loaded: Loaded,
    pub(super) outputs: Prepared,
}

/// Reads the configuration anew with all that it names, and opens its outputs, on a thread of its own, because that takes
/// longer than the ring waits.
pub(super) struct Reload {
    origin: Origin,
    outputs: Arc<Outputs>,
    running: Option<JoinHandle<Result<Reloaded, ReloadError>>>,
    /// From when it begins until what it read is in use, or was refused.
    under_way: bool,
    /// It was asked for again while it was under way: the files may have changed once more.
    again: bool,
}

impl Reload {
    pub(super) const fn new(origin: Origin, outputs: Arc<Outputs>) -> Self {
        Self { origin, outputs, running: None, under_way: false, again: false }
    }

    /// Begins, if there are files to read.
    pub(super) fn ask(&mut self) {
        if self.origin.file.is_none() && self.origin.overrides.signatures.is_empty() {
            return;
        }
        self.again = self.under_way;
        if !self.again {
            self.under_way = true;
            let (Origin { file, overrides }, outputs) = (self.origin.clone(), Arc::clone(&self.outputs));
            self.running = Some(spawn_blocking(move || {
                let loaded = Loaded::load(file.as_deref(), &overrides)?;
                let outputs = outputs.prepare(loaded.config.outputs())?;
                Ok(Reloaded { loaded, outputs })
            }));
        }
    }

    /// Whether files are being read, or what was read waits to be used.
    pub(super) const fn is_under_way(&self) -> bool {
        self.under_way
    }

    /// What came of it. It may be given up waiting for, and waited for again; it does not end if
    /// nothing is going on.
    pub(super) async fn done(&mut self) -> Result<Reloaded, ReloadError> {
        let Some(running) = &mut self.running else { return pending().await };
        let result = running.await;
        self.running = None;
        result?
    }

    /// What came of it is in use, or was refused: it may begin again.
    pub(super) fn over(&mut self) {
        self.under_way = false;
        if std::mem::take(&mut self.again) {
            self.ask();
        }
    }
}

/// A configuration that was read anew and waits until the events are taken that the old signatures found.
pub(super) struct Exchange {
    pub(super) read: Result<Reloaded, ReloadError>,
    /// In how many batches all events are taken that were in the ring when this began. Under load
    /// it is never empty.
    pub(super) batches: usize,
}

impl Exchange {
    /// Whether it is time, after one more batch.
    pub(super) const fn is_due(&mut self, ring_is_empty: bool) -> bool {
        self.batches = self.batches.saturating_sub(1);
        ring_is_empty || self.batches == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_waits_for_what_was_in_the_ring_and_no_longer() {
        let read = || Err(Problems(Vec::new()).into());
        let exchange = |batches| Exchange { read: read(), batches };
        assert!(exchange(9).is_due(true), "the ring is empty");
        let mut under_load = exchange(3);
        assert_eq!([false; 3].map(|empty| under_load.is_due(empty)), [false, false, true]);
    }
}
