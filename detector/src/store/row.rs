use std::net::{IpAddr, Ipv6Addr};

use jiff::Timestamp;

pub(super) use crate::ledger::octets;
use crate::ledger::{CaseId, Day};

/// The address that 16 bytes stand for.
pub(crate) fn address(octets: [u8; 16]) -> IpAddr {
    Ipv6Addr::from(octets).to_canonical()
}

/// A case's number as `SQLite` holds it.
pub(super) const fn id(case: CaseId) -> i64 {
    case.0.cast_signed()
}

/// The case of a number in `SQLite`.
pub(super) const fn case(id: i64) -> CaseId {
    CaseId(id.cast_unsigned())
}

/// A count; `SQLite` has no numbers above 2^63.
pub(super) fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count that was written so.
pub(super) fn counted(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// A time in milliseconds since the epoch; one that there is not is the epoch itself.
pub(super) fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default()
}

/// Connections of each hour of a day, as bytes.
pub(super) fn hours(day: &Day) -> [u8; 48] {
    let mut bytes = [0; 48];
    for (place, count) in bytes.chunks_exact_mut(2).zip(day.connections) {
        place.copy_from_slice(&count.to_le_bytes());
    }
    bytes
}

/// The day that was written so.
pub(super) fn day(day: i64, active: u32, bytes: &[u8]) -> Day {
    let mut connections = [0; 24];
    for (count, bytes) in connections.iter_mut().zip(bytes.as_chunks().0) {
        *count = u16::from_le_bytes(*bytes);
    }
    Day { day, active, connections }
}
