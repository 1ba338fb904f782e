use std::future::pending;

use tokio::task::{JoinError, JoinHandle, spawn_blocking};

use super::run::Origin;
use crate::config::{Loaded, Problems};

/// Why the old configuration stays in use.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReloadError {
    #[error(transparent)]
    Problems(#[from] Problems),
    #[error("reading it anew broke off: {0}")]
    BrokeOff(#[from] JoinError),
}

/// Reads the configuration anew with all that it names, on a thread of its own, because that takes longer than the ring
/// waits.
pub(super) struct Reload {
    origin: Origin,
    running: Option<JoinHandle<Result<Loaded, Problems>>>,
    /// It was asked for again while it was going on: the files may have changed once more.
    again: bool,
}

impl Reload {
    pub(super) const fn new(origin: Origin) -> Self {
        Self { origin, running: None, again: false }
    }

    /// Begins, if there are files to read.
    pub(super) fn ask(&mut self) {
        if self.origin.file.is_none() && self.origin.overrides.signatures.is_empty() {
            return;
        }
        self.again = self.running.is_some();
        if !self.again {
            let Origin { file, overrides } = self.origin.clone();
            self.running = Some(spawn_blocking(move || Loaded::load(file.as_deref(), &overrides)));
        }
    }

    /// What came of it. It may be given up waiting for, and waited for again; it does not end if
    /// nothing is going on.
    pub(super) async fn done(&mut self) -> Result<Loaded, ReloadError> {
        let Some(running) = &mut self.running else { return pending().await };
        let result = running.await;
        self.running = None;
        if self.again {
            self.ask();
        }
        Ok(result??)
    }
}

/// A configuration that was read anew and waits until the events are taken that the old signatures found.
pub(super) struct Exchange {
    pub(super) read: Result<Loaded, ReloadError>,
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
    use crate::config::Overrides;

    #[test]
    fn an_exchange_waits_for_what_was_in_the_ring_and_no_longer() {
        let read = || Loaded::load(None, &Overrides::default()).map_err(ReloadError::from);
        let exchange = |batches| Exchange { read: read(), batches };
        assert!(exchange(9).is_due(true), "the ring is empty");
        let mut under_load = exchange(3);
        assert_eq!([false; 3].map(|empty| under_load.is_due(empty)), [false, false, true]);
    }
}
