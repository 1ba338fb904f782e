use detector::kernel::Limits;
use detector::pipeline::{Feedback, Pipeline};
use detector::replay::engine::{Engine as _, HostEngine};
use detector_common::counters::Counter;
use jiff::Timestamp;

use super::input::{Input, with_length};
use super::pipeline::{check, finish, settings};
use super::talk::{SMALL, signatures};

/// So few that a few packets use them up.
const LIMITS: Limits = Limits { flows: 8, watched: 2, ring: 4096, blocks: 0 };

/// Frames, each with its distance in time and its length before it: every packet has exactly one fate, the agent gets no
/// byte that was not in the packet, and it takes all that it gets.
///
/// # Panics
/// It is not so.
pub fn recogniser(data: &[u8]) {
    let mut input = Input(data);
    let mut engine = HostEngine::new(signatures().automaton(), &LIMITS);
    let mut pipeline = Pipeline::new(settings(SMALL));
    let (mut clock, mut packets) = (1_u64, 0);
    while !input.is_empty() {
        clock += u64::from(input.byte()).pow(4) * 1000;
        let frame = input.bytes();
        let time = Timestamp::from_nanosecond(clock.into()).unwrap_or_default();
        let mut feedback: Vec<Feedback> = Vec::new();
        let taken = engine.frame(frame, clock, &mut |event| {
            let length = event.payload.len().max(1);
            let held = event.payload.is_empty() || frame.windows(length).any(|part| part == event.payload);
            assert!(held, "an event with other bytes than its packet");
            let reaction = pipeline.event(event, time, None);
            check(&pipeline, &reaction);
            feedback.extend(reaction.feedback);
        });
        assert!(taken.is_ok());
        let reaction = pipeline.advance(time);
        check(&pipeline, &reaction);
        for feedback in feedback.into_iter().chain(reaction.feedback) {
            assert!(engine.feedback(feedback).is_ok());
        }
        packets += 1;
        let counters = engine.counters().expect("the counters of this process can be read");
        let fates: u64 = Counter::FATES.iter().map(|fate| counters.get(*fate)).sum();
        assert_eq!((fates, counters.get(Counter::Packets)), (packets, packets), "fates, packets counted");
    }
    finish(pipeline, Timestamp::from_nanosecond(clock.into()).unwrap_or_default());
}

/// A frame as [`recogniser`] reads it.
pub(super) fn encode(frame: &[u8]) -> Vec<u8> {
    [&[20], with_length(frame).as_slice()].concat()
}
