use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// What was found, as an alert or a file of signatures has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum SignatureMatch {
    /// The number of an alert.
    Id(u32),
    /// The text of an alert, or the name of a signature of a file.
    Name(String),
}

impl<'de> Deserialize<'de> for SignatureMatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = SignatureMatch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the number of an alert, its text, or the name of a signature")
            }

            fn visit_i64<E: serde::de::Error>(self, id: i64) -> Result<SignatureMatch, E> {
                let id = u32::try_from(id);
                id.map(SignatureMatch::Id).map_err(|_| E::custom("no alert has this number"))
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<SignatureMatch, E> {
                Ok(SignatureMatch::Name(name.to_owned()))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}
