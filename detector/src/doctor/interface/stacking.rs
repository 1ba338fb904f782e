//! Bridges, bonds, VLANs and what belongs to them: where the packets can best be seen.

use super::super::finding::{Check, Finding, word};
use crate::kernel::Link;

pub(super) fn judge(link: &Link, links: &[Link]) -> Finding {
    let check = Check::Stacking;
    let by_index = |index: Option<u32>| links.iter().find(|other| Some(other.index) == index);
    let ports: Vec<&str> = links
        .iter()
        .filter(|other| other.master == Some(link.index))
        .map(|port| port.name.as_str())
        .collect();
    let role = link.role.as_deref();
    match role {
        Some("bridge" | "team" | "vrf" | "openvswitch") => {
            let kind = role.unwrap_or_default();
            let finding = Finding::degraded(
                check,
                format!(
                    "a {kind}: only generic XDP, and not all that passes through it; its ports see more ({})",
                    listed(&ports)
                ),
            );
            return if ports.is_empty() { finding } else { finding.mend(watch(&ports)) };
        }
        Some("bond") => {
            let why = format!("a bond of {}: the kernel runs the program at its ports", listed(&ports));
            return Finding::fine(check, why);
        }
        _ => {}
    }
    if let Some(lower) = by_index(link.lower) {
        let kind = role.unwrap_or("part");
        let why = format!(
            "a {kind} of {}: only generic XDP, and only what belongs to it; {0} sees all, and Firedamp reads what is \
             wrapped there",
            lower.name
        );
        return Finding::degraded(check, why).mend(watch(&[&lower.name]));
    }
    match by_index(link.master) {
        Some(bond) if bond.role.as_deref() == Some("bond") => Finding::degraded(
            check,
            format!("a port of the bond {}: what comes in by its other ports is not seen", bond.name),
        )
        .mend(watch(&[&bond.name])),
        Some(team) if team.role.as_deref() == Some("team") => {
            let name = &team.name;
            let all: Vec<&str> = links
                .iter()
                .filter(|other| other.master == Some(team.index))
                .map(|port| port.name.as_str())
                .collect();
            Finding::degraded(check, format!("a port of the team {name}: watch all of its ports"))
                .mend(watch(&all))
        }
        Some(master) => Finding::fine(
            check,
            format!("a port of {}: it sees what comes in here, and no more", master.name),
        ),
        None => Finding::fine(check, "stands by itself"),
    }
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "there are none".to_owned() } else { names.join(", ") }
}

fn watch(names: &[&str]) -> String {
    names.iter().fold("firedamp run".to_owned(), |command, name| format!("{command} --iface {}", word(name)))
}

#[cfg(test)]
mod tests {
    use super::super::super::State;
    use super::super::tests::card;
    use super::*;

    fn role(link: Link, role: &str) -> Link {
        Link { role: Some(role.to_owned()), ..link }
    }

    fn port(index: u32, name: &str, master: u32) -> Link {
        Link { master: Some(master), ..card(index, name) }
    }

    #[test]
    fn a_bridge_is_watched_at_its_ports() {
        let links = [role(card(9, "br0"), "bridge"), port(2, "lan1", 9), port(3, "lan2", 9)];
        let bridge = judge(&links[0], &links);
        assert_eq!(bridge.state, State::Degraded);
        assert_eq!(bridge.mend.as_deref(), Some("firedamp run --iface lan1 --iface lan2"));
        assert_eq!(judge(&links[1], &links).state, State::Fine);
    }

    #[test]
    fn a_bond_is_watched_itself() {
        let links = [role(card(9, "bond0"), "bond"), port(2, "eth0", 9), port(3, "eth1", 9)];
        let bond = judge(&links[0], &links);
        assert_eq!(bond.state, State::Fine);
        assert!(bond.why.contains("eth0, eth1"));
        let port = judge(&links[1], &links);
        assert_eq!((port.state, port.mend.as_deref()), (State::Degraded, Some("firedamp run --iface bond0")));
    }

    #[test]
    fn a_vlan_is_watched_below() {
        let vlan = Link { lower: Some(2), ..role(card(9, "eth0.7"), "vlan") };
        let links = [card(2, "eth0"), vlan];
        let finding = judge(&links[1], &links);
        assert_eq!(
            (finding.state, finding.mend.as_deref()),
            (State::Degraded, Some("firedamp run --iface eth0"))
        );
        assert_eq!(judge(&links[0], &links).state, State::Fine);
    }
}
