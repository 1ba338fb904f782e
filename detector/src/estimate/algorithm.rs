use super::hash_rate::RateUnit;
use crate::judge::Protocol;

/// What is known of a hash function.
#[derive(Debug)]
pub(super) struct Algorithm {
    /// The name in records.
    pub(super) name: &'static str,
    /// Other names in use, in lower case.
    aliases: &'static [&'static str],
    /// Hashes that one unit of `mining.set_difficulty` is worth. `None` if it is not in use or not the same everywhere.
    ///
    /// Bitcoin's unit is 2^32 hashes, and nearly all pools kept it; those of scrypt and of the memory-hard functions for
    /// processors divide it by 2^16. Sources: node-stratum-pool's algoProperties.js, cpuminer-multi's and cpuminer-opt's
    /// target factors.
    pub(super) unit: Option<f64>,
    /// What rates are told in.
    pub(super) rate: RateUnit,
    /// How often that is, for each try of [`super::Unit::Hashes`].
    pub(super) per_try: f64,
    /// Typical hardware.
    pub(super) hardware: Option<Hardware>,
}

/// What typical hardware needs. An assumption: nothing on the wire tells the device.
#[derive(Debug)]
pub(super) struct Hardware {
    /// Joules for one hash, or solution, or graph, of the best devices in wide use.
    pub(super) best: f64,
    /// The same of old devices that are still in use.
    pub(super) worst: f64,
    /// The assumption in words.
    pub(super) assumption: &'static str,
}

