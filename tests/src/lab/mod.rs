//! The laboratory: three private network namespaces in a row, miner - gateway - pool.
//!
//! The namespaces have no name and no file: they live by file descriptors and threads of this
//! process, so the kernel removes them with everything inside when the process ends, however it
//! ends. No interface of the machine is touched.
//!
//! ```text
//!  miner                      gateway                     pool
//!  10.77.0.11..  m0 ======== lan0 (agent) wan0 ======== p0  203.0.113.10..
//!  2001:db8:77::11..                                        2001:db8:203::10..
//! ```

mod agent;
mod namespace;
mod tap;
mod trunk;

use std::net::IpAddr;

use anyhow::{Context, Result};

pub use agent::{Agent, News, Record, Report, WATCHING};
pub use namespace::{Namespace, Segments};
pub use tap::Tap;

use trunk::Trunk;

/// The gateway's interface towards the miners.
pub const LAN: &str = "lan0";
/// The gateway's interface towards the pools.
pub const WAN: &str = "wan0";

/// Hosts on each side; host `n` is the address that ends in `10 + n`.
pub const HOSTS: u8 = 8;

/// Three namespaces and the links between them. Dropping it removes everything.
#[derive(Debug)]
pub struct Lab {
    /// Where miners and other clients live.
    pub miner: Namespace,
    /// Where the agent watches.
    pub gateway: Namespace,
    /// Where pools and other servers live.
    pub pool: Namespace,
    _trunks: Vec<Trunk>,
}

/// The address of client `host` (0 to [`HOSTS`] - 1).
#[must_use]
pub fn client(host: u8, v6: bool) -> IpAddr {
    if v6 { [0x2001, 0xdb8, 0x77, 0, 0, 0, 0, hextet(host)].into() } else { [10, 77, 0, 10 + host].into() }
}

/// The address of server `host` (0 to [`HOSTS`] - 1).
#[must_use]
pub fn server(host: u8, v6: bool) -> IpAddr {
    if v6 { [0x2001, 0xdb8, 0x203, 0, 0, 0, 0, hextet(host)].into() } else { [203, 0, 113, 10 + host].into() }
}

/// In IPv6 the hosts are written `::10`, `::11`, ... so that they look like their IPv4 twins.
const fn hextet(host: u8) -> u16 {
    0x10 + host as u16
}

impl Lab {
    /// A gateway that routes IPv4 and IPv6 between two veth pairs.
    ///
    /// # Errors
    /// Privileges are missing, or `ip` (Debian: package `iproute2`).
    pub fn routed() -> Result<Self> {
        let [miner, gateway, pool] = Self::namespaces()?;
        for (interface, peer, peer_namespace) in [(LAN, "m0", &miner), (WAN, "p0", &pool)] {
            gateway.ip(&[
                format!("link add {interface} type veth peer name {peer}"),
                format!("link set {peer} netns {}", peer_namespace.path()),
            ])?;
        }
        gateway.set("ipv4/ip_forward", "1")?;
        gateway.set("ipv6/conf/all/forwarding", "1")?;
        gateway.ip(&[
            format!("address add 10.77.0.1/24 dev {LAN}"),
            format!("address add 2001:db8:77::1/64 dev {LAN} nodad"),
            format!("address add 203.0.113.1/24 dev {WAN}"),
            format!("address add 2001:db8:203::1/64 dev {WAN} nodad"),
            format!("link set {LAN} up"),
            format!("link set {WAN} up"),
        ])?;
        furnish(&miner, "m0", client)?;
        furnish(&pool, "p0", server)?;
        miner.ip(&["route add default via 10.77.0.1", "route add default via 2001:db8:77::1"])?;
        pool.ip(&["route add default via 203.0.113.1", "route add default via 2001:db8:203::1"])?;
        Ok(Self { miner, gateway, pool, _trunks: Vec::new() })
    }

    /// A gateway that bridges a trunk: both sides stand in the VLANs `tags` (Ethernet type and
    /// id, the outer first), and every frame on the gateway's interfaces carries the tags.
    ///
    /// The tags are put on and taken off by threads of this process, so that the kernel needs
    /// no VLAN driver.
    ///
    /// # Errors
    /// Privileges are missing, or `ip`, or `/dev/net/tun`.
    pub fn bridged(tags: &[(u16, u16)]) -> Result<Self> {
        let [miner, gateway, pool] = Self::namespaces()?;
        let trunks = vec![
            Trunk::new(&miner, "m0", &gateway, LAN, tags)?,
            Trunk::new(&pool, "p0", &gateway, WAN, tags)?,
        ];
        gateway.ip(&["link add br0 type bridge mcast_snooping 0", "link set br0 up"])?;
        for interface in [LAN, WAN] {
            // Room for two tags around a full packet.
            gateway.ip(&[format!("link set {interface} mtu 1508 master br0 up")])?;
        }
        furnish(&miner, "m0", client)?;
        furnish(&pool, "p0", server)?;
        miner.ip(&["route add 203.0.113.0/24 dev m0", "route add 2001:db8:203::/64 dev m0"])?;
        pool.ip(&["route add 10.77.0.0/24 dev p0", "route add 2001:db8:77::/64 dev p0"])?;
        Ok(Self { miner, gateway, pool, _trunks: trunks })
    }

    fn namespaces() -> Result<[Namespace; 3]> {
        let namespaces = [Namespace::new()?, Namespace::new()?, Namespace::new()?];
        for namespace in &namespaces {
            // Interfaces made or moved here later inherit it: an IPv6 address works at once.
            namespace.set("ipv6/conf/default/accept_dad", "0")?;
            namespace.ip(&["link set lo up"])?;
        }
        Ok(namespaces)
    }

    /// What the clients' and the servers' TCP sent so far, together.
    ///
    /// # Errors
    /// The kernel's counters cannot be read.
    pub fn segments(&self) -> Result<Segments> {
        let (here, there) = (self.miner.segments()?, self.pool.segments()?);
        Ok(Segments { sent: here.sent + there.sent, sent_again: here.sent_again + there.sent_again })
    }
}

/// Gives the side's interface all its addresses.
fn furnish(namespace: &Namespace, interface: &str, address: fn(u8, bool) -> IpAddr) -> Result<()> {
    let addresses = (0..HOSTS).flat_map(|host| {
        [
            format!("address add {}/24 dev {interface}", address(host, false)),
            format!("address add {}/64 dev {interface} nodad", address(host, true)),
        ]
    });
    let commands: Vec<String> = addresses.chain([format!("link set {interface} up")]).collect();
    namespace.ip(&commands).with_context(|| format!("cannot set up {interface}"))
}
