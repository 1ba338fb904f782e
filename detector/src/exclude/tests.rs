use std::time::Instant;

use jiff::Timestamp;

use super::*;
use crate::enrich::NetworkType;
use crate::judge::Protocol;
use crate::output::{Identities, Salt};

fn subject<'a>() -> Subject<'a> {
    Subject {
        time: at("2026-11-22T16:40:31Z"),
        miner: "10.1.2.3".parse().unwrap(),
        pool: "203.0.113.9:3333".parse().unwrap(),
        pool_name: Some("EU.Pool.example"),
        pool_listed: None,
        protocol: Protocol::CryptoNote,
        wallet: Some("4Wallet"),
        worker: Some("rig7"),
        signature_id: 1_930_033,
        signature: "FIREDAMP cryptonote mining confirmed",
        evidence: &["client-login", "signature-zork"],
        network_type: NetworkType::Education,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn rule(keys: &str) -> Rule {
    toml::from_str(&format!("reason = 'why'\n{keys}")).unwrap_or_else(|error| panic!("{keys}: {error}"))
}

fn exclusions(rules: &[Rule], identities: Identities) -> Exclusions {
    Exclusions::new(rules, identities, None).unwrap()
}

fn hides(keys: &str, subject: &Subject<'_>) -> bool {
    exclusions(&[rule(keys)], Identities::Clear).matches(subject).is_some()
}

#[test]
fn each_key_hides_what_it_names_and_nothing_else() {
    for (key, fits, other) in [
        ("host", "'10.1.2.3'", "'10.1.2.4'"),
        ("host", "'::ffff:10.1.2.3'", "'::1'"),
        ("pair", "['10.1.2.3', '203.0.113.9']", "['10.1.2.4', '203.0.113.9']"),
        ("pair", "['10.1.2.3', '203.0.113.9:3333']", "['10.1.2.3', '203.0.113.9:3334']"),
        ("pair", "['10.1.2.3', '203.0.113.9:3333']", "['10.1.2.3', '203.0.113.8:3333']"),
        ("prefix", "'10.1.0.0/16'", "'10.2.0.0/16'"),
        ("prefix", "'10.1.9.9/16'", "'::/0'"),
        ("pool", "'203.0.113.9'", "'203.0.113.8'"),
        ("pool", "'203.0.113.9:3333'", "'203.0.113.9:4444'"),
        ("pool", "'203.0.113.0/24'", "'203.0.112.0/24'"),
        ("pool", "'eu.pool.example'", "'pool.example'"),
        ("pool", "'EU.pool.example:3333'", "'EU.pool.example:4444'"),
        ("pool", "'.pool.example'", "'.ool.example'"),
        ("pool", "'.eu.pool.example'", "'.us.pool.example'"),
        ("pool", "'.example:3333'", "'.example:1'"),
        ("wallet", "'4Wallet'", "'4wallet'"),
        ("worker", "'rig7'", "'rig8'"),
        ("signature", "1930033", "1930032"),
        ("signature", "'FIREDAMP cryptonote mining confirmed'", "'FIREDAMP cryptonote mining probable'"),
        ("signature", "'zork'", "'client-login'"),
        ("protocol", "'cryptonote'", "'stratum-v1'"),
        ("network-type", "'education'", "'unknown'"),
    ] {
        assert!(hides(&format!("{key} = {fits}"), &subject()), "{key} = {fits}");
        assert!(!hides(&format!("{key} = {other}"), &subject()), "{key} = {other}");
        // Beside a key that fits, one that does not shows it again.
        assert!(hides(
            &format!("worker = 'rig7'\n{key} = {fits}").replace("worker = 'rig7'\nworker", "worker"),
            &subject()
        ));
        if key != "host" {
            assert!(!hides(&format!("host = '10.1.2.4'\n{key} = {fits}"), &subject()), "{key}");
        }
    }
}

#[test]
fn the_list_of_pools_names_a_pool_too() {
    let listed = Subject { pool_listed: Some("Big Pool"), pool_name: None, ..subject() };
    assert!(hides("pool = 'big pool'", &listed));
    assert!(!hides("pool = 'big pool'", &subject()));
}

#[test]
fn ends_of_ipv6_are_read() {
    let pool = Subject { pool: "[2001:db8::9]:3333".parse().unwrap(), ..subject() };
    for good in ["2001:db8::9", "[2001:db8::9]:3333", "2001:db8::/32"] {
        assert!(hides(&format!("pool = '{good}'"), &pool), "{good}");
        assert_eq!(good.parse::<PoolMatch>().unwrap().to_string(), good);
    }
    for bad in
        ["", ".", "203.0.113.999", "203.0.113.9/33", "2001:db8::9:99999", "pool.example:x", "a/b", " a"]
    {
        assert!(bad.parse::<PoolMatch>().is_err(), "{bad}");
    }
}

#[test]
fn names_are_compared_in_the_form_in_which_they_are_kept() {
    let wallet =
        "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD";
    let rules = [rule(&format!("wallet = '{wallet}'\nworker = 'rig7'"))];
    for identities in
        [Identities::Clear, Identities::Truncated, Identities::Hashed { salt: Salt::new("pepper") }]
    {
        let (kept, worker) = (identities.kept(wallet), identities.kept("rig7"));
        let kept = Subject { wallet: Some(&kept), worker: Some(&worker), ..subject() };
        assert!(exclusions(&rules, identities).matches(&kept).is_some(), "{identities:?}");
        let other = Subject { wallet: Some("another"), ..kept };
        assert!(exclusions(&rules, identities).matches(&other).is_none(), "{identities:?}");
    }
}

#[test]
fn a_rule_holds_from_its_beginning_to_its_end() {
    let zone = "host = '10.1.2.3'\ntimezone = 'Asia/Shanghai'\n";
    for (keys, first, last) in [
        ("from = 2026-11-01\nuntil = 2026-11-30", "2026-10-31T16:00:00Z", "2026-11-30T15:59:59Z"),
        (
            "from = '2026-11-01'\nuntil = '2026-11-30T12:00:00'",
            "2026-10-31T16:00:00Z",
            "2026-11-30T03:59:59Z",
        ),
        (
            "from = 2026-11-01T00:00:00Z\nuntil = 2026-11-30T12:00:00+01:00",
            "2026-11-01T00:00:00Z",
            "2026-11-30T10:59:59Z",
        ),
    ] {
        let hidden = |time: Timestamp| hides(&format!("{zone}{keys}"), &Subject { time, ..subject() });
        let (first, last) = (at(first), at(last));
        let second = jiff::SignedDuration::from_secs(1);
        assert_eq!(
            [first - second, first, last, last + second].map(hidden),
            [false, true, true, false],
            "{keys}"
        );
    }
}

#[test]
fn hours_that_pass_midnight_belong_to_the_day_on_which_they_begin() {
    let keys = "host = '10.1.2.3'\ntimezone = 'Asia/Shanghai'\nhours = '22:00-06:00'\ndays = ['sat', 'sun']";
    // 2026-11-21 is a Saturday.
    for (time, hidden) in [
        ("2026-11-21T05:59:00+08:00", false),
        ("2026-11-21T21:59:59+08:00", false),
        ("2026-11-21T22:00:00+08:00", true),
        ("2026-11-22T05:59:59+08:00", true),
        ("2026-11-22T06:00:00+08:00", false),
        ("2026-11-23T05:00:00+08:00", true),
        ("2026-11-23T22:00:00+08:00", false),
    ] {
        assert_eq!(hides(keys, &Subject { time: at(time), ..subject() }), hidden, "{time}");
    }
    let day = "host = '10.1.2.3'\ntimezone = 'UTC'\nhours = '09:00-24:00'";
    for (time, hidden) in [("2026-11-21T08:59:00Z", false), ("2026-11-21T23:59:00Z", true)] {
        assert_eq!(hides(day, &Subject { time: at(time), ..subject() }), hidden, "{time}");
    }
}

#[test]
fn the_first_rule_that_fits_is_told() {
    let rules = [rule("protocol = 'stratum-v1'"), rule("prefix = '10.0.0.0/8'"), rule("host = '10.1.2.3'")];
    assert_eq!(exclusions(&rules, Identities::Clear).matches(&subject()), Some(&rules[1]));
}

#[test]
fn a_pool_is_meant_by_its_name_however_the_miner_wrote_it() {
    for said in [
        "pool.example.org",
        "Pool.Example.org.",
        "stratum+tcp://pool.example.org:3333",
        "pool.example.org:3333",
    ] {
        for keys in ["pool = 'pool.example.org'", "pool = 'pool.example.org.'", "pool = '.example.org'"] {
            assert!(hides(keys, &Subject { pool_name: Some(said), ..subject() }), "{keys} {said}");
        }
    }
}

#[test]
fn prefixes_of_ipv4_may_be_written_as_ipv6() {
    for keys in ["prefix = '::ffff:10.0.0.0/104'", "pool = '::ffff:203.0.113.0/120'"] {
        assert!(hides(keys, &subject()), "{keys}");
    }
}

#[test]
fn rules_about_names_go_with_the_form_in_which_names_are_kept() {
    let rules = [rule("wallet = '4xyz'")];
    let hashed = Identities::Hashed { salt: Salt::new("pepper") };
    let kept = hashed.kept("4xyz").into_owned();
    let of = |wallet| Subject { wallet: Some(wallet), ..subject() };
    let clear = exclusions(&rules, Identities::Clear);
    assert_eq!(clear.matches(&of("4xyz")), Some(&rules[0]));
    assert_eq!(clear.matches(&of(&kept)), None);
    let same = clear.for_names(hashed);
    assert_eq!(same.matches(&of(&kept)), Some(&rules[0]));
    assert_eq!(same.matches(&of("4xyz")), None);
}

/// Rules of all sorts, of which none fits but the last: each is found under its own key.
#[test]
fn of_ten_thousand_rules_few_are_looked_at() {
    let rules: Vec<Rule> = (0..10_000)
        .map(|number: u32| {
            let (high, low) = (number / 250, number % 250);
            match number % 6 {
                0 => rule(&format!("host = '10.9.{high}.{low}'")),
                1 => rule(&format!("pool = '198.51.{high}.{low}:3333'")),
                2 => rule(&format!("pool = '.p{number}.example'")),
                3 => rule(&format!("wallet = 'wallet{number}'")),
                4 => rule(&format!("prefix = '172.{high}.{low}.0/24'")),
                _ => rule(&format!("pair = ['10.8.{high}.{low}', '203.0.113.9']")),
            }
        })
        .chain([rule("prefix = '10.1.2.0/24'\nprotocol = 'cryptonote'")])
        .collect();
    let exclusions = exclusions(&rules, Identities::Clear);
    let Subject { miner, pool, wallet, worker, .. } = subject();
    let names = ["eu.pool.example".to_owned()];
    let lists = exclusions.index.lists(miner, pool.ip(), [wallet, worker], &names);
    assert_eq!(lists.flatten().collect::<Vec<_>>(), [&10_000], "the only rule that is looked at");
    let start = Instant::now();
    for _ in 0..10_000 {
        assert_eq!(exclusions.matches(&subject()), rules.last());
    }
    println!("{} ns a record", start.elapsed().as_nanos() / 10_000);
}
