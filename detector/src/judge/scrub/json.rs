use super::super::excerpt::{EXCERPT_BYTES, HIDDEN};
use super::words::{is_secret_name, is_secret_text, user_end};
use crate::protocol::methods;

/// Bytes of a text that are looked at.
const MAX_READ: usize = 16 * 1024;

/// Methods of which no parameter is a secret. Of all others only the first parameter of a list is shown.
const METHODS: [&str; 39] = [
    "mining.subscribe",
    "mining.configure",
    "mining.hello",
    "mining.extranonce.subscribe",
    "mining.suggest_difficulty",
    "mining.suggest_target",
    "mining.capabilities",
    "mining.multi_version",
    "mining.submit",
    "mining.submitted",
    "mining.notify",
    "mining.set",
    "mining.set_difficulty",
    "mining.set_target",
    "mining.set_extranonce",
    "mining.set_goal",
    "mining.set_version_mask",
    "mining.set_cleanjobs",
    "mining.hashrate",
    "mining.ping",
    "mining.pong",
    "mining.noop",
    "mining.wait_for_work",
    "mining.get_status",
    "client.get_version",
    "client.reconnect",
    "client.show_message",
    "eth_getWork",
    "eth_submitWork",
    "eth_submitHashrate",
    "eth_subscription",
    "getwork",
    "getblocktemplate",
    "submitblock",
    "submit",
    "job",
    "getjob",
    "keepalived",
    "set_extranonce",
];

/// Names of lists in which no secret stands.
const LISTS: [&str; 8] = ["result", "error", "algo", "algos", "job", "extensions", "supported", "notify"];

/// Whether a text may be JSON, alone or in a frame of Socket.IO.
pub(super) fn is_json(text: &[u8]) -> bool {
    text.get(start(text)).is_some_and(|first| matches!(first, b'{' | b'['))
}

/// Where JSON begins behind a byte order mark, or behind the numbers and the namespace of Socket.IO.
fn start(text: &[u8]) -> usize {
    let digits = |from: usize| text.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let mark = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut at = mark + digits(mark);
    if at > 0 && text.get(at) == Some(&b'/') {
        let name = text.iter().skip(at).take(64).position(|byte| *byte == b',');
        at += name.map_or(0, |comma| comma + 1);
        at += digits(at);
    }
    at
}

/// The beginning of a text in JSON without secrets, as it stands there. It ends where it is no JSON that anybody reads.
pub(super) fn scrub_json(text: &[u8]) -> Vec<u8> {
    let whole = text.get(..MAX_READ).is_none_or(|first| first.len() == text.len());
    let known = |method: &String| METHODS.contains(&method.as_str());
    let harmless = whole && methods(text).is_some_and(|methods| methods.iter().all(known));
    let first = text.get(..MAX_READ).unwrap_or(text);
    let (before, rest) = first.split_at_checked(start(first)).unwrap_or_default();
    let mut scrubber = Scrubber { rest, shown: before.to_vec(), levels: Vec::new(), harmless };
    while scrubber.shown.len() < EXCERPT_BYTES && scrubber.step().is_some() {}
    scrubber.shown
}

struct Scrubber<'a> {
    rest: &'a [u8],
    shown: Vec<u8>,
    levels: Vec<Level>,
    /// No parameter is a secret.
    harmless: bool,
}

/// An object or a list that is not closed.
struct Level {
    place: Place,
    /// Nothing in it is shown.
    hidden: bool,
    /// Only the first value of it is shown, and of lists in it; and objects.
    guarded: bool,
}

#[derive(Debug)]
enum Place {
    Name,
    Colon(String),
    Value(String),
    /// The value at this place of a list.
    Item(usize),
    /// A value of a list, or of an object, has ended.
    After(Option<usize>),
}

