use std::net::SocketAddr;

use detector_common::event::EventHeader;
use detector_common::flow::{Direction, End};
use detector_common::packet::{Encapsulation, LayerKind};

use super::*;
use crate::ledger::Reason;
use crate::stream;

mod ends;
mod forged;
mod fragments;
mod habits;
mod room;
mod silence;

const START: i64 = 1_700_000_000;
const HOUR: i64 = 3_600;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

/// A client that talks to the server 203.0.113.9:3333, as the recogniser reports it.
struct Flow {
    key: FlowKey,
    client: Direction,
    next: [u32; 2],
    /// What its packets are wrapped in from now on.
    outer: Encapsulation,
}

impl Flow {
    fn from(client: &str) -> Self {
        let (client, server): (SocketAddr, SocketAddr) =
            (client.parse().unwrap(), "203.0.113.9:3333".parse().unwrap());
        let (key, client) = FlowKey::tcp(client.into(), server.into());
        Self { key, client, next: [1000, 5000], outer: Encapsulation::NONE }
    }

    fn header(&self, direction: Direction) -> EventHeader {
        let sequence = self.next[direction as usize];
        EventHeader::new(EventKind::Segment, self.key, direction, 0, sequence, 1)
    }

    fn segment(&mut self, to: &mut Pipeline, direction: Direction, payload: &[u8], time: i64) -> Reaction {
        // As the recogniser does: a flow that is not followed is not watched before this segment.
        let kind = if to.followed.contains_key(&self.key) { EventKind::Segment } else { EventKind::First };
        let event = Event { kind, header: self.header(direction), outer: self.outer, payload };
        self.skip(direction, payload.len());
        to.event(&event, at(time), Some("lan0"))
    }

    /// Bytes that the recogniser does not see.
    fn skip(&mut self, direction: Direction, count: usize) {
        let next = &mut self.next[direction as usize];
        *next = next.wrapping_add(u32::try_from(count).unwrap());
    }

    fn client_says(&mut self, to: &mut Pipeline, line: &str, time: i64) -> Reaction {
        self.segment(to, self.client, format!("{line}\n").as_bytes(), time)
    }

    fn server_says(&mut self, to: &mut Pipeline, line: &str, time: i64) -> Reaction {
        self.segment(to, self.client.reverse(), format!("{line}\n").as_bytes(), time)
    }

    fn ends(&self, to: &mut Pipeline, kind: EventKind, direction: Direction, time: i64) -> Reaction {
        let (header, outer) = (self.header(direction), self.outer);
        to.event(&Event { kind, header, outer, payload: &[] }, at(time), Some("lan0"))
    }

    /// Both sides say goodbye.
    fn closes(&self, to: &mut Pipeline, time: i64) -> Reaction {
        self.ends(to, EventKind::Closed, self.client, time);
        self.ends(to, EventKind::Closed, self.client.reverse(), time)
    }
}

fn login() -> String {
    let wallet = "4".to_owned() + &"Zz".repeat(47);
    format!(
        r#"{{"id":1,"jsonrpc":"2.0","method":"login","params":{{"login":"{wallet}","pass":"x","agent":"XMRig/6.22.2"}}}}"#
    )
}

fn pipeline(change: impl FnOnce(&mut Settings)) -> Pipeline {
    let mut settings = Settings::default();
    change(&mut settings);
    Pipeline::new(settings)
}

fn reasons(reaction: &Reaction) -> Vec<Reason> {
    reaction.records.iter().map(|record| record.reason).collect()
}

