//! The file systems on which the ledger and the outputs are.

use std::path::{Path, PathBuf};

use nix::sys::statfs::{self, FsType};
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{AccessFlags, access};

use super::finding::{Check, Finding, word};
use crate::config::Config;
use crate::kernel::Mebibytes;
use crate::output::Destination;

/// Less than this leaves no room for a day of records.
const LITTLE: u64 = 256 << 20;

/// With less than this the next record may not fit.
const NONE: u64 = 4 << 20;

/// Files that a rotation makes within a month.
const FEW_INODES: u64 = 100;

/// What is written to.
#[derive(Clone, Debug)]
struct Place {
    path: PathBuf,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    /// The ledger, which may still grow by so many bytes.
    Ledger {
        growth: u64,
    },
    Output,
}

/// A file system, as far as it matters here.
#[derive(Clone, Copy, Debug)]
struct Room {
    /// Bytes that this user may still write.
    free: u64,
    /// Files that this user may still make; `None` if the file system has no such limit.
    inodes: Option<u64>,
    read_only: bool,
    /// Its contents are in memory.
    volatile: bool,
    /// This process may write there.
    writable: bool,
}

pub(super) fn examine(config: &Config) -> Vec<Finding> {
    places(config).iter().map(look).collect()
}

fn places(config: &Config) -> Vec<Place> {
    let ledger = config.ledger.file.as_ref().map(|path| {
        let there = path.metadata().map_or(0, |metadata| metadata.len());
        let growth = config.ledger.limits().bytes.saturating_sub(there);
        Place { path: path.clone(), what: What::Ledger { growth } }
    });
    let outputs = config.output.iter().filter_map(|output| match &output.to {
        Destination::File(path) => Some(Place { path: path.clone(), what: What::Output }),
        _ => None,
    });
    let mut places: Vec<Place> = Vec::new();
    for place in ledger.into_iter().chain(outputs) {
        if places.iter().all(|other| other.path != place.path) {
            places.push(place);
        }
    }
    places
}

fn look(place: &Place) -> Finding {
    let finding = match folder(&place.path).map(|folder| room(&place.path, folder)) {
        Ok(Some(room)) => judge(place, room),
        Ok(None) => Finding::degraded(Check::Disk, "its file system cannot be seen")
            .mend(format!("df {}", word(place.path.display()))),
        Err(missing) => {
            let why = format!("there is no directory {}", missing.display());
            Finding::fatal(Check::Disk, why).mend(format!("sudo mkdir -p {}", word(missing.display())))
        }
    };
    finding.of(place.path.display().to_string())
}

/// The directory of a file, which must be there.
fn folder(path: &Path) -> Result<&Path, &Path> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() { Ok(folder) } else { Err(folder) }
}

fn room(file: &Path, folder: &Path) -> Option<Room> {
    // A link may lead to another file system.
    let target = if file.exists() { file } else { folder };
    let told = statvfs(target).ok()?;
    let kind = statfs::statfs(target).ok().map(|told| told.filesystem_type());
    let is_limited = told.files() > 0;
    Some(Room {
        free: told.blocks_available().saturating_mul(told.fragment_size()),
        inodes: is_limited.then(|| told.files_available()),
        read_only: told.flags().contains(FsFlags::ST_RDONLY),
        volatile: kind.is_some_and(is_volatile),
        writable: access(target, AccessFlags::W_OK).is_ok(),
    })
}

fn is_volatile(kind: FsType) -> bool {
    /// Of ramfs, from the kernel's `magic.h`.
    const RAMFS: FsType = FsType(0x8584_58f6);
    [statfs::TMPFS_MAGIC, RAMFS].contains(&kind)
}

