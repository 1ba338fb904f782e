use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::{Map, Value};

/// What tells a record from all others: its case, its number in it, and the microsecond in which it was made, for numbers
/// begin anew where a case does not go on from a ledger. `None` if it is no alert about a case.
pub(in crate::output) fn identity(eve: &Value) -> Option<String> {
    let case = eve.pointer("/mining/case_id")?.as_str()?;
    let record = eve.pointer("/mining/record")?.as_u64()?;
    let time: Timestamp = eve.get("timestamp")?.as_str()?.parse().ok()?;
    Some(format!("{case}-{record}-{}", time.as_microsecond()))
}

/// An EVE alert about a case, and how its parts are read.
pub(super) struct Event<'a> {
    eve: &'a Value,
    /// When the record was made.
    pub(super) time: Timestamp,
    pub(super) miner: IpAddr,
    pub(super) pool: IpAddr,
    /// Number of the case, 16 hexadecimal digits.
    pub(super) case: &'a str,
    /// See [`identity`].
    pub(super) id: String,
    pub(super) reason: &'a str,
    pub(super) verdict: &'a str,
}

impl<'a> Event<'a> {
    /// `None` if it is not an alert about a case.
    pub(super) fn of(eve: &'a Value) -> Option<Self> {
        let text = |at| eve.pointer(at).and_then(Value::as_str);
        Some(Self {
            eve,
            time: text("/timestamp")?.parse().ok()?,
            miner: text("/src_ip")?.parse().ok()?,
            pool: text("/dest_ip")?.parse().ok()?,
            case: text("/mining/case_id")?,
            id: identity(eve)?,
            reason: text("/mining/reason")?,
            verdict: text("/mining/verdict")?,
        })
    }

    /// What stands at a place (a JSON pointer).
    pub(super) fn at(&self, place: &str) -> Option<&'a Value> {
        self.eve.pointer(place)
    }

    /// A text.
    pub(super) fn text(&self, place: &str) -> Option<&'a str> {
        self.at(place)?.as_str()
    }

    /// A number without a fraction.
    pub(super) fn number(&self, place: &str) -> Option<u64> {
        self.at(place)?.as_u64()
    }

    /// A number.
    pub(super) fn real(&self, place: &str) -> Option<f64> {
        self.at(place)?.as_f64()
    }

    /// A list; empty if there is none.
    pub(super) fn list(&self, place: &str) -> &'a [Value] {
        self.at(place).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// A moment.
    pub(super) fn moment(&self, place: &str) -> Option<Timestamp> {
        self.text(place)?.parse().ok()
    }

    /// Texts of a list of `alert.metadata`, and the first of them.
    pub(super) fn metadata(&self, name: &str) -> Option<&'a str> {
        self.list(&format!("/alert/metadata/{name}")).first()?.as_str()
    }

    /// Whether it is a node of a blockchain, and not mining.
    pub(super) fn is_node(&self) -> bool {
        self.verdict == "node"
    }

    /// The pool's name as the miner addressed it, without scheme and port, if it is no address.
    pub(super) fn pool_name(&self) -> Option<&'a str> {
        let name = self.text("/mining/pool_name")?;
        let name = name.split_once("://").map_or(name, |(_, name)| name);
        let name = name.split(['/', ':']).next()?;
        (!name.is_empty() && !name.starts_with('[') && name.parse::<IpAddr>().is_err()).then_some(name)
    }

    /// All of `mining` but what has a place of its own in every dialect.
    pub(super) fn rest(&self) -> Map<String, Value> {
        let mut rest = self.at("/mining").and_then(Value::as_object).cloned().unwrap_or_default();
        for mapped in ["miner_ip", "miner_port", "pool_ip", "pool_port", "first_seen", "last_seen", "lease"] {
            rest.remove(mapped);
        }
        for wrapped in ["tunnel", "pcap_filename"] {
            if let Some(value) = self.eve.get(wrapped) {
                rest.insert(wrapped.to_owned(), value.clone());
            }
        }
        rest
    }
}
