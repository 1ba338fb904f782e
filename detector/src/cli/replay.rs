use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use detector::config::{Loaded, Overrides, Settled};
use detector::dispatch::{Dispatch, Rules};
use detector::kernel::preflight;
use detector::losses::{lost, unread};
use detector::output::Outputs;
use detector::replay;
use detector::replay::engine::{Engine, HostEngine, KernelEngine};
use detector::store::Store;

use super::ledger::format::counted;
use super::{Common, target, warn};

#[derive(Args)]
pub(super) struct Options {
    /// Captures: pcap or pcapng, plain or compressed with gzip; `-` reads standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Where the recogniser runs
    #[arg(long, value_enum, default_value_t = EngineKind::Host)]
    engine: EngineKind,

    /// Append the records to this file; `-` is standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    output: PathBuf,

    /// Keep cases in this database, which is made if it is not there. Those of the configuration's ledger and its outputs
    /// are left alone by a replay
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,

    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, ValueEnum)]
enum EngineKind {
    /// In this process; needs no privileges
    Host,
    /// In the kernel: the program that runs on live interfaces, packet by packet
    Kernel,
}

impl Options {
    pub(super) fn config(&self) -> Option<&Path> {
        self.common.config.as_deref()
    }

    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            ledger: self.ledger.clone(),
            no_ledger: true,
            output: Some(target(&self.output)),
            ..self.common.overrides()
        }
    }
}

pub(super) fn replay(options: Options, settled: Settled) -> anyhow::Result<ExitCode> {
    let start = Instant::now();
    let loaded = settled.load()?;
    warn(&loaded);
    let Loaded { config, signatures, exclusions, enricher, identities, .. } = loaded;
    let limits = config.capture.limits();
    let mut engine: Box<dyn Engine + '_> = match options.engine {
        EngineKind::Host => Box::new(HostEngine::new(signatures.automaton(), &limits)),
        EngineKind::Kernel => {
            preflight().context("--engine kernel")?;
            Box::new(KernelEngine::load(signatures.automaton(), &limits)?)
        }
    };
    let store = config.ledger.store(identities).map(Store::open).transpose()?;
    // Where the agent's outputs are in this ledger stays as it is.
    let outputs = Outputs::start(config.outputs(), None, &HashMap::new())?;
    let (language, limits) = (config.advice.language, config.ledger.limits());
    let rules = Rules::new(&config.enrich, enricher, exclusions, identities, language, limits);
    let dispatch = Dispatch::replay(rules, store, outputs).context("cannot start a thread")?;
    let replay_options =
        replay::Options { files: options.files, pipeline: config.pipeline(&signatures, identities) };
    let summary = replay::run(engine.as_mut(), &replay_options, &dispatch)?;
    let (desk, counts) = dispatch.finish(None);
    anyhow::ensure!(desk.unkept == 0, "{} did not reach the ledger", counted(desk.unkept, "record"));
    if summary.closed || counts.closed {
        return Ok(ExitCode::SUCCESS);
    }
    for (name, value) in summary.counters.iter().filter(|(_, value)| **value > 0) {
        tracing::debug!("{name} {value}");
    }
    for missed in [lost(&summary.counters), unread(&summary.counters)].into_iter().flatten() {
        tracing::warn!("missed in all: {missed}");
    }
    tracing::info!(
        "{} of {} captures read to the end; {} frames, {} records in {:.1} s",
        summary.complete,
        summary.complete + summary.incomplete,
        summary.frames,
        counts.written,
        start.elapsed().as_secs_f64(),
    );
    let lost = counts.lost + counts.shed + desk.unwritable;
    anyhow::ensure!(
        lost == 0,
        "{} could not be written to {}",
        counted(lost, "record"),
        target(&options.output)
    );
    Ok(if summary.incomplete == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
