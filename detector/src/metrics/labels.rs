use crate::enrich::NetworkType;
use crate::judge::{Protocol, Verdict};

/// Coins that have a label of their own. A signature file may name any, and each label is a time series for ever.
pub(crate) const COINS: [&str; 88] = [
    "AE", "ALEO", "ALPH", "ARQ", "ARRR", "BCH", "BEAM", "BSV", "BTC", "BTCZ", "BTG", "CCX", "CFX", "CKB",
    "CLORE", "DASH", "DCR", "DERO", "DGB", "DNX", "DOGE", "DUCO", "ERG", "ETC", "ETH", "ETHW", "EVR", "FIRO",
    "FLUX", "GRFT", "GRIN", "GRS", "HNS", "IRON", "KAS", "KDA", "KLS", "KMD", "KVA", "LTC", "MEWC", "MWC",
    "NEOX", "NEXA", "NIM", "NMC", "NXL", "PYI", "QRL", "QUBIC", "RTM", "RVN", "RXD", "RYO", "SAL", "SC",
    "SFX", "SIGNA", "SPR", "STC", "SUMO", "TRTL", "TUBE", "UPX", "VRSC", "VTC", "WOW", "XCH", "XEC", "XEL",
    "XEQ", "XHV", "XLA", "XMR", "XNA", "XNV", "XTM", "YDA", "YEC", "ZANO", "ZCL", "ZEC", "ZEN", "ZEPH",
    "ZER", "ZIL", "ZNN", "ZRO",
];

/// What a label says of anything that is not in its set.
const OTHER: &str = "other";

/// What kind of thing was detected. Its values come from closed sets, so that however much is detected, there is a bounded
/// number of time series, and none tells who mines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Detection {
    protocol: &'static str,
    coin: &'static str,
    verdict: Verdict,
    network: NetworkType,
}

impl Detection {
    /// The kind of a case. A protocol or coin that is not built in becomes `other`; a coin that is not known, `unknown`.
    #[must_use]
    pub fn new(protocol: Protocol, coin: Option<&str>, verdict: Verdict, network: NetworkType) -> Self {
        let protocol = if let Protocol::Custom(_) = protocol { OTHER } else { protocol.name() };
        let coin =
            coin.map_or("unknown", |coin| COINS.into_iter().find(|known| *known == coin).unwrap_or(OTHER));
        Self { protocol, coin, verdict, network }
    }

    /// Names and values of its labels.
    pub(super) fn labels(self) -> [(&'static str, String); 4] {
        [
            ("protocol", self.protocol.to_owned()),
            ("coin", self.coin.to_owned()),
            ("verdict", self.verdict.to_string()),
            ("net_type", self.network.to_string()),
        ]
    }
}
