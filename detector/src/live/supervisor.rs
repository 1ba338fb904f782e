use libsystemd::daemon::{NotifyState, notify};
use nix::time::{ClockId, clock_gettime};

/// The service manager that started the agent (`NOTIFY_SOCKET`), if one did: systemd with `Type=notify`.
pub(super) struct Supervisor {
    /// It did not hear the last message, and this was said in the log.
    deaf: bool,
}

impl Supervisor {
    pub(super) const fn new() -> Self {
        Self { deaf: false }
    }

    /// Packets are read from now on, or again by the configuration that was read anew.
    pub(super) fn ready(&mut self) {
        self.tell(&[NotifyState::Ready]);
    }

    /// The configuration is read anew; [`Self::ready`] ends that.
    pub(super) fn reloading(&mut self) {
        let mut states = vec![NotifyState::Reloading];
        // A manager that is as new as to want it (systemd 253) tells by it to which SIGHUP this belongs.
        if let Ok(time) = clock_gettime(ClockId::CLOCK_MONOTONIC) {
            let microseconds = time.tv_sec() * 1_000_000 + time.tv_nsec() / 1_000;
            states.push(NotifyState::Other(format!("MONOTONIC_USEC={microseconds}")));
        }
        self.tell(&states);
    }

    /// The agent is about to end.
    pub(super) fn stopping(&mut self) {
        self.tell(&[NotifyState::Stopping]);
    }

    /// Events were taken from the ring. Who does not say so for `WatchdogSec` is killed and started anew.
    pub(super) fn drained(&mut self) {
        self.tell(&[NotifyState::Watchdog]);
    }

    fn tell(&mut self, states: &[NotifyState]) {
        let told = notify(false, states);
        if let Err(error) = &told
            && !self.deaf
        {
            tracing::warn!("cannot tell the service manager how the agent does: {error}");
        }
        self.deaf = told.is_err();
    }
}
