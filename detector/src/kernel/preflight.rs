use std::fs;

/// The oldest kernel, major and minor number, with everything the program uses (`bpf_xdp_load_bytes`, XDP in several
/// buffers).
pub const OLDEST: (u32, u32) = (5, 18);

const CAP_NET_ADMIN: u32 = 12;
const CAP_SYS_ADMIN: u32 = 21;
const CAP_PERFMON: u32 = 38;
const CAP_BPF: u32 = 39;

/// Why this process cannot load the program here.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// Capabilities are missing.
    #[error(
        "not permitted: {} missing; run as root, or give the binary its capabilities with \
         `setcap cap_bpf,cap_net_admin,cap_perfmon+ep FIREDAMP`", .0.join(", ")
    )]
    Privileges(Vec<&'static str>),
    /// The kernel is too old.
    #[error("kernel {0} is too old: {major}.{minor} or later is needed", major = OLDEST.0, minor = OLDEST.1)]
    Kernel(String),
}

/// Checks privileges and kernel version.
///
/// # Errors
/// The program cannot be loaded by this process or on this kernel.
pub fn preflight() -> Result<(), NotReady> {
    privileged(&fs::read_to_string("/proc/self/status").unwrap_or_default())?;
    recent(&release())
}

/// The release of the kernel, as `uname -r` tells it; empty if it does not tell.
#[must_use]
pub fn release() -> String {
    nix::sys::utsname::uname().map(|name| name.release().to_string_lossy().into_owned()).unwrap_or_default()
}

/// Checks the capabilities that a `/proc/PID/status` tells of. An unreadable status is no reason to give up: the kernel has
/// the last word.
///
/// # Errors
/// [`NotReady::Privileges`].
pub fn privileged(status: &str) -> Result<(), NotReady> {
    let missing = missing_capabilities(status);
    if missing.is_empty() { Ok(()) } else { Err(NotReady::Privileges(missing)) }
}

/// Checks the release of a kernel. One that cannot be understood is no reason to give up.
///
/// # Errors
/// [`NotReady::Kernel`].
pub fn recent(release: &str) -> Result<(), NotReady> {
    let is_old = version(release).is_some_and(|version| version < OLDEST);
    if is_old { Err(NotReady::Kernel(release.to_owned())) } else { Ok(()) }
}

/// What `/proc/self/status` says is missing.
fn missing_capabilities(status: &str) -> Vec<&'static str> {
    let effective = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        .unwrap_or(u64::MAX);
    let has = |capability: u32| effective & (1 << capability) != 0;
    [(CAP_BPF, "CAP_BPF"), (CAP_NET_ADMIN, "CAP_NET_ADMIN"), (CAP_PERFMON, "CAP_PERFMON")]
        .into_iter()
        .filter(|(capability, _)| !has(*capability) && (*capability == CAP_NET_ADMIN || !has(CAP_SYS_ADMIN)))
        .map(|(_, name)| name)
        .collect()
}

/// Major and minor number of a kernel's release.
#[must_use]
pub fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_missing_capabilities() {
        assert_eq!(missing_capabilities("CapEff:\t0000000000000000\n").len(), 3);
        assert_eq!(missing_capabilities("CapEff:\t000001ffffffffff\n"), [""; 0]);
        assert_eq!(missing_capabilities("CapEff:\t0000008000001000\n"), ["CAP_PERFMON"]);
        assert_eq!(missing_capabilities("CapEff:\t0000000000200000\n"), ["CAP_NET_ADMIN"]);
    }

    #[test]
    fn reads_kernel_releases() {
        assert_eq!(version("6.1.0-28-amd64"), Some((6, 1)));
        assert_eq!(version("5.18"), Some((5, 18)));
        assert_eq!(version("strange"), None);
        assert!(matches!(recent("5.17.9"), Err(NotReady::Kernel(_))));
        assert!(recent("5.18").is_ok() && recent("strange").is_ok());
    }
}
