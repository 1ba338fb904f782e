//! Files are read whole into memory. A file that is mapped and then truncated in place would end the agent with a
//! signal at the next look-up; one that was read is safe from whatever happens to it.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use jiff::Timestamp;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 30;

/// By what it is seen that a file has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// Last change of the contents: seconds since the epoch, and nanoseconds.
    modified: (i64, i64),
    /// Last change of the contents or of the name.
    changed: (i64, i64),
}

impl Stamp {
    /// `None` if there is no such file, or it may not be looked at.
    pub(super) fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().as_ref().map(Self::from)
    }

    pub(super) fn modified(&self) -> Timestamp {
        let (seconds, nanoseconds) = self.modified;
        Timestamp::new(seconds, i32::try_from(nanoseconds).unwrap_or_default()).unwrap_or_default()
    }
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// The contents of a file, and its stamp from before it was read: if it changes meanwhile, the stamps differ.
///
/// # Errors
/// In words: it cannot be read, is no file, or is too large.
pub(super) fn read(path: &Path) -> Result<(Vec<u8>, Stamp), String> {
    let unreadable = |error: io::Error| format!("cannot be read: {error}");
    // A pipe would be waited for.
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err("is not a regular file".to_owned());
    }
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.len() > LARGEST {
        return Err(format!("is larger than {LARGEST} bytes, the most that is read"));
    }
    let mut contents = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    file.take(LARGEST).read_to_end(&mut contents).map_err(unreadable)?;
    Ok((contents, Stamp::from(&metadata)))
}
