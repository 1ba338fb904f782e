//! Random conversations: miners, ordinary services, binary openings, noise and datagrams, cut and
//! wrapped in all ways.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use firedamp_tests::conversation::{Conversation, Cut, Speaker};
use firedamp_tests::dialects::Dialect;
use firedamp_tests::noise::Noise;
use firedamp_tests::packet::{Frame, Wrapping, cut, fragmentable, fragments};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A frame and when it arrives, in nanoseconds since the epoch.
pub(crate) struct Packet {
    pub(crate) bytes: Vec<u8>,
    pub(crate) time: u64,
}

/// What is said, in pieces of any bytes.
type Script = Vec<(Speaker, Vec<u8>)>;

/// How the frames of a conversation look.
#[derive(Clone, Debug)]
struct Dress {
    tcp_options: bool,
    /// Packets with payload come in fragments of so many bytes, if at all.
    fragments: Option<usize>,
    /// What is around each packet, the innermost first.
    wrappings: Vec<Wrapping>,
}

impl Dress {
    /// The frames that a frame becomes. Each has another number.
    fn put_on(&self, frame: Frame, number: u32) -> Vec<Vec<u8>> {
        let said = !frame.said().is_empty();
        let options: &[u8] = if self.tcp_options { &[1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2] } else { &[] };
        let whole = frame.tcp_options(options).bytes();
        let frames = match self.fragments {
            Some(size) if said => fragments(&whole, &cut(fragmentable(&whole), size, size), number),
            _ => vec![whole],
        };
        frames.into_iter().map(|frame| Wrapping::wrap_in(&self.wrappings, frame)).collect()
    }
}

#[derive(Clone, Debug)]
struct Talk {
    script: Script,
    /// Each piece is a datagram.
    udp: bool,
    v6: bool,
    dress: Dress,
    /// Lengths of the segments, used in turn.
    cuts: Vec<usize>,
    first: [u32; 2],
    closes: bool,
}

impl Talk {
    fn frames(&self, number: u16) -> Vec<Vec<u8>> {
        let last = u8::try_from(number + 2).unwrap();
        let ip = |v4: Ipv4Addr, v6: Ipv6Addr| if self.v6 { IpAddr::from(v6) } else { IpAddr::from(v4) };
        let client = ip(Ipv4Addr::new(10, 77, 0, last), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 1, number));
        let server = ip(Ipv4Addr::new(203, 0, 113, 9), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 2, 9));
        let (client, server) = (SocketAddr::new(client, 40_000), SocketAddr::new(server, 443));
        if self.udp {
            return self.datagrams(client, server);
        }
        let mut talk = Conversation::open(client, server, self.first, Cut::Bytes(usize::MAX));
        let mut cuts = self.cuts.iter().cycle();
        for (speaker, said) in &self.script {
            let mut rest = said.as_slice();
            while !rest.is_empty() {
                let (piece, after) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
                talk.send(*speaker, piece);
                rest = after;
            }
        }
        let frames = if self.closes { talk.close() } else { talk.leave_open() };
        self.dressed(frames)
    }

    fn datagrams(&self, client: SocketAddr, server: SocketAddr) -> Vec<Vec<u8>> {
        let frame = |(speaker, said): &(Speaker, Vec<u8>)| match speaker {
            Speaker::Client => Frame::udp(client, server).payload(said),
            Speaker::Server => Frame::udp(server, client).payload(said),
        };
        self.dressed(self.script.iter().map(frame))
    }

    fn dressed(&self, frames: impl IntoIterator<Item = Frame>) -> Vec<Vec<u8>> {
        (1..).zip(frames).flat_map(|(number, frame)| self.dress.put_on(frame, number)).collect()
    }
}

fn miner() -> impl Strategy<Value = Script> {
    let dialect = select(vec![Dialect::Monero, Dialect::Bitcoin, Dialect::EthProxy]);
    (dialect, any::<u64>(), 0..4_usize).prop_map(|(dialect, seed, shares)| {
        let lines = dialect.session(dialect.identity("rig7"), seed, shares);
        lines.into_iter().map(|line| (line.speaker, format!("{}\n", line.text).into_bytes())).collect()
    })
}

/// Questions and answers of services that are not pools, some of which look a little like it.
fn service() -> impl Strategy<Value = Script> {
    let question = select(vec![
        r#"{"id":1,"method":"login","params":{"user":"alice","password":"correct horse"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"login","params":{"login":"alice","pass":"secret"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"submit","params":{"form":"holiday","days":3}}"#,
        r#"{"id": 1, "method": "blockchain.headers.subscribe", "params": []}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0x00","latest"]}"#,
        r#"{"level":"info","msg":"{\"method\":\"mining.subscribe\"}"}"#,
        "GET /docs/stratum HTTP/1.1\r\nHost: example.org\r\n\r",
        "how do miners subscribe?",
    ]);
    let answer = select(vec![
        r#"{"id":1,"result":true}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"status":"OK"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}"#,
        r#"{"id":1,"result":["0x0000000000000000000000000000000000000000000000000000000000000000"]}"#,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n\"mining.notify\" is a job\r",
        "no idea",
    ]);
    vec((question, answer), 1..6).prop_map(|turns| {
        let line = |text: &str| format!("{text}\n").into_bytes();
        turns
            .into_iter()
            .flat_map(|(q, a)| [(Speaker::Client, line(q)), (Speaker::Server, line(a))])
            .collect()
    })
}

