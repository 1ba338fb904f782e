//! Protocols whose messages are no text: each message begins with a header that tells how long it is.
//!
//! A stream is taken for one of them only if its first bytes are a whole header that holds nothing else than such a
//! header may hold, and it is given up at the first header that breaks the rules.

mod bitcoin;
mod datum;
mod frames;
mod levin;
mod noise;
mod p2pool;
mod rlpx;
mod stratum_v2;
mod zmtp;

use detector_common::flow::Direction;

pub(super) use datum::Datum;
pub(super) use frames::{Frames, Step};
pub use noise::NoiseStep;
pub(super) use noise::Turns;

/// A message of a binary protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Frame<'a> {
    /// Stratum version 2 in the clear.
    StratumV2 {
        /// The type of the message.
        kind: u8,
        /// The message without its header; empty if it is too long to be held.
        body: &'a [u8],
    },
    /// Stratum version 2 within Noise, told by the sizes of what both sides said in turn.
    Noise {
        /// Who said it.
        by: Direction,
        /// What it is.
        step: NoiseStep,
    },
    /// DATUM, of which only headers can be read.
    Datum(DatumStep),
    /// A message between nodes of Monero's `P2Pool`, by its number.
    P2Pool(u8),
    /// A message of `ZeroMQ`.
    Zmtp {
        /// Whether it is for the library on the other side and not for its user.
        command: bool,
        /// The message.
        body: &'a [u8],
    },
    /// A message between nodes of Bitcoin or a fork of it.
    Bitcoin {
        /// The coin of the network, if it is known.
        coin: Option<&'static str>,
        /// What the message is, without the zeros behind it.
        command: &'a [u8],
        /// The checksum that the header gives.
        checksum: [u8; 4],
        /// The message without its header; `None` if it is too long to be held.
        body: Option<&'a [u8]>,
    },
    /// A message between nodes of Monero or another `CryptoNote` coin.
    Levin {
        /// The number of the command.
        command: u32,
        /// The message without its header; empty if it is too long to be held.
        body: &'a [u8],
    },
    /// The first message of a side of `RLPx`, between nodes of Ethereum.
    Rlpx,
}

/// What is seen of DATUM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DatumStep {
    /// The gateway's hello.
    Hello,
    /// The pool says something back.
    Answer,
    /// The gateway's headers follow one another as their masks demand.
    GatewayCommands,
    /// The pool's do.
    PoolCommands,
}

impl Frame<'_> {
    /// What can be read of it.
    #[must_use]
    pub const fn secrecy(&self) -> Secrecy {
        match self {
            Self::Noise { .. } => Secrecy::Sizes,
            Self::Datum(_) | Self::Rlpx => Secrecy::Sealed,
            _ => Secrecy::Clear,
        }
    }
}

/// How much of a message can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Secrecy {
    /// All of it.
    #[default]
    Clear,
    /// Its header only.
    Sealed,
    /// Nothing but its size.
    Sizes,
}

/// Messages in a row after which nobody doubts that there are such.
const MANY: usize = 16;

/// The rules of one protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    StratumV2,
    Datum,
    P2Pool,
    Zmtp,
    /// With the network that the first message named.
    Bitcoin([u8; 4]),
    Levin,
    Rlpx,
}

/// What bytes are as the header of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Header {
    /// The beginning of one.
    Short,
    /// None.
    Broken,
    /// A whole one.
    Message {
        /// Bytes of the header.
        head: usize,
        /// Bytes that follow and belong to the message.
        body: u64,
    },
    /// From here on everything is encrypted.
    Opaque,
}

/// What the first bytes of a stream are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// No binary protocol that is known here.
    Other,
    /// The beginning of a header.
    Undecided,
    /// A message, from this byte on.
    Known(Grammar, usize),
}

impl Grammar {
    /// Judges the bytes at which message number `number` (from 0) of a direction begins.
    fn header(self, bytes: &[u8], number: u64) -> Header {
        match self {
            Self::StratumV2 => stratum_v2::header(bytes),
            Self::Datum => datum::header(bytes, number),
            Self::P2Pool => p2pool::header(bytes, number),
            Self::Zmtp => zmtp::header(bytes, number),
            Self::Bitcoin(magic) => bitcoin::header(bytes, magic),
            Self::Levin => levin::header(bytes),
            Self::Rlpx => rlpx::header(bytes, number),
        }
    }

