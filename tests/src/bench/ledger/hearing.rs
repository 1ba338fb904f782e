use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Result, ensure};
use detector::estimate::Effort;
use detector::judge::{Assessment, Conversation, Protocol};
use detector::signature::Signatures;
use detector::stream::Limits;
use detector_common::flow::{Direction, FlowKey};
use jiff::{SignedDuration, Timestamp};

use crate::catalogue::{self, Entry};
use crate::conversation::Speaker;
use crate::talk::Said;

/// What the judge says of a conversation of the catalogue.
pub(super) struct Heard {
    /// After the first words, if that is less than in the end.
    pub(super) early: Option<Assessment>,
    /// In the end.
    pub(super) whole: Assessment,
    /// What a share is worth.
    pub(super) share: Effort,
}

impl Heard {
    /// The judgement at the first time, or later.
    pub(super) const fn assessment(&mut self, first: bool) -> &mut Assessment {
        match &mut self.early {
            Some(early) if first => early,
            _ => &mut self.whole,
        }
    }
}

/// A conversation as it is heard.
pub(super) struct Talk {
    pub(super) protocol: Protocol,
    pub(super) both: Heard,
    /// Only the miner is in sight.
    pub(super) miner: Option<Heard>,
}

/// All conversations over TCP in which the client mines, or is a node.
pub(super) fn talks() -> Result<Vec<Talk>> {
    let signatures = Arc::new(Signatures::built_in()?);
    let over_tcp = |entry: &Entry| entry.miner == Speaker::Client && !entry.talk.datagrams;
    let talks: Vec<Talk> = catalogue::all()
        .iter()
        .filter(|entry| over_tcp(entry))
        .filter_map(|entry| {
            let said = &entry.talk.said;
            let both = heard(said, &signatures, |_| true)?;
            let miner = heard(said, &signatures, |said| said.speaker == Speaker::Client);
            Some(Talk { protocol: entry.protocol, both, miner })
        })
        .collect();
    ensure!(!talks.is_empty(), "the catalogue is empty");
    Ok(talks)
}

fn heard(said: &[Said], signatures: &Arc<Signatures>, seen: impl Fn(&Said) -> bool) -> Option<Heard> {
    let mut conversation = Conversation::new(Limits::default());
    conversation.set_signatures(signatures);
    let end = |host| SocketAddr::from((Ipv4Addr::new(192, 0, 2, host), 3333));
    let (_, up) = FlowKey::tcp(end(1).into(), end(2).into());
    let mut next = [1_u32; 2];
    let mut early = None;
    let mut time = Timestamp::UNIX_EPOCH;
    for said in said.iter().filter(|said| seen(said)) {
        let direction = if said.speaker == Speaker::Client { up } else { up.reverse() };
        let place = usize::from(direction == Direction::Down);
        let sequence = next.get_mut(place)?;
        conversation.segment(direction, *sequence, &said.bytes, time);
        *sequence = sequence.wrapping_add(u32::try_from(said.bytes.len()).ok()?);
        time += SignedDuration::from_millis(20);
        early = early.or_else(|| conversation.assessment());
    }
    conversation.finish();
    let whole = conversation.assessment()?;
    let early = early.filter(|early| early.stage < whole.stage);
    let all = whole.facts.work.submitted;
    #[expect(clippy::cast_precision_loss, reason = "a handful of shares")]
    let each = |sum: f64| if all.shares > 0 { sum / all.shares as f64 } else { 0.0 };
    let share = Effort {
        shares: all.shares.min(1),
        hashes: each(all.hashes),
        units: each(all.units),
        hashes_squared: each(all.hashes_squared),
        units_squared: each(all.units_squared),
    };
    Some(Heard { early, whole, share })
}
