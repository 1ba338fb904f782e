use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ureq::Agent;
use ureq::http::{Response, StatusCode};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::backoff::Pace;
use super::pending::Pending;
use super::{Sink, Trouble, tls};
use crate::output::config::{Body, Http, Limits};
use crate::output::error::OutputError;

/// Bytes of records in one request, if as many wait.
const BATCH: usize = 1 << 20;

/// The longest pause that a receiver may ask for.
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// How much of an answer is read.
const ANSWER: u64 = 64 * 1024;

/// How much of it is told.
const TOLD: usize = 200;

/// How long a connection is used again after a request. Servers close idle ones.
const IDLE: Duration = Duration::from_secs(4);

/// A web server that takes records as the body of POST requests.
pub(crate) struct HttpSink {
    agent: Agent,
    ca_file: Option<PathBuf>,
    timeout: Duration,
    url: String,
    /// The URL without what may be secret.
    shown: String,
    body: Body,
    headers: BTreeMap<String, String>,
    bearer_file: Option<PathBuf>,
    /// Records in one request.
    batch: usize,
    /// Records in the next request: fewer after a receiver said that there were too many.
    next: usize,
    pace: Pace,
    refused: bool,
}

impl HttpSink {
    pub(crate) fn new(config: &Http, limits: &Limits) -> Result<Self, OutputError> {
        let batch = if config.body == Body::Single { 1 } else { limits.batch };
        Ok(Self {
            agent: agent(config.ca_file.as_deref(), limits.timeout())?,
            ca_file: config.ca_file.clone(),
            timeout: limits.timeout(),
            url: config.url.clone(),
            shown: config.shown(),
            body: config.body,
            headers: config.headers.clone(),
            bearer_file: config.bearer_file.clone(),
            batch,
            next: batch,
            pace: Pace::growing(limits.retry()),
            refused: false,
        })
    }

    fn body(&self, pending: &Pending) -> (Vec<u8>, usize) {
        let (mut body, mut count) = (Vec::new(), 0);
        for item in pending.batch(BATCH, self.next) {
            let before: &[u8] = match self.body {
                Body::Array if count == 0 => b"[",
                Body::Array => b",",
                Body::Ndjson | Body::Single => b"",
            };
            body.extend_from_slice(before);
            body.extend_from_slice(item.text.as_bytes());
            if self.body == Body::Ndjson {
                body.push(b'\n');
            }
            count += 1;
        }
        if self.body == Body::Array {
            body.push(b']');
        }
        (body, count)
    }

    fn post(&self, body: &[u8], text: bool) -> Result<(Response<ureq::Body>, String), Trouble> {
        let kind = match self.body {
            _ if text => "text/plain; charset=utf-8",
            Body::Ndjson => "application/x-ndjson",
            Body::Array | Body::Single => "application/json",
        };
        let mut request = self.agent.post(&self.url);
        if !self.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")) {
            request = request.header("Content-Type", kind);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(path) = &self.bearer_file {
            let token = token(path).map_err(Trouble::outage)?;
            request = request.header("Authorization", format!("Bearer {}", token.trim()));
        }
        let mut response = request.send(body).map_err(|cause| Trouble::from(into_io(cause)))?;
        let answer = response.body_mut().with_config().limit(ANSWER).lossy_utf8(true).read_to_string();
        Ok((response, answer.unwrap_or_default()))
    }

    /// The receiver will never take these: says so once, until it takes others.
    fn refuse(&mut self, pending: &mut Pending, count: usize, status: StatusCode, answer: &str) {
        pending.lost(count);
        if !std::mem::replace(&mut self.refused, true) {
            let answer: String = answer.chars().filter(|c| !c.is_control()).take(TOLD).collect();
            tracing::error!(
                "{} refuses records with {status}, so that they are lost; mend the output's format, body or headers, or \
                 the receiver{}{answer}",
                self.shown,
                if answer.is_empty() { "" } else { "; it says: " },
            );
        }
    }
}

/// A client that trusts the certificates of a file, or those that the system trusts. Records go where the configuration
/// says: neither a variable of the environment nor an answer sends them elsewhere.
fn agent(ca_file: Option<&Path>, timeout: Duration) -> Result<Agent, OutputError> {
    let roots = match ca_file {
        Some(path) => {
            let certificates = tls::certificates(path)?;
            let certificates = certificates.iter().map(|der| Certificate::from_der(der).to_owned());
            RootCerts::Specific(Arc::new(certificates.collect()))
        }
        None => RootCerts::PlatformVerifier,
    };
    Ok(Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(timeout))
        .max_idle_age(IDLE)
        .user_agent(concat!("firedamp/", env!("CARGO_PKG_VERSION")))
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build()
        .into())
}

