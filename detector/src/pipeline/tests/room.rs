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