fn judge(Place { path, what }: &Place, room: Room) -> Finding {
    let check = Check::Disk;
    let shown = word(path.display());
    if room.read_only {
        return Finding::fatal(check, "its file system is read-only")
            .mend(format!("sudo mount -o remount,rw \"$(findmnt -no TARGET -T {shown})\""));
    }
    let free = format!("{} free", Mebibytes(room.free));
    let df = "free some space there, or name another place in the configuration".to_owned();
    if room.free < NONE {
        return Finding::fatal(check, format!("the disk is full: {free}")).mend(df);
    }
    if room.inodes == Some(0) {
        return Finding::fatal(check, "no file can be made there any more: all inodes are used")
            .mend("remove files there, or name another place in the configuration".to_owned());
    }
    if !room.writable {
        let why = "this user may not write there; if the agent runs as another user, ask as that one: sudo -u USER firedamp doctor";
        return Finding::degraded(check, why).mend(format!("sudo chown \"$USER\" {shown}"));
    }
    let mut why = Vec::new();
    let mut mend = None;
    match what {
        What::Ledger { .. } if room.volatile => {
            why.push("it is in memory, and gone after the machine was started anew".to_owned());
            mend = Some("set file in [ledger] to a place on a disk".to_owned());
        }
        What::Ledger { growth } if room.free < *growth => {
            why.push(format!("the ledger may grow by {} (keep-mib)", Mebibytes(*growth)));
            mend = Some("set keep-mib in [ledger] to what the disk has".to_owned());
        }
        What::Output if room.volatile => {
            why.push("it is in memory: records are gone after the machine was started anew".to_owned());
            mend = Some("set path in [[output]] to a place on a disk".to_owned());
        }
        What::Ledger { .. } | What::Output => {}
    }
    if room.free < LITTLE {
        why.push("that is little".to_owned());
        mend = mend.or(Some(df));
    }
    if let Some(inodes) = room.inodes.filter(|&inodes| inodes < FEW_INODES) {
        why.push(format!("room for {inodes} more files only"));
        mend = mend.or(Some("remove files there, or name another place in the configuration".to_owned()));
    }
    match mend {
        Some(mend) => Finding::degraded(check, format!("{free}; {}", why.join("; "))).mend(mend),
        None => Finding::fine(check, free),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    const WELL: Room =
        Room { free: 100 << 30, inodes: Some(1_000_000), read_only: false, volatile: false, writable: true };

    fn ledger(room: Room) -> Finding {
        judge(&Place { path: "/var/lib/f.db".into(), what: What::Ledger { growth: 8 << 30 } }, room)
    }

    fn output(room: Room) -> Finding {
        judge(&Place { path: "/var/log/eve.json".into(), what: What::Output }, room)
    }

    #[test]
    fn what_cannot_be_written_is_fatal() {
        for room in [
            Room { read_only: true, ..WELL },
            Room { free: 1 << 20, ..WELL },
            Room { inodes: Some(0), ..WELL },
        ] {
            let finding = output(room);
            assert_eq!(finding.state, State::Fatal, "{finding:?}");
            assert!(finding.mend.is_some());
        }
    }

    #[test]
    fn what_lasts_or_fits_badly_is_degraded() {
        assert_eq!(ledger(WELL).state, State::Fine);
        assert_eq!(output(Room { free: 1 << 30, inodes: None, ..WELL }).state, State::Fine);
        for (finding, word) in [
            (ledger(Room { volatile: true, ..WELL }), "in memory"),
            (output(Room { volatile: true, ..WELL }), "in memory"),
            (ledger(Room { free: 1 << 30, ..WELL }), "keep-mib"),
            (output(Room { free: 100 << 20, ..WELL }), "little"),
            (output(Room { inodes: Some(5), ..WELL }), "5 more files"),
            (output(Room { writable: false, ..WELL }), "may not write"),
        ] {
            assert_eq!(finding.state, State::Degraded, "{finding:?}");
            assert!(finding.why.contains(word), "{finding:?}");
        }
    }

    #[test]
    fn a_directory_that_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| look(&Place { path: folder.path().join(name), what: What::Output });
        let missing = at("no/eve.json");
        assert_eq!(missing.state, State::Fatal);
        assert!(missing.mend.unwrap().ends_with("/no"));
        assert_ne!(at("eve.json").state, State::Fatal);
    }
}
