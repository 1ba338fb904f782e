//! What of BPF is in the kernel, and who holds it.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Result, ensure};
use aya::maps::loaded_maps;
use aya::programs::loaded_programs;

/// The agent's map that holds its automaton. No descriptor leads to the map inside.
const HOLDER: &str = "AUTOMATON";

/// Ids of what a process has descriptors of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Objects {
    maps: BTreeSet<u32>,
    programs: BTreeSet<u32>,
    links: BTreeSet<u32>,
}

/// What is in the kernel and belongs to nobody. Other agents may come and go on the machine meanwhile, so what belongs to
/// somebody is not counted at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ownerless {
    /// Maps of which no process has a descriptor, which no program uses, and which are not the automaton of a holder.
    maps: usize,
    /// Programs of which no process has a descriptor.
    programs: usize,
}

impl Ownerless {
    pub(super) fn count() -> Result<Self> {
        let mut owned = Objects::default();
        let (mut maps, mut programs, mut holders) = (BTreeSet::new(), BTreeSet::new(), 0);
        // One that goes while it is looked at is an error, and no matter.
        for map in loaded_maps().filter_map(Result::ok) {
            maps.insert(map.id());
            holders += usize::from(map.name_as_str() == Some(HOLDER));
        }
        for program in loaded_programs().filter_map(Result::ok) {
            programs.insert(program.id());
            owned.maps.extend(program.map_ids().ok().flatten().unwrap_or_default());
        }
        for entry in fs::read_dir("/proc")?.flatten() {
            let process = entry.file_name().to_str().and_then(|name| name.parse().ok());
            // It may have ended.
            if let Some(objects) = process.and_then(|process| Objects::held_by(process).ok()) {
                owned.maps.extend(objects.maps);
                owned.programs.extend(objects.programs);
            }
        }
        Ok(Self {
            maps: maps.difference(&owned.maps).count().saturating_sub(holders),
            programs: programs.difference(&owned.programs).count(),
        })
    }

    /// What there is more than `before`.
    pub(super) fn since(self, before: Self) -> Vec<String> {
        let more = |now: usize, before: usize, what: &str| {
            (now > before).then(|| format!("{} {what} that nobody holds", now - before))
        };
        let maps = more(self.maps, before.maps, "maps");
        maps.into_iter().chain(more(self.programs, before.programs, "programs")).collect()
    }
}

impl Objects {
    /// Those to which a process has descriptors.
    pub(super) fn held_by(process: u32) -> Result<Self> {
        let mut this = Self::default();
        for entry in fs::read_dir(format!("/proc/{process}/fdinfo"))? {
            // A descriptor may be closed meanwhile.
            let text = fs::read_to_string(entry?.path()).unwrap_or_default();
            let id = |name: &str| {
                text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u32>().ok())
            };
            if let Some(link) = id("link_id:") {
                this.links.insert(link);
            } else {
                this.maps.extend(id("map_id:"));
                this.programs.extend(id("prog_id:"));
            }
        }
        Ok(this)
    }

    /// How many of each.
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        (self.maps.len(), self.programs.len(), self.links.len())
    }
}

/// Open descriptors of a process.
pub(super) fn descriptors(process: u32) -> Result<usize> {
    let count = fs::read_dir(format!("/proc/{process}/fd"))?.count();
    ensure!(count > 0, "it has ended");
    Ok(count)
}
