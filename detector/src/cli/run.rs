use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use detector::config::{LONGEST_STATS_INTERVAL, Overrides, Settled, repeated, ring_size};
use detector::kernel::{XdpMode, preflight};
use detector::live;
use detector::output::Outputs;

use super::{Common, pipeline, target, usage, warn};

#[derive(Args)]
pub(super) struct Options {
    /// Interface to watch; give it once for each. XDP sees what an interface receives: watch the
    /// inner and the outer one of a gateway to hear both sides. Needed if no configuration names one
    #[arg(long = "iface", required_unless_present = "config", value_name = "IF",
          value_parser = NonEmptyStringValueParser::new())]
    interfaces: Vec<String>,

    /// Where in the receive path the program runs [default: auto]
    #[arg(long, value_enum)]
    xdp_mode: Option<XdpMode>,

    /// Append the records to this file, and open it anew on SIGHUP; `-` is standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    output: PathBuf,

    /// Size of the ring buffer between kernel and agent, a power of two from 64 to 1048576 [default: 16384]
    #[arg(long, value_name = "KIB", value_parser = ring)]
    ring: Option<u32>,

    /// How often to write the counters as a record, in seconds, from 1 to 86400; they are written at the end in any
    /// case [default: 60]
    #[arg(long, value_name = "SECONDS",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(LONGEST_STATS_INTERVAL)))]
    stats_interval: Option<u32>,

    /// Keep cases in this database, which is made if it is not there; without one they are gone when the agent ends
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,

    #[command(flatten)]
    common: Common,
}

fn ring(text: &str) -> Result<u32, &'static str> {
    ring_size(text.parse().unwrap_or_default())
}

impl Options {
    pub(super) fn config(&self) -> Option<&Path> {
        self.common.config.as_deref()
    }

    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            interfaces: self.interfaces.clone(),
            xdp_mode: self.xdp_mode,
            ring_kib: self.ring,
            stats_interval: self.stats_interval,
            ledger: self.ledger.clone(),
            ..self.common.overrides()
        }
    }
}

pub(super) fn run(options: &Options, settled: Settled) -> anyhow::Result<ExitCode> {
    if let Some((_, twice)) = repeated(&options.interfaces) {
        return Err(usage(format_args!("interface '{twice}' is given twice")));
    }
    if settled.config.capture.interfaces.is_empty() {
        return Err(usage(
            "no interface is named; use --iface, or interfaces in [capture] of the configuration",
        ));
    }
    let loaded = settled.load()?;
    warn(&loaded);
    let (capture, signatures) = (&loaded.config.capture, Arc::clone(&loaded.signatures));
    preflight()?;
    let live_options = live::Options {
        interfaces: capture.interfaces.clone(),
        xdp_mode: capture.xdp_mode,
        limits: capture.limits(),
        identities: loaded.identities,
        pipeline: pipeline(&loaded.config, &signatures),
        stats_interval: Duration::from_secs(capture.stats_interval.into()),
        sources: loaded.config.signatures.sources(),
    };
    let target = target(&options.output);
    let outputs = Outputs::start(vec![target.clone().into()], None, &HashMap::new())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(live::run(&live_options, signatures, &outputs));
    let patience =
        ended.as_ref().map_or(Duration::ZERO, |deadline| deadline.saturating_duration_since(Instant::now()));
    let counts = outputs.finish(Some(patience));
    ended?;
    if counts.closed {
        return Ok(ExitCode::SUCCESS);
    }
    let lost = counts.lost + counts.shed;
    anyhow::ensure!(lost == 0, "{lost} records could not be written to {target}");
    Ok(ExitCode::SUCCESS)
}
