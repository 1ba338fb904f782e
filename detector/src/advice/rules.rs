use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize};

use super::circumstances::{Circumstances, Known, Placeholder};
use super::{Advice, Language};
use crate::enrich::NetworkType;
use crate::judge::{Carrier, Protocol, Stage, Verdict};

/// All rules, those with the highest rank first.
#[derive(Debug, Default)]
pub(super) struct Rules(pub(super) Vec<Rule>);

/// When what is said.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) when: When,
    en: Texts,
    zh: Texts,
}

/// The conditions of a rule. An empty list holds always.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct When {
    pub(super) id: String,
    rank: u8,
    #[serde(default)]
    pub(super) network: Vec<NetworkType>,
    #[serde(default)]
    protocol: Vec<String>,
    #[serde(default)]
    coin: Vec<String>,
    #[serde(default, deserialize_with = "carriers")]
    transport: Vec<Carrier>,
    encrypted: Option<bool>,
    #[serde(default, deserialize_with = "verdicts")]
    verdict: Vec<Verdict>,
    #[serde(default, deserialize_with = "stages")]
    stage: Vec<Stage>,
    farm: Option<bool>,
    returned: Option<bool>,
    returned_after_fixed: Option<bool>,
    pool_inside: Option<bool>,
    #[serde(default)]
    with: Vec<Known>,
    #[serde(default)]
    without: Vec<Known>,
}

/// What a rule says in one language.
#[derive(Clone, Debug)]
struct Texts {
    action: Text,
    why: Text,
    effect: Text,
    undo: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTexts {
    action: String,
    why: String,
    effect: String,
    undo: String,
}

/// A text with places to fill in.
type Text = Vec<Piece>;

#[derive(Clone, Debug)]
enum Piece {
    Words(String),
    Place(Placeholder),
}

impl Rules {
    pub(super) fn built_in() -> Result<Self, String> {
        Self::parse(
            include_str!("../../advice/rules.toml"),
            include_str!("../../advice/en.toml"),
            include_str!("../../advice/zh.toml"),
        )
    }

    /// # Errors
    /// In words: a file is not valid, an id is there twice, a rule has no text in a language or a text no rule, or a text
    /// names what the rule's conditions do not make sure of.
    pub(super) fn parse(rules: &str, en: &str, zh: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            rule: Vec<When>,
        }
        let file: File = read("rules", rules)?;
        let mut en: BTreeMap<String, RawTexts> = read("en", en)?;
        let mut zh: BTreeMap<String, RawTexts> = read("zh", zh)?;
        let mut ids = BTreeSet::new();
        let mut list = Vec::new();
        for when in file.rule {
            if !ids.insert(when.id.clone()) {
                return Err(format!("rule {} is there twice", when.id));
            }
            let texts = |name, language: &mut BTreeMap<String, RawTexts>| {
                let raw = language.remove(&when.id);
                let raw = raw.ok_or_else(|| format!("rule {} has no text in {name}", when.id))?;
                Texts::parse(&raw, &when).map_err(|error| format!("rule {} in {name}: {error}", when.id))
            };
            let (en, zh) = (texts("en", &mut en)?, texts("zh", &mut zh)?);
            list.push(Rule { when, en, zh });
        }
        if let Some(id) = en.keys().chain(zh.keys()).next() {
            return Err(format!("there is a text for {id}, but no such rule"));
        }
        list.sort_by_key(|rule| Reverse(rule.when.rank));
        Ok(Self(list))
    }

    /// Those whose conditions hold.
    pub(super) fn matching(&self, circumstances: &Circumstances<'_>) -> impl Iterator<Item = &Rule> {
        self.0.iter().filter(|rule| rule.when.holds(circumstances))
    }
}

