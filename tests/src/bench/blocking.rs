use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Context as _, Result};
use detector::kernel::{Gate, Limits, Place, Program};
use detector::signature::Signatures;
use detector_common::block::{BlockKey, Control, ENFORCE, Kinds, Network};
use detector_common::flow::End;

use super::classes::{Class, Way, classes};
use super::measure::{Options, SETTINGS, median, nanoseconds};

/// Blocks of each kind that are in force, none of which meets a packet.
const BLOCKS: u8 = 250;

/// What packets that are not blocked cost with and without blocking.
#[derive(Clone, Copy, Debug)]
pub struct Blocking {
    /// The class of packets.
    pub class: &'static str,
    /// Nanoseconds, the median over the rounds, if nothing can be blocked.
    pub off: f64,
    /// If something may be blocked, and nothing is.
    pub idle: f64,
    /// If 250 pairs and 250 networks are blocked.
    pub busy: f64,
}

/// Measures classes of packets that are not mining. The three programs take turns.
pub(super) fn measure(options: Options, signatures: &Signatures) -> Result<Vec<Blocking>> {
    let load = |blocks| {
        let limits = Limits { flows: 1024, watched: 16, ring: 4096, blocks };
        Program::load(&SETTINGS, &limits, signatures.automaton())
    };
    let (mut off, mut idle, mut busy) = (load(0)?, load(1024)?, load(1024)?);
    let (mut nothing, mut something) = (idle.put_gate_before()?, busy.put_gate_before()?);
    enforce(&mut nothing, Kinds::default())?;
    block(&mut something)?;
    let is_measured = |class: &Class| ["udp", "ack", "tls", "spent"].contains(&class.name);
    let mut all = Vec::new();
    for Class { name: class, way, .. } in classes().into_iter().filter(is_measured) {
        let Way::Warm { before, frame, .. } = way else { continue };
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..options.rounds {
            for (program, times) in [&mut off, &mut idle, &mut busy].into_iter().zip(&mut times) {
                for frame in &before {
                    program.test_run(frame, 0, 1)?;
                }
                times.push(nanoseconds(program.test_run(&frame, 0, options.repeat)?));
            }
        }
        let [off, idle, busy] = times.map(|mut times| median(&mut times));
        let none = "no rounds";
        all.push(Blocking {
            class,
            off: off.context(none)?,
            idle: idle.context(none)?,
            busy: busy.context(none)?,
        });
    }
    Ok(all)
}

fn block(gate: &mut Gate) -> Result<()> {
    let address = |net, host| IpAddr::V4(Ipv4Addr::new(192, 0, net, host));
    for host in 0..BLOCKS {
        let [miner, pool] = [0, 2].map(|net| End::from(SocketAddr::new(address(net, host), 3333)));
        gate.block(&Place::Exact(BlockKey::pair(miner, pool)), u64::MAX)?;
        gate.block(&Place::Network(Network::new(address(0, host), 32)), u64::MAX)?;
    }
    enforce(gate, Kinds::PAIRS.and(Kinds::NETWORKS))
}

fn enforce(gate: &mut Gate, kinds: Kinds) -> Result<()> {
    Ok(gate.set_control(&Control {
        mode: ENFORCE,
        kinds,
        until: u64::MAX,
        share: 1000,
        free: u32::MAX,
        packets: 0,
    })?)
}
