use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::config::Config;
use super::enricher::Enricher;
use super::file::Stamp;
use super::problems::Problems;
use crate::advice::Language;

/// Looks after the operator's files and reads them anew when they change, on a thread of its own.
pub struct Reloader {
    config: Config,
    language: Language,
    /// What is in use.
    current: Arc<Enricher>,
    /// The stamps of all files before they were read last, whether that went well or not.
    read: Vec<Option<Stamp>>,
    looked: Instant,
    reading: Option<JoinHandle<Result<Enricher, Problems>>>,
}

impl Reloader {
    /// Goes on from what was read of the files of `config`. What has changed since is seen when the interval has passed.
    #[must_use]
    pub fn after(config: Config, language: Language, current: Arc<Enricher>, now: Instant) -> Self {
        let read = files(&config).map(|path| current.stamp(path)).collect();
        Self { config, language, current, read, looked: now, reading: None }
    }

    /// What the files said when they were last read without a mistake.
    #[must_use]
    pub const fn current(&self) -> &Arc<Enricher> {
        &self.current
    }

    /// Looks whether a file has changed if the interval of the configuration has passed, and if so begins to read.
    /// Returns at once; cheap enough to be asked with each batch of records. If reading has ended: the new [`Enricher`],
    /// which is then also [`Reloader::current`], or all that is wrong, and the old one stays until the files change again.
    pub fn poll(&mut self, now: Instant) -> Option<Result<Arc<Enricher>, Problems>> {
        if let Some(reading) = self.reading.take_if(|reading| reading.is_finished()) {
            return Some(self.end(reading));
        }
        let interval = Duration::from_secs(self.config.check_seconds.into());
        if self.reading.is_none() && now.saturating_duration_since(self.looked) >= interval {
            self.looked = now;
            let stamps = stamps(&self.config);
            if stamps != self.read {
                self.read = stamps;
                self.begin();
            }
        }
        None
    }

    fn begin(&mut self) {
        let (config, language, old) = (self.config.clone(), self.language, Arc::clone(&self.current));
        let thread = thread::Builder::new().name("enrich".to_owned());
        match thread.spawn(move || Enricher::load_anew(&config, language, &old)) {
            Ok(reading) => self.reading = Some(reading),
            // It is tried again after the interval.
            Err(error) => {
                tracing::warn!("cannot start a thread that reads the files about addresses: {error}");
                self.read.clear();
            }
        }
    }

    fn end(&mut self, reading: JoinHandle<Result<Enricher, Problems>>) -> Result<Arc<Enricher>, Problems> {
        let read = reading.join().unwrap_or_else(|_| {
            let mut problems = Problems::default();
            let first = files(&self.config).next().unwrap_or(Path::new(""));
            problems.add(first, None, "reading the files about addresses broke off");
            Err(problems)
        })?;
        self.current = Arc::new(read);
        Ok(Arc::clone(&self.current))
    }
}

fn files(config: &Config) -> impl Iterator<Item = &Path> {
    let tables = [&config.prefixes, &config.pools, &config.leases].into_iter().flatten();
    tables.chain(&config.databases).map(PathBuf::as_path)
}

fn stamps(config: &Config) -> Vec<Option<Stamp>> {
    files(config).map(Stamp::of).collect()
}