const fn hash(name: &'static str, aliases: &'static [&'static str], unit: Option<f64>) -> Algorithm {
    Algorithm { name, aliases, unit, rate: RateUnit::Hashes, per_try: 1.0, hardware: None }
}

const fn solution(name: &'static str, aliases: &'static [&'static str]) -> Algorithm {
    Algorithm { rate: RateUnit::Solutions, ..hash(name, aliases, None) }
}

/// One graph in 42 has a cycle of the length that counts (John Tromp's Cuckoo Cycle; Grin's own estimate of its graph
/// rate). Grin's servers compare the difficulty of a share unscaled, as that of the cycle alone.
const fn graph(name: &'static str, aliases: &'static [&'static str]) -> Algorithm {
    Algorithm { rate: RateUnit::Graphs, per_try: 42.0, ..hash(name, aliases, None) }
}

impl Algorithm {
    const fn on(self, best: f64, worst: f64, assumption: &'static str) -> Self {
        Self { hardware: Some(Hardware { best, worst, assumption }), ..self }
    }
}

const BITCOIN: Option<f64> = Some(4_294_967_296.0);
const SCRYPT: Option<f64> = Some(65_536.0);
/// Difficulty 1 of alephium/mining-pool has 30 zero bits.
const ALEPHIUM: Option<f64> = Some(1_073_741_824.0);

const TERA: f64 = 1e12;
const GIGA: f64 = 1e9;
const MEGA: f64 = 1e6;
const KILO: f64 = 1e3;

/// The figures for hardware are manufacturers' specifications of power at the wall for ASICs, and miners' published
/// settings for graphics cards and processors; of the years named with them.
static ALGORITHMS: [Algorithm; 28] = [
    // From S21 XP and S21 Pro (2024) over S19 (2020) to S17 and M20 (2019).
    hash("sha256d", &["sha256", "sha-256", "sha-256d"], BITCOIN).on(
        15.0 / TERA,
        40.0 / TERA,
        "SHA-256d on ASICs of 2019 to 2025, 15 to 40 J/TH",
    ),
    // From L9 (2024, 0.21) over L7 (2021, 0.36) to L3+ (2017, 1.6).
    hash("scrypt", &["scrypt:1024"], SCRYPT).on(
        0.2 / MEGA,
        1.6 / MEGA,
        "scrypt on ASICs of 2017 to 2024, 0.2 to 1.6 J/MH",
    ),
    // From D9 (2023, 1.6) to D5 (2018, 13).
    hash("x11", &["dash"], BITCOIN).on(
        1.6 / GIGA,
        13.0 / GIGA,
        "X11 on ASICs of 2018 to 2023, 1.6 to 13 J/GH",
    ),
    // From AMD EPYC and Ryzen 9 of 2020 to 2024 (130 to 180 hashes a joule) to servers and laptops of 2013 to 2018 (30 to
    // 60). The RandomX ASICs of 2023 to 2025 need less; hosts that mine unseen have none.
    hash("rx/0", &["randomx", "rx/monero", "rx/0/monero"], None).on(
        1.0 / 160.0,
        1.0 / 40.0,
        "RandomX on processors of 2013 to 2024, 40 to 160 H/J",
    ),
    // From Jasminer X16 (2022, 3 MH/J) over RTX 3070 (0.5) to RX 580 (0.27).
    hash("ethash", &["etchash", "ethash/etchash", "daggerhashimoto"], BITCOIN).on(
        0.33 / MEGA,
        3.7 / MEGA,
        "Ethash on ASICs of 2022 to graphics cards of 2017, 0.33 to 3.7 J/MH",
    ),
    // From RTX 4090 and RX 6800 to RX 580.
    hash("kawpow", &["progpow", "firopow", "evrprogpow", "meowpow"], None).on(
        4.0 / MEGA,
        11.0 / MEGA,
        "KawPow on graphics cards of 2017 to 2022, 4 to 11 J/MH",
    ),
    // From KS5 (2023, 0.15) over IceRiver KS3 (0.4) to KS0 (0.65).
    hash("kheavyhash", &["heavyhash", "kaspa"], BITCOIN).on(
        0.15 / GIGA,
        0.65 / GIGA,
        "kHeavyHash on ASICs of 2023 and 2024, 0.15 to 0.65 J/GH",
    ),
    // From RTX 3070 (0.65) to RX 580 (1.7). What a pool's difficulty means depends on the software of the miner.
    hash("autolykos2", &["autolykos", "autolykosv2", "autolykos-v2"], None).on(
        0.6 / MEGA,
        1.8 / MEGA,
        "Autolykos 2 on graphics cards of 2017 to 2021, 0.6 to 1.8 J/MH",
    ),
    // From AL1 (2024, 0.23) to the small boxes (0.5).
    // One hash in 16 falls on the chain that is mined (alephium/mining-pool).
    Algorithm { per_try: 16.0, ..hash("blake3-alephium", &["blake3", "alephium"], ALEPHIUM) }.on(
        0.2 / GIGA,
        0.5 / GIGA,
        "Blake3 on ASICs of 2023 and 2024, 0.2 to 0.5 J/GH",
    ),
    // From K7 (2023, 48) to CK6 and CK-Box (170 to 205).
    hash("eaglesong", &["ckb"], None).on(
        48.0 / TERA,
        205.0 / TERA,
        "Eaglesong on ASICs of 2021 to 2023, 48 to 205 J/TH",
    ),
    hash("octopus", &["conflux"], None).on(
        2.3 / MEGA,
        4.5 / MEGA,
        "Octopus on graphics cards of 2018 to 2021, 2.3 to 4.5 J/MH",
    ),
    // From Z15 Pro (2023, 3.2) over Z15 (2020, 3.6) to Z11 (2019, 10.5).
    solution("equihash-200,9", &["equihash200_9", "equihash/200/9", "equihash/200,9", "200_9"]).on(
        3.2 / KILO,
        10.5 / KILO,
        "Equihash 200,9 on ASICs of 2019 to 2023, 3.2 to 10.5 J/kSol",
    ),
    solution("equihash-144,5", &["zhash", "equihash144_5", "equihash/144/5", "equihash/144,5", "144_5"]).on(
        1.5,
        3.5,
        "Equihash 144,5 on graphics cards of 2017 to 2021, 1.5 to 3.5 J/Sol",
    ),
    solution("equihash-125,4", &["zelhash", "equihash125_4", "equihash/125/4", "equihash/125,4", "125_4"])
        .on(2.2, 5.5, "Equihash 125,4 on graphics cards of 2017 to 2021, 2.2 to 5.5 J/Sol"),
    solution("equihash-192,7", &["equihash192_7", "equihash/192/7", "equihash/192,7", "192_7"]),
    solution("beamhash3", &["beamhash", "beamhashiii"]).on(
        4.5,
        8.0,
        "BeamHash III on graphics cards of 2017 to 2021, 4.5 to 8 J/Sol",
    ),
    // iPollo G1 and G1 Mini (2021).
    graph("cuckatoo32", &["c32", "cuckatoo-32"]).on(
        78.0,
        100.0,
        "Cuckatoo32 on ASICs of 2021, 78 to 100 J a graph",
    ),
    graph("cuckatoo31", &["c31", "cuckatoo-31"]),
    graph("cuckaroo29", &["c29", "cuckaroo", "cuckarood29", "cuckaroom29", "cuckarooz29"]),
    hash("verushash", &["verus", "verushash2.2", "verushash2.1"], None),
    hash("ghostrider", &["gr"], SCRYPT),
    hash("neoscrypt", &[], SCRYPT),
    hash("yespower", &[], SCRYPT),
    // While the coin is not known, what all coins of the protocol share.
    solution("equihash", &[]),
    solution("aleo-puzzle", &["aleo"]),
    // The number that is looked for is one of the first hundred times the difficulty, each as likely as the others.
    Algorithm { per_try: 50.0, ..hash("duco-s1", &["duino-coin"], None) },
    graph("cuckoo-cycle", &["cuckoo", "cuckatoo"]),
    hash("kaspa-fork", &[], BITCOIN),
];

/// The hash function that has this name.
pub(super) fn named(name: &str) -> Option<&'static Algorithm> {
    let name = name.to_ascii_lowercase();
    ALGORITHMS.iter().find(|it| it.name == name || it.aliases.contains(&name.as_str()))
}

/// The name that records use for a hash function that is known by this or another name.
#[must_use]
pub fn algorithm_name(name: &str) -> Option<&'static str> {
    named(name).map(|it| it.name)
}

/// On what hardware the power of miners of this algorithm is estimated, in words; `None` if it is not.
#[must_use]
pub fn hardware_assumption(algorithm: &str) -> Option<&'static str> {
    named(algorithm)?.hardware.as_ref().map(|it| it.assumption)
}

