//! The kernel: how old it is, how it was built, what it forbids.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use flate2::read::GzDecoder;

use super::finding::{AS_ROOT, Check, Finding};
use super::{options, text};
use crate::kernel::{BPFFS, OLDEST, recent, release};

const JIT: &str = "/proc/sys/net/core/bpf_jit_enable";
const BTF: &str = "/sys/kernel/btf/vmlinux";
const LOCKDOWN: &str = "/sys/kernel/security/lockdown";

/// The most that is read of the kernel's options, which have about 300 kB.
const LONGEST: u64 = 16 << 20;

pub(super) fn examine() -> Vec<Finding> {
    let release = release();
    vec![
        version(&release),
        match configuration(&release) {
            Ok(text) => options::judge(&text, crate::kernel::version(&release)),
            Err(error) => unseen(&error),
        },
        btf(Path::new(BTF).exists()),
        jit(text(JIT).as_deref()),
        lockdown(text(LOCKDOWN).as_deref()),
    ]
}

fn version(release: &str) -> Finding {
    let check = Check::KernelVersion;
    match recent(release) {
        Ok(()) => Finding::fine(check, format!("{release}; {}.{} or later is needed", OLDEST.0, OLDEST.1)),
        Err(error) => Finding::fatal(check, error.to_string())
            .mend("install a newer kernel of your distribution, and boot it"),
    }
}

/// The options with which the kernel was built.
fn configuration(release: &str) -> io::Result<String> {
    let mut text = String::new();
    match File::open("/proc/config.gz") {
        Ok(file) => GzDecoder::new(file).take(LONGEST).read_to_string(&mut text)?,
        Err(_) => File::open(format!("/boot/config-{release}"))?.take(LONGEST).read_to_string(&mut text)?,
    };
    Ok(text)
}

fn unseen(error: &io::Error) -> Finding {
    let check = Check::KernelOptions;
    if error.kind() == ErrorKind::PermissionDenied {
        return Finding::degraded(check, "only root may read the options of this kernel").mend(AS_ROOT);
    }
    Finding::fine(
        check,
        "the kernel does not tell its options (no /proc/config.gz, no /boot/config-...); the check `program` \
         shows whether those it needs are there",
    )
}

fn btf(there: bool) -> Finding {
    if there {
        return Finding::fine(Check::Btf, format!("the kernel describes its types in {BTF}"));
    }
    Finding::degraded(
        Check::Btf,
        format!("there is no {BTF}; Firedamp's program brings its own types, but is not tested without"),
    )
    .mend("boot a kernel built with CONFIG_DEBUG_INFO_BTF=y")
}

fn jit(setting: Option<&str>) -> Finding {
    let check = Check::Jit;
    match setting.map(str::trim) {
        Some("0") => Finding::degraded(
            check,
            "programs are interpreted, not translated to machine code: each packet costs many times more",
        )
        .mend("sudo sysctl -w net.core.bpf_jit_enable=1"),
        Some("2") => Finding::degraded(check, "the translator writes each program to the kernel's log")
            .mend("sudo sysctl -w net.core.bpf_jit_enable=1"),
        Some(_) => Finding::fine(check, "programs are translated to machine code"),
        None => Finding::fine(
            check,
            format!("the kernel does not tell ({JIT} cannot be read); it is on unless it was turned off"),
        ),
    }
}

fn lockdown(setting: Option<&str>) -> Finding {
    let check = Check::Lockdown;
    let mode = setting.and_then(|text| text.split_once('[')?.1.split_once(']')).map(|(mode, _)| mode);
    match mode {
        Some("confidentiality") => Finding::fine(
            check,
            "confidentiality: programs may not read the kernel's memory; Firedamp's does not",
        ),
        Some(mode) => Finding::fine(check, format!("{mode}: nothing that Firedamp needs is forbidden")),
        None => Finding::fine(check, "the kernel does not tell, so it is most likely not locked down"),
    }
}

/// Where programs that shall outlive their process are kept.
pub(super) fn bpffs() -> Finding {
    mounted(&text("/proc/self/mounts").unwrap_or_default())
}

fn mounted(mounts: &str) -> Finding {
    let is_there = mounts.lines().any(|line| {
        let mut fields = line.split(' ').skip(1);
        fields.next() == Some(BPFFS) && fields.next() == Some("bpf")
    });
    if is_there {
        return Finding::fine(Check::Bpffs, format!("mounted at {BPFFS}"));
    }
    Finding::degraded(
        Check::Bpffs,
        format!("no bpffs at {BPFFS}: nothing can be pinned there, so no program outlives its process"),
    )
    .mend(format!("sudo mount -t bpf bpf {BPFFS}"))
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_kernel_that_is_too_old_is_fatal() {
        assert_eq!(version("5.10.0-28-amd64").state, State::Fatal);
        assert_eq!(version("6.1.0-28-amd64").state, State::Fine);
    }

    #[test]
    fn interpreted_programs_are_slow() {
        assert_eq!(jit(Some("1\n")).state, State::Fine);
        let off = jit(Some("0\n"));
        assert_eq!(off.state, State::Degraded);
        assert_eq!(off.mend.as_deref(), Some("sudo sysctl -w net.core.bpf_jit_enable=1"));
        assert_eq!(jit(None).state, State::Fine);
    }

    #[test]
    fn lockdown_is_told_by_the_word_in_brackets() {
        assert!(lockdown(Some("none [integrity] confidentiality\n")).why.starts_with("integrity:"));
        assert!(lockdown(Some("[none] integrity confidentiality\n")).why.starts_with("none:"));
        assert!(lockdown(None).why.contains("does not tell"));
    }

    #[test]
    fn bpffs_is_found_among_the_mounts() {
        let mounts = "sysfs /sys sysfs rw 0 0\nbpf /sys/fs/bpf bpf rw,nosuid,mode=700 0 0\n";
        assert_eq!(mounted(mounts).state, State::Fine);
        let elsewhere = mounted("bpf /run/bpf bpf rw 0 0\ntmpfs /sys/fs/bpf tmpfs rw 0 0\n");
        assert_eq!(elsewhere.state, State::Degraded);
        assert_eq!(elsewhere.mend.as_deref(), Some("sudo mount -t bpf bpf /sys/fs/bpf"));
    }

    #[test]
    fn options_that_only_root_may_read_are_not_said_to_be_missing() {
        assert_eq!(unseen(&ErrorKind::PermissionDenied.into()).mend.as_deref(), Some(AS_ROOT));
        assert_eq!(unseen(&ErrorKind::NotFound.into()).state, State::Fine);
    }
}
