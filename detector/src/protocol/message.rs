use serde_json::{Map, Value};

use super::{lenient, socket_io};

/// Keys that a log line has and a mining message has not. A miner and a pool that agree to add one to every message are
/// not found: they cannot be told from a log.
const LOG_KEYS: [&str; 20] = [
    "@timestamp",
    "peer",
    "remote_addr",
    "client_ip",
    "src_ip",
    "@t",
    "asctime",
    "date",
    "levelname",
    "ts",
    "time",
    "timestamp",
    "level",
    "severity",
    "msg",
    "message",
    "logger",
    "hostname",
    "caller",
    "direction",
];

/// Bytes of memory of a short message.
const SHORT: usize = 2048;

/// A JSON-RPC request, notification or response, versions 1 and 2, keys in any order.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    object: Map<String, Value>,
}

/// Correlates a response with its request. Clients use numbers, strings and null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Id {
    Number(i64),
    Text(String),
}

/// Whether a text is JSON messages and nothing else, and none of them the line of a log: what is in it is said there and
/// not quoted.
pub(crate) fn is_said(text: &[u8]) -> bool {
    Message::read(text).is_some_and(|messages| !messages.iter().any(Message::is_log))
}

/// The methods of the messages with parameters of a text, also of one in a frame of Socket.IO; an empty one for those that
/// name none. `None` if it is anything else.
pub(crate) fn methods(text: &[u8]) -> Option<Vec<String>> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let messages = socket_io::read(text).or_else(|| Message::read(text))?;
    let asking = messages.iter().filter(|message| message.has_params());
    Some(asking.map(|message| message.method().unwrap_or_default().to_owned()).collect())
}

/// Whether there is JSON-RPC in a text that is JSON messages and nothing else.
pub(crate) fn is_spoken(text: &[u8]) -> bool {
    Message::read(text).is_some_and(|messages| messages.iter().any(Message::is_rpc))
}

impl Message {
    pub(crate) const fn of(object: Map<String, Value>) -> Self {
        Self { object }
    }

    /// All keys and values, for the dialects that are no JSON-RPC.
    pub(crate) const fn object(&self) -> &Map<String, Value> {
        &self.object
    }

    /// The messages of a line: one object, a batch array, or several of these one after the other.
    /// `None` if there is anything else in the line.
    pub(crate) fn read(line: &[u8]) -> Option<Vec<Self>> {
        if !matches!(line.first(), Some(b'{' | b'[')) {
            return None;
        }
        lenient::read(line, Self::parse)
    }

    fn parse(text: &str) -> Option<Vec<Self>> {
        let mut messages = Vec::new();
        for value in serde_json::Deserializer::from_str(text).into_iter() {
            match value.ok()? {
                Value::Object(object) => messages.push(Self { object }),
                Value::Array(batch) => {
                    for value in batch {
                        let Value::Object(object) = value else { return None };
                        messages.push(Self { object });
                    }
                }
                _ => return None,
            }
        }
        (!messages.is_empty()).then_some(messages)
    }

    /// Whether it can be JSON-RPC at all: it asks or answers, and is no line of a structured log.
    pub(crate) fn is_rpc(&self) -> bool {
        let speaks = self.method().is_some() || self.is_answer();
        speaks && !self.is_log()
    }

    fn is_log(&self) -> bool {
        LOG_KEYS.iter().any(|&key| self.object.contains_key(key))
    }

    /// A response. Some servers repeat the method in it; Beam's says by its method that it is one.
    pub(crate) fn is_answer(&self) -> bool {
        self.object.contains_key("result") || self.error().is_some() || self.method() == Some("result")
    }

    pub(crate) fn method(&self) -> Option<&str> {
        self.object.get("method")?.as_str()
    }

    pub(crate) fn id(&self) -> Option<Id> {
        match self.object.get("id")? {
            Value::Number(number) => number.as_i64().map(Id::Number),
            Value::String(text) if text.len() <= 64 => Some(Id::Text(text.clone())),
            _ => None,
        }
    }

