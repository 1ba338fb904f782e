//! What nft is told, in its own language.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::config::Hook;
use super::seen::Seen;
use crate::block::{Mode, Target};

/// What every name of Firedamp in the table begins with; the chain that drops has no other.
pub(super) const OWN: &str = "firedamp";

/// The counters of all packets that were kept back, and of those that would have been.
pub(super) const DROPPED: &str = "firedamp_dropped";
pub(super) const COUNTED: &str = "firedamp_counted";

/// The sets of what is blocked, with the type of their elements.
const SETS: [(&str, &str); 8] = [
    ("firedamp_flow4", "type ipv4_addr . inet_service . ipv4_addr . inet_service; flags timeout"),
    ("firedamp_flow6", "type ipv6_addr . inet_service . ipv6_addr . inet_service; flags timeout"),
    ("firedamp_pair4", "type ipv4_addr . ipv4_addr . inet_service; flags timeout"),
    ("firedamp_pair6", "type ipv6_addr . ipv6_addr . inet_service; flags timeout"),
    ("firedamp_address4", "type ipv4_addr; flags timeout"),
    ("firedamp_address6", "type ipv6_addr; flags timeout"),
    ("firedamp_network4", "type ipv4_addr; flags interval, timeout"),
    ("firedamp_network6", "type ipv6_addr; flags interval, timeout"),
];

/// The set that stands for the agent: nothing is dropped when its elements, all kinds of packets, have run out.
const ALIVE: &str = "firedamp_alive";

/// How long the agent is taken to be alive after that was handed on.
pub(super) const LEASE: Duration = Duration::from_secs(27);

/// The sets of what is never blocked.
pub(super) const ALLOWED: [(&str, &str); 2] =
    [("firedamp_allow4", "ipv4_addr"), ("firedamp_allow6", "ipv6_addr")];

/// How many packets a block met, and bytes of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) packets: u64,
    pub(super) bytes: u64,
}

/// The table of Firedamp, or one that it shares with the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) hook: Hook,
    /// Whether blocks go on until their time is over when the agent is gone.
    pub(super) keeps: bool,
}

impl Table {
    /// As nft names it.
    pub(super) fn address(&self) -> String {
        format!("inet {}", self.name)
    }

    /// All of it but for blocks, in the place of what Firedamp had there before.
    pub(super) fn whole(&self, mode: Mode, allowed: &[IpNet], is_alive: bool) -> String {
        let table = self.address();
        let mut text = format!("add table {table}\nadd chain {table} {OWN}\nflush chain {table} {OWN}\n");
        for (set, key) in ALLOWED {
            line(&mut text, format_args!("add set {table} {set} {{ type {key}; flags interval; }}"));
        }
        for (set, key) in SETS {
            line(&mut text, format_args!("add set {table} {set} {{ {key}; counter; }}"));
            line(&mut text, format_args!("flush set {table} {set}"));
        }
        line(&mut text, format_args!("add set {table} {ALIVE} {{ type ether_type; flags timeout; }}"));
        line(&mut text, format_args!("flush set {table} {ALIVE}"));
        if is_alive {
            text += &self.renew();
        }
        for counter in [DROPPED, COUNTED] {
            // A counter that is there keeps its numbers, unless it is made anew.
            line(&mut text, format_args!("add counter {table} {counter}"));
            line(&mut text, format_args!("delete counter {table} {counter}"));
            line(&mut text, format_args!("add counter {table} {counter}"));
        }
        text += &self.allow_only(allowed);
        text += &self.rules(mode);
        for hook in Hook::HOOKED {
            let Some((word, priority)) = hook.parts() else { continue };
            let chain = format!("{table} {OWN}_{word}");
            // Only what is there can be deleted.
            line(&mut text, format_args!("add chain {chain}\nflush chain {chain}\ndelete chain {chain}"));
            if hook == self.hook {
                line(
                    &mut text,
                    format_args!(
                        "add chain {chain} {{ type filter hook {word} priority {priority}; policy accept; }}\n\
                         add rule {chain} jump {OWN}"
                    ),
                );
            }
        }
        text
    }

    /// What is done with what is blocked: the rules of the chain.
    pub(super) fn rules(&self, mode: Mode) -> String {
        let chain = format!("{} {OWN}", self.address());
        let mut text = format!("flush chain {chain}\n");
        let verdict = match mode {
            Mode::Observe => return text,
            Mode::DryRun => format!("counter name {COUNTED} return"),
            Mode::Enforce => format!("counter name {DROPPED} drop"),
        };
        for rule in self.passing() {
            line(&mut text, format_args!("add rule {chain} {rule} return"));
        }
        for rule in Self::meeting() {
            line(&mut text, format_args!("add rule {chain} {rule} {verdict}"));
        }
        text
    }

    /// How many rules there are in the chain.
    pub(super) fn rule_count(&self, mode: Mode) -> usize {
        match mode {
            Mode::Observe => 0,
            Mode::DryRun | Mode::Enforce => self.passing().count() + Self::meeting().count(),
        }
    }

    /// What passes whatever is blocked: all if the agent is gone, and what is never blocked.
    fn passing(&self) -> impl Iterator<Item = String> {
        let gone = (!self.keeps).then(|| format!("meta protocol != @{ALIVE}"));
        let allowed = [("ip", '4'), ("ip6", '6')].into_iter().flat_map(|(ip, version)| {
            ["saddr", "daddr"].map(|end| format!("{ip} {end} @{OWN}_allow{version}"))
        });
        gone.into_iter().chain(allowed)
    }

