use std::collections::HashSet;
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

use aya::maps::{HashMap, Map, MapData, MapError};
use aya::{Ebpf, EbpfError};
use detector_common::flow::{Direction, Flow, FlowKey, Watch};

use super::{Limits, LoadError};
use crate::block::Target;
use crate::control::{Preview, Seen};

/// So many connections are shown.
const EXAMPLES: usize = 20;

/// The tables of connections, to be read beside the agent.
pub struct Tables {
    flows: [HashMap<MapData, FlowKey, Flow>; 2],
    watched: HashMap<MapData, FlowKey, Watch>,
    /// How many entries they have room for: of new connections, of lasting ones, of watched ones.
    room: [u32; 3],
    /// One look at a time.
    turn: Arc<Mutex<()>>,
}

impl Tables {
    /// What a block would meet of the connections that the kernel remembers now. This may take a while, in which connections
    /// come and go, and waits for others who look.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn preview(&self, target: &Target) -> Result<Preview, MapError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let [new, lasting, room] = self.room;
        let watched = met(self.watched.keys(), room, target)?;
        let mut all: Vec<Seen> =
            watched.iter().map(|&(one, other)| Seen { one, other, watched: true }).collect();
        for (table, room) in self.flows.iter().zip([new, lasting]) {
            let flows = met(table.keys(), room, target)?;
            let is_new = |ends: &(SocketAddr, SocketAddr)| !watched.contains(ends);
            all.extend(flows.into_iter().filter(is_new).map(|(one, other)| Seen {
                one,
                other,
                watched: false,
            }));
        }
        let hosts: HashSet<_> = all.iter().map(|seen| seen.besides(target)).collect();
        Ok(Preview {
            refused: None,
            connections: all.len(),
            watched: watched.len(),
            hosts: hosts.len(),
            examples: all.into_iter().take(EXAMPLES).collect(),
        })
    }
}

/// Where an entry goes away behind which the kernel was to go on, it begins anew: not more than twice as many are looked at as
/// there can be.
fn met(
    keys: impl Iterator<Item = Result<FlowKey, MapError>>,
    room: u32,
    target: &Target,
) -> Result<HashSet<(SocketAddr, SocketAddr)>, MapError> {
    let mut met = HashSet::new();
    for key in keys.take(room as usize * 2) {
        let key = key?;
        let ends: (SocketAddr, SocketAddr) =
            (key.sender(Direction::Up).into(), key.receiver(Direction::Up).into());
        if target.meets(ends.0, ends.1) {
            met.insert(ends);
        }
    }
    Ok(met)
}

/// Descriptors of the three tables: of new connections, of lasting ones, of watched ones.
pub(super) struct Spare {
    tables: [OwnedFd; 3],
    room: [u32; 3],
    turn: Arc<Mutex<()>>,
}

impl Spare {
    pub(super) fn of(ebpf: &Ebpf, limits: &Limits) -> Result<Self, LoadError> {
        let spare = |name| match ebpf.map(name) {
            Some(Map::LruHashMap(map) | Map::HashMap(map)) => map
                .fd()
                .as_fd()
                .try_clone_to_owned()
                .map_err(|error| LoadError::from(EbpfError::MapError(MapError::IoError(error)))),
            _ => Err(LoadError::Lacks(name)),
        };
        Ok(Self {
            tables: [spare("FLOWS")?, spare("LASTING")?, spare("WATCHED")?],
            room: [limits.flows, limits.lasting(), limits.watched],
            turn: Arc::default(),
        })
    }

    /// The tables once more. Their numbers would do with more privileges only.
    pub(super) fn tables(&self) -> Result<Tables, MapError> {
        let again = |fd: &OwnedFd| MapData::from_fd(fd.try_clone().map_err(MapError::IoError)?);
        let Self { tables: [flows, lasting, watched], room, turn } = self;
        Ok(Tables {
            flows: [Map::LruHashMap(again(flows)?).try_into()?, Map::LruHashMap(again(lasting)?).try_into()?],
            watched: Map::HashMap(again(watched)?).try_into()?,
            room: *room,
            turn: Arc::clone(turn),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_always_begins_anew_is_left_after_a_while() {
        let ends = |text: &str| text.parse::<SocketAddr>().unwrap().into();
        let key = FlowKey::tcp(ends("10.0.0.2:4000"), ends("203.0.113.9:3333")).0;
        let mut steps = 0;
        let keys = std::iter::repeat_with(|| {
            steps += 1;
            Ok(key)
        });
        let found = met(keys, 100, &"203.0.113.9".parse().unwrap()).unwrap();
        assert_eq!((found.len(), steps), (1, 200));
    }
}
