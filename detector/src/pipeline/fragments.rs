mod partial;
mod whole;

use std::collections::VecDeque;

use detector_common::event::Event;
use detector_common::flow::{Direction, FlowKey};
use hashlink::LinkedHashMap;
use hashlink::linked_hash_map::Entry;
use jiff::{SignedDuration, Timestamp};

use partial::{Part, Partial};
use whole::{Contents, Origin};

pub(crate) use whole::Whole;

/// How much the fragments of IP packets may cost that are not complete yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FragmentLimits {
    /// The most packets.
    pub packets: usize,
    /// Memory of all of them, in bytes, with 256 for each packet and 64 for each piece of one.
    pub bytes: usize,
    /// How long the rest of a packet is waited for after its first fragment came.
    pub patience: SignedDuration,
    /// How long other fragments are waited for if the checksum of a packet is wrong.
    pub doubt: SignedDuration,
}

impl Default for FragmentLimits {
    fn default() -> Self {
        // RFC 8200 lets hosts wait for 60 seconds, and RFC 1122 for at least as long; Linux waits
        // for 30.
        let patience = SignedDuration::from_secs(60);
        Self { packets: 16_384, bytes: 16 << 20, patience, doubt: SignedDuration::from_secs(2) }
    }
}

/// What became of fragmented packets that could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FragmentLosses {
    /// Packets of which some fragments did not come in time.
    pub expired: u64,
    /// Packets given up early to make room for others.
    pub evicted: u64,
    /// Fragments that contradict others of their packet: other bytes at the same place, or another
    /// end.
    pub conflicting: u64,
    /// Packets that were put together and whose headers contradict themselves.
    pub malformed: u64,
}

/// The addresses, the identification, and of IPv4 the protocol, as RFC 791 has it.
type Id = (FlowKey, Direction, Option<u8>);

/// Puts the fragments of IP packets together, in whatever order they come.
///
/// Of bytes that came in several versions, those are right with which the checksum of TCP is; the
/// first ones, if there are none such.
pub(crate) struct Fragments {
    limits: FragmentLimits,
    /// Those of which nothing was given yet. The one whose first fragment came longest ago stands
    /// first.
    open: LinkedHashMap<Id, Partial>,
    /// The others: a fragment may come once more with other bytes. They are the first to make room.
    done: LinkedHashMap<Id, Partial>,
    /// Those whose checksum is wrong, and since when they are whole.
    doubtful: VecDeque<(Timestamp, Id, Origin)>,
    bytes: usize,
    losses: FragmentLosses,
}

impl Fragments {
    pub(crate) fn new(limits: FragmentLimits) -> Self {
        Self {
            limits,
            open: LinkedHashMap::new(),
            done: LinkedHashMap::new(),
            doubtful: VecDeque::new(),
            bytes: 0,
            losses: FragmentLosses::default(),
        }
    }

    /// Takes a fragment, or a part of one; gives the segments that are complete now.
    pub(crate) fn take(&mut self, event: &Event<'_>, time: Timestamp) -> Vec<Whole> {
        let mut all = self.advance(time);
        let header = &event.header;
        let part = Part {
            place: header.sequence(),
            bytes: event.payload,
            protocol: header.protocol(),
            end: header.total().map(u32::from),
        };
        if part.bytes.is_empty() && part.end.is_none() {
            return all;
        }
        let (key, direction, origin) = (*header.key(), header.direction(), Origin::of(event));
        // RFC 8200: of IPv6, what later fragments tell does not matter.
        let id = (key, direction, key.sender(direction).ip().is_ipv4().then_some(part.protocol));
        if let Some(packet) = self.done.get_mut(&id) {
            let before = packet.cost();
            let found = packet.add(&part, &origin).found;
            self.bytes = self.bytes + packet.cost() - before;
            if !found.is_empty() {
                self.losses.conflicting += 1;
                // What came of it before waits for nothing any more.
                self.bytes -= self.open.remove(&id).map_or(0, |packet| packet.cost());
                all.extend(found);
                self.make_room(&mut all);
                return all;
            }
        }
        // It may be of a new packet with the same identification, too.
        let (packet, before) = match self.open.entry(id) {
            Entry::Occupied(entry) => {
                let packet = entry.into_mut();
                let before = packet.cost();
                (packet, before)
            }
            Entry::Vacant(entry) => (entry.insert(Partial::new(time)), 0),
        };
        let progress = packet.add(&part, &origin);
        self.bytes = self.bytes + packet.cost() - before;
        self.losses.conflicting += u64::from(progress.conflicts);
        if progress.doubtful {
            self.doubtful.push_back((time, id, origin));
        }
        if !progress.found.is_empty() {
            self.close(&id);
        }
        all.extend(progress.found);
        self.make_room(&mut all);
        all
    }

    /// Lets time pass: gives up what waited for too long, and gives what nothing can be made of but
    /// what came first.
    pub(crate) fn advance(&mut self, time: Timestamp) -> Vec<Whole> {
        let mut all = Vec::new();
        while let Some((_, id, origin)) =
            self.doubtful.pop_front_if(|(since, ..)| time.duration_since(*since) >= self.limits.doubt)
        {
            self.settle(&id, &origin, &mut all);
        }
        while let Some((_, packet)) = self.open.front()
            && time.duration_since(packet.since) >= self.limits.patience
        {
            self.bytes -= self.open.pop_front().map_or(0, |(_, packet)| packet.cost());
            self.losses.expired += 1;
        }
        while let Some((_, packet)) = self.done.front()
            && time.duration_since(packet.since) >= self.limits.patience
        {
            self.bytes -= self.done.pop_front().map_or(0, |(_, packet)| packet.cost());
        }
        all
    }

    /// Nothing more will come.
    pub(crate) fn finish(&mut self) -> Vec<Whole> {
        let mut all = Vec::new();
        for (_, id, origin) in std::mem::take(&mut self.doubtful) {
            self.settle(&id, &origin, &mut all);
        }
        self.losses.expired += self.open.len() as u64;
        self.open.clear();
        self.done.clear();
        self.bytes = 0;
        all
    }

    pub(crate) const fn losses(&self) -> FragmentLosses {
        self.losses
    }

    /// No fragment has set right what came first.
    fn settle(&mut self, id: &Id, origin: &Origin, all: &mut Vec<Whole>) {
        let Some(contents) = self.open.get_mut(id).and_then(|packet| packet.first(origin)) else { return };
        self.close(id);
        match contents {
            Contents::Sound(whole) | Contents::Doubtful(whole) => all.push(whole),
            Contents::Malformed => self.losses.malformed += 1,
            Contents::Foreign => {}
        }
    }

    /// Something was made of it.
    fn close(&mut self, id: &Id) {
        if let Some(packet) = self.open.remove(id)
            && let Some(former) = self.done.insert(*id, packet)
        {
            self.bytes -= former.cost();
        }
    }

    fn make_room(&mut self, all: &mut Vec<Whole>) {
        while self.open.len() + self.done.len() > self.limits.packets || self.bytes > self.limits.bytes {
            if let Some((_, packet)) = self.done.pop_front() {
                self.bytes -= packet.cost();
            } else if let Some((_, id, origin)) = self.doubtful.pop_front() {
                self.settle(&id, &origin, all);
            } else if let Some((_, packet)) = self.open.pop_front() {
                self.bytes -= packet.cost();
                self.losses.evicted += 1;
            } else {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::seal;
