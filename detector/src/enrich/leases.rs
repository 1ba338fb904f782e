use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;

use jiff::Timestamp;

use super::field;
use super::file::Stamp;
use super::network::Lease;
use super::problems::Problems;
use super::table::{self, Layout};

const LAYOUT: Layout =
    Layout { columns: &["ip", "mac", "user", "from", "to"], needed: &["ip", "from"], rows: 10_000_000 };

/// Who had which address when. An address has one holder at a time: a later lease ends the one before it.
pub(super) struct Leases {
    v4: Vec<Span<u32>>,
    v6: Vec<Span<[u8; 16]>>,
    /// Each pair of hardware address and user once: there are far fewer than leases.
    holders: Vec<Lease>,
    pub(super) stamp: Stamp,
}

/// A lease of an address `A`. Times are seconds since the epoch.
struct Span<A> {
    from: i64,
    /// The first second that is not part of it.
    to: i64,
    address: A,
    /// Place in the list of holders.
    holder: u32,
}

impl Leases {
    pub(super) fn load(path: &Path, problems: &mut Problems) -> Option<Self> {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        let mut holders: HashMap<Lease, u32> = HashMap::new();
        let stamp = table::read(path, &LAYOUT, problems, |row| {
            let address = row.needed("ip", field::address);
            let from = row.needed("from", field::time);
            let to = row.parsed("to", field::time);
            let lease = Lease { mac: row.parsed("mac", field::mac), user: row.parsed("user", field::owned) };
            if !row.broken && lease == Lease::default() {
                row.problem("gives neither mac nor user");
            }
            let (Some(address), Some(from)) = (address, from) else { return };
            let to = to.unwrap_or(i64::MAX);
            if to < from {
                row.problem("ends before it begins: to is earlier than from");
            }
            let next = u32::try_from(holders.len()).unwrap_or(u32::MAX);
            let holder = *holders.entry(lease).or_insert(next);
            match address {
                IpAddr::V4(address) => v4.push(Span { from, to, address: address.to_bits(), holder }),
                IpAddr::V6(address) => v6.push(Span { from, to, address: address.octets(), holder }),
            }
        })?;
        order(&mut v4);
        order(&mut v6);
        let mut numbered: Vec<_> = holders.into_iter().collect();
        numbered.sort_unstable_by_key(|(_, number)| *number);
        let holders = numbered.into_iter().map(|(lease, _)| lease).collect();
        Some(Self { v4, v6, holders, stamp })
    }

    /// Who had an address at a time.
    pub(super) fn look_up(&self, address: IpAddr, at: Timestamp) -> Option<&Lease> {
        let holder = match address {
            IpAddr::V4(address) => holder(&self.v4, address.to_bits(), at.as_second()),
            IpAddr::V6(address) => holder(&self.v6, address.octets(), at.as_second()),
        }?;
        self.holders.get(usize::try_from(holder).ok()?)
    }

    pub(super) fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }
}

/// By address, then by time; of those that begin together the last in the file comes last.
fn order<A: Ord + Copy>(spans: &mut Vec<Span<A>>) {
    spans.sort_by_key(|span| (span.address, span.from));
    spans.shrink_to_fit();
    let mut later: Option<(A, i64)> = None;
    for span in spans.iter_mut().rev() {
        if let Some((_, from)) = later.filter(|(address, _)| *address == span.address) {
            span.to = span.to.min(from);
        }
        later = Some((span.address, span.from));
    }
}

fn holder<A: Ord + Copy>(spans: &[Span<A>], address: A, at: i64) -> Option<u32> {
    let behind = spans.partition_point(|span| (span.address, span.from) <= (address, at));
    let span = spans.get(behind.checked_sub(1)?)?;
    (span.address == address && at < span.to).then_some(span.holder)
}
