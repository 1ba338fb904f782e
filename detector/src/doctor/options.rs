//! The options with which a kernel was built, from its `.config`.

use super::finding::{Check, Finding, State};
use crate::kernel::TCX;

/// An option, from which kernel on it exists, and what it is to be without it.
struct Wanted {
    name: &'static str,
    since: (u32, u32),
    without: State,
    what: &'static str,
}

const ALWAYS: (u32, u32) = (0, 0);

const fn wanted(name: &'static str, without: State, what: &'static str) -> Wanted {
    Wanted { name, since: ALWAYS, without, what }
}

const BESIDE: &str = "there is no place for a program beside another one at XDP";

const WANTED: [Wanted; 7] = [
    wanted("BPF", State::Fatal, "there are no such programs at all"),
    wanted("BPF_SYSCALL", State::Fatal, "no program can be loaded"),
    wanted("NET", State::Fatal, "there are no interfaces"),
    wanted("INET", State::Fatal, "there is no IP"),
    wanted("BPF_JIT", State::Degraded, "programs are interpreted, which is many times slower"),
    wanted("DEBUG_INFO_BTF", State::Degraded, "the kernel does not describe its types"),
    Wanted { since: TCX, ..wanted("NET_XGRESS", State::Degraded, BESIDE) },
];

/// What is missing in the options of a kernel of this version.
pub(super) fn judge(config: &str, version: Option<(u32, u32)>) -> Finding {
    let version = version.unwrap_or(TCX);
    let is_set = |name: &str| {
        config.lines().any(|line| {
            let value = line.strip_prefix("CONFIG_").and_then(|rest| rest.strip_prefix(name));
            matches!(value, Some("=y" | "=m"))
        })
    };
    let wanted = WANTED.iter().filter(|option| version >= option.since);
    let missing: Vec<&Wanted> = wanted.filter(|option| !is_set(option.name)).collect();
    let Some(worst) = missing.iter().map(|option| option.without).max() else {
        return Finding::fine(Check::KernelOptions, "all that Firedamp uses is built in");
    };
    let why: Vec<String> =
        missing.iter().map(|option| format!("without CONFIG_{} {}", option.name, option.what)).collect();
    let names: Vec<String> = missing.iter().map(|option| format!("CONFIG_{}=y", option.name)).collect();
    let finding = match worst {
        State::Fatal => Finding::fatal(Check::KernelOptions, why.join("; ")),
        State::Degraded | State::Fine => Finding::degraded(Check::KernelOptions, why.join("; ")),
    };
    finding.mend(format!("boot a kernel built with {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = "# Linux/x86 6.1.0 Kernel Configuration\nCONFIG_BPF=y\nCONFIG_BPF_SYSCALL=y\nCONFIG_BPF_JIT=y\n\
        CONFIG_NET=y\nCONFIG_INET=y\nCONFIG_DEBUG_INFO_BTF=y\n# CONFIG_BPF_PRELOAD is not set\n";

    #[test]
    fn a_full_kernel_is_fine() {
        assert_eq!(judge(FULL, Some((6, 1))).state, State::Fine);
    }

    #[test]
    fn what_is_missing_is_named_with_what_it_costs() {
        let slow = FULL.replace("CONFIG_BPF_JIT=y", "# CONFIG_BPF_JIT is not set");
        let finding = judge(&slow, Some((6, 1)));
        assert_eq!(finding.state, State::Degraded);
        assert_eq!(finding.mend.as_deref(), Some("boot a kernel built with CONFIG_BPF_JIT=y"));
        let none = judge("CONFIG_NET=y\nCONFIG_BPF_SYSCALL_X=y\n", Some((6, 1)));
        assert_eq!(none.state, State::Fatal);
        assert!(none.why.contains("CONFIG_BPF_SYSCALL no program"), "{}", none.why);
    }

    #[test]
    fn tcx_has_an_option_of_its_own() {
        let finding = judge(FULL, Some((6, 6)));
        assert_eq!(finding.state, State::Degraded);
        assert!(finding.why.contains("NET_XGRESS"), "{}", finding.why);
        assert_eq!(judge(FULL, Some((6, 5))).state, State::Fine);
    }
}
