//! The gate against the plainest way to decide: a list of blocks, gone through from the front.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::counters::{Counter, Counters};
use crate::flow::{TCP, UDP};
use crate::packet::Ends;

/// A table of blocks as the kernel has it.
#[derive(Default)]
struct Tables {
    exact: HashMap<BlockKey, Block>,
    networks: HashMap<Network, Block>,
}

impl Blocks for &mut Tables {
    fn exact(&mut self, key: &BlockKey) -> Option<&mut Block> {
        self.exact.get_mut(key)
    }

    fn network(&mut self, address: &Network) -> Option<&mut Block> {
        let matching = self.networks.iter_mut().filter(|(network, _)| network.has(&address.address));
        matching.max_by_key(|(network, _)| network.bits).map(|(_, block)| block)
    }

    fn hit(block: &mut Block, bytes: u32, now: u64) {
        block.hits += 1;
        block.bytes += u64::from(bytes);
        block.latest = now;
    }
}

/// What somebody wants to be blocked.
#[derive(Clone, Debug)]
enum Wish {
    Flow(SocketAddr, SocketAddr, u8),
    Pair(IpAddr, SocketAddr),
    Network(IpAddr, u8),
}

impl Wish {
    fn put(&self, tables: &mut Tables, expires: u64) -> Kinds {
        let block = Block { expires, ..Block::default() };
        match *self {
            Self::Flow(one, other, protocol) => {
                tables.exact.insert(BlockKey::flow(one.into(), other.into(), protocol), block);
                Kinds::FLOWS
            }
            Self::Pair(client, server) => {
                let client = SocketAddr::new(client, 0);
                tables.exact.insert(BlockKey::pair(client.into(), server.into()), block);
                Kinds::PAIRS
            }
            Self::Network(address, bits) => {
                tables.networks.insert(Network::new(address, bits), block);
                Kinds::NETWORKS
            }
        }
    }

    fn meets(&self, source: SocketAddr, destination: SocketAddr, protocol: u8, ports: bool) -> bool {
        let ends = [(source, destination), (destination, source)];
        ends.into_iter().any(|(one, other)| match *self {
            Self::Flow(a, b, of) => ports && (a, b, of) == (one, other, protocol),
            Self::Pair(client, server) => ports && (client, server) == (one.ip(), other),
            Self::Network(address, bits) => has(address, bits, one.ip()),
        })
    }
}

/// Whether an address is in a network, bit by bit.
fn has(network: IpAddr, bits: u8, address: IpAddr) -> bool {
    let bits = usize::from(bits);
    let digits = |address: IpAddr| match address {
        IpAddr::V4(v4) => std::format!("{:032b}", u32::from(v4)),
        IpAddr::V6(v6) => std::format!("{:0128b}", u128::from(v6)),
    };
    network.is_ipv4() == address.is_ipv4() && digits(network)[..bits] == digits(address)[..bits]
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        (0..3_u8, 1..4_u8).prop_map(|(net, host)| IpAddr::from([10, 0, net, host])),
        (0..2_u16, 1..4_u16).prop_map(|(net, host)| IpAddr::from([0x2001, 0xdb8, net, 0, 0, 0, 0, host])),
    ]
}

fn socket() -> impl Strategy<Value = SocketAddr> {
    (address(), 1..4_u16).prop_map(|(address, port)| SocketAddr::new(address, port))
}

fn network() -> impl Strategy<Value = (IpAddr, u8)> {
    let bits = prop_oneof![Just(24_u8), Just(31), Just(32), Just(8)];
    (address(), bits).prop_map(|(address, bits)| (address, if address.is_ipv4() { bits } else { 64 + bits }))
}

fn wish() -> impl Strategy<Value = Wish> {
    let protocol = || prop_oneof![Just(TCP), Just(UDP)];
    prop_oneof![
        (socket(), socket(), protocol()).prop_map(|(one, other, protocol)| Wish::Flow(one, other, protocol)),
        (address(), socket()).prop_map(|(client, server)| Wish::Pair(client, server)),
        network().prop_map(|(address, bits)| Wish::Network(address, bits)),
    ]
}

const NOW: u64 = 1_000_000;

fn control(kinds: Kinds) -> Control {
    Control { mode: ENFORCE, kinds, until: u64::MAX, share: 1000, free: 0, packets: 0 }
}

struct World {
    tables: Tables,
    allowed: Vec<Network>,
    work: Work,
    counters: Counters,
}

impl World {
    fn new() -> Self {
        Self { tables: Tables::default(), allowed: Vec::new(), work: Work::new(), counters: Counters::ZERO }
    }

