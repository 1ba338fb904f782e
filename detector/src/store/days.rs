//! What a case did on a day. It is written in full, and in brief beside the other days of its period: who looks at many days
//! reads one row for each case.

use std::ops::RangeInclusive;

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};

use super::row::{hours, id};
use crate::ledger::{CaseId, Day};

/// Days of a period.
pub(crate) const PERIOD: i64 = 32;

/// Bytes of a day in brief: hours and connections, 24 bits each, little-endian.
pub(super) const BRIEF: usize = 6;

/// A case on one day of UTC, in brief.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Brief {
    /// Days since the epoch.
    pub(crate) day: i64,
    /// Bit n: something happened in hour n.
    pub(crate) active: u32,
    /// Connections that began on it.
    pub(crate) connections: u32,
}

impl Brief {
    fn of(day: &Day) -> Self {
        let connections = day.connections.iter().copied().map(u32::from).sum();
        Self { day: day.day, active: day.active, connections }
    }

    fn pack(self) -> [u8; BRIEF] {
        let mut bytes = [0; BRIEF];
        let (active, connections) = (self.active.to_le_bytes(), self.connections.to_le_bytes());
        for (byte, packed) in bytes.iter_mut().zip(active.into_iter().take(3).chain(connections)) {
            *byte = packed;
        }
        bytes
    }
}

/// Those of some days of a period on which something happened, the earliest first.
pub(crate) fn unpack(period: i64, bytes: &[u8], days: &RangeInclusive<i64>) -> impl Iterator<Item = Brief> {
    let start = period * PERIOD;
    let before = usize::try_from(days.start() - start).unwrap_or(0);
    let count = usize::try_from(days.end() + 1 - start).unwrap_or(0).saturating_sub(before);
    let briefs = (start..).zip(bytes.as_chunks::<BRIEF>().0).skip(before).take(count);
    briefs
        .map(|(day, &[low, middle, high, rest @ ..])| {
            let connections = rest.into_iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(byte));
            Brief { day, active: u32::from_le_bytes([low, middle, high, 0]), connections }
        })
        .filter(|brief| brief.active != 0)
}

/// The period in which a day is.
pub(crate) const fn period(day: i64) -> i64 {
    day.div_euclid(PERIOD)
}

/// What is known of a case on a day beside its hours.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rated {
    /// Hashes a second, or what the case counts.
    pub rate: Option<f64>,
    /// Watts: the estimate, its lower limit, its upper limit.
    pub power: Option<[f64; 3]>,
}

/// Writes days of cases.
pub struct DayWriter<'a> {
    day: CachedStatement<'a>,
    known: CachedStatement<'a>,
    period: CachedStatement<'a>,
}

impl<'a> DayWriter<'a> {
    /// Writes through a connection, which should be in a transaction.
    ///
    /// # Errors
    /// If the file is no ledger of this version.
    pub fn new(connection: &'a Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            day: connection.prepare_cached(
                r#"INSERT OR REPLACE INTO days
                   (day, "case", active, connections, rate, power, power_low, power_high) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"#,
            )?,
            known: connection
                .prepare_cached(r#"SELECT days FROM activity WHERE period = ? AND "case" = ?"#)?,
            period: connection
                .prepare_cached(r#"INSERT OR REPLACE INTO activity (period, "case", days) VALUES (?, ?, ?)"#)?,
        })
    }

    /// Writes a day of a case, in place of what was known of that day.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&mut self, case: CaseId, day: &Day, rated: Rated) -> rusqlite::Result<()> {
        let power = |which: usize| rated.power.and_then(|power| power.get(which).copied());
        self.day.execute(params![
            day.day,
            id(case),
            day.active,
            hours(day),
            rated.rate,
            power(0),
            power(1),
            power(2)
        ])?;
        let key = (period(day.day), id(case));
        let known: Option<Vec<u8>> = self.known.query_row(key, |row| row.get(0)).optional()?;
        let mut days = known.unwrap_or_default();
        let place = usize::try_from(day.day.rem_euclid(PERIOD)).unwrap_or(0);
        if days.len() < (place + 1) * BRIEF {
            days.resize((place + 1) * BRIEF, 0);
        }
        let packed = Brief::of(day).pack();
        match days.as_chunks_mut().0.get_mut(place) {
            Some(there) if *there != packed => *there = packed,
            _ => return Ok(()),
        }
        self.period.execute(params![key.0, key.1, days])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema;

    #[test]
    fn a_day_is_among_those_of_its_period() {
        let connection = Connection::open_in_memory().unwrap();
        schema::create(&connection).unwrap();
        let case = CaseId(u64::MAX - 6);
        let mut writer = DayWriter::new(&connection).unwrap();
        let day = |day, active, count| Day { day, active, connections: [count; 24] };
        for day in [day(64, 1, 0), day(67, 0xff_ffff, u16::MAX), day(95, 2, 1), day(64, 5, 3), day(96, 1, 1)]
        {
            writer.write(case, &day, Rated::default()).unwrap();
        }
        let rows: Vec<(i64, Vec<u8>)> = connection
            .prepare("SELECT period, days FROM activity WHERE \"case\" = -7 ORDER BY period")
            .unwrap()
            .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let briefs = |place: usize| unpack(rows[place].0, &rows[place].1, &(0..=200)).collect::<Vec<_>>();
        let brief = |day, active, connections| Brief { day, active, connections };
        assert_eq!(
            briefs(0),
            [brief(64, 5, 72), brief(67, 0xff_ffff, 24 * 65_535), brief(95, 2, 24)],
            "what was written last of a day counts"
        );
        assert_eq!((rows.len(), briefs(1)), (2, vec![brief(96, 1, 24)]));
        let within = |days| unpack(2, &rows[0].1, &days).map(|brief| brief.day).collect::<Vec<_>>();
        assert_eq!((within(65..=94), within(0..=64), within(67..=67)), (vec![67], vec![64], vec![67]));
        assert_eq!((within(0..=63), within(96..=200)), (vec![], vec![]));
    }
}
