//! The three dialects that the laboratory speaks.

use detector::judge::{Protocol, Verdict};

use super::Entry;
use crate::conversation::Speaker;
use crate::dialects::Dialect;
use crate::talk::Talk;

pub(super) fn entries() -> Vec<Entry> {
    let entry = |protocol, title, how, dialect: Dialect| {
        let identity = dialect.identity("rig7");
        let talk = dialect.session(identity.clone(), 1, 3).iter().fold(Talk::new(), |talk, line| match line
            .speaker
        {
            Speaker::Client => talk.client(&line.text),
            Speaker::Server => talk.server(&line.text),
        });
        let entry = Entry::new(protocol, title, how)
            .talk(talk)
            .fact("wallet", identity.wallet)
            .fact("worker", "rig7");
        if identity.agent.is_empty() { entry } else { entry.fact("agent", identity.agent) }
    };
    vec![
        entry(
            Protocol::CryptoNote,
            "Monero: XMRig",
            "login with algorithms or an address, jobs with a block template, shares with nonce and result",
            Dialect::Monero,
        )
        .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), Some(Verdict::Confirmed)),
        entry(
            Protocol::StratumV1,
            "Bitcoin: cgminer",
            "the methods `mining.*` and `client.*` with their parameters",
            Dialect::Bitcoin,
        ),
        entry(
            Protocol::EthProxy,
            "Ethereum: ethminer, eth-proxy",
            "`eth_submitLogin`, `eth_getWork`, `eth_submitWork`; answers of three hashes",
            Dialect::EthProxy,
        )
        .verdicts(Some(Verdict::Confirmed), Some(Verdict::Confirmed), Some(Verdict::Probable)),
    ]
}
