/// Why it is known which coin is mined, from the weakest reason to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CoinReason {
    /// The pool's name holds the coin's.
    PoolName,
    /// Hardly any other coin uses the hash function.
    Algorithm,
    /// The address that is paid has the form of this coin's. Some pools pay in another coin than is mined.
    Wallet,
    /// The password asks the pool for this coin.
    Password,
    /// No other coin is mined with this protocol.
    Protocol,
    /// A signature names it whose token was said: who wrote it knows.
    Signature,
    /// No other coin's blocks are so hard to find.
    BlockDifficulty,
    /// The proof of work is personalised for the coin (Equihash).
    Personalisation,
    /// The peers name the coin's chain: magic bytes, network id, genesis block.
    ChainMagic,
}

impl CoinReason {
    /// A stable name for records, as of other evidence.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::PoolName => "coin-by-pool-name",
            Self::Algorithm => "coin-by-algorithm",
            Self::Wallet => "coin-by-wallet",
            Self::Password => "coin-by-password",
            Self::Protocol => "coin-by-protocol",
            Self::Signature => "coin-by-signature",
            Self::BlockDifficulty => "coin-by-difficulty",
            Self::Personalisation => "coin-by-personalisation",
            Self::ChainMagic => "coin-by-chain-magic",
        }
    }

    /// In words.
    pub(crate) const fn detail(self) -> &'static str {
        match self {
            Self::PoolName => "the pool's name holds the name of the coin",
            Self::Algorithm => "hardly any other coin uses the algorithm",
            Self::Wallet => "the address that is paid has the form of this coin's",
            Self::Password => "the password asks the pool for this coin",
            Self::Protocol => "no other coin is mined with this protocol",
            Self::Signature => "a signature for this coin was found",
            Self::BlockDifficulty => "no other coin's blocks are so hard to find",
            Self::Personalisation => "the proof of work is personalised for this coin",
            Self::ChainMagic => "the peers name the chain of this coin",
        }
    }
}