#[test]
fn a_miner_is_recorded_with_the_interface_and_repetition_is_not_news() {
    let mut pipeline = pipeline(|_| {});
    let mut miner = Flow::from("10.0.0.2:40000");
    let reaction = miner.client_says(&mut pipeline, &login(), 0);
    assert_eq!(reasons(&reaction), [Reason::Opened]);
    assert_eq!(reaction.records[0].miner, "10.0.0.2:40000".parse().unwrap());
    assert_eq!(reaction.records[0].interface.as_deref(), Some("lan0"));
    assert_eq!(reaction.feedback, []);
    let job = format!(
        r#"{{"jsonrpc":"2.0","method":"job","params":{{"blob":"1010{}","job_id":"7","target":"b88d0600"}}}}"#,
        "ab".repeat(74)
    );
    assert_eq!(reasons(&miner.server_says(&mut pipeline, &job, 1)), [Reason::Verdict]);
    assert_eq!(reasons(&miner.server_says(&mut pipeline, &job, 2)), []);
    assert_eq!((pipeline.conversations(), pipeline.cases()), (1, 1));
    let last: Vec<_> = pipeline.finish(at(3)).into_iter().map(|record| record.reason).collect();
    assert_eq!(last, [Reason::Final]);
}

fn vxlan(source: [u8; 4], destination: [u8; 4], vni: u32) -> Encapsulation {
    let mut outer = Encapsulation::NONE;
    outer.push(LayerKind::Vxlan, Some(vni));
    let [source, destination] = [source, destination].map(|address| End::v4(address, [0; 2]));
    outer.set_tunnel(source, destination, 17, 1);
    outer
}

#[test]
fn a_record_names_what_the_miners_packets_are_wrapped_in() {
    let mut pipeline = pipeline(|_| {});
    let mut miner = Flow::from("10.0.0.2:40000");
    let (up, down) = (vxlan([1; 4], [2; 4], 7), vxlan([2; 4], [1; 4], 8));
    let job = format!(
        r#"{{"jsonrpc":"2.0","method":"job","params":{{"blob":"1010{}","job_id":"7","target":"b88d0600"}}}}"#,
        "ab".repeat(74)
    );
    miner.outer = down;
    let reaction = miner.server_says(&mut pipeline, &job, 0);
    assert_eq!(reaction.records[0].outer, down.reverse(), "only the pool was heard");
    miner.outer = up;
    let reaction = miner.client_says(&mut pipeline, &login(), 1);
    assert_eq!(reaction.records[0].outer, up);
    miner.outer = Encapsulation::NONE;
    miner.client_says(&mut pipeline, &login(), 2);
    let last = pipeline.finish(at(3));
    assert_eq!(last[0].outer, up, "a copy outside of the tunnel takes nothing back");
}

#[test]
fn what_is_not_mining_is_dismissed_once_enough_was_read() {
    let mut pipeline = pipeline(|_| {});
    let mut service = Flow::from("10.0.0.2:40000");
    let question = r#"{"jsonrpc":"2.0","id":1,"method":"login","params":["alice","secret"]}"#;
    let fruitless = usize::try_from(stream::Limits::default().fruitless_bytes).unwrap();
    let questions = fruitless.div_ceil(question.len() + 1);
    for _ in 1..questions {
        let reaction = service.client_says(&mut pipeline, question, 0);
        assert!(reaction.feedback.is_empty() && reaction.records.is_empty());
    }
    let reaction = service.client_says(&mut pipeline, question, 0);
    assert_eq!(reaction.feedback, [Feedback::Dismiss(service.key)]);
    assert_eq!((pipeline.conversations(), pipeline.cases()), (0, 0));
}

#[test]
fn http_that_says_nothing_of_mining_is_dismissed_once_enough_was_read() {
    let mut pipeline = pipeline(|_| {});
    let mut browser = Flow::from("10.0.0.2:40000");
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"login","params":{"login":"alice","pass":"secret"}}"#;
    let request = format!("POST /json_rpc HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len() + 1);
    let feedback = (0..40).find_map(|_| browser.client_says(&mut pipeline, &request, 0).feedback.pop());
    assert_eq!(feedback, Some(Feedback::Dismiss(browser.key)));
    assert_eq!((pipeline.conversations(), pipeline.cases()), (0, 0));
}

