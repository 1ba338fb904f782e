use super::ruleset::{Count, covered};
use super::seen::Seen;
use super::*;

const FLOW: &str = "10.0.0.2:40000-192.0.2.1:3333";
const PAIR: &str = "10.0.0.2-192.0.2.1:3333";
const SECOND: u64 = 1_000_000_000;

fn table(hook: Hook) -> Table {
    Table { name: "firedamp".to_owned(), hook, keeps: false }
}

fn target(text: &str) -> Target {
    text.parse().unwrap()
}

fn wanted(mode: Mode, blocks: &[(&str, u64)]) -> Wanted {
    let blocks = blocks.iter().map(|(text, expires)| (target(text), *expires)).collect();
    Wanted { mode, blocks, ..Wanted::default() }
}

/// The elements there should be at the tenth second.
fn desired(wanted: &Wanted) -> HashMap<Target, u64> {
    let covered = covered(wanted.blocks.keys());
    let stands =
        |(target, expires): &(&Target, &u64)| **expires > 10 * SECOND && !covered.contains_key(*target);
    wanted.blocks.iter().filter(stands).map(|(target, expires)| (*target, *expires)).collect()
}

/// What nft is told at the tenth second to come from one thing to another.
fn told(from: &Wanted, to: &Wanted) -> String {
    let hits = Hits { count: Count { packets: 7, bytes: 700 }, latest: 0 };
    let hits = from.blocks.keys().map(|target| (*target, hits)).collect();
    let worker = Worker::told(table(Hook::None), from.clone(), hits);
    worker.changes(to, &desired(to), 10 * SECOND, false)
}

#[test]
fn each_target_has_its_set_and_its_form() {
    for (text, set, element) in [
        (FLOW, "flow4", "10.0.0.2 . 40000 . 192.0.2.1 . 3333"),
        ("[2001:db8::2]:4000-[2001:db8::1]:3333", "flow6", "2001:db8::2 . 4000 . 2001:db8::1 . 3333"),
        (PAIR, "pair4", "10.0.0.2 . 192.0.2.1 . 3333"),
        ("2001:db8::2-[2001:db8::1]:3333", "pair6", "2001:db8::2 . 2001:db8::1 . 3333"),
        ("192.0.2.1", "address4", "192.0.2.1"),
        ("2001:db8::1", "address6", "2001:db8::1"),
        ("192.0.2.0/24", "network4", "192.0.2.0/24"),
        ("2001:db8::/48", "network6", "2001:db8::/48"),
    ] {
        let added = told(&wanted(Mode::Enforce, &[]), &wanted(Mode::Enforce, &[(text, 70 * SECOND)]));
        let set = format!("inet firedamp firedamp_{set} {{ {element}");
        // Five seconds more than the agent: it ends blocks, the kernel only if the agent does not.
        let expected = format!("add element {set} counter packets 0 bytes 0 timeout 65000ms }}\n");
        assert_eq!(added, expected, "{text}");
    }
    assert!(!ruleset::can_stand(&target("10.0.0.2-[2001:db8::1]:3333")));
}

#[test]
fn only_what_changed_is_told() {
    let before = wanted(Mode::Enforce, &[(FLOW, 60 * SECOND), (PAIR, 60 * SECOND)]);
    assert_eq!(told(&before, &before), "");
    let longer = wanted(Mode::Enforce, &[(FLOW, 60 * SECOND), (PAIR, 90 * SECOND)]);
    let text = told(&before, &longer);
    assert!(!text.contains("firedamp_flow4"), "{text}");
    assert!(text.contains("packets 7 bytes 700 timeout 85000ms"), "it goes on with its counts: {text}");
    let removed = told(&before, &wanted(Mode::Enforce, &[(FLOW, 60 * SECOND)]));
    assert_eq!(removed, "delete element inet firedamp firedamp_pair4 { 10.0.0.2 . 192.0.2.1 . 3333 }\n");
    let over = wanted(Mode::Enforce, &[(FLOW, 9 * SECOND)]);
    assert_eq!(
        told(&wanted(Mode::Enforce, &[]), &over),
        "",
        "an element without a timeout would stay for ever"
    );
}

