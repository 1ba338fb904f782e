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

/// What the alerts of a verdict are about: for miners in the wording of the ET rule sets.
pub(super) const fn category(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Node => "Misc activity",
        Verdict::Suspected | Verdict::Probable | Verdict::Confirmed => {
            "Crypto Currency Mining Activity Detected"
        }
    }
}

/// The base of the numbers of all alerts.
const FIRST: u32 = 1_930_000;

/// 1930000 + the number of the protocol + 1 for suspected, 2 for probable, 3 for confirmed, 4 for a node.
pub(super) fn signature(protocol: Protocol, verdict: Verdict) -> Signature {
    let (degree, text) = match verdict {
        Verdict::Suspected | Verdict::Probable | Verdict::Confirmed => {
            (verdict as u32, format!("FIREDAMP {protocol} mining {verdict}"))
        }
        Verdict::Node => (4, format!("FIREDAMP {protocol} node")),
    };
    Signature { id: FIRST + protocol.number() + degree, text }
}

/// The numbers and texts that alerts of some protocols can have.
pub fn alert_signatures(protocols: impl Iterator<Item = Protocol>) -> impl Iterator<Item = (u32, String)> {
    let verdicts = [Verdict::Suspected, Verdict::Probable, Verdict::Confirmed, Verdict::Node];
    protocols
        .flat_map(move |protocol| verdicts.map(|verdict| signature(protocol, verdict)))
        .map(|one| (one.id, one.text))
}

/// Number and text of the alerts of a case.
pub(crate) fn alert_signature(protocol: Protocol, verdict: Verdict) -> (u32, String) {
    let Signature { id, text } = signature(protocol, verdict);
    (id, text)
}

/// Suricata's severity: 1 is the highest.
pub(super) const fn severity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Confirmed => 1,
        Verdict::Probable => 2,
        Verdict::Suspected | Verdict::Node => 3,
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
        let custom = super::signature(Protocol::named("zork"), Verdict::Confirmed);
        assert_eq!((custom.id, custom.text.as_str()), (1_930_903, "FIREDAMP zork mining confirmed"));
        let node = super::signature(Protocol::BitcoinP2p, Verdict::Node);
        assert_eq!((node.id, node.text.as_str()), (1_930_504, "FIREDAMP bitcoin-p2p node"));
    }
}