#[test]
fn a_flow_has_ended_when_both_sides_said_so() {
    let mut pipeline = pipeline(|_| {});
    let mut miner = Flow::from("10.0.0.2:40000");
    miner.client_says(&mut pipeline, &login(), 0);
    let half = miner.ends(&mut pipeline, EventKind::Closed, miner.client, 1);
    assert_eq!(half.feedback, []);
    let again = miner.ends(&mut pipeline, EventKind::Closed, miner.client, 1);
    assert_eq!(again.feedback, [], "a repeated FIN is not the other side's");
    assert_eq!(pipeline.conversations(), 1);
    let whole = miner.ends(&mut pipeline, EventKind::Closed, miner.client.reverse(), 2);
    assert_eq!(whole.feedback, [Feedback::Forget(miner.key)]);
    assert_eq!((pipeline.conversations(), pipeline.cases()), (0, 1), "the case stays open");
}

#[test]
fn a_reset_ends_a_flow_alone() {
    for from_client in [true, false] {
        let mut pipeline = pipeline(|_| {});
        let mut miner = Flow::from("10.0.0.2:40000");
        miner.client_says(&mut pipeline, &login(), 0);
        let direction = if from_client { miner.client } else { miner.client.reverse() };
        let mut feedback = miner.ends(&mut pipeline, EventKind::Reset, direction, 1).feedback;
        assert_eq!(
            feedback.is_empty(),
            !from_client,
            "of the server nothing was heard that its numbers could fit to"
        );
        feedback.extend(pipeline.advance(at(61)).feedback);
        assert_eq!(feedback, [Feedback::Forget(miner.key)]);
        assert_eq!(pipeline.conversations(), 0);
    }
}

#[test]
fn the_same_ends_after_a_close_are_another_connection() {
    let mut pipeline = pipeline(|_| {});
    for round in 0..3 {
        let mut miner = Flow::from("10.0.0.2:40000");
        miner.client_says(&mut pipeline, &login(), round * 10);
        miner.closes(&mut pipeline, round * 10 + 1);
    }
    let records = pipeline.finish(at(60));
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].connections, 3);
}

#[test]
fn the_end_of_a_flow_nobody_follows_ends_its_watch() {
    let mut pipeline = pipeline(|_| {});
    let stranger = Flow::from("10.0.0.2:40000");
    for kind in [EventKind::Closed, EventKind::Reset] {
        let reaction = stranger.ends(&mut pipeline, kind, Direction::Up, 0);
        assert_eq!(reaction.feedback, [Feedback::Forget(stranger.key)]);
    }
    let rest = stranger.ends(&mut pipeline, EventKind::Segment, Direction::Up, 0);
    assert_eq!(rest.feedback, [], "the segment that began the watch may still come, from another CPU");
    assert_eq!(pipeline.conversations(), 0);
}

#[test]
fn the_silent_are_forgotten_and_may_come_back() {
    let mut pipeline = pipeline(|_| {});
    let (mut silent, mut lively) = (Flow::from("10.0.0.2:40000"), Flow::from("10.0.0.3:40000"));
    silent.client_says(&mut pipeline, &login(), 0);
    lively.client_says(&mut pipeline, &login(), 0);
    lively.client_says(&mut pipeline, &login(), HOUR);
    assert_eq!(pipeline.advance(at(6 * HOUR - 1)).feedback, []);
    assert_eq!(pipeline.advance(at(6 * HOUR)).feedback, [Feedback::Forget(silent.key)]);
    assert_eq!(pipeline.conversations(), 1);
    let reaction = silent.client_says(&mut pipeline, &login(), 7 * HOUR);
    assert_eq!(reaction.feedback, []);
    assert_eq!(pipeline.conversations(), 2);
}

#[test]
fn above_the_limit_the_longest_silent_makes_room() {
    let mut pipeline = pipeline(|settings| settings.conversations = 2);
    let mut flows = ["10.0.0.2:1", "10.0.0.3:1", "10.0.0.4:1"].map(Flow::from);
    let [first, second, third] = &mut flows;
    first.client_says(&mut pipeline, &login(), 0);
    second.client_says(&mut pipeline, &login(), 1);
    first.client_says(&mut pipeline, &login(), 2);
    let reaction = third.client_says(&mut pipeline, &login(), 3);
    assert_eq!(reaction.feedback, [Feedback::Forget(second.key)]);
    assert_eq!(pipeline.conversations(), 2);
    assert_eq!(pipeline.losses(), Losses { conversations: 1, ..Losses::default() });
    assert_eq!(pipeline.cases(), 3, "its case is not lost");
}

