//! What the header of a block tells about its chain.

use super::coin::CoinReason;
use super::finding::Fact;

/// Algorithm and coin, if the target of the block, `bits` in compact form, is one that only Bitcoin has.
///
/// It has 0x17 bytes at most, so that a block takes 2^73 hashes or more. Bitcoin's has been as small since 2018; no other
/// chain's came near, whatever its algorithm.
pub(super) fn facts(bits: Option<&str>) -> [Option<Fact>; 2] {
    let bits = bits.and_then(|bits| u32::from_str_radix(bits, 16).ok());
    let bitcoin = bits.is_some_and(|bits| (0x1000_0000..0x1800_0000).contains(&bits));
    [
        bitcoin.then_some(Fact::ImpliedAlgorithm("sha256d")),
        bitcoin.then_some(Fact::coin("BTC", CoinReason::BlockDifficulty)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hardest_blocks_are_bitcoins() {
        let known = |bits| facts(Some(bits)).iter().all(Option::is_some);
        // Bitcoin in 2018 and 2024; then Bitcoin Cash, Litecoin, Bitcoin in 2009, and none.
        assert!(known("17376f56") && known("1702a3b4"));
        for other in ["18021fdb", "1a01cd2d", "1d00ffff", "01003456", "zzzzzzzz", ""] {
            assert!(!known(other), "{other}");
        }
        assert_eq!(facts(None), [None, None]);
    }
}
