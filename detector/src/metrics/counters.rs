use super::text::Kind::{self, Counter, Gauge};

/// A metric that shows counters of the agent as they are.
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) help: &'static str,
    /// The label that tells its counters apart by their names; a metric without one shows a single counter.
    pub(super) label: Option<&'static str>,
    pub(super) counters: &'static [&'static str],
}

const fn one(
    name: &'static str,
    kind: Kind,
    counter: &'static [&'static str; 1],
    help: &'static str,
) -> Family {
    Family { name, kind, help, label: None, counters: counter }
}

const fn by(
    name: &'static str,
    label: &'static str,
    counters: &'static [&'static str],
    help: &'static str,
) -> Family {
    Family { name, kind: Counter, help, label: Some(label), counters }
}

/// Every counter has its place in exactly one metric.
pub(super) const FAMILIES: &[Family] = &[
    by(
        "firedamp_packets_total",
        "fate",
        &[
            "blocked",
            "not_ip",
            "not_tcp",
            "udp",
            "datagrams",
            "fragments",
            "no_payload",
            "tls",
            "scanned",
            "spent",
            "ignored",
            "watched",
            "flows_refused",
        ],
        "Packets by what became of them. Together with firedamp_parse_errors_total they are all that arrived.",
    ),
    by(
        "firedamp_parse_errors_total",
        "reason",
        &["truncated", "malformed", "tunnels_malformed", "too_deep", "extension_headers"],
        "Packets whose headers could not be read.",
    ),
    one(
        "firedamp_ringbuf_dropped_total",
        Counter,
        &["ring_full"],
        "Segments for which the ring buffer had no room.",
    ),
    by(
        "firedamp_lost_total",
        "reason",
        &[
            "watch_refused",
            "budget_spent",
            "unreadable",
            "fragments_spent",
            "fragments_evicted",
            "conversations_evicted",
            "buffers_evicted",
            "events_undecodable",
            "feedback_refused",
            "records_lost",
            "records_shed",
            "records_unsent",
            "ledger_lost",
        ],
        "Evidence or records that were lost, each in its own unit.",
    ),
    by(
        "firedamp_unread_total",
        "reason",
        &["watch_spent", "fragments_conflicting", "overlong_lines", "messages_unread", "stream_gaps"],
        "What was not read although it may be mining, but of which ordinary traffic leads to some, too.",
    ),
    by(
        "firedamp_block_packets_total",
        "result",
        &["would_block", "block_allowed", "block_shed"],
        "Packets of what is blocked that passed all the same.",
    ),
    one(
        "firedamp_block_suspended",
        Gauge,
        &["block_suspended"],
        "Whether less is blocked than the configuration wants, after a panic or an alarm.",
    ),
    one(
        "firedamp_block_alarms_total",
        Counter,
        &["block_alarms"],
        "Times that too much would have been dropped, or that there was no room for a block.",
    ),
    by(
        "firedamp_nftables_packets_total",
        "result",
        &["nft_dropped", "nft_would_drop"],
        "Packets of what is blocked that the rules in the table of nftables met.",
    ),
    one(
        "firedamp_nftables_failures_total",
        Counter,
        &["nft_failures"],
        "Times that the table of nftables could not be changed or read.",
    ),
    by(
        "firedamp_flows_total",
        "table",
        &["flows", "flows_lasting"],
        "Connections that came into a table of the kernel.",
    ),
    one(
        "firedamp_flow_table_evictions_total",
        Counter,
        &["flows_evicted"],
        "Connections, at least, that new ones pushed out of the full tables.",
    ),
    one("firedamp_flows_active", Gauge, &["conversations"], "Conversations that the agent follows."),
    by(
        "firedamp_disordered_segments_total",
        "kind",
        &["retransmitted", "gaps"],
        "Scanned segments that lie behind what was read, or after a hole.",
    ),
    by("firedamp_watches_total", "cause", &["matches", "doubtful"], "Connections that were put under watch."),
    one(
        "firedamp_fragments_copied_total",
        Counter,
        &["fragments_copied"],
        "Fragments of TCP copied to the agent.",
    ),
    by(
        "firedamp_fragments_dropped_total",
        "reason",
        &["fragments_expired", "fragments_malformed"],
        "Fragmented packets that were never whole, or contradict themselves.",
    ),
    one(
        "firedamp_segments_stray_total",
        Counter,
        &["segments_stray"],
        "Segments that belong to no connection between their ends.",
    ),
    one("firedamp_interfaces_watched", Gauge, &["interfaces"], "Interfaces that are watched."),
    one("firedamp_interfaces_lost_total", Counter, &["interfaces_lost"], "Interfaces that went away."),
    one("firedamp_cases_mining", Gauge, &["cases"], "Cases of mining in memory."),
    one("firedamp_cases_nodes", Gauge, &["nodes"], "Cases of blockchain nodes in memory."),
    one("firedamp_cases_evicted_total", Counter, &["cases_evicted"], "Cases closed to make room."),
    one("firedamp_records_written_total", Counter, &["records_written"], "Records written."),
    one(
        "firedamp_records_hidden_total",
        Counter,
        &["records_hidden"],
        "Records that an exclusion kept from the outputs.",
    ),
    one(
        "firedamp_store_write_failures_total",
        Counter,
        &["ledger_errors"],
        "Transactions of the ledger that failed.",
    ),
    one(
        "firedamp_store_crowded_total",
        Counter,
        &["ledger_crowded"],
        "Cases removed from the ledger before their time, for want of room.",
    ),
];
