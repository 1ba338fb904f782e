use std::collections::BTreeSet;

use super::rules::Rules;
use super::{Advice, Circumstances, Language, MOST, advise};
use crate::enrich::NetworkType;
use crate::judge::{Carrier, Protocol, Stage, Verdict};

const LANGUAGES: [Language; 2] = [Language::En, Language::Zh];

/// An ordinary case of which all is known.
fn case() -> Circumstances<'static> {
    Circumstances {
        network: NetworkType::DataCentre,
        protocol: Protocol::CryptoNote,
        carrier: Carrier::Tcp,
        encrypted: false,
        verdict: Verdict::Confirmed,
        stage: Stage::Working,
        farm: false,
        returned: false,
        returned_after_fixed: false,
        miner: "10.1.2.3".parse().unwrap(),
        pool: "203.0.113.9:3333".parse().unwrap(),
        pool_name: Some("pool.example.net"),
        coin: Some("XMR"),
        site: Some("Hall 1"),
        owner: Some("Example Works"),
        contact: Some("noc@example.net"),
        user: Some("lee"),
        mac: Some("02:00:5e:10:00:01"),
    }
}

fn bare() -> Circumstances<'static> {
    Circumstances {
        pool_name: None,
        coin: None,
        site: None,
        owner: None,
        contact: None,
        user: None,
        mac: None,
        ..case()
    }
}

fn ids(circumstances: &Circumstances<'_>) -> Vec<String> {
    advise(circumstances, Language::En).into_iter().map(|advice| advice.id).collect()
}

fn texts(advice: &Advice) -> [&str; 4] {
    [&advice.action, &advice.why, &advice.effect, &advice.undo]
}

/// Cases of all sorts.
fn cases() -> impl Iterator<Item = Circumstances<'static>> {
    let protocols =
        [Protocol::StratumV1, Protocol::GetWork, Protocol::BrowserMiner, Protocol::P2Pool, Protocol::Chia];
    let verdicts = [Verdict::Node, Verdict::Suspected, Verdict::Probable, Verdict::Confirmed];
    let stages = [Stage::Attempt, Stage::Handshake, Stage::Submitting];
    let carriers = [Carrier::Tcp, Carrier::Http, Carrier::Udp];
    let mut cases: Vec<Circumstances<'static>> =
        vec![case(), bare(), Circumstances { coin: Some("BTC"), ..case() }];
    let mut vary = |change: &dyn Fn(Circumstances<'static>) -> Vec<Circumstances<'static>>| {
        cases = cases.iter().flat_map(|case| change(*case)).collect();
    };
    vary(&|c| NetworkType::ALL.map(|network| Circumstances { network, ..c }).into());
    vary(&|c| protocols.map(|protocol| Circumstances { protocol, ..c }).into());
    vary(&|c| verdicts.map(|verdict| Circumstances { verdict, ..c }).into());
    vary(&|c| stages.map(|stage| Circumstances { stage, ..c }).into());
    vary(&|c| carriers.map(|carrier| Circumstances { carrier, ..c }).into());
    vary(&|c| [false, true].map(|encrypted| Circumstances { encrypted, ..c }).into());
    vary(&|c| [false, true].map(|farm| Circumstances { farm, ..c }).into());
    vary(&|c| [false, true].map(|returned| Circumstances { returned, ..c }).into());
    vary(&|c| vec![c, Circumstances { returned: true, returned_after_fixed: true, ..c }]);
    vary(&|c| vec![c, Circumstances { pool: "[fd00::1]:3333".parse().unwrap(), ..c }]);
    cases.into_iter()
}

#[test]
fn the_files_are_whole() {
    let rules = Rules::built_in().unwrap();
    assert!(rules.0.len() > 50);
    for kind in NetworkType::ALL {
        let own = rules.0.iter().filter(|rule| rule.when.network == [kind]).count();
        assert!(own >= 3, "{kind} has {own} rules of its own");
    }
}