/// The header of a handshake record of TLS, and a little of it.
const HELLO: [u8; 11] = [0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3];

/// One side tries TLS, the other does not know it.
fn refused() -> impl Strategy<Value = Script> {
    let answer = select(vec![
        &b"{\"id\":0,\"result\":null,\"error\":[20,\"Parse error\",null]}\n"[..],
        b"{\"id\":null,\"error\":",
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
        b"220 mail.example.org ESMTP\r\n",
        b"\x15\x03\x03\x00\x02\x02\x28",
    ]);
    (vec(answer, 1..4), any::<bool>(), service()).prop_map(|(answers, greets, service)| {
        let hello = (Speaker::Client, HELLO.to_vec());
        let mut script: Script =
            answers.into_iter().map(|answer| (Speaker::Server, answer.to_vec())).collect();
        script.insert(usize::from(greets), hello.clone());
        script.push(hello);
        script.extend(service);
        script
    })
}

/// First messages that only the agent can read, and such as come close.
fn binary() -> impl Strategy<Value = Script> {
    let datum = (0xdc87_1829_u32 ^ (0x0b00_0000 + 396)).to_le_bytes().to_vec();
    let head = select(vec![
        (vec![0x81, 0x80 + 80], 86),
        (vec![0x82, 0xfe, 1, 0], 264),
        (b"\x81\x50{".to_vec(), 82),
        (b"\x81\x7e\x01\x00[".to_vec(), 260),
        (datum, 400),
        (b"JOB,revox,LOW,".to_vec(), 30),
        (b"JOBXX,revox,".to_vec(), 30),
        (vec![0], 17),
        (vec![0], 58),
        (vec![1, 0x90, 4], 402),
        (Vec::new(), 64),
        (vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f], 64),
    ]);
    let longer = prop_oneof![3 => Just(0), 1 => 1..3_usize];
    (head, longer, any::<u64>(), any::<bool>(), noise()).prop_map(
        |((head, length), longer, seed, up, noise)| {
            let rest = Noise::new(seed).bytes(length + longer - head.len());
            let speaker = if up { Speaker::Client } else { Speaker::Server };
            let mut script = vec![(speaker, [head, rest].concat())];
            script.extend(noise);
            script
        },
    )
}

/// Datagrams, some of which look like node discovery.
fn datagrams() -> impl Strategy<Value = Script> {
    let marks =
        select(vec![[1, 1, 0xf8], [0, 4, 0xf9], [0, 6, 0xc5], [2, 1, 0xf8], [0, 7, 0xf8], [1, 2, 0x80]]);
    let length = prop_oneof![1 => 0..106_usize, 4 => 104..300_usize, 1 => 1270..1400_usize];
    vec((any::<bool>(), marks, length, any::<u64>()), 1..12).prop_map(|datagrams| {
        let datagram = |(up, marks, length, seed): (bool, [u8; 3], usize, u64)| {
            let mut bytes = Noise::new(seed).bytes(length);
            if let Some(place) = bytes.get_mut(96..99) {
                place.copy_from_slice(&marks);
            }
            (if up { Speaker::Client } else { Speaker::Server }, bytes)
        };
        datagrams.into_iter().map(datagram).collect()
    })
}

/// Bytes without sense, sometimes more than a flow's scan credit, sometimes behind the header of TLS.
fn noise() -> impl Strategy<Value = Script> {
    let piece = (any::<bool>(), any::<u64>(), prop_oneof![4 => 1..2000_usize, 1 => 1..30_000_usize]);
    (any::<bool>(), vec(piece, 1..4)).prop_map(|(tls, pieces)| {
        let mut script: Script = pieces
            .into_iter()
            .map(|(up, seed, length)| {
                let speaker = if up { Speaker::Client } else { Speaker::Server };
                (speaker, Noise::new(seed).bytes(length))
            })
            .collect();
        if tls {
            script.insert(0, (Speaker::Client, HELLO.to_vec()));
            script.insert(1, (Speaker::Server, HELLO.to_vec()));
        }
        script
    })
}

