use std::ffi::CStr;
use std::fmt;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixDatagram;

use nix::libc;
use nix::net::if_;

nix::ioctl_readwrite_bad!(hardware_address, libc::SIOCGIFHWADDR, libc::ifreq);

/// What an interface sends and receives, as numbered by ARPHRD in the kernel's `if_arp.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkKind(u16);

impl LinkKind {
    /// Asks the kernel, in the network namespace of the calling thread.
    ///
    /// # Errors
    /// There is no such interface.
    pub(super) fn of(interface: &str) -> nix::Result<Self> {
        let socket = UnixDatagram::unbound().map_err(|error| {
            error.raw_os_error().map_or(nix::errno::Errno::UnknownErrno, nix::errno::Errno::from_raw)
        })?;
        let mut request = request(interface);
        // SAFETY: the descriptor is open and the request outlives the call.
        unsafe { hardware_address(socket.as_raw_fd(), &raw mut request) }?;
        // SAFETY: the kernel has filled in the address.
        Ok(Self(unsafe { request.ifr_ifru.ifru_hwaddr.sa_family }))
    }

    /// The kind of this number.
    #[must_use]
    pub const fn numbered(number: u16) -> Self {
        Self(number)
    }

    /// Whether it is the loopback, on which the machine talks to itself.
    #[must_use]
    pub const fn is_loopback(self) -> bool {
        self.0 == libc::ARPHRD_LOOPBACK
    }

    /// Whether its frames begin with an Ethernet header; those of the loopback do.
    #[must_use]
    pub const fn is_ethernet(self) -> bool {
        matches!(self.0, libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK)
    }
}

impl fmt::Display for LinkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            libc::ARPHRD_NONE => f.write_str("bare IP packets, as of TUN or WireGuard"),
            libc::ARPHRD_PPP => f.write_str("PPP frames"),
            libc::ARPHRD_TUNNEL | libc::ARPHRD_TUNNEL6 | libc::ARPHRD_SIT | libc::ARPHRD_IPGRE => {
                f.write_str("the packets of an IP tunnel")
            }
            other => write!(f, "frames of ARPHRD type {other}"),
        }
    }
}

/// A request of ioctl about the interface of this name.
pub(crate) fn request(interface: &str) -> libc::ifreq {
    // SAFETY: ifreq is plain old data, for which zeros are valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    // The last byte stays zero; there is no interface whose name does not fit.
    let room = request.ifr_name.len() - 1;
    for (to, from) in request.ifr_name.iter_mut().zip(interface.bytes().take(room)) {
        *to = from.cast_signed() as libc::c_char;
    }
    request
}

/// The names of the interfaces there are.
pub(super) fn interfaces() -> Vec<String> {
    let name = |name: &CStr| name.to_string_lossy().into_owned();
    if_::if_nameindex()
        .map(|list| list.iter().map(|interface| name(interface.name())).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_ethernet_from_others() {
        assert!(LinkKind::of("lo").unwrap().is_ethernet());
        assert!(!LinkKind(libc::ARPHRD_NONE).is_ethernet());
        assert!(!LinkKind(libc::ARPHRD_PPP).is_ethernet());
        assert_eq!(LinkKind::of("no such one").unwrap_err(), nix::errno::Errno::ENODEV);
    }
}
