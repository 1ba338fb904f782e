//! More conversations than there is room for.

use super::fragments::{job, share};
use super::*;

#[test]
fn a_flood_of_what_only_looks_like_mining_does_not_push_a_miner_out() {
    let mut pipeline = pipeline(|settings| settings.conversations = 10);
    let mut miner = Flow::from("10.0.0.2:40000");
    miner.client_says(&mut pipeline, &login(), 0);
    miner.server_says(&mut pipeline, &job(0), 0);
    let mut given_up = Vec::new();
    for port in 1..=100 {
        let mut fake = Flow::from(&format!("10.0.0.3:{port}"));
        given_up.extend(fake.client_says(&mut pipeline, r#"{"id":1,"half":"mining.subscribe""#, 1).feedback);
    }
    assert!(pipeline.followed.contains_key(&miner.key));
    assert_eq!((pipeline.conversations(), pipeline.losses().conversations), (10, 91));
    assert_eq!(given_up.len(), 91, "{given_up:?}");
    miner.client_says(&mut pipeline, &share(0), 2);
    let records = pipeline.finish(at(3));
    assert_eq!((records.len(), records[0].connections, records[0].facts.shares.submitted), (1, 1, 1));
}

#[test]
fn of_miners_the_one_that_is_silent_for_longest_goes_first() {
    let mut pipeline = pipeline(|settings| settings.conversations = 2);
    let [mut first, mut second, mut third] = ["10.0.0.2:1", "10.0.0.3:1", "10.0.0.4:1"].map(Flow::from);
    first.client_says(&mut pipeline, &login(), 0);
    second.client_says(&mut pipeline, &login(), 1);
    first.server_says(&mut pipeline, &job(0), 2);
    let reaction = third.client_says(&mut pipeline, &login(), 3);
    assert_eq!(reaction.feedback, [Feedback::Forget(second.key)]);
    assert_eq!(pipeline.cases(), 3, "what was found is kept");
}

#[test]
fn those_that_hold_little_do_not_suffer_from_those_that_hold_much() {
    let mut pipeline = pipeline(|settings| settings.buffered_bytes = 20_000);
    let [mut little, mut much] = ["10.0.0.2:1", "10.0.0.3:1"].map(Flow::from);
    let mut small =
        |pipeline: &mut Pipeline, time| little.segment(pipeline, little.client, b"{\"id\":", time);
    small(&mut pipeline, 0);
    let mut feedback = Vec::new();
    for _ in 0..19 {
        feedback.extend(much.segment(&mut pipeline, much.client, &[b'x'; 1000], 1).feedback);
    }
    assert_eq!((feedback.as_slice(), pipeline.conversations()), ([].as_slice(), 2));
    for _ in 0..1000 {
        feedback.extend(small(&mut pipeline, 2).feedback);
    }
    assert_eq!(feedback, [Feedback::Forget(much.key)], "not the one that speaks");
    assert_eq!((pipeline.conversations(), pipeline.losses().buffers), (1, 1));
}

#[test]
fn a_miner_is_read_on_when_room_is_short() {
    let mut pipeline = pipeline(|settings| settings.buffered_bytes = 2000);
    let mut miner = Flow::from("10.0.0.2:40000");
    let (client, server) = (miner.client, miner.client.reverse());
    miner.client_says(&mut pipeline, &login(), 0);
    miner.server_says(&mut pipeline, &job(0), 0);
    let mut feedback = Vec::new();
    for number in 0..20 {
        miner.skip(client, 50);
        feedback.extend(miner.client_says(&mut pipeline, &share(number), 1).feedback);
        feedback.extend(miner.segment(&mut pipeline, server, &[b' '; 500], 1).feedback);
        assert!(pipeline.room.buffered() <= 2000);
    }
    assert_eq!(feedback, []);
    assert!(pipeline.losses().buffers > 0);
    let records = pipeline.finish(at(3));
    assert_eq!(records.last().map(|record| record.facts.shares.submitted), Some(20));
}

#[test]
fn what_is_remembered_to_compare_copies_with_takes_no_room_of_others() {
    let mut pipeline = pipeline(|settings| settings.buffered_bytes = 10_000);
    for host in 1..=100 {
        let mut miner = Flow::from(&format!("10.0.0.{host}:40000"));
        miner.client_says(&mut pipeline, &login(), 0);
        let mut feedback = miner.server_says(&mut pipeline, &job(0), 0).feedback;
        feedback.extend(pipeline.advance(at(3)).feedback);
        assert_eq!(feedback, []);
    }
    assert_eq!((pipeline.conversations(), pipeline.losses().buffers), (100, 0));
}

#[test]
fn a_message_that_is_never_completed_is_given_up() {
    let mut pipeline = pipeline(|_| {});
    let [mut endless, mut slow] = ["10.0.0.2:1", "10.0.0.3:1"].map(Flow::from);
    let (from_endless, from_slow) = (endless.client, slow.client);
    endless.segment(&mut pipeline, from_endless, b"{\"id\":\"", 0);
    slow.segment(&mut pipeline, from_slow, b"{\"id\":\"", 0);
    let mut feedback = Vec::new();
    for second in 1..600 {
        endless.segment(&mut pipeline, from_endless, b"x", second);
        slow.segment(
            &mut pipeline,
            from_slow,
            if second % 60 == 0 { b"\"}\n{\"id\":\"" } else { b"x" },
            second,
        );
        feedback.extend(pipeline.advance(at(second)).feedback);
    }
    assert_eq!(feedback, []);
    assert_eq!(pipeline.advance(at(610)).feedback, [Feedback::Forget(endless.key)]);
    assert_eq!((pipeline.conversations(), pipeline.losses().buffers), (1, 1));
}
