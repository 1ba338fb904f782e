use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Connection, Limits, Piece, Reassembler};
use crate::transport::{Lines, Origin};

/// One direction, from segments to whole lines.
struct Stream {
    reassembler: Reassembler,
    lines: Lines,
    heard: Vec<String>,
}

impl Stream {
    fn new(limits: Limits) -> Self {
        Self {
            reassembler: Reassembler::new(limits),
            lines: Lines::new(limits.line_bytes, Origin::Joined),
            heard: Vec::new(),
        }
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Reassembler, &mut dyn FnMut(Piece<'_>)) -> T) -> T {
        let Self { reassembler, lines, heard } = self;
        act(reassembler, &mut |piece| {
            lines.take(piece, &mut |line| {
                if line.whole {
                    heard.push(String::from_utf8_lossy(line.text).into_owned());
                }
            });
        })
    }

    fn at(&mut self, sequence: u32, payload: &[u8], time: Timestamp) -> Connection {
        self.with(|reassembler, mut out| reassembler.segment(sequence, payload, time, &mut out))
    }

    fn send(&mut self, sequence: u32, payload: &str) -> Connection {
        self.at(sequence, payload.as_bytes(), Timestamp::UNIX_EPOCH)
    }

    fn close(&mut self, sequence: u32) {
        self.with(|reassembler, mut out| reassembler.close(sequence, &mut out));
    }

    fn held(&self) -> usize {
        self.reassembler.held_bytes() + self.lines.held_bytes()
    }
}

fn stream() -> Stream {
    Stream::new(Limits::default())
}

#[test]
fn lines_in_order_across_the_wrap_of_sequence_numbers() {
    let mut stream = stream();
    stream.send(u32::MAX - 3, "{\"a\":1}\n{\"b\"");
    stream.send(8, ":2}\r\n");
    assert_eq!(stream.heard, [r#"{"a":1}"#, r#"{"b":2}"#]);
    assert_eq!(stream.held(), 0);
}

#[test]
fn the_first_copy_of_a_byte_wins() {
    let mut stream = stream();
    stream.send(100, "{\"a\":1}\n{\"first\"");
    stream.send(116, "XX{\"evil\":2}\n");
    stream.send(108, "{\"OTHER\":2}\n");
    stream.send(116, ":2}\n");
    assert_eq!(stream.heard.first().unwrap(), r#"{"a":1}"#);
    assert!(!stream.heard.concat().contains("OTHER"), "{:?}", stream.heard);
    let mut stream = self::stream();
    stream.send(100, "{}\n");
    stream.send(106, "\"a\":1}\n");
    stream.send(103, "[1,2,3,4,5]\n{}\n");
    assert_eq!(stream.heard[1..], ["[1,\"a\":1}", "]", "{}"].map(String::from));
}

#[test]
fn a_keep_alive_probe_is_ignored() {
    let mut stream = stream();
    stream.send(100, "{\"a\":");
    stream.send(104, "\0");
    stream.send(105, "1}\n");
    assert_eq!(stream.heard, [r#"{"a":1}"#]);
}

#[test]
fn joined_within_a_line_the_next_one_is_read() {
    let mut stream = stream();
    stream.send(7, "3\"],\"method\":\"x\"}\n{\"a\":1}\n");
    assert_eq!(stream.heard, [r#"{"a":1}"#]);
}

#[test]
fn a_stream_joined_at_its_second_segment_is_read_from_the_first() {
    let mut stream = stream();
    stream.send(109, "2,\"c\":{}}\n{\"d\":4}\n");
    stream.send(105, "\"b\":");
    stream.send(100, "{}\r\n{");
    stream.heard.sort();
    assert_eq!(stream.heard, [r#"{"b":2,"c":{}}"#, r#"{"d":4}"#, "{}"]);
}

#[test]
fn json_is_complete_without_a_line_feed() {
    let mut stream = stream();
    stream.send(0, "{\"a\":\"}\\\"\",\"b\":[{}");
    assert!(stream.heard.is_empty());
    stream.send(18, "]}");
    assert_eq!(stream.heard.len(), 1);
    stream.send(20, "\n");
    stream.send(21, "{}");
    assert_eq!(stream.heard.len(), 2);
}

#[test]
fn byte_order_mark_blank_lines_and_white_space_are_no_content() {
    let mut stream = stream();
    stream.send(0, "\u{feff}{}\n\n \r\n\t{} \n");
    assert_eq!(stream.heard, ["{}", "{}"]);
}

#[test]
fn a_line_that_is_too_long_is_skipped_and_counted() {
    let mut stream = Stream::new(Limits { line_bytes: 16, ..Limits::default() });
    stream.send(0, "{}\n");
    stream.send(3, &format!("{{\"a\":\"{}\"}}\n{{\"b\":1}}\n", "x".repeat(64)));
    assert_eq!(stream.heard, ["{}", r#"{"b":1}"#]);
    assert_eq!(stream.lines.overlong(), 1);
}

#[test]
fn a_gap_is_given_up_after_some_segments_or_some_time() {
    let wait = |later: &dyn Fn(&mut Stream)| {
        let mut stream = stream();
        stream.send(0, "{}\n{\"lost\"");
        stream.send(30, "rest}\n");
        later(&mut stream);
        (stream.heard, stream.reassembler.gaps())
    };
    let after_segments = |count| {
        move |stream: &mut Stream| {
            (0..count).for_each(|n| {
                stream.send(36 + n * 3, "{}\n");
            });
        }
    };
    assert_eq!(wait(&after_segments(15)), (vec!["{}".to_owned()], 0));
    assert_eq!(wait(&after_segments(16)), (vec!["{}".to_owned(); 17], 1));
    let after_time = |milliseconds| {
        let later = Timestamp::UNIX_EPOCH + SignedDuration::from_millis(milliseconds);
        move |stream: &mut Stream| assert_eq!(stream.at(36, b"{}\n", later), Connection::Same)
    };
    assert_eq!(wait(&after_time(1_999)).1, 0);
    assert_eq!(wait(&after_time(2_000)), (vec!["{}".to_owned(); 2], 1));
    assert_eq!(wait(&|stream| stream.close(36)), (vec!["{}".to_owned()], 1));
}

#[test]
fn a_single_segment_far_ahead_does_not_take_the_stream_with_it() {
    let late = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(60);
    let mut stream = stream();
    stream.send(0, "{}\n");
    stream.send(900_000, "forged\n");
    stream.at(3, b"{\"a\":", late);
    stream.at(8, b"1}\n", late + SignedDuration::from_secs(60));
    assert_eq!((stream.heard.len(), stream.reassembler.gaps()), (2, 0));
    stream.at(900_007, b"{\"b\":2}\n", late + SignedDuration::from_secs(120));
    stream.at(900_015, b"{\"c\":3}\n", late + SignedDuration::from_secs(180));
    assert_eq!(stream.heard.last().unwrap(), "{\"c\":3}", "it goes on there");
    assert_eq!(stream.reassembler.gaps(), 1);
}

#[test]
fn a_single_segment_far_ahead_takes_no_patience_away() {
    let time = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
    let mut stream = stream();
    stream.send(0, "{}\n");
    stream.at(500_000, b"forged\n", time(0));
    let mut next = 3;
    // Up to the place of the segment, and beyond.
    for round in 1..60 {
        let (front, back) =
            (format!("{{\"a\":\"{}", "x".repeat(8000)), format!("{}\"}}\n", "y".repeat(1000)));
        let middle = next + u32::try_from(front.len()).unwrap();
        stream.at(middle, back.as_bytes(), time(4 * round));
        stream.at(next, front.as_bytes(), time(4 * round));
        next = middle + u32::try_from(back.len()).unwrap();
    }
    assert!(next > 500_000);
    assert_eq!(
        (stream.heard.len(), stream.reassembler.gaps()),
        (61, 0),
        "one line is split by what was forged"
    );
}

#[test]
fn a_gap_is_given_up_when_memory_is_full() {
    let limits = Limits { reorder_bytes: 100, reorder_pieces: 4, ..Limits::default() };
    let mut stream = Stream::new(limits);
    stream.send(0, "{}\n");
    stream.send(1000, &"x".repeat(101));
    assert_eq!((stream.reassembler.gaps(), stream.reassembler.held_bytes()), (1, 0));
    for n in 0..100u32 {
        stream.send(2000 + n * 10, "yyy");
        assert!(stream.reassembler.held_bytes() <= 100);
    }
}

#[test]
fn small_pieces_count_what_they_cost() {
    let mut stream = stream();
    stream.send(0, "{}\n");
    for n in 0..10 {
        stream.send(10 + 2 * n, "x");
    }
    assert!(stream.reassembler.held_bytes() >= 10 * 64);
}

#[test]
fn a_far_sequence_number_is_of_another_connection() {
    let mut stream = stream();
    assert_eq!(stream.send(1000, "{\"half\":"), Connection::Same);
    for far in [1000 + 3 * 1024 * 1024, u32::MAX - 2 * 1024 * 1024] {
        assert_eq!(stream.send(far, "{\"new\":1}\n"), Connection::Another);
    }
    assert_eq!(stream.send(1008, "1}\n"), Connection::Same);
    assert_eq!(stream.heard, [r#"{"half":1}"#]);
}

#[test]
fn what_is_held_is_read_when_nothing_more_comes() {
    let mut stream = stream();
    stream.send(0, "{}\n{\"lost\"");
    stream.send(30, "rest}\n{\"a\":1}\n");
    stream.send(100, "x\n{\"b\":2}\n");
    stream.with(|reassembler, mut out| reassembler.finish(&mut out));
    assert_eq!(stream.heard, ["{}", r#"{"a":1}"#, r#"{"b":2}"#]);
    assert_eq!((stream.reassembler.gaps(), stream.reassembler.holds(), stream.held()), (2, false, 0));
}

#[test]
fn an_end_that_is_repeated_is_one_gap() {
    let mut stream = stream();
    stream.send(0, "{}\n");
    for _ in 0..3 {
        stream.close(20);
    }
    assert_eq!(stream.reassembler.gaps(), 1);
}

/// What a reader of the whole stream would see.
fn oracle(stream: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        stream.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    lines.sort();
    lines
}

/// Messages without an object or array within: joined exactly at one, a stream cannot be told from a message.
fn flat() -> impl Strategy<Value = String> {
    prop_oneof![4 => "\\{\"[a-z]{1,8}\":(12|\"[a-z{\\[ ]{0,12}\")\\}\r?\n", 1 => Just("\r\n".to_owned())]
}

fn nested() -> impl Strategy<Value = String> {
    "\\{\"[a-z]{1,8}\":(\\{\\}|\"[a-z{}\\[\\] ]{0,12}\"|\\[1, \\{\"x\":2\\}\\])\\}\r?\n"
}

proptest! {
    /// Cuts, order and duplicates change nothing, wherever in the sequence space it happens.
    #[test]
    fn order_and_cuts_do_not_matter(
        messages in prop::collection::vec(flat(), 1..8),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..7),
        order in any::<[u64; 32]>(),
        again in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..4),
        base in any::<u32>(),
    ) {
        let text = messages.concat();
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len())).chain([0, text.len()]).collect();
        ends.sort_unstable();
        ends.dedup();
        let mut segments: Vec<(usize, usize)> = ends.windows(2).map(|pair| (pair[0], pair[1])).collect();
        for (from, to) in again {
            let (from, to) = (from.index(text.len()), to.index(text.len()) + 1);
            if from < to {
                segments.push((from, to));
            }
        }
        let mut shuffled: Vec<_> = order.into_iter().zip(segments).collect();
        shuffled.sort_unstable();
        let mut stream = stream();
        for (_, (from, to)) in shuffled {
            stream.send(base.wrapping_add(u32::try_from(from).unwrap()), &text[from..to]);
        }
        stream.heard.sort();
        prop_assert_eq!(&stream.heard, &oracle(&text));
        prop_assert_eq!(stream.reassembler.held_bytes(), 0);
    }

    /// Nor do cuts, as long as the order is kept, down to single bytes.
    #[test]
    fn cuts_do_not_matter(messages in prop::collection::vec(nested(), 1..8), size in 1..40usize) {
        let text = messages.concat();
        let mut stream = stream();
        let mut sequence = u32::MAX - 20;
        for segment in text.as_bytes().chunks(size) {
            stream.at(sequence, segment, Timestamp::UNIX_EPOCH);
            sequence = sequence.wrapping_add(u32::try_from(segment.len()).unwrap());
        }
        stream.heard.sort();
        prop_assert_eq!(&stream.heard, &oracle(&text));
        prop_assert_eq!(stream.held(), 0);
    }

    /// Whatever arrives, memory stays within the limits.
    #[test]
    fn memory_is_bounded(
        segments in prop::collection::vec((0..40_000u32, prop::collection::vec(any::<u8>(), 0..600)), 0..100),
    ) {
        let limits = Limits { reorder_bytes: 2000, line_bytes: 1000, reorder_pieces: 16, ..Limits::default() };
        let mut stream = Stream::new(limits);
        for (sequence, bytes) in segments {
            stream.at(sequence, &bytes, Timestamp::UNIX_EPOCH);
            prop_assert!(stream.reassembler.held_bytes() <= 2000);
            prop_assert!(stream.held() <= 2000 + 2 * 1000);
        }
    }
}
