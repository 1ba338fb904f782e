use detector_common::block::{Block, Control, Kinds, Network};
use ipnet::IpNet;

use super::barrier::{Barrier, since_start};
use super::nftables::{Nftables, Totals};
use super::{Mode, Target};
use crate::kernel::Gate;

/// What keeps packets back.
pub enum Backend {
    /// The program before the one that reads.
    Xdp(Box<Gate>),
    /// Rules of nftables.
    Nftables(Nftables),
}

impl std::fmt::Debug for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Xdp(_) => "Xdp",
            Self::Nftables(_) => "Nftables",
        })
    }
}

impl Backend {
    /// Packets that nftables met, if it is what drops them.
    pub(super) fn totals(&self) -> Totals {
        match self {
            Self::Xdp(_) => Totals::default(),
            Self::Nftables(table) => table.totals(),
        }
    }
}

impl Barrier for Backend {
    fn set(&mut self, control: &Control) -> Result<(), String> {
        match self {
            Self::Xdp(gate) => Barrier::set(gate.as_mut(), control),
            Self::Nftables(table) => {
                table.set_mode(Mode::of(control.mode));
                table.failure()
            }
        }
    }

    fn control(&self) -> Result<Control, String> {
        match self {
            Self::Xdp(gate) => Barrier::control(gate.as_ref()),
            Self::Nftables(table) => {
                let mode = table.mode();
                let kinds = Kinds::FLOWS.and(Kinds::PAIRS).and(Kinds::NETWORKS);
                // A table that was just made says nothing yet.
                let until = if mode == Mode::Observe && table.left().is_none() { 0 } else { table.until() };
                Ok(Control { mode: mode.code(), kinds, until, ..Control::default() })
            }
        }
    }

    fn block(&mut self, target: &Target, expires: u64) -> Result<(), String> {
        match self {
            Self::Xdp(gate) => Barrier::block(gate.as_mut(), target, expires),
            Self::Nftables(table) => table.block(target, expires),
        }
    }

    fn unblock(&mut self, target: &Target) -> Result<(), String> {
        match self {
            Self::Xdp(gate) => Barrier::unblock(gate.as_mut(), target),
            Self::Nftables(table) => {
                table.unblock(target);
                Ok(())
            }
        }
    }

    fn hits(&self, target: &Target) -> Result<Option<Block>, String> {
        match self {
            Self::Xdp(gate) => Barrier::hits(gate.as_ref(), target),
            Self::Nftables(table) => {
                let expires = table.expires(target).unwrap_or(u64::MAX);
                let block = |(hits, bytes, latest)| Block { expires, hits, bytes, latest };
                Ok(table.hits(target).map(block))
            }
        }
    }

    fn allow_only(&mut self, networks: &[Network]) -> Result<(), String> {
        match self {
            Self::Xdp(gate) => Barrier::allow_only(gate.as_mut(), networks),
            Self::Nftables(table) => {
                let network = |network: &Network| {
                    let (address, bits) = network.parts();
                    IpNet::new(address, bits).ok()
                };
                table.allow_only(networks.iter().filter_map(network).collect());
                Ok(())
            }
        }
    }

    fn left(&self) -> Result<Vec<Target>, String> {
        match self {
            Self::Xdp(gate) => gate.left(),
            Self::Nftables(table) => Ok(table.left().unwrap_or_default().to_vec()),
        }
    }

    fn settle(&self) -> bool {
        match self {
            Self::Xdp(_) => true,
            Self::Nftables(table) => table.settle(),
        }
    }

    fn lapses(&self) -> u64 {
        match self {
            Self::Xdp(gate) => gate.lapses(),
            Self::Nftables(_) => Nftables::LAPSES,
        }
    }

    fn keep(&mut self) -> Result<(), String> {
        match self {
            Self::Xdp(gate) => gate.keep(),
            Self::Nftables(table) => table.finish(true),
        }
    }

    fn now(&self) -> u64 {
        since_start()
    }

    fn is_pending(&self) -> bool {
        match self {
            Self::Xdp(_) => false,
            Self::Nftables(table) => table.is_pending(),
        }
    }

    fn is_reached(&self) -> bool {
        match self {
            Self::Xdp(_) => true,
            Self::Nftables(table) => table.is_reached(),
        }
    }

    fn trouble(&self) -> Option<String> {
        match self {
            Self::Xdp(_) => None,
            Self::Nftables(table) => table.trouble(),
        }
    }

    fn finish(&mut self) -> Result<(), String> {
        match self {
            Self::Xdp(gate) => Barrier::finish(gate.as_mut()),
            Self::Nftables(table) => table.finish(false),
        }
    }
}
