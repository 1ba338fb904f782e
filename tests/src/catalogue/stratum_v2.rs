//! Stratum version 2 in the clear, as the reference implementation (SRI) builds its messages.

use detector::judge::{Protocol, Stage, Verdict};

use super::Entry;
use crate::noise::random;
use crate::talk::Talk;

pub(super) fn entries() -> Vec<Entry> {
    let entry = |title, how| Entry::new(Protocol::StratumV2, title, how);
    vec![
        entry(
            "Bitcoin: SRI mining device, standard channel",
            "SetupConnection, channels and shares of Stratum version 2 in the clear, with the lengths of their types",
        )
        .talk(standard())
        .fact("wallet", "bc1qinventedaddresswh0haven0neyetq7x2zz4")
        .fact("worker", "rig7")
        .fact("agent", "Acme S19 fw-1.0 dev-7")
        .fact("pool_name", "pool.example")
        .fact("coin", "BTC"),
        entry(
            "Bitcoin: SRI translator proxy, extended channel",
            "as above, with extended jobs and extranonces of the proxy's own",
        )
        .talk(extended())
        .fact("wallet", "alice")
        .fact("worker", "proxy")
        .fact("agent", "SRI Translator 0.1"),
        entry(
            "Bitcoin: SRI job declarator client",
            "SetupConnection to declare jobs, then tokens and declared jobs",
        )
        .talk(declaration())
        .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), Some(Verdict::Suspected))
        .stage(Stage::Handshake),
        entry(
            "Bitcoin: SRI pool at its template provider",
            "SetupConnection to get templates, then templates and the previous hash",
        )
        .talk(templates())
        .stage(Stage::Working)
        .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), Some(Verdict::Confirmed)),
    ]
}

/// A message of a type; `channel` if it is about one.
fn message(channel: bool, kind: u8, fields: &[&[u8]]) -> Vec<u8> {
    let body = fields.concat();
    let length = u32::try_from(body.len()).unwrap_or_default().to_le_bytes();
    let header = [0, if channel { 0x80 } else { 0 }, kind, length[0], length[1], length[2]];
    [&header[..], &body].concat()
}

/// `STR0_255`, `B0_32` or `B0_255`.
fn short(bytes: &[u8]) -> Vec<u8> {
    [&[u8::try_from(bytes.len()).unwrap_or_default()], bytes].concat()
}

/// `B0_64K`.
fn long(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap_or_default().to_le_bytes(), bytes].concat()
}

const TIME: [u8; 4] = 1_760_000_000u32.to_le_bytes();
const VERSION: [u8; 4] = 0x2000_4000u32.to_le_bytes();
const BITS: [u8; 4] = 0x1702_3a04u32.to_le_bytes();
const CHANNEL: [u8; 4] = [1, 0, 0, 0];

/// A target of 40 zero bits.
fn target() -> [u8; 32] {
    let mut target = [0xff; 32];
    target[27..].fill(0);
    target
}

fn setup(protocol: u8, names: [&str; 4]) -> Vec<u8> {
    let names = names.map(|name| short(name.as_bytes()));
    let [vendor, hardware, firmware, device] = &names;
    let host = short(b"pool.example");
    let port = 34254u16.to_le_bytes();
    message(
        false,
        0x00,
        &[&[protocol], &[2, 0], &[2, 0], &[1, 0, 0, 0], &host, &port, vendor, hardware, firmware, device],
    )
}

fn setup_success() -> Vec<u8> {
    message(false, 0x01, &[&[2, 0], &[0; 4]])
}

fn open(kind: u8, user: &str, extranonce: &[u8]) -> Vec<u8> {
    let rate = 1.0e14f32.to_le_bytes();
    message(false, kind, &[&[1, 0, 0, 0], &short(user.as_bytes()), &rate, &[0xff; 32], extranonce])
}

fn previous_hash(job: u8) -> Vec<u8> {
    message(true, 0x20, &[&CHANNEL, &[job, 0, 0, 0], &random(32, 7), &TIME, &BITS])
}

fn shares_success(last: u8) -> Vec<u8> {
    message(true, 0x1c, &[&CHANNEL, &[last, 0, 0, 0], &[1, 0, 0, 0], &[0, 64, 0, 0, 0, 0, 0, 0]])
}

