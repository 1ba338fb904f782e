/// What a number for the difficulty of a share counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Tries that a share takes on average: 2^256 divided by a target, or a difficulty of `CryptoNote`. A try is a hash;
    /// for Equihash it is a solution, for Cuckoo a cycle that was found.
    Hashes,
    /// Units of Stratum's `mining.set_difficulty`. How many hashes one is worth depends on the algorithm.
    Stratum,
}

/// The difficulty of a share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difficulty {
    /// How many, above 0.
    pub value: f64,
    /// Of what.
    pub unit: Unit,
}
