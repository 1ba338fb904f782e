//! No excerpt holds a password.

use detector_common::flow::Direction;
use jiff::Timestamp;
use proptest::prelude::*;

use super::super::{Conversation, Source};
use super::{MINER, POOL, fill};
use crate::stream::Limits;
use crate::transport::Utterance;

/// Logins of all dialects, and other forms in which passwords are sent, with `SECRET` in their place.
const LINES: [&str; 40] = [
    r#"{"id":1,"method":"login","params":{"login":"WALLET","pass":"SECRET","rigid":"","agent":"XMRig/6.22.2"}}"#,
    r#"{"id":1,"method":"login","params":{"login":"alice:SECRET","agent":"XMRig/6.22.2","algo":["rx/0"]}}"#,
    r#"{"id":1,"method":"login","params":{"agent":"XMRig","PASS":"SECRET","login":"WALLET"},"jsonrpc":"2.0"}"#,
    r#"{"method":"login","params":{"login":"WALLET","p\u0061ss":"SECRET","agent":"a"},"id":1}"#,
    r#"{"method":"login","params":{"login":"WALLET","pass":{"a":["SECRET",{"SECRET":"SECRET"}]},"agent":"a"},"id":1}"#,
    r#"{"id":2,"method":"mining.authorize","params":["u.w","SECRET"]}"#,
    r#"{"params":["u.w","SECRET"],"id":2,"method":"mining.authorize"}"#,
    r#"{"params":["u.w:SECRET","x"],"id":2,"method":"mining.authorize"}"#,
    r#"{"id":2,"method":"mining.authorize","params":["u.w",["SECRET"],{"password":"SECRET"},"SECRET"]}"#,
    r#"{"id":2,"method":"mining.authorize","params":[["u.w","SECRET"]]}"#,
    r#"{"id":2,"method":"mining.authorize","params":{"username":"u.w","password":"SECRET"}}"#,
    r#"{"id":2,"method":"\u006dining.authorize","params" : [ "u.w" , "SECRET" ]}"#,
    r#"[{"id":1,"method":"mining.subscribe","params":["a/1"]},{"id":2,"method":"mining.authorize","params":["u.w","SECRET"]}]"#,
    r#"{"id":1,"method":"mining.subscribe","params":["a/1"]}{"id":2,"method":"mining.authorize","params":["u.w","SECRET"]}"#,
    r#"{"id":4,"method":"mining.submit","params":["u.w:SECRET","job","00000000","65f00000","deadbeef"]}"#,
    r#"{"id":1,"method":"eth_submitLogin","params":["0xADDR40","SECRET"],"worker":"rig"}"#,
    r#"{"id":1,"method":"eth_submitLogin","params":["0xADDR40.rig:SECRET"],"worker":"eth1.0"}"#,
    r#"{"id":2,"jsonrpc":"2.0","method":"eth_login","params":["0xADDR40","SECRET"]}"#,
    r#"{"worker":"a:SECRET","jsonrpc":"2.0","params":["0xADDR40"],"id":2,"method":"eth_submitLogin"}"#,
    r#"{"id":"login","method":"login","params":{"login":"alice","pass":"SECRET","agent":"grin-miner"},"jsonrpc":"2.0"}"#,
    r#"{"method":"login","api_key":"SECRET","id":"login","jsonrpc":"2.0"}"#,
    r#"{"identifier":"handshake","pool":"pool.example","login":"WALLET","password":"SECRET","userid":"","version":7}"#,
    r#"{"type":"auth","params":{"site_key":"a","type":"user","user":"b","goal":0,"token":"SECRET"}}"#,
    r#"42["auth",{"login":"WALLET","password":"SECRET"}]"#,
    r#"42["auth","WALLET","SECRET"]"#,
    r#"42/pool,7["login",{"method":"login","params":["WALLET","SECRET"]}]"#,
    r#"{"message":"register","address":"nqaddress","password":"SECRET"}"#,
    r#"{"id":1,"method":"mining.subscribe","body":{"version":2,"publicAddress":"HEX64","pass":"SECRET"}}"#,
    r#"{"id":1,"method":"zork_signOn","params":["Zabc.rig1","SECRET"]}"#,
    r#"{"id":1,"method":"zork_signOn","params":["Zabc.rig1"],"args":["a","SECRET"],"passwd":"SECRET"}"#,
    r#"{"id":1,"method":"zork_signOn","params":["password=SECRET"],"url":"stratum+tcp://a:SECRET@pool.example"}"#,
    r#"["mining.authorize","u.w","SECRET"]"#,
    r#"{"id":1,"method":"login","params":{"login":"WALLET","pwd":"SECRET","agent":"a"}} SECRET"#,
    "JOB,alice,LOW,SECRET",
    "JOB,alice,MEDIUM,SECRET,12.5@0",
    "JOB,alice,SECRET",
    "PASS SECRET",
    "user alice SECRET",
    "login alice:SECRET",
    r#"{"id":1,"method":"login","params":{"login":"ALICE:SECRET","agent":"a"}}"#,
];

