//! Everything is bounded, and what hits a bound is counted.

use super::*;

const BINARY: [u8; 1000] = [0xb5; 1000];

#[test]
fn bulk_spends_its_credit_which_is_refilled() {
    let mut world = World::with(Settings { scan_burst: 2500, scan_rate: 1000, ..Settings::DEFAULT });
    for sequence in [0, 1000, 2000] {
        world.say(Client, sequence, &BINARY);
    }
    assert_eq!((world.count(Counter::Scanned), world.count(Counter::Spent)), (3, 0));
    assert_eq!(world.say(Client, 3000, MESSAGE), Outcome::Passed, "500 bytes in debt");
    assert_eq!(world.count(Counter::Spent), 1);
    assert_eq!(world.say(Server, 1, TOKEN), Outcome::WatchStarted, "the other direction has its own");

    world.dismiss();
    world.evict();
    for sequence in [0, 1000, 2000, 3000] {
        world.say(Client, sequence, &BINARY);
    }
    world.time += SECOND;
    assert_eq!(world.say(Client, 4000, MESSAGE), Outcome::WatchStarted, "a second later there are 500");
}

#[test]
fn what_is_repeated_does_not_use_up_the_credit_for_what_is_new() {
    let mut world = World::with(Settings { scan_burst: 3000, scan_rate: 0, ..Settings::DEFAULT });
    world.say(Client, 1, &[b'x'; 1100]);
    for _ in 0..3 {
        assert_eq!(world.say(Client, 101, &BINARY), Outcome::Passed);
    }
    assert_eq!(world.say(Client, 101, &BINARY), Outcome::WatchStarted, "nobody repeats so much");
    assert_eq!((world.count(Counter::Retransmitted), world.count(Counter::Spent)), (3, 1));
    world.dismiss();
    for _ in 0..100 {
        assert_eq!(world.say(Client, 101, &BINARY), Outcome::Passed);
    }
    assert_eq!(world.say(Client, 1201, MESSAGE), Outcome::WatchStarted, "100 bytes were said under watch");
    assert_eq!(world.count(Counter::Matches), 1);
}

#[test]
fn nor_does_what_is_forged_without_knowing_the_sequence_numbers() {
    let mut world = World::with(Settings { scan_rate: 0, ..Settings::DEFAULT });
    world.say(Client, 1, &[b'x'; 1100]);
    for far in 1..=40 {
        world.say(Client, far * 90_000_000, &BINARY);
    }
    assert_eq!(world.count(Counter::Doubtful), 1, "the agent tells which is which");
}

#[test]
fn a_download_with_losses_is_not_doubted() {
    let mut world = World::new();
    for round in 0..2000 {
        // Each tenth is missing, and comes five later.
        if round % 10 != 3 {
            world.say(Server, 1 + 1000 * round, &BINARY);
        }
        if round % 10 == 8 {
            world.say(Server, 1 + 1000 * (round - 5), &BINARY);
        }
        world.time += SECOND / 100;
    }
    assert_eq!(world.count(Counter::Doubtful), 0);
    assert!(world.count(Counter::Spent) > 1900);
}

#[test]
fn what_follows_bulk_in_order_is_in_order() {
    let mut world = World::new();
    for round in 0..100 {
        world.say(Client, 1 + 1000 * round, &BINARY);
    }
    world.time += 10 * SECOND;
    assert_eq!(world.say(Client, 100_001, MESSAGE), Outcome::WatchStarted);
    assert_eq!((world.count(Counter::Gaps), world.count(Counter::Matches)), (0, 1));
}

#[test]
fn a_dismissed_flow_is_left_alone_for_a_while() {
    let mut world = World::with(Settings { ignore_ticks: 10 * 1024, ..Settings::DEFAULT });
    world.say(Client, 1, MESSAGE);
    world.dismiss();
    world.sent();
    for second in 0..10 {
        assert_eq!(world.say(Client, 1000 * second, MESSAGE), Outcome::Passed);
        assert_eq!(world.count(Counter::Ignored), u64::from(second) + 1);
        world.time += SECOND;
    }
    assert_eq!(world.sent(), []);
    assert_eq!(world.say(Client, 20_000, MESSAGE), Outcome::WatchStarted);
    assert_eq!(world.sent().len(), 1);
}

#[test]
fn a_dismissal_does_not_come_back() {
    for days in [1, 20, 24, 30, 45, 49, 60] {
        let mut world = World::new();
        world.say(Client, 1, MESSAGE);
        world.dismiss();
        assert_eq!(world.say(Client, 47, MESSAGE), Outcome::Passed);
        world.time += days * 86_400 * SECOND;
        assert_eq!(world.say(Client, 93, MESSAGE), Outcome::WatchStarted, "after {days} days");
    }
}

