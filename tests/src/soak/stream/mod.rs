//! A capture of any length, made while it is read: ordinary traffic, and miners that come and go.

mod script;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use crate::noise::Noise;
use script::{Ends, Script, Session, ordinary, sessions, similar};

/// Nanoseconds, little-endian, version 2.4, frames to 256 KiB, Ethernet.
const HEADER: [u8; 24] = [0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];

/// The first packet's time: some midnight.
const BEGIN: u64 = 1_767_225_600_000_000_000;

/// Ordinary connections at the same time.
const CONNECTIONS: usize = 2048;
/// Miners at the same time.
const MINING: usize = 64;
/// Miners in all. Each has an address, a pool and a protocol of its own, and comes back again and again.
const MINERS: u32 = 1000;
/// Of so many packets one is a miner's.
const MINERS_SHARE: u64 = 50;
/// Of so many ordinary connections one looks like a miner's.
const SIMILAR: u64 = 10;

/// What one miner did so far.
#[derive(Clone, Debug)]
pub(super) struct Miner {
    /// Its address.
    pub(super) address: IpAddr,
    /// Its pool's.
    pub(super) pool: IpAddr,
    /// The pool's port.
    pub(super) port: u16,
    /// The protocol that records name.
    pub(super) protocol: String,
    /// Connections opened.
    pub(super) connections: u16,
    /// Shares handed in, if they can be held against the records.
    pub(super) shares: Option<u64>,
    /// Whether it said enough to be reported.
    pub(super) mined: bool,
    session: usize,
    ends: [u32; 2],
}

/// A position in a conversation.
struct Course {
    script: usize,
    next: usize,
    ends: Ends,
}

/// The capture.
pub(super) struct Stream {
    ordinary: Vec<Script>,
    similar: usize,
    sessions: Vec<Session>,
    connections: Vec<Course>,
    mining: Vec<(usize, Course)>,
    miners: Vec<Miner>,
    /// Miners that wait for their turn.
    idle: VecDeque<usize>,
    noise: Noise,
    time: u64,
    step: u64,
}

impl Stream {
    /// So many packets spread evenly over `duration`.
    pub(super) fn new(packets: u64, duration: Duration) -> Self {
        let mut scripts = ordinary();
        let similar_from = scripts.len();
        scripts.extend(similar());
        let sessions = sessions();
        let miners: Vec<Miner> = (0..MINERS).map(|number| Miner::new(number, &sessions)).collect();
        let duration = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let mut this = Self {
            ordinary: scripts,
            similar: similar_from,
            sessions,
            connections: Vec::new(),
            mining: Vec::new(),
            idle: (0..miners.len()).collect(),
            miners,
            noise: Noise::new(24),
            time: BEGIN,
            step: duration / packets.max(1),
        };
        this.connections = (0..CONNECTIONS).map(|_| this.connection()).collect();
        this.mining = (0..MINING).filter_map(|_| this.arrival()).collect();
        this
    }

    /// The header of the file.
    pub(super) const fn header() -> &'static [u8] {
        &HEADER
    }

    /// All miners, with what they did so far.
    pub(super) fn miners(&self) -> &[Miner] {
        &self.miners
    }

    /// Appends a packet with its record header.
    pub(super) fn next(&mut self, out: &mut Vec<u8>) {
        self.time += self.step;
        let random = self.noise.next_u64();
        if random.is_multiple_of(MINERS_SHARE) {
            self.miner(below(random >> 32, self.mining.len()), out);
            return;
        }
        let slot = below(random >> 32, self.connections.len());
        let Some(course) = self.connections.get_mut(slot) else { return };
        let Some(script) = self.ordinary.get(course.script) else { return };
        course.send(script, self.time, out);
        if course.is_over(script) {
            let next = self.connection();
            if let Some(course) = self.connections.get_mut(slot) {
                *course = next;
            }
        }
    }

    fn miner(&mut self, slot: usize, out: &mut Vec<u8>) {
        let Some((number, course)) = self.mining.get_mut(slot) else { return };
        let Some(miner) = self.miners.get_mut(*number) else { return };
        let Some(session) = self.sessions.get(miner.session) else { return };
        let share = course.send(&session.script, self.time, out);
        let over = course.is_over(&session.script);
        if let Some(shares) = &mut miner.shares {
            *shares += u64::from(share);
            miner.mined |= share;
        }
        if over {
            miner.mined = true;
            self.idle.push_back(*number);
            if let Some(next) = self.arrival()
                && let Some(place) = self.mining.get_mut(slot)
            {
                *place = next;
            }
        }
    }

    fn connection(&mut self) -> Course {
        let (kind, script) = (self.noise.next_u64(), self.noise.next_u64());
        let script = if kind.is_multiple_of(SIMILAR) {
            self.similar + below(script, self.ordinary.len() - self.similar)
        } else {
            below(script, self.similar)
        };
        let [client, server] = self.numbers();
        // 10.64.0.0/10 and 198.18.0.0/15; miners and pools have other addresses.
        let addresses = [0x0a40_0000 | client >> 10, 0xc612_0000 | server >> 15];
        let [a, b, c, d, ..] = self.noise.next_u64().to_be_bytes();
        let ports = [u16::from_be_bytes([a, b]) | 1024, u16::from_be_bytes([c, d]) | 1024];
        Course { script, next: 0, ends: Ends { addresses, ports, numbers: self.numbers() } }
    }

    /// The miner that waited longest connects.
    fn arrival(&mut self) -> Option<(usize, Course)> {
        let number = self.idle.pop_front()?;
        let numbers = self.numbers();
        let miner = self.miners.get_mut(number)?;
        let ports = [20_000_u16.wrapping_add(miner.connections), miner.port];
        miner.connections += 1;
        let ends = Ends { addresses: miner.ends, ports, numbers };
        Some((number, Course { script: miner.session, next: 0, ends }))
    }

    fn numbers(&mut self) -> [u32; 2] {
        let random = self.noise.next_u64();
        [random >> 32, random & u64::from(u32::MAX)].map(|half| u32::try_from(half).unwrap_or(0))
    }
}