/// Requests of HTTP in which passwords are sent.
const HEADS: [&str; 6] = [
    "POST / HTTP/1.1\r\nHost: node:8332\r\nAuthorization: Basic SECRET\r\nContent-Length: 0\r\n\r\n",
    "GET /getwork?user=a&pass=SECRET HTTP/1.1\r\nHost: a\r\nCookie: SECRET\r\nX-Mining-Extensions: longpoll\r\n\r\n",
    "GET /burst?requestType=submitNonce&secretPhrase=SECRET&nonce=1 HTTP/1.1\r\nHost: a\r\nX-Miner: a\r\n\r\n",
    "GET http://alice:SECRET@pool.example/work HTTP/1.1\r\nProxy-Authorization: Basic SECRET\r\n\r\n",
    "GET /ws/alice%3ASECRET?p%61ss=SECRET HTTP/1.1\r\nHost: a\r\nUser-Agent: password SECRET\r\n\r\n",
    "CONNECT alice:SECRET@pool.example:3333 HTTP/1.1\r\nHost: a\r\n\r\n",
];

/// Begins and ends with what is nowhere else.
fn secret() -> impl Strategy<Value = String> {
    "[ -~]{0,30}".prop_map(|inside| format!("Zq7{inside}7qZ"))
}

fn is_told(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.contains("Zq7") || text.contains("7qZ")
}

fn with_secret(line: &str, secret: &str) -> String {
    let quoted = serde_json::to_string(secret).unwrap();
    let inside = if line.contains('"') { &quoted[1..quoted.len() - 1] } else { secret };
    fill(line).replace("SECRET", inside)
}

fn shown(said: Utterance<'_>) -> Vec<u8> {
    Source::new(Timestamp::UNIX_EPOCH, MINER, said).excerpt().unwrap().bytes().to_vec()
}

