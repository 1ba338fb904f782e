//! What of a message may be shown: all but passwords, and nothing of what cannot be told from one.

mod json;
mod words;

use std::borrow::Cow;

use super::excerpt::{EXCERPT_BYTES, HIDDEN};
use crate::protocol::shown_of_text;
use crate::transport::{Frame, Head, Start, Utterance};
use json::{is_json, scrub_json};
use words::{binary_end, is_secret_name, is_secret_text, user_end};

/// Header fields of HTTP that are shown: none of them holds a password, a ticket or a cookie.
const FIELDS: [&str; 17] = [
    "host",
    "user-agent",
    "server",
    "upgrade",
    "content-type",
    "content-encoding",
    "content-length",
    "transfer-encoding",
    "x-long-polling",
    "x-roll-ntime",
    "x-stratum",
    "x-reject-reason",
    "x-mining-extensions",
    "x-mining-hashrate",
    "x-miner",
    "x-capacity",
    "x-mineralias",
];

/// What of something that was said may be shown, from its beginning, and its bytes.
pub(super) fn scrub(said: Utterance<'_>) -> (Cow<'_, [u8]>, usize) {
    match said {
        Utterance::Line(text) | Utterance::Overheard(_, text) | Utterance::Message(text) => {
            (line(text), text.len())
        }
        Utterance::Body(_, body) => (scrub_body(body), body.len()),
        Utterance::Head(head) => {
            let text = scrub_head(head);
            let length = text.len();
            (text.into_bytes().into(), length)
        }
        Utterance::Target(target) => {
            let shown = if target.contains('@') { "" } else { target };
            (shown.as_bytes().into(), target.len())
        }
        Utterance::Frame(frame) => scrub_frame(frame),
        Utterance::Unreadable => (Cow::default(), 0),
    }
}

fn line(text: &[u8]) -> Cow<'_, [u8]> {
    if is_json(text) {
        return scrub_json(text).into();
    }
    let shown = shown_of_text(text).unwrap_or_default();
    let end = std::str::from_utf8(shown).map_or(0, user_end);
    shown.get(..end).unwrap_or_default().into()
}

fn scrub_body(body: &[u8]) -> Cow<'_, [u8]> {
    let text = body.trim_ascii();
    if is_json(text) {
        scrub_json(text).into()
    } else if std::str::from_utf8(body).is_ok() {
        Cow::default()
    } else {
        binary(body)
    }
}

/// Bytes that are no text.
pub(super) fn binary(body: &[u8]) -> Cow<'_, [u8]> {
    let first = body.get(..2 * EXCERPT_BYTES).unwrap_or(body);
    first.get(..binary_end(first)).unwrap_or_default().into()
}

fn scrub_frame(frame: Frame<'_>) -> (Cow<'_, [u8]>, usize) {
    let body = match frame {
        Frame::StratumV2 { body, .. }
        | Frame::Levin { body, .. }
        | Frame::Bitcoin { body: Some(body), .. } => body,
        Frame::Zmtp { command: false, body } => return (scrub_body(body), body.len()),
        // A command may hold a name and a password (RFC 24).
        Frame::Zmtp { command: true, body } => return (Cow::default(), body.len()),
        Frame::Bitcoin { body: None, .. }
        | Frame::Noise { .. }
        | Frame::Datum(_)
        | Frame::P2Pool(_)
        | Frame::Rlpx => return (Cow::default(), 0),
    };
    (binary(body), body.len())
}

fn scrub_head(head: &Head) -> String {
    let mut text = match &head.start {
        Start::Request { method, target } if method == "CONNECT" => {
            format!("CONNECT {}\r\n", if target.contains('@') { "" } else { target })
        }
        Start::Request { method, target } => format!("{method} {}\r\n", scrub_target(target)),
        Start::Response { status, reason } => format!("{status} {reason}\r\n"),
    };
    for name in FIELDS {
        if let Some(value) = head.header(name).filter(|value| !is_secret_text(value)) {
            text.extend([name, ": ", value, "\r\n"]);
        }
    }
    text
}

fn scrub_target(target: &str) -> String {
    let hidden = String::from_utf8_lossy(HIDDEN);
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let is_secret = |text: &str| {
        let plain = plain(text);
        is_secret_text(&plain) || user_end(&plain) < plain.len()
    };
    // A password before the host, in the form that proxies are asked with.
    let secret_host = path.contains("//") && path.contains('@');
    let part = |part| if secret_host || is_secret(part) { hidden.as_ref() } else { part };
    let steps: Vec<&str> = match path.split_once("://") {
        Some((_, rest)) if !secret_host && !rest.starts_with('/') => {
            let (host, rest) = rest.split_once('/').unwrap_or((rest, ""));
            [host].into_iter().chain(rest.split('/').map(part)).collect()
        }
        _ => path.split('/').map(part).collect(),
    };
    let mut shown = steps.join("/");
    for (at, pair) in query.into_iter().flat_map(|query| query.split(['&', ';'])).enumerate() {
        shown.push(if at == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, value)) if !is_secret_name(&plain(name)) && !is_secret(value) => shown.push_str(pair),
            Some((name, _)) if !is_secret(name) => shown.extend([name, "=", &hidden]),
            None if !is_secret(pair) => shown.push_str(pair),
            _ => shown.push_str(&hidden),
        }
    }
    shown
}

/// The text that escapes with percent signs stand for.
fn plain(text: &str) -> String {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code =
            rest.get(1..3).filter(|_| first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = code.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        plain.push(byte.unwrap_or(first));
        rest = if byte.is_some() { rest.get(3..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&plain).into_owned()
}
