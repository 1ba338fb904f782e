use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use clap::builder::{NonEmptyStringValueParser, TypedValueParser as _};
use detector::config::{LONGEST_STATS_INTERVAL, Loaded, Overrides, Settled, repeated, ring_size};
use detector::dispatch::{Dispatch, Rules};
use detector::kernel::{WhenOccupied, XdpMode, preflight};
use detector::ledger::Record;
use detector::live;
use detector::metrics::{Metrics, Server};
use detector::output::{self, Archive, Outputs};
use detector::store::{self, Store, StoreError};

use super::ledger::format::counted;
use super::{Common, target, usage, wanted, warn};

#[derive(Args)]
pub(super) struct Options {
    /// Interface to watch, or a pattern as of the shell ('ppp*', 'eth[0-3]'), of which those that appear later are
    /// watched, too; give it once for each. XDP sees what an interface receives: watch the
    /// inner and the outer one of a gateway to hear both sides. Needed if no configuration names one
    #[arg(long = "iface", value_name = "IF",
          value_parser = NonEmptyStringValueParser::new().try_map(wanted))]
    interfaces: Vec<String>,

    /// Let the tables of connections and the links to the interfaces outlive the agent in this directory of bpffs, as
    /// /sys/fs/bpf/firedamp, so that a restart loses nothing; `firedamp cleanup` removes them
    #[arg(long, value_name = "DIRECTORY")]
    pin: Option<PathBuf>,

    /// Where in the receive path the program runs [default: auto]
    #[arg(long, value_enum)]
    xdp_mode: Option<XdpMode>,

    /// What to do where the XDP hook of an interface is taken, or an interface can do no XDP: refuse it, or watch it with
    /// tcx ingress (Linux 6.6) [default: refuse]
    #[arg(long, value_enum)]
    when_occupied: Option<WhenOccupied>,

    /// Append the records to this file, and open it anew on SIGHUP; `-` is standard output. It takes the place of the
    /// outputs of the configuration [default: what the configuration says, or `-`]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

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
            pin: self.pin.clone(),
            xdp_mode: self.xdp_mode,
            when_occupied: self.when_occupied,
            ring_kib: self.ring,
            stats_interval: self.stats_interval,
            ledger: self.ledger.clone(),
            output: self.output.as_deref().map(target),
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
    preflight()?;
    let Loaded { config, signatures, exclusions, enricher, identities, .. } = loaded;
    let outputs = config.outputs();
    let kept = Kept::open(config.ledger.store(identities), config.ledger.cases as usize, &outputs)?;
    let outputs = Outputs::start(outputs, kept.archive(), &kept.cursors)?;
    enricher.ages().iter().for_each(|age| tracing::info!("{age}"));
    let (language, limits) = (config.advice.language, config.ledger.limits());
    let rules = Rules::new(&config.enrich, enricher, exclusions, identities, language, limits);
    let rules = rules.blocking(config.block.clone());
    let open = rules.open(&kept.cases);
    let metrics = Arc::new(Metrics::default());
    let server = Server::start(&config.metrics, Arc::clone(&metrics))?;
    if let Some(server) = &server {
        tracing::info!("metrics at http://{}/metrics", server.address());
    }
    let origin = live::Origin { file: options.common.config.clone(), overrides: options.overrides() };
    let start = live::Start { config, signatures, identities, cases: kept.cases };
    let dispatch = Dispatch::live(rules, kept.store, outputs).context("cannot start a thread")?;
    dispatch.resume(open);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(live::run(&origin, start, &dispatch, &metrics));
    let patience =
        ended.as_ref().map_or(Duration::ZERO, |deadline| deadline.saturating_duration_since(Instant::now()));
    // Files that are still being read anew may take as long as their disk does.
    runtime.shutdown_background();
    let (desk, counts) = dispatch.finish(Some(patience));
    ended?;
    anyhow::ensure!(desk.unkept == 0, "{} did not reach the ledger", counted(desk.unkept, "record"));
    if counts.closed {
        return Ok(ExitCode::SUCCESS);
    }
    let lost = counts.lost + counts.shed + desk.shed + desk.unwritable;
    anyhow::ensure!(lost == 0, "{} could not be written", counted(lost, "record"));
    Ok(ExitCode::SUCCESS)
}

/// What the ledger on disk holds for the agent to go on with.
#[derive(Default)]
struct Kept {
    store: Option<Store>,
    cases: Vec<Record>,
    cursors: HashMap<String, u64>,
}

impl Kept {
    fn open(
        settings: Option<store::Settings>,
        most: usize,
        outputs: &[output::Config],
    ) -> Result<Self, StoreError> {
        let Some(settings) = settings else { return Ok(Self::default()) };
        let mut store = Store::open(settings)?;
        let cases = store.restore(most)?;
        let cursors = store.begin(outputs.iter().map(|output| output.name.as_str()))?;
        tracing::info!("the ledger {} has {} cases that go on", store.path().display(), cases.len());
        Ok(Self { store: Some(store), cases, cursors })
    }

    fn archive(&self) -> Option<Arc<dyn Archive>> {
        self.store.as_ref().map(Store::archive)
    }
}
