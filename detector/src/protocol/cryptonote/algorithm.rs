//! Names of algorithms, as the two sides say them.

use super::super::coin::CoinReason;
use super::super::finding::Fact;

/// `XMRig`'s names of algorithms, family and variant, and those that other miners give their own.
pub(super) fn is_known(name: &str) -> bool {
    let families = [
        "rx",
        "cn",
        "cn-lite",
        "cn-heavy",
        "cn-pico",
        "cn-half",
        "cn-femto",
        "cn-upx2",
        "cn-gpu",
        "cryptonight",
        "randomx",
        "rxt",
        "argon2",
        "astrobwt",
        "ghostrider",
        "kawpow",
        "panthera",
        "sha3x",
        "cuckaroo",
        "cuckoo",
        "c29",
        "c29t",
        "flex",
    ];
    families.contains(&name.split('/').next().unwrap_or(name))
}

/// Algorithms that hardly a second coin uses.
const COINS: [(&str, &str); 17] = [
    ("rx/wow", "WOW"),
    ("rx/arq", "ARQ"),
    ("rx/graft", "GRFT"),
    ("rx/sfx", "SFX"),
    ("rx/keva", "KVA"),
    ("rx/yada", "YDA"),
    ("rx/xeq", "XEQ"),
    ("cn/ccx", "CCX"),
    ("cn/gpu", "RYO"),
    ("cn/upx2", "UPX"),
    ("cn-heavy/xhv", "XHV"),
    ("cn-heavy/tube", "TUBE"),
    ("argon2/chukwav2", "TRTL"),
    ("panthera", "XLA"),
    ("ghostrider", "RTM"),
    ("sha3x", "XTM"),
    ("rx/tari", "XTM"),
];

/// The coin, if the algorithm gives it away.
pub(super) fn coin(algorithm: &str) -> Option<Fact> {
    let &(_, ticker) = COINS.iter().find(|(name, _)| algorithm.eq_ignore_ascii_case(name))?;
    Some(Fact::coin(ticker, CoinReason::Algorithm))
}
