//! Conversations whose packets come in fragments.

use detector_common::flow::{End, TCP};
use detector_common::packet::FIN;
use proptest::prelude::*;

use super::*;
use crate::pipeline::fragments::seal;

/// One side says something, in one IP packet.
#[derive(Clone, Debug)]
struct Said {
    by_client: bool,
    text: String,
}

/// How a packet is cut, and in what order its fragments come. The numbers are taken as they fit.
#[derive(Clone, Debug)]
struct Cut {
    fragmented: bool,
    options: usize,
    /// Lengths of fragments, in units of eight bytes.
    units: Vec<usize>,
    order: Vec<u16>,
    repeats: Vec<u16>,
}

struct Fragment {
    place: usize,
    bytes: Vec<u8>,
    total: Option<u16>,
}

/// The bytes of a segment of `flow` in `direction`, with its header.
fn segment(flow: &Flow, direction: Direction, flags: u8, options: usize, payload: &[u8]) -> Vec<u8> {
    let (from, to) = (flow.key.sender(direction), flow.key.receiver(direction));
    let mut bytes = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
    bytes.extend(flow.next[direction as usize].to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend([u8::try_from(5 + options).unwrap() << 4, flags, 1, 0, 0, 0, 0, 0]);
    bytes.extend(vec![1; options * 4]);
    bytes.extend(payload);
    seal([from, to].map(|end| end.ip()), &mut bytes);
    bytes
}

fn cut(bytes: &[u8], units: &[usize]) -> Vec<Fragment> {
    let mut fragments = Vec::new();
    let (mut place, mut units) = (0, units.iter().cycle());
    while place < bytes.len() {
        let end = (place + units.next().unwrap() * 8).min(bytes.len());
        let total = (end == bytes.len()).then(|| u16::try_from(end).unwrap());
        // As the recogniser sends it: in parts.
        for (number, part) in bytes[place..end].chunks(2048).enumerate() {
            fragments.push(Fragment { place: place + number * 2048, bytes: part.to_vec(), total });
        }
        place = end;
    }
    fragments
}

impl Flow {
    fn fragment(
        &self,
        to: &mut Pipeline,
        direction: Direction,
        identification: u16,
        fragment: &Fragment,
        time: i64,
    ) -> Reaction {
        let without_port = |end: End, port: u16| End::from(SocketAddr::new(end.ip(), port));
        let (key, way) = FlowKey::fragments(
            without_port(self.key.sender(direction), 0),
            without_port(self.key.receiver(direction), identification),
        );
        let place = u32::try_from(fragment.place).unwrap();
        let mut header = EventHeader::new(EventKind::Fragment, key, way, 0, place, 1);
        header.set_part(place, u16::try_from(fragment.bytes.len()).unwrap());
        header.set_fragment(TCP, fragment.total.unwrap_or_default());
        let event =
            Event { kind: EventKind::Fragment, header, outer: Encapsulation::NONE, payload: &fragment.bytes };
        to.event(&event, at(time), Some("lan0"))
    }

    /// Says something in fragments of 24 bytes.
    fn says_in_fragments(
        &mut self,
        to: &mut Pipeline,
        direction: Direction,
        flags: u8,
        text: &str,
        time: i64,
    ) -> Reaction {
        let bytes = segment(self, direction, flags, 0, text.as_bytes());
        let identification = u16::try_from(self.next[direction as usize] % (1 << 16)).unwrap();
        let mut all = Reaction::default();
        for fragment in cut(&bytes, &[3]) {
            let reaction = self.fragment(to, direction, identification, &fragment, time);
            all.records.extend(reaction.records);
            all.feedback.extend(reaction.feedback);
        }
        self.skip(direction, text.len());
        all
    }
}

pub(super) fn job(number: usize) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","method":"job","params":{{"blob":"1010{}","job_id":"{number}","target":"b88d0600"}}}}"#,
        "ab".repeat(74)
    )
}

