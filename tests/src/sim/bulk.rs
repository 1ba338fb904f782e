//! Bulk TCP in both directions at once, every byte known beforehand.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::{Simulator, accept_until, connect, listen, long};
use crate::lab::Namespace;
use crate::noise::Noise;

/// The stream is made of blocks of this many bytes, each begun with its number.
const BLOCK: usize = 64 * 1024;

/// Bytes that arrived as they were sent.
#[derive(Debug, Default)]
pub struct Bulk(AtomicU64);

impl Bulk {
    /// How many so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Starts the service in `namespace`; it accepts connections when this returns. On each
/// connection it sends as much as it receives, and counts what it received.
///
/// # Errors
/// The address is not in the namespace or in use.
pub fn bulk_service(namespace: &Namespace, at: SocketAddr) -> Result<Simulator<Bulk>> {
    let listener = listen(namespace, at)?;
    Simulator::start(namespace, "bulk-service", Bulk::default(), move |bulk, stop| {
        thread::scope(|scope| {
            let mut transfers = Vec::new();
            accept_until(&listener, stop, |stream| {
                transfers.push(scope.spawn(move || serve(stream, bulk)));
                Ok(())
            })?;
            for transfer in transfers {
                if !matches!(transfer.join(), Ok(Ok(()))) {
                    bail!("the bulk service received other bytes than were sent, or too few");
                }
            }
            Ok(())
        })
    })
}

/// Starts a client in `namespace` that transfers `size` bytes (a multiple of 64 KiB) each way, `transfers` times or
/// until it is stopped, beginning one transfer every `interval` at the most. It counts what it received.
///
/// # Errors
/// The thread cannot be started.
pub fn bulk_client(
    namespace: &Namespace,
    from: SocketAddr,
    to: SocketAddr,
    size: u64,
    transfers: Option<u32>,
    interval: Duration,
) -> Result<Simulator<Bulk>> {
    Simulator::start(namespace, "bulk-client", Bulk::default(), move |bulk, stop| {
        let mut done = 0;
        while !stop.wanted() && transfers.is_none_or(|limit| done < limit) {
            let begun = Instant::now();
            transfer(from, to, size, bulk).with_context(|| format!("bulk transfer {done}"))?;
            done += 1;
            stop.sleep(interval.saturating_sub(begun.elapsed()));
        }
        Ok(())
    })
}

fn transfer(from: SocketAddr, to: SocketAddr, size: u64, bulk: &Bulk) -> Result<()> {
    let mut stream = connect(from, to)?;
    stream.set_read_timeout(Some(long()))?;
    stream.set_write_timeout(Some(long()))?;
    let mut sending = stream.try_clone()?;
    let blocks = size / BLOCK as u64;
    thread::scope(|scope| {
        let sender = scope.spawn(move || -> Result<()> {
            let mut pattern = Pattern::new(0);
            for _ in 0..blocks {
                sending.write_all(pattern.next_block())?;
            }
            Ok(sending.shutdown(Shutdown::Write)?)
        });
        let mut pattern = Pattern::new(1);
        let mut block = vec![0; BLOCK];
        for number in 0..blocks {
            stream.read_exact(&mut block)?;
            if block != pattern.next_block() {
                bail!("block {number} is not what was sent");
            }
            bulk.0.fetch_add(BLOCK as u64, Ordering::Relaxed);
        }
        if stream.read(&mut block)? != 0 {
            bail!("more bytes came than were sent");
        }
        sender.join().map_err(|_| anyhow::anyhow!("the sender panicked"))?
    })
}

fn serve(mut stream: TcpStream, bulk: &Bulk) -> Result<()> {
    stream.set_read_timeout(Some(long()))?;
    stream.set_write_timeout(Some(long()))?;
    let (mut expected, mut sent) = (Pattern::new(0), Pattern::new(1));
    let mut block = vec![0; BLOCK];
    loop {
        let mut filled = 0;
        while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match stream.read(rest)? {
                0 if filled == 0 => return Ok(()),
                0 => bail!("the stream ended inside a block"),
                length => filled += length,
            }
        }
        if block != expected.next_block() {
            bail!("a block is not what was sent");
        }
        bulk.0.fetch_add(BLOCK as u64, Ordering::Relaxed);
        stream.write_all(sent.next_block())?;
    }
}

/// The blocks of one direction: noise, behind the block's number.
struct Pattern {
    number: u64,
    block: Vec<u8>,
}

impl Pattern {
    fn new(direction: u64) -> Self {
        Self { number: 0, block: Noise::new(direction).bytes(BLOCK) }
    }

    fn next_block(&mut self) -> &[u8] {
        for (to, from) in self.block.iter_mut().zip(self.number.to_be_bytes()) {
            *to = from;
        }
        self.number += 1;
        &self.block
    }
}
