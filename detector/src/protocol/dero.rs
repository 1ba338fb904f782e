//! Dero's getwork over WebSocket, of nodes and pools alike.
//!
//! Sources: derohe's `cmd/dero-miner` and its type `GetBlockTemplate_Result`; Miningcore's Dero requests and responses.

use super::account;
use super::coin::CoinReason;
use super::finding::{Fact, Finding, Kind};
use super::message::Message;
use super::shape::{is_hex, number};
use crate::judge::{Protocol, Stage};
use crate::transport::Head;

const PROTOCOL: Protocol = Protocol::Dero;

const COIN: Option<Fact> = Some(Fact::coin("DERO", CoinReason::Protocol));

/// Hexadecimal digits of a miniblock.
const MINIBLOCK: usize = 96;

/// Prefixes of addresses: main and test network.
const ADDRESSES: [&str; 2] = ["dero1", "deto1"];

impl Kind {
    pub(crate) const DERO_CONNECT: Self =
        Self::message("client-dero-connect", "upgrade to WebSocket at /ws/ with a Dero address", 13.5);
    pub(crate) const DERO_SHARE: Self =
        Self::message("client-dero-share", "jobid and mbl_blob of a miniblock", 14.0);
    pub(crate) const DERO_JOB: Self =
        Self::message("pool-dero-job", "jobid, blockhashing_blob and difficulty", 14.0);
}

/// Reads the request with which the connection begins.
pub(super) fn connect(head: &Head) -> Option<Finding> {
    let (_, path) = head.request()?;
    let user = path.strip_prefix("/ws/").filter(|_| head.header("upgrade").is_some())?;
    let user = user.split(['?', '/']).next()?;
    let (wallet, worker) = account::split(user);
    let address = ADDRESSES.iter().any(|&prefix| wallet.starts_with(prefix))
        && wallet.len() >= 60
        && wallet.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let finding = address.then(|| Finding::miner(PROTOCOL, Kind::DERO_CONNECT))?;
    Some(finding.fact(COIN).fact(account::paid(wallet, worker)))
}

/// Reads a message of either side.
pub(super) fn plain(message: &Message) -> Option<Finding> {
    message.text("jobid")?;
    if message.text("mbl_blob").is_some_and(|blob| blob.len() == MINIBLOCK && is_hex(blob)) {
        let finding = Finding::miner(PROTOCOL, Kind::DERO_SHARE).stage(Stage::Submitting);
        return Some(finding.fact(COIN).fact(Some(Fact::Submitted)));
    }
    let object = message.object();
    message.text("blockhashing_blob").filter(|blob| blob.len() >= MINIBLOCK && is_hex(blob))?;
    let difficulty = number(object.get("difficultyuint64")).or_else(|| number(object.get("difficulty")))?;
    let finding =
        Finding::pool(PROTOCOL, Kind::DERO_JOB).stage(Stage::Working).fact(COIN).fact(Some(Fact::Job));
    Some(finding.fact(Some(Fact::difficulty_hashes(difficulty))))
}
