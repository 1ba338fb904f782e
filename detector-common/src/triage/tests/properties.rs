//! The recogniser against a search in the stream.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// Text with many beginnings of the token in it, which opens neither as JSON nor as TLS nor as a key.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        2 => prop::collection::vec(any::<u8>(), 0..40),
        2 => (1..TOKEN.len()).prop_map(|length| TOKEN[..length].to_vec()),
        1 => prop::collection::vec(Just(b'"'), 1..4),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| [std::vec![b'x'; 32], pieces.concat()].concat())
}

/// Where the first token ends, by searching.
fn token_end(stream: &[u8]) -> Option<usize> {
    stream.windows(TOKEN.len()).position(|window| window == TOKEN).map(|at| at + TOKEN.len())
}

/// Cuts a stream in order into segments of random lengths.
fn segments<'a>(stream: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len())).collect();
    ends.extend([0, stream.len()]);
    ends.sort_unstable();
    ends.dedup();
    ends.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect()
}

proptest! {
    /// The watch starts with the segment that completes the first token: not later, not earlier,
    /// not without one.
    #[test]
    fn the_watch_starts_with_the_segment_that_completes_the_token(
        before in text(),
        after in text(),
        holds_token in any::<bool>(),
        cuts in prop::collection::vec(any::<Index>(), 0..30),
        first in any::<u32>(),
    ) {
        let token = if holds_token { TOKEN } else { b"" };
        let stream = [before.as_slice(), token, &after].concat();
        let mut world = World::new();
        let expected = token_end(&stream);
        let mut end = 0;
        for segment in segments(&stream, &cuts) {
            let sequence = first.wrapping_add(u32::try_from(end).unwrap());
            end += segment.len();
            world.say(Client, sequence, segment);
            let watched = !world.watched.entries.is_empty();
            prop_assert_eq!(watched, expected.is_some_and(|token| token <= end), "after {} bytes", end);
        }
        prop_assert_eq!(world.ring.events.is_empty(), expected.is_none());
    }

    /// From the watch on, everything that is said is sent: what the agent gets is the stream from the
    /// segment on that completed the token.
    #[test]
    fn what_is_sent_is_the_rest_of_the_stream(
        before in text(),
        after in text(),
        cuts in prop::collection::vec(any::<Index>(), 0..30),
        first in any::<u32>(),
    ) {
        let stream = [before.as_slice(), TOKEN, &after].concat();
        let mut world = World::new();
        let (mut end, mut start) = (0, None);
        let token = token_end(&stream).unwrap();
        for segment in segments(&stream, &cuts) {
            world.say(Server, first.wrapping_add(u32::try_from(end).unwrap()), segment);
            if end + segment.len() >= token {
                start.get_or_insert(end);
            }
            end += segment.len();
        }
        let start = start.unwrap();
        let sent = world.sent();
        prop_assert_eq!(sent[0].sequence, first.wrapping_add(u32::try_from(start).unwrap()));
        let heard: Vec<u8> = sent.iter().flat_map(|sent| sent.payload.clone()).collect();
        prop_assert_eq!(heard, &stream[start..]);
    }

    /// Segments in any order, with repetitions and overlaps, early and late: once all have come, what
    /// holds a token is watched.
    #[test]
    fn disorder_hides_no_token(
        preamble in prop::sample::select(std::vec![0_usize, 2000]),
        before in text(),
        cuts in prop::collection::vec(any::<Index>(), 1..10),
        swaps in prop::collection::vec((any::<Index>(), any::<Index>()), 0..4),
        repeats in prop::collection::vec((any::<Index>(), any::<Index>()), 0..4),
        overlap in 0..8_usize,
    ) {
        let stream = [before.as_slice(), TOKEN].concat();
        let mut parts: Vec<(usize, &[u8])> = Vec::new();
        for segment in segments(&stream, &cuts) {
            let at = parts.last().map_or(0, |(at, part)| at + part.len());
            parts.push((at, segment));
        }
        for (a, b) in swaps {
            let (a, b) = (a.index(parts.len()), b.index(parts.len()));
            parts.swap(a, b);
        }
        for (which, at) in repeats {
            let part = parts[which.index(parts.len())];
            parts.insert(at.index(parts.len()), part);
        }
        let mut world = World::new();
        if preamble > 0 {
            world.say(Client, 10_000 - u32::try_from(preamble).unwrap(), &[b'x'].repeat(preamble));
        }
        for (at, part) in parts {
            let from = at.saturating_sub(overlap);
            world.say(Client, 10_000 + u32::try_from(from).unwrap(), &stream[from..at + part.len()]);
        }
        prop_assert!(!world.watched.entries.is_empty());
    }

    /// Whatever arrives, nothing panics and each packet has its one fate (see `World::packet`).
    #[test]
    fn anything_has_one_fate(
        packets in prop::collection::vec(
            (any::<bool>(), 0..4_u32, any::<u8>(), prop::collection::vec(any::<u8>(), 0..80), any::<Index>()),
            0..60,
        ),
    ) {
        let settings = Settings { scan_burst: 300, watch_burst: 200, budget_burst: 500, ignore_ticks: 5, ..Settings::DEFAULT };
        let mut world = World::with(settings);
        for (up, at, flags, payload, cut) in packets {
            let side = if up { Client } else { Server };
            let mut frame = frame(side, flags, 40 * at, &payload);
            frame.truncate(frame.len().min(30 + cut.index(200)));
            world.time += u64::from(flags) << 18;
            if world.packet(&frame.as_slice()) == Outcome::WatchStarted && flags & 1 == 0 {
                world.dismiss();
            }
        }
    }
}
