//! A link whose far end sees VLAN tags: two TAP interfaces and a thread that carries frames
//! between them, adding the tags one way and taking them off the other.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::Namespace;
use super::tap::tap;

/// Destination and source address of a frame; the tags stand behind them.
const ADDRESSES: usize = 12;

/// The carrying thread; it stops on drop.
#[derive(Debug)]
pub(super) struct Trunk {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Trunk {
    /// Makes interface `plain` in `host` and `tagged` in `gateway`.
    pub(super) fn new(
        host: &Namespace,
        plain: &str,
        gateway: &Namespace,
        tagged: &str,
        tags: &[(u16, u16)],
    ) -> Result<Self> {
        let plain = host.run(|| tap(plain))?;
        let tagged = gateway.run(|| tap(tagged))?;
        let tags: Vec<u8> =
            tags.iter().flat_map(|(kind, id)| [kind.to_be_bytes(), id.to_be_bytes()]).flatten().collect();
        let stop = Arc::new(AtomicBool::new(false));
        let thread = host.spawn("trunk", {
            let stop = stop.clone();
            move || carry(plain, tagged, &tags, &stop)
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Trunk {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map(JoinHandle::join);
    }
}

fn carry(mut plain: File, mut tagged: File, tags: &[u8], stop: &AtomicBool) -> Result<()> {
    let mut buffer = vec![0; 65536];
    while !stop.load(Ordering::Relaxed) {
        let mut ready =
            [PollFd::new(plain.as_fd(), PollFlags::POLLIN), PollFd::new(tagged.as_fd(), PollFlags::POLLIN)];
        poll(&mut ready, PollTimeout::from(50_u8))?;
        while let Some(frame) = next_frame(&mut plain, &mut buffer)? {
            if let Some((addresses, rest)) = frame.split_at_checked(ADDRESSES) {
                put_frame(&mut tagged, &[addresses, tags, rest].concat());
            }
        }
        while let Some(frame) = next_frame(&mut tagged, &mut buffer)? {
            let Some((addresses, rest)) = frame.split_at_checked(ADDRESSES) else { continue };
            // What does not carry our tags is not for this VLAN.
            if let Some(inner) = rest.strip_prefix(tags) {
                put_frame(&mut plain, &[addresses, inner].concat());
            }
        }
    }
    Ok(())
}

/// A TAP takes a frame whole or not at all; what it does not take is lost, as on Ethernet.
fn put_frame(tap: &mut File, frame: &[u8]) {
    tap.write_all(frame).ok();
}

fn next_frame<'a>(tap: &mut File, buffer: &'a mut [u8]) -> Result<Option<&'a [u8]>> {
    match tap.read(buffer) {
        Ok(length) => Ok(buffer.get(..length)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        // The interface is not up yet.
        Err(error) if error.raw_os_error() == Some(libc::EIO) => Ok(None),
        Err(error) => Err(error).context("cannot read from a trunk"),
    }
}
