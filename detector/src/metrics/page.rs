use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::counters::{FAMILIES, Family};
use super::received::Received;
use super::text::Kind::{Counter, Gauge, Summary};
use super::text::Text;
use super::{DataFile, Metrics, Output, Reload, Snapshot, Store};

/// What the agent was built from, if the build was told.
const GIT: Option<&str> = option_env!("FIREDAMP_GIT");

impl Metrics {
    /// The page that Prometheus reads.
    pub(super) fn page(
        &self,
        now: Instant,
        within: Duration,
        received: &BTreeMap<String, Received>,
    ) -> String {
        let mut text = Text::default();
        let ready = self.ready(now, within).is_ok();
        text.metric(
            "firedamp_ready",
            Gauge,
            "1 if an interface is watched and the ring buffer is emptied in time.",
        )
        .add(&[], u8::from(ready));
        let latest = self.latest.load();
        let snapshot = latest.as_deref();
        let build = [
            ("version", env!("CARGO_PKG_VERSION")),
            ("git", GIT.unwrap_or("unknown")),
            ("xdp_mode", snapshot.map_or("none", mode)),
        ];
        text.metric("firedamp_build_info", Gauge, "What is running; always 1.").add(&build, 1);
        if let Some(snapshot) = snapshot {
            write(snapshot, now, received, &mut text);
        }
        text.into_string()
    }
}

/// In which mode the interfaces are watched.
fn mode(snapshot: &Snapshot) -> &'static str {
    let mut hooks = snapshot.interfaces.iter().map(|interface| interface.hook);
    let Some(first) = hooks.next() else { return "none" };
    if hooks.all(|hook| hook == first) { first.name() } else { "mixed" }
}

fn write(snapshot: &Snapshot, now: Instant, received: &BTreeMap<String, Received>, text: &mut Text) {
    let arrived = snapshot.counters.get("packets").copied().unwrap_or_default();
    text.metric(
        "firedamp_xdp_packets_total",
        Counter,
        "Packets that arrived, by what the program said of them.",
    )
    .add(&[("action", "pass")], arrived);
    interfaces(snapshot, received, text);
    for family in FAMILIES {
        counters(family, snapshot, text);
    }
    if let Some(drained) = snapshot.drained {
        let age = now.saturating_duration_since(drained).as_secs_f64();
        text.metric(
            "firedamp_ringbuf_drained_age_seconds",
            Gauge,
            "Time since the ring buffer was last empty.",
        )
        .add(&[], age);
    }
    detections(snapshot, text);
    outputs(&snapshot.outputs, text);
    if let Some(store) = &snapshot.store {
        ledger(store, text);
    }
    data(&snapshot.data, snapshot.data_refused, text);
    text.metric("firedamp_rules_loaded", Gauge, "Signatures in use.").add(&[], snapshot.rules);
    if let Some(reload) = snapshot.reload {
        reloaded(reload, text);
    }
}

fn interfaces(snapshot: &Snapshot, received: &BTreeMap<String, Received>, text: &mut Text) {
    let mut modes = text.metric("firedamp_interface_info", Gauge, "An interface that is watched; always 1.");
    for interface in &snapshot.interfaces {
        let mut labels = vec![("iface", interface.name.as_str()), ("xdp_mode", interface.hook.name())];
        labels.extend(interface.reason.as_deref().map(|reason| ("reason", reason)));
        modes.add(&labels, 1);
    }
    let of = || {
        snapshot
            .interfaces
            .iter()
            .filter_map(|interface| Some((&interface.name, received.get(&interface.name)?)))
    };
    let help = "Packets that the interface received since it was made, as the network stack counts them.";
    let mut packets = text.metric("firedamp_interface_received_packets_total", Counter, help);
    for (name, received) in of() {
        packets.add(&[("iface", name)], received.packets);
    }
    let help = "Bytes that the interface received since it was made, as the network stack counts them.";
    let mut bytes = text.metric("firedamp_interface_received_bytes_total", Counter, help);
    for (name, received) in of() {
        bytes.add(&[("iface", name)], received.bytes);
    }
}

fn counters(family: &Family, snapshot: &Snapshot, text: &mut Text) {
    let mut samples = text.metric(family.name, family.kind, family.help);
    for counter in family.counters {
        let Some(value) = snapshot.counters.get(counter) else { continue };
        match family.label {
            Some(label) => samples.add(&[(label, counter)], value),
            None => samples.add(&[], value),
        };
    }
}

