mod accounts;
mod datagrams;
mod ends;
mod exchange;
mod limits;
mod openings;
mod order;
mod properties;
mod texts;
mod tls;
mod tokens;

use std::boxed::Box;
use std::collections::HashMap;
use std::vec::Vec;

use super::*;
use crate::event::{EVENT_FIXED, EVENT_PAYLOAD, Event};
use crate::flow::Direction;

const TOKEN: &[u8] = b"\"mining.submit\"";
/// The number under which the token is known.
const NUMBER: u16 = 5;
/// A whole message with the token in it.
const MESSAGE: &[u8] = b"{\"id\":4,\"method\":\"mining.submit\",\"params\":[]}\n";

const ACK: u8 = 0x10;
const SECOND: u64 = 1 << 30;

/// An automaton that finds the token.
fn automaton(token: &[u8]) -> Box<Automaton> {
    let mut automaton = Box::new(Automaton::EMPTY);
    let mut alphabet = token.to_vec();
    alphabet.sort_unstable();
    alphabet.dedup();
    let class = |byte: u8| {
        let index = alphabet.iter().position(|known| *known == byte).unwrap();
        u8::try_from(index + 1).unwrap()
    };
    for byte in &alphabet {
        automaton.set_class(*byte, class(*byte)).unwrap();
    }
    for state in 0..=token.len() {
        for byte in &alphabet {
            let read = [&token[..state], &[*byte]].concat();
            let next = (0..=token.len()).rev().find(|length| read.ends_with(&token[..*length])).unwrap();
            let accept = if next == token.len() { NUMBER } else { 0 };
            let [state, next] = [state, next].map(|number| u16::try_from(number).unwrap());
            automaton.set_transition(state, class(*byte), next, accept).unwrap();
        }
    }
    automaton
}

/// A table that takes no more than `room` entries.
struct Bounded<V> {
    entries: HashMap<FlowKey, V>,
    room: usize,
}

impl<V> Bounded<V> {
    fn new() -> Self {
        Self { entries: HashMap::new(), room: usize::MAX }
    }
}

impl<V: Copy> Table<V> for &mut Bounded<V> {
    fn get(&mut self, key: &FlowKey) -> Option<&mut V> {
        self.entries.get_mut(key)
    }

    fn insert(&mut self, key: &FlowKey, value: &V) -> bool {
        let fits = self.entries.len() < self.room && !self.entries.contains_key(key);
        if fits {
            self.entries.insert(*key, *value);
        }
        fits
    }

    fn remove(&mut self, key: &FlowKey) {
        self.entries.remove(key);
    }
}

/// What was sent to the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sent {
    kind: EventKind,
    direction: Direction,
    sequence: u32,
    accept: Option<u16>,
    answers_tls: bool,
    payload: Vec<u8>,
}

/// The ring: full after `room` events.
struct Ring {
    events: Vec<Sent>,
    /// Of each event, whether its direction, and the opposite one, opened as text.
    texts: Vec<[bool; 2]>,
    room: usize,
}

impl Output for &mut Ring {
    fn send(&mut self, record: &EventRecord, length: u32) -> bool {
        if self.events.len() >= self.room {
            return false;
        }
        assert_eq!(u32::from(record.header.length()), length);
        let Event { kind, header, payload, .. } = Event::decode(record.bytes()).unwrap();
        assert_eq!(header.interface(), INTERFACE);
        self.texts
            .push([header.direction(), header.direction().reverse()].map(|way| header.opened_as_text(way)));
        self.events.push(Sent {
            kind,
            direction: header.direction(),
            sequence: header.sequence(),
            accept: header.accept(),
            answers_tls: header.answers_tls(),
            payload: payload.to_vec(),
        });
        true
    }
}

const INTERFACE: u32 = 7;

/// The lower end of the flow.
#[derive(Clone, Copy)]
enum Side {
    Client,
    Server,
}
use Side::{Client, Server};

/// The recogniser with everything around it, and one conversation.
struct World {
    settings: Settings,
    automaton: Box<Automaton>,
    flows: Bounded<Flow>,
    lasting: Bounded<Flow>,
    watched: Bounded<Watch>,
    ring: Ring,
    counters: Counters,
    budget: Budget,
    scratch: Box<Scratch>,
    time: u64,
}

impl World {
    fn new() -> Self {
        Self::with(Settings::DEFAULT)
    }

    fn with(settings: Settings) -> Self {
        Self {
            settings,
            automaton: automaton(TOKEN),
            flows: Bounded::new(),
            lasting: Bounded::new(),
            watched: Bounded::new(),
            ring: Ring { events: Vec::new(), texts: Vec::new(), room: usize::MAX },
            counters: Counters::ZERO,
            budget: Budget::full(&settings, 0),
            scratch: Box::default(),
            time: SECOND,
        }
    }

    /// Reads a packet, and checks that it has exactly one fate.
    fn packet<P: Packet>(&mut self, packet: &P) -> Outcome {
        let mut recogniser = Recogniser {
            settings: &self.settings,
            automaton: || Some(&*self.automaton),
            flows: &mut self.flows,
            lasting: &mut self.lasting,
            watched: &mut self.watched,
            output: &mut self.ring,
            counters: &mut self.counters,
            budget: &mut self.budget,
            scratch: &mut self.scratch,
        };
        let arrival = Arrival { time: self.time, interface: INTERFACE };
        let outcome = recogniser.packet(packet, || arrival);
        let fates: u64 = Counter::FATES.iter().map(|fate| self.counters.get(*fate)).sum();
        assert_eq!(fates, self.count(Counter::Packets));
        outcome
    }

    fn segment(&mut self, side: Side, flags: u8, sequence: u32, payload: &[u8]) -> Outcome {
        self.packet(&frame(side, flags, sequence, payload).as_slice())
    }

    fn say(&mut self, side: Side, sequence: u32, payload: &[u8]) -> Outcome {
        self.segment(side, ACK, sequence, payload)
    }

    fn count(&self, counter: Counter) -> u64 {
        self.counters.get(counter)
    }

    /// Everything sent since the last time.
    fn sent(&mut self) -> Vec<Sent> {
        std::mem::take(&mut self.ring.events)
    }

    /// The agent ends the watch.
    fn dismiss(&mut self) {
        self.watched.entries.clear();
    }

    /// Other flows wash this one out of the table.
    fn evict(&mut self) {
        self.flows.entries.clear();
    }
}

fn frame(side: Side, flags: u8, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let client: ([u8; 4], [u8; 2]) = ([10, 0, 0, 2], [0x9c, 0x40]);
    let server = ([203, 0, 113, 9], [0x0d, 0x05]);
    let (from, to) = match side {
        Client => (client, server),
        Server => (server, client),
    };
    let mut frame = std::vec![2; 12];
    frame.extend([8, 0, 0x45, 0]);
    frame.extend(u16::try_from(40 + payload.len()).unwrap().to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    frame.extend([from.0, to.0].concat());
    frame.extend([from.1, to.1].concat());
    frame.extend(sequence.to_be_bytes());
    frame.extend([0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    frame.extend(payload);
    frame
}

/// What a segment of the client leads to, sent whole: the first of a watch if it has an accept
/// number.
fn whole(sequence: u32, accept: Option<u16>, payload: &[u8]) -> Sent {
    let kind = if accept.is_some() { EventKind::First } else { EventKind::Segment };
    Sent { kind, direction: Direction::Up, sequence, accept, answers_tls: false, payload: payload.to_vec() }
}
