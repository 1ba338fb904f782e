//! Who is at the hook already: an interface has room for one XDP program.

use super::super::finding::{AS_ROOT, Check, Finding, word};
use crate::kernel::{Occupant, PROGRAM, WhenOccupied};

pub(super) fn judge(interface: &str, occupants: &[Occupant], otherwise: WhenOccupied) -> Finding {
    let check = Check::XdpProgram;
    let Some(first) = occupants.first() else {
        return Finding::fine(check, "none is attached: the hook is free");
    };
    let holder = first.holders.iter().find(|holder| holder.link);
    if let (Some(PROGRAM), Some(holder)) = (first.name(), holder) {
        let why = format!("Firedamp is attached (process {}); a second one would be refused", holder.process);
        return Finding::fine(check, why);
    }
    let every: Vec<String> = occupants.iter().map(ToString::to_string).collect();
    let taken = format!("taken: {}", every.join("; "));
    let finding = match otherwise {
        WhenOccupied::Refuse => Finding::fatal(check, format!("{taken}; Firedamp would be refused")),
        WhenOccupied::Tcx => Finding::degraded(
            check,
            format!("{taken}; Firedamp would watch behind it with tcx ingress, and block nothing there"),
        ),
    };
    let mend = first.mend(interface);
    finding.mend(mend.unwrap_or_else(|| format!("{AS_ROOT} --iface {}", word(interface))))
}

#[cfg(test)]
mod tests {
    use super::super::super::State;
    use super::*;
    use crate::kernel::{AtHook, Described, Holder, Mode, Pin};

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
        assert_eq!(judge("eth0", &[], WhenOccupied::Refuse).state, State::Fine);
        let own = judge("eth0", &[held(PROGRAM, true)], WhenOccupied::Refuse);
        assert_eq!(own.state, State::Fine);
        assert!(own.why.contains("process 77"));
    }

    #[test]
    fn another_program_is_named_with_who_has_it_and_what_ends_it() {
        let finding = judge("eth0", &[held("xdp_drop", true)], WhenOccupied::Refuse);
        assert_eq!(finding.state, State::Fatal);
        for word in ["42", "`xdp_drop`", "generic", "guard (77)"] {
            assert!(finding.why.contains(word), "{word} in {}", finding.why);
        }
        assert_eq!(finding.mend.as_deref(), Some("sudo kill 77"));
    }

    #[test]
    fn what_is_watched_behind_it_is_less_well() {
        let finding = judge("eth0", &[held("xdp_drop", true)], WhenOccupied::Tcx);
        assert_eq!(finding.state, State::Degraded);
        assert!(finding.why.contains("tcx ingress"), "{}", finding.why);
    }

    #[test]
    fn a_pinned_link_outlives_its_process() {
        let mut program = held("xdp_drop", true);
        program.pins.push(Pin { path: "/sys/fs/bpf/x/link".into(), link: true });
        let finding = judge("eth0", &[program], WhenOccupied::Refuse);
        assert_eq!(finding.mend.as_deref(), Some("sudo rm /sys/fs/bpf/x/link && sudo kill 77"));
    }

    #[test]
    fn what_has_no_link_is_taken_off_at_the_interface() {
        let finding = judge("eth0", &[held("xdp_drop", false)], WhenOccupied::Refuse);
        assert_eq!(finding.mend.as_deref(), Some("sudo ip link set dev eth0 xdpgeneric off"));
    }

    #[test]
    fn who_may_not_see_is_told_so() {
        let finding = judge("eth0", &[unknown()], WhenOccupied::Refuse);
        assert!(finding.why.contains("only root may see"), "{}", finding.why);
        assert_eq!(finding.mend.as_deref(), Some("sudo firedamp doctor --iface eth0"));
    }
}