#[test]
fn a_new_connection_is_read_whatever_the_last_one_was() {
    let hello = [0x16, 3, 1, 0, 200, 1, 0, 0, 196];
    let mut world = World::new();
    world.say(Client, 1, &hello);
    assert_eq!(world.say(Client, 10, TOKEN), Outcome::Passed, "it is TLS");
    world.segment(Client, SYN, 70_000, b"");
    assert_eq!(world.say(Client, 70_001, MESSAGE), Outcome::WatchStarted);
    world.dismiss();
    assert_eq!(world.say(Client, 70_047, MESSAGE), Outcome::Passed, "it was dismissed");
    world.segment(Client, SYN, 900_000, b"");
    assert_eq!(world.say(Client, 900_001, MESSAGE), Outcome::WatchStarted);
    assert_eq!(world.count(Counter::Flows), 1);
}

#[test]
fn a_syn_makes_no_flow_and_ends_no_watch() {
    let mut world = World::new();
    world.segment(Client, SYN, 1, b"");
    assert_eq!(world.flows.entries.len(), 0);
    world.say(Client, 2, MESSAGE);
    world.segment(Server, SYN | ACK, 1, b"");
    assert_eq!(world.say(Client, 48, b"x"), Outcome::Watched);
}

#[test]
fn a_watch_that_the_agent_never_heard_of_is_undone() {
    let mut world = World::new();
    world.ring.room = 0;
    assert_eq!(world.say(Client, 1, MESSAGE), Outcome::WatchStarted);
    assert_eq!((world.watched.entries.len(), world.count(Counter::RingFull)), (0, 1));
    world.ring.room = usize::MAX;
    assert_eq!(world.say(Client, 47, MESSAGE), Outcome::WatchStarted, "the next token tries again");
    assert_eq!(world.sent(), [whole(47, Some(NUMBER), MESSAGE)]);
}

#[test]
fn a_watch_outlives_the_entry_of_its_flow() {
    let mut world = World::new();
    world.say(Client, 1, MESSAGE);
    world.evict();
    assert_eq!(world.say(Client, 47, b"more"), Outcome::Watched);
    assert_eq!(world.say(Server, 1, b"more"), Outcome::Watched);
    assert_eq!(world.count(Counter::Flows), 1, "no new flow");
    world.dismiss();
    assert_eq!(world.say(Client, 51, b"more"), Outcome::Passed);
    assert_eq!(world.count(Counter::Flows), 2, "nobody remembers that it was dismissed");
}

/// What one event of so many payload bytes takes.
fn cost(length: usize) -> u32 {
    u32::try_from(EVENT_FIXED + length).unwrap()
}

#[test]
fn a_watched_flow_has_a_credit() {
    let watch_burst = cost(MESSAGE.len()) + cost(1000) + 1;
    let mut world = World::with(Settings { watch_burst, watch_rate: 1000, ..Settings::DEFAULT });
    world.say(Client, 1, MESSAGE);
    assert_eq!(world.say(Client, 47, &BINARY), Outcome::Watched);
    assert_eq!(world.say(Client, 1047, &BINARY), Outcome::Watched);
    assert_eq!(world.say(Client, 2047, &BINARY), Outcome::Passed);
    assert_eq!(world.say(Server, 1, &BINARY), Outcome::Passed, "the directions share it");
    assert_eq!(world.count(Counter::WatchSpent), 2);
    assert_eq!(world.sent().len(), 3);
    world.time += 2 * SECOND;
    assert_eq!(world.say(Client, 3047, &BINARY), Outcome::Watched);
    assert_eq!(world.sent(), [whole(3047, None, &BINARY)]);
}

#[test]
fn what_is_repeated_or_far_away_does_not_use_up_the_credit_for_what_is_new() {
    let mut world = World::with(Settings { watch_burst: 5000, watch_rate: 0, ..Settings::DEFAULT });
    world.say(Client, 1, MESSAGE);
    for round in 1..=100 {
        world.say(Client, 1, MESSAGE);
        world.say(Client, round * 40_000_000, &BINARY);
    }
    assert!(world.count(Counter::WatchSpent) > 150);
    world.sent();
    for (sequence, text) in [(47, b"new"), (50, b"old"), (53, b"end")] {
        assert_eq!(world.say(Client, sequence, text), Outcome::Watched);
    }
    assert_eq!(world.sent().len(), 3);
}

#[test]
fn all_watched_flows_share_a_budget() {
    let budget_burst = cost(1000) + 1;
    let mut world = World::with(Settings { budget_burst, budget_rate: 1000, ..Settings::DEFAULT });
    for sequence in [0, 1000, 2000, 3000] {
        world.say(Client, sequence, &[&BINARY[..985], TOKEN].concat());
    }
    assert_eq!(world.sent().len(), 2);
    assert_eq!(world.count(Counter::BudgetSpent), 2);
    world.time += 2 * SECOND;
    assert_eq!(world.say(Client, 4000, b"x"), Outcome::Watched);
    assert_eq!(world.sent(), [whole(4000, None, b"x")]);
}

