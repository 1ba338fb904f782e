//! Packets that somebody made up to make the agent follow the wrong thing.

use super::fragments::{job, share};
use super::*;
use crate::signature::Sources;

fn miner() -> (Pipeline, Flow) {
    let mut pipeline = pipeline(|_| {});
    let mut miner = Flow::from("10.0.0.2:40000");
    miner.client_says(&mut pipeline, &login(), 0);
    miner.server_says(&mut pipeline, &job(0), 0);
    (pipeline, miner)
}

/// Says something at another place of the stream.
pub(super) fn forge(
    flow: &Flow,
    to: &mut Pipeline,
    kind: EventKind,
    direction: Direction,
    ahead: u32,
    text: &str,
    time: i64,
) -> Reaction {
    let sequence = flow.next[direction as usize].wrapping_add(ahead);
    let mut header = EventHeader::new(kind, flow.key, direction, 0, sequence, 1);
    header.set_part(sequence, u16::try_from(text.len()).unwrap());
    let event = Event { kind, header, outer: Encapsulation::NONE, payload: text.as_bytes() };
    to.event(&event, at(time), Some("lan0"))
}

/// The numbers of the only case at the end.
pub(super) fn outcome(mut pipeline: Pipeline, time: i64) -> (u64, u64, u64) {
    let records = pipeline.finish(at(time));
    let last = records.last().unwrap();
    assert_eq!(pipeline.cases(), 0);
    (last.connections, last.facts.jobs, last.facts.shares.submitted)
}

#[test]
fn an_end_out_of_the_window_ends_nothing() {
    for kind in [EventKind::Reset, EventKind::Closed] {
        let (mut pipeline, miner) = miner();
        for ahead in [70_000, 1 << 20, 1 << 31, u32::MAX - 70_000] {
            for direction in [Direction::Up, Direction::Down] {
                let reaction = forge(&miner, &mut pipeline, kind, direction, ahead, "", 1);
                assert_eq!(reaction.feedback, [], "{kind:?} {ahead}");
            }
        }
        assert_eq!((pipeline.conversations(), pipeline.losses().strays), (1, 0));
        let mut feedback = Vec::new();
        for direction in [Direction::Up, Direction::Down] {
            feedback.extend(forge(&miner, &mut pipeline, kind, direction, 0, "", 1).feedback);
        }
        assert_eq!(feedback.first(), Some(&Feedback::Forget(miner.key)), "that was the true one");
        assert_eq!(pipeline.losses().strays, 8);
        assert_eq!(outcome(pipeline, 2), (1, 1, 0));
    }
}

#[test]
fn an_end_ahead_hides_nothing_that_is_said_before_it() {
    let (mut pipeline, mut miner) = miner();
    let (client, server) = (miner.client, miner.client.reverse());
    forge(&miner, &mut pipeline, EventKind::Closed, client, 60_000, "", 1);
    miner.client_says(&mut pipeline, &share(1), 2);
    // At its true place, but the miner goes on.
    forge(&miner, &mut pipeline, EventKind::Closed, client, 0, "", 3);
    miner.client_says(&mut pipeline, &share(2), 4);
    let reaction = forge(&miner, &mut pipeline, EventKind::Closed, server, 0, "", 5);
    assert_eq!(reaction.feedback, [], "only one side has ended");
    assert_eq!(outcome(pipeline, 6), (1, 1, 2));
}

#[test]
fn what_is_far_away_does_not_end_what_goes_on() {
    let (mut pipeline, mut miner) = miner();
    for round in 1..50_u32 {
        let time = i64::from(round) * 30;
        let text = if round % 2 == 0 { "x".repeat(500) } else { "{\"id\":".to_owned() };
        for ahead in [500_000_000, round * 40_000_000] {
            for direction in [Direction::Up, Direction::Down] {
                forge(&miner, &mut pipeline, EventKind::Segment, direction, ahead, &text, time);
                pipeline.advance(at(time));
            }
        }
        forge(&miner, &mut pipeline, EventKind::Reset, miner.client, 500_000_000, "", time);
        let number = usize::try_from(round).unwrap();
        assert_eq!(miner.server_says(&mut pipeline, &job(number), time).feedback, []);
        miner.client_says(&mut pipeline, &share(number), time);
    }
    assert!(pipeline.losses().strays == 0, "they are counted when the conversation ends");
    assert_eq!(outcome(pipeline, 1500), (1, 50, 49));
}