fn check(direction: Direction, bytes: &[u8]) -> Result<(), TestCaseError> {
    // A line of the pool before it, that a judgement is made.
    let mut conversation = Conversation::new(Limits::default());
    conversation.segment(direction, 0, bytes, Timestamp::UNIX_EPOCH);
    let notify = fill("{\"id\":null,\"method\":\"mining.notify\",\"params\":NOTIFY}\n");
    let set = r#"{"id":null,"method":"mining.set_difficulty","params":[16]}"#;
    conversation.segment(direction.reverse(), 0, notify.as_bytes(), Timestamp::UNIX_EPOCH);
    let after = u32::try_from(notify.len()).unwrap();
    conversation.segment(direction.reverse(), after, format!("{set}\n").as_bytes(), Timestamp::UNIX_EPOCH);
    conversation.finish();
    for reason in conversation.assessment().into_iter().flat_map(|judged| judged.evidence) {
        if let Some(excerpt) = &reason.excerpt {
            prop_assert!(!is_told(excerpt.bytes()), "{}: {}", reason.kind, excerpt.text());
            prop_assert!(!is_told(excerpt.masked(&["alice"]).bytes()));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_line_tells_a_password(which in 0..LINES.len(), secret in secret(), cut in 0..400usize) {
        let line = with_secret(LINES[which], &secret);
        for said in [
            Utterance::Line(line.as_bytes()),
            Utterance::Message(line.as_bytes()),
            Utterance::Line(line.as_bytes().get(..cut).unwrap_or_default()),
        ] {
            let shown = shown(said);
            prop_assert!(!is_told(&shown), "{}", String::from_utf8_lossy(&shown));
        }
        check(MINER, format!("{line}\n").as_bytes())?;
        check(POOL, format!("{line}\n").as_bytes())?;
    }

    #[test]
    fn no_request_tells_a_password(which in 0..HEADS.len(), secret in "[0-9A-Za-z+]{0,30}") {
        let head = HEADS[which].replace("SECRET", &format!("Zq7{secret}7qZ"));
        let parsed = crate::transport::Head::parse(head.as_bytes()).unwrap();
        let shown = shown(Utterance::Head(&parsed));
        prop_assert!(!is_told(&shown), "{}", String::from_utf8_lossy(&shown));
        check(MINER, head.as_bytes())?;
    }

    #[test]
    fn no_body_tells_a_password(which in 0..LINES.len(), secret in secret()) {
        let body = with_secret(LINES[which], &secret);
        let length = body.len();
        let request = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}");
        check(MINER, request.as_bytes())?;
    }
}

#[test]
fn all_else_is_shown() {
    for line in [
        r#"{"id":1,"method":"mining.subscribe","params":["cgminer/4.10.0","EthereumStratum/1.0.0"]}"#,
        r#"{"id":4,"method":"mining.submit","params":["alice.rig7","j1","0xHEX16","00"]}"#,
        r#"{"id":null,"method":"mining.set_difficulty","params":[16, true , -1.5e3,null]}"#,
        r#"{"id":1,"result":[[["mining.notify","ae6812eb"]],"08000002",4],"error":null}"#,
        r#"{"id":4,"result":null,"error":[21,"Job not found",null]}"#,
        r#"{"id":1,"method":"login","params":{"login":"WALLET","rigid":"rig\"7\"","algo":["rx/0","cn/2"]}}"#,
        r#"42["job",{"blob":"00","job_id":"7"}]"#,
        "JOB,alice,MEDIUM",
        "1234,5.67,Official PC Miner 4.3,rig7",
    ] {
        let line = fill(line);
        assert_eq!(
            String::from_utf8(shown(Utterance::Line(line.as_bytes()))).unwrap(),
            line.get(..256).unwrap_or(&line)
        );
    }
    let hidden = |line: &str| String::from_utf8(shown(Utterance::Line(line.as_bytes()))).unwrap();
    assert_eq!(
        hidden(r#"{"id":2,"method":"mining.authorize","params":["u.w","x",5]}"#),
        r#"{"id":2,"method":"mining.authorize","params":["u.w","<...>",<...>]}"#
    );
    assert_eq!(
        hidden(r#"{"login":"alice:pw","pass":5,"id":1}"#),
        r#"{"login":"alice:<...>","pass":<...>,"id":1}"#
    );
    assert_eq!(hidden("JOB,alice,LOW,key"), "JOB,alice,LOW");
    assert_eq!(hidden("USER alice"), "", "nobody knows what it is");
}

#[test]
fn heads_are_shown_without_what_is_secret() {
    let head = crate::transport::Head::parse(
        b"GET /getwork/?a=1&token=abc HTTP/1.1\r\nHost: node:8332\r\nAuthorization: Basic eDp5\r\nX-Mining-Extensions: longpoll\r\n\r\n",
    )
    .unwrap();
    assert_eq!(
        String::from_utf8(shown(Utterance::Head(&head))).unwrap(),
        "GET /getwork/?a=1&token=<...>\r\nhost: node:8332\r\nx-mining-extensions: longpoll\r\n"
    );
}
