//! Who lives in the laboratory: miners and pools that speak the protocols without hashing, and
//! ordinary traffic beside them. Each is a thread inside its namespace.

mod benign;
mod bulk;
mod line;
mod miner;
mod pool;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use socket2::{Domain, Socket, Type};

use crate::lab::Namespace;
use crate::patience::patience;

pub use benign::{Benign, rpc_client, rpc_service};
pub use bulk::{Bulk, bulk_client, bulk_service};
pub use miner::{FirstLine, MinerPlan, Progress, miner};
pub use pool::{PoolPlan, pool};

/// How often a simulator looks whether it shall stop.
const TICK: Duration = Duration::from_millis(10);

/// How long a peer may take for anything: longer than any test keeps one silent.
fn long() -> Duration {
    patience(Duration::from_secs(10))
}

/// How quickly the simulated world turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between jobs of a pool.
    pub job: Duration,
    /// Between shares of a miner.
    pub share: Duration,
}

impl Pace {
    /// For people who watch.
    pub const DEMO: Self = Self { job: Duration::from_secs(2), share: Duration::from_secs(3) };
    /// For tests.
    pub const FAST: Self = Self { job: Duration::from_millis(100), share: Duration::from_millis(60) };
}

/// A running simulator with what it counts. It stops on drop.
#[derive(Debug)]
pub struct Simulator<C> {
    counts: Arc<C>,
    stop: Stop,
    thread: Option<JoinHandle<Result<()>>>,
}

/// The wish that a simulator ends.
#[derive(Clone, Debug, Default)]
struct Stop(Arc<AtomicBool>);

impl Stop {
    fn wanted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Sleeps, but not beyond the wish to stop.
    fn sleep(&self, time: Duration) {
        let mut left = time;
        while !left.is_zero() && !self.wanted() {
            let nap = left.min(TICK);
            std::thread::sleep(nap);
            left -= nap;
        }
    }
}

impl<C: Send + Sync + 'static> Simulator<C> {
    fn start(
        namespace: &Namespace,
        name: &str,
        counts: C,
        work: impl FnOnce(&C, &Stop) -> Result<()> + Send + 'static,
    ) -> Result<Self> {
        let counts = Arc::new(counts);
        let stop = Stop::default();
        let thread = namespace.spawn(name, {
            let (counts, stop) = (counts.clone(), stop.clone());
            move || work(&counts, &stop)
        })?;
        Ok(Self { counts, stop, thread: Some(thread) })
    }

    /// What it counted so far.
    #[must_use]
    pub fn counts(&self) -> &C {
        &self.counts
    }

    /// Whether it has ended, by itself or because it was told to.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Tells it to stop, and does not wait for it.
    pub fn tell_to_stop(&self) {
        self.stop.0.store(true, Ordering::Relaxed);
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// What went wrong in it.
    pub fn join(mut self) -> Result<Arc<C>> {
        self.reap()?;
        Ok(self.counts.clone())
    }

    /// Tells it to stop and waits for it.
    ///
    /// # Errors
    /// What went wrong in it.
    pub fn stop(mut self) -> Result<Arc<C>> {
        self.stop.0.store(true, Ordering::Relaxed);
        self.reap()?;
        Ok(self.counts.clone())
    }
}

impl<C> Simulator<C> {
    fn reap(&mut self) -> Result<()> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) => bail!("a simulator panicked"),
            None => Ok(()),
        }
    }
}

impl<C> Drop for Simulator<C> {
    fn drop(&mut self) {
        self.stop.0.store(true, Ordering::Relaxed);
        // Who wants to know what went wrong calls `stop`.
        self.reap().ok();
    }
}

/// Connects from the address `from`, in the namespace of the calling thread.
fn connect(from: SocketAddr, to: SocketAddr) -> Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
    socket.bind(&from.into()).with_context(|| format!("cannot use address {from}"))?;
    socket.connect_timeout(&to.into(), long()).with_context(|| format!("{from} cannot reach {to}"))?;
    Ok(socket.into())
}

/// Listens, in the namespace of the calling thread, and gives connections that come before the wish to stop.
fn accept_until(
    listener: &TcpListener,
    stop: &Stop,
    mut take: impl FnMut(TcpStream) -> Result<()>,
) -> Result<()> {
    listener.set_nonblocking(true)?;
    while !stop.wanted() {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false)?;
                take(stream)?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => stop.sleep(TICK),
            Err(error) => return Err(error).context("cannot accept a connection"),
        }
    }
    Ok(())
}

/// Opens a listening socket inside the namespace before anybody is told to connect.
fn listen(namespace: &Namespace, at: SocketAddr) -> Result<TcpListener> {
    namespace.run(|| TcpListener::bind(at).with_context(|| format!("cannot listen on {at}")))
}
