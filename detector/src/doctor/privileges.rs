//! What this process may do, and whether the kernel takes the program from it.

use detector_common::automaton::Automaton;
use detector_common::settings::Settings;

use super::finding::{AS_ROOT, Check, Finding, State, word};
use super::text;
use crate::kernel::{Limits, LoadError, Program, privileged};

/// The smallest tables: the program is loaded to see whether the kernel takes it.
const SMALLEST: Limits = Limits { flows: 1, watched: 1, ring: 64 << 10, blocks: 0 };

pub(super) fn examine() -> [Finding; 2] {
    let status = text("/proc/self/status").unwrap_or_default();
    let users = text("/proc/self/uid_map").unwrap_or_default();
    let capabilities = capabilities(&status, &users);
    let program = if capabilities.state == State::Fatal {
        Finding::degraded(Check::Program, "not tried: only who has the capabilities may load it")
            .mend(AS_ROOT)
    } else {
        let loaded = Program::load(&Settings::DEFAULT, &SMALLEST, &Automaton::EMPTY);
        program(loaded.and_then(|mut program| program.verified_instructions()))
    };
    [capabilities, program]
}

/// What the first lines of `/proc/PID/status` and `/proc/PID/uid_map` tell.
fn capabilities(status: &str, users: &str) -> Finding {
    let check = Check::Capabilities;
    if let Err(error) = privileged(status) {
        return Finding::fatal(check, error.to_string()).mend(std::env::current_exe().map_or_else(
            |_| AS_ROOT.to_owned(),
            |path| format!("sudo setcap cap_bpf,cap_net_admin,cap_perfmon+ep {}", word(path.display())),
        ));
    }
    let whole: Vec<&str> = users.split_whitespace().collect();
    if !whole.is_empty() && whole != ["0", "0", "4294967295"] {
        return Finding::fatal(
            check,
            "they are there, but this is a user namespace, as of a rootless container, where they count for nothing",
        )
        .mend("run it on the host, or in a container started with --privileged --userns=host");
    }
    Finding::fine(check, "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are there")
}

fn program(loaded: Result<Option<u32>, LoadError>) -> Finding {
    let check = Check::Program;
    match loaded {
        Ok(Some(instructions)) => Finding::fine(
            check,
            format!("the kernel takes the program; its verifier walked through {instructions} instructions"),
        ),
        Ok(None) => Finding::fine(check, "the kernel takes the program"),
        Err(error @ LoadError::Missing(_)) => {
            Finding::fatal(check, error.to_string()).mend("cargo xtask build --release")
        }
        Err(error) => Finding::fatal(check, error.to_string()).mend("firedamp doctor --log-level debug"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "         0          0 4294967295\n";

    #[test]
    fn missing_capabilities_are_fatal_and_named() {
        let finding = capabilities("CapEff:\t0000008000001000\n", HOST);
        assert_eq!(finding.state, State::Fatal);
        assert!(finding.why.contains("CAP_PERFMON missing"), "{}", finding.why);
        assert!(finding.mend.unwrap().starts_with("sudo setcap cap_bpf,cap_net_admin,cap_perfmon+ep /"));
    }

    #[test]
    fn capabilities_count_for_nothing_in_a_user_namespace() {
        assert_eq!(capabilities("CapEff:\t000001ffffffffff\n", HOST).state, State::Fine);
        let finding = capabilities("CapEff:\t000001ffffffffff\n", "         0       1000          1\n");
        assert_eq!(finding.state, State::Fatal);
        assert!(finding.why.contains("user namespace"));
    }

    #[test]
    fn a_program_that_is_refused_is_fatal() {
        assert_eq!(program(Err(LoadError::NotPermitted)).state, State::Fatal);
        assert!(program(Ok(Some(92_000))).why.contains("92000"));
    }
}
