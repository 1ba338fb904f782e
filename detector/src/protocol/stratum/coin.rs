//! What names a coin without its address.

/// Ticker symbols of coins that pools mine or pay, as passwords name them.
const TICKERS: [&str; 58] = [
    "AE", "ALEO", "ALPH", "BCH", "BEAM", "BTC", "BTCZ", "BTG", "CFX", "CKB", "CLORE", "DASH", "DCR", "DGB",
    "DNX", "DOGE", "ERG", "ETC", "ETHW", "EVR", "FIRO", "FLUX", "GRIN", "GRS", "HNS", "IRON", "KAS", "KDA",
    "KLS", "KMD", "LTC", "MEWC", "MWC", "NEOX", "NEXA", "PYI", "QUBIC", "RTM", "RVN", "RXD", "SAL", "SC",
    "SPR", "VRSC", "VTC", "XEL", "XEC", "XMR", "XNA", "XTM", "YEC", "ZANO", "ZCL", "ZEC", "ZEN", "ZEPH",
    "ZER", "ZIL",
];

/// The coin with this ticker symbol, if it is a known one.
pub(super) fn of_ticker(ticker: &str) -> Option<&'static str> {
    TICKERS.into_iter().find(|known| known.eq_ignore_ascii_case(ticker))
}

/// The coin whose Equihash has this personalisation string (miniZ's and `lolMiner`'s lists).
///
/// Forks of Zcash that kept `ZcashPoW` are told as Zcash.
pub(super) fn of_personalisation(name: &str) -> Option<&'static str> {
    match name {
        "ZcashPoW" => Some("ZEC"),
        "BgoldPoW" => Some("BTG"),
        "BitcoinZ" => Some("BTCZ"),
        "ZelProof" => Some("FLUX"),
        "ZERO_PoW" => Some("ZER"),
        _ => None,
    }
}

/// Equihash with the parameters whose solution takes so many hexadecimal digits, its length in front, and the coin if only
/// one uses them. Zcash's 200,9 is not told: `VerusHash` sends as many.
pub(super) fn of_solution(digits: usize) -> Option<(&'static str, Option<&'static str>)> {
    match digits {
        106 => Some(("equihash-125,4", Some("FLUX"))),
        202 => Some(("equihash-144,5", None)),
        806 => Some(("equihash-192,7", None)),
        2816 => Some(("equihash-210,9", None)),
        _ => None,
    }
}
