//! Block templates of Bitcoin and its forks (BIP 22, BIP 23), as miners, pools and a node's own tools ask for them.
//!
//! A node operator's tool asks for a template once; who mines asks again and again, and says what it can do with one.
//! Sources: BIP 22, BIP 23, BIP 145; cgminer, bfgminer, cpuminer, ckpool, Miningcore, NOMP, the DATUM gateway.

use serde_json::{Map, Value};

use super::super::finding::{Fact, Finding, Kind};
use super::super::message::Message;
use super::super::shape::{hex, is_hex, text};
use super::{Ask, Said};
use crate::judge::{Protocol, Stage};

const PROTOCOL: Protocol = Protocol::GetBlockTemplate;

/// Hexadecimal digits of a block's header, with which every block begins.
const MIN_BLOCK: usize = 152;

/// What only those can do who make blocks of templates: the names of BIP 22 and BIP 23.
const CAPABILITIES: [&str; 10] = [
    "longpoll",
    "coinbasetxn",
    "coinbasevalue",
    "workid",
    "coinbase/append",
    "time/increment",
    "version/force",
    "submit/coinbase",
    "serverlist",
    "submithash",
];

impl Kind {
    pub(crate) const TEMPLATE: Self =
        Self::message("client-template", "getblocktemplate: solo mining, or a pool at its node", 2.0);
    pub(crate) const TEMPLATE_CAPABILITIES: Self = Self::feature(
        "client-template-capabilities",
        "the request names what mining software can do with a template",
        3.0,
    );
    pub(crate) const TEMPLATE_WAIT: Self =
        Self::feature("client-template-longpoll", "the request waits for the next template", 4.0);
    pub(crate) const SUBMIT_BLOCK: Self =
        Self::message("client-submitblock", "a whole block is handed in to a node", 7.0);
    pub(crate) const TEMPLATE_ANSWER: Self =
        Self::message("pool-template", "block template with the reward, target and previous block", 4.0);
    pub(crate) const BLOCK_ANSWER: Self =
        Self::message("pool-block-answer", "the node accepted or rejected a block", 2.0);
}

/// Reads a call.
pub(super) fn request(method: &str, message: &Message) -> Option<Said> {
    match method {
        "getblocktemplate" | "getmemorypool" => {
            let wishes = message.list().first().and_then(Value::as_object);
            let listed = wishes.and_then(|wishes| wishes.get("capabilities")?.as_array());
            let able = listed.is_some_and(|list| {
                list.iter().filter_map(Value::as_str).any(|name| CAPABILITIES.contains(&name))
            });
            let waits = wishes.is_some_and(|wishes| text(wishes.get("longpollid")).is_some());
            // In the mode "proposal" a block is only tried.
            let proposal = wishes.is_some_and(|wishes| text(wishes.get("mode")) == Some("proposal"));
            let finding = Finding::miner(PROTOCOL, Kind::TEMPLATE)
                .with(Kind::TEMPLATE_CAPABILITIES, able)
                .with(Kind::TEMPLATE_WAIT, waits);
            let ask = if able || waits { Ask::MiningTemplate } else { Ask::Template };
            (!proposal).then(|| Said::new(finding, ask).habit())
        }
        "submitblock" | "submit_block" => {
            text(message.list().first()).filter(|block| block.len() >= MIN_BLOCK && is_hex(block))?;
            let finding = Finding::miner(PROTOCOL, Kind::SUBMIT_BLOCK).stage(Stage::Submitting);
            Some(Said::new(finding.fact(Some(Fact::Submitted)), Ask::Block))
        }
        _ => None,
    }
}

/// Reads an answer.
pub(super) fn answer(ask: Option<Ask>, message: &Message) -> Option<Finding> {
    match ask {
        None | Some(Ask::Template) => template(message.result().as_object()?),
        // Who looks at a template now and then has no job.
        Some(Ask::MiningTemplate) => Some(template(message.result().as_object()?)?.fact(Some(Fact::Job))),
        // Nothing is said of a block that is accepted, and a word against one that is not.
        Some(Ask::Block) => {
            let status = text(message.result().get("status"));
            let yes =
                message.result().is_null() || status.is_some_and(|status| status.eq_ignore_ascii_case("ok"));
            let fact = if yes && message.error().is_none() { Fact::Accepted } else { Fact::Rejected };
            let finding = Finding::pool(PROTOCOL, Kind::BLOCK_ANSWER).stage(Stage::Submitting);
            Some(finding.fact(Some(fact)))
        }
        Some(_) => None,
    }
}

fn template(result: &Map<String, Value>) -> Option<Finding> {
    let reward = result.get("coinbasevalue").is_some_and(Value::is_number)
        || result.get("coinbasetxn").is_some_and(Value::is_object);
    let block = hex(result.get("previousblockhash"), 64) && hex(result.get("bits"), 8);
    let finding = Finding::pool(PROTOCOL, Kind::TEMPLATE_ANSWER).stage(Stage::Working);
    (reward && block).then_some(finding)
}
