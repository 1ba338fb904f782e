//! What reasons rest on, and what would have changed a verdict.

use detector_common::flow::Direction;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::super::{
    Assessment, Conversation, EXCERPT_BYTES, Evidence, Judged, Need, Protocol, Side, Source, Stage, Verdict,
    counterfactuals,
};
use super::{MINER, POOL, Talk, XMRIG, fill, only};
use crate::protocol::Kind;
use crate::stream::Limits;
use crate::transport::{Frame, Utterance};

const JOB: &str =
    r#"{"id":1,"result":{"id":"s","job":{"blob":"BLOB","job_id":"j","target":"711b0d00"},"status":"OK"}}"#;

/// What is told of a judgement by its evidence holds of it.
pub(super) fn check(judged: &Assessment) {
    let told = counterfactuals(&Judged::from(judged));
    assert_eq!(told.with_all.verdict, Some(judged.verdict), "{judged:?}");
    assert_eq!(told.with_all.confidence.to_bits(), judged.confidence.to_bits(), "{judged:?}");
    check_alternatives(&Judged::from(judged));
    for reason in &judged.evidence {
        let stored = serde_json::to_string(reason).unwrap();
        assert_eq!(&serde_json::from_str::<Evidence>(&stored).unwrap(), reason);
    }
}

fn check_alternatives(judged: &Judged<'_>) {
    let told = counterfactuals(judged);
    let verdict = told.with_all.verdict;
    for (at, alone) in told.without_each.iter().enumerate() {
        assert_eq!(*alone, judged.without(&[at]));
        if alone.verdict < verdict {
            assert_eq!(told.lower_without.len(), 1, "one piece is enough");
        }
    }
    let is_lower = |cut: &[usize]| judged.without(cut).verdict < verdict;
    let is_nothing = |cut: &[usize]| judged.without(cut).verdict.is_none();
    for (cut, changes) in
        [(&told.lower_without, &is_lower as &dyn Fn(&[usize]) -> bool), (&told.nothing_without, &is_nothing)]
    {
        assert_eq!(cut.is_empty(), verdict.is_none(), "{judged:?}");
        assert!(changes(cut) || verdict.is_none(), "{cut:?} of {judged:?}");
        for at in cut {
            let fewer: Vec<usize> = cut.iter().copied().filter(|other| other != at).collect();
            assert!(!changes(&fewer), "{at} need not be missing: {judged:?}");
        }
    }
    for way in &told.higher_with {
        let mut evidence = judged.evidence.to_vec();
        for need in &way.needs {
            evidence.extend(fulfil(*need));
        }
        let risen = Judged { evidence: &evidence, ..*judged }.without(&[]);
        assert!(risen.verdict >= Some(way.verdict) && Some(way.verdict) > verdict, "{way}: {judged:?}");
        assert!(!way.needs.is_empty());
    }
}

fn fulfil(need: Need) -> Vec<Evidence> {
    let said = |side, weight| Evidence::new("invented", side, "", weight);
    match need {
        Need::Said { by, weight, .. } => vec![said(by.unwrap_or(Side::Miner), weight)],
        Need::Messages(count) => vec![Evidence { message: true, ..said(Side::Miner, 0.0) }; count],
        Need::Jobs => vec![Evidence::of(Kind::JOB_SERIES, Side::Pool, None)],
    }
}

fn text(judged: &Assessment, kind: &str) -> String {
    judged.evidence.iter().find(|reason| reason.kind == kind).unwrap().excerpt.as_ref().unwrap().text()
}

