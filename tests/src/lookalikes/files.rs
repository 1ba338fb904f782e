//! Files on their way that have to do with mining: sources, packages, configurations, captures.

use super::Lookalike;
use super::wire::{filled, get, lines, ok, pages};
use crate::noise::Noise;
use crate::talk::Talk;

pub(super) fn all() -> Vec<Lookalike> {
    [configurations(), sources()].concat()
}

const CONFIG: &str = "{\n    \"autosave\": true,\n    \"cpu\": true,\n    \"opencl\": false,\n    \"pools\": [\n        {\n            \
    \"coin\": \"monero\",\n            \"algo\": \"rx/0\",\n            \"url\": \"pool.example:3333\",\n            \"user\": \
    \"47firedampLaboratoryXnobodyXownsXthisXaddressX1111111111111111111111111111111111111111111111111\",\n            \
    \"pass\": \"x\",\n            \"rig-id\": \"rig7\",\n            \"keepalive\": true,\n            \"tls\": false\n        }\n    ]\n}\n";

fn configurations() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "FTP: a miner's configuration, on the connection for data",
            Talk::new().server_bytes(CONFIG.as_bytes()),
        ),
        Lookalike::new(
            "FTP: the connection for commands",
            lines(
                "
                < 220 (vsFTPd 3.0.5)
                > USER anonymous
                < 331 Please specify the password.
                > PASS x
                < 230 Login successful.
                > RETR xmrig/config.json
                < 150 Opening BINARY mode data connection for xmrig/config.json (1711 bytes).
                < 226 Transfer complete.
                > QUIT
                < 221 Goodbye.
                ",
            ),
        ),
        Lookalike::new(
            "Configurations of miners and pools in YAML, TOML and JSON, over HTTP",
            pages(
                "conf.example",
                &[
                    ("/config.json", "application/json", CONFIG),
                    (
                        "/pool.toml",
                        "text/plain",
                        "[[signature]]\nname = \"stratum-request\"\ntoken = '\"mining\\.(subscribe|authorize|submit)\"'\n\n[pool]\nurl = \"stratum+tcp://pool.example:3333\"\nuser = \"user.rig7\"\n",
                    ),
                    (
                        "/rules.yaml",
                        "text/yaml",
                        "rules:\n  - name: stratum\n    match: '{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[]}'\n  - name: cryptonote\n    match: '\"method\":\"login\"'\n",
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "rsync and scp in the clear: a shell script that starts a miner",
            Talk::new()
                .client_bytes(b"@RSYNCD: 31.0 sha512 sha256 sha1 md5 md4\nmining\n")
                .server_bytes(b"@RSYNCD: 31.0 sha512 sha256 sha1 md5 md4\n@RSYNCD: OK\n")
                .client_bytes(b"C0755 171 start.sh\n#!/bin/sh\nexec ./xmrig -o pool.example:3333 -u 47firedamp -p x --coin monero\nprintf '{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[]}\\n' | nc pool.example 3333\n\0"),
        ),
        Lookalike::new(
            "Rules of an intrusion detector are downloaded",
            pages(
                "rules.example",
                &[(
                    "/policy.rules",
                    "text/plain",
                    "alert tcp $HOME_NET any -> $EXTERNAL_NET any (msg:\"Cryptocurrency Miner Checkin\"; flow:established,to_server; content:\"|7b 22|id|22 3a|\"; content:\"|22|method|22 3a 22|login|22|\"; content:\"|22|params|22|\"; sid:1;)\nalert tcp any any -> any any (msg:\"Stratum\"; content:\"{\\\"id\\\":1,\\\"method\\\":\\\"mining.subscribe\\\"\"; sid:2;)\n",
                )],
            ),
        ),
    ]
}

fn sources() -> Vec<Lookalike> {
    let mut noise = Noise::new(17);
    let pack = [b"PACK\0\0\0\x02\0\0\x06\xaf".to_vec(), noise.bytes(4000)].concat();
    let archive = [vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], noise.bytes(6000)].concat();
    let download = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\n\
         Content-Disposition: attachment; filename=xmrig-6.22.2-linux-static-x64.tar.gz\r\n\r\n",
        archive.len()
    );
    let capture = [
        b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0".to_vec(),
        packet("{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]}\n"),
        packet("{\"id\":1,\"result\":[[[\"mining.notify\",\"ae68\"]],\"f801d02f\",4],\"error\":null}\n"),
        packet("{\"id\":2,\"method\":\"mining.authorize\",\"params\":[\"user.rig7\",\"x\"]}\n"),
        packet("{\"params\":[\"user.rig7\",\"17\",\"00000000\",\"66f1d2b7\",\"b2957c02\"],\"id\":7,\"method\":\"mining.submit\"}\n"),
    ]
    .concat();
    let diff = filled(
        "diff --git a/tests/stratum.txt b/tests/stratum.txt\nindex %7%..%7% 100644\n--- a/tests/stratum.txt\n+++ b/tests/stratum.txt\n@@ -1,3 +1,4 @@\n {\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]}\n-{\"id\":2,\"method\":\"mining.authorize\",\"params\":[\"user\",\"x\"]}\n+{\"id\":2,\"method\":\"mining.authorize\",\"params\":[\"user.rig7\",\"x\"]}\n+{\"id\":3,\"method\":\"mining.extranonce.subscribe\",\"params\":[]}\n",
    );
    let files = filled("%40%\trefs/heads/master\n%40%\trefs/tags/v6.22.2\n");
    vec![
        Lookalike::new(
            "git: a miner's source is cloned from git://",
            Talk::new()
                .client_bytes(b"0036git-upload-pack /xmrig/xmrig.git\0host=git.example\0\0version=2\0")
                .server_bytes(b"000eversion 2\n0015agent=git/2.47.0\n0013ls-refs=unborn\n0000")
                .client_bytes(b"0014command=ls-refs\n0001000csymrefs\n0000")
                .server_bytes(files.as_bytes())
                .client_bytes(b"0012command=fetch\n00010009done\n0000")
                .server_bytes(&pack),
        ),
        Lookalike::new(
            "HTTP: a miner's package is downloaded",
            Talk::new()
                .client_bytes(&get("releases.example", "/xmrig-6.22.2-linux-static-x64.tar.gz"))
                .server_bytes(download.as_bytes())
                .server_bytes(&archive),
        ),
        Lookalike::new(
            "HTTP: a patch with lines of Stratum that are context, removed and added",
            Talk::new()
                .client_bytes(&get("git.example", "/miner/commit/1711.patch"))
                .server_bytes(&ok("text/plain", &diff)),
        ),
        Lookalike::new("pcap over TCP: a capture of a miner is streamed", Talk::new().client_bytes(&capture)),
        Lookalike::new(
            "tar over TCP: files with transcripts, each in blocks of 512 bytes",
            Talk::new().client_bytes(&tar(
                "session.txt",
                "{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]}\n{\"id\":1,\"result\":[[[\"mining.notify\",\"ae68\"]],\"f801d02f\",4],\"error\":null}\n",
            )),
        ),
    ]
}

