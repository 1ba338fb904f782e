//! What the driver of an interface can do, and what it does to packets before they are seen.

use super::super::finding::{Check, Finding, word};
use super::ethtool::{Channels, Driver, Features};
use super::features::XdpFeatures;
use crate::kernel::Link;

/// The longest packet in one buffer: a page of 4 KiB less 256 bytes in front, 320 behind, and the Ethernet header with a
/// VLAN tag.
const SINGLE_BUFFER: u32 = 4096 - 256 - 320 - 14 - 4;

/// What a driver told; nothing where it did not.
#[derive(Clone, Debug, Default)]
pub(super) struct Hardware {
    pub(super) driver: Option<Driver>,
    pub(super) xdp: Option<XdpFeatures>,
    pub(super) features: Features,
    pub(super) channels: Option<Channels>,
    pub(super) indirection: Vec<u32>,
    /// CPUs of this machine.
    pub(super) cpus: u32,
}

impl Hardware {
    pub(super) fn judge(&self, link: &Link) -> [Finding; 6] {
        let name = word(&link.name);
        [
            self.driver(),
            self.xdp(&name),
            self.mtu(link),
            self.receive_offload(&name),
            self.vlan_offload(&name),
            self.queues(&name),
        ]
    }

    fn driver(&self) -> Finding {
        let check = Check::Driver;
        let Some(Driver { name, version, firmware }) = &self.driver else {
            return Finding::fine(check, "the driver does not tell who it is");
        };
        let said = [("", name), ("version ", version), ("firmware ", firmware)];
        let said = said.iter().filter(|(_, text)| !text.is_empty() && *text != "N/A");
        Finding::fine(check, said.map(|(what, text)| format!("{what}{text}")).collect::<Vec<_>>().join(", "))
    }

    fn xdp(&self, name: &str) -> Finding {
        let check = Check::XdpFeatures;
        match self.xdp {
            Some(features) if features.native() => {
                let frags = if features.frags() { "also on" } else { "but not on" };
                Finding::fine(check, format!("native XDP, {frags} packets in several buffers"))
            }
            Some(_) => Finding::degraded(
                check,
                "the driver has no native XDP: the generic one works, and costs several times as much for each packet",
            )
            .mend(format!("firedamp run --iface {name} --xdp-mode generic")),
            None => Finding::fine(
                check,
                "the kernel does not tell (from 6.3 on it does); `firedamp run` says which mode it came to",
            ),
        }
    }

    fn mtu(&self, link: &Link) -> Finding {
        let check = Check::Mtu;
        let (mtu, name) = (link.mtu, word(&link.name));
        let jumbo = mtu > SINGLE_BUFFER;
        match self.xdp {
            Some(features) if jumbo && features.native() && !features.frags() => Finding::degraded(
                check,
                format!(
                    "{mtu}: the driver's native XDP wants packets in one buffer, up to about {SINGLE_BUFFER} bytes; it \
                     will refuse, and the slower generic XDP is used"
                ),
            )
            .mend(format!("sudo ip link set dev {name} mtu {SINGLE_BUFFER}")),
            None if jumbo => Finding::degraded(
                check,
                format!("{mtu}: whether the driver's native XDP takes packets in several buffers is not known"),
            )
            .mend(format!("sudo ip link set dev {name} mtu {SINGLE_BUFFER}")),
            _ => Finding::fine(check, mtu.to_string()),
        }
    }

    fn receive_offload(&self, name: &str) -> Finding {
        let check = Check::ReceiveOffload;
        let on: Vec<(&str, bool)> = [("rx-lro", "lro"), ("rx-gro-hw", "rx-gro-hw")]
            .into_iter()
            .filter_map(|(feature, short)| {
                let feature = self.features.get(feature).filter(|feature| feature.on)?;
                Some((short, feature.fixed))
            })
            .collect();
        if on.is_empty() {
            return Finding::fine(check, "the card does not join packets (LRO, GRO_HW off)");
        }
        let names: Vec<&str> = on.iter().map(|(name, _)| *name).collect();
        let why = format!(
            "the card joins packets ({}): many drivers refuse native XDP meanwhile, and the generic one is used",
            names.join(", ")
        );
        if on.iter().all(|(_, fixed)| *fixed) {
            let mend = format!("firedamp run --iface {name} --xdp-mode generic");
            return Finding::degraded(check, why).mend(mend);
        }
        let off: Vec<String> =
            on.iter().filter(|(_, fixed)| !fixed).map(|(name, _)| format!("{name} off")).collect();
        Finding::degraded(check, why).mend(format!("sudo ethtool -K {name} {}", off.join(" ")))
    }

    fn vlan_offload(&self, name: &str) -> Finding {
        let check = Check::VlanOffload;
        let Some(feature) = self.features.get("rx-vlan-hw-parse").filter(|feature| feature.on) else {
            return Finding::fine(check, "VLAN tags stay in the frames");
        };
        let why =
            "VLAN tags are taken off before XDP: miners in VLANs are found, but records do not tell the VLAN";
        if feature.fixed {
            return Finding::degraded(check, format!("{why}; the driver does not turn it off"));
        }
        Finding::degraded(check, why).mend(format!("sudo ethtool -K {name} rxvlan off"))
    }

