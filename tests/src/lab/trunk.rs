//! A link whose far end sees VLAN tags: two TAP interfaces and a thread that carries frames
//! between them, adding the tags one way and taking them off the other.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::Namespace;

nix::ioctl_write_ptr_bad!(tun_set_interface, libc::TUNSETIFF, libc::ifreq);

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

/// A TAP interface in the namespace of the calling thread; it goes when the file is closed.
fn tap(name: &str) -> Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NONBLOCK)
        .open("/dev/net/tun")
        .context("cannot open /dev/net/tun")?;
    // SAFETY: ifreq is plain old data, for which zeros are valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from.cast_signed() as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = libc::c_short::try_from(libc::IFF_TAP | libc::IFF_NO_PI)?;
    // SAFETY: the descriptor is open and the request outlives the call.
    unsafe { tun_set_interface(file.as_raw_fd(), &raw const request) }
        .with_context(|| format!("cannot make interface {name}"))?;
    Ok(file)
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
