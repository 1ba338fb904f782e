use std::fmt;
use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

use aya::Ebpf;
use aya::maps::{Map, MapError};
use detector_common::automaton::{Automaton, STATES};
use detector_common::block::{Block, BlockKey};
use detector_common::flow::{Flow, FlowKey, Watch};

use super::Limits;
use super::load::ALLOWED;
use super::preflight::{release, version};

/// The oldest kernel, major and minor number, that tells what a table takes. Earlier ones tell what its keys and values come
/// to, about half of it, and nothing of a ring.
const TELLING: (u32, u32) = (6, 4);

/// What the kernel sets aside for a table when it is made; the table never takes more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// What is in it.
    pub what: &'static str,
    /// How many of them there is room for; 0 if it is not divided.
    pub entries: u32,
    /// How many bytes the kernel says that it takes; before Linux 6.4, how many it should take.
    pub bytes: u64,
}

const NEW: &str = "new connections";
const LASTING: &str = "lasting connections";
const WATCHED: &str = "watched connections";
const RING: &str = "ring";
const BLOCKS: &str = "blocks";
const NETWORKS: &str = "networks, blocked or allowed, when all are there";

/// What the kernel puts before key and value of each entry of a hash table.
const ENTRY: usize = 48;

/// What it takes for each list of entries, of which there are a power of two.
const BUCKET: u64 = 16;

/// What it puts before the address of a network, and behind its value, in a table of prefixes.
const NODE: usize = 48;

fn hash_table(entries: u32, key: usize, value: usize) -> u64 {
    let entry = ENTRY + key + value.next_multiple_of(8);
    u64::from(entries) * entry as u64 + u64::from(entries).next_power_of_two() * BUCKET
}

/// A table of prefixes grows as it is filled: this is as large as it gets, with one node between two others.
fn prefixes(entries: u32, value: usize) -> u64 {
    let node = (NODE + size_of::<[u8; 16]>() + value).next_power_of_two();
    2 * u64::from(entries) * node as u64
}

/// Tables of blocks, if there are any.
fn networks(limits: &Limits) -> Option<Table> {
    let bytes = prefixes(limits.blocks, size_of::<Block>()) + prefixes(ALLOWED, size_of::<u32>());
    (limits.blocks > 0).then_some(Table { what: NETWORKS, entries: limits.blocks + ALLOWED, bytes })
}

fn states() -> Table {
    #[expect(clippy::cast_possible_truncation, reason = "4096")]
    let entries = STATES as u32;
    Table { what: "states", entries, bytes: size_of::<Automaton>() as u64 }
}

/// What all tables take together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory(Vec<Table>);

impl Memory {
    /// Of the maps of an object that is in the kernel.
    pub(super) fn of(ebpf: &Ebpf, limits: &Limits) -> Result<Self, MapError> {
        if !tells(&release()) {
            return Ok(Self::estimate(limits));
        }
        let tables = [
            (NEW, "FLOWS", limits.flows),
            (LASTING, "LASTING", limits.lasting()),
            (WATCHED, "WATCHED", limits.watched),
            (RING, "EVENTS", 0),
        ];
        let mut memory = Vec::new();
        for (what, name, entries) in tables {
            let bytes = ebpf.map(name).map_or(Ok(0), locked)?;
            memory.push(Table { what, entries, bytes });
        }
        if limits.blocks > 0 {
            let bytes = ebpf.map("BLOCKS").map_or(Ok(0), locked)?;
            memory.push(Table { what: BLOCKS, entries: limits.blocks, bytes });
        }
        memory.extend(networks(limits));
        memory.push(states());
        Ok(Self(memory))
    }

    /// What tables of these sizes will take, without making them: the kernel's layout of a hash table on 64 bits.
    #[must_use]
    pub fn estimate(limits: &Limits) -> Self {
        let flow = size_of::<FlowKey>();
        let flows = |entries: u32| hash_table(entries, flow, size_of::<Flow>());
        let mut tables = vec![
            Table { what: NEW, entries: limits.flows, bytes: flows(limits.flows) },
            Table { what: LASTING, entries: limits.lasting(), bytes: flows(limits.lasting()) },
            Table {
                what: WATCHED,
                entries: limits.watched,
                bytes: hash_table(limits.watched, flow, size_of::<Watch>()),
            },
            Table { what: RING, entries: 0, bytes: limits.ring.into() },
        ];
        if limits.blocks > 0 {
            let bytes = hash_table(limits.blocks, size_of::<BlockKey>(), size_of::<Block>());
            tables.push(Table { what: BLOCKS, entries: limits.blocks, bytes });
        }
        tables.extend(networks(limits));
        tables.push(states());
        Self(tables)
    }

    /// The tables one by one.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.0
    }

    /// All bytes together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.iter().map(|table| table.bytes).sum()
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tables in the kernel take {}:", Mebibytes(self.bytes()))?;
        for (at, Table { what, entries, bytes }) in self.0.iter().enumerate() {
            f.write_str(if at == 0 { " " } else { ", " })?;
            if *entries > 0 {
                write!(f, "{entries} ")?;
            }
            write!(f, "{what} {}", Mebibytes(*bytes))?;
        }
        Ok(())
    }
}

/// Bytes, told in MiB.
#[derive(Clone, Copy, Debug)]
pub struct Mebibytes(pub u64);

impl fmt::Display for Mebibytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0.saturating_mul(10).div_ceil(1 << 20);
        write!(f, "{}.{} MiB", tenths / 10, tenths % 10)
    }
}

/// Whether a kernel of this release tells what tables take. One that cannot be understood is believed.
fn tells(release: &str) -> bool {
    version(release).is_none_or(|version| version >= TELLING)
}

/// How many bytes of memory a map takes, as its descriptor tells.
fn locked(map: &Map) -> Result<u64, MapError> {
    let (Map::LruHashMap(map) | Map::HashMap(map) | Map::RingBuf(map)) = map else { return Ok(0) };
    let path = format!("/proc/self/fdinfo/{}", map.fd().as_fd().as_raw_fd());
    let told = fs::read_to_string(path).map_err(MapError::IoError)?;
    told.lines()
        .find_map(|line| line.strip_prefix("memlock:")?.trim().parse().ok())
        .ok_or_else(|| MapError::IoError(io::Error::other("the kernel does not tell the size of a map")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_kernels_are_not_believed() {
        assert!(["6.4.0", "6.12.3", "7.0", "strange"].into_iter().all(tells));
        assert!(!["5.18.1", "6.1.0-28-amd64", "6.3.13"].into_iter().any(tells));
    }

    #[test]
    fn memory_is_told_table_by_table() {
        let memory = Memory(vec![
            Table { what: "new connections", entries: 1000, bytes: 150_000 },
            Table { what: "ring", entries: 0, bytes: 16 << 20 },
        ]);
        assert_eq!(
            memory.to_string(),
            "tables in the kernel take 16.2 MiB: 1000 new connections 0.2 MiB, ring 16.0 MiB"
        );
    }
}
