use std::path::{Path, PathBuf};

use ureq::http::{HeaderName, HeaderValue, Uri};

use super::{Body, Config, Destination, Http, Journald, Limits, Syslog, Transport};
use crate::output::error::OutputError;
use crate::output::format::Format;
use crate::output::sink::{http, tls};

/// The longest UDP payload over IPv4.
const LONGEST_DATAGRAM: usize = 65_507;

/// The shortest message that every receiver takes (RFC 5426, section 3.2).
const SHORTEST_DATAGRAM: usize = 480;

impl Config {
    pub(super) fn check(&self) -> Result<(), String> {
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
            Destination::Http(Http { body: Body::Array, .. }) if self.format == Format::Cef => {
                Err("format = \"cef\" is no JSON, so body = \"array\" is none either: use ndjson or single"
                    .to_owned())
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
                self.shown()
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
                (Destination::File(one), Destination::File(other)) => {
                    one == other || meant(one) == meant(other)
                }
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

/// The file behind a path, however that is written.
fn meant(path: &Path) -> PathBuf {
    let whole = path.canonicalize();
    whole.unwrap_or_else(|_| match (path.parent().map(Path::canonicalize), path.file_name()) {
        (Some(Ok(directory)), Some(name)) => directory.join(name),
        _ => path.to_owned(),
    })
}

impl Config {
    /// Reads the certificates that it names as `ca-file`, if it does.
    ///
    /// # Errors
    /// They cannot be read, or there are none. The output could not begin.
    pub fn check_certificates(&self) -> Result<(), OutputError> {
        let file = match &self.to {
            Destination::Syslog(syslog) => syslog.ca_file.as_deref(),
            Destination::Http(http) => http.ca_file.as_deref(),
            _ => None,
        };
        file.map_or(Ok(()), |path| tls::certificates(path).map(drop))
    }

    /// Reads the token that it names as `bearer-file`, if it does.
    ///
    /// # Errors
    /// It cannot be read now. Records would wait until it can.
    pub fn check_token(&self) -> Result<(), OutputError> {
        match &self.to {
            Destination::Http(Http { bearer_file: Some(path), .. }) => http::token(path).map(drop),
            _ => Ok(()),
        }
    }
}