#[test]
fn a_network_within_another_stands_once() {
    let inner = ("192.0.2.0/24", 90 * SECOND);
    let outer = ("192.0.0.0/16", 60 * SECOND);
    let (one, both) = (wanted(Mode::Enforce, &[inner]), wanted(Mode::Enforce, &[inner, outer]));
    let widened = told(&one, &both);
    let gone = widened.find("delete element inet firedamp firedamp_network4 { 192.0.2.0/24 }").unwrap();
    let come = widened.find("add element inet firedamp firedamp_network4 { 192.0.0.0/16 counter").unwrap();
    assert!(gone < come && !widened.contains("192.0.2.0/24 counter"), "{widened}");
    let narrowed = told(&both, &one);
    let gone = narrowed.find("delete element inet firedamp firedamp_network4 { 192.0.0.0/16 }").unwrap();
    let back = narrowed.find("add element inet firedamp firedamp_network4 { 192.0.2.0/24 counter").unwrap();
    assert!(gone < back, "{narrowed}");
    assert_eq!(told(&both, &both), "");
}

#[test]
fn the_rules_drop_count_or_do_nothing() {
    let table = table(Hook::None);
    let lines = |mode| table.rules(mode).lines().map(str::to_owned).collect::<Vec<_>>();
    for (mode, end) in [
        (Mode::DryRun, "counter name firedamp_counted return"),
        (Mode::Enforce, "counter name firedamp_dropped drop"),
    ] {
        let rules = lines(mode);
        assert_eq!(rules.len(), 1 + table.rule_count(mode));
        // What must not be blocked leaves the chain before anything is looked for, and goes on in the operator's rules.
        assert!(
            rules[2..6].iter().all(|rule| rule.contains("_allow") && rule.ends_with(" return")),
            "{rules:?}"
        );
        assert!(rules[6..].iter().all(|rule| rule.ends_with(end)), "{rules:?}");
    }
    assert_eq!(lines(Mode::Observe), ["flush chain inet firedamp firedamp"]);
}

#[test]
fn blocks_lapse_without_an_agent_unless_they_are_kept() {
    let table = table(Hook::None);
    let gone = "add rule inet firedamp firedamp meta protocol != @firedamp_alive return";
    assert_eq!(table.rules(Mode::Enforce).lines().nth(1), Some(gone), "before all others");
    assert!(table.renew().ends_with("{ ip timeout 27s, ip6 timeout 27s }\n"), "{}", table.renew());
    let whole = table.whole(Mode::Enforce, &[], false);
    assert!(
        whole.contains("flush set inet firedamp firedamp_alive") && !whole.contains("timeout 27s"),
        "{whole}"
    );
    let keeping = Table { keeps: true, ..table };
    assert!(!keeping.rules(Mode::Enforce).contains("alive"));
}

#[test]
fn the_chain_is_hooked_only_if_that_is_said() {
    let whole = |hook| table(hook).whole(Mode::Enforce, &[], true);
    assert!(!whole(Hook::None).contains("type filter hook"));
    let forward = whole(Hook::Forward);
    assert!(forward.contains("type filter hook forward priority -10; policy accept;"), "{forward}");
    assert!(forward.contains("delete chain inet firedamp firedamp_prerouting"), "of another configuration");
    assert_eq!(whole(Hook::Prerouting).matches("type filter hook").count(), 1);
}

#[test]
fn what_is_never_blocked_stands_in_intervals_that_do_not_overlap() {
    let allowed: Vec<IpNet> =
        ["10.0.0.0/24", "10.0.0.7/32", "2001:db8::/64"].iter().map(|text| text.parse().unwrap()).collect();
    let text = table(Hook::None).allow_only(&allowed);
    assert!(text.contains("add element inet firedamp firedamp_allow4 { 10.0.0.0/24 }"), "{text}");
    assert!(text.contains("add element inet firedamp firedamp_allow6 { 2001:db8::/64 }"), "{text}");
    assert!(!text.contains("10.0.0.7"), "{text}");
}

#[test]
fn a_lost_table_is_made_anew_with_its_counts() {
    let before = wanted(Mode::Enforce, &[(PAIR, 60 * SECOND)]);
    let hits = Hits { count: Count { packets: 9, bytes: 900 }, latest: 0 };
    let hits = [(target(PAIR), hits)].into();
    let mut worker = Worker::told(table(Hook::None), before.clone(), hits);
    worker.loses();
    let text = worker.changes(&before, &desired(&before), 10 * SECOND, true);
    assert!(text.starts_with("add table inet firedamp\n"), "{text}");
    assert!(text.contains("counter packets 9 bytes 900 timeout 55000ms"), "{text}");
}

