//! What the program needs of the machine: its processor, and libraries with their versions.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use object::Endianness;
use object::elf::{DT_NEEDED, EM_AARCH64, EM_X86_64, FileHeader64};
use object::read::elf::{Dyn as _, FileHeader as _};

/// The libraries that every machine with glibc has.
const EVERYWHERE: [&str; 5] =
    ["libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"];

/// A processor, as the formats call it.
#[derive(Clone, Copy)]
pub(crate) struct Machine {
    pub(crate) debian: &'static str,
    pub(crate) rpm: &'static str,
}

/// What a program needs.
pub(crate) struct Needs {
    pub(crate) machine: Machine,
    /// Libraries, each with the versions of its interface that are used, such as `GLIBC_2.34`.
    pub(crate) libraries: BTreeMap<String, BTreeSet<String>>,
}

impl Needs {
    /// Reads an ELF file of 64 bits.
    pub(crate) fn of(program: &[u8]) -> Result<Self> {
        let header = FileHeader64::<Endianness>::parse(program).context("it is no ELF file of 64 bits")?;
        let endian = header.endian()?;
        let machine = match header.e_machine(endian) {
            EM_X86_64 => Machine { debian: "amd64", rpm: "x86_64" },
            EM_AARCH64 => Machine { debian: "arm64", rpm: "aarch64" },
            other => bail!("there is no package for processors of type {other}"),
        };
        let sections = header.sections(endian, program)?;
        let mut libraries = BTreeMap::<String, BTreeSet<String>>::new();
        if let Some((entries, strings)) = sections.dynamic(endian, program)? {
            let strings = sections.strings(endian, program, strings)?;
            for entry in entries.iter().filter(|entry| entry.tag(endian) == DT_NEEDED) {
                libraries.entry(text(entry.string(endian, strings)?)).or_default();
            }
        }
        if let Some((mut needs, strings)) = sections.gnu_verneed(endian, program)? {
            let strings = sections.strings(endian, program, strings)?;
            while let Some((need, mut versions)) = needs.next()? {
                let library = libraries.entry(text(need.file(endian, strings)?)).or_default();
                while let Some(version) = versions.next()? {
                    library.insert(text(version.name(endian, strings)?));
                }
            }
        }
        let strange = libraries.keys().find(|name| !EVERYWHERE.contains(&name.as_str()));
        ensure!(strange.is_none(), "it needs {strange:?}, which not every machine has: link it statically");
        Ok(Self { machine, libraries })
    }

    /// The oldest glibc with all that is used, such as `2.34`.
    pub(crate) fn glibc(&self) -> Result<String> {
        let versions = self.libraries.values().flatten().filter_map(|name| name.strip_prefix("GLIBC_"));
        let newest = versions.max_by_key(|version| {
            version.split('.').map(|number| number.parse().unwrap_or(0)).collect::<Vec<u32>>()
        });
        Ok(newest.context("it is not linked with glibc, whose look-up of names it needs")?.to_owned())
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_needs_what_every_machine_has() {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let needs = Needs::of(&program).unwrap();
        assert!(needs.libraries.contains_key("libc.so.6"), "{:?}", needs.libraries);
        assert!(needs.glibc().unwrap().starts_with("2."), "{:?}", needs.libraries);
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        let versions = ["GLIBC_2.9", "GLIBC_2.34", "GLIBC_2.2.5"].map(str::to_owned).into();
        let libraries = BTreeMap::from([("libc.so.6".to_owned(), versions)]);
        let needs = Needs { machine: Machine { debian: "amd64", rpm: "x86_64" }, libraries };
        assert_eq!(needs.glibc().unwrap(), "2.34");
    }

    #[test]
    fn a_script_is_no_program() {
        assert!(Needs::of(b"#!/bin/sh\n").is_err());
    }
}
