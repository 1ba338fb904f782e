use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::{
    Body, Config, Destination, Facility, Filter, Format, Http, Journald, Limits, SocketKind, Syslog,
    Transport, Unix,
};

/// The names of the kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
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
pub(super) struct Keys {
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
    pub(super) const fn name(self) -> &'static str {
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
