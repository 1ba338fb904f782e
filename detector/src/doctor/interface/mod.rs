//! Interfaces: what they are, what their drivers can do, and who is there already.

mod ethtool;
mod features;
mod hardware;
mod occupied;
mod stacking;

use std::collections::HashSet;

use super::finding::{Check, Finding, word};
use crate::config::Capture;
use crate::kernel::{AttachError, Link, Wanted, links, occupants, readable, release};
use ethtool::Ethtool;
use hardware::Hardware;

/// What is to be said of the named interfaces, or else of all of Ethernet that are up.
pub(super) fn examine(wanted: &[String], capture: &Capture) -> Vec<Finding> {
    let (links, error) = match links() {
        Ok(links) => (links, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let (names, mut findings) = if wanted.is_empty() {
        let usual = |link: &&Link| link.up && link.kind.is_ethernet() && !link.kind.is_loopback();
        (links.iter().filter(usual).map(|link| link.name.clone()).collect(), Vec::new())
    } else {
        named(wanted, &links)
    };
    if names.is_empty() && findings.is_empty() {
        let why = error.map_or_else(
            || "no Ethernet interface is up".to_owned(),
            |error| format!("the kernel does not list the interfaces: {error}"),
        );
        return vec![Finding::degraded(Check::Interface, why).mend("firedamp doctor --iface IF")];
    }
    findings.extend(names.iter().flat_map(|name| one(name, &links, capture)));
    findings
}

/// The names that are meant, each once, and what is to be said of patterns that mean none.
fn named(wanted: &[String], links: &[Link]) -> (Vec<String>, Vec<Finding>) {
    let (mut names, mut findings) = (Vec::new(), Vec::new());
    for text in wanted {
        match text.parse() {
            Ok(Wanted::Name(name)) => names.push(name),
            Ok(pattern) => {
                let found: Vec<_> = links.iter().filter(|link| pattern.matches(link)).collect();
                if found.is_empty() {
                    let why = "no interface matches; Firedamp would wait for one";
                    findings.push(
                        Finding::degraded(Check::Interface, why).mend("ip -brief link").of(text.as_str()),
                    );
                }
                names.extend(found.into_iter().map(|link| link.name.clone()));
            }
            Err(error) => findings.push(
                Finding::fatal(Check::Interface, error.to_string()).mend("ip -brief link").of(text.as_str()),
            ),
        }
    }
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    (names, findings)
}

fn one(name: &str, links: &[Link], capture: &Capture) -> Vec<Finding> {
    let link = links.iter().find(|link| link.name == name);
    let mut findings = Vec::new();
    match (readable(name), link) {
        (Err(error), link) => findings.push(unreadable(&error, link, links)),
        (Ok(_), None) => findings.push(Finding::degraded(
            Check::Interface,
            "it is there, but the kernel tells nothing of it over netlink; a filter may forbid that",
        )),
        (Ok(index), Some(link)) => {
            findings
                .push(Finding::fine(Check::Interface, format!("there, with Ethernet frames; index {index}")));
            findings.push(state(link));
            findings.push(stacking::judge(link, links));
            findings.extend(hardware(link).judge(link));
            findings.push(occupied::judge(name, &occupants(link), capture, &release()));
        }
    }
    findings.into_iter().map(|finding| finding.of(name)).collect()
}

fn hardware(link: &Link) -> Hardware {
    let ethtool = Ethtool::new(&link.name);
    let ethtool = ethtool.as_ref();
    Hardware {
        driver: ethtool.and_then(Ethtool::driver),
        xdp: features::of(link.index).ok(),
        features: ethtool.and_then(Ethtool::features).unwrap_or_default(),
        channels: ethtool.and_then(Ethtool::channels),
        indirection: ethtool.and_then(Ethtool::indirection).unwrap_or_default(),
        cpus: std::thread::available_parallelism()
            .map_or(1, |cpus| u32::try_from(cpus.get()).unwrap_or(u32::MAX)),
    }
}

fn unreadable(error: &AttachError, link: Option<&Link>, links: &[Link]) -> Finding {
    let lower = link.and_then(|link| links.iter().find(|other| Some(other.index) == link.lower));
    Finding::fatal(Check::Interface, error.to_string()).mend(match (error, lower) {
        (AttachError::NotEthernet { .. }, Some(lower)) => {
            format!("firedamp run --iface {}", word(&lower.name))
        }
        _ => "ip -brief link".to_owned(),
    })
}

fn state(link: &Link) -> Finding {
    let name = word(&link.name);
    if !link.up {
        return Finding::degraded(Check::Link, "it is down, and receives nothing")
            .mend(format!("sudo ip link set dev {name} up"));
    }
    if !link.running {
        return Finding::degraded(
            Check::Link,
            "it is up without a carrier: no cable, or nothing at its other end",
        )
        .mend("see to its cable, and to the interface at the other end");
    }
    Finding::fine(Check::Link, "up, with a carrier")
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;
    use crate::kernel::LinkKind;

    /// A card.
    pub(super) fn card(index: u32, name: &str) -> Link {
        let kind = LinkKind::numbered(nix::libc::ARPHRD_ETHER);
        Link { name: name.to_owned(), up: true, running: true, mtu: 1500, ..Link::nameless(index, kind) }
    }

    #[test]
    fn an_interface_that_receives_nothing_is_degraded() {
        let link = card(2, "eth0");
        assert_eq!(state(&link).state, State::Fine);
        let down = state(&Link { up: false, running: false, ..link.clone() });
        assert_eq!(down.mend.as_deref(), Some("sudo ip link set dev eth0 up"));
        assert!(state(&Link { running: false, ..link }).why.contains("carrier"));
    }

    #[test]
    fn frames_that_cannot_be_read_are_to_be_read_below() {
        let kind = LinkKind::numbered(nix::libc::ARPHRD_PPP);
        let error = AttachError::NotEthernet { interface: "ppp0".to_owned(), kind };
        let tunnel = Link { lower: Some(2), kind, ..card(7, "ppp0") };
        let finding = unreadable(&error, Some(&tunnel), &[card(2, "eth0"), tunnel.clone()]);
        assert_eq!(
            (finding.state, finding.mend.as_deref()),
            (State::Fatal, Some("firedamp run --iface eth0"))
        );
        assert_eq!(unreadable(&error, None, &[]).mend.as_deref(), Some("ip -brief link"));
    }

    #[test]
    fn a_pattern_is_looked_at_by_what_it_matches() {
        let links = [card(2, "eth0"), card(3, "eth1"), card(4, "wan0")];
        let asked = ["eth1", "eth*", "ppp*", "x[", "wan0"].map(str::to_owned);
        let (names, findings) = named(&asked, &links);
        assert_eq!(names, ["eth1", "eth0", "wan0"]);
        let told: Vec<_> =
            findings.iter().map(|finding| (finding.subject.as_deref(), finding.state)).collect();
        assert_eq!(told, [(Some("ppp*"), State::Degraded), (Some("x["), State::Fatal)]);
    }

    #[test]
    fn one_that_is_named_twice_is_looked_at_once() {
        let findings = examine(&["no such one".to_owned(), "no such one".to_owned()], &Capture::default());
        assert_eq!((findings.len(), findings[0].state), (1, State::Fatal));
        assert!(findings[0].why.contains("there is no interface"), "{}", findings[0].why);
    }
}
