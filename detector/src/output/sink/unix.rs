use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

use nix::libc;

use super::backoff::Pace;
use super::pending::Pending;
use super::stream::{Stream, explain};
use super::{LOOK, Sink, Trouble};
use crate::output::config::{Limits, SocketKind, Unix};

/// Bytes sent at once, if as many wait.
const BATCH: usize = 64 * 1024;

enum Socket {
    Stream(Stream),
    Datagram(UnixDatagram),
}

/// A socket of this machine: one record a line, or one a datagram.
pub(crate) struct UnixSink {
    path: PathBuf,
    kind: SocketKind,
    timeout: Duration,
    pace: Pace,
    socket: Option<Socket>,
}

impl UnixSink {
    pub(crate) fn new(config: &Unix, limits: &Limits) -> Self {
        Self {
            path: config.path.clone(),
            kind: config.socket,
            timeout: limits.timeout(),
            pace: Pace::growing(limits.retry()),
            socket: None,
        }
    }

    fn socket(&mut self) -> io::Result<&mut Socket> {
        self.socket.take_if(|socket| match socket {
            Socket::Stream(stream) => !stream.is_alive(),
            Socket::Datagram(_) => false,
        });
        let socket = match (self.socket.take(), self.kind) {
            (Some(socket), _) => socket,
            (None, SocketKind::Stream) => Socket::Stream(Stream::unix(&self.path, self.timeout)?),
            (None, SocketKind::Datagram) => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(&self.path)?;
                socket.set_write_timeout(Some(self.timeout))?;
                Socket::Datagram(socket)
            }
        };
        Ok(self.socket.insert(socket))
    }

    fn send(&mut self, pending: &mut Pending) -> io::Result<()> {
        let timeout = self.timeout;
        match self.socket()? {
            Socket::Stream(stream) => {
                let (mut bytes, mut count) = (Vec::new(), 0);
                for item in pending.batch(BATCH, usize::MAX) {
                    bytes.extend_from_slice(item.text.as_bytes());
                    bytes.push(b'\n');
                    count += 1;
                }
                stream.send(&bytes, timeout)?;
                pending.written(count);
            }
            Socket::Datagram(socket) => {
                let Some(item) = pending.first() else { return Ok(()) };
                match socket.send(item.text.as_bytes()) {
                    Ok(_) => pending.written(1),
                    Err(cause) if cause.raw_os_error() == Some(libc::EMSGSIZE) => {
                        let size = item.text.len();
                        tracing::warn!(
                            "a record of {size} bytes is too long for a datagram to {} and was lost; use socket = \
                             \"stream\"",
                            self.path.display()
                        );
                        pending.lost(1);
                    }
                    Err(cause) => return Err(explain(cause)),
                }
            }
        }
        Ok(())
    }
}

impl Sink for UnixSink {
    fn connect(&mut self) -> Result<bool, Trouble> {
        self.socket()?;
        Ok(true)
    }

    fn deliver(&mut self, pending: &mut Pending) -> Result<(), Trouble> {
        self.send(pending).map_err(|cause| {
            self.socket = None;
            cause.into()
        })
    }

    fn look_after(&self) -> Option<Duration> {
        matches!(self.socket, Some(Socket::Stream(_))).then_some(LOOK)
    }

    fn look(&mut self, _pending: &mut Pending) -> Result<(), Trouble> {
        self.connect().map(drop)
    }

    fn pace(&self) -> Pace {
        self.pace
    }
}
