use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use detector::advice::Language;
use detector::dispatch::{Dispatch, Rules};
use detector::enrich::Enricher;
use detector::exclude::{Exclusions, Rule};
use detector::ledger::Reason;
use detector::output::{Identities, Outputs, Target};
use detector::store::{Limits, Settings, Store};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use nix::unistd::Pid;
use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use super::day::{Day, Seen};
use super::{Options, files};

/// How long a record may wait for room.
const PATIENCE: Duration = Duration::from_mins(10);

/// Between two looks at the size of the files, in updates.
const LOOK: u64 = 50_000;

/// What it took to fill the ledger.
#[derive(Clone, Debug)]
pub struct Ingested {
    /// The simulated day, of UTC.
    pub day: Date,
    /// Records and updates, each of which brought the row of its case up to date.
    pub updates: u64,
    /// Those of them that were written to the output, too.
    pub records: u64,
    /// Cases that there are then.
    pub cases: u64,
    /// From the first to the moment at which the last was committed.
    pub time: Duration,
    /// Of the threads that write the ledger and the output, on their processor.
    pub cpu: Duration,
    /// Of the transactions.
    pub store: Duration,
    /// How many transactions there were.
    pub batches: u64,
    /// Bytes of the file and its log at the end.
    pub bytes: u64,
    /// The most that was seen of them before.
    pub most_bytes: u64,
    /// Whether the writing threads had a processor of their own.
    pub apart: bool,
}

impl Ingested {
    /// Updates a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "there are not 2^53 updates")]
        let updates = self.updates as f64;
        updates / self.time.as_secs_f64().max(1e-9)
    }
}

impl fmt::Display for Ingested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
        writeln!(f, "{:>12}  updates, {} of them written to the output as well", self.updates, self.records)?;
        writeln!(f, "{:>12}  cases", self.cases)?;
        writeln!(f, "{:>12}  until the last was committed", seconds(self.time))?;
        writeln!(f, "{:>12.0}  updates a second", self.rate())?;
        let apart =
            if self.apart { "which had one processor" } else { "which had to share the only processor" };
        writeln!(f, "{:>12}  of CPU in the threads that write, {apart}", seconds(self.cpu))?;
        writeln!(f, "{:>12}  in {} transactions", seconds(self.store), self.batches)?;
        writeln!(f, "{:>12}  bytes of database", self.bytes)?;
        write!(f, "{:>12}  bytes of database and log, at most", self.most_bytes)
    }
}

pub(super) fn ingest(options: &Options, folder: &Path, path: &Path, say: impl Fn(&str)) -> Result<Ingested> {
    let date = Timestamp::now().to_zoned(TimeZone::UTC).date().checked_sub(1.day())?;
    let begin = date.to_zoned(TimeZone::UTC)?.timestamp();
    let day = Day::new(options.miners, options.updates, begin)?;
    let apart = Apart::new()?;
    let dispatch = start(folder, path)?;
    apart.leave()?;
    let (start, cpu) = (Instant::now(), elsewhere()?);
    let (mut updates, mut records, mut most_bytes) = (0_u64, 0_u64, 0);
    let seen = day.pass(|record| {
        updates += 1;
        records += u64::from(record.reason != Reason::Update);
        if updates.is_multiple_of(LOOK) {
            most_bytes = most_bytes.max(bytes(path));
            if updates.is_multiple_of(20 * LOOK) {
                let rate = updates.checked_div(start.elapsed().as_secs()).unwrap_or_default();
                say(&format!("{updates} updates handed over, {rate} a second"));
            }
        }
        dispatch.offer_until(record, Instant::now() + PATIENCE).map(drop).context("the output was closed")
    })?;
    let (counts, outputs) = dispatch.finish(None);
    let time = start.elapsed();
    let cpu = elsewhere()?.saturating_sub(cpu);
    let written = (counts.store_entries, counts.unkept, counts.shed, counts.store_errors);
    if written != (updates, 0, 0, 0) {
        bail!("of {updates} updates not all were written once (written, lost, shed, errors): {written:?}");
    }
    ensure!(outputs.written + counts.hidden == records, "the output has not all records: {outputs:?}");
    compare(path, seen, records)?;
    let bytes = bytes(path);
    Ok(Ingested {
        day: date,
        updates,
        records,
        cases: seen.cases,
        time,
        cpu,
        store: counts.store_time,
        batches: counts.store_batches,
        bytes,
        most_bytes: most_bytes.max(bytes),
        apart: apart.is_possible(),
    })
}

