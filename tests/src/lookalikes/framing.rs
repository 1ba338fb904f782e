//! Binary protocols whose first bytes or sizes are those of a mining protocol by accident.

use super::Lookalike;
use super::wire::{after_u16, after_u32};
use crate::noise::Noise;
use crate::talk::Talk;

/// Bytes that look random, others for each seed.
fn random(seed: u64, length: usize) -> Vec<u8> {
    Noise::new(seed).bytes(length)
}

pub(super) fn all() -> Vec<Lookalike> {
    [sealed(), framed(), queues()].concat()
}

/// Nothing can be read in them; only their sizes speak.
fn sealed() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "MTProto, obfuscated: 64 random bytes, then messages",
            Talk::new()
                .client_bytes(&random(1, 64))
                .client_bytes(&random(2, 41))
                .server_bytes(&random(3, 101))
                .client_bytes(&random(4, 341))
                .server_bytes(&random(5, 653)),
        ),
        Lookalike::new(
            "MTProto, obfuscated: the first message in the same segment",
            Talk::new()
                .client_bytes(&random(6, 105))
                .server_bytes(&random(7, 101))
                .client_bytes(&random(8, 61)),
        ),
        Lookalike::new(
            "A proxy of random bytes: 64 there, 64 back, and so on",
            (10..20).fold(Talk::new(), |talk, seed| {
                talk.client_bytes(&random(seed, 64)).server_bytes(&random(seed + 100, 64))
            }),
        ),
        Lookalike::new(
            "BitTorrent, encrypted: 96 bytes and padding",
            Talk::new()
                .client_bytes(&random(21, 96 + 171))
                .server_bytes(&random(22, 96 + 311))
                .client_bytes(&random(23, 171))
                .server_bytes(&random(24, 311)),
        ),
        Lookalike::new(
            "Lightning: acts of 50, 50 and 66 bytes (BOLT 8)",
            Talk::new()
                .client_bytes(&[vec![0], random(25, 49)].concat())
                .server_bytes(&[vec![0], random(26, 49)].concat())
                .client_bytes(&[vec![0], random(27, 65)].concat())
                .server_bytes(&random(28, 18 + 24))
                .client_bytes(&random(29, 18 + 30)),
        ),
        Lookalike::new(
            "Bitcoin version 2 (BIP 324): 64 bytes and garbage on both sides",
            Talk::new()
                .client_bytes(&random(30, 64 + 1711))
                .server_bytes(&random(31, 64 + 311))
                .client_bytes(&random(32, 171))
                .server_bytes(&random(33, 311)),
        ),
        Lookalike::new(
            "Noise with lengths of two bytes (libp2p)",
            Talk::new()
                .client_bytes(b"\x13/multistream/1.0.0\n\x07/noise\n")
                .server_bytes(b"\x13/multistream/1.0.0\n\x07/noise\n")
                .client_bytes(&after_u16(&random(34, 32)))
                .server_bytes(&after_u16(&random(35, 200)))
                .client_bytes(&after_u16(&random(36, 168))),
        ),
        Lookalike::new(
            "A vendor's sealed telemetry: lengths of two bytes, first message of 437 bytes",
            Talk::new()
                .client_bytes(&after_u16(&random(37, 437)))
                .server_bytes(&after_u16(&random(38, 381)))
                .client_bytes(&after_u16(&random(39, 171)))
                .server_bytes(&after_u16(&random(40, 64))),
        ),
        Lookalike::new(
            "A vendor's sealed telemetry: messages of 17 and 41 bytes",
            Talk::new()
                .client_bytes(&[vec![1], random(41, 16)].concat())
                .server_bytes(&[vec![2], random(42, 16)].concat())
                .client_bytes(&random(43, 41))
                .server_bytes(&random(44, 41)),
        ),
    ]
}

