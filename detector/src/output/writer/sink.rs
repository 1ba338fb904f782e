use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{OutputError, Target};

/// How long to wait for a pipe that was set not to block and is full.
const FULL_PIPE: Duration = Duration::from_millis(20);

/// An open target.
pub(super) struct Sink {
    file: File,
    /// The path, if it is a file.
    path: Option<PathBuf>,
    /// A broken line can be cut off again.
    can_cut: bool,
}

/// A write that did not come to its end.
pub(super) struct Broken {
    /// Bytes of the batch that were written before.
    pub(super) written: usize,
    pub(super) cause: io::Error,
}

impl Sink {
    pub(super) fn open(target: &Target) -> Result<Self, OutputError> {
        match target {
            Target::Stdout => {
                let stdout = io::stdout().as_fd().try_clone_to_owned().map_err(OutputError::Stdout)?;
                Ok(Self::stream(stdout.into()))
            }
            Target::File(path) => match open_file(path) {
                Ok((file, can_cut)) => Ok(Self { file, path: Some(path.clone()), can_cut }),
                Err(cause) => Err(OutputError::open(path.clone(), cause)),
            },
        }
    }

    /// Standard output, or what stands for it in a test.
    pub(super) const fn stream(file: File) -> Self {
        Self { file, path: None, can_cut: false }
    }

    /// Opens the file anew; without effect on standard output.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        if let Some(path) = &self.path {
            (self.file, self.can_cut) = open_file(path)?;
        }
        Ok(())
    }

    /// Whether a closed pipe is the end rather than an outage.
    pub(super) const fn ends_when_closed(&self) -> bool {
        self.path.is_none()
    }

    pub(super) fn name(&self) -> String {
        self.path.as_ref().map_or_else(|| "standard output".to_owned(), |path| path.display().to_string())
    }

    /// Length of the file, to find out later whether somebody else wrote to it.
    pub(super) fn length(&self) -> Option<u64> {
        self.can_cut.then(|| self.file.metadata().ok().map(|metadata| metadata.len()))?
    }

    pub(super) fn write(&mut self, batch: &[u8]) -> Result<(), Broken> {
        let mut written = 0;
        while let Some(rest) = batch.get(written..).filter(|rest| !rest.is_empty()) {
            match self.file.write(rest) {
                Ok(0) => return Err(Broken { written, cause: io::ErrorKind::WriteZero.into() }),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(FULL_PIPE),
                Err(cause) => return Err(Broken { written, cause }),
            }
        }
        Ok(())
    }

    /// Cuts `count` bytes off the end of a file that should be `length` long; `false` if that
    /// cannot be done or somebody else wrote to it.
    pub(super) fn cut(&self, length: Option<u64>, count: usize) -> bool {
        let Some(length) = length.filter(|_| self.length() == length) else { return false };
        length.checked_sub(count as u64).is_some_and(|length| self.file.set_len(length).is_ok())
    }
}

/// Opens a file to append to. A line that an agent left unfinished when it was killed is ended, so
/// that it spoils no other. Also says whether it is a regular file.
fn open_file(path: &Path) -> io::Result<(File, bool)> {
    let mut file = OpenOptions::new().append(true).create(true).mode(0o640).open(path)?;
    let regular = file.metadata()?.is_file();
    if regular && ends_within_a_line(path) {
        file.write_all(b"\n")?;
    }
    Ok((file, regular))
}

fn ends_within_a_line(path: &Path) -> bool {
    let last = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        io::Result::Ok(last)
    };
    last().is_ok_and(|last| last != *b"\n")
}
