use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;

/// Different names of machines that are told apart.
const MAX_NAMES: usize = 64;

/// The key of the digests of names, another one in each process.
static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Who speaks in a case: one machine or several behind one address.
///
/// Names are compared in memory by digests whose key is written nowhere, so that they disclose nothing and tell machines
/// apart in whatever form names are kept. What is kept of them is how many there were.
#[derive(Clone, Debug, Default)]
pub(super) struct Parties {
    /// Digests of the names of machines.
    names: Vec<u64>,
    /// That of the name that was told last.
    latest: Option<u64>,
    /// Different names there were before the agent was started anew.
    before: u32,
    /// Connections that are open.
    open: u32,
    /// The most that were open at the same time.
    most: u32,
}

impl Parties {
    /// As they were kept; its latest connection is taken to be open still.
    pub(super) const fn restore(workers: u32, most: u32) -> Self {
        Self { names: Vec::new(), latest: None, before: workers, open: 1, most }
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
        let digest = KEY.hash_one(worker);
        if self.latest.replace(digest) == Some(digest) {
            return;
        }
        if self.names.len() < MAX_NAMES && !self.names.contains(&digest) {
            self.names.push(digest);
        }
    }

    /// How many different names of machines there were, at least, and at most 64.
    pub(super) fn workers(&self) -> u32 {
        u32::try_from(self.names.len()).unwrap_or(u32::MAX).max(self.before)
    }

    pub(super) const fn most(&self) -> u32 {
        self.most
    }
}
