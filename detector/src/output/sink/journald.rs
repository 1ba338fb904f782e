use std::fs::File;
use std::io::{self, IoSlice, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::libc;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::socket::{ControlMessage, MsgFlags, UnixAddr, sendmsg};
use serde_json::Value;

use super::backoff::Pace;
use super::pending::{Item, Pending};
use super::stream::explain;
use super::syslog::severity;
use super::{Sink, Trouble};
use crate::output::config::{Journald, Limits};

/// Fields of the journal, and where a record has them.
const FIELDS: [(&str, &str); 10] = [
    ("FIREDAMP_EVENT", "/event_type"),
    ("FIREDAMP_CASE", "/mining/case_id"),
    ("FIREDAMP_RECORD", "/mining/record"),
    ("FIREDAMP_REASON", "/mining/reason"),
    ("FIREDAMP_VERDICT", "/mining/verdict"),
    ("FIREDAMP_STAGE", "/mining/stage"),
    ("FIREDAMP_PROTOCOL", "/mining/protocol"),
    ("FIREDAMP_COIN", "/mining/coin"),
    ("FIREDAMP_MINER", "/mining/miner_ip"),
    ("FIREDAMP_POOL", "/mining/pool_ip"),
];

/// The journal of systemd, by its native protocol: one record a datagram, or, if it is too long for one, in memory that
/// the datagram hands over.
pub(crate) struct JournaldSink {
    path: PathBuf,
    identifier: String,
    timeout: std::time::Duration,
    pace: Pace,
    socket: Option<UnixDatagram>,
}

impl JournaldSink {
    pub(crate) fn new(config: &Journald, limits: &Limits) -> Self {
        Self {
            path: config.path.clone(),
            identifier: config.identifier.clone(),
            timeout: limits.timeout(),
            pace: Pace::growing(limits.retry()),
            socket: None,
        }
    }

    fn socket(&mut self) -> io::Result<&UnixDatagram> {
        let socket = if let Some(socket) = self.socket.take() {
            socket
        } else {
            let socket = UnixDatagram::unbound()?;
            socket.connect(&self.path)?;
            socket.set_write_timeout(Some(self.timeout))?;
            socket
        };
        Ok(self.socket.insert(socket))
    }

    fn send(&mut self, pending: &mut Pending) -> io::Result<()> {
        let Some(item) = pending.first() else { return Ok(()) };
        let entry = entry(item, &self.identifier);
        let socket = self.socket()?;
        match socket.send(&entry) {
            Ok(_) => {}
            Err(cause) if cause.raw_os_error() == Some(libc::EMSGSIZE) => hand_over(socket, &entry)?,
            Err(cause) => return Err(explain(cause)),
        }
        pending.written(1);
        Ok(())
    }
}

/// A record in the journal's native form.
fn entry(item: &Item, identifier: &str) -> Vec<u8> {
    let mut entry = Vec::with_capacity(item.text.len() + 512);
    field(&mut entry, "MESSAGE", &item.text);
    field(&mut entry, "SYSLOG_IDENTIFIER", identifier);
    let eve = item.eve.as_deref().unwrap_or(&Value::Null);
    field(&mut entry, "PRIORITY", &severity(eve).to_string());
    for (name, pointer) in FIELDS {
        match eve.pointer(pointer) {
            Some(Value::String(text)) => field(&mut entry, name, text),
            Some(value @ Value::Number(_)) => field(&mut entry, name, &value.to_string()),
            _ => {}
        }
    }
    entry
}

/// `NAME=value`, or, if the value has line feeds, the name, its length as 64 bits little-endian, and the value.
fn field(entry: &mut Vec<u8>, name: &str, value: &str) {
    entry.extend_from_slice(name.as_bytes());
    if value.contains('\n') {
        entry.push(b'\n');
        entry.extend_from_slice(&(value.len() as u64).to_le_bytes());
    } else {
        entry.push(b'=');
    }
    entry.extend_from_slice(value.as_bytes());
    entry.push(b'\n');
}

/// Hands an entry over in sealed memory.
fn hand_over(socket: &UnixDatagram, entry: &[u8]) -> io::Result<()> {
    let memory = memfd_create(c"firedamp", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?;
    let mut memory = File::from(memory);
    memory.write_all(entry)?;
    fcntl(&memory, FcntlArg::F_ADD_SEALS(SealFlag::all()))?;
    let descriptors = [memory.as_raw_fd()];
    let control = [ControlMessage::ScmRights(&descriptors)];
    sendmsg::<UnixAddr>(socket.as_raw_fd(), &[IoSlice::new(&[])], &control, MsgFlags::empty(), None)?;
    Ok(())
}

impl Sink for JournaldSink {
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

    fn reads_records(&self) -> bool {
        true
    }

    fn pace(&self) -> Pace {
        self.pace
    }
}
