use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use rustls::pki_types::ServerName;
use serde::Deserialize;
use ureq::http::{HeaderName, HeaderValue, Uri};

use super::error::OutputError;
use super::filter::Filter;
use super::format::Format;

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
#[serde(try_from = "Keys")]
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
        match self {
            Self::File(_) => "file",
            Self::Stdout => "stdout",
            Self::Syslog(_) => "syslog",
            Self::Journald(_) => "journald",
            Self::Unix(_) => "unix",
            Self::Http(_) => "http",
        }
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
            Self::Http(Http { url, .. }) => f.write_str(url),
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

/// The names of the kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    File,
    Stdout,
    Syslog,
    Journald,
    Unix,
    Http,
}

/// What may stand in `[[output]]`: the keys of all kinds, so that an error can tell the line that it is in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Keys {
    to: Kind,
    name: Option<String>,
    #[serde(default)]
    format: Format,
    #[serde(default)]
    filter: Filter,
    #[serde(default)]
    limits: Limits,
    path: Option<PathBuf>,
    address: Option<String>,
    transport: Option<Transport>,
    facility: Option<Facility>,
    app_name: Option<String>,
    ca_file: Option<PathBuf>,
    server_name: Option<String>,
    max_bytes: Option<usize>,
    identifier: Option<String>,
    socket: Option<SocketKind>,
    url: Option<String>,
    body: Option<Body>,
    headers: Option<BTreeMap<String, String>>,
    bearer_file: Option<PathBuf>,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Stdout => "stdout",
            Self::Syslog => "syslog",
            Self::Journald => "journald",
            Self::Unix => "unix",
            Self::Http => "http",
        }
    }

    /// The keys that belong to it.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::File => &["path"],
            Self::Stdout => &[],
            Self::Syslog => {
                &["address", "transport", "facility", "app-name", "ca-file", "server-name", "max-bytes"]
            }
            Self::Journald => &["path", "identifier"],
            Self::Unix => &["path", "socket"],
            Self::Http => &["url", "body", "headers", "bearer-file", "ca-file"],
        }
    }
}

/// The longest UDP payload over IPv4.
const LONGEST_DATAGRAM: usize = 65_507;

/// The shortest message that every receiver takes (RFC 5426, section 3.2).
const SHORTEST_DATAGRAM: usize = 480;

/// Where systemd has the journal's socket.
const JOURNAL: &str = "/run/systemd/journal/socket";

impl TryFrom<Keys> for Config {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        let kind = keys.to;
        let name = keys.name.clone().unwrap_or_else(|| kind.name().to_owned());
        let told = |problem: String| format!("output \"{name}\": {problem}");
        keys.check_kind().map_err(told)?;
        let (format, filter, limits) = (keys.format, keys.filter.clone(), keys.limits.clone());
        let to = keys.destination().map_err(told)?;
        let config = Self { format, to, filter, limits, name: name.clone() };
        config.check().map_err(told)?;
        Ok(config)
    }
}

impl Keys {
    /// Keys that belong to other kinds are mistakes.
    fn check_kind(&self) -> Result<(), String> {
        let given = [
            ("path", self.path.is_some()),
            ("address", self.address.is_some()),
            ("transport", self.transport.is_some()),
            ("facility", self.facility.is_some()),
            ("app-name", self.app_name.is_some()),
            ("ca-file", self.ca_file.is_some()),
            ("server-name", self.server_name.is_some()),
            ("max-bytes", self.max_bytes.is_some()),
            ("identifier", self.identifier.is_some()),
            ("socket", self.socket.is_some()),
            ("url", self.url.is_some()),
            ("body", self.body.is_some()),
            ("headers", self.headers.is_some()),
            ("bearer-file", self.bearer_file.is_some()),
        ];
        let known = self.to.keys();
        match given.iter().find(|(key, given)| *given && !known.contains(key)) {
            None => Ok(()),
            Some((key, _)) if known.is_empty() => {
                Err(format!("`{key}` means nothing to to = \"{}\": leave it out", self.to.name()))
            }
            Some((key, _)) => Err(format!(
                "`{key}` means nothing to to = \"{}\", which knows {}",
                self.to.name(),
                known.join(", ")
            )),
        }
    }

    fn destination(self) -> Result<Destination, String> {
        let kind = self.to.name();
        let missing =
            |key: &str, example: &str| format!("to = \"{kind}\" needs `{key}`, as in {key} = \"{example}\"");
        Ok(match self.to {
            Kind::Stdout => Destination::Stdout,
            Kind::File => {
                Destination::File(self.path.ok_or_else(|| missing("path", "/var/log/firedamp/eve.json"))?)
            }
            Kind::Syslog => Destination::Syslog(Syslog {
                address: self.address.ok_or_else(|| missing("address", "siem.example:514"))?,
                transport: self.transport.unwrap_or_default(),
                facility: self.facility.unwrap_or_default(),
                app_name: self.app_name.unwrap_or_else(|| "firedamp".to_owned()),
                ca_file: self.ca_file,
                server_name: self.server_name,
                max_bytes: self.max_bytes.unwrap_or(8192),
            }),
            Kind::Journald => Destination::Journald(Journald {
                path: self.path.unwrap_or_else(|| JOURNAL.into()),
                identifier: self.identifier.unwrap_or_else(|| "firedamp".to_owned()),
            }),
            Kind::Unix => Destination::Unix(Unix {
                path: self.path.ok_or_else(|| missing("path", "/run/siem/records.sock"))?,
                socket: self.socket.unwrap_or_default(),
            }),
            Kind::Http => Destination::Http(Http {
                url: self.url.ok_or_else(|| missing("url", "https://siem.example/records"))?,
                body: self.body.unwrap_or_default(),
                headers: self.headers.unwrap_or_default(),
                bearer_file: self.bearer_file,
                ca_file: self.ca_file,
            }),
        })
    }
}

