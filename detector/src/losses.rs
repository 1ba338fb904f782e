//! What is missed on the way from a packet to its record, by the names of the counters.

use std::collections::BTreeMap;

use crate::pipeline::Pipeline;

/// Counters that mean that something was missed, and what to do about it.
pub const LOSSES: [(&str, &str); 17] = [
    (
        "block_shed",
        "packets of what is blocked passed, because too many would have been dropped: see `firedamp block list`",
    ),
    ("nft_failures", "times the table of nftables could not be changed or read: see `firedamp block list`"),
    ("watch_refused", "connections could not be watched: raise --watched"),
    ("ring_full", "segments did not fit into the ring buffer: raise --ring"),
    ("budget_spent", "segments of watched connections exceeded the budget of a CPU"),
    ("unreadable", "segments could not be copied: turn off GRO and LRO of the interface"),
    (
        "fragments_spent",
        "fragments exceeded the budget of a CPU, or of two hosts: somebody floods with fragments",
    ),
    ("fragments_evicted", "fragmented packets made room for others: somebody floods with fragments"),
    ("flows_refused", "connections could not be remembered: raise --flows"),
    ("conversations_evicted", "conversations made room for others: raise --watched"),
    ("buffers_evicted", "conversations held too much that was not complete: see stream_gaps"),
    ("events_undecodable", "events were not understood: please report this"),
    ("feedback_refused", "times the kernel did not change the watch of a connection: please report this"),
    (
        "records_lost",
        "records could not be written, or were refused: the messages of their output name the disk or the receiver",
    ),
    ("records_shed", "records did not fit into the queue before the outputs: look at the disk"),
    (
        "records_unsent",
        "records were given up for an output that takes none: look at the outputs, or raise outbox-mib",
    ),
    ("ledger_lost", "records did not reach the ledger: look at its disk"),
];

/// Counters of what was not read although it may be mining, but of which ordinary traffic leads to some, too.
pub const UNREAD: [&str; 7] = [
    "truncated",
    "extension_headers",
    "watch_spent",
    "fragments_conflicting",
    "overlong_lines",
    "messages_unread",
    "stream_gaps",
];

/// What was lost on that way, by reason; `None` if nothing was.
#[must_use]
pub fn lost(counters: &BTreeMap<&'static str, u64>) -> Option<String> {
    told(LOSSES.iter().map(|(name, _)| *name), counters)
}

/// What was not read, by reason; `None` if everything was.
#[must_use]
pub fn unread(counters: &BTreeMap<&'static str, u64>) -> Option<String> {
    told(UNREAD.into_iter(), counters)
}

fn told(names: impl Iterator<Item = &'static str>, counters: &BTreeMap<&'static str, u64>) -> Option<String> {
    let reasons = names.filter_map(|name| {
        let count = counters.get(name).copied().filter(|count| *count > 0)?;
        Some(format!("{name} {count}"))
    });
    Some(reasons.collect::<Vec<_>>().join(", ")).filter(|reasons| !reasons.is_empty())
}

/// What the pipeline could not take in so far, by the names of the counters.
pub(crate) fn of(pipeline: &Pipeline) -> [(&'static str, u64); 11] {
    let losses = pipeline.losses();
    [
        ("conversations_evicted", losses.conversations),
        ("buffers_evicted", losses.buffers),
        ("stream_gaps", losses.gaps),
        ("overlong_lines", losses.overlong_lines),
        ("messages_unread", losses.messages),
        ("segments_stray", losses.strays),
        ("fragments_expired", losses.fragments.expired),
        ("fragments_evicted", losses.fragments.evicted),
        ("fragments_conflicting", losses.fragments.conflicting),
        ("fragments_malformed", losses.fragments.malformed),
        ("cases_evicted", pipeline.cases_evicted()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_missed_is_told_by_reason() {
        assert_eq!(lost(&BTreeMap::from([("packets", 7), ("ring_full", 0)])), None);
        let counters = BTreeMap::from([
            ("ring_full", 2),
            ("packets", 7),
            ("fragments_spent", 1),
            ("messages_unread", 3),
        ]);
        assert_eq!(lost(&counters).as_deref(), Some("ring_full 2, fragments_spent 1"));
        assert_eq!(unread(&counters).as_deref(), Some("messages_unread 3"));
    }
}
