//! Single messages of every dialect; whole conversations are in the catalogue of the tests.

use super::super::coin::CoinReason;
use super::super::finding::{Fact, Finding, Kind};
use super::super::message::Message;
use super::super::outstanding::Ask;
use super::{Session, answer};
use crate::judge::{Protocol, Stage};

/// Puts invented values in the places that are named in capitals.
fn fill(line: &str) -> String {
    line.replace("HEX64", &"0a".repeat(32))
        .replace("HEX16", &"c0".repeat(8))
        .replace("TARGET", &format!("00000000ffff{}", "0".repeat(52)))
}

fn message(line: &str) -> Message {
    Message::read(fill(line).as_bytes()).expect("one message").remove(0)
}

fn heard(line: &str) -> Option<Finding> {
    let message = message(line);
    let (finding, _) = Session::default().request(message.method()?, &message)?;
    Some(finding)
}

fn answered(ask: Option<Ask>, line: &str) -> Option<Finding> {
    answer(ask, &message(line))
}

fn notify(params: &str) -> Option<Finding> {
    heard(&format!(r#"{{"method":"mining.notify","params":{params}}}"#))
}

fn submit(params: &str) -> Option<Finding> {
    heard(&format!(r#"{{"id":4,"method":"mining.submit","params":{params}}}"#))
}

#[test]
fn a_job_tells_its_dialect() {
    let zeros = "0".repeat(64);
    let header = "0a".repeat(302);
    for (protocol, params) in [
        (
            Protocol::StratumV1,
            r#"["j","HEX64","01","02",["HEX64"],"20000000","17034219","66a00000",true]"#.to_owned(),
        ),
        (
            Protocol::StratumV1,
            r#"["j","HEX64","01","02",[],"06000000","19034219","66a00000",true]"#.to_owned(),
        ),
        (
            Protocol::Equihash,
            format!(r#"["j","04000000","HEX64","HEX64","{zeros}","66a00000","1c034219",true]"#),
        ),
        (Protocol::Equihash, r#"["j",true,"TARGET","HEX64"]"#.to_owned()),
        (Protocol::KawPow, r#"["j","HEX64","HEX64","TARGET",true,3300001,"1b001234"]"#.to_owned()),
        (Protocol::EthereumStratum, r#"["j","HEX64","HEX64",false]"#.to_owned()),
        (Protocol::EthereumStratum, r#"["j","0xHEX64","0xHEX64","0xTARGET"]"#.to_owned()),
        (Protocol::EthereumStratum, r#"["j","b526d8","HEX64","0"]"#.to_owned()),
        (Protocol::Conflux, r#"["0xHEX64","0xHEX64","0xTARGET"]"#.to_owned()),
        (Protocol::Conflux, r#"["j","98765432","0xHEX64","0xTARGET"]"#.to_owned()),
        (Protocol::Kaspa, r#"["34",[1,18446744073709551615,3,4],1700000000123]"#.to_owned()),
        (Protocol::Kaspa, format!(r#"["34","{}"]"#, "0a".repeat(40))),
        (Protocol::Ergo, format!(r#"["j",1713851,"HEX64","","","00000003","2{}","",false]"#, "8".repeat(60))),
        (Protocol::Ergo, r#"["47388824","HEX64",4738,true]"#.to_owned()),
        (Protocol::Alephium, r#"[{"jobId":"j","fromGroup":0,"headerBlob":"0a0b"}]"#.to_owned()),
        (Protocol::Alephium, format!(r#"["j","1","{header}"]"#)),
        (Protocol::Xelis, r#"["j","000001907fb1","HEX64","xel/v2"]"#.to_owned()),
        (Protocol::Ckb, r#"["1611","HEX64",1,"HEX64",true]"#.to_owned()),
        (Protocol::Aleo, format!(r#"["j","ab1{}",0,true]"#, "q".repeat(58))),
        (Protocol::Aleo, r#"["j","HEX64","HEX64","HEX64","HEX64","HEX64",true]"#.to_owned()),
    ] {
        let finding = notify(&params).unwrap_or_else(|| panic!("{params}"));
        assert_eq!(finding.protocol, protocol, "{params}");
        assert!(finding.kinds.contains(&Kind::NOTIFY_FIELDS), "{params}");
        assert!(finding.facts.contains(&Fact::Job) && finding.stage == Stage::Working, "{params}");
    }
}

#[test]
fn a_job_names_its_coin_where_only_one_has_the_form() {
    let coins = |params: &str| -> Vec<&'static str> {
        let facts = notify(params).unwrap().facts;
        facts
            .iter()
            .filter_map(|fact| if let Fact::Coin { ticker, .. } = fact { Some(*ticker) } else { None })
            .collect()
    };
    let zcash = |more: &str| {
        coins(&format!(r#"["j","04000000","HEX64","HEX64","HEX64","66a00000","1c034219",true{more}]"#))
    };
    assert!(zcash("").is_empty());
    assert_eq!(zcash(r#","144_5","BgoldPoW""#), ["BTG"]);
    assert_eq!(zcash(r#","192_7","ZERO_PoW""#), ["ZER"]);
    assert!(zcash(r#","144_5","NoSuchPoW""#).is_empty());
    assert_eq!(zcash(&format!(r#","0700{}""#, "00".repeat(150))), ["VRSC"]);
    assert_eq!(coins(&format!(r#"["j","{}",true]"#, "0a".repeat(286))), ["KDA"]);
    let roots = r#""HEX64","HEX64","HEX64","00000000","1a034219","66a00000""#;
    assert_eq!(coins(&format!(r#"["j","HEX64",["HEX64"],{roots}]"#)), ["HNS"]);
    assert_eq!(coins(&format!(r#"["j","HEX64","01","02",["HEX64"],{roots},true]"#)), ["HNS"]);
}

#[test]
fn a_job_that_holds_no_hash_counts_little() {
    for params in [r#"["job-17","done"]"#, r#"[17,"x",true]"#, r#"["a","b","c","d"]"#] {
        assert_eq!(notify(params).unwrap().kinds, [Kind::ODD_NOTIFY], "{params}");
    }
    assert_eq!(notify(r#"["j","HEX64"]"#).unwrap().kinds, [Kind::NOTIFY], "another coin's");
    for params in ["[]", "[null]", "[[1]]", r#"[{"status":"done"}]"#, r#"{"job":"17"}"#] {
        assert_eq!(notify(params), None, "{params}");
    }
}

#[test]
fn a_share_tells_its_dialect() {
    let hex = |digits: usize| "0a".repeat(digits / 2);
    for (protocol, params) in [
        (Protocol::StratumV1, r#"["u.1","j","00000000","66a00000","deadbeef"]"#.to_owned()),
        (Protocol::StratumV1, r#"["u.1","j","00000000","66a00000","deadbeef","00c00000"]"#.to_owned()),
        (Protocol::KawPow, r#"["u.1","j","0xHEX16","0xHEX64","0xHEX64"]"#.to_owned()),
        (Protocol::Conflux, r#"["u","0xHEX64","0xHEX64","0xHEX64"]"#.to_owned()),
        (Protocol::Conflux, r#"["u","j","0xHEX16","0xHEX64"]"#.to_owned()),
        (Protocol::Kaspa, r#"["u","34","0xHEX16"]"#.to_owned()),
        (Protocol::Xelis, r#"["j","HEX16"]"#.to_owned()),
        (
            Protocol::Alephium,
            r#"{"jobId":1,"fromGroup":0,"toGroup":1,"nonce":"0a","worker":"u.1"}"#.to_owned(),
        ),
        (Protocol::Equihash, format!(r#"["u","j","66a00000","HEX16","fd4005{}"]"#, hex(2688))),
        (Protocol::Equihash, format!(r#"["u","j","66a00000","HEX16","64{}"]"#, hex(200))),
        (Protocol::Equihash, format!(r#"["u","j","HEX64","{}"]"#, hex(2816))),
    ] {
        let finding = submit(&params).unwrap_or_else(|| panic!("{params}"));
        assert_eq!(
            (finding.protocol, finding.kinds[0], finding.stage),
            (protocol, Kind::SUBMIT, Stage::Submitting),
            "{params}"
        );
        assert!(finding.facts.contains(&Fact::Submitted), "{params}");
    }
}

#[test]
fn a_solution_tells_the_parameters_of_equihash() {
    for (digits, algorithm, coin) in
        [(106, "equihash-125,4", Some("FLUX")), (202, "equihash-144,5", None), (806, "equihash-192,7", None)]
    {
        let facts =
            submit(&format!(r#"["u","j","66a00000","HEX16","{}"]"#, "0".repeat(digits))).unwrap().facts;
        assert!(facts.contains(&Fact::ImpliedAlgorithm(algorithm)));
        assert_eq!(facts.iter().any(|fact| matches!(fact, Fact::Coin { .. })), coin.is_some());
    }
}

#[test]
fn a_cycle_of_42_edges_is_a_solution() {
    let cycle = |length: u32| (0..length).map(|edge| edge.to_string()).collect::<Vec<_>>().join(",");
    let share = |length| submit(&format!(r#"["u","j","0a",[{}]]"#, cycle(length))).unwrap().kinds;
    assert_eq!(share(42), [Kind::SUBMIT, Kind::CYCLE]);
    assert_eq!(share(41), [Kind::ODD_SUBMIT]);
}

#[test]
fn a_share_without_a_nonce_counts_little() {
    for params in [r#"["sales","kmeans","eight"]"#, r#"["a",1,2]"#] {
        assert_eq!(submit(params).unwrap().kinds, [Kind::ODD_SUBMIT], "{params}");
    }
    for params in ["[]", r#"["a","b"]"#, r#"[{},"j","00000000"]"#, r#"{"dataset":"a"}"#] {
        assert_eq!(submit(params), None, "{params}");
    }
}

#[test]
fn only_a_share_with_an_account_names_it() {
    let user = |params| submit(params).unwrap().facts.iter().any(|fact| matches!(fact, Fact::User { .. }));
    assert!(user(r#"["u.1","j","0a0b0c0d0e"]"#), "NiceHash");
    assert!(!user(r#"["j","0a0b0c0d0e","w-1"]"#), "EIP-1571");
}

#[test]
fn after_plain_jobs_three_hashes_are_ethash() {
    let share = r#"{"id":4,"method":"mining.submit","params":["u","j","0xHEX16","0xHEX64","0xHEX64"],"worker":"rig7"}"#;
    let after = |line: &str| {
        let mut session = Session::default();
        let [before, share] = [message(line), message(share)];
        session.request(before.method().unwrap(), &before);
        session.request("mining.submit", &share).unwrap().0
    };
    let plain = after(r#"{"method":"mining.notify","params":["j","0xHEX64","0xHEX64","0xTARGET"]}"#);
    assert_eq!(plain.protocol, Protocol::EthereumStratum);
    assert!(plain.facts.contains(&Fact::Worker("rig7".to_owned())));
    let ethminer = after(r#"{"id":1,"jsonrpc":"2.0","method":"mining.subscribe","params":[]}"#);
    assert_eq!(ethminer.protocol, Protocol::EthereumStratum);
    let kawpow =
        after(r#"{"method":"mining.notify","params":["j","HEX64","HEX64","TARGET",true,1,"1b001234"]}"#);
    assert_eq!(kawpow.protocol, Protocol::KawPow);
}

#[test]
fn targets_are_hashes() {
    let difficulty = |line: &str| heard(line).map(|finding| finding.facts);
    let hashes = Some(vec![Fact::difficulty_hashes(4_295_032_833.0)]);
    assert_eq!(difficulty(r#"{"method":"mining.set_target","params":["TARGET"]}"#), hashes);
    assert_eq!(difficulty(r#"{"params":["0xTARGET"],"method":"mining.set_target"}"#), hashes);
    let alephium = heard(r#"{"method":"mining.set_target","params":"TARGET"}"#).unwrap();
    assert_eq!((alephium.protocol, Some(alephium.facts)), (Protocol::Alephium, hashes));
    let aleo = heard(r#"{"id":null,"method":"mining.set_target","params":[120000]}"#).unwrap();
    assert_eq!(aleo.protocol, Protocol::Aleo);
    for bad in [r#"["room"]"#, r#"["ff"]"#, "[]", "[0]", r#""x""#, "[[1]]", r#"{"target":21}"#] {
        assert_eq!(difficulty(&format!(r#"{{"method":"mining.set_target","params":{bad}}}"#)), None, "{bad}");
    }
}

#[test]
fn a_password_may_be_options() {
    let facts = |user: &str, password: &str| {
        let line = format!(r#"{{"id":2,"method":"mining.authorize","params":["{user}","{password}"]}}"#);
        let finding = heard(&line).unwrap();
        let options = finding.kinds.contains(&Kind::PASSWORD_OPTIONS);
        (options, finding.facts[1..].to_vec())
    };
    let coin = |ticker| Fact::coin(ticker, CoinReason::Password);
    let litecoin = "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9";
    assert_eq!(facts("u.1", "d=4096"), (true, vec![Fact::WantedDifficulty(4096.0)]));
    assert_eq!(facts("u", "c=LTC,mc=doge,d=0.5"), (true, vec![Fact::WantedDifficulty(0.5), coin("DOGE")]));
    assert_eq!(facts("u", "c=RTM"), (true, vec![coin("RTM")]));
    assert_eq!(facts(litecoin, "c=LTC"), (true, vec![]), "the address says so");
    assert_eq!(facts("u", "ID=rig7,c=KAS"), (true, vec![Fact::Worker("rig7".to_owned()), coin("KAS")]));
    assert_eq!(facts(litecoin, "rig7"), (false, vec![Fact::Worker("rig7".to_owned())]));
    for secret in ["hunter2", "a=b", "c=NOSUCHCOIN", "d=zero", "d=-1", "", "=", "mc=", "e=mc2"] {
        assert_eq!(facts("u", secret), (false, vec![]), "{secret}");
    }
}

#[test]
fn names_of_dialects_and_addresses_tell_the_dialect() {
    for (protocol, line) in [
        (
            Protocol::EthereumStratum,
            r#"{"method":"mining.subscribe","params":["x/1","EthereumStratum/1.0.0"]}"#,
        ),
        (Protocol::Aleo, r#"{"method":"mining.subscribe","params":["x/1","AleoStratum/2.0.0",null]}"#),
        (Protocol::Xelis, r#"{"method":"mining.subscribe","params":["x/1",["xel/v2","xel/v3"]]}"#),
        (
            Protocol::Alephium,
            r#"{"id":"0","method":"mining.hello","params":["x/1","AlephiumStratum/1.0.0"]}"#,
        ),
        (Protocol::Conflux, r#"{"method":"mining.subscribe","params":["cfxmine",""]}"#),
        (
            Protocol::Conflux,
            r#"{"method":"mining.subscribe","params":["cfx:aak2rra2njvd77ezwjvx04kkds9fzagfe6ku8scz91.r",""]}"#,
        ),
        (
            Protocol::Ckb,
            r#"{"method":"mining.authorize","params":["ckb1qyq2znu0gempdahctxsm49sa9jdzq9vnka7qt9ntff.r","x"]}"#,
        ),
        (Protocol::StratumV1, r#"{"method":"mining.subscribe","params":{"agent":"x/1","session":"s"}}"#),
        (Protocol::Kaspa, r#"{"method":"set_extranonce","params":["a1b2"]}"#),
        (Protocol::Alephium, r#"{"method":"mining.set_extranonce","params":"515a"}"#),
        (Protocol::Alephium, r#"{"id":"1","method":"connection.set_gzip"}"#),
        (Protocol::Alephium, r#"{"id":"9","method":"alph_submitHashrate","params":["0x3b9aca00","r"]}"#),
    ] {
        assert_eq!(heard(line).map(|finding| finding.protocol), Some(protocol), "{line}");
    }
    let xelis = r#"{"id":2,"method":"mining.authorize","params":["xel:qcd39a5u8cscztamjuyr7hdj6hh2wh9nrmhp86ljx2sz6t99ndjqqm7wxj8","rig7","x"]}"#;
    let facts = heard(xelis).unwrap().facts;
    assert!(facts.iter().any(|fact| matches!(fact, Fact::User { worker: Some(rig), .. } if rig == "rig7")));
    assert_eq!(heard(r#"{"method":"mining.hello","params":["x/1","1.0"]}"#), None);
    assert_eq!(heard(r#"{"method":"mining.hello","params":{"name":"x"}}"#), None);
}

#[test]
fn words_without_the_prefix_need_their_parameters() {
    let hns = "hs1qw508d6qejxtdg4y5r3zarvary0c5xw7kqqqqqq";
    let bare = |line: &str| heard(line).map(|finding| finding.kinds[0]);
    let authorize =
        |user: &str| bare(&format!(r#"{{"id":"1","method":"authorize","params":["{user}","x"]}}"#));
    assert_eq!(authorize(&format!("{hns}.rig7")), Some(Kind::BARE_AUTHORIZE));
    assert_eq!(authorize("alice"), None);
    assert_eq!(authorize("0x00000000000000000000000000000000f12eda4b"), None);
    let job = r#"["j","HEX64",["HEX64"],"HEX64","HEX64","HEX64","00000000","1a034219","66a00000"]"#;
    assert_eq!(bare(&format!(r#"{{"method":"notify","params":{job}}}"#)), Some(Kind::BARE_NOTIFY));
    assert_eq!(bare(r#"{"method":"notify","params":["tx","0xHEX64"]}"#), None);
    assert_eq!(
        bare(r#"{"id":3,"method":"submit","params":["u","j","HEX16","66a00000","deadbeef"]}"#),
        Some(Kind::BARE_SUBMIT)
    );
    assert_eq!(bare(r#"{"id":3,"method":"submit","params":["form","alice","deadbeef"]}"#), None);
    assert_eq!(bare(r#"{"method":"set_target","params":["living room"]}"#), None);
}

#[test]
fn answers_are_read_in_every_form() {
    let kinds = |ask, line: &str| answered(ask, line).map(|finding| finding.kinds);
    let v1 = Protocol::StratumV1;
    let (subscribe, login, share) = (Some(Ask::Subscribe), Some(Ask::Admission(v1)), Some(Ask::Share(v1)));
    let bridge = answered(None, r#"{"id":1,"result":[true,"EthereumStratum/1.0.0"]}"#).unwrap();
    assert_eq!((bridge.protocol, bridge.kinds[0]), (Protocol::Kaspa, Kind::SUBSCRIBE_ANSWER));
    let hello =
        answered(None, r#"{"id":"0","result":["AlephiumStratum/1.0.0",false,"3c","5","n"]}"#).unwrap();
    assert_eq!((hello.protocol, hello.kinds[0]), (Protocol::Alephium, Kind::HELLO_ANSWER));
    let extranonce = r#"{"id":1,"result":[null,"64290b"],"error":null}"#;
    assert_eq!(kinds(subscribe, extranonce), Some(vec![Kind::SUBSCRIBE_ANSWER]));
    assert_eq!(kinds(None, extranonce), None, "anything could be answered so");
    for yes in ["true", "\"true\"", "[true]", r#"["true"]"#, r#"{"status":"OK"}"#] {
        let line = format!(r#"{{"id":4,"result":{yes}}}"#);
        assert_eq!(answered(share, &line).unwrap().facts, [Fact::Accepted], "{yes}");
        assert_eq!(answered(login, &line).unwrap().stage, Stage::Handshake, "{yes}");
        assert_eq!(kinds(None, &line), None, "{yes}");
    }
    for no in ["false", r#"["false","invalid nonce"]"#] {
        let line = format!(r#"{{"id":4,"result":{no}}}"#);
        assert_eq!(answered(share, &line).unwrap().facts, [Fact::Rejected], "{no}");
        assert_eq!(answered(login, &line).unwrap().stage, Stage::Attempt, "{no}");
    }
    assert_eq!(kinds(login, r#"{"id":"3","result":"w-1"}"#), Some(vec![Kind::ADMISSION]));
    assert_eq!(kinds(share, r#"{"id":4,"result":null,"error":null}"#), None);
}

#[test]
fn a_rejected_share_says_why() {
    let share = Some(Ask::Share(Protocol::StratumV1));
    let reasons = [Kind::STALE, Kind::DUPLICATE, Kind::LOW_DIFFICULTY, Kind::UNAUTHORIZED];
    for (code, reason) in (21..).zip(reasons) {
        for error in [format!(r#"[{code},"no",null]"#), format!(r#"{{"code":{code},"message":"no"}}"#)] {
            let finding = answered(share, &format!(r#"{{"id":4,"result":null,"error":{error}}}"#)).unwrap();
            assert_eq!(finding.kinds, [Kind::SHARE_ANSWER, Kind::POOL_ERROR, reason], "{error}");
            assert_eq!(finding.facts, [Fact::Rejected]);
        }
    }
}

#[test]
fn a_refusal_is_no_handshake() {
    let login = Some(Ask::Admission(Protocol::StratumV1));
    let refused =
        answered(login, r#"{"id":2,"result":null,"error":[24,"Unauthorized worker",null]}"#).unwrap();
    assert_eq!((refused.kinds, refused.stage), (vec![Kind::POOL_ERROR, Kind::UNAUTHORIZED], Stage::Attempt));
    let unknown = r#"{"id":2,"error":{"code":-32601,"message":"Method not found"}}"#;
    assert_eq!(answered(login, unknown), None, "any server says so");
}