#[test]
fn forged_mining_makes_no_more_of_a_miner_than_a_connection() {
    let (mut pipeline, mut miner) = miner();
    for number in 1..20_usize {
        let time = i64::try_from(number).unwrap() * 30;
        for ahead in [500_000_000, 1_000_000_000] {
            let text = login() + "\n";
            forge(&miner, &mut pipeline, EventKind::Segment, miner.client, ahead, &text, time);
        }
        miner.server_says(&mut pipeline, &job(number), time);
        miner.client_says(&mut pipeline, &share(number), time);
        pipeline.advance(at(time + 1));
    }
    let (connections, jobs, shares) = outcome(pipeline, 600);
    assert!(connections <= 2, "{connections}");
    assert_eq!((jobs, shares), (20, 19));
}

#[test]
fn another_connection_is_told_once_the_old_one_is_silent() {
    let (mut pipeline, mut miner) = miner();
    miner.next = [900_000_000, 800_000_000];
    let mut reasons = reasons(&miner.client_says(&mut pipeline, &login(), 10));
    reasons.extend(self::reasons(&miner.server_says(&mut pipeline, &job(0), 10)));
    reasons.extend(self::reasons(&miner.client_says(&mut pipeline, &share(0), 20)));
    pipeline.advance(at(69));
    assert_eq!(reasons, [], "either may be forged");
    let reaction = pipeline.advance(at(70));
    assert_eq!(self::reasons(&reaction), [Reason::Stage], "it hands in shares");
    assert_eq!((reaction.records[0].connections, reaction.feedback), (2, vec![]));
    miner.client_says(&mut pipeline, &share(1), 71);
    assert_eq!(outcome(pipeline, 80), (2, 2, 2));
}

#[test]
fn a_miner_on_the_ends_of_something_else_is_told_at_once() {
    let mut pipeline = pipeline(|_| {});
    let mut flow = Flow::from("10.0.0.2:40000");
    let client = flow.client;
    flow.client_says(&mut pipeline, "{\"id\":7}", 0);
    let old = flow.next;
    flow.next = [900_000_000, 800_000_000];
    // However much else is said far away.
    for ahead in 1..50 {
        forge(&flow, &mut pipeline, EventKind::Segment, client, ahead * 40_000_000, "x", 1);
    }
    assert_eq!(reasons(&flow.client_says(&mut pipeline, &login(), 2)), [Reason::Opened]);
    for ahead in 1..50 {
        forge(&flow, &mut pipeline, EventKind::Segment, client, ahead * 40_000_000, "x", 3);
    }
    flow.server_says(&mut pipeline, &job(0), 4);
    flow.client_says(&mut pipeline, &share(0), 5);
    flow.next = old;
    flow.client_says(&mut pipeline, "{\"id\":8}", 6);
    assert_eq!(outcome(pipeline, 7), (1, 1, 1));
}

#[test]
fn what_may_be_another_connection_counts_among_what_is_held_and_makes_room_first() {
    for (room, held) in [(10_000, true), (1500, false)] {
        let mut pipeline = pipeline(|settings| settings.buffered_bytes = room);
        let mut miner = Flow::from("10.0.0.2:40000");
        miner.client_says(&mut pipeline, &login(), 0);
        for ahead in [500_000_000, 500_010_000] {
            let text = " ".repeat(1000);
            forge(&miner, &mut pipeline, EventKind::Segment, miner.client, ahead, &text, 0);
        }
        assert_eq!(pipeline.room.buffered() >= 1000, held, "{room}");
        assert_eq!((pipeline.conversations(), pipeline.losses().buffers), (1, 0));
        pipeline.advance(at(1));
        miner.closes(&mut pipeline, 2);
        pipeline.advance(at(7 * HOUR));
        assert_eq!((pipeline.conversations(), pipeline.room.buffered()), (0, 0));
    }
}