    fn queues(&self, name: &str) -> Finding {
        let check = Check::Queues;
        let Some(Channels { now, most, combined }) = self.channels else {
            return Finding::fine(check, "the driver does not tell");
        };
        let wanted = most.min(self.cpus);
        let count = if now == 1 { "1 queue".to_owned() } else { format!("{now} queues") };
        let why = format!("{count} of {most} for {} CPUs", self.cpus);
        if now < wanted {
            let kind = if combined { "combined" } else { "rx" };
            return Finding::degraded(check, format!("{why}: not all of them share the packets"))
                .mend(format!("sudo ethtool -L {name} {kind} {wanted}"));
        }
        let mut reached = self.indirection.clone();
        reached.sort_unstable();
        reached.dedup();
        let reached = u32::try_from(reached.len()).unwrap_or(u32::MAX);
        if (1..now.min(self.cpus)).contains(&reached) {
            return Finding::degraded(
                check,
                format!("{why}, but the hash of RSS leads to {reached} of them only"),
            )
            .mend(format!("sudo ethtool -X {name} equal {now}"));
        }
        Finding::fine(check, format!("{why}; the hash need not be symmetric"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::State;
    use super::super::ethtool::Feature;
    use super::super::tests::card;
    use super::*;

    const NATIVE: Option<XdpFeatures> = Some(XdpFeatures(0x0f));

    fn with(features: &[(&str, bool)]) -> Hardware {
        let feature = |&(name, fixed): &(&str, bool)| (name.to_owned(), Feature { on: true, fixed });
        Hardware { features: features.iter().map(feature).collect(), ..Hardware::default() }
    }

    #[test]
    fn a_driver_without_xdp_of_its_own_is_slow() {
        let told = |bits| Hardware { xdp: bits, ..Hardware::default() }.xdp("eth0");
        assert!(told(NATIVE).why.contains("but not on packets in several buffers"));
        assert!(told(Some(XdpFeatures(0x2f))).why.contains("also on"));
        assert_eq!(told(Some(XdpFeatures(0))).state, State::Degraded);
        let silent = told(None);
        assert_eq!(silent.state, State::Fine);
        assert!(silent.why.contains("does not tell"));
    }

    #[test]
    fn long_packets_need_several_buffers() {
        let judge = |xdp, mtu| Hardware { xdp, ..Hardware::default() }.mtu(&Link { mtu, ..card(2, "eth0") });
        assert_eq!(judge(NATIVE, 1500).state, State::Fine);
        assert_eq!(judge(Some(XdpFeatures(0x2f)), 9000).state, State::Fine);
        assert_eq!(judge(Some(XdpFeatures(0)), 9000).state, State::Fine, "the generic one takes any");
        let long = judge(NATIVE, 9000);
        assert_eq!(
            (long.state, long.mend.as_deref()),
            (State::Degraded, Some("sudo ip link set dev eth0 mtu 3502"))
        );
        assert_eq!(judge(None, 9000).state, State::Degraded);
    }

    #[test]
    fn joined_packets_are_in_the_way_of_native_xdp() {
        assert_eq!(Hardware::default().receive_offload("eth0").state, State::Fine);
        let joined = with(&[("rx-lro", false), ("rx-gro-hw", false)]).receive_offload("eth0");
        assert_eq!(joined.mend.as_deref(), Some("sudo ethtool -K eth0 lro off rx-gro-hw off"));
        let fixed = with(&[("rx-gro-hw", true)]).receive_offload("eth0");
        assert_eq!(fixed.state, State::Degraded);
        assert!(fixed.mend.unwrap().contains("generic"));
    }

    #[test]
    fn a_tag_that_is_taken_off_is_missing_in_records() {
        assert_eq!(Hardware::default().vlan_offload("eth0").state, State::Fine);
        let off = with(&[("rx-vlan-hw-parse", false)]).vlan_offload("eth0");
        assert_eq!(
            (off.state, off.mend.as_deref()),
            (State::Degraded, Some("sudo ethtool -K eth0 rxvlan off"))
        );
        assert!(with(&[("rx-vlan-hw-parse", true)]).vlan_offload("eth0").mend.is_none());
    }

    #[test]
    fn queues_are_shared_by_all_cpus() {
        let judge = |channels, indirection: &[u32]| {
            Hardware { channels, indirection: indirection.into(), cpus: 4, ..Hardware::default() }
                .queues("eth0")
        };
        let channels = |now, most, combined| Some(Channels { now, most, combined });
        assert_eq!(judge(None, &[]).state, State::Fine);
        assert_eq!(judge(channels(4, 16, true), &[0, 1, 2, 3, 0, 1]).state, State::Fine);
        let few = judge(channels(1, 16, true), &[]);
        assert_eq!(few.mend.as_deref(), Some("sudo ethtool -L eth0 combined 4"));
        assert_eq!(judge(channels(1, 2, false), &[]).mend.as_deref(), Some("sudo ethtool -L eth0 rx 2"));
        let narrow = judge(channels(4, 4, true), &[0, 1, 0, 1]);
        assert_eq!(narrow.mend.as_deref(), Some("sudo ethtool -X eth0 equal 4"));
    }

    #[test]
    fn a_driver_is_told_as_far_as_it_tells() {
        let driver = |version: &str, firmware: &str| {
            let driver = Driver { name: "veth".into(), version: version.into(), firmware: firmware.into() };
            Hardware { driver: Some(driver), ..Hardware::default() }.driver().why
        };
        assert_eq!(driver("1.0", ""), "veth, version 1.0");
        assert_eq!(driver("6.1.0", "0x80"), "veth, version 6.1.0, firmware 0x80");
    }
}
