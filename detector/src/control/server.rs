use std::fs::{self, Permissions};
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};
use nix::sys::stat::{Mode, fchmod};
use nix::unistd::{Gid, Group, Uid, User};
use serde_json::Value;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::{UnixListener, UnixSocket, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::{Answer, Config, Request};

/// The longest request, in bytes.
const LONGEST: u64 = 65_536;

/// Connections at the same time.
const CONNECTIONS: usize = 16;

/// Connections that wait for a place.
const BACKLOG: u32 = 64;

/// How long a client may take.
#[derive(Clone, Copy)]
struct Patience {
    /// To ask, from when it came or was answered.
    ask: Duration,
    /// To take the answer.
    take: Duration,
}

const PATIENCE: Patience = Patience { ask: Duration::from_secs(10), take: Duration::from_secs(30) };

/// A request on its way to the agent.
pub struct Asked {
    /// What.
    pub request: Request,
    /// The user who asks.
    pub by: String,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<Value, String>>,
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// It cannot be made.
    #[error("cannot listen on {}: {cause}; choose a path in a directory that exists and may be written, as `socket` in [control]", path.display())]
    Listen {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Another agent has it.
    #[error("{}: another agent listens here; give each a `socket` of its own in [control]", .0.display())]
    Taken(PathBuf),
    /// There is something else.
    #[error("{} is there and is no socket; choose another path as `socket` in [control]", .0.display())]
    Foreign(PathBuf),
    /// The group cannot be given to it.
    #[error("cannot give {} to the group {group}: {cause}; name a group that exists and that the agent's user is in, as `group` in [control]", path.display())]
    Group {
        /// The socket.
        path: PathBuf,
        /// The group.
        group: String,
        /// What the system said.
        cause: io::Error,
    },
}

/// Listens on the socket, which goes with it.
pub struct Server {
    _file: SocketFile,
    requests: mpsc::Receiver<Asked>,
}

impl Server {
    /// Listens from now on. `None` if there is to be no socket.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub fn start(config: &Config) -> Result<Option<Self>, ServerError> {
        let Some(path) = config.socket.clone() else { return Ok(None) };
        let (listener, file) = listen(&path, config.group.as_deref())?;
        let (sender, requests) = mpsc::channel(1);
        tokio::spawn(serve(listener, sender, PATIENCE));
        tracing::info!("control socket {}", file.path.display());
        Ok(Some(Self { _file: file, requests }))
    }

    /// The next request.
    pub async fn next(&mut self) -> Option<Asked> {
        self.requests.recv().await
    }
}

/// The file of a socket that this process made.
struct SocketFile {
    path: PathBuf,
    /// Its device and number.
    identity: (u64, u64),
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: identity(path)? })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Another agent may have put its own in the place.
        if identity(&self.path).is_ok_and(|now| now == self.identity) {
            // Somebody may have removed it since.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|about| (about.dev(), about.ino()))
}

/// Makes the socket. Nobody can connect before it has its group and mode: it listens only then, and until then its file, which
/// gets the mode that the socket has when it is bound, is for its owner alone.
fn listen(path: &Path, group: Option<&str>) -> Result<(UnixListener, SocketFile), ServerError> {
    let listen = |cause| ServerError::Listen { path: path.to_owned(), cause };
    remove_old(path)?;
    let socket = UnixSocket::new_stream().map_err(listen)?;
    fchmod(socket.as_fd(), Mode::S_IRUSR | Mode::S_IWUSR).map_err(|errno| listen(errno.into()))?;
    socket.bind(path).map_err(listen)?;
    let file = SocketFile::of(path).map_err(listen)?;
    if let Some(group) = group {
        let given = give(path, group);
        given.map_err(|cause| ServerError::Group {
            path: path.to_owned(),
            group: group.to_owned(),
            cause,
        })?;
    }
    let mode = if group.is_some() { 0o660 } else { 0o600 };
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(listen)?;
    Ok((socket.listen(BACKLOG).map_err(listen)?, file))
}