#[test]
fn what_waits_for_missing_bytes_is_bounded_in_all() {
    let mut pipeline = pipeline(|settings| settings.buffered_bytes = 2000);
    let mut flows = ["10.0.0.2:1", "10.0.0.3:1"].map(Flow::from);
    let mut feedback = Vec::new();
    for flow in &mut flows {
        let client = flow.client;
        flow.client_says(&mut pipeline, &login(), 0);
        flow.skip(client, 100);
        feedback.extend(flow.segment(&mut pipeline, client, &[b' '; 1000], 0).feedback);
    }
    assert_eq!(feedback, [], "nobody is given up who speaks of mining");
    assert_eq!((pipeline.conversations(), pipeline.losses().buffers), (2, 1));
    assert!(pipeline.room.buffered() <= 2000);
}

#[test]
fn what_was_missing_is_told_when_the_flow_ends() {
    let mut pipeline = pipeline(|_| {});
    let mut miner = Flow::from("10.0.0.2:40000");
    miner.client_says(&mut pipeline, &login(), 0);
    miner.skip(miner.client, 100);
    assert_eq!(pipeline.losses(), Losses::default());
    miner.closes(&mut pipeline, 1);
    assert_eq!(pipeline.losses(), Losses { gaps: 1, ..Losses::default() });
}

/// A pipeline that was told of a segment, and of a login behind a hole.
fn with_a_login_behind_a_hole() -> (Pipeline, Flow) {
    let mut pipeline = pipeline(|_| {});
    let mut miner = Flow::from("10.0.0.2:40000");
    miner.segment(&mut pipeline, miner.client, b"{\"id\":", 0);
    miner.skip(miner.client, 100);
    let reaction = miner.segment(&mut pipeline, miner.client, format!("1}}\n{}\n", login()).as_bytes(), 0);
    assert_eq!(reaction.records, [], "it waits for what is missing");
    (pipeline, miner)
}

#[test]
fn what_waits_for_missing_bytes_is_read_in_the_end() {
    let (mut pipeline, _) = with_a_login_behind_a_hole();
    let reasons: Vec<Reason> = pipeline.finish(at(1)).into_iter().map(|record| record.reason).collect();
    assert_eq!(reasons, [Reason::Opened, Reason::Final]);
    assert_eq!(pipeline.losses().gaps, 1);

    let (mut pipeline, miner) = with_a_login_behind_a_hole();
    miner.ends(&mut pipeline, EventKind::Reset, miner.client, 1);
    assert_eq!(pipeline.advance(at(3)).records.len(), 1, "it waits in spite of an end, which may be made up");

    let (mut pipeline, _) = with_a_login_behind_a_hole();
    assert_eq!(pipeline.advance(at(1)).records, []);
    assert_eq!(pipeline.advance(at(3)).records.len(), 1, "it has waited long enough");
}

#[test]
fn another_connection_on_the_same_ends_is_told_apart_without_a_close() {
    let mut pipeline = pipeline(|_| {});
    let mut miner = Flow::from("10.0.0.2:40000");
    miner.client_says(&mut pipeline, &login(), 0);
    miner.skip(miner.client, 500_000_000);
    miner.client_says(&mut pipeline, &login(), 10);
    let records = pipeline.finish(at(20));
    assert_eq!((records.len(), records[0].connections), (1, 2));
}

#[test]
fn the_last_record_knows_all_bytes() {
    let mut pipeline = pipeline(|_| {});
    let mut miner = Flow::from("10.0.0.2:40000");
    let mut said = 0;
    for second in 0..5 {
        miner.client_says(&mut pipeline, &login(), second);
        said += login().len() as u64 + 1;
    }
    assert_eq!(pipeline.finish(at(6)).last().map(|record| record.bytes), Some(said));
}
