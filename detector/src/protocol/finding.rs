use super::coin::CoinReason;
use crate::estimate::{Difficulty, Unit};
use crate::judge::{Protocol, Side, Stage};

/// One thing that a side of a mining conversation says. Each counts once, however often it is said.
///
/// Every family of dialects declares its own, in an `impl Kind` of its file.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// A stable name for records, unlike all others.
    pub name: &'static str,
    /// What was seen, in words. It never holds a value from the wire.
    pub detail: &'static str,
    /// Natural logarithm of how much likelier a miner's conversation has it than any other flow; for a node's protocol, a
    /// node's conversation. Names that only mining software uses are enough for odds above even; words in common use
    /// need a second reason.
    pub weight: f64,
    /// Whether it is a message of its own and not a feature of one.
    pub message: bool,
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Kind {
    /// A message of its own.
    pub(crate) const fn message(name: &'static str, detail: &'static str, weight: f64) -> Self {
        Self { name, detail, weight, message: true }
    }

    /// A feature of a message, which makes it more certain.
    pub(crate) const fn feature(name: &'static str, detail: &'static str, weight: f64) -> Self {
        Self { name, detail, weight, message: false }
    }
}

impl Kind {
    /// Whether what has this name only keeps a connection alive or asks how it stands.
    pub(crate) fn is_upkeep(name: &str) -> bool {
        let upkeep = [
            Self::KEEPALIVE,
            Self::KEEPALIVE_ANSWER,
            Self::GRIN_KEEPALIVE,
            Self::GRIN_STATUS,
            Self::GRIN_STATUS_ANSWER,
            Self::GRIN_ECHO,
        ];
        upkeep.iter().any(|kind| kind.name == name)
    }
}

/// What any family may say.
impl Kind {
    pub(crate) const AGENT: Self =
        Self::feature("client-agent", "the login or subscription names its mining software", 6.5);
    pub(crate) const UNKNOWN_AGENT: Self =
        Self::feature("client-unknown-agent", "the login names software not known to mine", 2.0);
    pub(crate) const ALGORITHM_LIST: Self =
        Self::feature("client-algorithms", "the login lists mining algorithms", 5.0);
    pub(crate) const ADDRESS: Self =
        Self::feature("client-address", "the user name has the form of a coin address", 7.0);
    pub(crate) const SHARE_SERIES: Self =
        Self::feature("share-series", "three or more shares were handed in", 5.0);
    pub(crate) const ADMISSION: Self =
        Self::message("pool-admission", "the pool said yes or no to the login", 4.0);
    pub(crate) const SHARE_ANSWER: Self =
        Self::message("pool-share-answer", "the pool accepted or rejected a share", 5.0);
    pub(crate) const POOL_ERROR: Self =
        Self::message("pool-error", "the pool refused with an error in the protocol's own form", 4.0);
    pub(crate) const JOB_SERIES: Self =
        Self::feature("job-series", "three or more jobs were handed out", 6.0);
}

/// A fact that one message discloses.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// Name and version of the mining software.
    Agent(String),
    /// Who is paid.
    User {
        /// The address or account.
        wallet: String,
        /// The name of the machine within it.
        worker: Option<String>,
    },
    /// The name of the machine, said without the account.
    Worker(String),
    /// The hash function, as the speaker names it.
    Algorithm(String),
    /// The hash function, as it follows from the form of a message, by the name that `estimate` has for it.
    ImpliedAlgorithm(&'static str),
    /// The coin that is mined.
    Coin {
        /// Its ticker symbol.
        ticker: &'static str,
        /// Why it is this one.
        reason: CoinReason,
    },
    /// The pool's name as the miner addressed it.
    PoolName(String),
    /// Share difficulty from now on.
    Difficulty(Difficulty),
    /// Share difficulty that the miner asks for, in the unit of `mining.set_difficulty`, until the pool sets one.
    WantedDifficulty(f64),
    /// The miner's own word on its speed, in hashes a second.
    ClaimedHashRate(f64),
    /// A new job.
    Job,
    /// A share was handed in.
    Submitted,
    /// The pool accepted a share.
    Accepted,
    /// The pool rejected a share.
    Rejected,
}

impl Fact {
    /// Share difficulty from now on, as the number of tries that a share takes on average: [`Unit::Hashes`].
    #[must_use]
    pub const fn difficulty_hashes(value: f64) -> Self {
        Self::Difficulty(Difficulty { value, unit: Unit::Hashes })
    }

    /// Share difficulty from now on, as `mining.set_difficulty` gives it: [`Unit::Stratum`].
    #[must_use]
    pub const fn difficulty_units(value: f64) -> Self {
        Self::Difficulty(Difficulty { value, unit: Unit::Stratum })
    }

    /// The miner's own word on its speed in hashes a second, as hexadecimal digits: `eth_submitHashrate` and
    /// `mining.hashrate`. `None` for zero and for more than 64 bits.
    #[must_use]
    pub fn claimed_hash_rate(digits: &str) -> Option<Self> {
        #[expect(clippy::cast_precision_loss, reason = "nobody counts single hashes")]
        let rate = u64::from_str_radix(digits, 16).ok()? as f64;
        (rate > 0.0).then_some(Self::ClaimedHashRate(rate))
    }

    /// The coin that is mined, and why it is this one. Of several, the one with the strongest reason counts, then the
    /// latest. What follows from a wallet or from the name of an algorithm need not be said.
    #[must_use]
    pub const fn coin(ticker: &'static str, reason: CoinReason) -> Self {
        Self::Coin { ticker, reason }
    }
}

/// What one message says.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The role in which it is said.
    pub side: Side,
    /// The dialect it belongs to, as far as this message tells.
    pub protocol: Protocol,
    /// How far the conversation is with it.
    pub stage: Stage,
    /// What was said: the message itself, then the features that make it more certain.
    pub kinds: Vec<Kind>,
    /// What it discloses.
    pub facts: Vec<Fact>,
}

impl Finding {
    /// The miner says `kind`.
    #[must_use]
    pub fn miner(protocol: Protocol, kind: Kind) -> Self {
        Self { side: Side::Miner, protocol, stage: Stage::Attempt, kinds: vec![kind], facts: Vec::new() }
    }

    /// The pool says `kind`.
    #[must_use]
    pub fn pool(protocol: Protocol, kind: Kind) -> Self {
        Self { side: Side::Pool, protocol, stage: Stage::Handshake, kinds: vec![kind], facts: Vec::new() }
    }

    /// A peer says `kind`.
    #[must_use]
    pub fn peer(protocol: Protocol, kind: Kind) -> Self {
        Self { side: Side::Peer, protocol, stage: Stage::Attempt, kinds: vec![kind], facts: Vec::new() }
    }

    pub(super) fn stage(mut self, stage: Stage) -> Self {
        self.stage = stage;
        self
    }

    pub(super) fn with(mut self, kind: Kind, present: bool) -> Self {
        if present {
            self.kinds.push(kind);
        }
        self
    }

    pub(super) fn fact(mut self, fact: Option<Fact>) -> Self {
        self.facts.extend(fact);
        self
    }
}