pub(super) fn share(number: usize) -> String {
    format!(
        r#"{{"id":{number},"jsonrpc":"2.0","method":"submit","params":{{"id":"a","job_id":"{number}","nonce":"d0030040","result":"{}"}}}}"#,
        "e1".repeat(32)
    )
}

fn conversation() -> Vec<Said> {
    let mut all = vec![(true, login())];
    for number in 0..4 {
        all.push((false, job(number)));
        all.push((true, share(number)));
        all.push((
            false,
            format!(r#"{{"id":{number},"jsonrpc":"2.0","error":null,"result":{{"status":"OK"}}}}"#),
        ));
    }
    all.into_iter().map(|(by_client, line)| Said { by_client, text: line + "\n" }).collect()
}

/// The records of the conversation if nothing is fragmented.
fn plain(said: &[Said]) -> Vec<Record> {
    let mut pipeline = pipeline(|_| {});
    let mut miner = Flow::from("10.0.0.2:40000");
    let mut records = Vec::new();
    for Said { by_client, text } in said {
        let direction = if *by_client { miner.client } else { miner.client.reverse() };
        records.extend(miner.segment(&mut pipeline, direction, text.as_bytes(), 0).records);
    }
    records.extend(pipeline.finish(at(1)));
    records
}

/// The same if the packets are cut; the recogniser copies the first fragment by itself, too, if the
/// flow is watched.
fn fragmented(said: &[Said], cuts: &[Cut]) -> Vec<Record> {
    let mut pipeline = pipeline(|_| {});
    let mut miner = Flow::from("10.0.0.2:40000");
    let mut records = Vec::new();
    for (number, (Said { by_client, text }, cut)) in said.iter().zip(cuts.iter().cycle()).enumerate() {
        let direction = if *by_client { miner.client } else { miner.client.reverse() };
        if !cut.fragmented {
            records.extend(miner.segment(&mut pipeline, direction, text.as_bytes(), 0).records);
            continue;
        }
        let bytes = segment(&miner, direction, 0x18, cut.options, text.as_bytes());
        let fragments = self::cut(&bytes, &cut.units);
        let mut order: Vec<usize> = (0..fragments.len()).collect();
        order.sort_by_key(|index| cut.order[index % cut.order.len()]);
        let repeated: Vec<usize> =
            cut.repeats.iter().map(|repeat| usize::from(*repeat) % fragments.len()).collect();
        for index in order.into_iter().chain(repeated) {
            let fragment = &fragments[index];
            let payload = fragment.bytes.get(20 + cut.options * 4..).unwrap_or_default();
            if fragment.place == 0 && !payload.is_empty() && pipeline.followed.contains_key(&miner.key) {
                let event = Event {
                    kind: EventKind::Segment,
                    header: miner.header(direction),
                    outer: Encapsulation::NONE,
                    payload,
                };
                records.extend(pipeline.event(&event, at(0), Some("lan0")).records);
            }
            let identification = u16::try_from(number).unwrap();
            records.extend(miner.fragment(&mut pipeline, direction, identification, fragment, 0).records);
        }
        miner.skip(direction, text.len());
    }
    assert_eq!(pipeline.losses().fragments.conflicting, 0);
    records.extend(pipeline.finish(at(1)));
    records
}

fn cuts() -> impl Strategy<Value = Vec<Cut>> {
    let cut = (
        prop::bool::weighted(0.8),
        0..=10usize,
        prop::collection::vec(1..8usize, 1..4),
        prop::collection::vec(any::<u16>(), 1..9),
        prop::collection::vec(any::<u16>(), 0..4),
    );
    let cut = cut.prop_map(|(fragmented, options, units, order, repeats)| Cut {
        fragmented,
        options,
        units,
        order,
        repeats,
    });
    prop::collection::vec(cut, 1..14)
}

proptest! {
    #[test]
    fn a_miner_in_fragments_is_the_same_miner(cuts in cuts()) {
        let said = conversation();
        prop_assert_eq!(fragmented(&said, &cuts), plain(&said));
    }
}

#[test]
fn a_flow_in_fragments_is_followed_and_its_other_packets_are_asked_for() {
    let mut pipeline = pipeline(|_| {});
    let mut miner = Flow::from("10.0.0.2:40000");
    let client = miner.client;
    let reaction = miner.says_in_fragments(&mut pipeline, client, 0x18, &(login() + "\n"), 0);
    assert_eq!(reasons(&reaction), [Reason::Opened]);
    assert_eq!(reaction.records[0].miner, "10.0.0.2:40000".parse().unwrap());
    assert_eq!(reaction.feedback, [Feedback::Watch(miner.key)]);
    let reaction = miner.says_in_fragments(&mut pipeline, client.reverse(), 0x18, &(job(1) + "\n"), 0);
    assert_eq!(reasons(&reaction), [Reason::Verdict]);
    assert_eq!(reaction.feedback, [], "it is watched already");
}

#[test]
fn fragments_tell_of_the_end_of_a_flow() {
    let fin_of_both = [(FIN, true), (FIN, false)];
    for ends in [fin_of_both.as_slice(), &[(0x04, false)]] {
        let mut pipeline = pipeline(|_| {});
        let mut miner = Flow::from("10.0.0.2:40000");
        let client = miner.client;
        miner.client_says(&mut pipeline, &login(), 0);
        let mut feedback = Vec::new();
        for (flags, by_client) in ends {
            let (direction, text) = if *by_client { (client, share(1)) } else { (client.reverse(), job(1)) };
            feedback.extend(miner.says_in_fragments(&mut pipeline, direction, *flags, &text, 1).feedback);
        }
        assert_eq!(feedback, [Feedback::Forget(miner.key)]);
        assert_eq!(pipeline.conversations(), 0);
    }
}

#[test]
fn the_end_of_a_flow_that_fragments_began_comes_after_its_watch() {
    let mut pipeline = pipeline(|_| {});
    let mut miner = Flow::from("10.0.0.2:40000");
    let client = miner.client;
    let reaction = miner.says_in_fragments(&mut pipeline, client, 0x04, &(login() + "\n"), 0);
    assert_eq!(reaction.feedback, [Feedback::Watch(miner.key), Feedback::Forget(miner.key)]);
    let reaction = miner.says_in_fragments(&mut pipeline, client, FIN, "", 0);
    assert_eq!(reaction.feedback, [], "nobody follows it");
    assert_eq!(pipeline.conversations(), 0);
}

#[test]
fn what_was_dismissed_is_not_followed_for_its_fragments() {
    let mut pipeline = pipeline(|_| {});
    let mut service = Flow::from("10.0.0.2:40000");
    let client = service.client;
    let noise = "GET / HTTP/1.1\r\nHost: example\r\n\r\n".repeat(200);
    let reaction = service.says_in_fragments(&mut pipeline, client, 0x18, &noise, 0);
    assert_eq!(reaction.feedback, [Feedback::Dismiss(service.key)]);
    let reaction = service.says_in_fragments(&mut pipeline, client, 0x18, "GET /\n", 500);
    assert_eq!((reaction.feedback, pipeline.conversations()), (vec![], 0));
    let reaction = service.says_in_fragments(&mut pipeline, client, 0x02, "GET /\n", 501);
    assert_eq!(reaction.feedback, [Feedback::Watch(service.key)], "it is a new connection");

    let mut other = Flow::from("10.0.0.3:40000");
    other.says_in_fragments(&mut pipeline, client, 0x18, &noise, 1000);
    let reaction = other.says_in_fragments(&mut pipeline, client, 0x18, "GET /\n", 1601);
    assert_eq!(reaction.feedback, [Feedback::Watch(other.key)], "ten minutes later");
}

#[test]
fn fragments_that_never_become_whole_are_counted() {
    let mut pipeline = pipeline(|_| {});
    let miner = Flow::from("10.0.0.2:40000");
    let bytes = segment(&miner, miner.client, 0x18, 0, login().as_bytes());
    let fragments = cut(&bytes, &[4]);
    miner.fragment(&mut pipeline, miner.client, 1, &fragments[0], 0);
    assert_eq!(pipeline.losses().fragments, FragmentLosses::default());
    pipeline.advance(at(60));
    assert_eq!(pipeline.losses().fragments.expired, 1);
    miner.fragment(&mut pipeline, miner.client, 1, &fragments[0], 61);
    pipeline.finish(at(62));
    assert_eq!(pipeline.losses().fragments.expired, 2);
}

#[test]
fn a_dismissal_is_not_of_the_next_connection_between_the_same_ends() {
    let noise = "GET / HTTP/1.1\r\nHost: example\r\n\r\n".repeat(200);
    for (ahead, followed) in [(100, false), (2 << 20, true)] {
        let mut pipeline = pipeline(|_| {});
        let mut flow = Flow::from("10.0.0.2:40000");
        let client = flow.client;
        assert_eq!(
            flow.segment(&mut pipeline, client, noise.as_bytes(), 0).feedback,
            [Feedback::Dismiss(flow.key)]
        );
        // Its SYN was not fragmented, so nobody told of it.
        flow.skip(client, ahead);
        let reaction = flow.says_in_fragments(&mut pipeline, client, 0x18, &(login() + "\n"), 1);
        assert_eq!(!reaction.records.is_empty(), followed, "{ahead}");
    }
    let mut pipeline = pipeline(|_| {});
    let mut flow = Flow::from("10.0.0.2:40000");
    let client = flow.client;
    flow.segment(&mut pipeline, client, noise.as_bytes(), 0);
    flow.client_says(&mut pipeline, "{\"id\":1}", 1);
    flow.ends(&mut pipeline, EventKind::Reset, client, 1);
    let reaction = flow.says_in_fragments(&mut pipeline, client, 0x18, &(login() + "\n"), 2);
    assert!(!reaction.records.is_empty(), "the recogniser has looked at it anew since");
}

#[test]
fn a_watch_for_which_there_was_no_room_is_asked_for_again() {
    let mut pipeline = pipeline(|_| {});
    let mut miner = Flow::from("10.0.0.2:40000");
    let client = miner.client;
    let mut says = |pipeline: &mut Pipeline| {
        miner.says_in_fragments(pipeline, client, 0x18, &(login() + "\n"), 0).feedback
    };
    let watch = says(&mut pipeline);
    let [Feedback::Watch(key)] = watch.as_slice() else { panic!("{watch:?}") };
    assert_eq!(says(&mut pipeline), []);
    pipeline.watch_refused(key);
    assert_eq!(says(&mut pipeline), watch);
    assert_eq!(says(&mut pipeline), []);
}

#[test]
fn forged_copies_of_all_fragments_do_not_hide_a_miner() {
    let mut pipeline = pipeline(|_| {});
    let miner = Flow::from("10.0.0.2:40000");
    let client = miner.client;
    let bytes = segment(&miner, client, 0x18, 0, (login() + "\n").as_bytes());
    let fragments = cut(&bytes, &[3]);
    let mut records = Vec::new();
    for fragment in &fragments {
        let forged = Fragment { bytes: vec![0x55; fragment.bytes.len()], ..*fragment };
        records.extend(miner.fragment(&mut pipeline, client, 1, &forged, 0).records);
        records.extend(miner.fragment(&mut pipeline, client, 1, fragment, 0).records);
    }
    assert_eq!(records.first().map(|record| record.reason), Some(Reason::Opened));
    assert_eq!(pipeline.losses().fragments.conflicting, fragments.len() as u64);
}
