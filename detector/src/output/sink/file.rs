use std::collections::{HashSet, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::fd::{AsFd, AsRawFd as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::backoff::Pace;
use super::pending::{Item, Pending};
use super::{LOOK, Sink, Trouble, tail};
use crate::output::config::Target;
use crate::output::error::OutputError;
use crate::output::meter::Meter;

/// Bytes written at once, if as many wait.
const BATCH: usize = 256 * 1024;

/// How often a wait for a full pipe is broken off to see whether it is still wanted, in milliseconds.
const SLICE: u16 = 1_000;

nix::ioctl_read_bad!(
    /// How many bytes of a pipe nobody has read yet.
    unread, libc::FIONREAD, libc::c_int
);

/// A file, a named pipe, or standard output: one record a line, each batch in one system call without buffering behind
/// it, so that a reader sees a record at once and never half of one.
pub(crate) struct FileSink {
    /// `None` while nobody reads the named pipe.
    file: Option<File>,
    target: Target,
    /// A broken line can be cut off again.
    can_cut: bool,
    /// What is appended begins a line. Another output, which this one replaces, may write until the first record comes.
    at_line: bool,
    /// Bytes of the first waiting line that were written and could not be cut off again.
    begun: usize,
    /// Of a named pipe: what was written last, as much as the pipe holds at least.
    recent: VecDeque<Item>,
    recent_bytes: usize,
    capacity: usize,
}

/// A write that did not come to its end.
struct Broken {
    /// Bytes of the batch that were written before.
    written: usize,
    cause: io::Error,
}

impl FileSink {
    pub(crate) fn open(target: &Target) -> Result<Self, OutputError> {
        match target {
            Target::Stdout => {
                let stdout = io::stdout().as_fd().try_clone_to_owned().map_err(OutputError::Stdout)?;
                Ok(Self::stream(stdout.into()))
            }
            Target::File(path) => {
                let mut this = Self::closed(target.clone());
                match this.open_path() {
                    Err(cause) if is_unread(&cause) && is_pipe(path) => {}
                    Err(cause) => return Err(OutputError::open(path.clone(), cause)),
                    Ok(()) => {}
                }
                Ok(this)
            }
        }
    }

    /// Standard output, or what stands for it in a test.
    pub(crate) fn stream(file: File) -> Self {
        Self { file: Some(file), ..Self::closed(Target::Stdout) }
    }

    const fn closed(target: Target) -> Self {
        Self {
            file: None,
            target,
            can_cut: false,
            at_line: false,
            begun: 0,
            recent: VecDeque::new(),
            recent_bytes: 0,
            capacity: 0,
        }
    }

    /// Length of the file, to find out later whether somebody else wrote to it.
    fn length(&self) -> Option<u64> {
        let file = self.file.as_ref().filter(|_| self.can_cut)?;
        file.metadata().ok().map(|metadata| metadata.len())
    }

    fn write(&mut self, batch: &[u8], meter: &Meter) -> Result<(), Broken> {
        let mut written = 0;
        let Some(file) = &mut self.file else { return Ok(()) };
        while let Some(rest) = batch.get(written..).filter(|rest| !rest.is_empty()) {
            match file.write(rest) {
                Ok(0) => return Err(Broken { written, cause: io::ErrorKind::WriteZero.into() }),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    poll_for(file, PollFlags::POLLOUT, SLICE);
                    if Meter::is(&meter.stop) {
                        return Err(Broken { written, cause: error });
                    }
                }
                Err(cause) => return Err(Broken { written, cause }),
            }
        }
        Ok(())
    }

    /// Cuts `count` bytes off the end of a file that should be `length` long; `false` if that
    /// cannot be done or somebody else wrote to it.
    fn cut(&self, length: Option<u64>, count: usize) -> bool {
        let Some(length) = length.filter(|_| self.length() == length) else { return false };
        length
            .checked_sub(count as u64)
            .is_some_and(|length| self.file.as_ref().is_some_and(|file| file.set_len(length).is_ok()))
    }

    /// After a write that broke off: forgets the lines that were written whole, and cuts off the
    /// line it broke off in. Where that is not possible, as in a pipe, its rest is written later.
    fn settle(&mut self, pending: &mut Pending, length: Option<u64>, written: usize) {
        let mut begun = self.begun + written;
        let mut lines = 0;
        for item in pending.iter() {
            let Some(rest) = begun.checked_sub(item.text.len() + 1) else { break };
            begun = rest;
            lines += 1;
        }
        self.keep(pending.take_written(lines));
        let length = length.map(|length| length + written as u64);
        self.begun = if begun > 0 && self.cut(length, begun) { 0 } else { begun };
    }

    /// Keeps what a named pipe may still hold.
    fn keep(&mut self, written: impl Iterator<Item = Item>) {
        for item in written.filter(|_| self.capacity > 0) {
            self.recent_bytes += item.text.len() + 1;
            self.recent.push_back(item);
        }
        while let Some(first) = self.recent.front().map(|item| item.text.len() + 1)
            && self.recent_bytes - first >= self.capacity
        {
            self.recent.pop_front();
            self.recent_bytes -= first;
        }
    }

    /// The reader of a named pipe went away: what it did not read, the record it broke off in included, is for the next.
    /// The pipe is closed, because what is in it would be read by the next reader from where this one stopped.
    fn rewind(&mut self, pending: &mut Pending) {
        let Some(file) = self.file.take() else { return };
        let mut left: libc::c_int = 0;
        // SAFETY: the descriptor is open, and `left` is the integer that FIONREAD writes.
        let known = unsafe { unread(file.as_raw_fd(), &raw mut left) }.is_ok();
        let left = if known { usize::try_from(left).unwrap_or_default() } else { self.recent_bytes };
        let mut left = left.saturating_sub(self.begun);
        while left > 0
            && let Some(item) = self.recent.pop_back()
        {
            left = left.saturating_sub(item.text.len() + 1);
            pending.put_back(item);
        }
        self.begun = 0;
        self.recent.clear();
        self.recent_bytes = 0;
    }

    /// Opens the file; without effect on standard output and on a pipe that is read.
    fn open_path(&mut self) -> io::Result<()> {
        if let Target::File(path) = &self.target {
            if self.capacity > 0 && self.file.is_some() && is_pipe(path) {
                return Ok(());
            }
            let opened = open_file(path)?;
            self.can_cut = opened.metadata()?.is_file();
            self.capacity = capacity(&opened);
            self.file = Some(opened);
            self.at_line = false;
            self.begun = 0;
        }
        Ok(())
    }

    fn open_again(&mut self) -> Result<(), Trouble> {
        if self.file.is_none() {
            self.open_path()
                .map_err(|cause| if is_unread(&cause) { Trouble::Unread } else { cause.into() })?;
        }
        if !self.at_line {
            self.end_line()?;
            self.at_line = true;
        }
        Ok(())
    }

    /// Ends a line that an agent left unfinished when it was killed, so that it spoils no other.
    fn end_line(&mut self) -> io::Result<()> {
        match (&self.target, &mut self.file) {
            (Target::File(path), Some(file)) if self.can_cut && ends_within_a_line(path) => {
                file.write_all(b"\n")
            }
            _ => Ok(()),
        }
    }
}

impl Sink for FileSink {
    fn connect(&mut self) -> Result<bool, Trouble> {
        self.open_again().map(|()| true)
    }

    fn deliver(&mut self, pending: &mut Pending) -> Result<(), Trouble> {
        self.open_again()?;
        let mut batch = Vec::new();
        let mut lines = 0;
        for item in pending.batch(BATCH, usize::MAX) {
            batch.extend_from_slice(item.text.as_bytes());
            batch.push(b'\n');
            lines += 1;
        }
        let length = self.length();
        let rest = batch.get(self.begun..).unwrap_or_default();
        match self.write(rest, pending.meter()) {
            Ok(()) => {
                self.begun = 0;
                self.keep(pending.take_written(lines));
                Ok(())
            }
            Err(Broken { written, cause }) => {
                self.settle(pending, length, written);
                if cause.kind() != io::ErrorKind::BrokenPipe {
                    return Err(cause.into());
                }
                if self.target == Target::Stdout {
                    return Err(Trouble::Closed);
                }
                self.rewind(pending);
                Err(Trouble::Unread)
            }
        }
    }

    fn reopen(&mut self) -> io::Result<()> {
        match self.open_path() {
            // A named pipe is waited for when there is something to write.
            Err(cause) if is_unread(&cause) => Ok(()),
            opened => opened,
        }
    }

    fn look_after(&self) -> Option<Duration> {
        (self.capacity > 0 && self.file.is_some()).then_some(LOOK)
    }

    fn look(&mut self, pending: &mut Pending) -> Result<(), Trouble> {
        let gone = |file: &File| poll_for(file, PollFlags::empty(), 0).contains(PollFlags::POLLERR);
        if self.capacity > 0 && self.file.as_ref().is_some_and(gone) {
            self.rewind(pending);
        }
        Ok(())
    }

    fn already(&self) -> HashSet<String> {
        let Target::File(path) = &self.target else { return HashSet::new() };
        if !self.can_cut {
            return HashSet::new();
        }
        tail::records(path).unwrap_or_else(|cause| {
            tracing::warn!(
                "cannot read {} to see which records it has: {cause}; some may be written twice",
                path.display()
            );
            HashSet::new()
        })
    }

    fn pace(&self) -> Pace {
        Pace::STEADY
    }
}

/// Waits, and says what is the case.
fn poll_for(file: &File, wanted: PollFlags, milliseconds: u16) -> PollFlags {
    let mut entries = [PollFd::new(file.as_fd(), wanted)];
    let _ = poll(&mut entries, PollTimeout::from(milliseconds));
    let [entry] = entries;
    entry.revents().unwrap_or(PollFlags::empty())
}

/// Opens a file to append to.
fn open_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o640);
    if is_pipe(path) {
        options.custom_flags(libc::O_NONBLOCK);
    }
    options.open(path)
}

/// How many bytes a pipe holds; none for anything else.
fn capacity(file: &File) -> usize {
    nix::fcntl::fcntl(file, nix::fcntl::FcntlArg::F_GETPIPE_SZ)
        .map_or(0, |size| usize::try_from(size).unwrap_or_default())
}

fn is_pipe(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}

/// A named pipe that nobody reads.
fn is_unread(cause: &io::Error) -> bool {
    cause.raw_os_error() == Some(libc::ENXIO)
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
