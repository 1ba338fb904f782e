//! What stays in the kernel when the agent ends: the tables, and the links by which the program stays attached.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use aya::maps::MapInfo;
use aya::programs::links::{FdLink, LinkError, PinnedLink};
use detector_common::LAYOUT;
use detector_common::block::{Block, BlockKey, Control};
use detector_common::counters::Counters;
use detector_common::event::EventRecord;
use detector_common::flow::{Flow, FlowKey, Watch};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::libc;
use nix::sys::statfs::{BPF_FS_MAGIC, statfs};

/// Where pins are by custom, and what `cleanup` looks at if nothing else is named.
pub const PINS: &str = "/sys/fs/bpf/firedamp";

/// Why nothing can be pinned, or what is cannot be removed.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// The directory is elsewhere.
    #[error(
        "{} is not in a BPF file system, and nothing else keeps tables and programs; take a directory below /sys/fs/bpf \
         (where none is mounted: `mount -t bpf bpf /sys/fs/bpf`)", .0.display()
    )]
    NoBpfFs(PathBuf),
    /// Another agent uses it.
    #[error(
        "another firedamp that runs has its tables in {}; stop it, or give this one a directory of its own", .0.display()
    )]
    Held(PathBuf),
    /// The file system refuses.
    #[error("cannot {doing} {}: {cause}{}", .path.display(), advice(.cause))]
    Refused {
        /// What was tried.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// The error of the system call.
        cause: io::Error,
    },
}

impl PinError {
    /// Whether the kernel does not let this process.
    #[must_use]
    pub fn is_not_permitted(&self) -> bool {
        matches!(self, Self::Refused { cause, .. } if cause.kind() == io::ErrorKind::PermissionDenied)
    }
}

fn advice(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::PermissionDenied => "; do it as root, or as the user to whom the directory belongs",
        _ => "",
    }
}

/// A directory of pins that is this agent's alone for as long as it lives.
pub struct Pins {
    root: PathBuf,
    /// For tables of the layout that this agent has.
    directory: PathBuf,
    /// The network namespace, for indices of interfaces mean something in one only.
    namespace: u64,
    /// Blocks outlive the agent, too.
    pub(super) blocks: bool,
    _lock: Flock<File>,
}

/// A link that an earlier agent has left.
pub(super) struct Kept {
    path: PathBuf,
    /// In the driver, not in the network stack.
    pub(super) native: bool,
}

impl Pins {
    /// Makes the directory, if it is not there, and takes it.
    ///
    /// # Errors
    /// It is in no BPF file system, another agent has it, or this process may not write there.
    pub fn open(root: &Path) -> Result<Self, PinError> {
        make(root)?;
        let lock = lock(root)?;
        let directory = root.join(layout());
        make(&directory)?;
        let namespace = Path::new("/proc/thread-self/ns/net");
        let namespace = fs::metadata(namespace).map_err(|cause| refused("look at", namespace, cause))?.ino();
        Ok(Self { root: root.to_owned(), directory, namespace, blocks: false, _lock: lock })
    }

    /// Says whether blocks outlive the agent, too.
    #[must_use]
    pub fn with_blocks(self, blocks: bool) -> Self {
        Self { blocks, ..self }
    }

    /// Where everything is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the table of this name is, or is to be.
    pub(super) fn table(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Removes a table that has not the size which is wanted. True if there was one.
    pub(super) fn discard_unless(
        &self,
        name: &str,
        fits: impl Fn(&MapInfo) -> bool,
    ) -> Result<bool, PinError> {
        let path = self.table(name);
        match MapInfo::from_pin(&path) {
            Ok(info) if fits(&info) => Ok(false),
            Err(_) if !path.exists() => Ok(false),
            _ => remove(&path).map(|()| true),
        }
    }

    /// The link to an interface that an earlier agent has left, of whichever layout.
    pub(super) fn kept(&self, index: u32) -> Option<Kept> {
        let kept = |layout: PathBuf| {
            [true, false].into_iter().find_map(|native| {
                let path = layout.join(self.name(index, native));
                path.exists().then_some(Kept { path, native })
            })
        };
        layouts(&self.root).into_iter().find_map(kept)
    }

    /// Keeps a link to an interface when the agent ends.
    pub(super) fn keep(&self, index: u32, native: bool, link: FdLink) -> Result<PinnedLink, PinError> {
        let path = self.directory.join(self.name(index, native));
        if path.exists() {
            remove(&path)?;
        }
        link.pin(&path).map_err(|error| refused("pin a link as", &path, io::Error::other(error)))
    }

    /// Puts a link that was taken over where those of this layout are.
    pub(super) fn adopt(&self, kept: &Kept, index: u32) -> Result<PinnedLink, PinError> {
        let path = self.directory.join(self.name(index, kept.native));
        if path != kept.path {
            fs::rename(&kept.path, &path).map_err(|cause| refused("move", &kept.path, cause))?;
        }
        PinnedLink::from_pin(&path).map_err(|error| refused("open", &path, io::Error::other(error)))
    }

    /// Removes what earlier agents have left and this one does not use: tables of another layout, and links to interfaces
    /// that are not watched any more. Gives what was removed.
    pub(super) fn remove_others(&self, tables: &[&str], watched: &[u32]) -> Vec<PathBuf> {
        let links = [true, false].map(|native| watched.iter().map(move |&index| self.name(index, native)));
        let used: Vec<String> =
            links.into_iter().flatten().chain(tables.iter().map(|&name| name.to_owned())).collect();
        let mut removed = Vec::new();
        for layout in layouts(&self.root) {
            let own = layout == self.directory;
            let is_used = |path: &PathBuf| own && used.iter().any(|name| name == file_name(path));
            for path in entries(&layout).into_iter().filter(|path| !is_used(path)) {
                match remove(&path) {
                    Ok(()) => removed.push(path),
                    Err(error) => tracing::warn!("what an earlier agent has left stays: {error}"),
                }
            }
            if !own {
                // It stays if something in it does.
                let _ = fs::remove_dir(layout);
            }
        }
        removed
    }

    fn name(&self, index: u32, native: bool) -> String {
        format!("{LINK}{}-{index}-{}", self.namespace, if native { "native" } else { "generic" })
    }
}

impl Kept {
    /// The link, which stays pinned.
    pub(super) fn link(&self) -> Result<FdLink, LinkError> {
        PinnedLink::from_pin(&self.path).map(FdLink::from)
    }

