use detector::pipeline::Pipeline;
use detector_common::event::{EVENT_FIXED, Event};
use jiff::Timestamp;

use super::input::Input;
use super::pipeline::{check, finish, settings};
use super::talk::SMALL;

/// Items of the ring buffer, each with its length before it: what can be decoded holds what was there, and the agent
/// takes it, whatever the header says.
///
/// # Panics
/// It is not so.
pub fn event(data: &[u8]) {
    let mut input = Input(data);
    let mut pipeline = Pipeline::new(settings(SMALL));
    let mut last = Timestamp::UNIX_EPOCH;
    while !input.is_empty() {
        let item = input.bytes();
        let Ok(event) = Event::decode(item) else { continue };
        let payload = item.get(EVENT_FIXED..).unwrap_or_default();
        assert!(payload.starts_with(event.payload));
        assert_eq!(event.payload.len(), usize::from(event.header.length()));
        assert_ne!(event.header.accept(), Some(0));
        let time = Timestamp::from_nanosecond(event.header.time().into()).unwrap_or(last);
        last = last.max(time);
        let reaction = pipeline.event(&event, time, Some("lan0"));
        check(&pipeline, &reaction);
        let reaction = pipeline.advance(last);
        check(&pipeline, &reaction);
    }
    finish(pipeline, last);
}
