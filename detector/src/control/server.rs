use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream as Probe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::unistd::{Gid, Group, Uid, User};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use super::{Answer, Config, Request};

/// The longest request, in bytes.
const LONGEST: u64 = 65_536;

/// Connections at the same time.
const CONNECTIONS: usize = 16;

/// How long a client may take to ask.
const PATIENCE: Duration = Duration::from_secs(30);

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
    path: PathBuf,
    requests: mpsc::Receiver<Asked>,
}

impl Server {
    /// Listens from now on. `None` if there is to be no socket.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub fn start(config: &Config) -> Result<Option<Self>, ServerError> {
        let Some(path) = config.socket.clone() else { return Ok(None) };
        let listen = |cause| ServerError::Listen { path: path.clone(), cause };
        remove_old(&path)?;
        let listener = UnixListener::bind(&path).map_err(listen)?;
        let mode = if config.group.is_some() { 0o660 } else { 0o600 };
        fs::set_permissions(&path, Permissions::from_mode(mode)).map_err(listen)?;
        if let Some(group) = &config.group {
            give(&path, group).map_err(|cause| ServerError::Group {
                path: path.clone(),
                group: group.clone(),
                cause,
            })?;
        }
        let (sender, requests) = mpsc::channel(1);
        tokio::spawn(serve(listener, sender));
        tracing::info!("control socket {}", path.display());
        Ok(Some(Self { path, requests }))
    }

    /// The next request.
    pub async fn next(&mut self) -> Option<Asked> {
        self.requests.recv().await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Somebody may have removed it.
        let _ = fs::remove_file(&self.path);
    }
}

/// What an agent left that was killed.
fn remove_old(path: &Path) -> Result<(), ServerError> {
    let Ok(about) = fs::symlink_metadata(path) else { return Ok(()) };
    if !about.file_type().is_socket() {
        return Err(ServerError::Foreign(path.to_owned()));
    }
    if Probe::connect(path).is_ok() {
        return Err(ServerError::Taken(path.to_owned()));
    }
    fs::remove_file(path).map_err(|cause| ServerError::Listen { path: path.to_owned(), cause })
}

fn give(path: &Path, name: &str) -> io::Result<()> {
    let group = Group::from_name(name)?.map(|group| group.gid);
    let number = || name.parse().ok().map(Gid::from_raw);
    let group = group.or_else(number).ok_or_else(|| io::Error::other("there is no such group"))?;
    Ok(nix::unistd::chown(path, None, Some(group))?)
}

async fn serve(listener: UnixListener, sender: mpsc::Sender<Asked>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    while let Ok(place) = Arc::clone(&room).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let sender = sender.clone();
                tokio::spawn(async move {
                    if let Err(error) = answer(stream, sender).await {
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

async fn answer(mut stream: UnixStream, sender: mpsc::Sender<Asked>) -> io::Result<()> {
    let by = user(&stream);
    let (reader, mut writer) = stream.split();
    let mut lines = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = (&mut lines).take(LONGEST);
        let read = timeout(PATIENCE, limited.read_until(b'\n', &mut line)).await;
        if read.map_err(io::Error::other)?? == 0 {
            return Ok(());
        }
        let answer = match serde_json::from_slice(&line) {
            Err(error) => Answer::Error(format!("cannot understand the request: {error}")),
            Ok(request) => {
                let (answer, answered) = oneshot::channel();
                let gone = || Answer::Error("the agent ends".to_owned());
                match sender.send(Asked { request, by: by.clone(), answer }).await {
                    Ok(()) => {
                        answered.await.map_or_else(|_| gone(), |it| it.map_or_else(Answer::Error, Answer::Ok))
                    }
                    Err(_) => gone(),
                }
            }
        };
        let mut text = serde_json::to_vec(&answer)?;
        text.push(b'\n');
        writer.write_all(&text).await?;
    }
}

/// Who is at the other end, as the kernel tells.
fn user(stream: &UnixStream) -> String {
    let Ok(peer) = stream.peer_cred() else { return "unknown".to_owned() };
    let uid = Uid::from_raw(peer.uid());
    User::from_uid(uid).ok().flatten().map_or_else(|| format!("uid {uid}"), |user| user.name)
}
