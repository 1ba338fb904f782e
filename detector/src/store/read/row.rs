//! From the columns of a row to values.

use std::net::IpAddr;

use jiff::Timestamp;
use rusqlite::Row;
use rusqlite::types::{FromSql, Type};
use serde::Serializer;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer as _};

use crate::enrich::{Network, PoolOrigin};
pub(super) use crate::store::row::{address, octets};

/// Milliseconds since the epoch as a time.
pub(super) fn time(milliseconds: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(milliseconds).ok()
}

/// Takes one column after the other.
pub(super) struct Columns<'a, 'b> {
    row: &'a Row<'b>,
    next: usize,
}

impl<'a, 'b> Columns<'a, 'b> {
    pub(super) const fn of(row: &'a Row<'b>) -> Self {
        Self { row, next: 0 }
    }

    pub(super) fn get<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let value = self.row.get(self.next);
        self.next += 1;
        value
    }

    pub(super) fn time(&mut self) -> rusqlite::Result<Timestamp> {
        let at = self.next;
        let milliseconds = self.get()?;
        time(milliseconds).ok_or(rusqlite::Error::IntegralValueOutOfRange(at, milliseconds))
    }

    pub(super) fn address(&mut self) -> rusqlite::Result<IpAddr> {
        Ok(address(self.get()?))
    }

    /// A number that is never negative.
    pub(super) fn count(&mut self) -> rusqlite::Result<u64> {
        let at = self.next;
        let count: i64 = self.get()?;
        u64::try_from(count).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(at, count))
    }

    /// One of the words that a type has in records.
    fn word<T: DeserializeOwned>(&mut self) -> rusqlite::Result<Option<T>> {
        let at = self.next;
        let Some(text) = self.get::<Option<String>>()? else { return Ok(None) };
        let word: StrDeserializer<'_, serde::de::value::Error> = text.as_str().into_deserializer();
        let known = T::deserialize(word);
        known
            .map(Some)
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(at, Type::Text, error.into()))
    }

    /// The columns of [`NETWORK`].
    pub(super) fn network(&mut self) -> rusqlite::Result<Network> {
        Ok(Network {
            kind: self.word()?.unwrap_or_default(),
            type_source: self.word()?,
            type_confidence: self.get()?,
            asn: self.get()?,
            as_org: self.get()?,
            country: self.get()?,
            region: self.get()?,
            city: self.get()?,
            latitude: self.get()?,
            longitude: self.get()?,
            prefix: self.get()?,
            site: self.get()?,
            owner: self.get()?,
            contact: self.get()?,
        })
    }

    /// The columns of [`POOL_ORIGIN`].
    pub(super) fn pool_origin(&mut self) -> rusqlite::Result<PoolOrigin> {
        Ok(PoolOrigin { listed: self.get()?, asn: self.get()?, as_org: self.get()?, country: self.get()? })
    }
}

/// What is known of a miner's address, of table `miners` as `m`.
pub(super) const NETWORK: &str = "m.network_type, m.type_source, m.type_confidence, m.asn, m.as_org, m.country, \
     m.region, m.city, m.latitude, m.longitude, m.prefix, m.site, m.owner, m.contact";

/// What is known of a pool's address, of table `pools` as `p`.
pub(super) const POOL_ORIGIN: &str = "p.listed, p.asn, p.as_org, p.country";

/// A time as JSON has it: RFC 3339, UTC, milliseconds.
pub(super) fn rfc3339<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{time:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_sixteen_bytes_and_come_back() {
        for text in ["10.1.2.3", "2001:db8::1", "255.255.255.255"] {
            let original: IpAddr = text.parse().unwrap();
            assert_eq!(address(octets(original)), original);
        }
        assert_eq!(octets("10.1.2.3".parse().unwrap())[10..], [0xff, 0xff, 10, 1, 2, 3]);
    }
}