    /// Says that the agent is alive.
    pub(super) fn renew(&self) -> String {
        let set = format!("{} {ALIVE}", self.address());
        let seconds = LEASE.as_secs();
        // What is added again keeps its time.
        format!("flush set {set}\nadd element {set} {{ ip timeout {seconds}s, ip6 timeout {seconds}s }}\n")
    }

    fn meeting() -> impl Iterator<Item = String> {
        [("ip", '4'), ("ip6", '6')].into_iter().flat_map(|(ip, version)| {
            let both = "meta l4proto { tcp, udp }";
            [
                format!("{ip} saddr . tcp sport . {ip} daddr . tcp dport @{OWN}_flow{version}"),
                format!("{ip} daddr . tcp dport . {ip} saddr . tcp sport @{OWN}_flow{version}"),
                format!("{both} {ip} saddr . {ip} daddr . th dport @{OWN}_pair{version}"),
                format!("{both} {ip} daddr . {ip} saddr . th sport @{OWN}_pair{version}"),
                format!("{ip} saddr @{OWN}_address{version}"),
                format!("{ip} daddr @{OWN}_address{version}"),
                format!("{ip} saddr @{OWN}_network{version}"),
                format!("{ip} daddr @{OWN}_network{version}"),
            ]
        })
    }

    /// Never blocks these networks, and none else.
    pub(super) fn allow_only(&self, allowed: &[IpNet]) -> String {
        let mut text = String::new();
        let allowed = apart(allowed);
        for (set, key) in ALLOWED {
            let set = format!("{} {set}", self.address());
            line(&mut text, format_args!("flush set {set}"));
            for network in allowed.iter().filter(|network| network.addr().is_ipv4() == (key == "ipv4_addr")) {
                line(&mut text, format_args!("add element {set} {{ {network} }}"));
            }
        }
        text
    }

    /// Blocks what is not blocked, for a time that is not zero, and goes on with a count.
    pub(super) fn put(&self, target: &Target, left: Duration, count: Count) -> Option<String> {
        let Count { packets, bytes } = count;
        let (set, element) = element(target)?;
        let timeout = left.as_millis().max(1);
        let set = format!("{} {set}", self.address());
        Some(format!(
            "add element {set} {{ {element} counter packets {packets} bytes {bytes} timeout {timeout}ms }}\n"
        ))
    }

    /// Lets pass what is blocked.
    pub(super) fn take(&self, target: &Target) -> Option<String> {
        let (set, element) = element(target)?;
        Some(format!("delete element {} {set} {{ {element} }}\n", self.address()))
    }

    /// Removes the table with all that is in it.
    pub(super) fn nothing(&self) -> String {
        format!("delete table {}\n", self.address())
    }

    /// Leaves what rules of others may lead to, and nothing in it.
    pub(super) fn emptied(&self, seen: &Seen) -> String {
        let table = self.address();
        let mut text = String::new();
        for chain in &seen.chains {
            line(&mut text, format_args!("flush chain {table} {chain}"));
        }
        for chain in seen.chains.iter().filter(|chain| *chain != OWN) {
            line(&mut text, format_args!("delete chain {table} {chain}"));
        }
        for set in &seen.sets {
            line(&mut text, format_args!("flush set {table} {set}"));
        }
        text
    }
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{what}");
}

/// The set in which a target stands, and how. Ends of different families never meet.
fn element(target: &Target) -> Option<(String, String)> {
    let version = |one: IpAddr, other: IpAddr| match (one, other) {
        (IpAddr::V4(_), IpAddr::V4(_)) => Some('4'),
        (IpAddr::V6(_), IpAddr::V6(_)) => Some('6'),
        _ => None,
    };
    let (kind, version, text) = match *target {
        Target::Flow(one, other) => (
            "flow",
            version(one.ip(), other.ip())?,
            format!("{} . {} . {} . {}", one.ip(), one.port(), other.ip(), other.port()),
        ),
        Target::Pair(client, server) => {
            ("pair", version(client, server.ip())?, format!("{client} . {} . {}", server.ip(), server.port()))
        }
        Target::Network(network) => {
            let address = network.addr();
            let version = version(address, address)?;
            if is_address(&network) {
                ("address", version, address.to_string())
            } else {
                ("network", version, network.to_string())
            }
        }
    };
    Some((format!("{OWN}_{kind}{version}"), text))
}

fn is_address(network: &IpNet) -> bool {
    network.prefix_len() == network.max_prefix_len()
}

/// The same networks, none of which is in another.
pub(super) fn apart(networks: &[IpNet]) -> Vec<IpNet> {
    IpNet::aggregate(&networks.to_vec())
}

/// Whether nftables can say this.
pub(super) fn can_stand(target: &Target) -> bool {
    element(target).is_some()
}

/// Networks that lie in others, each with the widest of these: the intervals of a set must not overlap.
pub(super) fn covered<'a>(targets: impl Iterator<Item = &'a Target>) -> HashMap<Target, Target> {
    let networks = |target: &Target| match *target {
        Target::Network(network) if !is_address(&network) => Some(network),
        _ => None,
    };
    let all: std::collections::HashSet<IpNet> = targets.filter_map(networks).collect();
    let widest = |network: &IpNet| {
        std::iter::successors(network.supernet(), IpNet::supernet).filter(|wider| all.contains(wider)).last()
    };
    all.iter()
        .filter_map(|network| Some((Target::Network(*network), Target::Network(widest(network)?))))
        .collect()
}
