//! Every packet is counted under what became of it, and under nothing else. That it has one fate
//! is checked for each packet of every test, in `World::packet`.

use super::*;

/// The counters that one more packet changes, `Packets` aside.
fn changes(world: &mut World, frame: &[u8]) -> Vec<&'static str> {
    let before = world.counters;
    world.packet(&frame);
    let changed = Counter::ALL.iter().filter(|counter| {
        let (before, after) = (before.get(**counter), world.count(**counter));
        assert!(after - before <= 1);
        after > before
    });
    changed.map(|counter| counter.name()).filter(|name| *name != "packets").collect()
}

#[test]
fn packets_without_a_segment() {
    let mut arp = std::vec![0; 60];
    arp[12..14].copy_from_slice(&[8, 6]);
    let with = |at: usize, value: u8| {
        let mut frame = frame(Client, ACK, 1, MESSAGE);
        frame[at] = value;
        frame
    };
    let whole = frame(Client, ACK, 1, MESSAGE);
    let cases = [
        (arp, "not_ip"),
        (with(23, 1), "not_tcp"),
        (with(23, 17), "udp"),
        (with(14, 0x44), "malformed"),
        (with(46, 0x40), "malformed"),
        (whole[..13].to_vec(), "truncated"),
        (whole[..33].to_vec(), "truncated"),
        (whole[..53].to_vec(), "truncated"),
        (whole[..54].to_vec(), "no_payload"),
    ];
    let mut world = World::new();
    for (frame, expected) in cases {
        assert_eq!(changes(&mut world, &frame), [expected]);
    }
    assert_eq!(world.sent(), []);
}

#[test]
fn the_life_of_a_flow() {
    let mut world = World::with(Settings { scan_burst: 2600, scan_rate: 0, ..Settings::DEFAULT });
    let say =
        |world: &mut World, sequence, payload: &[u8]| changes(world, &frame(Client, ACK, sequence, payload));
    assert_eq!(say(&mut world, 1, &[b'x'; 1100]), ["flows", "scanned"]);
    assert_eq!(say(&mut world, 1, &[b'x'; 1100]), ["scanned", "retransmitted"]);
    assert_eq!(say(&mut world, 1101, b"x"), ["scanned"]);
    assert_eq!(say(&mut world, 1200, &[b'x'; 64]), ["scanned", "gaps"]);
    assert_eq!(say(&mut world, 1264, &[b'x'; 1437]), ["scanned"]);
    assert_eq!(say(&mut world, 2701, MESSAGE), ["spent"]);
    world.evict();
    assert_eq!(say(&mut world, 2347, MESSAGE), ["flows", "scanned", "matches"]);
    assert_eq!(say(&mut world, 2393, MESSAGE), ["watched"]);
    world.dismiss();
    assert_eq!(say(&mut world, 2439, MESSAGE), ["ignored"]);
    assert_eq!(say(&mut world, 2485, MESSAGE), ["ignored"]);
    world.evict();
    assert_eq!(say(&mut world, 2531, b"{\"cut"), ["flows", "scanned", "doubtful"]);
    world.dismiss();
    assert_eq!(say(&mut world, 2536, b"x"), ["scanned"]);
    world.evict();
    assert_eq!(say(&mut world, 2536, &[0x17, 3, 3, 1, 0, 9]), ["flows", "tls"]);
    assert_eq!(say(&mut world, 2542, &[9; 255]), ["tls"]);
    assert_eq!(say(&mut world, 2797, MESSAGE), ["scanned", "matches"]);
}

/// A packet whose payload cannot be copied.
struct Torn(Vec<u8>);

impl Packet for Torn {
    fn length(&self) -> u32 {
        self.0.as_slice().length()
    }

    fn header<const N: usize>(&self, offset: u32) -> Option<[u8; N]> {
        self.0.as_slice().header(offset)
    }

    fn copy<const N: usize>(&self, _: u32, _: u32, _: &mut [u8; N]) -> bool {
        false
    }
}

#[test]
fn payload_that_cannot_be_copied_is_counted() {
    let mut world = World::new();
    assert_eq!(world.packet(&Torn(frame(Client, ACK, 1, MESSAGE))), Outcome::Passed);
    assert_eq!((world.count(Counter::Scanned), world.count(Counter::Unreadable)), (1, 1));
    world.say(Client, 47, MESSAGE);
    assert_eq!(world.packet(&Torn(frame(Client, ACK, 93, MESSAGE))), Outcome::Watched);
    assert_eq!((world.count(Counter::Watched), world.count(Counter::Unreadable)), (1, 2));
}

#[test]
fn payload_past_what_the_kernel_reads_is_counted() {
    let mut world = World::new();
    let mut frame = frame(Client, ACK, 1, b"x");
    frame[16..18].fill(0);
    frame.resize(54 + 32 * EVENT_PAYLOAD + 1, b'x');
    assert_eq!(changes(&mut world, &frame), ["flows", "scanned", "unreadable"]);
    frame.truncate(54 + 32 * EVENT_PAYLOAD);
    world.evict();
    assert_eq!(changes(&mut world, &frame), ["flows", "scanned"]);
}