fn standard() -> Talk {
    let job = |number: u8, time: &[u8]| {
        message(true, 0x15, &[&CHANNEL, &[number, 0, 0, 0], time, &VERSION, &random(32, number.into())])
    };
    let share = |number: u8| {
        let nonce = random(4, 60 + u64::from(number));
        message(true, 0x1a, &[&CHANNEL, &[number, 0, 0, 0], &[1, 0, 0, 0], &nonce, &TIME, &VERSION])
    };
    let opened =
        message(false, 0x11, &[&[1, 0, 0, 0], &CHANNEL, &target(), &short(&random(8, 9)), &[2, 0, 0, 0]]);
    let now = [&[1], &TIME[..]].concat();
    let talk = Talk::new()
        .client_bytes(&setup(0, ["Acme", "S19", "fw-1.0", "dev-7"]))
        .server_bytes(&setup_success())
        .client_bytes(&open(0x10, "bc1qinventedaddresswh0haven0neyetq7x2zz4.rig7", &[]))
        .server_bytes(&[opened, job(1, &[0]), previous_hash(1)].concat())
        .server_bytes(&message(true, 0x21, &[&CHANNEL, &target()]))
        .client_bytes(&share(1))
        .server_bytes(&shares_success(1))
        .server_bytes(&job(2, &now));
    (2..5).fold(talk, |talk, number| {
        talk.client_bytes(&share(number))
            .server_bytes(&shares_success(number))
            .server_bytes(&job(number + 1, &now))
    })
}

fn extended() -> Talk {
    let job = |number: u8| {
        let path = random(32 * 11, u64::from(number));
        message(
            true,
            0x1f,
            &[
                &CHANNEL,
                &[number, 0, 0, 0],
                &[1],
                &TIME,
                &VERSION,
                &[1, 11],
                &path,
                &long(&random(90, 3)),
                &long(&random(120, 4)),
            ],
        )
    };
    let share = |number: u8| {
        let (nonce, extranonce) = (random(4, number.into()), short(&random(8, 50 + u64::from(number))));
        message(
            true,
            0x1b,
            &[&CHANNEL, &[number, 0, 0, 0], &[1, 0, 0, 0], &nonce, &TIME, &VERSION, &extranonce],
        )
    };
    let opened = message(
        false,
        0x14,
        &[&[1, 0, 0, 0], &CHANNEL, &target(), &[8, 0], &short(&random(8, 9)), &[2, 0, 0, 0]],
    );
    let refused = message(true, 0x1d, &[&CHANNEL, &[2, 0, 0, 0], &short(b"stale-share")]);
    Talk::new()
        .client_bytes(&setup(0, ["SRI", "Translator", "0.1", ""]))
        .server_bytes(&setup_success())
        .client_bytes(&open(0x13, "alice.proxy", &[8, 0]))
        .server_bytes(&opened)
        .server_bytes(&job(1))
        .server_bytes(&previous_hash(1))
        .client_bytes(&[share(1), share(2)].concat())
        .server_bytes(&shares_success(1))
        .server_bytes(&refused)
        .server_bytes(&job(2))
        .client_bytes(&share(3))
        .server_bytes(&shares_success(3))
        .server_bytes(&job(3))
}

fn declaration() -> Talk {
    let token = short(&random(8, 1));
    let declared = [&random(300, 2)[..], &[0; 4]].concat();
    Talk::new()
        .client_bytes(&setup(1, ["SRI", "JDC", "0.1", ""]))
        .server_bytes(&setup_success())
        .client_bytes(&message(false, 0x50, &[&short(b"alice"), &[1, 0, 0, 0]]))
        .server_bytes(&message(false, 0x51, &[&[1, 0, 0, 0], &token, &[0; 4], &long(&random(34, 3))]))
        .client_bytes(&message(false, 0x57, &[&[2, 0, 0, 0], &token, &VERSION, &declared]))
        .server_bytes(&message(false, 0x58, &[&[2, 0, 0, 0], &token]))
}

fn templates() -> Talk {
    let template = |number: u8| {
        let path = random(32 * 3, u64::from(number));
        message(
            false,
            0x71,
            &[
                &[number, 0, 0, 0, 0, 0, 0, 0],
                &[1],
                &VERSION,
                &[2, 0, 0, 0],
                &short(&random(4, 5)),
                &[0xff; 4],
                &312_500_000u64.to_le_bytes(),
                &[1, 0, 0, 0],
                &long(&random(46, 6)),
                &[0; 4],
                &[3],
                &path,
            ],
        )
    };
    let previous = |number: u8| {
        message(false, 0x72, &[&[number, 0, 0, 0, 0, 0, 0, 0], &random(32, 7), &TIME, &BITS, &target()])
    };
    let talk = Talk::new()
        .client_bytes(&setup(2, ["SRI", "Pool", "0.1", ""]))
        .server_bytes(&setup_success())
        .client_bytes(&message(false, 0x70, &[&[100, 0, 0, 0], &[0; 2]]));
    (1..4).fold(talk, |talk, number| talk.server_bytes(&template(number)).server_bytes(&previous(number)))
}