/// Nothing, or one or two wrappings of any kind, and fragments or none.
fn dress() -> impl Strategy<Value = Dress> {
    let all: Vec<Wrapping> =
        Wrapping::LINKS.iter().chain(Wrapping::TUNNELS).map(|(_, wrapping)| *wrapping).collect();
    let wrappings = prop_oneof![1 => Just(Vec::new()), 3 => vec(select(all), 1..=2)];
    let fragments = prop_oneof![3 => Just(None), 1 => (8..600_usize).prop_map(Some)];
    (any::<bool>(), fragments, wrappings).prop_map(|(tcp_options, fragments, mut wrappings)| {
        if let [inner, outer] = wrappings[..]
            && !outer.fits_around(inner)
        {
            wrappings.truncate(1);
        }
        Dress { tcp_options, fragments, wrappings }
    })
}

fn talk() -> impl Strategy<Value = Talk> {
    let tcp = prop_oneof![3 => miner(), 2 => service(), 1 => noise(), 1 => refused(), 1 => binary()];
    let script = prop_oneof![
        8 => tcp.prop_map(|script| (script, false)),
        1 => datagrams().prop_map(|script| (script, true)),
    ];
    let cuts = prop_oneof![
        1 => Just(vec![1]),
        2 => vec(1..60_usize, 1..20),
        3 => vec(100..1448_usize, 1..20),
        2 => Just(vec![1448]),
        1 => Just(vec![9000]),
    ];
    let first = prop_oneof![Just([1000, 5000]), any::<[u32; 2]>(), Just([u32::MAX - 100, u32::MAX - 9])];
    (script, any::<bool>(), dress(), cuts, first, any::<bool>()).prop_map(
        |((script, udp), v6, dress, cuts, first, closes)| {
            // Noise a byte at a time is many packets that tell nothing.
            let long = script.iter().map(|(_, said)| said.len()).sum::<usize>() > 5000;
            let cuts = if long { cuts.into_iter().map(|cut| cut.max(100)).collect() } else { cuts };
            Talk { script, udp, v6, dress, cuts, first, closes }
        },
    )
}

/// Conversations side by side.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    talks: Vec<Talk>,
    /// Decides in which order the conversations get their turns, and how much time passes.
    seed: u64,
    disorder: Disorder,
}

/// What happens to the packets on the way.
#[derive(Clone, Debug, Default)]
struct Disorder {
    swapped: Vec<(Index, usize)>,
    repeated: Vec<(Index, Index)>,
    cut: Vec<(Index, usize)>,
    lost: Vec<Index>,
}

/// Every conversation has its packets in order and complete.
pub(crate) fn in_order() -> impl Strategy<Value = Scene> {
    (vec(talk(), 1..4), any::<u64>()).prop_map(|(talks, seed)| Scene {
        talks,
        seed,
        disorder: Disorder::default(),
    })
}

/// Packets are swapped, repeated, cut off and lost.
pub(crate) fn disordered() -> impl Strategy<Value = Scene> {
    let swapped = vec((any::<Index>(), 1..8_usize), 0..12);
    let repeated = vec(any::<(Index, Index)>(), 0..6);
    let cut = vec((any::<Index>(), 14..1500_usize), 0..4);
    let lost = vec(any::<Index>(), 0..6);
    (in_order(), swapped, repeated, cut, lost).prop_map(|(scene, swapped, repeated, cut, lost)| Scene {
        disorder: Disorder { swapped, repeated, cut, lost },
        ..scene
    })
}

impl Scene {
    pub(crate) fn packets(&self) -> Vec<Packet> {
        let mut noise = Noise::new(self.seed);
        let mut queues: Vec<_> =
            (0..).zip(&self.talks).map(|(number, talk)| talk.frames(number).into_iter()).collect();
        let mut frames = Vec::new();
        while !queues.is_empty() {
            let turn = usize::try_from(noise.next_u64() % queues.len() as u64).unwrap();
            match queues[turn].next() {
                Some(frame) => frames.push(frame),
                None => drop(queues.remove(turn)),
            }
        }
        self.disorder.apply(&mut frames);
        let mut time = 1_700_000_000_000_000_000;
        let mut later = || {
            time += match noise.next_u64() % 100 {
                0 => 3_000_000_000,
                1..10 => 100_000_000,
                _ => 200_000,
            };
            time
        };
        frames.into_iter().map(|bytes| Packet { bytes, time: later() }).collect()
    }
}

impl Disorder {
    fn apply(&self, frames: &mut Vec<Vec<u8>>) {
        for (at, distance) in &self.swapped {
            let at = at.index(frames.len());
            let other = (at + distance).min(frames.len() - 1);
            frames.swap(at, other);
        }
        for (from, to) in &self.repeated {
            let again = frames[from.index(frames.len())].clone();
            frames.insert(to.index(frames.len()), again);
        }
        for (at, length) in &self.cut {
            let at = at.index(frames.len());
            frames[at].truncate(*length);
        }
        for at in &self.lost {
            let at = at.index(frames.len());
            if frames.len() > 1 {
                frames.remove(at);
            }
        }
    }
}
