use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::memfd::{MFdFlags, memfd_create};

/// How long nft may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where it is looked for: users who are not root often do not have the first ones in their path.
const PATH: &str = "/usr/sbin:/sbin:/usr/local/sbin:/usr/bin:/bin:/usr/local/bin";

/// nft did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum NftError {
    /// It is not there.
    #[error(
        "there is no program `nft`: install the package nftables, as in `apt-get install nftables`, or write backend = \"xdp\" in \
         [block]"
    )]
    Missing,
    /// It cannot be started, or heard.
    #[error(
        "cannot run `nft`: {0}; see whether the service may start programs, or write backend = \"xdp\" in [block]"
    )]
    Run(#[source] io::Error),
    /// It hangs.
    #[error("`nft` did not end within {} seconds; see what else changes the ruleset", PATIENCE.as_secs())]
    Hangs,
    /// What is named is not there.
    #[error("`nft` does not find what it was to change: {0}")]
    Gone(String),
    /// The agent may not.
    #[error(
        "the kernel does not let `nft` change its rules: run the agent as root, or as a service with CAP_NET_ADMIN among its \
         AmbientCapabilities ({0})"
    )]
    NotPermitted(String),
    /// It refuses.
    #[error("`nft` refuses: {0}")]
    Refused(String),
    /// It says something else than expected.
    #[error("cannot understand what `nft` says: {0}; please report this with the output of `nft --version`")]
    Unintelligible(#[from] serde_json::Error),
}

/// Runs nft with these arguments, and gives what it writes.
///
/// # Errors
/// It is not there, fails, or takes too long.
pub(super) fn nft(arguments: &[&str], input: &str) -> Result<Vec<u8>, NftError> {
    // Files and not pipes: nobody has to read while somebody writes.
    let (mut from, mut said, mut wrong) = (file()?, file()?, file()?);
    from.write_all(input.as_bytes()).and_then(|()| from.rewind()).map_err(NftError::Run)?;
    let path = std::env::var("PATH").map_or_else(|_| PATH.to_owned(), |more| format!("{PATH}:{more}"));
    let mut command = Command::new("nft");
    command.args(arguments).env_clear().env("PATH", path).env("LC_ALL", "C");
    // Ctrl-C goes to the whole group of a terminal, and nft has to take the rules away then.
    command.process_group(0);
    let to = |file: &File| file.try_clone().map(Stdio::from).map_err(NftError::Run);
    command.stdin(to(&from)?).stdout(to(&said)?).stderr(to(&wrong)?);
    let child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => NftError::Missing,
        _ => NftError::Run(error),
    })?;
    let status = wait(child)?;
    let mut output = Vec::new();
    if status.success() {
        said.rewind().and_then(|()| said.read_to_end(&mut output)).map_err(NftError::Run)?;
        return Ok(output);
    }
    wrong.rewind().and_then(|()| wrong.read_to_end(&mut output)).map_err(NftError::Run)?;
    Err(refusal(&String::from_utf8_lossy(&output)))
}

fn file() -> Result<File, NftError> {
    let made: nix::Result<OwnedFd> = memfd_create("nft", MFdFlags::MFD_CLOEXEC);
    made.map(File::from).map_err(|error| NftError::Run(error.into()))
}

fn wait(mut child: Child) -> Result<ExitStatus, NftError> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(NftError::Run)? {
            return Ok(status);
        }
        if started.elapsed() > PATIENCE {
            // It may have ended by itself just now.
            let _ = child.kill();
            let _ = child.wait();
            return Err(NftError::Hangs);
        }
        sleep(Duration::from_millis(1));
    }
}

/// What nft complains of: the line that says why, without the part of the input that it shows below.
fn refusal(said: &str) -> NftError {
    let line = said.lines().find(|line| line.contains("Error")).or_else(|| said.lines().next());
    let line = line.unwrap_or("it does not say why").trim().to_owned();
    if said.contains("Operation not permitted") {
        NftError::NotPermitted(line)
    } else if said.contains("No such file or directory") {
        NftError::Gone(line)
    } else {
        NftError::Refused(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_its_reason() {
        let syntax = "/dev/stdin:6:74-80: Error: syntax error, unexpected counter\nadd element inet a b {\n";
        let told = refusal(syntax).to_string();
        assert!(told.ends_with("Error: syntax error, unexpected counter"), "{told}");
        let denied = refusal("Error: Could not process rule: Operation not permitted (you must be root)\n");
        assert!(matches!(denied, NftError::NotPermitted(_)), "{denied}");
        assert!(denied.to_string().contains("AmbientCapabilities"), "{denied}");
        assert!(matches!(
            refusal("Error: No such file or directory\nlist table inet x\n"),
            NftError::Gone(_)
        ));
        assert!(refusal("").to_string().contains("does not say why"));
    }
}
