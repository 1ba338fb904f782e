use std::collections::HashSet;
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, OwnedFd};

use aya::maps::{HashMap, Map, MapData, MapError};
use aya::{Ebpf, EbpfError};
use detector_common::flow::{Direction, Flow, FlowKey, Watch};

use super::LoadError;
use crate::block::Target;
use crate::control::{Preview, Seen};

/// So many connections are shown.
const EXAMPLES: usize = 20;

/// The tables of connections, to be read beside the agent.
pub struct Tables {
    flows: [HashMap<MapData, FlowKey, Flow>; 2],
    watched: HashMap<MapData, FlowKey, Watch>,
}

impl Tables {
    /// What a block would meet of the connections that the kernel remembers now.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn preview(&self, target: &Target) -> Result<Preview, MapError> {
        let watched = met(self.watched.keys(), target)?;
        let mut all: Vec<Seen> =
            watched.iter().map(|&(one, other)| Seen { one, other, watched: true }).collect();
        for table in &self.flows {
            let flows = met(table.keys(), target)?;
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

fn met(
    keys: impl Iterator<Item = Result<FlowKey, MapError>>,
    target: &Target,
) -> Result<HashSet<(SocketAddr, SocketAddr)>, MapError> {
    let mut met = HashSet::new();
    for key in keys {
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
pub(super) struct Spare([OwnedFd; 3]);

impl Spare {
    pub(super) fn of(ebpf: &Ebpf) -> Result<Self, LoadError> {
        let spare = |name| match ebpf.map(name) {
            Some(Map::LruHashMap(map) | Map::HashMap(map)) => map
                .fd()
                .as_fd()
                .try_clone_to_owned()
                .map_err(|error| LoadError::from(EbpfError::MapError(MapError::IoError(error)))),
            _ => Err(LoadError::Lacks(name)),
        };
        Ok(Self([spare("FLOWS")?, spare("LASTING")?, spare("WATCHED")?]))
    }

    /// The tables once more. Their numbers would do with more privileges only.
    pub(super) fn tables(&self) -> Result<Tables, MapError> {
        let again = |fd: &OwnedFd| MapData::from_fd(fd.try_clone().map_err(MapError::IoError)?);
        let Self([flows, lasting, watched]) = self;
        Ok(Tables {
            flows: [Map::LruHashMap(again(flows)?).try_into()?, Map::LruHashMap(again(lasting)?).try_into()?],
            watched: Map::HashMap(again(watched)?).try_into()?,
        })
    }
}
