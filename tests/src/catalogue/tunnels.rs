//! Miners behind proxies.

use detector::judge::{Protocol, Stage, Verdict};

use super::Entry;
use crate::conversation::Speaker;
use crate::dialects::Dialect;
use crate::talk::Talk;

/// The port is part of the target.
const GRANTED: &[u8] = b"\x05\x00\x00\x01\xcb\x00\x71\x09\x9c\x41";

/// `XMRig` and its pool, once the proxy has connected them.
fn through(proxy: Talk) -> Talk {
    let dialect = Dialect::Monero;
    dialect.session(dialect.identity("rig7"), 11, 3).iter().fold(proxy, |talk, line| match line.speaker {
        Speaker::Client => talk.client(&line.text),
        Speaker::Server => talk.server(&line.text),
    })
}

fn to_name(name: &str, port: u16) -> Vec<u8> {
    let length = u8::try_from(name.len()).unwrap_or_default();
    [&[5, 1, 0, 3, length], name.as_bytes(), &port.to_be_bytes()].concat()
}

/// A `ClientHello` and what follows it, as far as the records tell.
fn encrypted(talk: Talk) -> Talk {
    let record =
        |kind: u8, length: u8| [&[kind, 3, 3, 0, length][..], &vec![0xa5; usize::from(length)]].concat();
    talk.client_bytes(&record(0x16, 200))
        .server_bytes(&[record(0x16, 122), record(0x17, 250)].concat())
        .client_bytes(&record(0x17, 250))
        .server_bytes(&record(0x17, 230))
}

pub(super) fn entries() -> Vec<Entry> {
    let xmrig = |title, how, talk| {
        Entry::new(Protocol::CryptoNote, title, how)
            .talk(through(talk))
            .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), Some(Verdict::Confirmed))
            .fact("worker", "rig7")
    };
    let suspected = |title, talk| {
        let how =
            "a known pool's server is asked for, and what follows is encrypted: never more than a suspicion";
        Entry::new(Protocol::StratumV1, title, how)
            .talk(encrypted(talk))
            .verdicts(Some(Verdict::Suspected), Some(Verdict::Suspected), None)
            .stage(Stage::Attempt)
    };
    let name = "pool.supportxmr.com";
    let connect = |target: &str| {
        Talk::new()
            .client_bytes(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes())
            .server_bytes(b"HTTP/1.1 200 Connection established\r\n\r\n")
    };
    vec![
        xmrig(
            "Monero: XMRig through SOCKS5",
            "the proxy's messages are skipped; the name it is asked for is the pool's",
            Talk::new()
                .client_bytes(&[5, 1, 0])
                .server_bytes(&[5, 0])
                .client_bytes(&to_name(name, 3333))
                .server_bytes(GRANTED),
        )
        .fact("pool_name", name),
        xmrig(
            "Monero: XMRig through SOCKS5 with a password",
            "as without one",
            Talk::new()
                .client_bytes(&[5, 2, 0, 2])
                .server_bytes(&[5, 2])
                .client_bytes(b"\x01\x05alice\x06secret")
                .server_bytes(&[1, 0])
                .client_bytes(&to_name(name, 3333))
                .server_bytes(GRANTED),
        )
        .fact("pool_name", name),
        xmrig(
            "Monero: XMRig through SOCKS4a",
            "as with SOCKS5; the name is lost if the connection is read from the login on only",
            Talk::new()
                .client_bytes(b"\x04\x01\x0d\x05\0\0\0\x01\0pool.example\0")
                .server_bytes(b"\0\x5a\0\0\0\0\0\0"),
        ),
        xmrig(
            "Monero: XMRig through an HTTP proxy",
            "what follows the request CONNECT and its answer is read as a stream of its own",
            connect("pool.example:3333"),
        )
        .fact("pool_name", "pool.example"),
        xmrig(
            "Monero: XMRig behind a proxy that tells its address",
            "headers of the PROXY protocol are skipped",
            Talk::new().client_bytes(b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 3333\r\n").server_bytes(b""),
        ),
        suspected("Any coin: TLS through an HTTP proxy", connect("pool.supportxmr.com:443"))
            .fact("pool_name", name),
        suspected(
            "Any coin: TLS through SOCKS5",
            Talk::new()
                .client_bytes(&[5, 1, 0])
                .server_bytes(&[5, 0])
                .client_bytes(&to_name(name, 443))
                .server_bytes(GRANTED),
        )
        .fact("pool_name", name),
    ]
}
