//! Events of Socket.IO, which some miners in web pages use to carry their messages.

use serde_json::{Map, Value};

use super::lenient;
use super::message::Message;

/// The messages of a frame such as `42["event",{...}]` (the protocols of Engine.IO 4 and Socket.IO 5). `None` if it
/// is none; nothing is in the frames that only keep the connection.
pub(super) fn read(frame: &[u8]) -> Option<Vec<Message>> {
    let digits = frame.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = frame.get(digits..).filter(|_| digits > 0)?;
    // A namespace, and the number of the event.
    let rest = match rest.iter().position(|&byte| byte == b',') {
        Some(end) if rest.starts_with(b"/") => rest.get(end + 1..)?,
        _ => rest,
    };
    let rest = rest.get(rest.iter().take_while(|byte| byte.is_ascii_digit()).count()..)?;
    // The frames that open and close a connection hold an object, or nothing.
    let opens = [&b"0"[..], b"40", b"44"].iter().any(|&kind| frame.get(..digits) == Some(kind));
    if rest.is_empty() || opens {
        return Some(Vec::new());
    }
    let event: Vec<Value> = lenient::read(rest, |text| serde_json::from_str(text).ok())?;
    let mut event = event.into_iter();
    let Some(Value::String(name)) = event.next() else { return Some(Vec::new()) };
    Some(event.filter_map(|value| value.as_object().cloned()).map(|said| message(&name, said)).collect())
}

/// What was said; unless it is a message of its own, the event's name is its type.
fn message(name: &str, said: Map<String, Value>) -> Message {
    let has = |key| said.contains_key(key);
    if has("method") || has("identifier") || (has("type") && has("params")) || (has("id") && has("result")) {
        return Message::of(said);
    }
    let named = [("type".to_owned(), Value::from(name)), ("params".to_owned(), Value::Object(said))];
    Message::of(named.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_hold_messages() {
        let first = |frame: &str| read(frame.as_bytes()).and_then(|list| list.into_iter().next());
        assert_eq!(first(r#"42["x",{"method":"login"}]"#).unwrap().method(), Some("login"));
        assert_eq!(first(r#"42/pool,7["job",{"blob":"00"}]"#).unwrap().text("type"), Some("job"));
        assert_eq!(first(r#"42["auth",{"type":"anonymous"}]"#).unwrap().text("type"), Some("auth"));
        for quiet in ["2", "3", "40", r#"40{"sid":"x"}"#, r#"0{"sid":"x","upgrades":[]}"#, r#"42["hello"]"#] {
            assert!(read(quiet.as_bytes()).is_some_and(|list| list.is_empty()), "{quiet}");
        }
        for other in ["{}", "", "42 is the answer", "42{\"a\":1}"] {
            assert!(read(other.as_bytes()).is_none(), "{other}");
        }
    }
}