/// What a file has for `Authorization: Bearer`.
pub(crate) fn token(path: &Path) -> Result<String, OutputError> {
    std::fs::read_to_string(path).map_err(|cause| OutputError::Token { path: path.to_owned(), cause })
}

fn into_io(cause: ureq::Error) -> io::Error {
    match cause {
        ureq::Error::Io(cause) => cause,
        other => io::Error::other(other.to_string()),
    }
}

/// What to do about an answer.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Taken,
    /// Fewer records might be taken.
    TooMuch,
    /// Later it might.
    Later,
    /// Never.
    Refused,
}

/// Only what the records themselves can be at fault for is a refusal. All else somebody can mend while they wait: a token
/// that has run out, a path that is not there yet, a proxy in between.
fn meaning(status: StatusCode) -> Answer {
    match status {
        _ if status.is_success() => Answer::Taken,
        StatusCode::PAYLOAD_TOO_LARGE => Answer::TooMuch,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Answer::Refused,
        _ => Answer::Later,
    }
}

/// What to look at, if it does not pass by itself.
fn remedy(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "; mend the output's token or headers",
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => "; a proxy stands in the way",
        _ if status.is_redirection() => "; give the output the url that it points to",
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => "",
        _ if status.is_client_error() => "; mend the output's url",
        _ => "",
    }
}

/// How long the receiver asks to wait: seconds, or a date.
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    let asked = if let Ok(seconds) = text.parse() {
        Duration::from_secs(seconds)
    } else {
        let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        Duration::try_from(date.duration_since(now)).unwrap_or_default()
    };
    Some(asked.min(LONGEST_PAUSE))
}

impl Sink for HttpSink {
    fn connect(&mut self) -> Result<bool, Trouble> {
        Ok(false)
    }

    fn deliver(&mut self, pending: &mut Pending) -> Result<(), Trouble> {
        let (body, count) = self.body(pending);
        let text = pending.first().is_some_and(|item| !item.text.starts_with('{'));
        let (response, answer) = self.post(&body, text)?;
        let status = response.status();
        match meaning(status) {
            Answer::Taken => {
                pending.written(count);
                self.refused = false;
                self.next = (self.next.saturating_mul(2)).min(self.batch);
            }
            Answer::TooMuch if count > 1 => self.next = count / 2,
            Answer::TooMuch | Answer::Refused => self.refuse(pending, count, status, &answer),
            Answer::Later => {
                let asked = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
                let pause = asked.and_then(|asked| retry_after(asked, Timestamp::now()));
                let cause = io::Error::other(format!("it answers {status}{}", remedy(status)));
                return Err(Trouble::Outage { cause, pause });
            }
        }
        Ok(())
    }

    /// The next connection has to satisfy the new certificates.
    fn reopen(&mut self) -> io::Result<()> {
        if self.ca_file.is_some() {
            self.agent = agent(self.ca_file.as_deref(), self.timeout).map_err(io::Error::other)?;
        }
        Ok(())
    }

    fn pace(&self) -> Pace {
        self.pace
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_as_a_date() {
        let now = "1994-11-06T08:49:30Z".parse().unwrap();
        let asked = |text| retry_after(text, now);
        assert_eq!(asked("120"), Some(Duration::from_mins(2)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(7)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:40:00 GMT"), Some(Duration::ZERO));
        assert_eq!(asked("99999999"), Some(LONGEST_PAUSE));
        assert_eq!(asked("soon"), None);
    }

    #[test]
    fn only_what_the_records_are_at_fault_for_is_given_up() {
        let meaning = |status| meaning(StatusCode::from_u16(status).unwrap());
        for status in [200, 201, 202, 204] {
            assert_eq!(meaning(status), Answer::Taken, "{status}");
        }
        for status in [400, 422] {
            assert_eq!(meaning(status), Answer::Refused, "{status}");
        }
        for status in [301, 307, 401, 403, 404, 407, 408, 429, 500, 502, 503, 504] {
            assert_eq!(meaning(status), Answer::Later, "{status}");
        }
        assert_eq!(meaning(413), Answer::TooMuch);
    }
}