fn detections(snapshot: &Snapshot, text: &mut Text) {
    let help = "Cases that reached a verdict and that no exclusion hides.";
    let mut samples = text.metric("firedamp_detections_total", Counter, help);
    for (detection, count) in &snapshot.detections {
        let labels = detection.labels();
        samples.add(&labels.each_ref().map(|(name, value)| (*name, value.as_str())), count);
    }
    let mut samples =
        text.metric("firedamp_cases_open", Gauge, "Cases of mining that are open, by the miner's network.");
    for (network, count) in &snapshot.open {
        samples.add(&[("net_type", &network.to_string())], count);
    }
}

fn outputs(outputs: &[Output], text: &mut Text) {
    let mut all = |name, kind, help, value: fn(&Output) -> f64| {
        let mut samples = text.metric(name, kind, help);
        for output in outputs {
            samples.add(&[("sink", &output.name)], value(output));
        }
    };
    all("firedamp_sink_written_total", Counter, "Records that an output wrote.", |output| {
        count(output.written)
    });
    let help = "Records that the filter or the format of an output left out.";
    all("firedamp_sink_filtered_total", Counter, help, |output| count(output.filtered));
    let help = "Records that an output left out after a restart, because its file had them.";
    all("firedamp_sink_repeated_total", Counter, help, |output| count(output.repeated));
    all("firedamp_sink_dropped_total", Counter, "Records that an output lost.", |output| count(output.lost));
    let help = "Messages that an output cut to fit a datagram.";
    all("firedamp_sink_cut_total", Counter, help, |output| count(output.cut));
    let help = "How often the receiver of an output ceased to be writable.";
    all("firedamp_sink_outages_total", Counter, help, |output| count(output.outages));
    let help = "How often the receiver of an output was tried again in vain.";
    all("firedamp_sink_retries_total", Counter, help, |output| count(output.retries));
    let help = "1 if the receiver of an output is there, as far as is known.";
    all("firedamp_sink_connected", Gauge, help, |output| f64::from(u8::from(output.connected)));
    all("firedamp_sink_queue_records", Gauge, "Records that wait for an output.", |output| {
        count(output.waiting)
    });
    let help = "Bytes in memory of the records that wait for an output.";
    all("firedamp_sink_queue_bytes", Gauge, help, |output| count(output.waiting_bytes));
    all("firedamp_sink_lag_seconds", Gauge, "Age of the oldest record that waits for an output.", |output| {
        output.lag.as_secs_f64()
    });
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus keeps all numbers as 64-bit floats")]
const fn count(number: u64) -> f64 {
    number as f64
}

fn ledger(store: &Store, text: &mut Text) {
    text.metric("firedamp_store_write_seconds", Summary, "How long transactions of the ledger took.")
        .add_part("_sum", &[], store.writing.as_secs_f64())
        .add_part("_count", &[], store.writes);
    text.metric(
        "firedamp_store_size_bytes",
        Gauge,
        "Bytes of the ledger that hold something, without free pages and the log.",
    )
    .add(&[], store.bytes);
}

fn data(files: &[DataFile], refused: bool, text: &mut Text) {
    let help = "1 if the files of addresses and names are in order, 0 if they could not be read anew.";
    text.metric("firedamp_enrich_reload_success", Gauge, help).add(&[], u8::from(!refused));
    let help = "Age of what a file of addresses or names holds.";
    let mut samples = text.metric("firedamp_enrich_db_age_seconds", Gauge, help);
    for file in files {
        samples.add(&[("db", file.kind), ("file", &file.name)], file.age.as_secs_f64());
    }
    let help = "Rows of a file of addresses or names; of a database, nodes of its search tree.";
    let mut samples = text.metric("firedamp_enrich_db_entries", Gauge, help);
    for file in files {
        samples.add(&[("db", file.kind), ("file", &file.name)], file.entries);
    }
    let help = "Records of a database that were looked up and could not be read.";
    let mut samples = text.metric("firedamp_enrich_db_failures_total", Counter, help);
    for file in files {
        samples.add(&[("db", file.kind), ("file", &file.name)], file.failures);
    }
}

fn reloaded(reload: Reload, text: &mut Text) {
    text.metric(
        "firedamp_config_reload_success",
        Gauge,
        "1 if the configuration was in order when it was last read.",
    )
    .add(&[], u8::from(reload.success));
    let help = "When the configuration was last read.";
    text.metric("firedamp_config_last_reload_timestamp_seconds", Gauge, help)
        .add(&[], reload.time.as_second());
}
