mod check;
mod keys;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use rustls::pki_types::ServerName;
use serde::Deserialize;
use ureq::http::Uri;

use super::error::OutputError;
use super::filter::Filter;
use super::format::Format;

pub use check::check;
use keys::Kind;

/// Where `--output` points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output. A reader that goes away ends the output.
    Stdout,
    /// A file, appended to, created with mode 0640. Its directory must exist. A named pipe is written once somebody
    /// reads it.
    File(PathBuf),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("standard output"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// One output: `[[output]]` in the configuration file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "keys::Keys")]
pub struct Config {
    /// Its name in counters and messages, unique. Unless given, that of its kind.
    pub name: String,
    /// The shape of the records.
    pub format: Format,
    /// Where they go.
    pub to: Destination,
    /// Which of them.
    pub filter: Filter,
    /// How much at once, and how long to wait.
    pub limits: Limits,
}

impl From<Target> for Config {
    fn from(target: Target) -> Self {
        let to = match target {
            Target::Stdout => Destination::Stdout,
            Target::File(path) => Destination::File(path),
        };
        Self {
            name: to.kind().to_owned(),
            format: Format::default(),
            to,
            filter: Filter::default(),
            limits: Limits::default(),
        }
    }
}

/// Where records go.
#[derive(Clone, Debug, PartialEq)]
pub enum Destination {
    /// A file or a named pipe.
    File(PathBuf),
    /// Standard output.
    Stdout,
    /// A syslog receiver.
    Syslog(Syslog),
    /// The journal of systemd.
    Journald(Journald),
    /// A socket of this machine.
    Unix(Unix),
    /// A web server.
    Http(Http),
}

impl Destination {
    /// The name of the kind, as in `to`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        let kind = match self {
            Self::File(_) => Kind::File,
            Self::Stdout => Kind::Stdout,
            Self::Syslog(_) => Kind::Syslog,
            Self::Journald(_) => Kind::Journald,
            Self::Unix(_) => Kind::Unix,
            Self::Http(_) => Kind::Http,
        };
        kind.name()
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Stdout => f.write_str("standard output"),
            Self::Syslog(Syslog { address, transport, .. }) => {
                let transport = match transport {
                    Transport::Udp => "UDP",
                    Transport::Tcp => "TCP",
                    Transport::Tls => "TLS",
                };
                write!(f, "syslog at {address} over {transport}")
            }
            Self::Journald(Journald { path, .. }) => write!(f, "the journal at {}", path.display()),
            Self::Unix(Unix { path, .. }) => write!(f, "the socket {}", path.display()),
            Self::Http(http) => f.write_str(&http.shown()),
        }
    }
}

/// A syslog receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syslog {
    /// Host and port.
    pub address: String,
    /// How messages are carried.
    pub transport: Transport,
    /// What kind of program messages come from.
    pub facility: Facility,
    /// APP-NAME of the messages.
    pub app_name: String,
    /// Over TLS: the certificates that are trusted; unless given, those of the system.
    pub ca_file: Option<PathBuf>,
    /// Over TLS: the name that the receiver's certificate must have; unless given, the host of `address`.
    pub server_name: Option<String>,
    /// Over UDP: the longest message in bytes. What is longer is cut.
    pub max_bytes: usize,
}

impl Syslog {
    /// The name that the receiver's certificate must have.
    pub(super) fn server_name(&self) -> Result<ServerName<'static>, OutputError> {
        let host = self.address.rsplit_once(':').map_or(self.address.as_str(), |(host, _)| host);
        let name = self.server_name.as_deref().unwrap_or_else(|| host.trim_matches(['[', ']']));
        ServerName::try_from(name.to_owned()).map_err(|_| {
            OutputError::Config(format!(
                "server-name = \"{name}\" is neither the name of a host nor an address"
            ))
        })
    }
}

/// How syslog messages are carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// One message a datagram, which may be lost (RFC 5426).
    #[default]
    Udp,
    /// A connection, with the length before each message (RFC 6587).
    Tcp,
    /// The same within TLS (RFC 5425).
    Tls,
}

/// Facilities of syslog (RFC 5424, table 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are those of syslog")]
#[repr(u8)]
pub enum Facility {
    User = 1,
    #[default]
    Daemon = 3,
    Auth = 4,
    Authpriv = 10,
    Audit = 13,
    Alert = 14,
    Local0 = 16,
    Local1 = 17,
    Local2 = 18,
    Local3 = 19,
    Local4 = 20,
    Local5 = 21,
    Local6 = 22,
    Local7 = 23,
}

/// The journal of systemd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journald {
    /// The journal's socket.
    pub path: PathBuf,
    /// `SYSLOG_IDENTIFIER` of the entries.
    pub identifier: String,
}

/// A socket of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unix {
    /// The socket.
    pub path: PathBuf,
    /// Its kind.
    pub socket: SocketKind,
}

/// How a socket carries records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SocketKind {
    /// A connection, one record a line.
    #[default]
    Stream,
    /// One record a datagram.
    Datagram,
}

/// A web server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Where records are posted to, http or https.
    pub url: String,
    /// What is in the body of a request.
    pub body: Body,
    /// Headers of each request.
    pub headers: BTreeMap<String, String>,
    /// A file with a token for `Authorization: Bearer`, read anew for each request.
    pub bearer_file: Option<PathBuf>,
    /// The certificates that are trusted; unless given, those of the system.
    pub ca_file: Option<PathBuf>,
}

impl Http {
    /// The URL without user, password and query, which may be secret, for messages.
    pub(super) fn shown(&self) -> String {
        let Ok(url) = self.url.parse::<Uri>() else { return "a URL that is none".to_owned() };
        let host = url.authority().map_or("", |authority| authority.as_str());
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        format!("{}://{host}{}", url.scheme_str().unwrap_or_default(), url.path())
    }
}

/// The body of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// Records, one a line.
    #[default]
    Ndjson,
    /// A JSON array of records.
    Array,
    /// One record.
    Single,
}

/// How much at once, and how long to wait.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Records in one request of `http`, from 1 to 10000.
    pub batch: usize,
    /// How long a receiver may take over a connection, a request or to take what was sent; 1 to 300 seconds.
    pub timeout_seconds: u64,
    /// The longest pause between two attempts at a receiver that is not there, of `syslog`, `journald`, `unix` and
    /// `http`; 1 to 3600 seconds.
    pub retry_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { batch: 500, timeout_seconds: 10, retry_seconds: 60 }
    }
}

impl Limits {
    pub(super) const fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }

    pub(super) const fn retry(&self) -> Duration {
        Duration::from_secs(self.retry_seconds)
    }
}

#[cfg(test)]
mod tests;
