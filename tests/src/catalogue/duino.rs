//! Duino-Coin: bare text, of which the clients of computers end nothing.

use detector::judge::{Protocol, Verdict};

use super::Entry;
use crate::noise::Noise;
use crate::talk::Talk;

/// How much of it ends in a line feed.
#[derive(Clone, Copy)]
enum Ends {
    None,
    Server,
    Both,
}

fn entry(title: &'static str, ends: Ends, request: &str, software: &str, rig: &str) -> Entry {
    let mut noise = Noise::new(29);
    let client_end = if matches!(ends, Ends::Both) { "\n" } else { "" };
    let server_end = if matches!(ends, Ends::None) { "" } else { "\n" };
    let mut talk = Talk::new().server_bytes(b"3.0");
    for verdict in ["GOOD", "GOOD", "BAD,Incorrect result", "BLOCK"] {
        let job = format!("{},{},1500{server_end}", noise.hex(40), noise.hex(40));
        let nonce = noise.next_u64() % 150_000;
        talk = talk
            .client_bytes(format!("{request}{client_end}").as_bytes())
            .server_bytes(job.as_bytes())
            .client_bytes(format!("{nonce},1823456.7,{software},{rig},,1234{client_end}").as_bytes())
            .server_bytes(format!("{verdict}{server_end}").as_bytes());
    }
    Entry::new(
        Protocol::DuinoCoin,
        title,
        "`JOB` and a user, jobs of two SHA-1 hashes, results with the software's name, `GOOD` and `BAD`",
    )
    .talk(talk)
    .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), Some(Verdict::Confirmed))
    .fact("wallet", "alice")
    .fact("worker", rig)
    .fact("agent", software)
    .fact("difficulty", "1500.0")
    .fact("shares", r#"{"accepted":3,"rejected":1,"submitted":4}"#)
}

pub(super) fn entries() -> Vec<Entry> {
    vec![
        entry("Duino-Coin: PC Miner", Ends::Server, "JOB,alice,MEDIUM,None", "Official PC Miner 4.3", "desk"),
        entry("Duino-Coin: AVR Miner", Ends::Server, "JOB,alice,AVR,None", "Official AVR Miner 4.3", "uno"),
        entry("Duino-Coin: ESP32", Ends::Both, "JOB,alice,ESP32,None", "Official ESP32 Miner 4.3", "esp"),
        entry(
            "Duino-Coin: an older server, nothing ends",
            Ends::None,
            "JOB,alice,LOW",
            "Official PC Miner 2.73",
            "desk",
        ),
    ]
}
