use sha2::{Digest as _, Sha256};

/// Different names of machines that are told apart.
const MAX_NAMES: usize = 64;

/// Who speaks in a case: one machine or several behind one address.
#[derive(Clone, Debug, Default)]
pub(super) struct Parties {
    /// Digests of the names of machines.
    names: Vec<u32>,
    /// The name that was told last.
    latest: String,
    /// Connections that are open.
    open: u32,
    /// The most that were open at the same time.
    most: u32,
}

impl Parties {
    /// As they were kept; nothing is open.
    pub(super) const fn restore(names: Vec<u32>, most: u32) -> Self {
        Self { names, latest: String::new(), open: 0, most }
    }

    pub(super) const fn opened(&mut self) {
        self.open = self.open.saturating_add(1);
        if self.open > self.most {
            self.most = self.open;
        }
    }

    pub(super) const fn closed(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    pub(super) fn named(&mut self, worker: &str) {
        if self.latest == worker {
            return;
        }
        worker.clone_into(&mut self.latest);
        let digest = Sha256::digest(worker).first_chunk().copied().map_or(0, u32::from_be_bytes);
        if self.names.len() < MAX_NAMES && !self.names.contains(&digest) {
            self.names.push(digest);
        }
    }

    /// Digests of the names of machines, to be kept.
    pub(super) fn names(&self) -> &[u32] {
        &self.names
    }

    /// How many different names of machines there were, at most 64.
    pub(super) fn workers(&self) -> u32 {
        u32::try_from(self.names.len()).unwrap_or(u32::MAX)
    }

    pub(super) const fn most(&self) -> u32 {
        self.most
    }
}
