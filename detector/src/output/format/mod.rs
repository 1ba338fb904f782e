//! Records in other dialects than EVE. The EVE line is the record; the others are translations of it, so none of them
//! can say more than it does.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

mod cef;
mod ecs;
mod event;
mod notice;
mod ocsf;
mod sentence;

use event::Event;
pub(super) use event::identity;
use notice::Notice;

/// In which dialect records are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Suricata's EVE JSON: the record as it is.
    #[default]
    Eve,
    /// Elastic Common Schema 8, as nested JSON objects.
    Ecs,
    /// Open Cybersecurity Schema Framework 1.4, class 2004 (Detection Finding), as JSON.
    Ocsf,
    /// `ArcSight`'s Common Event Format, version 0.
    Cef,
}

impl Format {
    /// Every dialect.
    #[cfg(test)]
    pub(super) const ALL: [Self; 4] = [Self::Eve, Self::Ecs, Self::Ocsf, Self::Cef];

    /// Whether the dialect has a place for the record: [`Self::render`] gives something.
    pub(super) fn has_place_for(self, eve: &Value) -> bool {
        self == Self::Eve || Event::of(eve).is_some() || Notice::of(eve).is_some()
    }

    /// The record in this dialect, without a line feed at its end. `eve` is the record as JSON, `line` its text.
    ///
    /// `None` if the dialect has no place for the record: only EVE has one for counters.
    #[must_use]
    pub fn render<'a>(self, eve: &Value, line: &'a str) -> Option<Cow<'a, str>> {
        let text = match (self, Event::of(eve), Notice::of(eve)) {
            (Self::Eve, ..) => return Some(Cow::Borrowed(line)),
            (Self::Ecs, Some(event), _) => ecs::render(&event).to_string(),
            (Self::Ocsf, Some(event), _) => ocsf::render(&event).to_string(),
            (Self::Cef, Some(event), _) => cef::render(&event),
            (Self::Ecs, None, Some(notice)) => notice.ecs().to_string(),
            (Self::Ocsf, None, Some(notice)) => notice.ocsf().to_string(),
            (Self::Cef, None, Some(notice)) => notice.cef(),
            (_, None, None) => return None,
        };
        Some(text.into())
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// What reports.
const VENDOR: &str = "Firedamp";
const PRODUCT: &str = "firedamp";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Takes out what is not known: `null`, and objects and arrays that are empty without it.
fn known(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Object(fields) => {
            let fields: serde_json::Map<_, _> =
                fields.into_iter().filter_map(|(name, value)| Some((name, known(value)?))).collect();
            (!fields.is_empty()).then_some(Value::Object(fields))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.into_iter().filter_map(known).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        other => Some(other),
    }
}

#[cfg(test)]
mod tests;
