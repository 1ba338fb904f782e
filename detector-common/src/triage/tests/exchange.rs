//! Another automaton takes the place of the one in use, under traffic.

use super::*;

/// Begins as [`TOKEN`] does, so that after a beginning of it a state of either automaton means
/// something to the other.
const OTHER: &[u8] = b"\"mining.suggest\"";

fn exchange(world: &mut World, token: &[u8]) {
    let generation = world.automaton.generation() + 1;
    world.automaton = automaton(token);
    world.automaton.set_generation(generation);
}

#[test]
fn a_new_token_is_found_in_a_flow_that_was_there_before() {
    let mut world = World::new();
    world.say(Client, 1, b"{\"method\":\"zork\"}\n");
    exchange(&mut world, b"\"zork\"");
    assert_eq!(world.say(Client, 18, b"{\"method\":\"zork\"}\n"), Outcome::WatchStarted);
    assert_eq!(world.count(Counter::Doubtful), 0, "its place in the stream was kept");
    assert_eq!(world.count(Counter::Gaps), 0);
}

#[test]
fn a_state_of_the_old_automaton_is_not_stepped_in_the_new_one() {
    let (head, tail) = OTHER.split_at(10);
    assert!(TOKEN.starts_with(head));
    let mut world = World::new();
    world.say(Client, 1, head);
    exchange(&mut world, OTHER);
    assert_eq!(world.say(Client, 11, tail), Outcome::Passed, "its beginning was read by another");
    assert_eq!(world.say(Client, 17, OTHER), Outcome::WatchStarted, "a whole one is found");
    // The same automaton put in its own place is another generation, too.
    let mut world = World::new();
    world.say(Client, 1, head);
    world.say(Server, 1, b"answer\n");
    exchange(&mut world, TOKEN);
    assert_eq!(world.say(Client, 11, TOKEN.split_at(10).1), Outcome::Passed);
}

#[test]
fn what_is_under_watch_stays_so() {
    let mut world = World::new();
    world.say(Client, 100, MESSAGE);
    exchange(&mut world, OTHER);
    assert_eq!(world.say(Client, 146, b"a share"), Outcome::Watched);
    assert_eq!(world.sent().pop(), Some(whole(146, None, b"a share")));
}
