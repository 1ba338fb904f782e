use std::net::{Ipv4Addr, SocketAddr};

use detector_common::counters::Counter;

use crate::dialects::Dialect;
use crate::noise::Noise;
use crate::packet::{ACK, Frame, PSH, SHORTEST};

/// The payload of a full-size segment with TCP timestamps.
const FULL: usize = 1448;

/// A kind of packet whose cost is measured.
pub(super) struct Class {
    /// Its name in reports.
    pub(super) name: &'static str,
    /// What it is, in words.
    pub(super) meaning: &'static str,
    /// What it must be counted as: else something else was measured.
    pub(super) counted: Counter,
    pub(super) way: Way,
}

pub(super) enum Way {
    /// One frame many times over, after some others; at most so many times in a row.
    Warm { before: Vec<Vec<u8>>, frame: Vec<u8>, in_a_row: u32 },
    /// A frame of a new flow each time, by its number.
    Cold(fn(u32) -> Vec<u8>),
}

/// All classes, cheapest first.
pub(super) fn classes() -> Vec<Class> {
    let warm = |before, frame| Way::Warm { before, frame, in_a_row: u32::MAX };
    let mut arp = vec![0; SHORTEST];
    arp.splice(12..14, [8, 6]);
    let tls = flow(1).payload(&[&[0x17, 3, 3, 5, 163], noise(FULL - 5).as_slice()].concat()).bytes();
    let login = login();
    let udp = |length| datagram().payload(&noise(length)).bytes();
    vec![
        Class { name: "arp", meaning: "no IP inside", counted: Counter::NotIp, way: warm(Vec::new(), arp) },
        Class {
            name: "udp",
            meaning: "datagram of the size of a DNS answer",
            counted: Counter::Udp,
            way: warm(Vec::new(), udp(80)),
        },
        Class {
            name: "quic",
            meaning: "datagram of the size of QUIC's",
            counted: Counter::Udp,
            way: warm(Vec::new(), udp(1200)),
        },
        Class {
            name: "ack",
            meaning: "acknowledgement without payload",
            counted: Counter::NoPayload,
            way: warm(Vec::new(), flow(2).flags(ACK).bytes()),
        },
        Class {
            name: "tls",
            meaning: "full-size segment of a TLS conversation",
            counted: Counter::Tls,
            way: warm(vec![tls.clone()], tls),
        },
        Class {
            name: "spent",
            meaning: "full-size segment of bulk whose scan credit is used up",
            counted: Counter::Spent,
            way: warm((0..20).map(bulk).collect(), bulk(20)),
        },
        Class {
            name: "watched",
            meaning: "Stratum message of a watched flow, copied to the agent",
            counted: Counter::Watched,
            // So many fit into the ring.
            way: Way::Warm {
                before: vec![flow(4).payload(&login).bytes()],
                frame: flow(4).payload(&login).bytes(),
                in_a_row: 10_000,
            },
        },
        Class {
            name: "first-segment",
            meaning: "full-size first segment of a new flow, scanned to its end",
            counted: Counter::Scanned,
            way: Way::Cold(|number| new_flow(number).payload(&noise(FULL)).bytes()),
        },
        Class {
            name: "new-binary",
            meaning: "64 random bytes as first segment of a new flow, watched and copied to the agent",
            counted: Counter::Doubtful,
            way: Way::Cold(|number| new_flow(number).payload(&noise(64)).bytes()),
        },
        Class {
            name: "stratum-login",
            meaning: "login of a miner as first segment of a new flow, found, watched and copied to the agent",
            counted: Counter::Matches,
            way: Way::Cold(|number| new_flow(number).payload(&self::login()).bytes()),
        },
    ]
}

/// A segment of bulk, by its number in the flow.
fn bulk(number: u32) -> Vec<u8> {
    let length = u32::try_from(FULL).unwrap_or(u32::MAX);
    flow(3).sequence(1 + number * length).payload(&noise(FULL)).bytes()
}

/// Binary data that begins like nothing in particular.
fn noise(length: usize) -> Vec<u8> {
    let mut noise = vec![0xb5];
    noise.extend(Noise::new(1).bytes(length - 1));
    noise
}

/// What `XMRig` says first.
fn login() -> Vec<u8> {
    let dialect = Dialect::Monero;
    let lines = dialect.session(dialect.identity("rig7"), 1, 0);
    lines.first().map(|line| format!("{}\n", line.text).into_bytes()).unwrap_or_default()
}

fn flow(host: u8) -> Frame {
    frame(SocketAddr::from((Ipv4Addr::new(10, 77, 0, host), 40_000)))
}

fn datagram() -> Frame {
    Frame::udp(
        SocketAddr::from((Ipv4Addr::new(10, 77, 0, 5), 40_000)),
        SocketAddr::from((Ipv4Addr::new(203, 0, 113, 9), 443)),
    )
}

/// The flows of cold frames differ in address and port.
fn new_flow(number: u32) -> Frame {
    let [_, b, c, d] = number.to_be_bytes();
    frame(SocketAddr::from((Ipv4Addr::new(10, b, c, d), 50_000)))
}

fn frame(client: SocketAddr) -> Frame {
    let server = SocketAddr::from((Ipv4Addr::new(203, 0, 113, 9), 3333));
    let timestamps = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2];
    Frame::tcp(client, server).flags(PSH | ACK).tcp_options(&timestamps)
}