/// Says what is no mining until the flow is given up.
fn chats(flow: &mut Flow, to: &mut Pipeline, time: i64) -> Vec<Feedback> {
    let lines = (0..100)
        .flat_map(|_| flow.client_says(to, &format!("{{\"chat\":\"{}\"}}", "x".repeat(80)), time).feedback);
    lines.take(1).collect()
}

#[test]
fn what_somebody_may_have_made_up_is_no_reason_to_look_away() {
    let mut pipeline = pipeline(|_| {});
    let mut flow = Flow::from("10.0.0.2:40000");
    assert_eq!(chats(&mut flow, &mut pipeline, 0), [Feedback::Dismiss(flow.key)]);

    let mut flow = Flow::from("10.0.0.3:40000");
    flow.client_says(&mut pipeline, "{\"id\":1}", 0);
    let client = flow.client;
    forge(&flow, &mut pipeline, EventKind::Reset, client, 300_000_000, "", 0);
    assert_eq!(chats(&mut flow, &mut pipeline, 0), [Feedback::Forget(flow.key)], "a stray end");

    let mut flow = Flow::from("10.0.0.4:40000");
    let place = flow.next;
    flow.client_says(&mut pipeline, "{\"id\":1}", 0);
    let end = std::mem::replace(&mut flow.next, place);
    flow.client_says(&mut pipeline, "{\"id\":2}", 0);
    flow.next = end;
    assert_eq!(chats(&mut flow, &mut pipeline, 0), [Feedback::Forget(flow.key)], "another copy");
}

/// A page of text in which miners' lines are quoted.
fn quotes(page: &mut Flow, to: &mut Pipeline) {
    for _ in 0..4 {
        page.client_says(to, "Miners open with this line, which tells the pool who they are:", 1);
        page.client_says(to, "and so does this:", 1);
    }
    for _ in 0..3 {
        page.client_says(to, &login(), 2);
    }
}

#[test]
fn a_forged_segment_does_not_make_of_a_quotation_what_it_quotes() {
    let mut pipeline = pipeline(|_| {});
    let mut page = Flow::from("10.0.0.2:40000");
    page.client_says(&mut pipeline, "{\"note\":1}", 0);
    let client = page.client;
    forge(&page, &mut pipeline, EventKind::Segment, client, 300_000_000, "{\"id\":", 0);
    quotes(&mut page, &mut pipeline);
    assert_eq!((pipeline.conversations(), pipeline.cases()), (1, 0));
}

#[test]
fn when_nothing_more_is_to_be_learnt_of_one_connection_the_other_is_read() {
    let mut pipeline = pipeline(|_| {});
    let mut flow = Flow::from("10.0.0.2:40000");
    flow.client_says(&mut pipeline, "{\"id\":1}", 0);
    let mut other = Flow::from("10.0.0.2:40000");
    other.next = [900_000_000, 800_000_000];
    other.client_says(&mut pipeline, "{\"id\":7}", 1);
    assert_eq!(chats(&mut flow, &mut pipeline, 2), []);
    assert_eq!(pipeline.conversations(), 1);
    other.client_says(&mut pipeline, &login(), 3);
    assert_eq!(pipeline.cases(), 1);
}

#[test]
fn forged_segments_between_its_pieces_do_not_hide_a_miner_beside_something_else() {
    let mut pipeline = pipeline(|_| {});
    let mut flow = Flow::from("10.0.0.2:40000");
    let client = flow.client;
    flow.client_says(&mut pipeline, "{\"id\":7}", 0);
    flow.next = [900_000_000, 800_000_000];
    let mut place = 0_u32;
    for piece in (login() + "\n").as_bytes().chunks(8) {
        for _ in 0..4 {
            place += 40_000_000;
            forge(&flow, &mut pipeline, EventKind::Segment, client, place, "x", 1);
        }
        flow.segment(&mut pipeline, client, piece, 1);
    }
    assert_eq!(pipeline.cases(), 1);
}

