//! All ways in which a conversation is hidden from who reads along, made from what two sides say. The table in
//! `docs/evasion.md` is made from this.

mod company;
mod document;
mod encapsulations;
mod exceptions;
mod fragments;
mod hiding;
mod json;
mod late;
mod order;
mod overlaps;
mod segments;
mod views;

use std::net::SocketAddr;

pub use document::{Cell, document};
pub use exceptions::{EXCEPTIONS, Exception, missed};

use crate::conversation::{Conversation, Cut, Speaker};
use crate::packet::Frame;
use crate::talk::Talk;

/// A frame as it arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The Ethernet frame.
    pub bytes: Vec<u8>,
    /// In nanoseconds since the epoch.
    pub time: u64,
}

/// A conversation to be hidden.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Who opened it.
    pub client: SocketAddr,
    /// Who accepted it.
    pub server: SocketAddr,
    /// Which of them mines.
    pub miner: Speaker,
    /// What they say.
    pub talk: Talk,
}

/// What must be found of a conversation that is hidden in some way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The verdict of the conversation in the open, seen from both sides.
    Same,
    /// The verdict that the catalogue has for the miner's side alone.
    MinerAlone,
    /// The verdict that the catalogue has for the pool's side alone.
    PoolAlone,
    /// Any verdict of mining: part of the conversation is not there to be read.
    Found,
}

/// What the table is divided into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// How the bytes come in segments of TCP.
    Streams,
    /// What the conversation looks like.
    Forms,
    /// What is around the packets.
    Encapsulations,
}

/// Makes the packets of each variant.
type Variants = Box<dyn Fn(&Subject) -> Vec<Vec<Packet>>>;

/// One way to hide a conversation.
pub struct Evasion {
    /// Unique.
    pub title: String,
    /// Its part of the table.
    pub group: Group,
    /// What must be found in each variant.
    pub expected: Expected,
    /// Whether the conversation runs over IPv6.
    pub v6: bool,
    variants: Variants,
}

impl Evasion {
    fn new(title: impl Into<String>, variants: impl Fn(&Subject) -> Vec<Vec<Packet>> + 'static) -> Self {
        Self {
            title: title.into(),
            group: Group::Streams,
            expected: Expected::Same,
            v6: false,
            variants: Box::new(variants),
        }
    }

    /// The same with one variant only.
    fn one(title: impl Into<String>, packets: impl Fn(&Subject) -> Vec<Packet> + 'static) -> Self {
        Self::new(title, move |subject| vec![packets(subject)])
    }

    fn expects(self, expected: Expected) -> Self {
        Self { expected, ..self }
    }

    /// The conversation, hidden in this way: the packets of each variant.
    #[must_use]
    pub fn variants(&self, subject: &Subject) -> Vec<Vec<Packet>> {
        (self.variants)(subject)
    }
}

/// All of them.
#[must_use]
pub fn all() -> Vec<Evasion> {
    let streams = [segments::all(), order::all(), overlaps::all(), late::all(), views::all(), company::all()];
    let around = [fragments::all(), encapsulations::all()].into_iter().flatten();
    let around = around.map(|evasion| Evasion { group: Group::Encapsulations, ..evasion });
    streams.into_iter().flatten().chain(hiding::all()).chain(json::all()).chain(around).collect()
}

/// The first packet of all.
const START: u64 = 1_700_000_000_000_000_000;
/// Between two packets.
const PAUSE: u64 = 20_000_000;
const SECOND: u64 = 1_000_000_000;
/// Where sequence numbers begin.
const FIRST: [u32; 2] = [1000, 5000];

impl Subject {
    fn conversation(&self, cut: Cut) -> Conversation {
        Conversation::open(self.client, self.server, FIRST, cut)
    }

    /// The frames of the conversation in the open: a message a segment.
    fn frames(&self) -> Vec<Frame> {
        self.talk.frames(self.client, self.server)
    }

    fn is_from(&self, speaker: Speaker, frame: &Frame) -> bool {
        frame.from() == if speaker == Speaker::Client { self.client } else { self.server }
    }
}

/// The frames at an even pace.
fn paced<'a>(frames: impl IntoIterator<Item = &'a Frame>) -> Vec<Packet> {
    spaced(frames, PAUSE)
}

/// The frames at another pace.
fn spaced<'a>(frames: impl IntoIterator<Item = &'a Frame>, pause: u64) -> Vec<Packet> {
    at(frames.into_iter().map(Frame::bytes), pause)
}

fn at(frames: impl IntoIterator<Item = Vec<u8>>, pause: u64) -> Vec<Packet> {
    let packet = |(number, bytes)| Packet { bytes, time: START + number * pause };
    (0..).zip(frames).map(packet).collect()
}
