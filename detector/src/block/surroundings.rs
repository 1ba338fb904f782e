use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use nix::ifaddrs::getifaddrs;

/// How often is looked at which addresses this machine has and asks.
const REFRESH: Duration = Duration::from_secs(30);

/// So many routes of each family are read: default routes come first, and a router may have millions.
const ROUTES: usize = 10_000;

/// What cannot be seen of this machine.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {what}, and so not what must never be blocked: {cause}; let the agent read it")]
pub struct Unseen {
    what: &'static str,
    cause: io::Error,
}

/// What this machine is and asks: its own addresses, its gateways, and its resolvers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    pub(super) own: BTreeSet<IpAddr>,
    pub(super) gateways: BTreeSet<IpAddr>,
    pub(super) resolvers: BTreeSet<IpAddr>,
}

impl Surroundings {
    /// As they are now. This may take a while.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn look() -> Result<Self, Unseen> {
        let own = own_addresses().map_err(|cause| Unseen { what: "the addresses of this machine", cause })?;
        let v4 = each("/proc/self/net/route", ROUTES, gateway_v4)?;
        let v6 = each("/proc/self/net/ipv6_route", ROUTES, gateway_v6)?;
        let resolvers = each("/etc/resolv.conf", ROUTES, resolver)?;
        // The former may name nothing but a stub on this machine.
        let behind = each("/run/systemd/resolve/resolv.conf", ROUTES, resolver)?;
        Ok(Self {
            own,
            gateways: v4.into_iter().chain(v6).collect(),
            resolvers: resolvers.into_iter().chain(behind).collect(),
        })
    }

    /// Goes on looking, on a thread of its own, for as long as somebody listens.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn follow() -> io::Result<Receiver<Self>> {
        let (sender, news) = sync_channel(1);
        thread::Builder::new().name("surroundings".to_owned()).spawn(move || {
            let mut failed = false;
            loop {
                thread::sleep(REFRESH);
                match Self::look() {
                    Ok(now) => {
                        failed = false;
                        if sender.send(now).is_err() {
                            break;
                        }
                    }
                    Err(error) if !failed => {
                        failed = true;
                        tracing::error!("blocking: {error}; what was known before is used");
                    }
                    Err(_) => {}
                }
            }
        })?;
        Ok(news)
    }
}

fn own_addresses() -> io::Result<BTreeSet<IpAddr>> {
    let address = |one: nix::ifaddrs::InterfaceAddress| {
        let address = one.address?;
        let v4 = address.as_sockaddr_in().map(|it| IpAddr::V4(it.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|it| IpAddr::V6(it.ip())))
    };
    Ok(getifaddrs()?.filter_map(address).collect())
}

/// What the first lines of a file tell; nothing if there is no such file.
fn each(
    path: &'static str,
    lines: usize,
    tells: fn(&str) -> Option<IpAddr>,
) -> Result<BTreeSet<IpAddr>, Unseen> {
    let told = |file: File| {
        let lines = BufReader::new(file).lines().take(lines);
        lines.filter_map(|line| line.map(|line| tells(&line)).transpose()).collect()
    };
    match File::open(path).and_then(told) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(BTreeSet::new()),
        result => result.map_err(|cause| Unseen { what: path, cause }),
    }
}

/// The third column of the kernel's table is the gateway in hexadecimal, in the order of the machine; in its heading it is
/// a word.
fn gateway_v4(line: &str) -> Option<IpAddr> {
    let gateway = u32::from_str_radix(line.split_whitespace().nth(2)?, 16).ok()?;
    (gateway != 0).then(|| Ipv4Addr::from(gateway.to_ne_bytes()).into())
}

/// The fifth column is the gateway, 32 digits.
fn gateway_v6(line: &str) -> Option<IpAddr> {
    let gateway = u128::from_str_radix(line.split_whitespace().nth(4)?, 16).ok()?;
    (gateway != 0).then(|| Ipv6Addr::from(gateway).into())
}

fn resolver(line: &str) -> Option<IpAddr> {
    let mut words = line.split_whitespace();
    let address = words.next().filter(|word| *word == "nameserver").and(words.next())?;
    // A link-local one names its interface.
    address.split('%').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, tells: fn(&str) -> Option<IpAddr>) -> Vec<IpAddr> {
        text.lines().filter_map(tells).collect()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn what_the_gateway_needs_is_read_from_the_system() {
        let route = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n\
                     eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\n\
                     eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n";
        let little = u32::from_str_radix("0101A8C0", 16).unwrap().to_ne_bytes();
        assert_eq!(told(route, gateway_v4), [IpAddr::from(little)]);
        let route6 = "00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
                      fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n\
                      20010db8000000000000000000000000 40 00000000000000000000000000000000 00 \
                      00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n";
        assert_eq!(told(route6, gateway_v6), [address("fe80::1")]);
        let resolv = "# nameserver 10.0.0.9\nsearch lan\nnameserver 10.0.0.53\nnameserver fe80::53%eth0\n";
        assert_eq!(told(resolv, resolver), [address("10.0.0.53"), address("fe80::53")]);
        assert!(Surroundings::look().unwrap().own.contains(&address("127.0.0.1")));
    }

    #[test]
    fn of_a_long_table_the_beginning_is_read_and_a_file_need_not_be_there() {
        let first = each("/proc/self/net/route", 1, gateway_v4).unwrap();
        assert!(first.is_empty(), "the heading tells nothing");
        assert!(each("/nowhere/resolv.conf", 9, resolver).unwrap().is_empty());
        assert!(each("/proc/self/net", 9, resolver).unwrap_err().to_string().contains("/proc/self/net"));
    }
}