/// Whether two names mean the same hash function.
pub(super) fn are_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
        || named(one).zip(named(other)).is_some_and(|(one, other)| one.name == other.name)
}

/// The hash function of a protocol, or of a coin in it, if nothing names it.
///
/// A Bitcoin address does not decide: pools of many algorithms pay in Bitcoin. What Bitcoin's miners say does: version
/// rolling and the difficulty of the block imply SHA-256d.
pub(super) fn of(protocol: Protocol, coin: Option<&str>, agent: Option<&str>) -> Option<&'static Algorithm> {
    let coin = coin.unwrap_or_default();
    let name = match protocol {
        Protocol::StratumV1 => match coin {
            "LTC" | "DOGE" => "scrypt",
            "BCH" | "BSV" | "XEC" => "sha256d",
            "DASH" => "x11",
            _ if agent.is_some_and(is_bitcoin_hardware) => "sha256d",
            _ => return None,
        },
        Protocol::StratumV2 | Protocol::Datum => "sha256d",
        Protocol::CryptoNote | Protocol::BrowserMiner if coin == "XMR" => "rx/0",
        Protocol::EthProxy | Protocol::EthereumStratum => "ethash",
        Protocol::KawPow => "kawpow",
        Protocol::Kaspa if matches!(coin, "KAS" | "") => "kheavyhash",
        Protocol::Kaspa => "kaspa-fork",
        Protocol::Alephium => "blake3-alephium",
        Protocol::Ckb => "eaglesong",
        Protocol::Conflux => "octopus",
        Protocol::Ergo => "autolykos2",
        Protocol::Beam => "beamhash3",
        Protocol::Aleo => "aleo-puzzle",
        Protocol::DuinoCoin => "duco-s1",
        Protocol::Equihash => match coin {
            "ZEC" | "ZEN" | "KMD" | "ARRR" => "equihash-200,9",
            "BTG" | "BTCZ" => "equihash-144,5",
            "FLUX" => "equihash-125,4",
            "VRSC" => "verushash",
            _ => "equihash",
        },
        Protocol::Grin if coin == "GRIN" => "cuckatoo32",
        Protocol::Grin if coin == "MWC" => "cuckatoo31",
        Protocol::Grin => "cuckoo-cycle",
        _ => return None,
    };
    named(name)
}

/// Devices and firmware that compute nothing but SHA-256d.
fn is_bitcoin_hardware(agent: &str) -> bool {
    let agent = agent.to_ascii_lowercase();
    ["bitaxe", "bosminer", "bos/", "nerdminer", "nerdqaxe", "nmminer", "avalon", "whatsminer"]
        .iter()
        .any(|&name| agent.starts_with(name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_means_one_algorithm() {
        let mut names = BTreeSet::new();
        for algorithm in &ALGORITHMS {
            for &name in [&algorithm.name].into_iter().chain(algorithm.aliases) {
                assert_eq!(name, name.to_lowercase());
                assert!(names.insert(name), "{name}");
            }
        }
    }

    #[test]
    fn old_hardware_needs_more_than_new() {
        for hardware in ALGORITHMS.iter().filter_map(|algorithm| algorithm.hardware.as_ref()) {
            assert!(0.0 < hardware.best && hardware.best < hardware.worst, "{}", hardware.assumption);
            assert!(hardware.worst / hardware.best < 15.0, "{}", hardware.assumption);
        }
    }

    #[test]
    fn the_algorithm_follows_from_protocol_coin_or_hardware() {
        let found = |protocol, coin: &str, agent: &str| {
            of(protocol, Some(coin).filter(|it| !it.is_empty()), Some(agent)).map(|algorithm| algorithm.name)
        };
        assert_eq!(found(Protocol::StratumV1, "LTC", ""), Some("scrypt"));
        assert_eq!(found(Protocol::StratumV1, "BTC", ""), None, "pools of many algorithms pay in Bitcoin");
        assert_eq!(found(Protocol::StratumV1, "", "cpuminer/2.5.1"), None);
        assert_eq!(found(Protocol::StratumV1, "", "Bitaxe/BM1370/v2.4.2"), Some("sha256d"));
        assert_eq!(found(Protocol::CryptoNote, "XMR", ""), Some("rx/0"));
        assert_eq!(found(Protocol::CryptoNote, "", ""), None);
        assert_eq!(found(Protocol::Equihash, "BTG", ""), Some("equihash-144,5"));
        assert_eq!(found(Protocol::Equihash, "", ""), Some("equihash"));
        assert_eq!(found(Protocol::Signum, "", ""), None);
    }

    #[test]
    fn names_are_told_whatever_their_case() {
        assert_eq!(named("SHA256").map(|algorithm| algorithm.name), Some("sha256d"));
        assert!(named("cn/r").is_none());
        assert!(are_same("RandomX", "rx/0") && are_same("cn/R", "cn/r") && !are_same("cn/r", "rx/0"));
    }
}