    /// The message whose header begins with `head`.
    fn frame<'a>(self, head: &'a [u8], body: Option<&'a [u8]>) -> Frame<'a> {
        let read = body.unwrap_or_default();
        match self {
            Self::StratumV2 => {
                Frame::StratumV2 { kind: head.get(2).copied().unwrap_or_default(), body: read }
            }
            Self::Datum => Frame::Datum(DatumStep::Hello),
            Self::P2Pool => Frame::P2Pool(head.first().copied().unwrap_or_default()),
            Self::Zmtp => zmtp::frame(head, read),
            Self::Bitcoin(magic) => bitcoin::frame(magic, head, body),
            Self::Levin => Frame::Levin { command: levin::command(head), body: read },
            Self::Rlpx => Frame::Rlpx,
        }
    }

    /// Whether a segment within a stream begins with a message, as it is certain enough to go on from there.
    fn resumes(self, segment: &[u8]) -> bool {
        let mut rest = segment;
        let mut messages = 0;
        loop {
            match self.header(rest, u64::MAX) {
                Header::Message { head, body } => {
                    let size = usize::try_from(body).unwrap_or(usize::MAX).saturating_add(head);
                    let Some(next) = rest.get(size..) else { return messages > 0 || self.is_exact() };
                    messages += 1;
                    if messages == MANY {
                        return true;
                    }
                    rest = next;
                }
                Header::Short => return messages > 0,
                Header::Broken | Header::Opaque => return false,
            }
        }
    }

    /// Whether no other stream has such headers, so that one is enough.
    const fn is_exact(self) -> bool {
        matches!(self, Self::Bitcoin(_) | Self::Levin)
    }
}

/// Judges the first bytes of a stream. It may have been joined within a message.
pub(super) fn opening(first: &[u8]) -> Opening {
    if is_text(first) {
        return Opening::Other;
    }
    let bitcoin = bitcoin::magic(first).map(Grammar::Bitcoin);
    let known = [
        Some(Grammar::Levin),
        bitcoin,
        Some(Grammar::Zmtp),
        Some(Grammar::StratumV2),
        Some(Grammar::Datum),
        Some(Grammar::Rlpx),
        Some(Grammar::P2Pool),
    ];
    let mut undecided = false;
    for grammar in known.into_iter().flatten() {
        match grammar.header(first, 0) {
            Header::Message { .. } => return Opening::Known(grammar, 0),
            Header::Short => undecided = true,
            Header::Broken | Header::Opaque => {}
        }
    }
    if undecided {
        return Opening::Undecided;
    }
    // Joined within a message: the next one may begin further on.
    (1..first.len())
        .find_map(|at| Some(Opening::Known(resume(first.get(at..)?)?, at)))
        .unwrap_or(Opening::Other)
}

/// The protocol of a stream one of whose segments begins like this. It may have been joined anywhere.
pub(super) fn resume(segment: &[u8]) -> Option<Grammar> {
    let grammar = match *segment {
        [0x01, 0x21, 1, 1, ..] => Grammar::Levin,
        [0, 0 | 0x80, kind, ..] if stratum_v2::is_sure(kind) => Grammar::StratumV2,
        [a, b, c, d, ..] if bitcoin::coin([a, b, c, d]).is_some() => Grammar::Bitcoin([a, b, c, d]),
        _ => return None,
    };
    grammar.resumes(segment).then_some(grammar)
}

/// Whether bytes may be text in some encoding that keeps ASCII. A zero byte may be a TCP keep-alive probe's.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(bytes);
    !bytes.iter().any(|&byte| byte < b' ' && !matches!(byte, b'\t'..=b'\r'))
        && std::str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// Little-endian number of the bytes from `at` on.
fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

/// Which bytes occurred in something that may be random.
#[derive(Clone, Copy, Debug, Default)]
struct Variety([u64; 4]);

impl Variety {
    fn of(bytes: &[u8]) -> Self {
        let mut variety = Self::default();
        variety.add(bytes);
        variety
    }

    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if let Some(word) = self.0.get_mut(usize::from(byte >> 6)) {
                *word |= 1 << (byte & 63);
            }
        }
    }

    /// Whether so many random bytes could hardly be less varied: they are allowed seven standard deviations.
    fn is_random(self, bytes: usize) -> bool {
        let distinct: u32 = self.0.iter().map(|word| word.count_ones()).sum();
        #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
        let count = bytes as f64;
        let miss = (255.0f64 / 256.0).powf(count);
        let expected = 256.0 * (1.0 - miss);
        let both = (254.0f64 / 256.0).powf(count);
        let variance = 256.0f64.mul_add(miss * (1.0 - miss), 256.0 * 255.0 * (both - miss * miss));
        f64::from(distinct) >= 7.0f64.mul_add(-variance.max(0.0).sqrt(), expected) - 1.0
    }
}

#[cfg(test)]
mod tests;
