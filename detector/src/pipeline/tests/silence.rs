//! Connections that are silent for long, and others between the same ends.

use super::*;

/// A miner that says a share each so many hours on one connection, and the pool that accepts it.
fn seldom(every: i64, shares: i64) -> (Pipeline, Vec<Record>) {
    let mut pipeline = pipeline(|_| {});
    let mut miner = Flow::from("10.0.0.2:40000");
    let mut records = miner.client_says(&mut pipeline, &login(), 0).records;
    for id in 1..=shares {
        let time = id * every * HOUR;
        for minute in (0..every * 60).step_by(10) {
            records.extend(pipeline.advance(at(time - every * HOUR + minute * 60 + 60)).records);
        }
        let share = format!(
            r#"{{"id":{id},"jsonrpc":"2.0","method":"submit","params":{{"id":"s1","job_id":"j2","nonce":"{id:08x}","result":"{}"}}}}"#,
            "0a".repeat(32)
        );
        records.extend(miner.client_says(&mut pipeline, &share, time).records);
        let answer = format!(r#"{{"id":{id},"jsonrpc":"2.0","error":null,"result":{{"status":"OK"}}}}"#);
        records.extend(miner.server_says(&mut pipeline, &answer, time).records);
    }
    records.extend(pipeline.finish(at(shares * every * HOUR + 60)));
    (pipeline, records)
}

#[test]
fn a_miner_that_is_silent_for_hours_is_one_case_with_the_right_counts() {
    for every in [1, 5, 7, 30] {
        let (pipeline, records) = seldom(every, 6);
        let opened = records.iter().filter(|record| record.reason == Reason::Opened).count();
        let last = records.last().unwrap();
        assert_eq!((opened, last.reason), (1, Reason::Final), "every {every} hours");
        // What is silent for so long is not followed after six hours, and forgotten three hours later.
        let connections = if every < 9 { 1 } else { 7 };
        assert_eq!(last.connections, connections, "every {every} hours");
        let shares = last.facts.shares;
        assert_eq!((shares.submitted, shares.accepted), (6, 6), "every {every} hours");
        assert_eq!(pipeline.conversations(), 0);
    }
}

#[test]
fn the_same_ends_within_a_second_are_found_again_whether_or_not_the_old_connection_closed() {
    for ahead in [70_000, 5_000_000, u32::MAX - 300_000, u32::MAX / 2] {
        let mut pipeline = pipeline(|_| {});
        let mut old = Flow::from("10.0.0.2:40000");
        old.client_says(&mut pipeline, "{\"id\":1,\"method\":\"status\"}", 0);
        let mut new = Flow::from("10.0.0.2:40000");
        new.next = old.next.map(|next| next.wrapping_add(ahead));
        let mut records = new.client_says(&mut pipeline, &login(), 0).records;
        records.extend(pipeline.advance(at(3)).records);
        records.extend(pipeline.finish(at(4)));
        assert!(records.iter().any(|record| record.reason == Reason::Opened), "{ahead}");
        assert!(records.iter().all(|record| record.facts.wallet.is_some()), "{ahead}");
    }
}
