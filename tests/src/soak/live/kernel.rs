//! What of BPF is in the kernel, and who holds it.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Result, ensure};
use aya::maps::loaded_maps;
use aya::programs::loaded_programs;

/// The agent's map that holds its automaton. No descriptor leads to the map inside.
const HOLDER: &str = "AUTOMATON";

/// Ids of maps and programs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Objects {
    maps: BTreeSet<u32>,
    programs: BTreeSet<u32>,
    links: BTreeSet<u32>,
    /// Maps among them that hold an automaton each.
    holders: BTreeSet<u32>,
    /// Maps that a program uses.
    used: BTreeSet<u32>,
}

impl Objects {
    /// Those of the whole machine. Links are left out: they go with their descriptors.
    pub(super) fn loaded() -> Self {
        let mut this = Self::default();
        // One that goes while it is looked at is an error, and no matter.
        for map in loaded_maps().filter_map(Result::ok) {
            this.maps.insert(map.id());
            if map.name_as_str() == Some(HOLDER) {
                this.holders.insert(map.id());
            }
        }
        for program in loaded_programs().filter_map(Result::ok) {
            this.programs.insert(program.id());
            this.used.extend(program.map_ids().ok().flatten().unwrap_or_default());
        }
        this
    }

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

    /// What came since `before` and nobody holds. Other programs of the machine may have come and gone meanwhile.
    pub(super) fn strays(before: &Self) -> Result<Vec<String>> {
        let now = Self::loaded();
        let mut held = Self { maps: now.used.clone(), ..Self::default() };
        for process in processes()? {
            // It may have ended, or be somebody else's.
            if let Ok(objects) = Self::held_by(process) {
                held.maps.extend(objects.maps);
                held.programs.extend(objects.programs);
            }
        }
        let new = |now: &BTreeSet<u32>, before: &BTreeSet<u32>, held: &BTreeSet<u32>| {
            now.iter().filter(|id| !before.contains(id) && !held.contains(id)).copied().collect::<Vec<_>>()
        };
        let mut maps = new(&now.maps, &before.maps, &held.maps);
        let inside =
            now.holders.iter().filter(|id| held.maps.contains(id) && !before.maps.contains(id)).count();
        maps.truncate(maps.len().saturating_sub(inside));
        let programs = new(&now.programs, &before.programs, &held.programs);
        Ok(maps
            .iter()
            .map(|id| format!("map {id}"))
            .chain(programs.iter().map(|id| format!("program {id}")))
            .collect())
    }
}

/// Open descriptors of a process.
pub(super) fn descriptors(process: u32) -> Result<usize> {
    let count = fs::read_dir(format!("/proc/{process}/fd"))?.count();
    ensure!(count > 0, "it has ended");
    Ok(count)
}

fn processes() -> Result<Vec<u32>> {
    Ok(fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect())
}