#[test]
fn each_reason_tells_what_was_said_when_and_by_whom() {
    let mut conversation = Conversation::new(Limits::default());
    let at = |second| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second);
    let login = fill(XMRIG);
    conversation.segment(MINER, 1, format!("{login}\n").as_bytes(), at(3));
    let job = fill(JOB);
    conversation.segment(POOL, 1, format!("{job}\n").as_bytes(), at(5));
    conversation.segment(
        MINER,
        2 + u32::try_from(login.len()).unwrap(),
        format!("{login}\n").as_bytes(),
        at(9),
    );
    let judged = conversation.assessment().unwrap();
    check(&judged);
    for reason in &judged.evidence {
        let excerpt = reason.excerpt.as_ref().unwrap_or_else(|| panic!("{}", reason.kind));
        let (direction, time, said) =
            if reason.side == Side::Miner { (MINER, at(3), &login) } else { (POOL, at(5), &job) };
        assert_eq!((excerpt.direction, excerpt.time), (direction, time), "{}", reason.kind);
        assert_eq!(excerpt.length, said.len() as u64);
        assert_eq!(excerpt.bytes().len(), said.len().min(EXCERPT_BYTES));
        assert!(said.starts_with(excerpt.text().get(..40).unwrap()), "{}", excerpt.text());
    }
    let wallet = super::wallet();
    let told = judged.evidence[0].excerpt.as_ref().unwrap();
    assert!(told.text().contains(&format!(r#""login":"{wallet}","pass":"<...>","agent":"XMRig/6.22.2"#)));
    let masked = told.masked(&[&wallet, "rig7"]).text();
    assert!(masked.contains(r#""login":"<...>","pass":"<...>""#) && !masked.contains("Zz"), "{masked}");
}

#[test]
fn series_foreign_lines_coins_and_the_wrong_side_have_excerpts() {
    let share = |id: u32| {
        format!(
            r#"{{"id":{id},"method":"submit","params":{{"id":"s","job_id":"j","nonce":"d003004{id}","result":"HEX64"}}}}"#
        )
    };
    let talk = Talk::new()
        .miner(XMRIG)
        .pool(JOB)
        .miner(r#"{"id":9,"method":"wallet.open","params":["a","b"]}"#)
        .miner(&share(2))
        .miner(&share(3))
        .miner(&share(4))
        .miner(r#"{"jsonrpc":"2.0","method":"job","params":{"blob":"BLOB","job_id":"wrong","target":"e4a63d00"}}"#);
    let judged = talk.judged();
    assert!(text(&judged, "share-series").starts_with(r#"{"id":4,"#));
    assert_eq!(
        text(&judged, "client-foreign-lines"),
        r#"{"id":9,"method":"wallet.open","params":["a","<...>"]}"#
    );
    assert!(text(&judged, "wrong-side").contains(r#""method":"job""#));
    assert!(text(&judged, "coin-by-wallet").contains(r#""method":"login""#));
}

#[test]
fn an_answer_that_came_before_its_request_has_its_own_excerpt() {
    let answer = r#"{"id":7,"result":true,"error":null}"#;
    let judged = Talk::new()
        .pool(answer)
        .miner(r#"{"id":7,"method":"mining.authorize","params":["u.w","x"]}"#)
        .judged();
    let excerpt = judged.evidence.iter().find(|reason| reason.kind == "pool-admission").unwrap();
    let excerpt = excerpt.excerpt.as_ref().unwrap();
    assert_eq!((excerpt.text().as_str(), excerpt.direction), (answer, POOL));
}

#[test]
fn what_differs_is_shown_if_it_is_a_whole_message() {
    let mut talk = Talk::new().miner(XMRIG);
    let at = talk.sequence[MINER as usize];
    let other = format!("{}\n", fill(XMRIG).replace("rig7", "rig8"));
    let begin = at.wrapping_sub(u32::try_from(other.len()).unwrap());
    talk.conversation.segment(MINER, begin, other.as_bytes(), Timestamp::UNIX_EPOCH);
    let judged = talk.judged();
    let overlap = judged.evidence.iter().find(|reason| reason.kind == "overlap-conflict").unwrap();
    let told = overlap.excerpt.as_ref().unwrap().text();
    assert!(told.starts_with(r#"{"id":1,"#) && told.contains(r#""pass":"<...>""#), "{told}");
}

#[test]
fn what_is_missing_is_told_in_words() {
    let told = |judged: &Assessment| -> Vec<String> {
        counterfactuals(&Judged::from(judged)).higher_with.iter().map(ToString::to_string).collect()
    };
    let attempt = only(XMRIG);
    assert_eq!(attempt.verdict, Verdict::Probable);
    let ways = told(&attempt);
    assert_eq!(
        ways.first().unwrap(),
        "more messages of the pool, such as a job, of weight 4 or more, other than to keep the connection alive"
    );
    assert!(ways.iter().any(|way| way.ends_with("2 more kinds of messages of the miner")), "{ways:?}");
    let confirmed = Talk::new().miner(XMRIG).pool(JOB).judged();
    assert_eq!((confirmed.verdict, told(&confirmed)), (Verdict::Confirmed, Vec::new()));
}

fn piece() -> impl Strategy<Value = Evidence> {
    let names = prop::sample::select(vec![
        "client-login",
        "wrong-side",
        "client-foreign-lines",
        "pool-foreign-lines",
        "coin-by-wallet",
        "share-series",
        "pool-job",
        Kind::JOB_SERIES.name,
        Kind::KEEPALIVE.name,
        Kind::KEEPALIVE_ANSWER.name,
    ]);
    let sides = prop::sample::select(vec![Side::Miner, Side::Pool, Side::Peer]);
    // What is a message, or a series, weighs something, and speaks for mining.
    (names, sides, 1..30u8, any::<bool>()).prop_map(|(kind, side, halves, message)| {
        let weight = f64::from(halves) / 2.0;
        let against = kind.ends_with("-lines") || kind == "wrong-side";
        let message = message && !against;
        Evidence { message, ..Evidence::new(kind, side, "", if against { -weight / 3.0 } else { weight }) }
    })
}

proptest! {
    #[test]
    fn any_evidence_has_alternatives_that_hold(
        evidence in prop::collection::vec(piece(), 0..12),
        stage in prop::sample::select(vec![Stage::Attempt, Stage::Handshake, Stage::Working, Stage::Submitting]),
        protocol in prop::sample::select(vec![Protocol::StratumV1, Protocol::P2Pool, Protocol::BitcoinP2p]),
        encrypted in any::<bool>(),
    ) {
        check_alternatives(&Judged { protocol, stage, encrypted, evidence: &evidence });
    }

    #[test]
    fn no_bytes_do_harm_to_excerpts(up in any::<bool>(), bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let direction = if up { Direction::Up } else { Direction::Down };
        for said in [
            Utterance::Line(&bytes),
            Utterance::Frame(Frame::Zmtp { command: false, body: &bytes }),
        ] {
            let excerpt = Source::new(Timestamp::UNIX_EPOCH, direction, said).excerpt().unwrap();
            prop_assert!(excerpt.bytes().len() <= EXCERPT_BYTES);
        }
    }
}
