//! The publications of a Monero node over `ZeroMQ` (Monero's `zmq_pub.cpp`): miners without a pool wait for them to ask for
//! new work (xmrig's `DaemonClient.cpp`), and so does `P2Pool` (its `zmq_reader.cpp`).

use super::coin::CoinReason;
use super::finding::{Fact, Finding, Kind};
use crate::judge::{Protocol, Stage};

impl Kind {
    pub(crate) const ZMQ_CHAIN: Self = Self::message(
        "node-zmq-chain",
        "subscribes to the new blocks of a Monero node, as miners without a pool do",
        10.0,
    );
    pub(crate) const ZMQ_WORK: Self = Self::message(
        "node-zmq-work",
        "subscribes to the data for miners of a Monero node, as P2Pool does",
        13.0,
    );
    pub(crate) const ZMQ_PUBLISHED: Self =
        Self::message("node-zmq-published", "a Monero node publishes a new block or data for miners", 1.0);
}

/// Solo mining: what a miner does with the news is to ask for a block template.
const SOLO: Protocol = Protocol::GetBlockTemplate;

/// Reads a frame: a subscription is a message that begins with 1 (RFC 23), or a command (RFC 37).
pub(super) fn read(command: bool, body: &[u8]) -> Option<Finding> {
    let topic = if command { body.strip_prefix(b"\x09SUBSCRIBE") } else { body.strip_prefix(&[1]) };
    let kind = match topic {
        Some(b"json-minimal-chain_main" | b"json-full-chain_main") => Kind::ZMQ_CHAIN,
        Some(b"json-full-miner_data") => Kind::ZMQ_WORK,
        Some(_) => return None,
        None => return published(body),
    };
    Some(Finding::miner(SOLO, kind).fact(Some(Fact::coin("XMR", CoinReason::Protocol))))
}

fn published(body: &[u8]) -> Option<Finding> {
    let topics = [&b"json-minimal-chain_main:{"[..], b"json-full-chain_main:[", b"json-full-miner_data:{"];
    let known = topics.iter().any(|topic| body.starts_with(topic));
    known.then(|| Finding::pool(SOLO, Kind::ZMQ_PUBLISHED).stage(Stage::Working))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_topics_that_miners_wait_for_count() {
        let kind = |command, body: &[u8]| read(command, body).map(|finding| finding.kinds[0].name);
        assert_eq!(kind(false, b"\x01json-minimal-chain_main"), Some("node-zmq-chain"));
        assert_eq!(kind(true, b"\x09SUBSCRIBEjson-full-miner_data"), Some("node-zmq-work"));
        assert_eq!(kind(false, b"json-full-chain_main:[{}]"), Some("node-zmq-published"));
        for other in [&b"\x01json-full-txpool_add"[..], b"\x01", b"\x01hashblock", b"json-minimal-chain_main"]
        {
            assert_eq!(kind(false, other), None);
        }
    }
}