/// A packet of a capture: record header, Ethernet, IPv4 and TCP headers, payload.
fn packet(payload: &str) -> Vec<u8> {
    let length = u32::try_from(54 + payload.len()).unwrap_or_default();
    [
        [0xb7, 0xd2, 0xf1, 0x66, 0x11, 0x17, 0, 0].to_vec(),
        length.to_le_bytes().repeat(2),
        vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0],
        vec![0x45, 0, 0, 0x80, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 77, 0, 2, 203, 0, 113, 9],
        vec![0xc8, 0x22, 0x0d, 0x05, 0, 0, 3, 232, 0, 0, 19, 136, 0x50, 0x18, 2, 0, 0, 0, 0, 0],
        payload.as_bytes().to_vec(),
    ]
    .concat()
}

fn tar(name: &str, contents: &str) -> Vec<u8> {
    let mut bytes = name.as_bytes().to_vec();
    bytes.resize(100, 0);
    bytes.extend(b"0000644\x000001750\x000001750\x00");
    bytes.extend(format!("{:011o}\0", contents.len()).bytes());
    bytes.extend(b"14760000000\x00012345\x00 0");
    bytes.resize(257, 0);
    bytes.extend(b"ustar\x0000");
    bytes.resize(512, 0);
    bytes.extend(contents.bytes());
    bytes.resize(bytes.len().next_multiple_of(512) + 1024, 0);
    bytes
}
