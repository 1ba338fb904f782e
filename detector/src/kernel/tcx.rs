//! Where the program runs if the XDP hook of an interface is not to be had: behind it, at the ingress of tc.

use aya::programs::links::FdLink;
use aya::programs::tc::TcAttachOptions;
use aya::programs::{LinkOrder, ProgramError, SchedClassifier, TcAttachType};
use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use super::attach::{cause, errno};
use super::attachment::Attachment;
use super::preflight::{release, version};
use super::{AttachError, Attached, Hook, LoadError, Program, XdpMode, attach};

/// The oldest kernel, major and minor number, with links at the ingress of tc.
pub const TCX: (u32, u32) = (6, 6);

/// What is done where the XDP hook of an interface is taken, or the interface can do no XDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenOccupied {
    /// The interface is not watched, and the error says why.
    Refuse,
    /// It is watched with tcx ingress, from Linux 6.6 on. The gate cannot block anything there.
    Tcx,
}

/// Attaches the program to an interface, be it behind XDP if that is allowed.
///
/// # Errors
/// As [`attach()`]; or the kernel has no such place, or does not let the program there.
pub fn attach_or(
    program: &mut Program,
    interface: &str,
    mode: XdpMode,
    otherwise: WhenOccupied,
) -> Result<Attached, AttachError> {
    let error = match attach(program, interface, mode) {
        Ok(attached) => return Ok(attached),
        Err(error) => error,
    };
    let why = match (otherwise, &error) {
        (WhenOccupied::Tcx, AttachError::Occupied { by, .. }) => format!("XDP is taken by {}", by.briefly),
        (WhenOccupied::Tcx, AttachError::Refused { cause, mode, .. }) => {
            format!("{mode} XDP is not possible: {cause}")
        }
        _ => return Err(error),
    };
    let without = |cause| AttachError::NoTcx { cause, xdp: Box::new(error) };
    if let Err(cause) = tcx(&release()) {
        return Err(without(cause));
    }
    let index = super::readable(interface)?;
    match attach_behind(program, interface, index) {
        Ok(()) => Ok(Attached {
            interface: interface.to_owned(),
            index,
            hook: Hook::Tcx,
            fallback: Some(why),
            taken_over: false,
        }),
        Err(Failure::Load(error)) => Err(error.into()),
        Err(Failure::Attach(error)) => {
            let (interface, cause) = (interface.to_owned(), cause(&error));
            Err(match errno(&error) {
                Some(Errno::EPERM | Errno::EACCES) => AttachError::NotPermitted { interface, cause },
                _ => without(cause),
            })
        }
    }
}

/// Checks that a kernel of this release has links at the ingress of tc. One that cannot be understood is asked itself.
///
/// # Errors
/// Why it has none.
pub fn tcx(release: &str) -> Result<(), String> {
    if version(release).is_some_and(|version| version < TCX) {
        return Err(format!("kernel {release} has none; {}.{} or later is needed", TCX.0, TCX.1));
    }
    Ok(())
}

enum Failure {
    Load(LoadError),
    Attach(ProgramError),
}

fn attach_behind(program: &mut Program, interface: &str, index: u32) -> Result<(), Failure> {
    let classifier = program.classifier().map_err(Failure::Load)?;
    let link = linked(classifier, interface).map_err(Failure::Attach)?;
    program.links.insert(index, Attachment::behind(link));
    Ok(())
}

fn linked(classifier: &mut SchedClassifier, interface: &str) -> Result<FdLink, ProgramError> {
    // Before all others, which may drop or redirect what is to be seen.
    let order = TcAttachOptions::TcxOrder(LinkOrder::first());
    let link = classifier.attach_with_options(interface, TcAttachType::Ingress, order)?;
    let link = classifier.take_link(link)?;
    FdLink::try_from(link).map_err(|error| ProgramError::IOError(std::io::Error::other(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_kernels_are_told_what_is_needed() {
        assert_eq!(tcx("6.5.13-amd64").unwrap_err(), "kernel 6.5.13-amd64 has none; 6.6 or later is needed");
        assert!(tcx("6.1.0-28-amd64").is_err());
        for release in ["6.6.0", "6.12.3", "7.0", "strange"] {
            assert_eq!(tcx(release), Ok(()), "{release}");
        }
    }
}
