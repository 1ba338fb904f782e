//! What a service manager hears of the agent.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use firedamp_tests::lab::{self, Agent, LAN, Lab};
use firedamp_tests::privileges;
use nix::sys::signal::Signal;

use crate::pair::soon;

/// In the place of systemd.
struct Manager {
    socket: UnixDatagram,
}

impl Manager {
    fn new(path: &Path) -> Result<Self> {
        let socket = UnixDatagram::bind(path)?;
        socket.set_read_timeout(Some(soon()))?;
        Ok(Self { socket })
    }

    fn hears(&self) -> Result<String> {
        let mut buffer = [0; 4096];
        let length = self.socket.recv(&mut buffer).context("the agent says nothing to its manager")?;
        Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }

    /// The next message that does not merely say that it lives.
    fn next(&self) -> Result<String> {
        loop {
            let said = self.hears()?;
            if said != "WATCHDOG=1\n" {
                return Ok(said);
            }
        }
    }
}

#[test]
fn a_service_manager_hears_when_the_agent_is_ready_lives_reloads_and_ends() -> Result<()> {
    if !privileges::granted("a_service_manager_hears_when_the_agent_is_ready_lives_reloads_and_ends") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let (path, configuration) = (folder.path().join("notify"), folder.path().join("firedamp.toml"));
    std::fs::write(&configuration, format!("[capture]\ninterfaces = ['{LAN}']\n"))?;
    let manager = Manager::new(&path)?;
    let lab = Lab::routed()?;
    let mut command = Command::new(lab::agent_binary(None)?);
    command.args(["run", "--output", "-", "--config"]).arg(&configuration).env("NOTIFY_SOCKET", &path);
    let mut agent = Agent::spawn(&lab, command)?;
    assert_eq!(manager.hears()?, "READY=1\n");
    agent.attached(1)?;
    for _ in 0..2 {
        assert_eq!(manager.hears()?, "WATCHDOG=1\n");
    }

    agent.signal(Signal::SIGHUP)?;
    let said = manager.next()?;
    let time = said.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").context(said.clone())?;
    assert!(time.trim_end().parse::<u64>()? > 0, "{said}");
    assert_eq!(manager.next()?, "READY=1\n");
    agent.wait_for_log(soon(), &["configuration read anew"])?;

    // A configuration that is refused ends the reloading as well.
    std::fs::write(&configuration, "[captur]\n")?;
    agent.signal(Signal::SIGHUP)?;
    assert!(manager.next()?.starts_with("RELOADING=1\n"));
    assert_eq!(manager.next()?, "READY=1\n");

    assert!(agent.stop(soon())?.clean());
    assert_eq!(manager.next()?, "STOPPING=1\n");
    Ok(())
}
