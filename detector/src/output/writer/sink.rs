use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use nix::libc;

use super::{OutputError, Target};

/// How long to wait for a pipe that was set not to block and is full.
const FULL_PIPE: Duration = Duration::from_millis(20);

/// An open target.
pub(super) struct Sink {
    /// `None` while nobody reads the named pipe.
    file: Option<File>,
    target: Target,
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
            Target::File(path) => {
                let mut this = Self { file: None, target: target.clone(), can_cut: false };
                match this.reopen() {
                    Err(cause) if is_unread(&cause) && is_pipe(path) => {
                        tracing::info!("waiting for a reader of {target}");
                    }
                    Err(cause) => return Err(OutputError::open(path.clone(), cause)),
                    Ok(()) => {}
                }
                Ok(this)
            }
        }
    }

    /// Standard output, or what stands for it in a test.
    pub(super) const fn stream(file: File) -> Self {
        Self { file: Some(file), target: Target::Stdout, can_cut: false }
    }

    /// Opens the file anew; without effect on standard output.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        if let Target::File(path) = &self.target {
            let (file, can_cut) = open_file(path)?;
            (self.file, self.can_cut) = (Some(file), can_cut);
        }
        Ok(())
    }

    /// Whether a closed pipe is the end rather than an outage.
    pub(super) fn ends_when_closed(&self) -> bool {
        self.target == Target::Stdout
    }

    pub(super) const fn target(&self) -> &Target {
        &self.target
    }

    /// Length of the file, to find out later whether somebody else wrote to it.
    pub(super) fn length(&self) -> Option<u64> {
        let file = self.file.as_ref().filter(|_| self.can_cut)?;
        file.metadata().ok().map(|metadata| metadata.len())
    }

    pub(super) fn write(&mut self, batch: &[u8]) -> Result<(), Broken> {
        let mut written = 0;
        if self.file.is_none() {
            self.reopen().map_err(|cause| Broken { written, cause: explain(cause) })?;
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        while let Some(rest) = batch.get(written..).filter(|rest| !rest.is_empty()) {
            match file.write(rest) {
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
        length
            .checked_sub(count as u64)
            .is_some_and(|length| self.file.as_ref().is_some_and(|file| file.set_len(length).is_ok()))
    }
}

/// Opens a file to append to. A line that an agent left unfinished when it was killed is ended, so
/// that it spoils no other. Also says whether it is a regular file.
fn open_file(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o640);
    if is_pipe(path) {
        options.custom_flags(libc::O_NONBLOCK);
    }
    let mut file = options.open(path)?;
    let regular = file.metadata()?.is_file();
    if regular && ends_within_a_line(path) {
        file.write_all(b"\n")?;
    }
    Ok((file, regular))
}

fn is_pipe(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}

/// A named pipe that nobody reads.
fn is_unread(cause: &io::Error) -> bool {
    cause.raw_os_error() == Some(libc::ENXIO)
}

fn explain(cause: io::Error) -> io::Error {
    if is_unread(&cause) { io::Error::new(cause.kind(), "nobody reads it") } else { cause }
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
