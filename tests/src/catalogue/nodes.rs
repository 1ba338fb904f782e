//! Nodes of blockchains: what they say is told, and told apart from mining.

use detector::judge::{Protocol, Stage, Verdict};
use sha2::{Digest as _, Sha256};
use sha3::Keccak256;

use super::Entry;
use crate::noise::random;
use crate::talk::Talk;

pub(super) fn entries() -> Vec<Entry> {
    let node = |protocol, title, how, talk| {
        Entry::new(protocol, title, how)
            .talk(talk)
            .verdicts(Some(Verdict::Node), Some(Verdict::Node), Some(Verdict::Node))
            .stage(Stage::Handshake)
    };
    let bitcoin = |title, magic, agent: &'static str, coin| {
        let how = "a version message with its checksum, or a message with the number of a known network";
        let entry = node(Protocol::BitcoinP2p, title, how, bitcoin(magic, agent)).fact("agent", agent);
        if let Some(coin) = coin { entry.fact("coin", coin) } else { entry }
    };
    vec![
        bitcoin("Bitcoin Core", [0xf9, 0xbe, 0xb4, 0xd9], "/Satoshi:27.0.0/", Some("BTC")),
        bitcoin("Bitcoin Core on signet", [0x0a, 0x03, 0xcf, 0x40], "/Satoshi:28.1.0/", Some("BTC")),
        bitcoin("Litecoin Core", [0xfb, 0xc0, 0xb6, 0xdb], "/LitecoinCore:0.21.3/", Some("LTC")),
        bitcoin("Dogecoin Core", [0xc0, 0xc0, 0xc0, 0xc0], "/Shibetoshi:1.14.7/", Some("DOGE")),
        bitcoin("a fork of Bitcoin that nobody knows", [0xa1, 0xb2, 0xc3, 0xd4], "/Unheard:1.0.0/", None),
        node(
            Protocol::BitcoinP2p,
            "Bitcoin Core, joined in the middle of a block",
            "a message with the number of a known network behind the rest of another",
            joined(),
        ),
        node(
            Protocol::MoneroP2p,
            "Monero: monerod",
            "the signature of levin, its commands and its lengths; the handshake names the network",
            levin(true),
        )
        .fact("coin", "XMR"),
        node(
            Protocol::MoneroP2p,
            "another CryptoNote coin's node",
            "as above, with the number of another network",
            levin(false),
        ),
        node(
            Protocol::EthereumP2p,
            "Ethereum: geth, RLPx",
            "both sides open with a size and a sealed message that begins with a public key",
            rlpx(),
        )
        .verdicts(Some(Verdict::Node), None, None),
        node(
            Protocol::EthereumP2p,
            "Ethereum: geth, node discovery",
            "datagrams of discv4 whose Keccak-256 hash is right",
            discovery(),
        )
        // The recogniser gives one datagram of each flow.
        .stage(Stage::Attempt),
    ]
}

fn bitcoin_message(magic: [u8; 4], command: &str, body: &[u8]) -> Vec<u8> {
    let mut message = magic.to_vec();
    message.extend(command.as_bytes());
    message.resize(16, 0);
    message.extend(u32::try_from(body.len()).unwrap_or_default().to_le_bytes());
    message.extend(Sha256::digest(Sha256::digest(body)).iter().take(4));
    message.extend(body);
    message
}

fn bitcoin(magic: [u8; 4], agent: &str) -> Talk {
    let message = |command, body: &[u8]| bitcoin_message(magic, command, body);
    let version = |name: &str, seed| {
        let body = [
            &70016u32.to_le_bytes()[..],
            &1033u64.to_le_bytes(),
            &1_760_000_000u64.to_le_bytes(),
            &[0; 26],
            &[0; 26],
            &random(8, seed),
            &[u8::try_from(name.len()).unwrap_or_default()],
            name.as_bytes(),
            &900_000u32.to_le_bytes(),
            &[1],
        ];
        message("version", &body.concat())
    };
    Talk::new()
        .client_bytes(&version(agent, 1))
        .server_bytes(
            &[version("/Satoshi:25.0.0/", 2), message("wtxidrelay", &[]), message("verack", &[])].concat(),
        )
        .client_bytes(&message("verack", &[]))
        .client_bytes(&message("ping", &random(8, 3)))
        .server_bytes(&message("pong", &random(8, 3)))
}

fn joined() -> Talk {
    let magic = [0xf9, 0xbe, 0xb4, 0xd9];
    let rest = [random(700, 1), bitcoin_message(magic, "inv", &random(37, 2))].concat();
    Talk::new()
        .client_bytes(&rest)
        .server_bytes(&bitcoin_message(magic, "getdata", &random(37, 2)))
        .client_bytes(&bitcoin_message(magic, "tx", &random(250, 3)))
}

fn levin_message(command: u32, flags: u32, body: &[u8]) -> Vec<u8> {
    let mut message = vec![0x01, 0x21, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01];
    message.extend((body.len() as u64).to_le_bytes());
    message.push(u8::from(flags == 1 && command < 2000));
    message.extend(command.to_le_bytes());
    message.extend([u8::from(flags == 2), 0, 0, 0]);
    message.extend(flags.to_le_bytes());
    message.extend(1u32.to_le_bytes());
    message.extend(body);
    message
}

fn levin(monero: bool) -> Talk {
    let mut network =
        vec![0x12, 0x30, 0xf1, 0x71, 0x61, 0x04, 0x41, 0x61, 0x17, 0x31, 0x00, 0x82, 0x16, 0xa1, 0xa1, 0x10];
    if !monero {
        network = random(16, 3);
    }
    let node = [
        &b"\x01\x11\x01\x01\x01\x01\x02\x01\x01\x08\x09node_data\x0c\x08\x0anetwork_id\x0a\x40"[..],
        &network,
        b"\x07my_port\x06\xa0\x46\x00\x00",
        b"\x07peer_id\x05",
        &random(8, 4),
    ]
    .concat();
    Talk::new()
        .client_bytes(&levin_message(1001, 1, &node))
        .server_bytes(&levin_message(1001, 2, &[&node[..], &random(300, 5)].concat()))
        .client_bytes(&levin_message(2002, 1, &random(200, 6)))
        .server_bytes(&levin_message(1007, 1, b"\x01\x11\x01\x01\x01\x01\x02\x01\x01\x00"))
}

fn rlpx() -> Talk {
    let sealed = |size: u16, seed| {
        let rest = random(usize::from(size) - 1, seed);
        [&size.to_be_bytes()[..], &[4], &rest].concat()
    };
    Talk::new()
        .client_bytes(&sealed(437, 1))
        .server_bytes(&[sealed(391, 2), random(192, 3)].concat())
        .client_bytes(&random(224, 4))
        .server_bytes(&random(96, 5))
}

fn discovery() -> Talk {
    let datagram = |kind: u8, list: &[u8], seed| {
        let list = [&[0xc0 + u8::try_from(list.len()).unwrap_or_default()], list].concat();
        let rest = [&random(64, seed)[..], &[1, kind], &list].concat();
        [&Keccak256::digest(&rest)[..], &rest].concat()
    };
    Talk::new()
        .client_bytes(&datagram(1, &random(40, 1), 1))
        .server_bytes(&datagram(2, &random(45, 2), 2))
        .datagrams()
}
