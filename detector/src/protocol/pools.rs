//! Names of public pools' servers, which speak for mining when a proxy is asked to connect to them.
//!
//! Only names that serve miners: a pool's web pages are read by people.

/// A pool's domain.
struct Pool {
    domain: &'static str,
    /// Its web pages stand below the domain, too, under the name of a coin: `xmr.DOMAIN`. Servers have more before the
    /// domain: `eu-xmr.DOMAIN`, `de.xmr.DOMAIN`.
    pages: bool,
}

const fn pool(domain: &'static str) -> Pool {
    Pool { domain, pages: false }
}

const fn with_pages(domain: &'static str) -> Pool {
    Pool { domain, pages: true }
}

/// Domains below which mining servers stand.
const POOLS: [Pool; 34] = [
    pool("2acoin.org"),
    with_pages("2miners.com"),
    pool("antpool.com"),
    pool("auto.nicehash.com"),
    pool("binance-pool.com"),
    pool("braiins.com"),
    pool("c3pool.com"),
    pool("c3pool.org"),
    pool("ckpool.org"),
    pool("ethermine.org"),
    pool("f2pool.com"),
    with_pages("flexpool.io"),
    pool("foundryusapool.com"),
    with_pages("hashvault.pro"),
    with_pages("herominers.com"),
    pool("k1pool.com"),
    with_pages("kryptex.network"),
    pool("luxor.tech"),
    pool("minexmr.com"),
    pool("moneroocean.stream"),
    with_pages("nanopool.org"),
    pool("ocean.xyz"),
    pool("poolbinance.com"),
    pool("poolin.me"),
    pool("prohashing.com"),
    pool("slushpool.com"),
    pool("supportxmr.com"),
    pool("unmineable.com"),
    pool("viabtc.io"),
    pool("viabtc.top"),
    pool("woolypooly.com"),
    pool("xmrig.com"),
    pool("xmrpool.eu"),
    pool("zpool.ca"),
];

/// First parts of names under which web pages and their interfaces are.
const WEB: [&str; 18] = [
    "www",
    "web",
    "api",
    "app",
    "cdn",
    "static",
    "assets",
    "img",
    "docs",
    "help",
    "support",
    "blog",
    "forum",
    "status",
    "account",
    "dashboard",
    "m",
    "download",
];

/// Whether miners, and hardly anybody else, connect to `host`.
pub(super) fn serves_miners(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    POOLS.iter().any(|pool| {
        let Some(before) = host.strip_suffix(pool.domain).and_then(|before| before.strip_suffix('.')) else {
            return false;
        };
        let first = before.split('.').next().unwrap_or_default();
        !WEB.contains(&first) && (!pool.pages || first == "pool" || before.contains(['-', '.']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_told_from_web_pages() {
        for server in [
            "gulf.moneroocean.stream",
            "pool.supportxmr.com",
            "xmr-eu1.nanopool.org",
            "us-xmr.2miners.com",
            "de.monero.herominers.com",
            "pool.hashvault.pro",
            "randomxmonero.auto.nicehash.com",
            "DONATE.v2.xmrig.com.",
            "stratum.braiins.com",
            "rx.unmineable.com",
        ] {
            assert!(serves_miners(server), "{server}");
        }
        for page in [
            "moneroocean.stream",
            "www.supportxmr.com",
            "xmr.nanopool.org",
            "2miners.com",
            "xmr.2miners.com",
            "api.unmineable.com",
            "www.nicehash.com",
            "api2.nicehash.com",
            "notsupportxmr.com",
            "pool.supportxmr.com.example.org",
            "",
        ] {
            assert!(!serves_miners(page), "{page}");
        }
    }
}
