use std::collections::HashSet;

use aya::Ebpf;
use aya::maps::lpm_trie::{Key, LpmTrie};
use aya::maps::{Array, HashMap, MapData, MapError, ProgramArray};
use detector_common::block::{Block, BlockKey, Control, Network};

use super::LoadError;
use super::load::map;

/// Where a block stands in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A connection or a pair.
    Exact(BlockKey),
    /// A network.
    Network(Network),
}

/// The agent's say over what is dropped. Dropping it lets everything pass.
pub struct Gate {
    control: Array<MapData, Control>,
    blocks: HashMap<MapData, BlockKey, Block>,
    blocked: LpmTrie<MapData, [u8; 16], Block>,
    allowed: LpmTrie<MapData, [u8; 16], u32>,
    /// The kernel empties it when nobody has it open any more.
    _next: ProgramArray<MapData>,
}

impl Gate {
    /// Takes the tables out of an object whose gate leads to a program.
    pub(super) fn take(ebpf: &mut Ebpf, next: ProgramArray<MapData>) -> Result<Self, LoadError> {
        Ok(Self {
            control: map(ebpf, "CONTROL")?,
            blocks: map(ebpf, "BLOCKS")?,
            blocked: map(ebpf, "BLOCKED")?,
            allowed: map(ebpf, "ALLOWED")?,
            _next: next,
        })
    }

    /// Says what is done with blocks, from now on.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn set_control(&mut self, control: &Control) -> Result<(), MapError> {
        self.control.set(0, control, 0)
    }

    /// What the kernel was told last.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn control(&self) -> Result<Control, MapError> {
        self.control.get(&0, 0)
    }

    /// Blocks until a time, in nanoseconds since the machine started; what is blocked already goes on with its counts.
    ///
    /// # Errors
    /// The kernel refuses, for want of room or memory.
    pub fn block(&mut self, place: &Place, expires: u64) -> Result<(), MapError> {
        let block = Block { expires, ..self.get(place)?.unwrap_or_default() };
        match place {
            Place::Exact(key) => self.blocks.insert(key, block, 0),
            Place::Network(network) => self.blocked.insert(&key(network), block, 0),
        }
    }

    /// Lets pass what was blocked. That nothing was is no error.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn unblock(&mut self, place: &Place) -> Result<(), MapError> {
        let removed = match place {
            Place::Exact(key) => self.blocks.remove(key),
            Place::Network(network) => self.blocked.remove(&key(network)),
        };
        found(removed).map(drop)
    }

    /// What the kernel has of a block.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn get(&self, place: &Place) -> Result<Option<Block>, MapError> {
        found(match place {
            Place::Exact(key) => self.blocks.get(key, 0),
            Place::Network(network) => self.blocked.get(&key(network), 0),
        })
    }

    /// All that stands in the kernel.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn places(&self) -> Result<Vec<Place>, MapError> {
        let exact = self.blocks.keys().map(|key| key.map(Place::Exact));
        let network =
            |key: Key<[u8; 16]>| Place::Network(Network { bits: key.prefix_len(), address: key.data() });
        let networks = self.blocked.keys().map(|key| key.map(network));
        exact.chain(networks).collect()
    }

    /// Never blocks what comes from or goes to these networks, whatever is blocked, and none else.
    ///
    /// # Errors
    /// The kernel refuses, for want of room or memory.
    pub fn allow_only(&mut self, networks: &[Network]) -> Result<(), MapError> {
        for network in networks {
            self.allowed.insert(&key(network), 1, 0)?;
        }
        let known: Vec<Key<[u8; 16]>> = self.allowed.keys().collect::<Result<_, _>>()?;
        let wanted: HashSet<Network> = networks.iter().copied().collect();
        let is_wanted = |known: &Key<[u8; 16]>| {
            wanted.contains(&Network { bits: known.prefix_len(), address: known.data() })
        };
        known
            .iter()
            .filter(|known| !is_wanted(known))
            .try_for_each(|known| found(self.allowed.remove(known)).map(drop))
    }
}

fn key(network: &Network) -> Key<[u8; 16]> {
    Key::new(network.bits, network.address)
}

/// That there is nothing is no error.
fn found<T>(result: Result<T, MapError>) -> Result<Option<T>, MapError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(MapError::KeyNotFound) => Ok(None),
        Err(MapError::SyscallError(error)) if error.io_error.kind() == std::io::ErrorKind::NotFound => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
