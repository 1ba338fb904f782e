//! Conversations as real clients and pools hold them, with invented names and jobs.

mod clients;
mod coins;
mod copies;
mod custom;
mod dialects;
mod ends;
mod evidence;
mod http;
mod json_lines;
mod lookalikes;
mod pools;
mod properties;
mod secrets;
mod streams;
mod websocket;
mod wire;

use detector_common::flow::Direction;
use jiff::Timestamp;

use super::{Assessment, Conversation, Verdict};
use crate::stream::Limits;

const MINER: Direction = Direction::Down;
const POOL: Direction = Direction::Up;

/// An `XMRig` login with everything it says.
const XMRIG: &str = r#"{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"WALLET","pass":"x","agent":"XMRig/6.22.2 (Linux x86_64) libuv/1.48.0 gcc/13.3.0","rigid":"rig7","algo":["rx/0","cn/2","cn/r","argon2/chukwa"]}}"#;

/// Sends lines of alternating or single directions as one segment each.
struct Talk {
    conversation: Conversation,
    sequence: [u32; 2],
}

impl Talk {
    fn new() -> Self {
        Self { conversation: Conversation::new(Limits::default()), sequence: [u32::MAX - 40, 7] }
    }

    fn raw(mut self, direction: Direction, bytes: &[u8]) -> Self {
        let sequence = &mut self.sequence[direction as usize];
        self.conversation.segment(direction, *sequence, bytes, Timestamp::UNIX_EPOCH);
        *sequence = sequence.wrapping_add(u32::try_from(bytes.len()).unwrap());
        self
    }

    fn says(self, direction: Direction, line: &str) -> Self {
        self.raw(direction, format!("{}\n", fill(line)).as_bytes())
    }

    fn miner(self, line: &str) -> Self {
        self.says(MINER, line)
    }

    fn pool(self, line: &str) -> Self {
        self.says(POOL, line)
    }

    fn judged(&self) -> Assessment {
        let judged = self.conversation.assessment().expect("mining is found");
        evidence::check(&judged);
        judged
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.judged().evidence.iter().map(|reason| reason.kind).collect()
    }

    fn silent(&self) -> bool {
        self.conversation.assessment().is_none()
    }
}

/// Puts invented values in the places that are named in capitals.
fn fill(line: &str) -> String {
    line.replace("WALLET", &wallet())
        .replace("BLOB", &format!("1010{}", "ab".repeat(74)))
        .replace("HEX64", &"0a".repeat(32))
        .replace("HEX58", &"01".repeat(29))
        .replace("HEX16", &"c0".repeat(8))
        .replace("ADDR40", &"5e".repeat(20))
        .replace("NOTIFY", &notify())
}

fn wallet() -> String {
    format!("4{}", "Zz".repeat(47))
}

fn notify() -> String {
    let hash = "0b".repeat(32);
    format!(r#"["job1","{hash}","01000000","ffffffff",["{hash}"],"20000000","1702a3b4","65f00000",true]"#)
}

fn only(line: &str) -> Assessment {
    Talk::new().miner(line).judged()
}

#[test]
fn a_whole_exchange_rises_from_attempt_to_submitting() {
    use super::{Protocol, Stage};
    let mut talk = Talk::new();
    let mut stages = Vec::new();
    for (direction, line) in [
        (MINER, XMRIG),
        (
            POOL,
            r#"{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"s1","job":{"blob":"BLOB","job_id":"j1","target":"711b0d00","algo":"rx/0","height":1,"seed_hash":"HEX64"},"extensions":["algo"],"status":"OK"}}"#,
        ),
        (
            POOL,
            r#"{"jsonrpc":"2.0","method":"job","params":{"blob":"BLOB","job_id":"j2","target":"e4a63d00","algo":"rx/0"}}"#,
        ),
        (
            MINER,
            r#"{"id":2,"jsonrpc":"2.0","method":"submit","params":{"id":"s1","job_id":"j2","nonce":"d0030040","result":"HEX64","algo":"rx/0"}}"#,
        ),
        (POOL, r#"{"id":2,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}"#),
        (
            MINER,
            r#"{"id":3,"jsonrpc":"2.0","method":"submit","params":{"id":"s1","job_id":"j2","nonce":"d0030041","result":"HEX64"}}"#,
        ),
        (POOL, r#"{"id":3,"jsonrpc":"2.0","error":{"code":-1,"message":"Low difficulty share"}}"#),
        (MINER, r#"{"id":4,"jsonrpc":"2.0","method":"keepalived","params":{"id":"s1"}}"#),
        (POOL, r#"{"id":4,"jsonrpc":"2.0","error":null,"result":{"status":"KEEPALIVED"}}"#),
    ] {
        let before = talk.conversation.revision();
        talk = talk.says(direction, line);
        assert!(talk.conversation.revision() > before, "{line}");
        let judged = talk.judged();
        assert_eq!((judged.miner_sends, judged.protocol), (MINER, Protocol::CryptoNote));
        stages.push((judged.verdict, judged.stage));
    }
    assert_eq!(stages[0], (Verdict::Probable, Stage::Attempt));
    assert_eq!(stages[1], (Verdict::Confirmed, Stage::Working));
    assert_eq!(stages[3], (Verdict::Confirmed, Stage::Submitting));
    let judged = talk.judged();
    assert!(judged.confidence > 0.999);
    let facts = judged.facts;
    assert_eq!(facts.wallet, Some(wallet()));
    assert_eq!(facts.worker.as_deref(), Some("rig7"));
    assert_eq!(facts.coin, Some("XMR"));
    assert_eq!(facts.algorithm.as_deref(), Some("rx/0"));
    assert!(facts.agent.unwrap().starts_with("XMRig/6.22.2"));
    assert_eq!(facts.difficulty, Some(1063.0));
    assert_eq!(facts.jobs, 2);
    assert_eq!((facts.shares.submitted, facts.shares.accepted, facts.shares.rejected), (2, 1, 1));
}

#[test]
fn confidence_is_what_the_evidence_adds_up_to() {
    let judged = only(XMRIG);
    let sum: f64 = judged.evidence.iter().map(|reason| reason.weight).sum();
    assert!((judged.confidence - 1.0 / (1.0 + (11.5 - sum).exp())).abs() < 1e-12);
    let again = Talk::new().miner(XMRIG).miner(XMRIG).judged();
    assert_eq!(again.evidence, judged.evidence, "each kind counts once");
}

#[test]
fn evidence_never_holds_personal_data() {
    let talk = Talk::new()
        .miner(r#"{"id":1,"method":"login","params":{"login":"WALLET.secretrig","pass":"secretpass","agent":"a"}}"#)
        .miner(r#"{"id":2,"method":"mining.authorize","params":["WALLET.secretrig","secretpass"]}"#);
    let told = format!("{:?}", talk.judged().evidence);
    assert!(!told.contains("secret") && !told.contains(&wallet()), "{told}");
}