impl Rule {
    pub(super) fn advice(&self, circumstances: &Circumstances<'_>, language: Language) -> Advice {
        let texts = match language {
            Language::En => &self.en,
            Language::Zh => &self.zh,
        };
        let filled = |text: &Text| {
            text.iter().fold(String::new(), |filled, piece| match piece {
                Piece::Words(words) => filled + words,
                Piece::Place(place) => filled + &circumstances.value(*place),
            })
        };
        Advice {
            id: self.when.id.clone(),
            action: filled(&texts.action),
            why: filled(&texts.why),
            effect: filled(&texts.effect),
            undo: filled(&texts.undo),
        }
    }
}

impl When {
    fn holds(&self, is: &Circumstances<'_>) -> bool {
        let verdict = if self.verdict.is_empty() {
            is.verdict != Verdict::Node
        } else {
            self.verdict.contains(&is.verdict)
        };
        verdict
            && any(&self.network, |network| *network == is.network)
            && any(&self.protocol, |name| Protocol::named(name).family() == is.protocol.family())
            && any(&self.coin, |coin| is.known(Known::Coin) == Some(coin))
            && any(&self.transport, |carrier| *carrier == is.carrier)
            && any(&self.stage, |stage| *stage == is.stage)
            && wanted(self.encrypted, is.encrypted)
            && wanted(self.farm, is.farm)
            && wanted(self.returned, is.returned)
            && wanted(self.returned_after_fixed, is.returned_after_fixed)
            && wanted(self.pool_inside, is.pool_is_inside())
            && self.with.iter().all(|known| is.known(*known).is_some())
            && self.without.iter().all(|known| is.known(*known).is_none())
    }
}

fn any<T>(list: &[T], holds: impl FnMut(&T) -> bool) -> bool {
    list.is_empty() || list.iter().any(holds)
}

fn wanted(wanted: Option<bool>, is: bool) -> bool {
    wanted.is_none_or(|wanted| wanted == is)
}

impl Texts {
    fn parse(raw: &RawTexts, when: &When) -> Result<Self, String> {
        let text = |text| parse(text, when);
        Ok(Self {
            action: text(&raw.action)?,
            why: text(&raw.why)?,
            effect: text(&raw.effect)?,
            undo: text(&raw.undo)?,
        })
    }
}

/// Takes a text apart; what it names must be known whenever the rule holds.
fn parse(text: &str, when: &When) -> Result<Text, String> {
    if text.trim().is_empty() {
        return Err("a text is empty".to_owned());
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((words, behind)) = rest.split_once('{') {
        let (name, behind) = behind.split_once('}').ok_or("a { is not closed")?;
        let place = Placeholder::named(name).ok_or_else(|| format!("unknown placeholder {{{name}}}"))?;
        if let Placeholder::Known(what) = place
            && !when.with.contains(&what)
        {
            return Err(format!("{{{name}}} needs a condition `with`"));
        }
        pieces.extend([Piece::Words(words.to_owned()), Piece::Place(place)]);
        rest = behind;
    }
    pieces.push(Piece::Words(rest.to_owned()));
    Ok(pieces)
}

fn read<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error: toml::de::Error| format!("{name}: {error}"))
}

/// Those of `all` that are named, by the names they have in records.
fn named<'de, D: Deserializer<'de>, T: Copy + Serialize>(
    deserializer: D,
    all: &[T],
) -> Result<Vec<T>, D::Error> {
    let find = |name: String| {
        let is_named = |one: &T| serde_json::to_value(one).is_ok_and(|value| value == name.as_str());
        let found = all.iter().copied().find(is_named);
        found.ok_or_else(|| D::Error::custom(format!("unknown name {name}")))
    };
    Vec::<String>::deserialize(deserializer)?.into_iter().map(find).collect()
}

fn carriers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Carrier>, D::Error> {
    named(deserializer, &[Carrier::Tcp, Carrier::Http, Carrier::WebSocket, Carrier::Udp])
}

fn verdicts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Verdict>, D::Error> {
    named(deserializer, &[Verdict::Node, Verdict::Suspected, Verdict::Probable, Verdict::Confirmed])
}

fn stages<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Stage>, D::Error> {
    named(deserializer, &[Stage::Attempt, Stage::Handshake, Stage::Working, Stage::Submitting])
}
