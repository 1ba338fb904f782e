use std::collections::BTreeMap;
use std::net::SocketAddr;

use detector_common::event::{Event, EventHeader, EventKind};
use detector_common::flow::{Direction, End, FlowKey};
use detector_common::packet::{Encapsulation, FIN, RST, TcpHeader};
use hashlink::LinkedHashMap;
use jiff::{SignedDuration, Timestamp};

/// How much the fragments of IP packets may cost that are not complete yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FragmentLimits {
    /// The most packets.
    pub packets: usize,
    /// Memory of all of them, in bytes, with 256 for each packet and 64 for each piece of one.
    pub bytes: usize,
    /// How long the rest of a packet is waited for after its first fragment came.
    pub patience: SignedDuration,
}

impl Default for FragmentLimits {
    fn default() -> Self {
        // RFC 8200 lets hosts wait for 60 seconds, and RFC 1122 for at least as long; Linux waits for 30.
        Self { packets: 16_384, bytes: 16 << 20, patience: SignedDuration::from_secs(60) }
    }
}

/// What became of fragmented packets that could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FragmentLosses {
    /// Packets of which some fragments did not come in time.
    pub expired: u64,
    /// Packets given up early to make room for others.
    pub evicted: u64,
    /// Fragments that contradict others of their packet: other bytes at the same place, or another end.
    pub conflicting: u64,
    /// Packets that were put together and do not begin with a TCP header.
    pub malformed: u64,
}

/// The most bytes in an IP packet.
const LARGEST: u32 = u16::MAX as u32;

/// A TCP segment that was put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) key: FlowKey,
    pub(crate) direction: Direction,
    /// Sequence number of the first payload byte.
    pub(crate) sequence: u32,
    /// The flags of its header.
    pub(crate) flags: u8,
    pub(crate) payload: Vec<u8>,
    /// The clock and the interface of the last fragment, and what it was wrapped in.
    clock: (u64, u32),
    outer: Encapsulation,
}

impl Whole {
    /// The event by which the recogniser would have told of it, if the segment had not been fragmented.
    pub(crate) fn event(&self, kind: EventKind) -> Event<'_> {
        let (time, interface) = self.clock;
        let mut header = EventHeader::new(kind, self.key, self.direction, time, self.sequence, interface);
        let length = u16::try_from(self.payload.len()).unwrap_or(u16::MAX);
        header.set_part(self.sequence, length);
        Event { kind, header, outer: self.outer, payload: &self.payload }
    }

    /// The event of its FIN or RST, which stands behind its payload.
    pub(crate) fn end(&self) -> Option<Event<'static>> {
        let kind = match self.flags & (FIN | RST) {
            0 => return None,
            FIN => EventKind::Closed,
            _ => EventKind::Reset,
        };
        let mut header = self.event(kind).header;
        let length = u32::from(header.length());
        header.set_part(self.sequence.wrapping_add(length), 0);
        Some(Event { kind, header, outer: self.outer, payload: &[] })
    }
}

/// Puts the fragments of IP packets together, in whatever order they come. The first copy of a byte wins.
pub(crate) struct Fragments {
    limits: FragmentLimits,
    /// The one whose first fragment came longest ago stands first.
    packets: LinkedHashMap<(FlowKey, Direction), Partial>,
    bytes: usize,
    losses: FragmentLosses,
}

impl Fragments {
    pub(crate) fn new(limits: FragmentLimits) -> Self {
        Self { limits, packets: LinkedHashMap::new(), bytes: 0, losses: FragmentLosses::default() }
    }

    /// Takes a fragment, or a part of one; gives the segment that it completes.
    pub(crate) fn take(&mut self, event: &Event<'_>, time: Timestamp) -> Option<Whole> {
        self.expire(time);
        let total = event.header.total().map(u32::from);
        if event.payload.is_empty() && total.is_none() {
            return None;
        }
        let id = (*event.header.key(), event.header.direction());
        let mut known = true;
        let packet = self.packets.entry(id).or_insert_with(|| {
            known = false;
            Partial::new(time)
        });
        self.bytes -= if known { packet.cost() } else { 0 };
        if !packet.add(event.header.sequence(), event.payload, total) {
            self.losses.conflicting += 1;
        }
        if packet.is_whole() {
            let bytes = self.packets.remove(&id)?.concatenated();
            let whole = read(event, bytes);
            self.losses.malformed += u64::from(whole.is_none());
            return whole;
        }
        self.bytes += packet.cost();
        while self.packets.len() > self.limits.packets || self.bytes > self.limits.bytes {
            self.give_up_oldest();
            self.losses.evicted += 1;
        }
        None
    }