/// Removes what an agent left that was killed, and nothing else.
fn remove_old(path: &Path) -> Result<(), ServerError> {
    let Ok(about) = fs::symlink_metadata(path) else { return Ok(()) };
    if !about.file_type().is_socket() {
        return Err(ServerError::Foreign(path.to_owned()));
    }
    let listen = |cause| ServerError::Listen { path: path.to_owned(), cause };
    match probe(path) {
        Err(Errno::ENOENT) => Ok(()),
        Err(Errno::ECONNREFUSED) => fs::remove_file(path).map_err(listen),
        // An agent that hangs takes no more connections.
        Ok(()) | Err(Errno::EAGAIN) => Err(ServerError::Taken(path.to_owned())),
        Err(error) => Err(listen(error.into())),
    }
}

/// Whether somebody listens. Does not wait for who does.
fn probe(path: &Path) -> nix::Result<()> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    connect(socket.as_raw_fd(), &UnixAddr::new(path)?)
}

fn give(path: &Path, name: &str) -> io::Result<()> {
    let group = Group::from_name(name)?.map(|group| group.gid);
    let number = || name.parse().ok().map(Gid::from_raw);
    let group = group.or_else(number).ok_or_else(|| io::Error::other("there is no such group"))?;
    Ok(nix::unistd::chown(path, None, Some(group))?)
}

async fn serve(listener: UnixListener, sender: mpsc::Sender<Asked>, patience: Patience) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    while let Ok(place) = Arc::clone(&room).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let sender = sender.clone();
                tokio::spawn(async move {
                    if let Err(error) = answer(stream, sender, patience).await {
                        tracing::debug!("control socket: {error}");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!("control socket: {error}");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn answer(mut stream: UnixStream, sender: mpsc::Sender<Asked>, patience: Patience) -> io::Result<()> {
    let peer = stream.peer_cred().map(|peer| peer.uid());
    // Names of users may come from another machine.
    let by = match peer {
        Ok(uid) => spawn_blocking(move || user(Uid::from_raw(uid))).await.map_err(io::Error::other)?,
        Err(_) => "unknown".to_owned(),
    };
    let (reader, mut writer) = stream.split();
    let mut lines = BufReader::new(reader);
    loop {
        let line = timeout(patience.ask, request(&mut lines)).await.map_err(io::Error::other)??;
        let (answer, goes_on) = match line {
            Line::End => return Ok(()),
            // What follows is its rest, and no request.
            Line::Long => (Answer::Error(format!("a request has at most {LONGEST} bytes")), false),
            Line::Whole(line) => (done(&line, &by, &sender).await, true),
        };
        timeout(patience.take, write(&mut writer, &answer)).await.map_err(io::Error::other)??;
        if !goes_on {
            return Ok(());
        }
    }
}

/// What a client sends.
enum Line {
    Whole(Vec<u8>),
    Long,
    End,
}

async fn request(lines: &mut BufReader<impl AsyncRead + Unpin>) -> io::Result<Line> {
    let mut line = Vec::new();
    let read = lines.take(LONGEST).read_until(b'\n', &mut line).await?;
    Ok(match line.last() {
        None => Line::End,
        Some(b'\n') => Line::Whole(line),
        Some(_) if read as u64 >= LONGEST => Line::Long,
        Some(_) => Line::Whole(line),
    })
}

async fn done(line: &[u8], by: &str, sender: &mpsc::Sender<Asked>) -> Answer {
    let request = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => return Answer::Error(format!("cannot understand the request: {error}")),
    };
    let gone = || Answer::Error("the agent ends".to_owned());
    let (answer, answered) = oneshot::channel();
    if sender.send(Asked { request, by: by.to_owned(), answer }).await.is_err() {
        return gone();
    }
    answered.await.map_or_else(|_| gone(), |it| it.map_or_else(Answer::Error, Answer::Ok))
}

async fn write(writer: &mut (impl AsyncWrite + Unpin), answer: &Answer) -> io::Result<()> {
    let mut text = serde_json::to_vec(answer)?;
    text.push(b'\n');
    writer.write_all(&text).await
}

/// The name of a user, or the number if it has none.
fn user(uid: Uid) -> String {
    User::from_uid(uid).ok().flatten().map_or_else(|| format!("uid {uid}"), |user| user.name)
}

#[cfg(test)]
mod tests;