#[test]
fn mistakes_in_the_files_are_found() {
    let rule = |more: &str| format!("[[rule]]\nid = 'a'\nrank = 1\n{more}\n");
    let text = |action: &str| format!("[a]\naction = '{action}'\nwhy = 'w'\neffect = 'e'\nundo = 'u'\n");
    let told = |rules: &str, en: &str, zh: &str| Rules::parse(rules, en, zh).err().unwrap_or_default();
    let (one, said) = (rule(""), text("do {miner}"));
    assert_eq!(told(&one, &said, &said), "");
    assert_eq!(told(&one, &said, ""), "rule a has no text in zh");
    assert_eq!(told(&(one.clone() + &one), &said, &said), "rule a is there twice");
    assert_eq!(told("rule = []", &said, &said), "there is a text for a, but no such rule");
    assert_eq!(told(&one, &text("{zork}"), &said), "rule a in en: unknown placeholder {zork}");
    assert_eq!(told(&one, &said, &text("{miner")), "rule a in zh: a { is not closed");
    assert_eq!(
        told(&one, &text("tell {contact}"), &said),
        "rule a in en: {contact} needs a condition `with`"
    );
    assert_eq!(told(&rule("with = ['contact']"), &text("tell {contact}"), &said), "");
    assert_eq!(told(&one, &text(" "), &said), "rule a in en: a text is empty");
    for wrong in ["colour = 'red'", "verdict = ['sure']", "network = ['works']", "with = ['zork']"] {
        assert!(told(&rule(wrong), &said, &said).starts_with("rules: "), "{wrong}");
    }
}

#[test]
fn every_rule_is_given_in_some_case_and_every_case_has_advice() {
    let rules = Rules::built_in().unwrap();
    let mut given = BTreeSet::new();
    for case in cases() {
        let found: Vec<_> = rules.matching(&case).take(MOST).map(|rule| rule.when.id.as_str()).collect();
        assert!(found.len() >= 3, "{case:?}: {found:?}");
        given.extend(found);
    }
    let never: Vec<_> =
        rules.0.iter().map(|rule| &rule.when.id).filter(|id| !given.contains(id.as_str())).collect();
    assert!(never.is_empty(), "{never:?}");
}

#[test]
fn no_placeholder_is_left_and_no_text_is_empty() {
    let rules = Rules::built_in().unwrap();
    for case in cases().step_by(41) {
        for advice in LANGUAGES.iter().flat_map(|language| advise(&case, *language)) {
            for text in texts(&advice) {
                assert!(!text.contains(['{', '}']) && !text.contains("  "), "{}: {text}", advice.id);
                assert!(text.len() > 5, "{}: {text}", advice.id);
            }
        }
    }
    for rule in &rules.0 {
        let english = rule.advice(&case(), Language::En);
        let chinese = rule.advice(&case(), Language::Zh);
        assert!(texts(&english).iter().all(|text| text.is_ascii()), "{}", english.id);
        let is_chinese = |text: &&str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        assert!(texts(&chinese).iter().all(is_chinese), "{}", chinese.id);
    }
}

#[test]
fn each_type_of_network_has_advice_of_its_own_in_both_languages() {
    let all = NetworkType::ALL.map(|network| Circumstances { network, ..bare() });
    for language in LANGUAGES {
        let sets: Vec<BTreeSet<String>> = all
            .iter()
            .map(|case| advise(case, language).into_iter().map(|advice| advice.id).collect())
            .collect();
        for (kind, set) in NetworkType::ALL.iter().zip(&sets) {
            let own = set.iter().filter(|id| sets.iter().filter(|other| other.contains(*id)).count() == 1);
            assert!(own.count() >= 3, "{kind}: {set:?}");
        }
    }
}

#[test]
fn advice_is_ranked_and_limited() {
    assert_eq!(
        ids(&case()),
        [
            "data-centre-notice",
            "data-centre-snapshot",
            "block-flow",
            "data-centre-entry",
            "block-name",
            "data-centre-credentials"
        ]
    );
    let suspected = ids(&Circumstances { verdict: Verdict::Suspected, ..case() });
    assert_eq!(suspected[..2], ["verify-suspected", "exclude-look-alike"]);
    assert!(!suspected.contains(&"block-flow".to_owned()), "nothing is blocked on a suspicion");
    assert_eq!(suspected.len(), MOST);
}