#[test]
fn a_quotation_beside_another_conversation_is_one() {
    let mut pipeline = pipeline(|_| {});
    let mut page = Flow::from("10.0.0.2:40000");
    page.client_says(&mut pipeline, "{\"note\":1}", 0);
    page.next = [900_000_000, 800_000_000];
    quotes(&mut page, &mut pipeline);
    assert_eq!((pipeline.conversations(), pipeline.cases()), (1, 0));
}

#[test]
fn what_took_the_place_of_something_else_dismisses_nobody() {
    let mut pipeline = pipeline(|_| {});
    let mut flow = Flow::from("10.0.0.2:40000");
    flow.client_says(&mut pipeline, "{\"id\":1}", 0);
    let first = flow.next;
    flow.next = [900_000_000, 800_000_000];
    flow.client_says(&mut pipeline, "{\"id\":7}", 1);
    let second = std::mem::replace(&mut flow.next, first);
    let heard = |pipeline: &Pipeline, flow: &Flow| pipeline.followed[&flow.key].next()[flow.client as usize];
    while heard(&pipeline, &flow) != Some(second[flow.client as usize]) {
        flow.client_says(&mut pipeline, &format!("{{\"chat\":\"{}\"}}", "x".repeat(80)), 2);
    }
    flow.next = second;
    assert_eq!(chats(&mut flow, &mut pipeline, 3), [Feedback::Forget(flow.key)]);
}

#[test]
fn when_room_is_short_a_miner_goes_on_without_what_is_forged_beside_it() {
    let mut pipeline = pipeline(|settings| settings.buffered_bytes = 30_000);
    let mut miner = Flow::from("10.0.0.2:40000");
    miner.client_says(&mut pipeline, &login(), 0);
    for place in 1..9 {
        forge(&miner, &mut pipeline, EventKind::Segment, miner.client, place * 100_000_000, "x", 0);
    }
    for port in 1..20 {
        let mut other = Flow::from(&format!("10.0.0.3:{port}"));
        other.segment(&mut pipeline, other.client, &[b'{'; 1000], 1);
    }
    assert!(pipeline.followed.contains_key(&miner.key));
}

#[test]
fn other_signatures_bear_on_all_that_is_said_between_two_ends() {
    let file = "[[signature]]\nname = \"zork\"\nprotocol = \"zork\"\nside = \"miner\"\nweight = 20\ntoken = '\"zork\"'\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zork.toml");
    std::fs::write(&path, file).unwrap();
    let signatures = Signatures::load(&Sources { built_in: true, paths: vec![path] }).unwrap();
    let mut pipeline = pipeline(|_| {});
    let mut flow = Flow::from("10.0.0.2:40000");
    flow.client_says(&mut pipeline, "{\"id\":1}", 0);
    flow.next = [900_000_000, 800_000_000];
    flow.client_says(&mut pipeline, "{\"id\":7}", 1);
    pipeline.set_signatures(Arc::new(signatures));
    flow.client_says(&mut pipeline, "{\"id\":8,\"method\":\"zork\",\"params\":[]}", 2);
    assert_eq!(pipeline.cases(), 1);
}

#[test]
fn what_has_to_make_room_beside_a_conversation_is_read_and_goes_on_if_it_mines() {
    let mut pipeline = pipeline(|_| {});
    let mut flow = Flow::from("10.0.0.2:40000");
    let client = flow.client;
    flow.client_says(&mut pipeline, "{\"id\":7}", 0);
    flow.next = [900_000_000, 800_000_000];
    flow.segment(&mut pipeline, client, b"{\"id\":", 1);
    flow.skip(client, 20);
    flow.client_says(&mut pipeline, &login(), 1);
    for place in 1..9 {
        forge(&flow, &mut pipeline, EventKind::Segment, client, place * 40_000_000, "x", 1);
    }
    for number in 1..4 {
        flow.client_says(&mut pipeline, &share(number), 2);
    }
    let records = pipeline.finish(at(3));
    assert_eq!(records.last().map(|record| record.facts.shares.submitted), Some(3));
}