    /// Gives up what waited for too long.
    pub(crate) fn expire(&mut self, time: Timestamp) {
        while let Some((_, packet)) = self.packets.front()
            && time.duration_since(packet.since) >= self.limits.patience
        {
            self.give_up_oldest();
            self.losses.expired += 1;
        }
    }

    /// Nothing more will come.
    pub(crate) fn finish(&mut self) {
        self.losses.expired += self.packets.len() as u64;
        self.packets.clear();
        self.bytes = 0;
    }

    pub(crate) const fn losses(&self) -> FragmentLosses {
        self.losses
    }

    fn give_up_oldest(&mut self) {
        if let Some((_, packet)) = self.packets.pop_front() {
            self.bytes -= packet.cost();
        }
    }
}

/// The segment in the packet that a fragment belongs to.
fn read(fragment: &Event<'_>, mut bytes: Vec<u8>) -> Option<Whole> {
    let header = &fragment.header;
    let end = u32::try_from(bytes.len()).ok()?;
    let tcp = TcpHeader::read(&bytes.as_slice(), 0, end).ok()?;
    let at = |end: End, port| End::from(SocketAddr::new(end.ip(), u16::from_be_bytes(port)));
    let (fragments, way) = (header.key(), header.direction());
    let (source, destination) = (fragments.sender(way), fragments.receiver(way));
    let (key, direction) = FlowKey::tcp(at(source, tcp.source), at(destination, tcp.destination));
    let payload = bytes.split_off(tcp.payload as usize);
    let clock = (header.time(), header.interface());
    let (sequence, flags, outer) = (tcp.sequence, tcp.flags, fragment.outer);
    Some(Whole { key, direction, sequence, flags, payload, clock, outer })
}

/// A packet of which fragments are missing.
struct Partial {
    since: Timestamp,
    /// By place; they do not overlap.
    pieces: BTreeMap<u32, Box<[u8]>>,
    held: u32,
    /// How long it is, once its last fragment told.
    total: Option<u32>,
}

impl Partial {
    const fn new(since: Timestamp) -> Self {
        Self { since, pieces: BTreeMap::new(), held: 0, total: None }
    }

    fn cost(&self) -> usize {
        256 + 64 * self.pieces.len() + self.held as usize
    }

    fn is_whole(&self) -> bool {
        self.total == Some(self.held)
    }

    fn concatenated(self) -> Vec<u8> {
        self.pieces.into_values().fold(Vec::with_capacity(self.held as usize), |mut all, piece| {
            all.extend_from_slice(&piece);
            all
        })
    }

    /// Keeps what is new of `bytes` at `place`. False if something contradicts what came before.
    fn add(&mut self, place: u32, bytes: &[u8], total: Option<u32>) -> bool {
        let mut agrees = match (self.total, total) {
            (None, Some(told)) => self.end(told),
            (Some(known), Some(told)) => known == told,
            (_, None) => true,
        };
        let room = self.total.unwrap_or(LARGEST).saturating_sub(place) as usize;
        let (mut bytes, beyond) = bytes.split_at(room.min(bytes.len()));
        agrees &= beyond.is_empty();
        let mut place = place;
        while !bytes.is_empty() {
            let known = self.known(place);
            let stop = match known {
                Some(known) => known.len(),
                None => self.pieces.range(place..).next().map_or(usize::MAX, |(at, _)| (at - place) as usize),
            };
            let (piece, rest) = bytes.split_at(stop.min(bytes.len()));
            if let Some(known) = known {
                agrees &= known.starts_with(piece);
            } else {
                self.pieces.insert(place, piece.into());
                self.held += length(piece);
            }
            place += length(piece);
            bytes = rest;
        }
        agrees
    }

    /// What is known from `place` on.
    fn known(&self, place: u32) -> Option<&[u8]> {
        let (at, piece) = self.pieces.range(..=place).next_back()?;
        piece.get((place - at) as usize..).filter(|known| !known.is_empty())
    }

    /// It ends at `total`. False if there was something behind that.
    fn end(&mut self, total: u32) -> bool {
        self.total = Some(total);
        let behind = self.pieces.split_off(&total);
        let mut cut: u32 = behind.values().map(|piece| length(piece)).sum();
        if let Some(mut last) = self.pieces.last_entry() {
            let keep = (total - last.key()) as usize;
            if let Some(over) = last.get().get(keep..).filter(|over| !over.is_empty()) {
                cut += length(over);
                *last.get_mut() = last.get().get(..keep).unwrap_or_default().into();
            }
        }
        self.held -= cut;
        cut == 0
    }
}

/// The length of a piece of a packet.
#[expect(clippy::cast_possible_truncation, reason = "at most 65,535")]
const fn length(piece: &[u8]) -> u32 {
    piece.len() as u32
}

#[cfg(test)]
mod tests;
