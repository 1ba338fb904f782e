//! What becomes of a record off the detection path, on a thread of its own: it is enriched, excluded or not, kept in the
//! ledger on disk, and then handed to the outputs. So no output has what the ledger does not have, unless the ledger
//! cannot be written.

mod circumstances;
mod desk;
mod dossier;
mod keeper;
mod rules;
mod shared;
#[cfg(test)]
mod tests;
mod waiting;

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hashlink::LruCache;
use serde::Serialize;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub use circumstances::is_farm;
pub use dossier::Dossier;
pub use rules::Rules;
pub use shared::Counts;

use crate::block::Decision;
use crate::enrich::NetworkType;
use crate::ledger::{CaseId, Record};
use crate::output::{Counts as OutputCounts, Outputs, Refused};
use crate::store::Store;
use desk::{DECIDED, Desk, Message, Pace};
use keeper::Keeper;
use shared::Shared;

/// Records that may wait for the desk.
const QUEUE: usize = 65_536;

/// How long the desk may take over its end beyond the time that outputs have.
const GRACE: Duration = Duration::from_secs(1);

/// How often a full queue is looked at again.
const ROOM: Duration = Duration::from_millis(1);

/// The desk, as those see it who send records to it.
pub struct Dispatch {
    messages: SyncSender<Message>,
    ended: Receiver<OutputCounts>,
    shared: Arc<Shared>,
    outputs: Arc<Outputs>,
    decided: Mutex<Option<UnboundedReceiver<Decision>>>,
}

impl Dispatch {
    /// Starts for live use: nobody is ever waited for.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn live(rules: Rules, store: Option<Store>, outputs: Outputs) -> io::Result<Self> {
        Self::start(rules, store, outputs, Pace::Live)
    }

    /// Starts for a replay: who sends waits for the outputs.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn replay(rules: Rules, store: Option<Store>, outputs: Outputs) -> io::Result<Self> {
        Self::start(rules, store, outputs, Pace::Replay)
    }

    fn start(rules: Rules, store: Option<Store>, outputs: Outputs, pace: Pace) -> io::Result<Self> {
        let (sender, messages) = sync_channel(QUEUE);
        let (ending, ended) = sync_channel(1);
        // There are never more than there are cases that go on.
        let (decisions, decided) = unbounded_channel();
        let (shared, outputs) = (Arc::new(Shared::default()), Arc::new(outputs));
        let keeper = Keeper::new(store, pace);
        let desk = Desk {
            messages,
            rules,
            untold: keeper.hidden(&shared),
            keeper,
            outputs: Arc::clone(&outputs),
            shared: Arc::clone(&shared),
            pace,
            decisions,
            decided: LruCache::new(DECIDED),
            text: Vec::new(),
        };
        std::thread::Builder::new().name("dispatch".to_owned()).spawn(move || {
            // Who waits for it may have given up.
            let _ = ending.send(desk.run());
        })?;
        Ok(Self { messages: sender, ended, shared, outputs, decided: Mutex::new(Some(decided)) })
    }

    /// Who is to be blocked, as it is decided. It can be taken once.
    pub fn take_decisions(&self) -> Option<UnboundedReceiver<Decision>> {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Takes note of cases that are open and go on, before the first record is handed over.
    pub fn resume(&self, cases: Vec<(CaseId, NetworkType)>) {
        self.shared.resume(cases);
    }

    /// Hands a record over without waiting: for live use. If the queue is full, it is shed and counted, and given back.
    ///
    /// # Errors
    /// Nobody reads the records any more.
    pub fn offer(&self, record: Record) -> Result<Option<Box<Record>>, Refused> {
        self.offer_until(record, Instant::now())
    }

    /// Hands a record over, waiting for room in the queue until `deadline`: for the end of a live run.
    ///
    /// # Errors
    /// As [`Self::offer`].
    pub fn offer_until(&self, record: Record, deadline: Instant) -> Result<Option<Box<Record>>, Refused> {
        match self.send(Message::Record(Box::new(record), None), deadline)? {
            Some(Message::Record(shed, _)) => Ok(Some(shed)),
            _ => Ok(None),
        }
    }

    /// Hands a record of a capture over, waiting for room: for replay.
    ///
    /// # Errors
    /// As [`Self::offer`].
    pub fn submit(&self, record: Record, capture: &Arc<str>) -> Result<(), Refused> {
        self.open()?;
        let message = Message::Record(Box::new(record), Some(Arc::clone(capture)));
        self.messages.send(message).map_err(|_| Refused::Closed)?;
        self.shared.sent();
        Ok(())
    }

    /// Hands the agent's counters over, or another record of EVE about the agent itself, waiting for room in the queue until
    /// `deadline`.
    ///
    /// # Errors
    /// As [`Self::offer`].
    pub fn tell(&self, record: &impl Serialize, deadline: Instant) -> Result<(), Refused> {
        match serde_json::to_string(record) {
            Ok(line) => self.send(Message::Line(line), deadline).map(drop),
            Err(error) => {
                tracing::error!("a record about the agent has no JSON form: {error}");
                Ok(())
            }
        }
    }

    /// Does something else with the records that are handed over from now on, and perhaps with some before. Waits for nobody.
    pub fn exchange(&self, rules: Rules) {
        self.shared.exchange(rules);
    }

    /// Where records go.
    #[must_use]
    pub const fn outputs(&self) -> &Arc<Outputs> {
        &self.outputs
    }

    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.counts()
    }

    fn open(&self) -> Result<(), Refused> {
        if self.shared.is_closed() { Err(Refused::Closed) } else { Ok(()) }
    }

    /// Gives back what there was no room for.
    fn send(&self, mut message: Message, deadline: Instant) -> Result<Option<Message>, Refused> {
        self.open()?;
        loop {
            match self.messages.try_send(message) {
                Ok(()) => {
                    self.shared.sent();
                    return Ok(None);
                }
                Err(TrySendError::Full(shed)) if Instant::now() >= deadline => {
                    self.shared.shed(1);
                    return Ok(Some(shed));
                }
                Err(TrySendError::Full(back)) => {
                    message = back;
                    std::thread::sleep(ROOM);
                }
                Err(TrySendError::Disconnected(_)) => return Err(Refused::Closed),
            }
        }
    }

    /// Writes what waits and ends. A receiver or a disk that blocks is waited for as long as `patience` says, `None` for
    /// ever; what is not written by then is lost, unless the ledger has it.
    #[must_use]
    pub fn finish(self, patience: Option<Duration>) -> (Counts, OutputCounts) {
        let Self { messages, ended, shared, outputs, decided: _ } = self;
        if let Some(patience) = patience {
            shared.set_deadline(Instant::now() + patience);
        }
        drop(messages);
        let counts = match patience {
            Some(patience) => ended.recv_timeout(patience + GRACE).ok(),
            None => ended.recv().ok(),
        };
        if counts.is_none() {
            shared.abandon();
        }
        (shared.counts(), counts.unwrap_or_else(|| outputs.counts()))
    }
}