#[test]
fn the_smallest_segments_take_as_much_of_the_budget_as_they_take_of_the_ring() {
    let most = 64 << 10;
    let mut world = World::with(Settings { budget_burst: most, budget_rate: 0, ..Settings::DEFAULT });
    world.say(Client, 1, MESSAGE);
    for sequence in 47..2000 {
        world.say(Client, sequence, b"x");
    }
    let written: u32 = world.sent().iter().map(|sent| cost(sent.payload.len())).sum();
    assert!((most..most + cost(1)).contains(&written), "{written}");
}

#[test]
fn when_the_table_of_watches_is_full_what_was_found_is_still_sent() {
    let mut world = World::new();
    world.watched.room = 0;
    for round in 1..=3 {
        assert_eq!(world.say(Client, 100 * round, MESSAGE), Outcome::WatchRefused);
        assert_eq!(world.count(Counter::WatchRefused), u64::from(round));
        assert_eq!(world.sent(), [whole(100 * round, Some(NUMBER), MESSAGE)]);
    }
    world.watched.room = 1;
    assert_eq!(world.say(Client, 900, MESSAGE), Outcome::WatchStarted, "there is room again");
}

#[test]
fn when_the_table_of_flows_is_full_it_is_counted() {
    let mut world = World::new();
    world.flows.room = 0;
    assert_eq!(world.say(Client, 1, MESSAGE), Outcome::Passed);
    assert_eq!((world.count(Counter::Flows), world.count(Counter::FlowsRefused)), (0, 1));
    assert_eq!(world.sent(), []);
}

#[test]
fn when_the_ring_is_full_each_segment_lost_is_counted_once() {
    let mut world = World::new();
    world.ring.room = 1;
    world.say(Client, 1, MESSAGE);
    assert_eq!(world.count(Counter::RingFull), 0);
    world.say(Client, 47, &[b'x'; 3 * EVENT_PAYLOAD]);
    assert_eq!(world.count(Counter::RingFull), 1);
    world.segment(Client, FIN | ACK, 6191, b"");
    assert_eq!(world.count(Counter::RingFull), 2, "the end is lost too");
    world.ring.room = 2;
    assert_eq!(world.say(Client, 6192, b"x"), Outcome::Watched);
    assert_eq!(world.sent().len(), 2);
}

/// Says something five times, with so long in between; the next byte is 21.
fn talk(world: &mut World, pause: u64) {
    for sequence in [1, 5, 9, 13, 17] {
        world.say(Client, sequence, b"talk");
        world.time += pause;
    }
}

/// Half a token of a flow that has lasted, and then the other half.
fn is_found_after(world: &mut World, between: impl FnOnce(&mut World)) -> bool {
    let (first, second) = TOKEN.split_at(7);
    talk(world, 2 * SECOND);
    world.say(Client, 21, first);
    between(world);
    world.say(Client, 28, second) == Outcome::WatchStarted
}

#[test]
fn a_flow_that_has_lasted_is_not_washed_out() {
    let mut world = World::new();
    assert!(is_found_after(&mut world, World::evict));
    assert_eq!((world.count(Counter::Flows), world.count(Counter::FlowsLasting)), (1, 1));
    assert_eq!((world.flows.entries.len(), world.lasting.entries.len()), (0, 1));
}

#[test]
fn neither_a_young_flow_nor_a_download_lasts() {
    let mut world = World::new();
    talk(&mut world, 18 * SECOND / 10);
    assert_eq!(world.count(Counter::FlowsLasting), 0, "seven seconds");
    let mut world = World::new();
    for round in 0..100 {
        world.say(Server, 1 + 1000 * round, &BINARY);
        world.time += SECOND / 5;
    }
    world.say(Client, 1, b"more");
    assert_eq!(world.count(Counter::FlowsLasting), 0, "5 KB a second");
    world.time += 60 * SECOND;
    world.say(Server, 100_001, b"x");
    world.say(Client, 5, b"more");
    assert_eq!(world.count(Counter::FlowsLasting), 1, "slow again");
}

#[test]
fn a_flow_that_is_heard_twice_does_not_last() {
    let mut world = World::new();
    world.say(Client, 1, b"talk");
    world.time += 60 * SECOND;
    for sequence in 0..20 {
        world.say(Client, 5 + sequence, b"x");
    }
    assert_eq!(world.count(Counter::FlowsLasting), 0);
    for sequence in 25..28 {
        world.time += 2 * SECOND;
        world.say(Client, sequence, b"x");
    }
    assert_eq!(world.count(Counter::FlowsLasting), 1);
}

#[test]
fn a_forged_syn_does_not_hide_a_token() {
    for sequence in [0, 27, 28, 29, 5_000_000] {
        let mut world = World::new();
        let forged = |world: &mut World| {
            world.segment(Client, SYN, sequence, b"");
        };
        assert!(is_found_after(&mut world, forged), "{sequence}");
    }
}
