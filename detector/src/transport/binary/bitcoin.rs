//! Bitcoin's peer-to-peer protocol, version 1, and that of its forks (Bitcoin Core's `protocol.h`): network, command,
//! length, checksum.

use super::{Frame, Header, u32_at};

/// Bytes of a header.
const HEAD: usize = 24;

/// The longest message of any of them: a block of Bitcoin Cash.
const LONGEST: u32 = 32 << 20;

/// The command that opens a conversation, as it stands in the header.
const VERSION: &[u8; 12] = b"version\0\0\0\0\0";

/// The commands of Bitcoin Core and some of its forks.
const COMMANDS: [&str; 45] = [
    "version",
    "verack",
    "addr",
    "addrv2",
    "sendaddrv2",
    "inv",
    "getdata",
    "merkleblock",
    "getblocks",
    "getheaders",
    "tx",
    "headers",
    "block",
    "getaddr",
    "mempool",
    "ping",
    "pong",
    "notfound",
    "filterload",
    "filteradd",
    "filterclear",
    "sendheaders",
    "feefilter",
    "sendcmpct",
    "cmpctblock",
    "getblocktxn",
    "blocktxn",
    "getcfilters",
    "cfilter",
    "getcfheaders",
    "cfheaders",
    "getcfcheckpt",
    "cfcheckpt",
    "wtxidrelay",
    "sendtxrcncl",
    "reject",
    "alert",
    "protoconf",
    "authch",
    "sendpackages",
    "xversion",
    "senddsq",
    "mnauth",
    "qsendrecsigs",
    "spork",
];

/// The coin of a network. A test network's coin is that of its main network.
pub(super) const fn coin(magic: [u8; 4]) -> Option<&'static str> {
    Some(match magic {
        // Main, testnet3, testnet4, signet, regtest.
        [0xf9, 0xbe, 0xb4, 0xd9]
        | [0x0b, 0x11, 0x09, 0x07]
        | [0x1c, 0x16, 0x3f, 0x28]
        | [0x0a, 0x03, 0xcf, 0x40]
        | [0xfa, 0xbf, 0xb5, 0xda] => "BTC",
        [0xf9, 0xbe, 0xb4, 0xfe] => "NMC",
        [0xe3, 0xe1, 0xf3, 0xe8] => "BCH",
        [0xfb, 0xc0, 0xb6, 0xdb] => "LTC",
        [0xc0, 0xc0, 0xc0, 0xc0] => "DOGE",
        [0x24, 0xe9, 0x27, 0x64] => "ZEC",
        [0xbf, 0x0c, 0x6b, 0xbd] => "DASH",
        [b'R', b'A', b'V', b'N'] => "RVN",
        [0xfa, 0xc3, 0xb6, 0xda] => "DGB",
        [0xe1, 0x47, 0x6d, 0x44] => "BTG",
        [b'r', b't', b'm', b'.'] => "RTM",
        _ => return None,
    })
}

/// The network that the first bytes of a stream name, if they may be a header: one that is known, or any that opens
/// with a version.
pub(super) fn magic(first: &[u8]) -> Option<[u8; 4]> {
    let (magic, rest) = first.split_first_chunk::<4>()?;
    let opens = rest.iter().zip(VERSION).all(|(byte, expected)| byte == expected);
    (coin(*magic).is_some() || (opens && !rest.is_empty())).then_some(*magic)
}

pub(super) fn header(bytes: &[u8], magic: [u8; 4]) -> Header {
    let Some(rest) = bytes.strip_prefix(&magic) else {
        return if magic.starts_with(bytes) { Header::Short } else { Header::Broken };
    };
    let Some(command) = rest.first_chunk::<12>() else {
        let possible =
            rest.iter().all(|&byte| byte == 0 || byte.is_ascii_lowercase() || byte.is_ascii_digit());
        return if possible { Header::Short } else { Header::Broken };
    };
    if !is_command(command) || (coin(magic).is_none() && !is_known(command)) {
        return Header::Broken;
    }
    let (Some(length), true) = (u32_at(bytes, 16), bytes.len() >= HEAD) else { return Header::Short };
    let possible = if command == VERSION { (46..=2048).contains(&length) } else { length <= LONGEST };
    if possible { Header::Message { head: HEAD, body: length.into() } } else { Header::Broken }
}

pub(super) fn frame<'a>(magic: [u8; 4], head: &'a [u8], body: Option<&'a [u8]>) -> Frame<'a> {
    let command = head.get(4..16).unwrap_or_default();
    let length = command.iter().position(|&byte| byte == 0).unwrap_or(command.len());
    let command = command.get(..length).unwrap_or_default();
    let checksum = head.get(20..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
    Frame::Bitcoin { coin: coin(magic), command, checksum, body }
}

/// Letters and digits, then zeros up to the end.
fn is_command(command: &[u8; 12]) -> bool {
    let length = command.iter().position(|&byte| byte == 0).unwrap_or(command.len());
    let (name, zeros) = command.split_at(length);
    length > 1
        && name.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        && zeros.iter().all(|&byte| byte == 0)
}

fn is_known(command: &[u8; 12]) -> bool {
    let name = command.split(|&byte| byte == 0).next().unwrap_or_default();
    COMMANDS.iter().any(|known| known.as_bytes() == name)
}
