use detector_common::flow::Direction;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;

use super::super::Conversation;
use super::{MINER, POOL, XMRIG, fill};
use crate::stream::Limits;

const LINES: [(Direction, &str); 9] = [
    (MINER, XMRIG),
    (
        POOL,
        r#"{"id":1,"result":{"id":"s","job":{"blob":"BLOB","job_id":"j","target":"711b0d00"},"status":"OK"}}"#,
    ),
    (
        MINER,
        r#"{"id":2,"method":"submit","params":{"id":"s","job_id":"j","nonce":"d0030040","result":"HEX64"}}"#,
    ),
    (POOL, r#"{"id":2,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}"#),
    (MINER, r#"{"id":3,"method":"mining.authorize","params":["u.w","x"]}"#),
    (POOL, r#"{"params":NOTIFY,"id":null,"method":"mining.notify"}"#),
    (POOL, r#"{"id":null,"method":"mining.set_difficulty","params":[0.5]}"#),
    (MINER, r#"[{"id":4,"method":"eth_getWork","params":[]}, {"id":5,"method":"unknown"}]"#),
    (POOL, r#"{"id":4,"result":["0xHEX64","0xHEX64","0xHEX58"]}"#),
];

fn talk(lines: &[(Direction, String)], cut: usize) -> Conversation {
    let mut conversation = Conversation::new(Limits::default());
    let mut sequence = [5u32, u32::MAX - 100];
    for (direction, line) in lines {
        for segment in line.as_bytes().chunks(cut) {
            let at = &mut sequence[*direction as usize];
            conversation.segment(*direction, *at, segment, Timestamp::UNIX_EPOCH);
            *at = at.wrapping_add(u32::try_from(segment.len()).unwrap());
        }
    }
    conversation
}

/// JSON around the names that the parsers look for.
fn json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "login",
        "submit",
        "job",
        "mining.subscribe",
        "mining.notify",
        "mining.set",
        "mining.submit",
        "mining.authorize",
        "eth_submitWork",
        "OK",
        "",
        "0x",
        "+12345678",
        "EthereumStratum/",
        "é…\u{0}",
        "711b0d00",
    ]);
    let keys = prop::sample::select(vec![
        "id", "method", "params", "result", "error", "job", "blob", "target", "job_id", "status", "algo",
        "login", "pass", "agent", "worker", "host", "proto", "nonce",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        names.prop_map(Value::from),
        "[0-9a-f]{8}|[0-9a-f]{64}|[0-9a-f]{160}|0x[0-9a-f]{64}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..6)
                .prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn segmentation_does_not_change_the_judgement(
        which in prop::collection::vec(0..LINES.len(), 1..12),
        cut in 1..300usize,
    ) {
        let lines: Vec<_> = which.iter().map(|&at| (LINES[at].0, fill(LINES[at].1) + "\n")).collect();
        let judged = talk(&lines, cut).assessment();
        judged.iter().for_each(super::evidence::check);
        prop_assert_eq!(judged, talk(&lines, usize::MAX).assessment());
    }

    #[test]
    fn a_line_without_line_feed_counts_as_much(which in 0..LINES.len(), cut in 1..100usize) {
        let line = |end: &str| [(LINES[which].0, fill(LINES[which].1) + end)];
        prop_assert_eq!(talk(&line(""), cut).assessment(), talk(&line("\n"), 1000).assessment());
    }

    #[test]
    fn no_bytes_do_harm(
        segments in prop::collection::vec((any::<bool>(), any::<u32>(), prop::collection::vec(any::<u8>(), 0..200)), 0..40),
    ) {
        let mut conversation = Conversation::new(Limits::default());
        for (up, sequence, bytes) in segments {
            let direction = if up { Direction::Up } else { Direction::Down };
            conversation.segment(direction, sequence % 3000, &bytes, Timestamp::UNIX_EPOCH);
            conversation.segment(direction, sequence, &bytes, Timestamp::UNIX_EPOCH);
            conversation.closed(direction, sequence, Timestamp::UNIX_EPOCH);
            let _ = (conversation.assessment(), conversation.hopeless());
        }
    }

    #[test]
    fn no_json_does_harm(values in prop::collection::vec((any::<bool>(), json()), 1..20)) {
        let line = |(up, value): (bool, Value)| (if up { POOL } else { MINER }, format!("{value}\n"));
        let lines: Vec<_> = values.into_iter().map(line).collect();
        if let Some(judged) = talk(&lines, usize::MAX).assessment() {
            prop_assert!((0.0..=1.0).contains(&judged.confidence));
            super::evidence::check(&judged);
            prop_assert!(judged.evidence.len() < 64);
        }
    }
}
