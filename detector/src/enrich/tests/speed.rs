use std::fmt::Write;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::time::Instant;

use super::{Files, NOON, mmdb, nested};

/// By hand: `cargo test --release -p detector --lib enrich::tests::speed::speed -- --ignored --nocapture`. Other databases than
/// the one that is made here are named by `FIREDAMP_DATABASES`, separated by `:`.
#[test]
#[ignore = "a measurement"]
fn speed() {
    let mut rows = "prefix,site,type\n".to_owned();
    for i in 0..10_000 {
        writeln!(rows, "10.{}.{}.0/24,hall-{i},data-centre", i / 256, i % 256).unwrap();
    }
    let mut leases = "ip,mac,user,from,to\n".to_owned();
    for i in 0..1_000_000_u32 {
        let [_, a, b, c] = i.to_be_bytes();
        writeln!(leases, "10.{a}.{b}.{c},,user-{},{},", i % 50_000, 1_772_000_000 + i).unwrap();
    }
    let records: Vec<_> =
        (0..50_000).map(|i| format!("{}.{}.{}.0/24", 11 + i / 65_536, i / 256 % 256, i % 256)).collect();
    let records: Vec<_> = records.iter().map(|prefix| (prefix.as_str(), nested())).collect();
    let mut files = Files::new().prefixes(&rows).leases(&leases);
    files.config.databases = match std::env::var_os("FIREDAMP_DATABASES") {
        Some(paths) => std::env::split_paths(&paths).collect(),
        None => vec![files.write("made.mmdb", mmdb(&records))],
    };
    let begun = Instant::now();
    let enricher = files.load();
    println!("loaded in {:?}: {:?}", begun.elapsed(), enricher.ages());
    for (first, name) in [(10, "own prefixes"), (11, "others"), (114, "others")] {
        let begun = Instant::now();
        let mut known = 0;
        for i in 0..109_000_u32 {
            let [_, a, b, c] = (i * 97).to_be_bytes();
            let origin = enricher.origin(IpAddr::from([first, a, b, c]), NOON);
            known += usize::from(origin.network.city.is_some() || origin.network.site.is_some());
        }
        let seconds = begun.elapsed().as_secs_f64();
        println!("{name}: 109,000 look-ups, {known} known, {:.0} a second", 109_000.0 / seconds);
    }
    let begun = Instant::now();
    let pool: SocketAddr = "11.0.0.1:3333".parse().unwrap();
    (0..100_000).for_each(|_| drop(enricher.pool(pool, Some("pool.example.net"))));
    println!("pools: {:.0} a second", 100_000.0 / begun.elapsed().as_secs_f64());
}