#[test]
fn what_nft_says_is_read() {
    let said = r#"{"nftables": [
        {"metainfo": {"version": "1.0.6", "json_schema_version": 1}},
        {"table": {"family": "inet", "name": "firedamp", "handle": 1}},
        {"counter": {"family": "inet", "name": "firedamp_dropped", "table": "firedamp", "packets": 5, "bytes": 50}},
        {"set": {"family": "inet", "name": "firedamp_flow4", "table": "firedamp", "elem": [{"elem": {
            "val": {"concat": ["10.0.0.2", 40000, "192.0.2.1", 3333]}, "timeout": 90, "expires": 89,
            "counter": {"packets": 3, "bytes": 30}}}]}},
        {"set": {"family": "inet", "name": "firedamp_pair4", "table": "firedamp", "elem": [{"elem": {
            "val": {"concat": ["10.0.0.2", "192.0.2.1", 3333]}, "timeout": 60, "expires": 59,
            "counter": {"packets": 7, "bytes": 700}}}]}},
        {"set": {"family": "inet", "name": "firedamp_address6", "table": "firedamp", "elem": [{"elem": {
            "val": "2001:db8::1", "timeout": 60, "expires": 59, "counter": {"packets": 1, "bytes": 10}}}]}},
        {"set": {"family": "inet", "name": "firedamp_network4", "table": "firedamp", "elem": [{"elem": {
            "val": {"prefix": {"addr": "192.0.2.0", "len": 24}}, "timeout": 60, "expires": 59,
            "counter": {"packets": 2, "bytes": 20}}}]}},
        {"set": {"family": "inet", "name": "firedamp_allow4", "table": "firedamp", "elem": [
            {"prefix": {"addr": "10.0.0.0", "len": 8}}, "192.0.2.9"]}},
        {"chain": {"family": "inet", "table": "firedamp", "name": "firedamp"}},
        {"rule": {"family": "inet", "table": "firedamp", "chain": "firedamp", "expr": [{"drop": null}]}}
    ]}"#;
    let seen = Seen::read(said.as_bytes()).unwrap();
    for (text, packets, left) in
        [(FLOW, 3, 89), (PAIR, 7, 59), ("2001:db8::1", 1, 59), ("192.0.2.0/24", 2, 59)]
    {
        assert_eq!(
            seen.blocks[&target(text)],
            (Count { packets, bytes: packets * if packets == 7 { 100 } else { 10 } }, left)
        );
    }
    assert_eq!(
        (seen.rules, seen.drops, seen.dropped, seen.allowed.clone()),
        (1, true, 5, vec!["10.0.0.0/8".parse().unwrap(), "192.0.2.9/32".parse().unwrap()])
    );
    assert_eq!(seen.allowances, 2);
    assert!(!seen.is_reached && !seen.is_shared);
    assert_eq!((seen.chains.len(), seen.sets.len()), (1, 5));
    let rule = |chain: &str, verdict: &str| {
        let rule = format!(r#"{{"rule": {{"chain": "{chain}", "expr": [{verdict}]}}}}"#);
        let chain = format!(r#"{{"chain": {{"name": "{chain}"}}}}"#);
        Seen::read(format!(r#"{{"nftables": [{chain}, {rule}]}}"#).as_bytes()).unwrap()
    };
    let jump = r#"{"jump": {"target": "firedamp"}}"#;
    assert!(rule("firedamp_forward", jump).is_reached && !rule("firedamp_forward", jump).is_shared);
    assert!(rule("forward", jump).is_shared);
    let map = r#"{"vmap": {"key": 1, "data": {"set": [["lan0", {"goto": {"target": "firedamp"}}]]}}}"#;
    assert!(rule("forward", map).is_reached);
    assert!(!rule("forward", r#"{"jump": {"target": "other"}}"#).is_reached);
}

#[test]
fn names_of_tables_are_plain() {
    for name in ["firedamp", "filter", "my_2"] {
        assert_eq!(check_name(name), Ok(()));
    }
    for name in ["", "2a", "a b", "a;b", "a}", "_a", &"a".repeat(65)] {
        assert!(check_name(name).unwrap_err().contains("is no name of a table"), "{name}");
    }
}
