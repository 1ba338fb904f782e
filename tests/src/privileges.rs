//! Whether this process may load programs into the kernel and make network namespaces.

use std::io::Write;

/// The capabilities the laboratory and the agent need, with their numbers from capability.h.
const NEEDED: [(&str, u32); 4] =
    [("CAP_NET_ADMIN", 12), ("CAP_SYS_ADMIN", 21), ("CAP_PERFMON", 38), ("CAP_BPF", 39)];

/// Names of the needed capabilities that this process lacks; empty when it may do everything.
#[must_use]
pub fn missing() -> Vec<&'static str> {
    missing_from(&std::fs::read_to_string("/proc/self/status").unwrap_or_default())
}

fn missing_from(status: &str) -> Vec<&'static str> {
    let effective = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok())
        .unwrap_or(0);
    NEEDED.iter().filter(|(_, number)| effective >> number & 1 == 0).map(|(name, _)| *name).collect()
}

/// `true` when the test named `test` may go on. Otherwise it says on standard error that the
/// test is skipped, past the capture of the test runner.
///
/// # Panics
/// When the variable `CI` is set and privileges are missing: there, a skipped test would pass
/// for a tested one.
#[must_use]
pub fn granted(test: &str) -> bool {
    let missing = missing();
    if missing.is_empty() {
        return true;
    }
    let message = format!("{test} needs root ({})", missing.join(", "));
    assert!(std::env::var_os("CI").is_none(), "{message}, and in CI no test may be skipped");
    // libtest captures `eprintln!`, but not this. A closed standard error is nobody to tell.
    writeln!(std::io::stderr(), "SKIPPED: {message}").ok();
    false
}

/// `true` when a program is there that the test named `test` needs. Otherwise it says on standard error which package
/// brings it, and that the test is skipped.
///
/// # Panics
/// When the variable `CI` is set and it is missing.
#[must_use]
pub fn installed(test: &str, program: &str, package: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    if folders.into_iter().any(|folder| folder.join(program).is_file()) {
        return true;
    }
    let message = format!("{test} needs the program `{program}` (Debian: apt-get install {package})");
    assert!(std::env::var_os("CI").is_none(), "{message}, and in CI no test may be skipped");
    writeln!(std::io::stderr(), "SKIPPED: {message}").ok();
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_effective_set() {
        let status = |set: &str| format!("Name:\tx\nCapInh:\t0\nCapEff:\t{set}\nCapBnd:\t0\n");
        assert!(missing_from(&status("000001ffffffffff")).is_empty());
        assert_eq!(missing_from(&status("0000000000000000")).len(), 4);
        // CAP_SYS_ADMIN and CAP_NET_ADMIN only, as in an old-fashioned container.
        assert_eq!(missing_from(&status("0000000000201000")), ["CAP_PERFMON", "CAP_BPF"]);
    }
}
