use std::fmt::Write as _;
use std::io;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde_json::Value;

use super::backoff::Pace;
use super::pending::{Item, Pending};
use super::stream::{Stream, udp};
use super::{LOOK, Sink, Trouble, tls};
use crate::output::config::{Facility, Limits, Syslog, Transport};
use crate::output::error::OutputError;
use crate::output::meter::add;

/// Bytes sent at once over a connection, if as many wait.
const BATCH: usize = 64 * 1024;

/// Names a block of structured data that no authority has registered. The number is the one that RFC 5612 keeps for
/// documents: the product has none of its own.
const STRUCTURED_DATA: &str = "firedamp@32473";

/// Parameters of the structured data, and where a record has them.
const PARAMETERS: [(&str, &str); 7] = [
    ("case_id", "/mining/case_id"),
    ("record", "/mining/record"),
    ("reason", "/mining/reason"),
    ("verdict", "/mining/verdict"),
    ("protocol", "/mining/protocol"),
    ("miner", "/mining/miner_ip"),
    ("pool", "/mining/pool_ip"),
];

/// Severities of RFC 5424.
const ERROR: u8 = 3;
const WARNING: u8 = 4;
const NOTICE: u8 = 5;
const INFORMATIONAL: u8 = 6;

enum Connection {
    Datagrams(UdpSocket),
    Stream(Stream),
}

/// What a connection over TLS needs.
struct Secured {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    ca_file: Option<PathBuf>,
}

/// A syslog receiver: RFC 5424 messages over UDP (RFC 5426), over TCP with the length before each (RFC 6587), or over
/// TLS (RFC 5425).
pub(crate) struct SyslogSink {
    address: String,
    transport: Transport,
    tls: Option<Secured>,
    facility: Facility,
    host: String,
    app_name: String,
    max_bytes: usize,
    timeout: Duration,
    pace: Pace,
    connection: Option<Connection>,
}

impl SyslogSink {
    pub(crate) fn new(config: &Syslog, limits: &Limits) -> Result<Self, OutputError> {
        let tls = if config.transport == Transport::Tls {
            let ca_file = config.ca_file.clone();
            Some(Secured { config: tls::client(ca_file.as_deref())?, name: config.server_name()?, ca_file })
        } else {
            None
        };
        Ok(Self {
            address: config.address.clone(),
            transport: config.transport,
            tls,
            facility: config.facility,
            host: host_name(),
            app_name: config.app_name.clone(),
            max_bytes: config.max_bytes,
            timeout: limits.timeout(),
            pace: Pace::growing(limits.retry()),
            connection: None,
        })
    }

    fn connection(&mut self) -> io::Result<&mut Connection> {
        self.connection.take_if(|connection| match connection {
            Connection::Stream(stream) => !stream.is_alive(),
            Connection::Datagrams(_) => false,
        });
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.open()?,
        };
        Ok(self.connection.insert(connection))
    }

    fn open(&self) -> io::Result<Connection> {
        Ok(match (&self.tls, self.transport) {
            (Some(Secured { config, name, .. }), _) => {
                Connection::Stream(Stream::tls(&self.address, name.clone(), config, self.timeout)?)
            }
            (None, Transport::Udp) => Connection::Datagrams(udp(&self.address)?),
            (None, _) => Connection::Stream(Stream::tcp(&self.address, self.timeout)?),
        })
    }

    fn send(&mut self, pending: &mut Pending) -> io::Result<()> {
        if self.transport == Transport::Udp {
            return self.send_datagram(pending);
        }
        let (mut bytes, mut count) = (String::new(), 0);
        for item in pending.batch(BATCH, usize::MAX) {
            let message = self.message(item);
            let _ = write!(bytes, "{} {message}", message.len());
            count += 1;
        }
        let timeout = self.timeout;
        let Connection::Stream(stream) = self.connection()? else { return Ok(()) };
        stream.send(bytes.as_bytes(), timeout)?;
        pending.written(count);
        Ok(())
    }

    fn send_datagram(&mut self, pending: &mut Pending) -> io::Result<()> {
        let Some(mut message) = pending.first().map(|item| self.message(item)) else { return Ok(()) };
        let whole = message.len();
        message.truncate(message.floor_char_boundary(self.max_bytes));
        let Connection::Datagrams(socket) = self.connection()? else { return Ok(()) };
        socket.send(message.as_bytes())?;
        // On this machine, a receiver that is not there says so at once.
        if let Some(refused) = socket.take_error()? {
            return Err(refused);
        }
        add(&pending.meter().cut, usize::from(message.len() < whole));
        pending.written(1);
        Ok(())
    }

    fn message(&self, item: &Item) -> String {
        let eve = item.eve.as_deref().unwrap_or(&Value::Null);
        let priority = self.facility as u8 * 8 + severity(eve);
        let kind = eve.get("event_type").and_then(Value::as_str).unwrap_or("-");
        let (time, host, app, process) = (time(eve), &self.host, &self.app_name, std::process::id());
        let data = structured_data(eve);
        format!("<{priority}>1 {time} {host} {app} {process} {kind} {data} {}", item.text)
    }
}