    fn judge(&mut self, control: &Control, ends: Option<Ends>) -> Verdict {
        let Self { tables, allowed, work, counters } = self;
        let is_allowed = |host: &Network| allowed.iter().any(|network| network.has(&host.address));
        let mut gate = Gate { control, blocks: tables, is_allowed, work, counters };
        gate.judge(100, || ends.as_ref(), || NOW)
    }

    fn count(&self, counter: Counter) -> u64 {
        self.counters.get(counter)
    }
}

fn ends(source: SocketAddr, destination: SocketAddr, protocol: u8, ports: bool) -> Ends {
    Ends { source: source.into(), destination: destination.into(), protocol, ports }
}

/// One miner's connection and a block of it.
fn mining() -> (World, Ends, Kinds) {
    let (miner, pool) = ("10.0.0.1:4000".parse().unwrap(), "10.0.1.1:3333".parse().unwrap());
    let mut world = World::new();
    let kinds = Wish::Flow(miner, pool, TCP).put(&mut world.tables, 2 * NOW);
    (world, ends(pool, miner, TCP, true), kinds)
}

#[test]
fn what_is_dropped_is_counted() {
    let (mut world, ends, kinds) = mining();
    assert_eq!(world.judge(&control(kinds), Some(ends)), Verdict::Drop);
    assert_eq!(world.judge(&control(kinds), None), Verdict::Pass, "what has no ends is not blocked");
    let block = world.tables.exact.values().next().unwrap();
    assert_eq!((block.hits, block.bytes, block.latest), (1, 100, NOW));
    assert_eq!([Counter::Packets, Counter::Blocked].map(|counter| world.count(counter)), [1, 1]);
}

#[test]
fn a_dry_run_counts_and_drops_nothing() {
    let (mut world, ends, kinds) = mining();
    let control = Control { mode: DRY_RUN, ..control(kinds) };
    assert_eq!(world.judge(&control, Some(ends)), Verdict::Pass);
    assert_eq!(world.tables.exact.values().next().unwrap().hits, 1);
    assert_eq!([Counter::WouldBlock, Counter::Packets].map(|counter| world.count(counter)), [1, 0]);
}

#[test]
fn nothing_is_blocked_when_its_time_or_that_of_the_agents_word_is_over() {
    for (expires, until, mode) in [(NOW, u64::MAX, ENFORCE), (NOW + 1, NOW, ENFORCE), (NOW + 1, NOW + 1, 0)] {
        let (mut world, ends, kinds) = mining();
        world.tables.exact.values_mut().for_each(|block| block.expires = expires);
        let control = Control { mode, until, ..control(kinds) };
        assert_eq!(world.judge(&control, Some(ends)), Verdict::Pass, "{expires} {until} {mode}");
        assert_eq!(world.tables.exact.values().next().unwrap().hits, 0);
    }
}

#[test]
fn too_much_is_not_dropped() {
    let (mut world, ends, kinds) = mining();
    let control = Control { share: 0, free: 3, ..control(kinds) };
    let dropped = (0..10).filter(|_| world.judge(&control, Some(ends)) == Verdict::Drop).count();
    assert_eq!((dropped, world.count(Counter::BlockShed)), (3, 7));
}

proptest! {
    #[test]
    fn the_gate_decides_as_a_list_does(
        wishes in proptest::collection::vec((wish(), any::<bool>()), 0..8),
        allowed in proptest::collection::vec(network(), 0..2),
        packets in proptest::collection::vec((socket(), socket(), any::<bool>(), any::<bool>()), 1..20),
    ) {
        let mut world = World::new();
        let mut kinds = Kinds::default();
        // Of two blocks of one thing the kernel has the latter; of two networks the smaller counts.
        let current = |place: usize| wishes.iter().skip(place + 1).all(|(later, _)| {
            std::format!("{later:?}") != std::format!("{:?}", wishes[place].0)
        });
        for (wish, over) in &wishes {
            kinds = kinds.and(wish.put(&mut world.tables, if *over { NOW } else { NOW + 1 }));
        }
        world.allowed = allowed.iter().map(|&(address, bits)| Network::new(address, bits)).collect();
        for (source, destination, tcp, ports) in packets {
            let protocol = if tcp { TCP } else { UDP };
            let verdict = world.judge(&control(kinds), Some(ends(source, destination, protocol, ports)));
            let is_allowed = allowed.iter().any(|&(address, bits)| {
                has(address, bits, source.ip()) || has(address, bits, destination.ip())
            });
            let meeting = (0..wishes.len()).filter(|&place| wishes[place].0.meets(source, destination, protocol, ports));
            let (over, live): (Vec<usize>, Vec<usize>) =
                meeting.filter(|&place| current(place)).partition(|&place| wishes[place].1);
            let blocked = verdict == Verdict::Drop;
            if is_allowed || live.is_empty() {
                prop_assert!(!blocked);
            } else if over.is_empty() {
                prop_assert!(blocked);
            }
        }
    }
}
