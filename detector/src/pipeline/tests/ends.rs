//! Ends that somebody made up in the middle of what is said.

use super::forged::{forge, outcome};
use super::fragments::{job, share};
use super::*;

/// What a miner and its pool say, each line in two halves.
fn says_in_halves(
    flow: &mut Flow,
    to: &mut Pipeline,
    lines: &[(Direction, String)],
    mut between: impl FnMut(&mut Pipeline, &Flow, Direction),
) {
    for (time, (direction, line)) in (1..).zip(lines) {
        let line = format!("{line}\n");
        let (front, back) = line.as_bytes().split_at(line.len() / 2);
        flow.segment(to, *direction, front, time);
        between(to, flow, *direction);
        flow.segment(to, *direction, back, time);
        to.advance(at(time));
    }
}

fn session(client: Direction) -> Vec<(Direction, String)> {
    let rounds = (0..5).flat_map(|number| [(client.reverse(), job(number)), (client, share(number))]);
    [(client, login())].into_iter().chain(rounds).collect()
}

#[test]
fn an_end_of_a_side_that_was_not_heard_hides_nothing() {
    let mut pipeline = pipeline(|_| {});
    let mut flow = Flow::from("10.0.0.2:40000");
    let lines = session(flow.client);
    let mut away = 0;
    says_in_halves(&mut flow, &mut pipeline, &lines, |pipeline, flow, direction| {
        away += 300_000_000;
        for kind in [EventKind::Reset, EventKind::Closed] {
            forge(flow, pipeline, kind, direction.reverse(), away, "", 1);
        }
    });
    assert_eq!(outcome(pipeline, 20), (1, 5, 5));
}

#[test]
fn ends_with_right_numbers_in_the_middle_of_each_message_hide_nothing() {
    for kind in [EventKind::Reset, EventKind::Closed] {
        let mut pipeline = pipeline(|_| {});
        let mut flow = Flow::from("10.0.0.2:40000");
        let lines = session(flow.client);
        says_in_halves(&mut flow, &mut pipeline, &lines, |pipeline, flow, direction| {
            for side in [direction, direction.reverse()] {
                forge(flow, pipeline, kind, side, 0, "", 1);
            }
        });
        assert_eq!(outcome(pipeline, 20), (1, 5, 5), "{kind:?}");
    }
}

#[test]
fn ends_hide_nothing_beside_something_else() {
    let mut pipeline = pipeline(|_| {});
    let mut flow = Flow::from("10.0.0.2:40000");
    let (client, old) = (flow.client, Flow::from("10.0.0.2:40000"));
    for side in [client, client.reverse()] {
        flow.segment(&mut pipeline, side, b"{\"id\":", 0);
    }
    flow.next = [900_000_000, 800_000_000];
    let lines = session(client);
    says_in_halves(&mut flow, &mut pipeline, &lines, |pipeline, flow, direction| {
        forge(flow, pipeline, EventKind::Reset, direction.reverse(), 100_000_000, "", 1);
        forge(&old, pipeline, EventKind::Reset, direction, 6, "", 1);
    });
    let records = pipeline.finish(at(20));
    assert_eq!(records.last().unwrap().facts.shares.submitted, 5);
}
