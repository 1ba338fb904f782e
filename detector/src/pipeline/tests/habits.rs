//! Requests that make a miner only if they are made again and again.

use super::*;

/// A request for a block template and its answer, on a connection of its own.
fn asks_for_a_template(pipeline: &mut Pipeline, client: &str, time: i64) -> Vec<Record> {
    let mut flow = Flow::from(client);
    let body = r#"{"method":"getblocktemplate","params":[{"capabilities":["coinbasetxn","workid"]}],"id":1}"#;
    let request = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let template = format!(
        r#"{{"result":{{"previousblockhash":"{}","coinbasevalue":1,"bits":"1d7b5889"}},"error":null,"id":1}}"#,
        "0c".repeat(32)
    );
    let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{template}", template.len());
    let mut records = flow.segment(pipeline, flow.client, request.as_bytes(), time).records;
    records.extend(flow.segment(pipeline, flow.client.reverse(), response.as_bytes(), time).records);
    records.extend(flow.closes(pipeline, time).records);
    records
}

#[test]
fn who_asks_for_templates_on_one_connection_after_the_other_is_a_miner() {
    let mut pipeline = pipeline(|_| {});
    for second in 0..5 {
        let records = asks_for_a_template(&mut pipeline, &format!("10.0.0.2:{}", 40_000 + second), second);
        assert_eq!(records, [], "{second}");
        let others = asks_for_a_template(&mut pipeline, &format!("10.0.0.{}:1", 10 + second), second);
        assert_eq!(others, [], "each for itself");
    }
    let records = asks_for_a_template(&mut pipeline, "10.0.0.2:50000", 6);
    assert_eq!(records.first().map(|record| record.reason), Some(Reason::Opened));
    assert!(records.iter().any(|record| record.evidence.iter().any(|it| it.kind == "repeated-requests")));
    assert_eq!(pipeline.cases(), 1);
}

#[test]
fn templates_that_are_asked_for_now_and_then_are_an_operators() {
    let mut pipeline = pipeline(|_| {});
    for round in 0..20 {
        let records =
            asks_for_a_template(&mut pipeline, &format!("10.0.0.2:{}", 40_000 + round), round * 300);
        assert_eq!(records, []);
    }
}

#[test]
fn who_is_told_that_the_method_is_unknown_makes_no_habit_of_it() {
    let mut pipeline = pipeline(|_| {});
    let ask = |pipeline: &mut Pipeline, round: i64, answer: &str| {
        let mut flow = Flow::from(&format!("10.0.0.2:{}", 40_000 + round));
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"eth_getWork","params":[]}"#;
        let request = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{answer}", answer.len());
        let mut records = flow.segment(pipeline, flow.client, request.as_bytes(), round).records;
        records.extend(flow.segment(pipeline, flow.client.reverse(), response.as_bytes(), round).records);
        records.extend(flow.closes(pipeline, round).records);
        records
    };
    let unknown = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"the method eth_getWork does not exist"}}"#;
    for round in 0..40 {
        assert_eq!(ask(&mut pipeline, round, unknown), [], "{round}");
    }
    let hash = "0a".repeat(32);
    let work =
        format!(r#"{{"jsonrpc":"2.0","id":1,"result":["0x{hash}","0x{hash}","0x0000{}"]}}"#, "0a".repeat(30));
    let found = (40..50).any(|round| !ask(&mut pipeline, round, &work).is_empty());
    assert!(found, "with work it is mining");
}
