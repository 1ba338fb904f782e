use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use crate::intern::intern;
use crate::judge::Facts;

/// In which form the names of those who are paid are kept and written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Identities {
    /// Wallet and worker as they were sent.
    #[default]
    Clear,
    /// The beginning and the end of wallet and worker: enough for a reader to tell them apart, too little to find whose
    /// they are without knowing them.
    Truncated,
    /// Only the SHA-256 of wallet and worker, in hexadecimal, so that records can be matched with
    /// each other and with a name that is known, but do not disclose it. Nothing else in a record
    /// holds them: protocol parsers never put a wallet or worker into the detail of evidence.
    Hashed {
        /// What is hashed before the name.
        salt: Salt,
    },
}

/// What is hashed before a name, so that nobody can hash all known names and compare. It is secret.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Salt(&'static str);

impl Salt {
    /// None.
    pub const NONE: Self = Self("");

    /// A salt. It is kept for as long as the process lives.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(intern(text))
    }

    /// How many bytes it has.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "Salt(none)" } else { "Salt(secret)" })
    }
}

impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            return Err(serde::de::Error::custom("a salt has at least one character; leave it out for none"));
        }
        Ok(Self::new(&text))
    }
}

/// What a record tells of persons, in the form in which it is kept. A name that is kept must not be kept once more: the
/// hash of a hash is another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names<'a> {
    /// Who is paid.
    pub wallet: Option<Cow<'a, str>>,
    /// The machine within the account.
    pub worker: Option<Cow<'a, str>>,
    /// The mining software.
    pub agent: Option<&'a str>,
    /// The pool's name as the miner addressed it.
    pub pool_name: Option<&'a str>,
}

impl<'a> Names<'a> {
    /// Those of facts that hold them in the form in which they are kept.
    pub(super) fn kept(facts: &'a Facts) -> Self {
        Self {
            wallet: facts.wallet.as_deref().map(Cow::Borrowed),
            worker: facts.worker.as_deref().map(Cow::Borrowed),
            agent: facts.agent.as_deref(),
            pool_name: facts.pool_name.as_deref(),
        }
    }
}

impl Identities {
    /// The form in which a wallet or a worker is kept.
    #[must_use]
    pub fn kept(self, name: &str) -> Cow<'_, str> {
        match self {
            Self::Clear => Cow::Borrowed(name),
            Self::Truncated => Cow::Owned(truncated(name)),
            Self::Hashed { salt } => Cow::Owned(sha256(salt, name)),
        }
    }

    /// What is kept of names that came in clear.
    #[must_use]
    pub fn names(self, facts: &Facts) -> Names<'_> {
        Names {
            wallet: facts.wallet.as_deref().map(|name| self.kept(name)),
            worker: facts.worker.as_deref().map(|name| self.kept(name)),
            agent: self.agent(facts),
            pool_name: facts
                .pool_name
                .as_deref()
                .filter(|name| self == Self::Clear || !discloses(facts, name)),
        }
    }

    /// The mining software. It is free text, in which a name may stand that is not to be told: then only its first word
    /// is told, and not if that holds the name.
    fn agent(self, facts: &Facts) -> Option<&str> {
        let whole = facts.agent.as_deref()?;
        if self == Self::Clear {
            return Some(whole);
        }
        let word = whole.split_whitespace().next()?;
        (!names(facts).any(|name| word.contains(name))).then_some(word)
    }
}

fn names(facts: &Facts) -> impl Iterator<Item = &str> {
    [&facts.wallet, &facts.worker].into_iter().flatten().map(String::as_str)
}

/// Names that are shorter than this, in bytes, stand in the names of pools by chance, as `eu` or `1` does.
const TELLING: usize = 6;

/// Whether the name of a pool holds one of those who are paid: some give each account a name in the DNS.
fn discloses(facts: &Facts, pool: &str) -> bool {
    let pool = pool.to_lowercase();
    names(facts).any(|name| name.len() >= TELLING && pool.contains(&name.to_lowercase()))
}

/// Characters that are shown at the beginning and at the end, and no more than half of the name.
const SHOWN: (usize, usize) = (6, 4);

fn truncated(name: &str) -> String {
    let characters = name.chars().count();
    let shown = (SHOWN.0 + SHOWN.1).min(characters / 2);
    let tail = shown * SHOWN.1 / (SHOWN.0 + SHOWN.1);
    let mut text: String = name.chars().take(shown - tail).collect();
    text.push('\u{2026}');
    text.extend(name.chars().skip(characters - tail));
    text
}

fn sha256(salt: Salt, text: &str) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::new().chain_update(salt.0).chain_update(text).finalize();
    digest.iter().fold(String::new(), |mut hexadecimal, byte| {
        let _ = write!(hexadecimal, "{byte:02x}");
        hexadecimal
    })
}

/// Wallet and worker in a record, under the keys that tell in which form they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Identity {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) worker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) wallet: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) worker_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) wallet_sha256: Option<String>,
}

impl Identity {
    pub(super) fn of(names: &Names<'_>, identities: Identities) -> Self {
        let own = |name: &Option<Cow<'_, str>>| name.as_deref().map(str::to_owned);
        let (worker, wallet) = (own(&names.worker), own(&names.wallet));
        match identities {
            Identities::Clear | Identities::Truncated => Self { worker, wallet, ..Self::default() },
            Identities::Hashed { .. } => {
                Self { worker_sha256: worker, wallet_sha256: wallet, ..Self::default() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_hash_is_that_of_salt_and_text() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for (salt, text) in [("", "abc"), ("a", "bc"), ("ab", "c")] {
            let hashed = Identities::Hashed { salt: Salt::new(salt) };
            assert_eq!(hashed.kept(text), abc, "{salt} {text}");
        }
    }

    #[test]
    fn a_long_name_shows_six_and_four_characters() {
        let kept = |name| Identities::Truncated.kept(name).into_owned();
        assert_eq!(
            kept(
                "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD"
            ),
            "48edfH\u{2026}icoD"
        );
        assert_eq!(kept("rig7"), "ri\u{2026}");
        assert_eq!(kept("rig-in-7"), "rig\u{2026}7");
        assert_eq!(kept("\u{77ff}\u{673a}"), "\u{77ff}\u{2026}");
        assert_eq!((kept("x"), kept("")), ("\u{2026}".to_owned(), "\u{2026}".to_owned()));
    }

    #[test]
    fn a_secret_is_not_in_what_is_logged() {
        let hashed = Identities::Hashed { salt: Salt::new("pepper") };
        assert_eq!(format!("{hashed:?}"), "Hashed { salt: Salt(secret) }");
    }

    #[test]
    fn a_pool_that_is_named_after_an_account_is_not_told() {
        let facts = |pool: &str| Facts {
            wallet: Some("Operator77".to_owned()),
            worker: Some("1".to_owned()),
            pool_name: Some(pool.to_owned()),
            ..Facts::default()
        };
        let (own, common) = (facts("operator77.pool.example"), facts("eu1.pool.example"));
        assert_eq!(Identities::Truncated.names(&own).pool_name, None);
        assert_eq!(Identities::Clear.names(&own).pool_name, Some("operator77.pool.example"));
        assert_eq!(Identities::Truncated.names(&common).pool_name, Some("eu1.pool.example"));
    }

    proptest! {
        #[test]
        fn at_least_half_of_a_truncated_name_is_hidden(name in "\\PC{1,120}") {
            let kept = Identities::Truncated.kept(&name).into_owned();
            prop_assert!(kept.chars().count() - 1 <= name.chars().count() / 2);
            prop_assert!(kept.chars().count() <= 11);
        }
    }
}
