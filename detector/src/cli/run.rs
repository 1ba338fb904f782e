use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use detector::kernel::{Limits, XdpMode, preflight};
use detector::live;
use detector::output::Outputs;

use super::{Common, target, usage};

#[derive(Args)]
pub(super) struct Options {
    /// Interface to watch; give it once for each. XDP sees what an interface receives: watch the
    /// inner and the outer one of a gateway to hear both sides
    #[arg(long = "iface", required = true, value_name = "IF",
          value_parser = NonEmptyStringValueParser::new())]
    interfaces: Vec<String>,

    /// Where in the receive path the program runs
    #[arg(long, value_enum, default_value_t = XdpMode::Auto)]
    xdp_mode: XdpMode,

    /// Append the records to this file, and open it anew on SIGHUP; `-` is standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    output: PathBuf,

    /// Size of the ring buffer between kernel and agent, a power of two from 64 to 1048576
    #[arg(long, value_name = "KIB", default_value_t = Limits::default().ring / 1024, value_parser = ring)]
    ring: u32,

    /// How often to write the counters as a record, in seconds, from 1 to 86400; they are written at the end in any
    /// case
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u32).range(1..=86_400))]
    stats_interval: u32,

    #[command(flatten)]
    common: Common,
}

/// The kernel wants a power of two of at least a page.
fn ring(text: &str) -> Result<u32, String> {
    match text.parse::<u32>() {
        Ok(size) if size.is_power_of_two() && (64..=1 << 20).contains(&size) => Ok(size),
        _ => Err("must be a power of two from 64 to 1048576".to_owned()),
    }
}

fn repeated(names: &[String]) -> Option<&String> {
    names.iter().enumerate().find_map(|(at, name)| names.iter().take(at).find(|earlier| *earlier == name))
}

pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    if let Some(twice) = repeated(&options.interfaces) {
        return Err(usage(format_args!("interface '{twice}' is given twice")));
    }
    let signatures = options.common.signatures.load()?;
    preflight()?;
    let live_options = live::Options {
        interfaces: options.interfaces.clone(),
        xdp_mode: options.xdp_mode,
        limits: Limits { ring: options.ring * 1024, ..options.common.limits() },
        identities: options.common.identities(),
        pipeline: options.common.pipeline(&signatures),
        stats_interval: Duration::from_secs(options.stats_interval.into()),
        sources: options.common.signatures.sources(),
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