fn framed() -> Vec<Lookalike> {
    let query = [
        &[0x17, 0x11, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4][..],
        b"pool\x09minexmr-x\x07example\0",
        &[0, 1, 0, 1],
    ]
    .concat();
    let answer = [&query[..], &[0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 9]].concat();
    let smb = |command: u8, size: usize| {
        after_u32(&[&b"\xfeSMB\x40\0\0\0\0\0\0\0"[..], &[command, 0, 1, 0], &vec![0; size]].concat())
    };
    let thrift = |name: &str| {
        after_u32(
            &[&[0x80, 1, 0, 1][..], &after_u32(name.as_bytes()), &[0, 0, 0, 17, 12, 0, 1, 0, 0]].concat(),
        )
    };
    vec![
        Lookalike::new(
            "DNS over TCP: the name of a pool is asked for",
            Talk::new()
                .client_bytes(&after_u16(&query))
                .server_bytes(&after_u16(&answer))
                .client_bytes(&after_u16(&query))
                .server_bytes(&after_u16(&answer)),
        ),
        Lookalike::new(
            "SMB2: negotiation and a session",
            Talk::new()
                .client_bytes(&smb(0, 148))
                .server_bytes(&smb(0, 230))
                .client_bytes(&smb(1, 80))
                .server_bytes(&smb(1, 90)),
        ),
        Lookalike::new(
            "RDP: its first messages",
            Talk::new()
                .client_bytes(b"\x03\0\0\x2b\x26\xe0\0\0\0\0\0Cookie: mstshash=miner\r\n\x01\0\x08\0\x03\0\0\0")
                .server_bytes(b"\x03\0\0\x13\x0e\xd0\0\0\x124\0\x02\x1f\x08\0\x02\0\0\0"),
        ),
        Lookalike::new(
            "Thrift, framed: login, submit and job",
            Talk::new()
                .client_bytes(&thrift("login"))
                .server_bytes(&thrift("login"))
                .client_bytes(&thrift("mining.submit"))
                .server_bytes(&thrift("job")),
        ),
        Lookalike::new(
            "PostgreSQL and MySQL: greetings",
            Talk::new()
                .client_bytes(b"\0\0\0\x08\x04\xd2\x16\x2f")
                .server_bytes(b"N")
                .client_bytes(&after_u32(b"\0\x03\0\0user\0miner\0database\0pool\0\0"))
                .server_bytes(b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"),
        ),
        Lookalike::new(
            "Protocol Buffers with a length, fields named like mining",
            Talk::new()
                .client_bytes(&after_u32(b"\x0a\x05login\x12\x06rig-17\x1a\x10mining.subscribe\x20\x11"))
                .server_bytes(&after_u32(b"\x0a\x03job\x10\x11\x1a\x20012345678901234567890123456789ab\x25\0\0\xff\xff")),
        ),
        Lookalike::new(
            "NFS: calls of remote procedures with record marks",
            Talk::new()
                .client_bytes(&[0x80, 0, 0, 40, 0x17, 0x11, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0x86, 0xa3, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
                .server_bytes(&[0x80, 0, 0, 24, 0x17, 0x11, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ),
        Lookalike::new(
            "Frames whose lengths are those of Stratum version 2 by accident",
            Talk::new()
                .client_bytes(&[&[0, 0, 0, 26, 0, 0][..], &random(50, 26)].concat())
                .server_bytes(&[&[0, 0, 1, 6, 0, 0][..], &random(51, 6)].concat())
                .client_bytes(&[&[0, 0, 0x10, 20, 0, 0][..], &random(52, 20)].concat()),
        ),
        Lookalike::new(
            "SSH: an encrypted shell on a pool's port",
            Talk::new()
                .client_bytes(b"SSH-2.0-OpenSSH_9.9\r\n")
                .server_bytes(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n")
                .client_bytes(&after_u32(&[&[6, 20][..], &random(53, 1498)].concat()))
                .server_bytes(&after_u32(&[&[6, 20][..], &random(54, 1046)].concat()))
                .client_bytes(&random(55, 44))
                .server_bytes(&random(56, 44)),
        ),
        Lookalike::new(
            "SOCKS5: a browser fetches a page through a proxy",
            Talk::new()
                .client_bytes(&[5, 1, 0])
                .server_bytes(&[5, 0])
                .client_bytes(b"\x05\x01\0\x03\x0cdocs.example\0\x50")
                .server_bytes(&[5, 0, 0, 1, 192, 0, 2, 1, 0x0d, 5])
                .client_bytes(b"GET /stratum HTTP/1.1\r\nHost: docs.example\r\n\r\n")
                .server_bytes(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 65\r\n\r\n{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]}\n"),
        ),
        Lookalike::new(
            "DCE/RPC: a request whose data are a quoted line",
            Talk::new().client_bytes(b"\x05\0\0\x03\x10\0\0\0\x59\0\0\0\x02\0\0\0\x41\0\0\0\0\0\x0b\0{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]}\n"),
        ),
    ]
}

/// `ZeroMQ` as ordinary applications use it.
fn queues() -> Vec<Lookalike> {
    let greeting = [&[0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0][..], b"NULL", &[0; 48]].concat();
    let ready = |socket: &str| {
        let body = [&b"\x05READY\x0bSocket-Type"[..], &after_u32(socket.as_bytes())].concat();
        [vec![4, u8::try_from(body.len()).unwrap_or_default()], body].concat()
    };
    let subscription = |topics: &[&str]| {
        let begin = Talk::new()
            .client_bytes(&greeting)
            .server_bytes(&greeting)
            .client_bytes(&ready("SUB"))
            .server_bytes(&ready("PUB"));
        topics.iter().fold(begin, |talk, topic| {
            let body = [&[1][..], topic.as_bytes()].concat();
            talk.client_bytes(&[vec![0, u8::try_from(body.len()).unwrap_or_default()], body].concat())
        })
    };
    vec![
        Lookalike::new(
            "ZeroMQ: a Lightning node hears of Bitcoin's blocks and transactions",
            subscription(&["rawblock", "rawtx", "hashblock"])
                .server_bytes(&[&[1, 9][..], b"hashblock", &[1, 32], &random(60, 32), &[0, 4, 17, 0, 0, 0]].concat()),
        ),
        Lookalike::new(
            "ZeroMQ: a shop hears of Monero's transactions",
            subscription(&["json-minimal-txpool_add"])
                .server_bytes(b"\0\x47json-minimal-txpool_add:[{\"id\":\"17\",\"blob_size\":1711,\"weight\":1711,\"fee\":1}]"),
        ),
        Lookalike::new(
            "ZeroMQ: a request and its reply",
            Talk::new()
                .client_bytes(&greeting)
                .server_bytes(&greeting)
                .client_bytes(&ready("REQ"))
                .server_bytes(&ready("REP"))
                .client_bytes(b"\x01\0\0\x18{\"method\":\"submit\",\"id\":1}")
                .server_bytes(b"\x01\0\0\x0f{\"result\":\"ok\"}"),
        ),
    ]
}