    /// Forgets the link: the kernel detaches it when nobody has it open.
    pub(super) fn remove(&self) -> Result<(), PinError> {
        remove(&self.path)
    }
}

/// With what the names of links begin.
const LINK: &str = "link-";

/// With what the names of layouts begin.
const PREFIX: &str = "firedamp-v";

/// The name of this agent's layout: tables of another one cannot be read.
fn layout() -> String {
    let sizes = [
        size_of::<FlowKey>(),
        size_of::<Flow>(),
        size_of::<Watch>(),
        size_of::<EventRecord>(),
        size_of::<Counters>(),
        size_of::<Control>(),
        size_of::<Block>(),
        size_of::<BlockKey>(),
    ];
    format!("{PREFIX}{LAYOUT}{}", sizes.map(|size| format!("-{size}")).concat())
}

/// Removes everything that was pinned below a directory: the program is detached, the tables are gone. Gives what was
/// removed. That there is nothing is no error.
///
/// # Errors
/// An agent runs that uses it, or this process may not.
pub fn cleanup(root: &Path) -> Result<Vec<PathBuf>, PinError> {
    if !root.exists() {
        return Ok(Vec::new());
    }
    is_bpffs(root)?;
    let _lock = lock(root)?;
    let mut removed = Vec::new();
    for layout in layouts(root) {
        let held = held(&layout).map_err(|cause| refused("open", &layout, cause))?;
        let inside = PathBuf::from(format!("/proc/self/fd/{}", held.as_raw_fd()));
        is_bpffs(&inside)?;
        // Links first: as long as the program is attached it fills the tables.
        let (links, tables): (Vec<_>, Vec<_>) =
            entries(&inside).into_iter().partition(|path| file_name(path).starts_with(LINK));
        for path in links.into_iter().chain(tables) {
            remove(&path)?;
            removed.push(layout.join(file_name(&path)));
        }
        fs::remove_dir(&layout).map_err(|cause| refused("remove", &layout, cause))?;
    }
    Ok(removed)
}

fn make(directory: &Path) -> Result<(), PinError> {
    if !directory.exists() {
        let parent = directory.parent().unwrap_or(directory);
        is_bpffs(parent)?;
        DirBuilder::new()
            .mode(0o700)
            .create(directory)
            .map_err(|cause| refused("make the directory", directory, cause))?;
    }
    is_bpffs(directory)
}

fn is_bpffs(directory: &Path) -> Result<(), PinError> {
    match statfs(directory) {
        Ok(found) if found.filesystem_type() == BPF_FS_MAGIC => Ok(()),
        Ok(_) | Err(Errno::ENOENT) => Err(PinError::NoBpfFs(directory.to_owned())),
        Err(error) => Err(refused("look at", directory, error.into())),
    }
}

fn lock(root: &Path) -> Result<Flock<File>, PinError> {
    let file = File::open(root).map_err(|cause| refused("open", root, cause))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| match error {
        Errno::EWOULDBLOCK => PinError::Held(root.to_owned()),
        error => refused("lock", root, error.into()),
    })
}

/// The directories of layouts.
fn layouts(root: &Path) -> Vec<PathBuf> {
    entries(root)
        .into_iter()
        .filter(|path| file_name(path).starts_with(PREFIX) && held(path).is_ok())
        .collect()
}

/// The directory itself, never what a link in its place leads to: root may clean up what belongs to somebody with fewer
/// rights.
fn held(directory: &Path) -> io::Result<File> {
    File::options().read(true).custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW).open(directory)
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect()
}

fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn remove(path: &Path) -> Result<(), PinError> {
    fs::remove_file(path).map_err(|cause| refused("remove", path, cause))
}

fn refused(doing: &'static str, path: &Path, cause: io::Error) -> PinError {
    PinError::Refused { doing, path: path.to_owned(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bpf_file_system_keeps_anything() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_owned(), folder.path().join("pins"), folder.path().join("no/pins")] {
            let error = Pins::open(&path).err().unwrap();
            assert!(matches!(&error, PinError::NoBpfFs(_)), "{error}");
            assert!(error.to_string().contains("/sys/fs/bpf"));
        }
        assert!(!folder.path().join("pins").exists());
        assert!(matches!(cleanup(folder.path()), Err(PinError::NoBpfFs(_))), "nothing else is removed");
        assert!(cleanup(&folder.path().join("nothing")).unwrap().is_empty());
    }

    #[test]
    fn links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("elsewhere")).unwrap();
        fs::create_dir(at("firedamp-v1")).unwrap();
        std::os::unix::fs::symlink(at("elsewhere"), at("firedamp-v2")).unwrap();
        assert_eq!(layouts(folder.path()), [at("firedamp-v1")]);
    }
}