impl Scrubber<'_> {
    /// Shows, or hides, what comes next. `None` if nothing does that can be judged.
    fn step(&mut self) -> Option<()> {
        let first = *self.rest.first()?;
        match first {
            b'{' | b'[' => {
                let level = self.level(first == b'[')?;
                self.levels.push(level);
                self.put(1);
            }
            b'}' | b']' => {
                let level = self.levels.pop()?;
                let list = matches!(level.place, Place::Item(_) | Place::After(Some(_)));
                if list != (first == b']') {
                    return None;
                }
                self.put(1);
                self.ended();
            }
            b':' => {
                let place = &mut self.levels.last_mut()?.place;
                let Place::Colon(name) = place else { return None };
                *place = Place::Value(std::mem::take(name));
                self.put(1);
            }
            b',' => {
                // Batches of nothing but objects in a row may have commas between them.
                if let Some(level) = self.levels.last_mut() {
                    level.place = match level.place {
                        Place::After(None) => Place::Name,
                        Place::After(Some(at)) => Place::Item(at + 1),
                        _ => return None,
                    };
                }
                self.put(1);
            }
            b'"' => self.string()?,
            b'-' | b'+' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => self.word()?,
            _ if first.is_ascii_whitespace() || first.is_ascii_control() => self.put(1),
            _ => return None,
        }
        Some(())
    }

    /// The object or list that begins here.
    fn level(&self, list: bool) -> Option<Level> {
        let place = if list { Place::Item(0) } else { Place::Name };
        let Some(outer) = self.levels.last() else {
            return Some(Level { place, hidden: false, guarded: true });
        };
        let (secret, guarded) = match &outer.place {
            Place::Value(name) if name == "params" => (false, !self.harmless),
            Place::Value(name) => (is_secret_name(name), !LISTS.contains(&name.as_str())),
            Place::Item(at) => (outer.guarded && list && *at > 0, outer.guarded),
            Place::Name | Place::Colon(_) | Place::After(_) => return None,
        };
        Some(Level { place, hidden: outer.hidden || secret, guarded })
    }

    fn string(&mut self) -> Option<()> {
        let mut escaped = false;
        let inside = self.rest.get(1..)?;
        let end = inside.iter().position(|&byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        })?;
        let length = end + 2;
        let text = self.rest.get(..length).and_then(|text| serde_json::from_slice::<String>(text).ok());
        let level = self.levels.last_mut()?;
        if matches!(level.place, Place::Name) {
            // A name that only some readers understand may be that of a password.
            level.place = Place::Colon(text.unwrap_or_else(|| "password".to_owned()));
            let hidden = level.hidden;
            self.show(length, if hidden { Some(0) } else { None });
            return Some(());
        }
        if !matches!(level.place, Place::Value(_) | Place::Item(_)) {
            return None;
        }
        let shown = text.map_or(0, |text| if self.hides(&text) { 0 } else { user_end(&text) });
        // Where there are escapes, places in the text are others.
        let plain = !inside.get(..end)?.contains(&b'\\');
        let whole = shown == end || (!plain && self.is_whole(length, shown));
        let keep = if whole { None } else { Some(if plain { shown } else { 0 }) };
        self.show(length, keep);
        self.ended();
        Some(())
    }

    /// Whether all of a string with escapes may be shown.
    fn is_whole(&self, length: usize, shown: usize) -> bool {
        let text = self.rest.get(..length).and_then(|text| serde_json::from_slice::<String>(text).ok());
        text.is_some_and(|text| text.len() == shown)
    }

    /// A number or a name such as `true`.
    fn word(&mut self) -> Option<()> {
        let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let length = self.rest.iter().take_while(|byte| is_of_word(byte)).count();
        if matches!(self.levels.last()?.place, Place::Value(_) | Place::Item(_)) {
            if self.hides("") {
                self.rest = self.rest.get(length..)?;
                self.shown.extend(HIDDEN);
            } else {
                self.put(length);
            }
            self.ended();
            return Some(());
        }
        None
    }

    /// Whether a value is hidden here.
    fn hides(&self, text: &str) -> bool {
        let here = self.levels.last().is_none_or(|level| {
            level.hidden
                || match &level.place {
                    Place::Value(name) => is_secret_name(name),
                    Place::Item(at) => level.guarded && *at > 0,
                    Place::Name | Place::Colon(_) | Place::After(_) => true,
                }
        });
        here || is_secret_text(text)
    }

    /// A value has ended.
    fn ended(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            level.place = Place::After(if let Place::Item(at) = level.place { Some(at) } else { None });
        }
    }

    /// Shows a string of so many bytes with its quotation marks: all, or only so many bytes of the text within.
    fn show(&mut self, length: usize, keep: Option<usize>) {
        let Some(keep) = keep else { return self.put(length) };
        self.shown.extend(self.rest.get(..=keep).unwrap_or_default());
        self.shown.extend(HIDDEN);
        self.shown.push(b'"');
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    fn put(&mut self, length: usize) {
        let (shown, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, &[]));
        self.shown.extend(shown);
        self.rest = rest;
    }
}
