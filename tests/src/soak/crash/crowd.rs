use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Result, anyhow};

use crate::conversation::{Conversation, Cut};
use crate::dialects::Dialect;
use crate::lab::{Lab, Tap};
use crate::packet::Frame;

/// Conversations at the same time.
const AT_ONCE: usize = 16;

/// Between two frames of a conversation.
const PAUSE: Duration = Duration::from_millis(20);

const DIALECTS: [Dialect; 3] = [Dialect::Monero, Dialect::Bitcoin, Dialect::EthProxy];

/// The interface that they talk over.
pub const INTERFACE: &str = "tap0";

/// Miners that log in, hand in shares and leave, one after the other without end, whether or not anybody watches. Two of
/// three are new; the third comes back. It stops when it is dropped.
pub struct Crowd {
    stop: Arc<AtomicBool>,
    begun: Arc<AtomicU64>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Crowd {
    /// Makes [`INTERFACE`] in the gateway and lets them talk.
    ///
    /// # Errors
    /// The interface cannot be made.
    pub fn start(lab: &Lab) -> Result<Self> {
        let mut tap = Tap::new(&lab.gateway, INTERFACE)?;
        let (stop, begun) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let thread = std::thread::Builder::new().name("crowd".to_owned()).spawn({
            let (stop, begun) = (Arc::clone(&stop), Arc::clone(&begun));
            move || {
                let come = || frames(begun.fetch_add(1, Ordering::Relaxed)).into_iter();
                let mut talking: Vec<_> = (0..AT_ONCE).map(|_| come()).collect();
                while !stop.load(Ordering::Relaxed) {
                    for frames in &mut talking {
                        if let Some(frame) = frames.next() {
                            tap.receive(&frame.bytes())?;
                        } else {
                            *frames = come();
                        }
                    }
                    std::thread::sleep(PAUSE);
                }
                Ok(())
            }
        })?;
        Ok(Self { stop, begun, thread: Some(thread) })
    }

    /// How many conversations have begun.
    #[must_use]
    pub fn conversations(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Falls silent. The interface goes with it.
    ///
    /// # Errors
    /// The interface took no frame.
    pub fn stop(mut self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        ended.unwrap_or(Ok(Ok(()))).map_err(|_| anyhow!("the crowd panicked"))?
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn frames(number: u64) -> Vec<Frame> {
    // The one that comes back was there a while ago.
    let (miner, visit) = if number % 3 == 2 { (number / 3 * 2, 2) } else { (number - number / 3, 1) };
    let [.., high, middle, low] = miner.to_be_bytes();
    let from = SocketAddr::new(Ipv4Addr::new(10, 80 + high, middle, low).into(), 40_000 + visit);
    let to = SocketAddr::new(Ipv4Addr::new(203, 0, 113, low % 32).into(), 3333);
    let dialect = DIALECTS.into_iter().cycle().nth(usize::from(low)).unwrap_or(Dialect::Monero);
    let lines = dialect.session(dialect.identity(&format!("rig{miner}")), number, 2);
    let mut conversation = Conversation::open(from, to, [1000, 5000], Cut::Lines);
    for line in lines {
        conversation.say(line.speaker, &line.text);
    }
    conversation.close()
}
