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

/// Reads the signatures anew, on a thread of its own, because compiling takes longer than the ring waits.
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

    /// What came of it. It may be given up waiting for, and waited for again; it does not end if nothing is going on.
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
