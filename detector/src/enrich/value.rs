//! A record of a database (MMDB) of any vendor, and where in it things stand.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::field;
use super::network::NetworkType;
use super::user_type;
use crate::advice::Language;

/// A record or a part of one, without a schema.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Text(&'a str),
    Number(f64),
    Flag(bool),
    Map(Vec<(&'a str, Self)>),
    List(Vec<Self>),
    Other,
}

/// What a record says. Names are in the wanted language if it has them in several.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Said<'a> {
    pub(super) country: Option<String>,
    pub(super) region: Option<&'a str>,
    pub(super) city: Option<&'a str>,
    /// Degrees north, degrees east.
    pub(super) place: Option<(f64, f64)>,
    pub(super) asn: Option<u32>,
    pub(super) as_org: Option<&'a str>,
    /// The type of network, and how sure that is.
    pub(super) kind: Option<(NetworkType, f64)>,
}

/// Where a field stands, the better place first. `0` is the first of a list. Keys are compared without regard to case,
/// `_` and `-`. The first of each are `MaxMind`'s nested layout, the others the flat ones of
/// DB-IP, `IPinfo`, `IPLocate` and `IP2Location`.
type Places = &'static [&'static [&'static str]];

const COUNTRY: Places = &[&["country", "iso_code"], &["country_code"], &["country_iso_code"], &["country"]];
const REGION: Places = &[
    &["subdivisions", "0"],
    &["state1"],
    &["region"],
    &["region_name"],
    &["subdivision"],
    &["state"],
    &["state_prov"],
    &["province"],
];
const CITY: Places = &[&["city"], &["city_name"]];
const LATITUDE: Places = &[&["location", "latitude"], &["latitude"], &["lat"]];
const LONGITUDE: Places = &[&["location", "longitude"], &["longitude"], &["lng"], &["lon"]];
const ASN: Places = &[
    &["autonomous_system_number"],
    &["traits", "autonomous_system_number"],
    &["asn"],
    &["asn", "asn"],
    &["as_number"],
];
const AS_ORG: Places = &[
    &["autonomous_system_organization"],
    &["traits", "autonomous_system_organization"],
    &["as_organization"],
    &["as_org"],
    &["as_name"],
    &["asn", "name"],
    &["organization"],
    &["traits", "organization"],
    &["org"],
    &["isp"],
    &["traits", "isp"],
    &["name"],
];

impl<'a> Value<'a> {
    /// What is known of it.
    pub(super) fn said(&self, language: Language) -> Said<'a> {
        let place = (self.number(LATITUDE), self.number(LONGITUDE));
        Said {
            country: self.texts(COUNTRY, language).find_map(field::country_code),
            region: self.texts(REGION, language).next(),
            city: self.texts(CITY, language).next(),
            place: match place {
                (Some(north), Some(east)) if north.abs() <= 90.0 && east.abs() <= 180.0 => {
                    Some((north, east))
                }
                _ => None,
            },
            asn: self.asn(),
            as_org: self.texts(AS_ORG, language).map(without_number).next(),
            kind: user_type::of(self),
        }
    }

    /// Whether anything stands where something that is known would, whatever it says.
    pub(super) fn has_known_key(&self) -> bool {
        let known = [COUNTRY, REGION, CITY, LATITUDE, LONGITUDE, ASN, AS_ORG].into_iter().flatten().copied();
        known.chain(user_type::places()).any(|place| self.at(place).is_some())
    }

    /// The keys at the top.
    pub(super) fn keys(&self) -> Vec<&'a str> {
        match self {
            Self::Map(entries) => entries.iter().map(|(key, _)| *key).collect(),
            _ => Vec::new(),
        }
    }

    /// What stands at a place.
    pub(super) fn at(&self, place: &[&str]) -> Option<&Self> {
        place.iter().try_fold(self, |value, step| match value {
            Self::Map(entries) => entries.iter().find(|(key, _)| same(key, step)).map(|(_, value)| value),
            Self::List(list) => step.parse().ok().and_then(|index: usize| list.get(index)),
            _ => None,
        })
    }

    /// Text that is not empty; of a map with `names`, the name in the language, or else in English.
    pub(super) fn text(&self, language: Language) -> Option<&'a str> {
        let text = match self {
            Self::Text(text) => text,
            Self::Map(_) => {
                let wanted = match language {
                    Language::En => "en",
                    Language::Zh => "zh-CN",
                };
                let name = [wanted, "en"].into_iter().find_map(|language| self.at(&["names", language]));
                match name.or_else(|| self.at(&["name"])) {
                    Some(Self::Text(text)) => text,
                    _ => return None,
                }
            }
            _ => return None,
        };
        let text = text.trim();
        (!matches!(text, "" | "-") && field::text(text).is_ok()).then_some(text)
    }

    fn texts(&self, places: Places, language: Language) -> impl Iterator<Item = &'a str> {
        places.iter().filter_map(move |place| self.at(place)?.text(language))
    }

    fn number(&self, places: Places) -> Option<f64> {
        places.iter().find_map(|place| match self.at(place)? {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        })
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was looked at")]
    fn asn(&self) -> Option<u32> {
        ASN.iter().find_map(|place| match self.at(place)? {
            Self::Number(number) if (1.0..=f64::from(u32::MAX)).contains(number) => Some(*number as u32),
            Self::Text(text) => field::as_number(text),
            _ => None,
        })
    }
}

/// Some write `AS64500 Name` where the name of the autonomous system stands.
fn without_number(text: &str) -> &str {
    match text.split_once(' ') {
        Some((number, name)) if number.starts_with("AS") && field::as_number(number).is_some() => name.trim(),
        _ => text,
    }
}

/// Whether two keys are the same but for case, `_` and `-`.
fn same(left: &str, right: &str) -> bool {
    left == right || letters(left).eq(letters(right))
}

fn letters(key: &str) -> impl Iterator<Item = u8> {
    key.bytes().filter(|byte| !matches!(byte, b'_' | b'-')).map(|byte| byte.to_ascii_lowercase())
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Whatever)
    }
}

struct Whatever;

impl<'de> Visitor<'de> for Whatever {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Value::Number(number))
    }

    #[expect(clippy::cast_precision_loss, reason = "no field that is looked for is so large")]
    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Value::Number(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "no field that is looked for is so large")]
    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_u128<E>(self, _: u128) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key()? {
            entries.push((key, map.next_value()?));
        }
        Ok(Value::Map(entries))
    }

    /// Only the first of a list is ever looked at.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let first = list.next_element()?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::List(first.into_iter().collect()))
    }
}
