use std::str::FromStr;

use glob::Pattern;

use super::listing::Link;

/// What makes a name a pattern.
const SIGNS: [char; 3] = ['*', '?', '['];

/// What is to be watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The interface of this name.
    Name(String),
    /// All whose names match, but the loopback.
    Pattern(Pattern),
}

/// What was meant as a pattern is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "interface '{pattern}' is no pattern: {why} at character {at}; write * for any characters, ? for one, [ab] or [0-9] for \
     one of these, [!ab] for one of none of these, or the name of an interface"
)]
pub struct PatternError {
    pattern: String,
    why: &'static str,
    at: usize,
}

impl FromStr for Wanted {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if !text.contains(SIGNS) {
            return Ok(Self::Name(text.to_owned()));
        }
        // The crate takes two stars for directories below one another.
        if let Some(at) = text.find("**") {
            let at = text.get(..at).unwrap_or_default().chars().count() + 2;
            return Err(PatternError { pattern: text.to_owned(), why: "a star after a star", at });
        }
        let wrong = |error: glob::PatternError| PatternError {
            pattern: text.to_owned(),
            why: "a [ without its ]",
            at: error.pos + 1,
        };
        Pattern::new(text).map(Self::Pattern).map_err(wrong)
    }
}

impl Wanted {
    /// Whether the interface is meant.
    #[must_use]
    pub fn matches(&self, link: &Link) -> bool {
        match self {
            Self::Name(name) => link.is_called(name),
            Self::Pattern(pattern) => !link.kind.is_loopback() && pattern.matches(&link.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::link::LinkKind;
    use super::*;
    use nix::libc::{ARPHRD_ETHER, ARPHRD_LOOPBACK};

    fn link(name: &str) -> Link {
        let kind = LinkKind::numbered(if name == "lo" { ARPHRD_LOOPBACK } else { ARPHRD_ETHER });
        Link { name: name.to_owned(), alternatives: vec!["enx02".to_owned()], ..Link::nameless(7, kind) }
    }

    #[test]
    fn signs_of_the_shell_make_a_pattern() {
        for (pattern, matching, other) in [
            ("ppp*", "ppp17", "pp0"),
            ("enp*f0", "enp65s0f0", "enp65s0f1"),
            ("eth[01]", "eth1", "eth2"),
            ("eth[!0-3].?", "eth4.7", "eth2.7"),
            ("v?", "v0", "v"),
        ] {
            let wanted: Wanted = pattern.parse().unwrap();
            assert!(wanted.matches(&link(matching)), "{pattern} {matching}");
            assert!(!wanted.matches(&link(other)), "{pattern} {other}");
        }
    }

    #[test]
    fn a_name_is_meant_as_it_stands_and_may_be_an_alternative_one() {
        let named = |name: &str| name.parse::<Wanted>().unwrap();
        assert_eq!(named("eth0.7"), Wanted::Name("eth0.7".to_owned()));
        assert!(named("eth0.7").matches(&link("eth0.7")) && !named("eth0.7").matches(&link("eth0x7")));
        assert!(named("enx02").matches(&link("eth3")));
        assert!(!named("enx*").matches(&link("eth3")), "a pattern is for the first name");
    }

    #[test]
    fn the_loopback_is_watched_by_its_name_alone() {
        assert!(!"*".parse::<Wanted>().unwrap().matches(&link("lo")));
        assert!(!"l?".parse::<Wanted>().unwrap().matches(&link("lo")));
        assert!("lo".parse::<Wanted>().unwrap().matches(&link("lo")));
    }

    #[test]
    fn a_wrong_pattern_is_told_with_its_place_and_what_to_write() {
        for (text, words) in [
            ("eth[01", "'eth[01' is no pattern: a [ without its ] at character 4"),
            ("ppp**", "'ppp**' is no pattern: a star after a star at character 5"),
        ] {
            let error = text.parse::<Wanted>().unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("[0-9]"), "{error}");
        }
    }
}
