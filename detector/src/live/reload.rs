use std::future::pending;

use tokio::task::{JoinError, JoinHandle, spawn_blocking};

use crate::signature::{SignatureError, Signatures, Sources};

/// Why the old signatures stay in use.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReloadError {
    #[error(transparent)]
    Signatures(#[from] SignatureError),
    #[error("reading them anew broke off: {0}")]
    BrokeOff(#[from] JoinError),
}

/// Reads the signatures anew, on a thread of its own, because compiling takes longer than the ring
/// waits.
pub(super) struct Reload {
    sources: Sources,
    running: Option<JoinHandle<Result<Signatures, SignatureError>>>,
    /// It was asked for again while it was going on: the files may have changed once more.
    again: bool,
}

impl Reload {
    pub(super) const fn new(sources: Sources) -> Self {
        Self { sources, running: None, again: false }
    }

    /// Begins, if there are files to read.
    pub(super) fn ask(&mut self) {
        if self.sources.paths.is_empty() {
            return;
        }
        self.again = self.running.is_some();
        if !self.again {
            let sources = self.sources.clone();
            self.running = Some(spawn_blocking(move || Signatures::load(&sources)));
        }
    }

    /// What came of it. It may be given up waiting for, and waited for again; it does not end if
    /// nothing is going on.
    pub(super) async fn done(&mut self) -> Result<Signatures, ReloadError> {
        let Some(running) = &mut self.running else { return pending().await };
        let result = running.await;
        self.running = None;
        if self.again {
            self.ask();
        }
        Ok(result??)
    }
}

/// Signatures that were read anew and wait until the events are taken that the old ones found.
pub(super) struct Exchange {
    pub(super) read: Result<Signatures, ReloadError>,
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
        let exchange = |batches| Exchange { read: Ok(Signatures::built_in().unwrap()), batches };
        assert!(exchange(9).is_due(true), "the ring is empty");
        let mut under_load = exchange(3);
        assert_eq!([false; 3].map(|empty| under_load.is_due(empty)), [false, false, true]);
    }
}
