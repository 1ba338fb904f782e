use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{VERDICTS, all, bare, full, rendered, told};
use crate::output::Format;

/// A reader of CEF that knows nothing of the writer: seven fields and the extension.
fn parse(line: &str) -> (Vec<String>, BTreeMap<String, String>) {
    let mut header = vec![String::new()];
    let mut letters = line.chars();
    while header.len() < 8 {
        match letters.next().expect("the header has seven fields") {
            '\\' => header.last_mut().unwrap().extend(letters.next()),
            '|' => header.push(String::new()),
            letter => header.last_mut().unwrap().push(letter),
        }
    }
    header.pop();
    // A value goes on to the space before the next key.
    let mut extension = BTreeMap::new();
    let (mut key, mut words) = (String::new(), String::new());
    let mut rest = letters.as_str().chars();
    while let Some(letter) = rest.next() {
        match letter {
            '\\' => words.push(match rest.next().expect("something is escaped") {
                'n' => '\n',
                'r' => '\r',
                other => other,
            }),
            '=' => {
                let (value, next) = words.rsplit_once(' ').unwrap_or(("", &words));
                if !key.is_empty() {
                    assert_eq!(extension.insert(key, value.to_owned()), None, "a key stands twice");
                }
                assert!(next.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{next:?} is no key");
                (key, words) = (next.to_owned(), String::new());
            }
            _ => words.push(letter),
        }
    }
    extension.insert(key, words);
    (header, extension)
}

#[test]
fn a_record_has_the_header_and_the_keys() {
    let (header, found) = parse(&rendered(Format::Cef, &full()));
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        header,
        ["CEF:0", "Firedamp", "firedamp", version, "1930033", "FIREDAMP cryptonote mining confirmed", "8"]
    );
    for (key, value) in [
        ("rt", "1795370155705"),
        ("start", "1795370149190"),
        ("end", "1795370155205"),
        ("src", "10.77.0.10"),
        ("spt", "55839"),
        ("dst", "203.0.113.10"),
        ("dpt", "3333"),
        ("dhost", "xmr.pool.example"),
        ("proto", "TCP"),
        ("deviceInboundInterface", "lan0"),
        ("app", "cryptonote"),
        ("act", "allowed"),
        ("cat", "Crypto Currency Mining Activity Detected"),
        ("externalId", "00c0ffee12345678-3-1795370155705518"),
        ("suser", "li.example"),
        ("smac", "02:00:5e:10:00:01"),
        ("cnt", "2"),
        ("cs1", "confirmed"),
        ("cs1Label", "Verdict"),
        ("cs2", "client-login,pool-job"),
        ("cs3", "T1496"),
        ("cs4", "XMR"),
        ("cs5", "submitting"),
        ("cs6", "education"),
        ("cs6Label", "Network type"),
        ("cn1", "2"),
        ("cn2", "64500"),
        ("cfp1", "0.9996"),
        ("cfp1Label", "Confidence"),
        ("flexString2", "Tell the owner."),
        (
            "msg",
            "10.77.0.10 mines XMR at xmr.pool.example:3333 with cryptonote; the stage rose to submitting.",
        ),
    ] {
        assert_eq!(found.get(key).map(String::as_str), Some(value), "{key}");
    }
}

#[test]
fn every_record_can_be_read_and_has_what_is_needed() {
    for eve in all() {
        let (header, found) = parse(&rendered(Format::Cef, &eve));
        assert!((0..=10).contains(&header[6].parse::<u8>().unwrap()));
        for key in
            ["rt", "start", "end", "src", "dst", "spt", "dpt", "externalId", "reason", "cs1", "cfp1", "msg"]
        {
            assert!(found.contains_key(key), "{key}");
        }
        assert!(found.values().all(|value| !value.is_empty()), "{found:?}");
    }
}

#[test]
fn severities_rise_with_the_verdict() {
    let severity = |verdict| {
        let (header, _) = parse(&rendered(Format::Cef, &told(full(), "opened", verdict)));
        header[6].parse::<u8>().unwrap()
    };
    let [suspected, probable, confirmed, node] = VERDICTS.map(severity);
    assert!(node < suspected && suspected < probable && probable < confirmed);
}

#[test]
fn ipv6_has_keys_of_its_own() {
    let mut eve = bare();
    (eve["src_ip"], eve["dest_ip"]) = ("2001:db8::a".into(), "2001:db8::b".into());
    let (_, found) = parse(&rendered(Format::Cef, &eve));
    assert_eq!((found.get("src"), found.get("dst")), (None, None));
    assert_eq!((found["c6a2"].as_str(), found["c6a3"].as_str()), ("2001:db8::a", "2001:db8::b"));
    assert_eq!(found["c6a2Label"], "Source IPv6 Address");
}

fn nasty() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,40}",
        "[=|\\\\\n\r a-z]{1,60}",
        any::<String>(),
        "\\PC{0,2000}",
        Just("a=b c=d msg=forged externalId=1".to_owned()),
    ]
}

/// What a reader gets of a text: no control characters but line ends, and a bounded length.
fn read(text: &str, line_ends: bool) -> String {
    let plain = |letter: char| letter.is_control() && !(line_ends && ['\n', '\r'].contains(&letter));
    text.chars().take(384).map(|letter| if plain(letter) { ' ' } else { letter }).collect()
}

proptest! {
    #[test]
    fn whatever_stands_in_a_record_is_read_back(
        user in nasty(), interface in nasty(), coin in nasty(), name in nasty(), action in nasty()
    ) {
        let mut eve = full();
        eve["mining"]["lease"]["user"] = user.as_str().into();
        eve["in_iface"] = interface.as_str().into();
        eve["mining"]["coin"] = coin.as_str().into();
        eve["alert"]["signature"] = name.as_str().into();
        eve["mining"]["advice"][0]["action"] = action.as_str().into();
        let line = rendered(Format::Cef, &eve);
        prop_assert!(!line.contains(['\n', '\r']) && line.len() < 32 * 1024);
        let (header, found) = parse(&line);
        prop_assert_eq!(&header[5], &read(&name, false));
        for (key, text) in
            [("suser", &user), ("deviceInboundInterface", &interface), ("cs4", &coin), ("flexString2", &action)]
        {
            prop_assert_eq!(&found[key], &read(text, true), "{}", key);
        }
        prop_assert_eq!(found["externalId"].as_str(), "00c0ffee12345678-3-1795370155705518");
    }
}