#[test]
fn conditions_choose() {
    let given = |id: &str, case: &Circumstances<'_>| {
        Rules::built_in().unwrap().matching(case).any(|rule| rule.when.id == id)
    };
    let node = Circumstances { verdict: Verdict::Node, protocol: Protocol::BitcoinP2p, ..case() };
    assert_eq!(ids(&node), ["node-policy", "node-miners", "node-exclude"]);
    assert_eq!(
        ids(&Circumstances { returned: true, returned_after_fixed: true, ..case() })[..2],
        ["persistence", "rebuild"]
    );
    assert!(given("returned-schedule", &Circumstances { returned: true, ..case() }));
    assert!(!given("returned-schedule", &case()));
    assert!(
        given("solo-node", &Circumstances { protocol: Protocol::GetBlockTemplate, ..case() }),
        "of the same family"
    );
    assert!(given("data-centre-tenant", &bare()) && !given("data-centre-tenant", &case()));
    let attempt = Circumstances { stage: Stage::Attempt, ..case() };
    assert!(given("attempt-firewall", &attempt) && !given("attempt-firewall", &case()));
    let farm = Circumstances { farm: true, ..case() };
    assert!(given("farm-inside", &farm) && !given("host-process", &farm));
    let web = Circumstances { carrier: Carrier::WebSocket, ..case() };
    assert!(
        given("block-shared", &web) && !given("block-flow", &web),
        "an address of the web is often shared"
    );
    for inside in ["10.0.0.9:3333", "[fd00::1]:3333", "[::ffff:192.168.0.1]:3333"] {
        let inside = Circumstances { pool: inside.parse().unwrap(), ..case() };
        assert!(given("inside-proxy", &inside) && !given("block-flow", &inside));
    }
    let bitcoin = Circumstances { coin: Some("BTC"), network: NetworkType::Education, ..case() };
    assert!(given("special-machines", &bitcoin) && !given("special-machines", &case()));
}

#[test]
fn texts_name_the_case() {
    let first = &advise(&case(), Language::En)[0];
    assert!(
        first.action.contains("noc@example.net with the address 10.1.2.3, the pool pool.example.net:3333")
    );
    let block = |case: &Circumstances<'_>| {
        advise(case, Language::En).into_iter().find(|advice| advice.id == "block-flow").unwrap().action
    };
    assert!(block(&case()).contains("forward ip daddr 203.0.113.9 tcp dport 3333 counter"));
    let six = Circumstances { pool: "[2001:db8::9]:3333".parse().unwrap(), carrier: Carrier::Udp, ..case() };
    assert!(block(&six).contains("forward ip6 daddr 2001:db8::9 udp dport 3333 counter"));
    let chinese = &advise(&case(), Language::Zh)[0];
    assert!(chinese.action.contains("noc@example.net") && chinese.action.contains("矿池"));
}

#[test]
fn what_a_miner_says_does_not_get_into_commands() {
    let named = |name| {
        let case = Circumstances { pool_name: Some(name), ..case() };
        let advice = advise(&case, Language::En);
        advice.into_iter().find(|advice| advice.id == "block-name").map(|advice| advice.action)
    };
    assert!(named("eu.pool.example.net:3333").unwrap().contains("`eu.pool.example.net CNAME .`"));
    let hostile = [
        "a.example; rm -rf /",
        "$(reboot).example",
        "a.example`",
        "203.0.113.9",
        "localhost",
        "",
        "x\n.example",
        "-a.example",
    ];
    for name in hostile {
        assert_eq!(named(name), None, "{name}");
        let case = Circumstances { pool_name: Some(name), ..case() };
        let said =
            advise(&case, Language::En).iter().any(|advice| advice.action.contains("203.0.113.9:3333"));
        assert!(said, "the address stands for the name");
    }
}
