//! Binary conversations of innocent clients that share bytes, lengths or sizes with those of miners and nodes.

use super::Lookalike;
use crate::noise::random;
use crate::talk::Talk;

pub(super) fn entries() -> Vec<Lookalike> {
    let like = |title, talk| Lookalike { title, talk };
    vec![
        like("Bitcoin's BIP 324: a key of 64 bytes, then garbage of any length", bip324()),
        like("obfs4 and its like: random bytes of random sizes", obfs4()),
        like("Shadowsocks: 64 random bytes, answered by 234, then bulk", shadowsocks()),
        like("DNS over TCP with the identifier 0x04ff", dns()),
        like("SMB: NetBIOS lengths begin with zeros", smb()),
        like("MySQL: a greeting and a log-in", mysql()),
        like("PostgreSQL: a start-up message", postgres()),
        like("Kafka: lengths of four bytes", kafka()),
        like("HTTP/2 and gRPC: lengths of three bytes", http2()),
        like("RTMP: one byte, then 1,536 that look random", rtmp()),
        like("BitTorrent: a handshake with its own name", bittorrent()),
        like("uTP and the DHT of BitTorrent over UDP", dht()),
        like("QUIC: a first datagram of 1,200 bytes", quic()),
        like("WireGuard: a handshake of 148 and 92 bytes", wireguard()),
        like("DTLS: a hello over UDP", dtls()),
        like("Redis: commands in its own form", redis()),
        like("TLS of a version that does not exist", odd_tls()),
        like("ZeroMQ: a subscription to something else", zmq()),
        like("a program for Windows, with headers full of zeros", executable()),
        like("a page that explains Bitcoin's version message", page()),
    ]
}

fn bip324() -> Talk {
    Talk::new()
        .client_bytes(&random(64 + 1203, 1))
        .server_bytes(&random(64 + 170 + 16 + 20, 2))
        .client_bytes(&random(16 + 20 + 130, 3))
        .server_bytes(&random(130, 4))
}

fn obfs4() -> Talk {
    let talk = Talk::new().client_bytes(&random(64, 1)).server_bytes(&random(234, 2));
    (3..20).fold(talk, |talk, seed| {
        let size = usize::try_from(seed).unwrap_or(1) * 61;
        talk.client_bytes(&random(size, seed)).server_bytes(&random(size * 2, seed + 100))
    })
}

fn shadowsocks() -> Talk {
    Talk::new()
        .client_bytes(&random(64, 1))
        .server_bytes(&random(234, 2))
        .client_bytes(&random(120, 3))
        .server_bytes(&random(1400, 4))
        .client_bytes(&random(62, 5))
        .server_bytes(&random(58, 6))
}

fn dns() -> Talk {
    let message = |answer: bool| {
        let mut body = vec![0x04, 0xff, if answer { 0x81 } else { 1 }, 0x80, 0, 1, 0, 0, 0, 0, 0, 1];
        body.extend(b"\x07example\x03com\0\0\x01\0\x01\0\0\x29\x04\xd0\0\0\0\0\x01\x54\0\x0c\x01\x50");
        body.resize(468, 0);
        [&468u16.to_be_bytes()[..], &body].concat()
    };
    Talk::new().client_bytes(&message(false)).server_bytes(&message(true))
}

fn smb() -> Talk {
    let negotiate = [&b"\0\0\0\xd4\xfeSMB\x40\0\0\0\0\0\0\0\0\0\x1f\0"[..], &[0; 192]].concat();
    Talk::new().client_bytes(&negotiate).server_bytes(&negotiate)
}

fn mysql() -> Talk {
    let greeting = [&b"\x4a\0\0\0\x0a8.0.36\0\x08\0\0\0"[..], &random(58, 1)].concat();
    Talk::new()
        .server_bytes(&greeting)
        .client_bytes(
            b"\x20\0\0\x01\x85\xa6\xff\x01\0\0\0\x01\x21\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0root\0\0\0",
        )
        .server_bytes(b"\x07\0\0\x02\0\0\0\x02\0\0\0")
}

fn postgres() -> Talk {
    Talk::new()
        .client_bytes(b"\0\0\0\x08\x04\xd2\x16\x2f")
        .server_bytes(b"N")
        .client_bytes(b"\0\0\0\x23\0\x03\0\0user\0alice\0database\0work\0\0")
        .server_bytes(b"R\0\0\0\x08\0\0\0\0")
}

fn kafka() -> Talk {
    Talk::new()
        .client_bytes(b"\0\0\0\x1a\0\x12\0\x02\0\0\0\x01\0\x09rdkafka-1\0\0\0\0\0")
        .server_bytes(&[&b"\0\0\0\x30\0\0\0\x01\0\0\0\0\0\x07"[..], &[0; 38]].concat())
}

