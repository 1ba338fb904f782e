//! Whether there is a program that hands blocks to nftables, if the configuration wants that.

use super::finding::{Check, Finding};
use crate::block::{Config, Method, Mode, NftError, nft_version};

/// The oldest one that counts what each element of a set met.
const OLDEST: [u32; 3] = [0, 9, 5];

pub(super) fn examine(config: &Config) -> Option<Finding> {
    let wanted = config.backend == Method::Nftables && config.mode != Mode::Observe;
    wanted.then(|| judge(nft_version()))
}

fn judge(said: Result<String, NftError>) -> Finding {
    let check = Check::Nftables;
    match said {
        Ok(said) if version(&said).is_some_and(|version| version < OLDEST) => {
            Finding::fatal(check, format!("{said}: 0.9.5 or later is needed"))
                .mend("sudo apt-get install nftables")
        }
        Ok(said) => Finding::fine(check, said),
        Err(error @ NftError::Missing) => {
            Finding::fatal(check, error.to_string()).mend("sudo apt-get install nftables")
        }
        Err(error) => Finding::fatal(check, error.to_string()).mend("nft --version"),
    }
}

/// The numbers in `nftables v1.0.6 (Lester Gooch #5)`.
fn version(said: &str) -> Option<[u32; 3]> {
    let word = said.split_whitespace().find_map(|word| word.strip_prefix('v'))?;
    let mut numbers = word.split('.').map(|number| number.parse().ok());
    Some([numbers.next()??, numbers.next()??, numbers.next().flatten().unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn one_that_is_missing_or_too_old_is_fatal() {
        for (said, state) in [
            ("nftables v1.0.6 (Lester Gooch #5)", State::Fine),
            ("nftables v0.9.5 (Capital Idea #2)", State::Fine),
            ("nftables v1.1", State::Fine),
            ("something else", State::Fine),
            ("nftables v0.9.3 (Topsy)", State::Fatal),
        ] {
            assert_eq!(judge(Ok(said.to_owned())).state, state, "{said}");
        }
        let missing = judge(Err(NftError::Missing));
        assert_eq!(missing.mend.as_deref(), Some("sudo apt-get install nftables"));
    }

    #[test]
    fn who_does_not_want_it_is_told_nothing() {
        assert!(examine(&Config { mode: Mode::Enforce, ..Config::default() }).is_none());
        assert!(examine(&Config { backend: Method::Nftables, ..Config::default() }).is_none());
    }
}
