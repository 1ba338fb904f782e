use crate::judge::{Protocol, Verdict};

/// What Suricata calls a signature: a stable number that operators filter on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    /// Ten numbers for each protocol from 1930000 on, within the range that Suricata's allocation
    /// reserves for local use (1000000 to 1999999); the last digit is the verdict.
    pub(super) id: u32,
    pub(super) text: String,
}

/// Raised when a signature comes to mean something else.
pub(super) const REVISION: u32 = 1;

/// The wording that the ET rule sets use for this kind of alert.
pub(super) const CATEGORY: &str = "Crypto Currency Mining Activity Detected";

/// | protocol | suspected | probable | confirmed |
/// | --- | --- | --- | --- |
/// | stratum-v1 | 1930011 | 1930012 | 1930013 |
/// | ethereumstratum | 1930021 | 1930022 | 1930023 |
/// | cryptonote | 1930031 | 1930032 | 1930033 |
/// | eth-proxy | 1930041 | 1930042 | 1930043 |
pub(super) fn signature(protocol: Protocol, verdict: Verdict) -> Signature {
    let family = match protocol {
        Protocol::StratumV1 => 1_930_010,
        Protocol::EthereumStratum => 1_930_020,
        Protocol::CryptoNote => 1_930_030,
        Protocol::EthProxy => 1_930_040,
    };
    let degree = match verdict {
        Verdict::Suspected => 1,
        Verdict::Probable => 2,
        Verdict::Confirmed => 3,
    };
    Signature { id: family + degree, text: format!("FIREDAMP {protocol} mining {verdict}") }
}

/// Suricata's severity: 1 is the highest.
pub(super) const fn severity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Confirmed => 1,
        Verdict::Probable => 2,
        Verdict::Suspected => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Operators filter on these numbers: they may never change.
    #[test]
    fn numbers_are_stable() {
        let signature = signature(Protocol::CryptoNote, Verdict::Confirmed);
        assert_eq!(
            (signature.id, signature.text.as_str()),
            (1_930_033, "FIREDAMP cryptonote mining confirmed")
        );
        assert_eq!(super::signature(Protocol::StratumV1, Verdict::Suspected).id, 1_930_011);
        assert_eq!(super::signature(Protocol::EthereumStratum, Verdict::Probable).id, 1_930_022);
        assert_eq!(super::signature(Protocol::EthProxy, Verdict::Confirmed).id, 1_930_043);
    }
}
