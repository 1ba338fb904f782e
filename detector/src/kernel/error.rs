use std::error::Error;
use std::io;

use aya::EbpfError;
use aya::maps::MapError;
use aya::programs::ProgramError;
use nix::errno::Errno;

use super::{PinError, object};

/// How many lines of the verifier's log are the cause; the rest is how it got there.
const VERIFIER_LINES: usize = 4;

/// Why the program is not in the kernel.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The agent was built without it.
    #[error(transparent)]
    Missing(#[from] object::MissingObject),
    /// The verifier refused it.
    #[error("the kernel refused the program: {cause}\n{}", indent(.verdict))]
    Verifier {
        /// The error of the system call.
        cause: io::Error,
        /// The end of the verifier's log.
        verdict: String,
    },
    /// The kernel does not let this process, whatever capabilities it holds.
    #[error(
        "not permitted: the kernel refuses bpf() to this process although it holds the capabilities; they \
         count for nothing in a user namespace, and a seccomp filter or lockdown may forbid it: run \
         firedamp on the host, or in a privileged container"
    )]
    NotPermitted,
    /// There is no memory for a map, or the kernel has a limit of its own.
    #[error("the table {map} is too large for the kernel or its memory; make it smaller with {option}")]
    TooLarge {
        /// The map.
        map: String,
        /// What sets its size.
        option: &'static str,
    },
    /// Tables that outlive the agent cannot be kept.
    #[error(transparent)]
    Pins(#[from] PinError),
    /// Another step failed.
    #[error("cannot load the kernel program: {0}")]
    Ebpf(#[source] Box<EbpfError>),
    /// The object does not fit this agent.
    #[error("the kernel program has no {0}: it does not belong to this firedamp; run `cargo xtask build`")]
    Lacks(&'static str),
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  verifier: {line}")).collect::<Vec<_>>().join("\n")
}

impl From<EbpfError> for LoadError {
    fn from(error: EbpfError) -> Self {
        if errno(&error) == Some(Errno::EPERM) {
            return Self::NotPermitted;
        }
        match error {
            EbpfError::MapError(MapError::CreateError { name, io_error })
                if matches!(
                    Errno::from_raw(io_error.raw_os_error().unwrap_or(0)),
                    Errno::ENOMEM | Errno::E2BIG
                ) =>
            {
                let option = match name.as_str() {
                    "WATCHED" => "--watched",
                    "EVENTS" => "--ring",
                    _ => "--flows",
                };
                Self::TooLarge { map: name, option }
            }
            EbpfError::ProgramError(ProgramError::LoadError { io_error, verifier_log }) => {
                let log = verifier_log.to_string();
                tracing::debug!("the verifier's whole log:\n{log}");
                Self::Verifier { cause: io_error, verdict: verdict(&log) }
            }
            other => Self::Ebpf(Box::new(other)),
        }
    }
}

impl From<ProgramError> for LoadError {
    fn from(error: ProgramError) -> Self {
        EbpfError::from(error).into()
    }
}

impl From<MapError> for LoadError {
    fn from(error: MapError) -> Self {
        EbpfError::from(error).into()
    }
}

/// The error number at the bottom of an error.
fn errno(error: &EbpfError) -> Option<Errno> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(raw) = error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
            return Some(Errno::from_raw(raw));
        }
        cause = error.source();
    }
    None
}

/// The last lines of the verifier's log, without its statistics.
fn verdict(log: &str) -> String {
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| {
            !line.trim().is_empty()
                && !line.starts_with("processed ")
                && !line.starts_with("verification time")
        })
        .collect();
    let skipped = lines.len().saturating_sub(VERIFIER_LINES);
    lines.into_iter().skip(skipped).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_the_end_of_the_log() {
        let log = "0: R1=ctx()\n1: (b7) r0 = 0\n\nR0 invalid mem access 'scalar'\nprocessed 17 insns (limit 1000000)\n";
        assert!(verdict(log).ends_with("R0 invalid mem access 'scalar'"));
        assert_eq!(verdict(""), "");
    }

    #[test]
    fn a_map_that_cannot_be_made_says_what_to_do() {
        let refused = |errno: Errno| {
            let (name, io_error) = ("WATCHED".to_owned(), io::Error::from_raw_os_error(errno as i32));
            LoadError::from(MapError::CreateError { name, io_error })
        };
        assert!(matches!(refused(Errno::ENOMEM), LoadError::TooLarge { option: "--watched", .. }));
        assert!(matches!(refused(Errno::EPERM), LoadError::NotPermitted));
        assert!(matches!(refused(Errno::EINVAL), LoadError::Ebpf(_)));
    }
}