    /// `params` as a list; empty if absent or not a list.
    pub(crate) fn list(&self) -> &[Value] {
        self.object.get("params").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// `params` as named values.
    pub(crate) fn named(&self) -> Option<&Map<String, Value>> {
        self.object.get("params")?.as_object()
    }

    /// What Iron Fish sends in the place of `params`.
    pub(crate) fn body(&self) -> Option<&Map<String, Value>> {
        self.object.get("body")?.as_object()
    }

    pub(crate) fn has_params(&self) -> bool {
        self.object.get("params").is_some_and(|params| !params.is_null())
    }

    pub(crate) fn result(&self) -> &Value {
        self.object.get("result").unwrap_or(&Value::Null)
    }

    /// The error, if there is one.
    pub(crate) fn error(&self) -> Option<&Value> {
        self.object.get("error").filter(|error| !error.is_null() && **error != Value::Bool(false))
    }

    /// A value beside the usual keys.
    pub(crate) fn value(&self, key: &str) -> Option<&Value> {
        self.object.get(key)
    }

    /// How many keys there are.
    pub(crate) fn keys(&self) -> usize {
        self.object.len()
    }

    /// Whether it costs little to keep: an answer of yes or no, with a reason perhaps.
    pub(crate) fn is_short(&self) -> bool {
        self.object.len() <= 8
            && self.object.values().all(|value| is_short(value, 2))
            && size_of_named(&self.object) <= SHORT
    }

    /// A text beside the usual keys, for example eth-proxy's `worker`.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.object.get(key)?.as_str()
    }
}

/// A value of a few words, in lists or objects of at most `depth` levels.
fn is_short(value: &Value, depth: u32) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => text.len() <= 128,
        Value::Array(list) => {
            depth > 0 && list.len() <= 4 && list.iter().all(|value| is_short(value, depth - 1))
        }
        Value::Object(named) => {
            depth > 0 && named.len() <= 4 && named.values().all(|value| is_short(value, depth - 1))
        }
    }
}

/// Bytes of memory that a value takes, about.
fn size(value: &Value) -> usize {
    let inside = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(size).sum(),
        Value::Object(named) => size_of_named(named),
    };
    size_of::<Value>() + inside
}

fn size_of_named(named: &Map<String, Value>) -> usize {
    named.iter().map(|(key, value)| size_of::<String>() + key.len() + size(value)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn methods(line: &str) -> Option<Vec<String>> {
        let messages = Message::read(line.as_bytes())?;
        Some(messages.iter().map(|message| message.method().unwrap_or("-").to_owned()).collect())
    }

    #[test]
    fn one_object_a_batch_and_objects_in_a_row_are_read() {
        assert_eq!(methods(r#"{"method":"a"}"#).unwrap(), ["a"]);
        assert_eq!(methods(r#"[{"method":"a"}, {"result":1}]"#).unwrap(), ["a", "-"]);
        assert_eq!(methods(r#"{"method":"a"}{"method":"b"}"#).unwrap(), ["a", "b"]);
        assert_eq!(methods("{\"method\"\t:\t\"\\u006dining.subscribe\"}").unwrap(), ["mining.subscribe"]);
    }

    #[test]
    fn anything_beside_the_objects_makes_it_a_quotation() {
        for line in [
            r#"{"method":"a"} he said"#,
            r#"12:00 {"method":"a"}"#,
            r#"["method","a"]"#,
            r#""x""#,
            "{}{",
            "[]",
        ] {
            assert_eq!(methods(line), None, "{line}");
        }
    }

    #[test]
    fn neither_long_names_nor_many_small_values_are_short() {
        let short = |line: String| Message::read(line.as_bytes()).unwrap()[0].is_short();
        assert!(short(r#"{"id":1,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}"#.to_owned()));
        assert!(!short(format!(r#"{{"id":1,"{}":true}}"#, "k".repeat(60_000))));
        assert!(!short(format!(r#"{{"id":1,"result":{{"{}":true}}}}"#, "k".repeat(60_000))));
        let list = format!("[{}]", [r#"["","","",""]"#; 4].join(","));
        let keys: Vec<String> = (0..8).map(|key| format!("\"{key}\":{list}")).collect();
        assert!(!short(format!("{{{}}}", keys.join(","))));
    }

    #[test]
    fn a_log_line_with_a_method_is_no_message() {
        let log = r#"{"level":"info","ts":1.5,"method":"mining.subscribe","params":["x"]}"#;
        assert!(!Message::read(log.as_bytes()).unwrap()[0].is_rpc());
        assert!(Message::read(br#"{"method":"mining.subscribe","params":["x"]}"#).unwrap()[0].is_rpc());
    }
}
