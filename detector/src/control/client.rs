use std::io::{self, BufRead as _, BufReader, ErrorKind, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::{Answer, Request};

/// How long the agent may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why the agent did not do it.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error(
        "{}: no agent listens here: {cause}; start one whose configuration has this path as `socket` in [control], or name \
         the right one with --socket",
        path.display()
    )]
    Absent {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The user may not.
    #[error("{}: this user may not use the socket; do it as root, or as a member of its group", .0.display())]
    NotPermitted(PathBuf),
    /// The conversation broke off.
    #[error("{}: the agent does not answer: {cause}", path.display())]
    Broken {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// What it says about it.
    #[error("{0}")]
    Refused(String),
}

/// Asks the agent that listens on a socket.
///
/// # Errors
/// It does not answer, or says no.
pub fn ask(path: &Path, request: &Request) -> Result<Value, ClientError> {
    let stream = UnixStream::connect(path).map_err(|cause| match cause.kind() {
        ErrorKind::PermissionDenied => ClientError::NotPermitted(path.to_owned()),
        _ => ClientError::Absent { path: path.to_owned(), cause },
    })?;
    match converse(stream, request) {
        Ok(Answer::Ok(value)) => Ok(value),
        Ok(Answer::Error(error)) => Err(ClientError::Refused(error)),
        Err(cause) => Err(ClientError::Broken { path: path.to_owned(), cause }),
    }
}

fn converse(mut stream: UnixStream, request: &Request) -> io::Result<Answer> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}
