//! Where records go. Each sink has a thread of its own, so that none waits for another.

mod backoff;
pub(super) mod file;
pub(super) mod http;
pub(super) mod journald;
mod pending;
mod stream;
pub(super) mod syslog;
mod tail;
pub(super) mod tls;
pub(super) mod unix;
pub(super) mod worker;

use std::collections::HashSet;
use std::io;
use std::time::Duration;

use backoff::Pace;
use pending::Pending;

/// How often a receiver that may go away is looked after.
const LOOK: Duration = Duration::from_secs(1);

/// Why what waits was not delivered.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It is tried again, after so long if the receiver said so.
    Outage { cause: io::Error, pause: Option<Duration> },
    /// Nobody reads the named pipe yet, or any more.
    Unread,
    /// Nobody reads standard output any more.
    Closed,
}

impl From<io::Error> for Trouble {
    fn from(cause: io::Error) -> Self {
        Self::Outage { cause, pause: None }
    }
}

impl Trouble {
    fn outage(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        io::Error::other(cause).into()
    }
}

/// A receiver of records.
pub(super) trait Sink: Send {
    /// Sees whether the receiver is there, before there is something to deliver; false if it cannot be known before.
    fn connect(&mut self) -> Result<bool, Trouble>;

    /// Delivers the first batch of what waits, at least one record, and takes out of it what is delivered or given up.
    /// Between batches others see how far it is, and it may be told to end.
    fn deliver(&mut self, pending: &mut Pending) -> Result<(), Trouble>;

    /// Opens the file anew, or reads anew which certificates are trusted.
    fn reopen(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// How often to look after the receiver while nothing is to be delivered, if that is needed.
    fn look_after(&self) -> Option<Duration> {
        None
    }

    /// Looks after it.
    fn look(&mut self, _pending: &mut Pending) -> Result<(), Trouble> {
        Ok(())
    }

    /// Which records the receiver has already, of a run that was killed.
    fn already(&self) -> HashSet<String> {
        HashSet::new()
    }

    /// Whether it needs the record's contents beside its text.
    fn reads_records(&self) -> bool {
        false
    }

    /// How often a receiver that failed is tried again.
    fn pace(&self) -> Pace;
}
