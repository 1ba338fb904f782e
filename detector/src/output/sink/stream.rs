use std::io::{self, Read, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _, UdpSocket};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

nix::ioctl_read_bad!(
    /// How many bytes of a socket the other side has not taken yet.
    untaken, libc::TIOCOUTQ, libc::c_int
);

/// The longest nap between two looks at whether the other side took all.
const NAP: Duration = Duration::from_millis(50);

/// A connection that carries bytes in order.
pub(super) enum Stream {
    Tcp(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
    Unix(UnixStream),
}

/// Connects to a host and port, trying each of the host's addresses.
fn tcp(address: &str, timeout: Duration) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for candidate in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&candidate, timeout) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(timeout))?;
                stream.set_write_timeout(Some(timeout))?;
                return Ok(stream);
            }
            Err(cause) => failed = cause,
        }
    }
    Err(failed)
}

/// A socket for datagrams to a host and port.
pub(super) fn udp(address: &str) -> io::Result<UdpSocket> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for candidate in address.to_socket_addrs()? {
        let own = if candidate.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        match UdpSocket::bind(own).and_then(|socket| socket.connect(candidate).map(|()| socket)) {
            Ok(socket) => return Ok(socket),
            Err(cause) => failed = cause,
        }
    }
    Err(failed)
}

impl Stream {
    pub(super) fn tcp(address: &str, timeout: Duration) -> io::Result<Self> {
        tcp(address, timeout).map(Self::Tcp)
    }

    pub(super) fn tls(
        address: &str,
        name: ServerName<'static>,
        config: &Arc<ClientConfig>,
        timeout: Duration,
    ) -> io::Result<Self> {
        let mut socket = tcp(address, timeout)?;
        let mut connection = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut socket)?;
        }
        Ok(Self::Tls(Box::new(StreamOwned::new(connection, socket))))
    }

    pub(super) fn unix(path: &Path, timeout: Duration) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_write_timeout(Some(timeout))?;
        Ok(Self::Unix(stream))
    }

    /// Sends all and waits until the other side has taken it: a local reader, or the system of a remote one. What is
    /// lost on the way when a connection breaks is thereby known; what a remote program leaves unread is not.
    pub(super) fn send(&mut self, bytes: &[u8], timeout: Duration) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes),
            Self::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
            Self::Unix(stream) => stream.write_all(bytes),
        }
        .map_err(explain)?;
        let start = Instant::now();
        let mut nap = Duration::from_millis(1);
        loop {
            let left = left(self.socket())?;
            if has_broken(self.socket()) {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            if left == 0 {
                return Ok(());
            }
            if start.elapsed() >= timeout {
                return Err(stalled());
            }
            std::thread::sleep(nap);
            nap = (nap * 2).min(NAP);
        }
    }

    /// Whether the other side is there still. What it sends is of no interest.
    pub(super) fn is_alive(&mut self) -> bool {
        let look = |this: &mut Self| {
            this.set_nonblocking(true)?;
            let ended = match this {
                Self::Tcp(stream) => discard(stream),
                Self::Tls(stream) => discard(stream.as_mut()),
                Self::Unix(stream) => discard(stream),
            };
            this.set_nonblocking(false)?;
            ended
        };
        look(self).is_ok() && !has_broken(self.socket())
    }

    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_nonblocking(nonblocking),
            Self::Tls(stream) => stream.sock.set_nonblocking(nonblocking),
            Self::Unix(stream) => stream.set_nonblocking(nonblocking),
        }
    }

    fn socket(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Tls(stream) => stream.sock.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Self::Tls(stream) = self {
            // The receiver is told that nothing was cut off.
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    }
}

/// Reads what is there and forgets it; an error if no more will come.
fn discard(stream: &mut impl Read) -> io::Result<()> {
    let mut bytes = [0; 1024];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return Err(io::ErrorKind::ConnectionReset.into()),
            Ok(_) => {}
            Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
}

fn left(socket: BorrowedFd<'_>) -> io::Result<libc::c_int> {
    let mut left: libc::c_int = 0;
    // SAFETY: the descriptor is open, and `left` is the integer that TIOCOUTQ writes.
    unsafe { untaken(socket.as_raw_fd(), &raw mut left) }?;
    Ok(left)
}

fn has_broken(socket: BorrowedFd<'_>) -> bool {
    let mut entries = [PollFd::new(socket, PollFlags::empty())];
    let _ = poll(&mut entries, PollTimeout::ZERO);
    let [entry] = entries;
    entry.revents().is_some_and(|events| events.intersects(PollFlags::POLLERR | PollFlags::POLLHUP))
}

/// A write that ran into its time limit says only that it would have to wait.
pub(super) fn explain(cause: io::Error) -> io::Error {
    if cause.kind() == io::ErrorKind::WouldBlock { stalled() } else { cause }
}

fn stalled() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the receiver takes nothing")
}