impl Config {
    fn check(&self) -> Result<(), String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if self.name.is_empty() || self.name.len() > 64 || !self.name.chars().all(plain) {
            return Err("`name` must be 1 to 64 letters, digits, `-`, `_` or `.`".to_owned());
        }
        self.filter.check()?;
        let Limits { batch, timeout_seconds, retry_seconds } = self.limits;
        for (key, value, most) in [
            ("batch", batch as u64, 10_000),
            ("timeout-seconds", timeout_seconds, 300),
            ("retry-seconds", retry_seconds, 3600),
        ] {
            if !(1..=most).contains(&value) {
                return Err(format!("limits.{key} = {value} must be from 1 to {most}"));
            }
        }
        match &self.to {
            Destination::File(_) | Destination::Stdout | Destination::Unix(_) => Ok(()),
            Destination::Syslog(syslog) => syslog.check(),
            Destination::Journald(Journald { identifier, .. }) => {
                if identifier.is_empty() {
                    return Err("`identifier` is empty".to_owned());
                }
                Ok(())
            }
            Destination::Http(http) => http.check(),
        }
    }
}

impl Syslog {
    fn check(&self) -> Result<(), String> {
        let port = self.address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        if port.is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
            return Err(format!(
                "`address` = \"{}\" must be a host and a port, as in siem.example:514 or [2001:db8::1]:514",
                self.address
            ));
        }
        if self.app_name.is_empty()
            || self.app_name.len() > 48
            || !self.app_name.chars().all(|c| c.is_ascii_graphic())
        {
            return Err("`app-name` must be 1 to 48 visible ASCII characters".to_owned());
        }
        if !(SHORTEST_DATAGRAM..=LONGEST_DATAGRAM).contains(&self.max_bytes) {
            return Err(format!(
                "`max-bytes` = {} must be from {SHORTEST_DATAGRAM} to {LONGEST_DATAGRAM}",
                self.max_bytes
            ));
        }
        for (key, given) in [("ca-file", self.ca_file.is_some()), ("server-name", self.server_name.is_some())]
        {
            if given && self.transport != Transport::Tls {
                return Err(format!("`{key}` needs transport = \"tls\""));
            }
        }
        if self.transport == Transport::Tls {
            self.server_name().map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

impl Http {
    fn check(&self) -> Result<(), String> {
        let url = self.url.parse::<Uri>().ok();
        let scheme = url.as_ref().filter(|url| url.host().is_some()).and_then(Uri::scheme_str);
        if !matches!(scheme, Some("http" | "https")) {
            return Err(format!(
                "`url` = \"{}\" must begin with http:// or https:// and name a host",
                self.url
            ));
        }
        if self.ca_file.is_some() && scheme != Some("https") {
            return Err("`ca-file` needs a url that begins with https://".to_owned());
        }
        for (name, value) in &self.headers {
            if name.parse::<HeaderName>().is_err() || value.parse::<HeaderValue>().is_err() {
                return Err(format!("`headers`: \"{name}\" is no header that HTTP allows"));
            }
        }
        if self.bearer_file.is_some()
            && self.headers.keys().any(|name| name.eq_ignore_ascii_case("authorization"))
        {
            return Err("`bearer-file` and a header Authorization exclude each other".to_owned());
        }
        Ok(())
    }
}

/// Checks what only shows when outputs are seen together.
///
/// # Errors
/// Two have the same name, write to the same file, or both to standard output.
pub fn check(configs: &[Config]) -> Result<(), OutputError> {
    let twice = |problem: String| Err(OutputError::Config(problem));
    for (at, config) in configs.iter().enumerate() {
        config
            .check()
            .map_err(|problem| OutputError::Config(format!("output \"{}\": {problem}", config.name)))?;
        for earlier in configs.iter().take(at) {
            if earlier.name == config.name {
                return twice(format!("two outputs have the name \"{}\": give each a `name`", config.name));
            }
            let same = match (&earlier.to, &config.to) {
                (Destination::Stdout, Destination::Stdout) => true,
                (Destination::File(one), Destination::File(other)) => one == other,
                _ => false,
            };
            if same {
                return twice(format!(
                    "outputs \"{}\" and \"{}\" both write to {}",
                    earlier.name, config.name, config.to
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
