//! Every mining protocol and client that Firedamp knows, as a conversation in the exact style of that client, with what
//! is to be found in it. The table in `docs/protocols.md` is made from this.

mod document;
mod duino;
mod getwork;
mod http;
mod http_daemons;
mod json_lines;
mod mainstream;
mod monero;
mod nodes;
mod sealed;
mod stratum;
mod stratum_v2;
mod tunnels;
mod websocket;

use detector::judge::{Protocol, Stage, Verdict};

pub use document::{Findings, document};

use crate::conversation::Speaker;
use crate::talk::Talk;

/// One protocol as one client speaks it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The protocol that records name.
    pub protocol: Protocol,
    /// The coin or variant and the client, for example `Monero: XMRig`. Unique.
    pub title: &'static str,
    /// How it is recognised, in words for the documentation.
    pub how: &'static str,
    /// Who is the miner (of peers: who is reported as the source).
    pub miner: Speaker,
    /// What is said.
    pub talk: Talk,
    /// The verdict when both sides are seen, the miner alone, the pool alone; `None` if nothing is reported.
    pub verdicts: [Option<Verdict>; 3],
    /// The last stage when both sides are seen.
    pub stage: Stage,
    /// What the conversation discloses when both sides are seen, by its key in the record's object `mining`, such as
    /// `wallet`, `worker`, `agent`, `coin`, `algorithm`, `pool_name`, `difficulty`. A key that is not listed is not checked.
    pub facts: Vec<(&'static str, String)>,
}

impl Entry {
    /// An entry in which nothing is said; the client is the miner, and every view is `confirmed`, and the stage is
    /// `submitting`.
    #[must_use]
    pub fn new(protocol: Protocol, title: &'static str, how: &'static str) -> Self {
        Self {
            protocol,
            title,
            how,
            miner: Speaker::Client,
            talk: Talk::new(),
            verdicts: [Some(Verdict::Confirmed); 3],
            stage: Stage::Submitting,
            facts: Vec::new(),
        }
    }

    /// What is said.
    #[must_use]
    pub fn talk(mut self, talk: Talk) -> Self {
        self.talk = talk;
        self
    }

    /// The verdicts on both sides, the miner alone and the pool alone.
    #[must_use]
    pub fn verdicts(mut self, both: Option<Verdict>, miner: Option<Verdict>, pool: Option<Verdict>) -> Self {
        self.verdicts = [both, miner, pool];
        self
    }

    /// The last stage when both sides are seen.
    #[must_use]
    pub fn stage(mut self, stage: Stage) -> Self {
        self.stage = stage;
        self
    }

    /// Something that the conversation discloses.
    #[must_use]
    pub fn fact(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.facts.push((key, value.into()));
        self
    }
}

/// All of them, by the family that the tests are named after.
#[must_use]
pub fn families() -> Vec<(&'static str, Vec<Entry>)> {
    vec![
        ("mainstream", mainstream::entries()),
        ("stratum", stratum::entries()),
        ("monero", monero::entries()),
        ("getwork", getwork::entries()),
        ("json_lines", json_lines::entries()),
        ("duino", duino::entries()),
        ("tunnels", tunnels::entries()),
        ("websocket", websocket::entries()),
        ("stratum_v2", stratum_v2::entries()),
        ("sealed", sealed::entries()),
        ("http", [http::entries(), http_daemons::entries()].concat()),
        ("nodes", nodes::entries()),
    ]
}

/// All of them.
#[must_use]
pub fn all() -> Vec<Entry> {
    families().into_iter().flat_map(|(_, entries)| entries).collect()
}