fn http2() -> Talk {
    let settings = b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\x04\0\x01\0\0\0\x02\0\0\0\0";
    let call = [&b"\0\0\x2d\0\x01\0\0\0\x01\0\0\0\0\x28\x0a\x26"[..], &random(38, 1)].concat();
    Talk::new()
        .client_bytes(&[&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], settings].concat())
        .server_bytes(settings)
        .client_bytes(&call)
        .server_bytes(&call)
}

fn rtmp() -> Talk {
    let hello = |seed| [&[3, 0, 0, 0, 1, 0, 0, 0, 0][..], &random(1528, seed)].concat();
    Talk::new().client_bytes(&hello(1)).server_bytes(&hello(2)).client_bytes(&random(1536, 3))
}

fn bittorrent() -> Talk {
    let hello = |seed| [&b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x05"[..], &random(40, seed)].concat();
    Talk::new()
        .client_bytes(&hello(1))
        .server_bytes(&hello(2))
        .client_bytes(b"\0\0\0\x01\x02\0\0\0\x05\x04\0\0\x01\x9c")
}

fn dht() -> Talk {
    let ask = [&b"d1:ad2:id20:"[..], &random(20, 1), b"9:info_hash20:", &random(20, 2)].concat();
    Talk::new()
        .client_bytes(&[&ask[..], b"e1:q9:get_peers1:t2:aa1:y1:qe", &[b' '; 40]].concat())
        .server_bytes(&[&b"\x41\0\x2c\x1d"[..], &random(16, 3), &random(300, 4)].concat())
        .datagrams()
}

fn quic() -> Talk {
    let first = |seed| [&b"\xc3\0\0\0\x01\x08"[..], &random(1194, seed)].concat();
    Talk::new().client_bytes(&first(1)).server_bytes(&first(2)).datagrams()
}

fn wireguard() -> Talk {
    Talk::new()
        .client_bytes(&[&[1, 0, 0, 0][..], &random(144, 1)].concat())
        .server_bytes(&[&[2, 0, 0, 0][..], &random(88, 2)].concat())
        .datagrams()
}

fn dtls() -> Talk {
    let hello =
        [&b"\x16\xfe\xff\0\0\0\0\0\0\0\0\0\xa3\x01\0\0\x97\0\0\0\0\0\0\0\x97\xfe\xfd"[..], &random(149, 1)];
    Talk::new().client_bytes(&hello.concat()).server_bytes(&hello.concat()).datagrams()
}

fn redis() -> Talk {
    Talk::new()
        .client_bytes(b"*3\r\n$3\r\nSET\r\n$7\r\nversion\r\n$5\r\nblock\r\n")
        .server_bytes(b"+OK\r\n")
        .client_bytes(b"*1\r\n$4\r\nPING\r\n")
        .server_bytes(b"+PONG\r\n")
}

fn odd_tls() -> Talk {
    let record = |seed| [&b"\x16\x03\x09\x01\xb0\x01\0\x01\xac\x03\x09"[..], &random(426, seed)].concat();
    Talk::new().client_bytes(&record(1)).server_bytes(&record(2))
}

fn zmq() -> Talk {
    let mut greeting = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0];
    greeting.extend(b"NULL");
    greeting.resize(64, 0);
    Talk::new()
        .client_bytes(&greeting)
        .server_bytes(&greeting)
        .client_bytes(b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03SUB")
        .server_bytes(b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03PUB")
        .client_bytes(b"\0\x0a\x01hashblock")
        .server_bytes(&[&b"\x01\x09hashblock\x01\x20"[..], &random(32, 1)].concat())
}

/// With the bytes of tokens in it.
fn executable() -> Talk {
    let mut image = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0".to_vec();
    for token in [
        &b"\0\x80\x1a\x18\0\0"[..],
        b"\0\0\x01\x06\0\0\x02\0",
        b"version\0\0\0\0\0",
        b"\0\x80\x20\x30\0\0",
        b"\x01\x21\x01\x01\x01\x01\x01\x01",
        b"json-full-miner_data",
    ] {
        image.extend(random(200, token.len() as u64));
        image.extend(token);
        image.extend([0; 40]);
    }
    Talk::new().client_bytes(b"\x02get setup.exe\0").server_bytes(&image)
}

fn page() -> Talk {
    Talk::new().client("GET /protocol HTTP/1.0\r\n\r").server(
        "HTTP/1.0 200 OK\r\n\r\nF9BEB4D9 version 0000 then verack; levin is 0121010101010101; json-full-chain_main",
    )
}
