use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixDatagram;

use nix::errno::Errno;
use nix::libc;
use nix::net::if_::if_indextoname;

use super::link::request;

nix::ioctl_readwrite_bad!(get_flags, libc::SIOCGIFFLAGS, libc::ifreq);
nix::ioctl_readwrite_bad!(set_flags, libc::SIOCSIFFLAGS, libc::ifreq);

/// An interface that takes in what is addressed to others, as what comes from a mirror port is. Dropping it ends that.
#[derive(Debug)]
pub struct Promiscuous {
    index: u32,
}

impl Promiscuous {
    /// Lets the interface of an index take in everything. `None` if it does already, by somebody else's word.
    ///
    /// # Errors
    /// There is no such interface, or the kernel does not permit it.
    pub fn make(index: u32) -> nix::Result<Option<Self>> {
        Ok(change(index, true)?.then_some(Self { index }))
    }
}

impl Drop for Promiscuous {
    fn drop(&mut self) {
        // The interface may be gone.
        let _ = change(self.index, false);
    }
}

/// Sets the flag, or takes it away. Gives whether it was otherwise.
fn change(index: u32, on: bool) -> nix::Result<bool> {
    // Its name may be another one now.
    let interface = if_indextoname(index)?;
    let socket = UnixDatagram::unbound()
        .map_err(|error| error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw))?;
    let mut request = request(&interface.to_string_lossy());
    // SAFETY: the descriptor is open and the request outlives the call.
    unsafe { get_flags(socket.as_raw_fd(), &raw mut request) }?;
    // SAFETY: the kernel has filled in the flags.
    let before = unsafe { request.ifr_ifru.ifru_flags };
    // All flags but the lower 16 are the kernel's own.
    let flag = libc::c_short::try_from(libc::IFF_PROMISC).unwrap_or_default();
    let flags = if on { before | flag } else { before & !flag };
    if flags == before {
        return Ok(false);
    }
    request.ifr_ifru.ifru_flags = flags;
    // SAFETY: the descriptor is open and the request outlives the call.
    unsafe { set_flags(socket.as_raw_fd(), &raw mut request) }?;
    Ok(true)
}