fn start(folder: &Path, path: &Path) -> Result<Dispatch> {
    let config = files::write(folder)?;
    let enricher = Enricher::load(&config, Language::En)?;
    let rule: Rule =
        serde_json::from_value(json!({"reason": "our own laboratory", "prefix": "10.39.0.0/24"}))?;
    let exclusions =
        Exclusions::new(&[rule], Identities::Clear, None).map_err(|complaints| anyhow!("{complaints:?}"))?;
    let rules = Rules::new(&config, enricher, exclusions, Identities::Clear, Language::En, Limits::default());
    let store = Store::open(Settings::new(path.to_owned()))?;
    let target = Target::File(folder.join("eve.json"));
    let outputs = Outputs::start(vec![target.into()], Some(store.archive()), &HashMap::new())?;
    Ok(Dispatch::live(rules, Some(store), outputs)?)
}

/// Bytes of the file and its log.
fn bytes(path: &Path) -> u64 {
    let log = path.with_extension("db-wal");
    [path, &log].into_iter().filter_map(|path| fs::metadata(path).ok()).map(|file| file.len()).sum()
}

/// The file holds what was seen.
fn compare(path: &Path, seen: Seen, records: u64) -> Result<()> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let number = |sql| connection.query_row(sql, (), |row| row.get::<_, i64>(0)).map(i64::cast_unsigned);
    let held = Seen {
        cases: number("SELECT count(*) FROM cases")?,
        connections: number("SELECT sum(connections) FROM cases")?,
        shares: number("SELECT sum(submitted) FROM cases")?,
        bytes: number("SELECT sum(bytes) FROM cases")?,
    };
    ensure!(held == seen, "the ledger holds {held:?}, and seen were {seen:?}");
    let history = number("SELECT count(*) FROM history")?;
    ensure!(history == records, "the ledger knows of {history} records, and there were {records}");
    Ok(())
}

/// CPU time of all other threads of this process.
fn elsewhere() -> Result<Duration> {
    let used = |who| -> Result<i64> {
        let usage = getrusage(who)?;
        Ok((usage.user_time() + usage.system_time()).num_microseconds())
    };
    let other = used(UsageWho::RUSAGE_SELF)? - used(UsageWho::RUSAGE_THREAD)?;
    Ok(Duration::from_micros(u64::try_from(other).unwrap_or_default()))
}

/// Two processors, one for the threads that are started now and one for this thread.
struct Apart {
    mine: Option<usize>,
}

impl Apart {
    /// This thread, and with it those that it starts, stays on the last processor that it may use.
    fn new() -> Result<Self> {
        let allowed = sched_getaffinity(Pid::from_raw(0))?;
        let mut usable = (0..CpuSet::count()).rev().filter(|cpu| allowed.is_set(*cpu).unwrap_or(false));
        let (theirs, mine) = (usable.next().context("no processor")?, usable.next());
        stay(theirs)?;
        Ok(Self { mine })
    }

    /// This thread goes to the one before.
    fn leave(&self) -> Result<()> {
        self.mine.map_or(Ok(()), stay)
    }

    const fn is_possible(&self) -> bool {
        self.mine.is_some()
    }
}

fn stay(cpu: usize) -> Result<()> {
    let mut one = CpuSet::new();
    one.set(cpu)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &one)?)
}
