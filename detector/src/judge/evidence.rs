use serde::{Deserialize, Serialize, Serializer};

use super::{Excerpt, Side};
use crate::intern::{self, Kept};
use crate::protocol::Kind;

/// One reason for a verdict, in words an operator can read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// A stable name, for example `client-login`.
    #[serde(deserialize_with = "intern::required")]
    pub kind: Kept,
    /// Who said it.
    pub side: Side,
    /// What was seen.
    #[serde(deserialize_with = "intern::required")]
    pub detail: Kept,
    /// Natural logarithm of how much likelier this is from a miner than from anything else.
    pub weight: f64,
    /// Whether it is a message of its own and not a feature of one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub message: bool,
    /// The beginning of the message in which it was seen first; of a series, of the message that completed it. `None` if
    /// that is not known any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<Excerpt>,
}

impl Evidence {
    /// A feature without an excerpt.
    #[must_use]
    pub const fn new(kind: &'static str, side: Side, detail: &'static str, weight: f64) -> Self {
        Self { kind, side, detail, weight, message: false, excerpt: None }
    }

    pub(super) fn of(kind: Kind, side: Side, excerpt: Option<Excerpt>) -> Self {
        Self { message: kind.message, excerpt, ..Self::new(kind.name, side, kind.detail, kind.weight) }
    }

    /// What an alert tells of it.
    #[must_use]
    pub fn brief(&self, with_excerpt: bool) -> Brief<'_> {
        let Self { kind, side, detail, weight, excerpt, .. } = self;
        let excerpt = excerpt.as_ref().filter(|_| with_excerpt).map(Excerpt::text);
        Brief { kind, side: *side, detail, weight: *weight, excerpt }
    }
}

/// What an alert tells of a piece of evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Brief<'a> {
    kind: &'a str,
    side: Side,
    detail: &'a str,
    weight: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    excerpt: Option<String>,
}

/// Serializes evidence as alerts tell it, without excerpts.
///
/// # Errors
/// The serializer's.
pub fn brief<S: Serializer>(evidence: &[Evidence], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(evidence.iter().map(|reason| reason.brief(false)))
}

#[cfg(test)]
mod tests {
    use detector_common::flow::Direction;
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn alerts_tell_four_things_and_the_ledger_keeps_all() {
        let excerpt = Excerpt::new(Timestamp::UNIX_EPOCH, Direction::Up, 3, b"a\n\xff");
        let kind = Kind::message("client-invented", "an invented message", 2.5);
        let evidence = Evidence::of(kind, Side::Miner, Some(excerpt));
        let told = serde_json::json!(
            {"kind": "client-invented", "side": "miner", "detail": "an invented message", "weight": 2.5}
        );
        assert_eq!(serde_json::to_value(evidence.brief(false)).unwrap(), told);
        assert_eq!(serde_json::to_value(evidence.brief(true)).unwrap()["excerpt"], r"a\n\xff");
        let stored = serde_json::to_string(&evidence).unwrap();
        assert_eq!(serde_json::from_str::<Evidence>(&stored).unwrap(), evidence);
        assert_eq!(serde_json::from_value::<Evidence>(told).unwrap().kind, "client-invented");
    }
}
