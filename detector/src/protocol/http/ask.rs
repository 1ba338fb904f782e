use detector_common::flow::Direction;

use crate::protocol::finding::Finding;
use crate::protocol::message::Id;

/// What a request asks for, as far as it decides how the response is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// getwork.
    Work,
    /// getblocktemplate, as anybody may ask for it.
    Template,
    /// getblocktemplate and its like, Bitcoin's and Monero's, as only those ask for it who mine.
    MiningTemplate,
    /// A block of another chain to be mined with one's own.
    AuxBlock,
    /// To take the proof of work of such a block.
    AuxShare,
    /// The same of `P2Pool`: a block, or what is known of its chain.
    MergedBlock,
    /// And the solution.
    MergedShare,
    /// Ethereum's work package.
    EthWork,
    /// To take a share.
    Share,
    /// To take a share of Ethereum.
    EthShare,
    /// To take a block.
    Block,
    /// The header of a Sia block.
    SiaHeader,
    /// The header of a Kadena block.
    KadenaHeader,
    /// What a Signum miner needs to know.
    MiningInfo,
    /// About a Chia pool, or a farmer in it.
    Farm,
    /// A task of Gram.
    Task,
    Other,
}

impl Ask {
    /// Whether it asks by JSON-RPC for work.
    pub(super) const fn is_for_work(self) -> bool {
        matches!(self, Self::Template | Self::MiningTemplate | Self::AuxBlock | Self::EthWork)
    }
}

/// What a request says.
pub(super) struct Said {
    pub(super) finding: Finding,
    pub(super) ask: Ask,
    /// Only who asks it again and again is a miner.
    pub(super) habit: bool,
}

impl Said {
    pub(super) const fn new(finding: Finding, ask: Ask) -> Self {
        Self { finding, ask, habit: false }
    }

    pub(super) const fn habit(mut self) -> Self {
        self.habit = true;
        self
    }
}

/// A request without a response.
#[derive(Debug)]
pub(super) struct Asked {
    /// Of the request on its connection; `None` if its head was not seen.
    pub(super) number: Option<u32>,
    pub(super) asker: Direction,
    /// What its messages ask; those that are no JSON-RPC have no id.
    pub(super) asks: Vec<(Option<Id>, Ask)>,
}