impl Course {
    /// Appends the next packet; whether a share is in it.
    fn send(&mut self, script: &Script, time: u64, out: &mut Vec<u8>) -> bool {
        let Some(packet) = script.packets.get(self.next) else { return false };
        self.next += 1;
        let length = u32::try_from(packet.bytes.len()).unwrap_or(0);
        let seconds = u32::try_from(time / 1_000_000_000).unwrap_or(u32::MAX);
        let fraction = u32::try_from(time % 1_000_000_000).unwrap_or(0);
        for word in [seconds, fraction, length, length] {
            out.extend(word.to_le_bytes());
        }
        let start = out.len();
        out.extend(&packet.bytes);
        packet.fill(out.get_mut(start..).unwrap_or_default(), script.v6, &self.ends);
        packet.share
    }

    fn is_over(&self, script: &Script) -> bool {
        self.next >= script.packets.len()
    }
}

impl Miner {
    fn new(number: u32, sessions: &[Session]) -> Self {
        let session = number as usize % sessions.len().max(1);
        let (v6, protocol, counted) =
            sessions.get(session).map_or((false, String::new(), false), |session| {
                (session.script.v6, session.protocol.clone(), session.counted)
            });
        // 10.77.0.0/16 and 203.0.113.0/24, or the last bits of the addresses of IPv6.
        let ends = if v6 {
            [1 + number, 1 + number % 50]
        } else {
            [0x0a4d_0000 + number, 0xcb00_7100 + number % 50]
        };
        let address = |network: u16, end: u32| -> IpAddr {
            if v6 {
                let prefix = u128::from(0x2001_0db8_u32) << 96 | u128::from(network) << 80;
                (prefix | u128::from(end)).to_be_bytes().into()
            } else {
                end.to_be_bytes().into()
            }
        };
        let [miner, pool] = ends;
        Self {
            address: address(0x77, miner),
            pool: address(0x203, pool),
            port: 3000 + u16::try_from(number % 1000).unwrap_or(0),
            protocol,
            connections: 0,
            shares: counted.then_some(0),
            mined: false,
            session,
            ends,
        }
    }
}

/// A number from 0 to `limit` - 1.
fn below(random: u64, limit: usize) -> usize {
    usize::try_from(random % (limit.max(1) as u64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::{NetSlice, SlicedPacket};

    #[test]
    fn packets_are_whole_and_time_is_even() {
        let mut stream = Stream::new(10_000, Duration::from_hours(1));
        let (mut tcp, mut miners) = (0, 0);
        let mut last = 0;
        for _ in 0..10_000 {
            let mut record = Vec::new();
            stream.next(&mut record);
            let word = |at: usize| u64::from(u32::from_le_bytes(record[at..at + 4].try_into().unwrap()));
            let time = word(0) * 1_000_000_000 + word(4);
            assert!(last == 0 || time - last == 360_000_000, "{}", time - last);
            last = time;
            assert_eq!(record.len(), 16 + usize::try_from(word(8)).unwrap());
            let sliced = SlicedPacket::from_ethernet(&record[16..]).unwrap();
            tcp += usize::from(sliced.transport.is_some());
            let from: IpAddr = match sliced.net.unwrap() {
                NetSlice::Ipv4(ip) => ip.header().source_addr().into(),
                NetSlice::Ipv6(ip) => ip.header().source_addr().into(),
                NetSlice::Arp(_) => panic!("not IP"),
            };
            miners += usize::from(stream.miners().iter().any(|miner| miner.address == from));
        }
        assert_eq!(tcp, 10_000);
        assert!((50..200).contains(&miners), "{miners}");
    }

    #[test]
    fn miners_differ_and_their_shares_are_known() {
        let mut stream = Stream::new(400_000, Duration::from_hours(1));
        let mut out = Vec::new();
        for _ in 0..400_000 {
            out.clear();
            stream.next(&mut out);
        }
        let mut addresses: Vec<IpAddr> = stream.miners().iter().map(|miner| miner.address).collect();
        addresses.sort();
        addresses.dedup();
        assert_eq!(addresses.len(), MINERS as usize);
        let mined: Vec<&Miner> = stream.miners().iter().filter(|miner| miner.mined).collect();
        assert!(mined.len() > MINING, "{}", mined.len());
        assert!(mined.iter().all(|miner| miner.shares.is_none_or(|shares| shares > 0)));
        for session in sessions().iter().filter(|session| session.counted) {
            let shares = session.script.packets.iter().filter(|packet| packet.share).count();
            assert_eq!(shares, script::SHARES, "{}", session.protocol);
        }
    }
}
