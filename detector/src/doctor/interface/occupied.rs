//! Who is at the hook already: an interface has room for one XDP program.

use super::super::finding::{AS_ROOT, Check, Finding, word};
use crate::config::Capture;
use crate::kernel::{Occupant, PROGRAM, Pin, WhenOccupied, tcx};

/// `release` is the kernel's.
pub(super) fn judge(interface: &str, occupants: &[Occupant], capture: &Capture, release: &str) -> Finding {
    let check = Check::XdpProgram;
    let Some(first) = occupants.first() else {
        return Finding::fine(check, "none is attached: the hook is free");
    };
    let holder = first.holders.iter().find(|holder| holder.link);
    // The gate, too.
    let own = first.name().is_some_and(|name| name.starts_with(PROGRAM));
    if let Some(holder) = holder.filter(|_| own) {
        let why = format!("Firedamp is attached (process {}); a second one would be refused", holder.process);
        return Finding::fine(check, why);
    }
    let in_place =
        |pin: &&Pin| pin.link && capture.pin.as_ref().is_some_and(|root| pin.path.starts_with(root));
    if let Some(pin) = first.pins.iter().find(in_place) {
        let path = pin.path.display();
        if own {
            let why =
                format!("an agent that ended has left its program ({path}), which the next one replaces");
            return Finding::fine(check, why);
        }
        if first.described.is_none() {
            // It is in the agent's own directory; more is not told to this user.
            let why = format!(
                "an agent has its program in place ({path}), and the next one replaces it; whether that agent still runs, \
                 only root may see"
            );
            return Finding::fine(check, why);
        }
    }
    let every: Vec<String> = occupants.iter().map(ToString::to_string).collect();
    let taken = format!("taken: {}", every.join("; "));
    let finding = match (capture.when_occupied, tcx(release)) {
        (WhenOccupied::Refuse, _) => Finding::fatal(check, format!("{taken}; Firedamp would be refused")),
        (WhenOccupied::Tcx, Err(lacks)) => Finding::fatal(
            check,
            format!("{taken}; Firedamp would be refused, for tcx ingress is not to be had: {lacks}"),
        ),
        (WhenOccupied::Tcx, Ok(())) => Finding::degraded(
            check,
            format!("{taken}; Firedamp would watch behind it with tcx ingress, where XDP blocks nothing"),
        ),
    };
    let mend = first.mend(interface);
    finding.mend(mend.unwrap_or_else(|| format!("{AS_ROOT} --iface {}", word(interface))))
}

#[cfg(test)]
mod tests {
    use super::super::super::State;
    use super::*;
    use crate::kernel::{AtHook, Described, Holder, Mode};

    const RELEASE: &str = "6.12.3";

    /// One of which nothing is known.
    fn unknown() -> Occupant {
        let at = AtHook { mode: Mode::Generic, id: 42 };
        Occupant { at, described: None, holders: Vec::new(), pins: Vec::new(), linked: None }
    }

    fn held(name: &str, link: bool) -> Occupant {
        let holder = Holder { process: 77, command: "guard".to_owned(), link };
        let described = Some(Described { name: name.to_owned(), tag: 0, loaded: None });
        Occupant { described, holders: vec![holder], ..unknown() }
    }

    #[test]
    fn a_free_hook_and_firedamp_itself_are_fine() {
        assert_eq!(judge("eth0", &[], &Capture::default(), RELEASE).state, State::Fine);
        let own = judge("eth0", &[held(PROGRAM, true)], &Capture::default(), RELEASE);
        assert_eq!(own.state, State::Fine);
        assert!(own.why.contains("process 77"));
    }

    #[test]
    fn another_program_is_named_with_who_has_it_and_what_ends_it() {
        let finding = judge("eth0", &[held("xdp_drop", true)], &Capture::default(), RELEASE);
        assert_eq!(finding.state, State::Fatal);
        for word in ["42", "`xdp_drop`", "generic", "guard (77)"] {
            assert!(finding.why.contains(word), "{word} in {}", finding.why);
        }
        assert_eq!(finding.mend.as_deref(), Some("sudo kill 77"));
    }

    #[test]
    fn what_an_earlier_agent_has_left_is_fine_where_the_next_one_takes_it() {
        let mut program = held("firedamp_gate", false);
        program.holders.clear();
        program.pins.push(Pin { path: "/sys/fs/bpf/firedamp/v1/link-1-2-native".into(), link: true });
        let pinning = Capture { pin: Some("/sys/fs/bpf/firedamp".into()), ..Capture::default() };
        assert_eq!(judge("eth0", &[program.clone()], &pinning, RELEASE).state, State::Fine);
        let elsewhere = judge("eth0", &[program.clone()], &Capture::default(), RELEASE);
        assert_eq!(elsewhere.state, State::Fatal);
        assert_eq!(elsewhere.mend.as_deref(), Some("sudo firedamp cleanup --pin /sys/fs/bpf/firedamp"));
        let unseen = judge("eth0", &[Occupant { described: None, ..program.clone() }], &pinning, RELEASE);
        assert_eq!((unseen.state, unseen.mend), (State::Fine, None));
        assert!(unseen.why.contains("only root may see"), "{}", unseen.why);
        let foreign = Occupant { described: held("xdp_drop", false).described, ..program };
        assert_eq!(judge("eth0", &[foreign], &pinning, RELEASE).state, State::Fatal);
    }

    #[test]
    fn what_is_watched_behind_it_is_less_well() {
        let capture = Capture { when_occupied: WhenOccupied::Tcx, ..Capture::default() };
        let on = |release| judge("eth0", &[held("xdp_drop", true)], &capture, release);
        let finding = on(RELEASE);
        assert_eq!(finding.state, State::Degraded);
        assert!(finding.why.contains("tcx ingress"), "{}", finding.why);
        let older = on("6.1.0-28-amd64");
        assert_eq!(older.state, State::Fatal);
        assert!(older.why.contains("kernel 6.1.0-28-amd64 has none; 6.6 or later"), "{}", older.why);
    }

    #[test]
    fn a_pinned_link_outlives_its_process() {
        let mut program = held("xdp_drop", true);
        program.pins.push(Pin { path: "/sys/fs/bpf/x/link".into(), link: true });
        let finding = judge("eth0", &[program], &Capture::default(), RELEASE);
        assert_eq!(finding.mend.as_deref(), Some("sudo rm /sys/fs/bpf/x/link && sudo kill 77"));
    }

    #[test]
    fn what_has_no_link_is_taken_off_at_the_interface() {
        let finding = judge("eth0", &[held("xdp_drop", false)], &Capture::default(), RELEASE);
        assert_eq!(finding.mend.as_deref(), Some("sudo ip link set dev eth0 xdpgeneric off"));
    }

    #[test]
    fn who_may_not_see_is_told_so() {
        let finding = judge("eth0", &[unknown()], &Capture::default(), RELEASE);
        assert!(finding.why.contains("only root may see"), "{}", finding.why);
        assert_eq!(finding.mend.as_deref(), Some("sudo firedamp doctor --iface eth0"));
    }
}
