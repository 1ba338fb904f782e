use std::fmt;
use std::fs::File;
use std::path::Path;
use std::process::{self, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use jiff::civil::Date;
use rusqlite::Connection;

use super::Options;

/// What `firedamp miners` is asked for; `{day}` is the day that was simulated. A window that ends with it has seven days of
/// which there is something.
const FILTERS: [&str; 19] = [
    "",
    "--prefix 10.3.0.0/16",
    "--prefix 10.3.7.0/24 --prefix 2001:db8::/40",
    "--network-type education",
    "--region Shandong",
    "--coin XMR",
    "--protocol stratum-v1",
    "--verdict confirmed",
    "--verdict probable --life open",
    "--state new",
    "--state notified --state blocked",
    "--since 18h",
    "--pool 198.18.0.7",
    "--sort -power",
    "--sort -connections-per-day --until {day}",
    "--sort -hours --until {day}",
    "--sort region",
    "--region Sichuan --network-type home-broadband --verdict confirmed --sort -hash-rate",
    "--coin BTC --since 2d --sort first-seen",
];

/// The same, for lists without end.
const EXPORTS: [&str; 2] = ["", "--region Shandong"];

/// One command and how long it took.
#[derive(Clone, Debug)]
pub struct Command {
    /// Behind `firedamp`, without the ledger.
    pub line: String,
    /// Bytes that it wrote to standard output.
    pub bytes: u64,
    /// How long it took each time.
    pub times: Vec<Duration>,
}

impl Command {
    /// The longest time.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.times.iter().max().copied().unwrap_or_default()
    }

    fn median(&self) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [median, longest] = [self.median(), self.longest()].map(|time| time.as_secs_f64() * 1e3);
        write!(f, "{median:>8.0} {longest:>8.0} {:>12}  {}", self.bytes, self.line)
    }
}

/// How long the commands took.
#[derive(Clone, Debug)]
pub struct Readings {
    /// `report` as HTML and as text.
    pub reports: Vec<Command>,
    /// `miners` with filters, each as a table and as JSON.
    pub filters: Vec<Command>,
    /// `miners` as JSON without end.
    pub exports: Vec<Command>,
}

pub(super) fn read(options: &Options, folder: &Path, ledger: &Path, day: Date) -> Result<Readings> {
    mark(ledger)?;
    let run = |line: String| Run { options, folder, ledger }.command(line);
    let report = format!("report --day {day} --timezone UTC");
    let html = folder.join("report.html");
    let reports = [format!("{report} --html {}", html.display()), report];
    let miners = |filter: &&str| {
        let filter = filter.replace("{day}", &day.to_string());
        format!("miners {filter}").trim_end().to_owned()
    };
    let both = FILTERS.iter().flat_map(|filter| {
        let table = miners(filter);
        [format!("{table} --json --limit 50"), table]
    });
    let readings = Readings {
        reports: reports.into_iter().map(run).collect::<Result<_>>()?,
        filters: both.map(run).collect::<Result<_>>()?,
        exports: EXPORTS
            .iter()
            .map(|filter| run(format!("{} --json", miners(filter))))
            .collect::<Result<_>>()?,
    };
    ensure!(html.metadata()?.len() > 10_000, "the report is empty");
    Ok(readings)
}

/// The operator looked after some of the cases.
fn mark(ledger: &Path) -> Result<()> {
    let connection = Connection::open(ledger)?;
    connection.execute(
        "INSERT INTO remarks (\"case\", at, author, state) \
         SELECT id, last_seen, 'noc', iif(abs(id % 2) = 0, 'notified', 'blocked') FROM cases WHERE abs(id % 33) = 0",
        (),
    )?;
    Ok(())
}

struct Run<'a> {
    options: &'a Options,
    folder: &'a Path,
    ledger: &'a Path,
}

impl Run<'_> {
    /// Runs a command as often as that is wanted, and once before that.
    fn command(&self, line: String) -> Result<Command> {
        let path = self.folder.join("output");
        let run = || -> Result<Duration> {
            let mut command = process::Command::new(&self.options.firedamp);
            command.args(line.split_whitespace()).arg("--ledger").arg(self.ledger);
            command.env("COLUMNS", "200").env("TZ", "UTC").stdin(Stdio::null()).stdout(File::create(&path)?);
            command.stderr(Stdio::piped());
            let start = Instant::now();
            let output = command
                .output()
                .with_context(|| format!("cannot start {}", self.options.firedamp.display()))?;
            let time = start.elapsed();
            let said = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "firedamp {line}: {}: {said}", output.status);
            Ok(time)
        };
        run()?;
        let times = (0..self.options.runs).map(|_| run()).collect::<Result<_>>()?;
        let bytes = path.metadata()?.len();
        Ok(Command { line, bytes, times })
    }
}
