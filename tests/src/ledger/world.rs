//! What invented miners are made of. What appears more than once is chosen more often.

/// Types of networks.
pub(crate) const NETWORKS: &[&str] = &[
    "home-broadband",
    "home-broadband",
    "home-broadband",
    "home-broadband",
    "data-centre",
    "enterprise",
    "mobile",
    "education",
    "unknown",
    "government",
];

/// Country, region, city, degrees north and east.
pub(crate) type Place = (&'static str, Option<&'static str>, Option<&'static str>, f64, f64);

/// Where miners are.
pub(crate) const PLACES: &[Place] = &[
    ("CN", Some("Shandong"), Some("Jinan"), 36.65, 117.12),
    ("CN", Some("Shandong"), Some("Qingdao"), 36.07, 120.38),
    ("CN", Some("Shandong"), Some("Yantai"), 37.46, 121.45),
    ("CN", Some("Sichuan"), Some("Chengdu"), 30.57, 104.07),
    ("CN", Some("Sichuan"), Some("Mianyang"), 31.47, 104.68),
    ("CN", Some("Jiangsu"), Some("Nanjing"), 32.06, 118.8),
    ("CN", Some("Jiangsu"), Some("Suzhou"), 31.3, 120.58),
    ("CN", Some("Zhejiang"), Some("Hangzhou"), 30.27, 120.15),
    ("CN", Some("Zhejiang"), Some("Ningbo"), 29.87, 121.54),
    ("CN", Some("Zhejiang"), None, 29.0, 120.0),
    ("DE", Some("Hesse"), Some("Frankfurt am Main"), 50.11, 8.68),
    ("US", Some("Virginia"), Some("Ashburn"), 39.04, -77.49),
    ("BR", None, None, -10.0, -55.0),
];

/// Autonomous systems for documentation (RFC 5398).
pub(crate) const SYSTEMS: &[(u32, &str)] = &[
    (64496, "Example Telecom Backbone"),
    (64496, "Example Telecom Backbone"),
    (64496, "Example Telecom Backbone"),
    (64497, "Example Unicom"),
    (64497, "Example Unicom"),
    (64498, "Example Mobile"),
    (64499, "Example Education and Research Network"),
    (64500, "Example Cloud"),
    (64501, "Example Hosting"),
    (64502, "Example Cable"),
    (65551, "Example Government Network"),
];

/// What is mined.
#[derive(Clone, Copy)]
pub(crate) struct Coin {
    pub(crate) ticker: Option<&'static str>,
    pub(crate) protocol: &'static str,
    pub(crate) algorithm: &'static str,
    /// Hashes a second of a usual machine.
    pub(crate) rate: f64,
    /// For a hash.
    pub(crate) joules: f64,
}

const fn coin(
    ticker: Option<&'static str>,
    protocol: &'static str,
    algorithm: &'static str,
    rate: f64,
    joules: f64,
) -> Coin {
    Coin { ticker, protocol, algorithm, rate, joules }
}

const MONERO: Coin = coin(Some("XMR"), "cryptonote", "rx/0", 4e3, 0.0125);
const BITCOIN: Coin = coin(Some("BTC"), "stratum-v1", "sha256d", 1e14, 2.4e-11);

/// Coins.
pub(crate) const COINS: &[Coin] = &[
    MONERO,
    MONERO,
    MONERO,
    MONERO,
    MONERO,
    BITCOIN,
    BITCOIN,
    coin(Some("LTC"), "stratum-v1", "scrypt", 9e9, 5.6e-7),
    coin(Some("ETC"), "eth-proxy", "ethash", 4e8, 1.1e-6),
    coin(Some("RVN"), "kawpow", "kawpow", 4e7, 6.6e-6),
    coin(None, "stratum-v1", "sha256d", 1e14, 2.4e-11),
    coin(Some("KAS"), "kaspa", "kheavyhash", 8e12, 3.1e-10),
];
