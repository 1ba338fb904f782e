//! Who is at the hook already: an interface has room for one XDP program.

use super::super::bpf::Program;
use super::super::finding::{AS_ROOT, Check, Finding, word};
use crate::kernel::{AtHook, Mode, PROGRAM};

pub(super) fn judge(interface: &str, programs: &[(AtHook, Program)]) -> Finding {
    let check = Check::XdpProgram;
    let Some((attached, program)) = programs.first() else {
        return Finding::fine(check, "none is attached: the hook is free");
    };
    let holder = program.holders.iter().find(|holder| holder.link);
    if let (Some(PROGRAM), Some(holder)) = (program.name.as_deref(), holder) {
        let why = format!("Firedamp is attached (process {}); a second one would be refused", holder.process);
        return Finding::fine(check, why);
    }
    let every: Vec<String> =
        programs.iter().map(|(attached, program)| described(*attached, program)).collect();
    let why = format!("taken: {}; Firedamp would be refused", every.join("; "));
    Finding::fatal(check, why).mend(mend(interface, *attached, program))
}

fn described(attached: AtHook, program: &Program) -> String {
    let mode = match attached.mode {
        Mode::Native => "native",
        Mode::Generic => "generic",
        Mode::Offloaded => "offloaded",
    };
    let name = program.name.as_deref().filter(|name| !name.is_empty()).map(|name| format!(" `{name}`"));
    let mut parts = vec![format!("program {}{} ({mode})", attached.id, name.unwrap_or_default())];
    let holders: Vec<String> =
        program.holders.iter().map(|holder| format!("{} ({})", holder.command, holder.process)).collect();
    if !holders.is_empty() {
        parts.push(format!("held by {}", holders.join(", ")));
    }
    let pins: Vec<String> = program.pins.iter().map(|pin| pin.path.display().to_string()).collect();
    if !pins.is_empty() {
        parts.push(format!("pinned at {}", pins.join(", ")));
    }
    if holders.is_empty() && pins.is_empty() {
        let unknown = "of which only root may see whose it is";
        let nobody = "held by no process that can be seen, and not pinned";
        parts.push(if program.name.is_some() { nobody } else { unknown }.to_owned());
    }
    parts.join(", ")
}

/// What takes it off. A link is detached when nobody has it any more, and by nothing else.
fn mend(interface: &str, attached: AtHook, program: &Program) -> String {
    let pins: Vec<String> =
        program.pins.iter().filter(|pin| pin.link).map(|pin| word(pin.path.display())).collect();
    let holders: Vec<String> = program
        .holders
        .iter()
        .filter(|holder| holder.link)
        .map(|holder| holder.process.to_string())
        .collect();
    let mut commands = Vec::new();
    if !pins.is_empty() {
        commands.push(format!("sudo rm {}", pins.join(" ")));
    }
    if !holders.is_empty() {
        commands.push(format!("sudo kill {}", holders.join(" ")));
    }
    if !commands.is_empty() {
        return commands.join(" && ");
    }
    if program.name.is_none() {
        return format!("{AS_ROOT} --iface {}", word(interface));
    }
    let hook = match attached.mode {
        Mode::Native => "xdpdrv",
        Mode::Generic => "xdpgeneric",
        Mode::Offloaded => "xdpoffload",
    };
    format!("sudo ip link set dev {} {hook} off", word(interface))
}

#[cfg(test)]
mod tests {
    use super::super::super::State;
    use super::super::super::bpf::{Holder, Pin};
    use super::*;

    const ATTACHED: AtHook = AtHook { mode: Mode::Generic, id: 42 };

    fn held(name: &str, link: bool) -> Program {
        let holder = Holder { process: 77, command: "guard".to_owned(), link };
        Program { name: Some(name.to_owned()), holders: vec![holder], pins: Vec::new() }
    }

    #[test]
    fn a_free_hook_and_firedamp_itself_are_fine() {
        assert_eq!(judge("eth0", &[]).state, State::Fine);
        let own = judge("eth0", &[(ATTACHED, held(PROGRAM, true))]);
        assert_eq!(own.state, State::Fine);
        assert!(own.why.contains("process 77"));
    }

    #[test]
    fn another_program_is_named_with_who_has_it_and_what_ends_it() {
        let finding = judge("eth0", &[(ATTACHED, held("xdp_drop", true))]);
        assert_eq!(finding.state, State::Fatal);
        for word in ["42", "`xdp_drop`", "generic", "guard (77)"] {
            assert!(finding.why.contains(word), "{word} in {}", finding.why);
        }
        assert_eq!(finding.mend.as_deref(), Some("sudo kill 77"));
    }

    #[test]
    fn a_pinned_link_outlives_its_process() {
        let mut program = held("xdp_drop", true);
        program.pins.push(Pin { path: "/sys/fs/bpf/x/link".into(), link: true });
        let finding = judge("eth0", &[(ATTACHED, program)]);
        assert_eq!(finding.mend.as_deref(), Some("sudo rm /sys/fs/bpf/x/link && sudo kill 77"));
    }

    #[test]
    fn what_has_no_link_is_taken_off_at_the_interface() {
        let finding = judge("eth0", &[(ATTACHED, held("xdp_drop", false))]);
        assert_eq!(finding.mend.as_deref(), Some("sudo ip link set dev eth0 xdpgeneric off"));
    }

    #[test]
    fn who_may_not_see_is_told_so() {
        let finding = judge("eth0", &[(ATTACHED, Program::default())]);
        assert!(finding.why.contains("only root may see"), "{}", finding.why);
        assert_eq!(finding.mend.as_deref(), Some("sudo firedamp doctor --iface eth0"));
    }
}
