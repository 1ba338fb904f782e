//! An interface whose frames are made by this process.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::OpenOptionsExt;

use anyhow::{Context, Result};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::Namespace;

nix::ioctl_write_ptr_bad!(tun_set_interface, libc::TUNSETIFF, libc::ifreq);

/// A TAP interface that is up; it goes when this is dropped.
#[derive(Debug)]
pub struct Tap(File);

impl Tap {
    /// Makes interface `name` in `namespace`.
    ///
    /// # Errors
    /// Privileges are missing, or `/dev/net/tun`.
    pub fn new(namespace: &Namespace, name: &str) -> Result<Self> {
        let file = namespace.run(|| tap(name))?;
        namespace.ip(&[format!("link set {name} up")])?;
        Ok(Self(file))
    }

    /// The interface receives a frame, after those before it.
    ///
    /// # Errors
    /// The interface is gone or not up.
    pub fn receive(&mut self, frame: &[u8]) -> Result<()> {
        loop {
            match self.0.write_all(frame) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    poll(&mut [PollFd::new(self.0.as_fd(), PollFlags::POLLOUT)], PollTimeout::from(50_u8))?;
                }
                Err(error) => return Err(error).context("a TAP interface takes no frame"),
            }
        }
    }
}

/// A TAP interface in the namespace of the calling thread; it goes when the file is closed.
pub(super) fn tap(name: &str) -> Result<File> {
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
