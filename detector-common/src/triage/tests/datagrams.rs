//! Node discovery over UDP: one datagram of each flow goes to the agent, now and then.

use super::*;
use crate::flow::{End, UDP};

/// A datagram between two hosts with this payload.
fn datagram(side: Side, host: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = frame(side, 0, 0, &[&[0; 8], payload].concat());
    // The header of TCP is 12 bytes longer than what stands here for UDP's.
    frame.drain(34 + 8..34 + 28);
    let length = u16::try_from(payload.len()).unwrap();
    frame[16..18].copy_from_slice(&(28 + length).to_be_bytes());
    frame[38..40].copy_from_slice(&(8 + length).to_be_bytes());
    frame[23] = UDP;
    frame[if matches!(side, Client) { 29 } else { 33 }] = host;
    frame
}

/// A ping of discv4 as far as the kernel reads it.
fn ping(length: usize) -> Vec<u8> {
    let mut ping = std::vec![0x77; length];
    let list = match length - 99 {
        short @ 0..=55 => 0xc0 + u8::try_from(short).unwrap(),
        56..=256 => 0xf8,
        _ => 0xf9,
    };
    ping[96..99].copy_from_slice(&[1, 1, list]);
    ping
}

fn hear(world: &mut World, frame: &[u8]) -> Outcome {
    world.packet(&frame)
}

#[test]
fn a_datagram_that_looks_like_discovery_is_sent_whole() {
    for length in [104, 130, 1280] {
        let mut world = World::new();
        assert_eq!(hear(&mut world, &datagram(Client, 2, &ping(length))), Outcome::Datagram);
        let expected = Sent { kind: EventKind::Datagram, ..whole(0, None, &ping(length)) };
        assert_eq!(world.sent(), [expected]);
        assert_eq!((world.count(Counter::Datagrams), world.count(Counter::Flows)), (1, 1));
        assert!(world.watched.entries.is_empty());
        let (key, _) =
            FlowKey::udp(End::v4([10, 0, 0, 2], [0x9c, 0x40]), End::v4([203, 0, 113, 9], [0x0d, 0x05]));
        assert!(world.flows.entries.contains_key(&key));
    }
}

#[test]
fn other_datagrams_are_counted_and_make_no_flow() {
    let with = |at: usize, value: u8| {
        let mut ping = ping(130);
        ping[at] = value;
        ping
    };
    let mut world = World::new();
    let others = [
        Vec::new(),
        std::vec![1; 40],
        ping(103),
        ping(1281),
        ping(1460),
        with(96, 2),
        with(97, 0),
        with(97, 7),
        with(98, 0xc4),
        with(98, 0xdd),
        with(98, 0xfa),
    ];
    for (number, payload) in (1..).zip(&others) {
        assert_eq!(hear(&mut world, &datagram(Client, 2, payload)), Outcome::Passed);
        assert_eq!(world.count(Counter::Udp), number);
    }
    assert_eq!((world.sent(), world.count(Counter::Flows)), (Vec::new(), 0));
}

#[test]
fn an_answer_of_dns_is_none() {
    let name = b"\x03www\x07example\x03org\x00";
    let record = [b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04".as_slice(), &[10, 0, 0, 1]].concat();
    for padding in 0..16 {
        let head = [
            b"\x77\x01\x81\x80\x00\x01\x00\x10\x00\x00\x00\x00".as_slice(),
            &name[..16 - padding],
            &name[16..],
        ];
        let mut world = World::new();
        let answer = [head.concat(), record.repeat(16)].concat();
        assert_eq!(hear(&mut world, &datagram(Server, 2, &answer)), Outcome::Passed);
        assert_eq!(world.count(Counter::Udp), 1);
    }
}

#[test]
fn a_datagram_that_is_not_all_there_is_not_sent() {
    let mut world = World::new();
    let whole = datagram(Client, 2, &ping(130));
    hear(&mut world, &whole[..whole.len() - 1]);
    let mut wrong = whole.clone();
    wrong[39] = 7;
    hear(&mut world, &wrong);
    wrong[39] = 139;
    hear(&mut world, &wrong);
    assert_eq!(world.count(Counter::Udp), 3);
    hear(&mut world, &whole[..41]);
    assert_eq!(world.count(Counter::Truncated), 1);
    // Bytes behind it that the IP header counts, but its own does not.
    let mut padded = datagram(Client, 2, &[ping(130), std::vec![0; 10]].concat());
    padded[38..40].copy_from_slice(&138_u16.to_be_bytes());
    hear(&mut world, &padded);
    assert_eq!(world.sent()[0].payload, ping(130));
}

#[test]
fn each_flow_is_heard_once_in_a_while() {
    let mut world = World::with(Settings { ignore_ticks: 10 * 1024, ..Settings::DEFAULT });
    assert_eq!(hear(&mut world, &datagram(Client, 2, &ping(130))), Outcome::Datagram);
    assert_eq!(hear(&mut world, &datagram(Client, 2, &ping(150))), Outcome::Passed);
    assert_eq!(hear(&mut world, &datagram(Server, 2, &ping(130))), Outcome::Passed, "the same flow");
    assert_eq!(world.count(Counter::Ignored), 2);
    assert_eq!(hear(&mut world, &datagram(Client, 3, &ping(130))), Outcome::Datagram, "another");
    world.time += 9 * SECOND;
    assert_eq!(hear(&mut world, &datagram(Client, 2, &ping(130))), Outcome::Passed);
    world.time += SECOND;
    assert_eq!(hear(&mut world, &datagram(Server, 2, &ping(130))), Outcome::Datagram);
    assert_eq!(world.sent().len(), 3);
    assert_eq!(world.count(Counter::Flows), 2);
}

#[test]
fn tcp_between_the_same_ends_is_another_flow() {
    let mut world = World::new();
    hear(&mut world, &datagram(Client, 2, &ping(130)));
    assert_eq!(world.say(Client, 1, MESSAGE), Outcome::WatchStarted);
    world.time += 3600 * SECOND;
    assert_eq!(hear(&mut world, &datagram(Client, 2, &ping(130))), Outcome::Datagram);
}

#[test]
fn a_datagram_that_the_agent_did_not_get_is_followed_by_another() {
    let mut world = World::with(Settings { budget_burst: 100, budget_rate: 300, ..Settings::DEFAULT });
    world.ring.room = 0;
    assert_eq!(hear(&mut world, &datagram(Client, 2, &ping(130))), Outcome::Datagram);
    assert_eq!(world.count(Counter::RingFull), 1);
    world.ring.room = 1;
    assert_eq!(hear(&mut world, &datagram(Client, 2, &ping(130))), Outcome::Datagram);
    assert_eq!(world.count(Counter::BudgetSpent), 1);
    world.time += SECOND;
    assert_eq!(hear(&mut world, &datagram(Client, 2, &ping(130))), Outcome::Datagram);
    assert_eq!(world.sent().len(), 1);
    assert_eq!(hear(&mut world, &datagram(Client, 2, &ping(130))), Outcome::Passed);
}

#[test]
fn when_the_table_of_flows_is_full_none_is_sent() {
    let mut world = World::new();
    world.flows.room = 0;
    assert_eq!(hear(&mut world, &datagram(Client, 2, &ping(130))), Outcome::Passed);
    assert_eq!((world.count(Counter::FlowsRefused), world.count(Counter::Datagrams)), (1, 0));
    assert_eq!(world.sent(), []);
}
