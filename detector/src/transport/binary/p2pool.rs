//! The protocol between nodes of Monero's `P2Pool` (its `p2p_server.h` and `p2p_server.cpp`): a number, then what belongs
//! to it. Both sides begin with a challenge and its solution.

use super::{Header, Variety, is_text, u32_at};

const CHALLENGE: u64 = 0;
const SOLUTION: u64 = 1;

/// `MAX_BLOCK_SIZE`.
const LONGEST: u32 = 128 << 10;

/// Bytes of one address in a list of peers.
const PEER: u64 = 19;

pub(super) fn header(bytes: &[u8], number: u64) -> Header {
    let Some((&kind, rest)) = bytes.split_first() else { return Header::Short };
    let sized = |most: u32| match u32_at(rest, 0) {
        Some(size) if size <= most => Header::Message { head: 5, body: size.into() },
        Some(_) => Header::Broken,
        None => Header::Short,
    };
    let fixed = |body| Header::Message { head: 1, body };
    match (number, kind) {
        (CHALLENGE, 0) => challenge(rest),
        (SOLUTION, 1) => fixed(40),
        (CHALLENGE | SOLUTION, _) => Header::Broken,
        // The port on which it listens; a request of a block, a notice of one; a request of peers.
        (_, 2) => fixed(4),
        (_, 3 | 9) => fixed(32),
        (_, 6) => fixed(0),
        // Blocks; jobs of merge mining; blocks of Monero itself.
        (_, 4 | 5 | 8 | 10 | 11) => sized(LONGEST),
        (_, 7) => match rest.first() {
            Some(&peers) if peers <= 16 => Header::Message { head: 2, body: u64::from(peers) * PEER },
            Some(_) => Header::Broken,
            None => Header::Short,
        },
        _ => Header::Broken,
    }
}

/// Eight random bytes and a number that names the peer, and nothing behind them but the solution.
fn challenge(rest: &[u8]) -> Header {
    let Some((random, next)) = rest.split_first_chunk::<16>() else {
        // Text may begin with the zero byte of a TCP keep-alive probe.
        return if rest.is_empty() || !is_text(rest) { Header::Short } else { Header::Broken };
    };
    if Variety::of(random).is_random(16) && next.first().is_none_or(|&kind| kind == 1) {
        Header::Message { head: 1, body: 16 }
    } else {
        Header::Broken
    }
}
