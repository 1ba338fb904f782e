//! Node discovery of Ethereum and its relatives over UDP (devp2p's `discv4.md`): a Keccak-256 hash of all that follows it,
//! a signature of 65 bytes, a type, a list in RLP.

use sha3::{Digest as _, Keccak256};

use super::finding::{Finding, Kind};
use crate::judge::{Protocol, Stage};

/// Bytes of the hash; bytes in front of the type.
const HASH: usize = 32;
const SIGNED: usize = HASH + 65;

impl Kind {
    pub(crate) const DISCOVERY: Self = Self::message(
        "node-discv4",
        "a datagram of discv4 whose hash is right: node discovery of Ethereum",
        25.0,
    );
}

/// Reads a datagram. `None` if it is none of discv4: its hash tells beyond doubt.
pub(crate) fn read(datagram: &[u8]) -> Option<Finding> {
    let (hash, hashed) = datagram.split_at_checked(HASH)?;
    let &kind = datagram.get(SIGNED)?;
    if !(1..=6).contains(&kind) || Keccak256::digest(hashed)[..] != *hash {
        return None;
    }
    // Pong, neighbours and the response of a record answer something.
    let stage = if matches!(kind, 2 | 4 | 6) { Stage::Handshake } else { Stage::Attempt };
    Some(Finding::peer(Protocol::EthereumP2p, Kind::DISCOVERY).stage(stage))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_is_known_by_its_hash() {
        let mut rest = vec![0x5a; 65];
        rest.extend([1, 0xc4, 1, 2, 3, 4]);
        let mut datagram = Keccak256::digest(&rest).to_vec();
        datagram.extend(&rest);
        assert_eq!(read(&datagram).unwrap().stage, Stage::Attempt);
        for at in [0, 31, 32, 100, datagram.len() - 1] {
            let mut other = datagram.clone();
            other[at] ^= 1;
            assert_eq!(read(&other), None, "byte {at}");
        }
        for end in 0..datagram.len() {
            assert_eq!(read(&datagram[..end]), None, "cut at {end}");
        }
    }
}
