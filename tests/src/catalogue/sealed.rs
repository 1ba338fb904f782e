//! Protocols of mining that are encrypted, or whose messages have no words.

use detector::judge::{Protocol, Stage, Verdict};

use super::Entry;
use crate::noise::random;
use crate::talk::Talk;

pub(super) fn entries() -> Vec<Entry> {
    let both = |entry: Entry, verdict| entry.verdicts(Some(verdict), None, None);
    vec![
        both(
            Entry::new(
                Protocol::StratumV2,
                "Bitcoin: SRI mining device within Noise",
                "the sizes of what both sides say in turn: 64, 234, a setup, 44, a channel, then 62 and 58; never more than probable",
            )
            .talk(noise(95, 83 + 8 + 83 + 86, 62)),
            Verdict::Probable,
        ),
        both(
            Entry::new(
                Protocol::StratumV2,
                "Bitcoin: SRI translator proxy within Noise",
                "as above; shares of an extended channel have one size up to 95",
            )
            .talk(noise(97, 93, 71)),
            Verdict::Probable,
        ),
        Entry::new(
            Protocol::Datum,
            "Bitcoin: DATUM gateway at OCEAN",
            "a first header that unmasks to a hello of just the length sent, and headers whose masks follow from one another",
        )
        .talk(datum())
        .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), None)
        .stage(Stage::Working)
        .fact("coin", "BTC"),
        both(
            Entry::new(
                Protocol::P2Pool,
                "Monero: P2Pool among its peers",
                "both sides send a challenge of 17 bytes and a solution of 41; never from one side alone",
            )
            .talk(p2pool())
            .stage(Stage::Working)
            .fact("coin", "XMR"),
            Verdict::Confirmed,
        ),
        Entry::new(
            Protocol::GetBlockTemplate,
            "Monero: XMRig without a pool, at the node's ZeroMQ",
            "a subscription to new blocks of a Monero node, which others may want, too",
        )
        .talk(zmq("json-minimal-chain_main", "{\"first_height\":3100000,\"first_prev_id\":\"", "\"}"))
        .verdicts(Some(Verdict::Suspected), Some(Verdict::Suspected), None)
        .stage(Stage::Working)
        .fact("coin", "XMR"),
        Entry::new(
            Protocol::GetBlockTemplate,
            "Monero: P2Pool at the node's ZeroMQ",
            "a subscription to the data for miners of a Monero node",
        )
        .talk(zmq("json-full-miner_data", "{\"major_version\":16,\"height\":3100000,\"prev_id\":\"", "\"}"))
        .verdicts(Some(Verdict::Probable), Some(Verdict::Probable), None)
        .stage(Stage::Working)
        .fact("coin", "XMR"),
    ]
}

/// A session whose channel is opened with messages of these sizes, and whose shares have this one.
fn noise(open: usize, opened: usize, share: usize) -> Talk {
    let talk = Talk::new()
        .client_bytes(&random(64, 1))
        .server_bytes(&random(234, 2))
        .client_bytes(&random(97, 3))
        .server_bytes(&random(44, 4))
        .client_bytes(&random(open, 5))
        .server_bytes(&random(opened, 6));
    (10..14).fold(talk, |talk, seed| {
        let (sent, answer) = (random(share, seed), random(58, seed + 50));
        talk.client_bytes(&sent).server_bytes(&answer).server_bytes(&random(87, seed + 90))
    })
}

/// `datum_header_xor_feedback` of the gateway's `datum_protocol.c`.
const fn next_mask(mask: u32) -> u32 {
    let k = mask.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let mut h = (0xb10c_feed ^ k).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64) ^ 4;
    h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

/// A message of `length` bytes behind its masked header: command and flags in the upper bits.
fn sealed(command: u32, length: usize, mask: u32) -> Vec<u8> {
    let header = (command | u32::try_from(length).unwrap_or_default()) ^ mask;
    [&header.to_le_bytes()[..], &random(length, mask.into())].concat()
}

fn datum() -> Talk {
    const KEY: u32 = 0x5eed_1234;
    let mut talk = Talk::new().client_bytes(&sealed(0x0b00_0000, 411, 0xdc87_1829));
    let (mut ours, mut theirs) = (next_mask(KEY), next_mask(!KEY));
    talk = talk.server_bytes(&sealed(0x1300_0000, 360, theirs));
    theirs = next_mask(theirs);
    talk = talk.server_bytes(&sealed(0x2c00_0000, 90, theirs));
    for length in [131, 77, 102] {
        theirs = next_mask(theirs);
        talk = talk.client_bytes(&sealed(0x2c00_0000, length, ours)).server_bytes(&sealed(
            0x2c00_0000,
            length + 30,
            theirs,
        ));
        ours = next_mask(ours);
    }
    talk
}

fn p2pool() -> Talk {
    let challenge = |seed| [&[0][..], &random(16, seed)].concat();
    let solution = |seed| [&[1][..], &random(40, seed)].concat();
    let port = 37889u32.to_le_bytes();
    let block = random(900, 9);
    let length = u32::try_from(block.len()).unwrap_or_default().to_le_bytes();
    Talk::new()
        .client_bytes(&challenge(1))
        .server_bytes(&challenge(2))
        .client_bytes(&[&solution(3)[..], &[2], &port].concat())
        .server_bytes(&[&solution(4)[..], &[2], &port, &[6]].concat())
        .client_bytes(&[&[5][..], &length, &block].concat())
        .server_bytes(&[&[9][..], &random(32, 8)].concat())
}

fn zmq(topic: &str, before: &str, after: &str) -> Talk {
    let mut greeting = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0];
    greeting.extend(b"NULL");
    greeting.resize(64, 0);
    let ready = |kind: &str| {
        let length = u32::try_from(kind.len()).unwrap_or_default().to_be_bytes();
        let body = [b"\x05READY\x0bSocket-Type", &length[..], kind.as_bytes()].concat();
        [&[4, u8::try_from(body.len()).unwrap_or_default()][..], &body].concat()
    };
    let subscription =
        [&[0, u8::try_from(topic.len() + 1).unwrap_or_default(), 1][..], topic.as_bytes()].concat();
    let published = |seed| {
        let hash = crate::noise::Noise::new(seed).hex(64);
        let body = format!("{topic}:{before}{hash}{after}");
        [&[0, u8::try_from(body.len()).unwrap_or_default()][..], body.as_bytes()].concat()
    };
    Talk::new()
        .client_bytes(&greeting)
        .server_bytes(&greeting)
        .client_bytes(&ready("SUB"))
        .server_bytes(&ready("PUB"))
        .client_bytes(&subscription)
        .server_bytes(&published(1))
        .server_bytes(&published(2))
}
