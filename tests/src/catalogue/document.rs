//! The table of protocols in the documentation.

use std::fmt::Write as _;

use detector::judge::{Protocol, Verdict};

use super::Entry;

/// What stands before the table.
const HEAD: &str = "\
# Protocols

What Firedamp recognises, client by client. This file is made from the catalogue of conversations in
`tests/src/catalogue` and from what the recogniser finds in them: `cargo xtask docs` writes it, and a test fails if it is
not up to date. Every line is a conversation in the style of that client, with invented names and jobs. The tests run it
through the kernel program and through the same recogniser in user space, seen from both sides, from the miner's alone
and from the pool's alone: `cargo xtask test -p firedamp-tests --test engines catalogue` runs all, and the last column names
the test of each. Where another cell is empty, nothing is reported.

The verdicts are those at the end of a short conversation with a few jobs and shares. *Node* is a peer of a blockchain's
network, which is not mining. *Extracted* are the fields of a record that the conversation fills, beside the addresses,
the stage and the evidence.
";

/// What cannot be recognised, and why.
const UNREADABLE: &[(&str, &str)] = &[
    (
        "Anything inside TLS: XMRig with `--tls`, pools' ports 443 and 14433, browser miners over `wss`",
        "the contents are encrypted; only the form of the traffic is left, which this version does not judge",
    ),
    (
        "Chia farmers at their pools, TON's `v2/task` interface",
        "they speak inside TLS; the table has what they say when it is in the clear",
    ),
    ("Chia's own network, between nodes, farmers and harvesters", "TLS with certificates on both sides"),
    (
        "Tari's solo mining over gRPC",
        "HTTP/2 in binary, whose headers are compressed with a state that a listener who joins late does not have",
    ),
    (
        "Bitcoin's peer-to-peer network, version 2 (BIP 324)",
        "it is built to look like random bytes; its opening of 64 bytes and more is told from Stratum version 2, and not reported",
    ),
    ("Ethereum's discv5", "it masks everything, with the receiver's name as the key"),
    (
        "DATUM after its greeting, Stratum version 2 inside Noise",
        "encrypted: the greeting and the sizes are recognised, but no wallet, share or difficulty can be read",
    ),
    (
        "Tera",
        "its login is a number and a name that nothing tells from an application's; no pool or client could be read",
    ),
    (
        "Messages with a key that logs have, such as `time` or `level`",
        "they cannot be told from the log of a pool or a proxy",
    ),
    (
        "A private proxy that renames the methods or encrypts its lines; Tor, SSH and VPN tunnels",
        "nothing of the protocol is left to recognise",
    ),
    (
        "Messages that are compressed, with `permessage-deflate` on WebSocket, gzip in HTTP or Alephium's `connection.set_gzip`",
        "they are not unpacked; what is said before the compression begins is read",
    ),
];

/// Coins and clients that speak as another one in the table does.
const ALIKE: &[(&str, &str)] = &[
    ("Innosilicon's, Canaan's and other makers' miners that follow cgminer", "`stratum-v1`, cgminer"),
    ("Nexellia, Spectre, Pyrin", "`kaspa`; their addresses name the coin"),
    ("BitTube, MWC", "`grin`; nothing on the wire tells these coins apart"),
    ("CoinIMP and other services for web pages", "`browser-miner`, Coinhive"),
    ("the x25 proxy and other relays of `CryptoNote`", "`cryptonote`, deepMiner's server or xmrig-proxy"),
    (
        "Pegnet, Neptune, Hathor at pools with `mining.*`",
        "`stratum-v1`; the job that Hathor's full node sends is not read",
    ),
];

/// What was found in an entry.
#[derive(Clone, Debug)]
pub struct Findings {
    /// When both sides are seen, the miner alone, the pool alone.
    pub verdicts: [Option<Verdict>; 3],
    /// The test that holds it.
    pub test: String,
    /// The keys of the record's object `mining` that the conversation fills.
    pub extracted: Vec<String>,
}

/// The whole document. Each entry comes with what was found in it.
#[must_use]
pub fn document(entries: &[(Entry, Findings)]) -> String {
    let mut text = HEAD.to_owned();
    for &protocol in Protocol::ALL {
        let of_protocol: Vec<_> = entries.iter().filter(|(entry, _)| entry.protocol == protocol).collect();
        if of_protocol.is_empty() {
            continue;
        }
        let _ = write!(text, "\n## {protocol}\n\n");
        text.push_str("| client | recognised by | extracted | both sides | miner | pool | test |\n");
        text.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
        for (entry, found) in of_protocol {
            let [both, miner, pool] =
                found.verdicts.map(|verdict| verdict.map_or(String::new(), |it| it.to_string()));
            let extracted = found.extracted.join(", ");
            let _ = writeln!(
                text,
                "| {} | {} | {extracted} | {both} | {miner} | {pool} | `{}` |",
                entry.title, entry.how, found.test
            );
        }
    }
    text.push_str("\n## Spoken alike\n\n| what | found as |\n| --- | --- |\n");
    for (what, alike) in ALIKE {
        let _ = writeln!(text, "| {what} | {alike} |");
    }
    text.push_str("\n## What cannot be recognised\n\n| what | why |\n| --- | --- |\n");
    for (what, why) in UNREADABLE {
        let _ = writeln!(text, "| {what} | {why} |");
    }
    text
}