/// How severe a record is: alerts by the severity of their signature, 1 to 3, what concerns the
/// agent by its level, counters informational.
pub(super) fn severity(eve: &Value) -> u8 {
    match eve.pointer("/alert/severity").and_then(Value::as_u64) {
        Some(1) => ERROR,
        Some(2) => WARNING,
        Some(_) => NOTICE,
        None => match eve.get("log_level").and_then(Value::as_str) {
            Some("Error") => ERROR,
            Some("Warning") => WARNING,
            Some(_) => NOTICE,
            None => INFORMATIONAL,
        },
    }
}

/// The time of an EVE record as RFC 5424 wants it.
fn time(eve: &Value) -> String {
    let parsed = eve
        .get("timestamp")
        .and_then(Value::as_str)
        .and_then(|text| strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text).ok()?.to_timestamp().ok());
    let time = parsed.unwrap_or_else(Timestamp::now);
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

fn structured_data(eve: &Value) -> String {
    let mut data = format!("[{STRUCTURED_DATA}");
    let empty = data.len();
    for (name, pointer) in PARAMETERS {
        let value = match eve.pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(value @ Value::Number(_)) => value.to_string(),
            _ => continue,
        };
        let _ = write!(data, " {name}=\"");
        for character in value.chars() {
            if matches!(character, '"' | '\\' | ']') {
                data.push('\\');
            }
            data.push(character);
        }
        data.push('"');
    }
    if data.len() == empty { "-".to_owned() } else { data + "]" }
}

/// The name of this host, in the characters that RFC 5424 allows.
fn host_name() -> String {
    let name = nix::sys::utsname::uname().ok();
    let name = name.and_then(|name| name.nodename().to_str().map(str::to_owned)).unwrap_or_default();
    let name: String = name.chars().filter(char::is_ascii_graphic).take(255).collect();
    if name.is_empty() { "-".to_owned() } else { name }
}

impl Sink for SyslogSink {
    fn connect(&mut self) -> Result<bool, Trouble> {
        let datagrams = matches!(self.connection()?, Connection::Datagrams(_));
        Ok(!datagrams)
    }

    fn deliver(&mut self, pending: &mut Pending) -> Result<(), Trouble> {
        self.send(pending).map_err(|cause| {
            self.connection = None;
            cause.into()
        })
    }

    /// A connection that is there stays; the next one has to satisfy the new certificates.
    fn reopen(&mut self) -> io::Result<()> {
        if let Some(Secured { config, ca_file, .. }) = &mut self.tls {
            *config = tls::client(ca_file.as_deref()).map_err(io::Error::other)?;
        }
        Ok(())
    }

    fn look_after(&self) -> Option<Duration> {
        matches!(self.connection, Some(Connection::Stream(_))).then_some(LOOK)
    }

    fn look(&mut self, _pending: &mut Pending) -> Result<(), Trouble> {
        self.connect().map(drop)
    }

    fn reads_records(&self) -> bool {
        true
    }

    fn pace(&self) -> Pace {
        self.pace
    }
}
