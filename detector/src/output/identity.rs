use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::judge::Facts;

/// How the names of those who are paid appear in records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Identities {
    /// Wallet and worker as they were sent.
    #[default]
    Clear,
    /// Only the SHA-256 of wallet and worker, in hexadecimal, so that records can be matched with
    /// each other and with a name that is known, but do not disclose it. Nothing else in a record
    /// holds them: protocol parsers never put a wallet or worker into the detail of evidence.
    Hashed,
}

/// Wallet and worker, one way or the other.
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
    pub(super) fn of(facts: &Facts, identities: Identities) -> Self {
        let (worker, wallet) = (facts.worker.as_deref(), facts.wallet.as_deref());
        match identities {
            Identities::Clear => Self {
                worker: worker.map(str::to_owned),
                wallet: wallet.map(str::to_owned),
                ..Self::default()
            },
            Identities::Hashed => Self {
                worker_sha256: worker.map(sha256),
                wallet_sha256: wallet.map(sha256),
                ..Self::default()
            },
        }
    }
}

fn sha256(text: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text).iter().fold(String::new(), |mut hexadecimal, byte| {
        let _ = write!(hexadecimal, "{byte:02x}");
        hexadecimal
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_text() {
        assert_eq!(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
