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
mod disk;
mod namespace;
mod report;
mod tap;
mod trunk;

use std::net::IpAddr;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

pub use agent::{Agent, News, WATCHING, agent_binary};
pub use disk::Disk;
pub use namespace::{Namespace, Segments};
pub use report::{Record, Report, losses};
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

/// A side of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Towards the miners: [`LAN`].
    Lan,
    /// Towards the pools: [`WAN`].
    Wan,
}

/// What links a side to the gateway.
struct Cable<'a> {
    interface: &'static str,
    peer: &'static str,
    host: &'a Namespace,
    /// The gateway's addresses there.
    gateways: [&'static str; 2],
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
        gateway.set("ipv4/ip_forward", "1")?;
        gateway.set("ipv6/conf/all/forwarding", "1")?;
        let this = Self { miner, gateway, pool, _trunks: Vec::new() };
        this.plug(Side::Lan)?;
        this.plug(Side::Wan)?;
        Ok(this)
    }

    /// Links a side of a routed laboratory to the gateway, with new interfaces at both ends.
    ///
    /// # Errors
    /// There is such a link already.
    pub fn plug(&self, side: Side) -> Result<()> {
        let Cable { interface, peer, host, .. } = self.cable(side);
        self.gateway.ip(&[
            format!("link add {interface} type veth peer name {peer}"),
            format!("link set {peer} netns {}", host.path()),
        ])?;
        self.raise(side, interface)?;
        match side {
            Side::Lan => furnish(host, peer, client)?,
            Side::Wan => furnish(host, peer, server)?,
        }
        let routes = self.cable(side).gateways.map(|gateway| format!("route add default via {gateway}"));
        host.ip(&routes)
    }

    /// Deletes the link of a side, with the interfaces at both ends and their addresses.
    ///
    /// # Errors
    /// There is no such link.
    pub fn unplug(&self, side: Side) -> Result<()> {
        self.gateway.ip(&[format!("link del {}", self.cable(side).interface)])
    }

    /// Takes the gateway's interface of a side down for so long.
    ///
    /// # Errors
    /// It does not exist.
    pub fn flap(&self, side: Side, down: Duration) -> Result<()> {
        let interface = self.cable(side).interface;
        self.gateway.ip(&[format!("link set {interface} down")])?;
        thread::sleep(down);
        self.raise(side, interface)
    }

    /// Gives the gateway's interface of a side another name.
    ///
    /// # Errors
    /// There is none of the old name, or one of the new.
    pub fn rename(&self, side: Side, from: &str, to: &str) -> Result<()> {
        self.gateway.ip(&[format!("link set {from} down"), format!("link set {from} name {to}")])?;
        self.raise(side, to)
    }

    /// Takes the gateway's interface up. An interface that was down has lost its addresses of IPv6.
    fn raise(&self, side: Side, interface: &str) -> Result<()> {
        let [v4, v6] = self.cable(side).gateways;
        self.gateway.ip(&[
            format!("address replace {v4}/24 dev {interface}"),
            format!("address replace {v6}/64 dev {interface} nodad"),
            format!("link set {interface} up"),
        ])
    }

    fn cable(&self, side: Side) -> Cable<'_> {
        match side {
            Side::Lan => Cable {
                interface: LAN,
                peer: "m0",
                host: &self.miner,
                gateways: ["10.77.0.1", "2001:db8:77::1"],
            },
            Side::Wan => Cable {
                interface: WAN,
                peer: "p0",
                host: &self.pool,
                gateways: ["203.0.113.1", "2001:db8:203::1"],
            },
        }
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
            // The links have no queue of their own: what a sender may have on its way must fit the backlog of a busy CPU.
            namespace.set("ipv4/tcp_wmem", "4096 16384 262144")?;
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
