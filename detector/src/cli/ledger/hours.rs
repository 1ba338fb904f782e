//! When a case was active, hour by hour.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use detector::store::read::Day;
use jiff::civil::Date;

use super::format::{View, counted};

/// Bars from low to high.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A line for each day with activity, by the hours of the zone.
pub(super) fn chart(days: &[Day], view: &View) -> String {
    let mut local: BTreeMap<Date, [Option<u32>; 24]> = BTreeMap::new();
    for (hour, connections) in days.iter().flat_map(Day::hours) {
        let clock = hour.to_zoned(view.zone.clone()).datetime();
        let cells = local.entry(clock.date()).or_default();
        if let Some(cell) = usize::try_from(clock.hour()).ok().and_then(|hour| cells.get_mut(hour)) {
            *cell = Some(cell.unwrap_or(0) + u32::from(connections));
        }
    }
    let most = local.values().flatten().flatten().copied().max().unwrap_or(0);
    if local.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    for (date, cells) in local {
        let bars: String = cells.iter().map(|cell| bar(*cell, most)).collect();
        let hours = cells.iter().flatten().count();
        let connections: u32 = cells.iter().flatten().sum();
        let _ = writeln!(
            text,
            "  {date}  {bars}  {} in {}",
            counted(connections.into(), "connection"),
            counted(u64::try_from(hours).unwrap_or(0), "hour")
        );
    }
    text + "              0     6     12    18\n"
}

fn bar(connections: Option<u32>, most: u32) -> char {
    match connections {
        None => ' ',
        Some(0) => '·',
        Some(count) => {
            let place = (u64::from(count) * 8).div_ceil(most.max(1).into()).saturating_sub(1);
            usize::try_from(place).ok().and_then(|place| BARS.get(place)).copied().unwrap_or('█')
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn hours_are_drawn_in_the_zone_and_the_busiest_is_the_highest() {
        let view = View { zone: TimeZone::fixed(jiff::tz::offset(8)), width: None, colour: false };
        let mut connections = [0; 24];
        connections[15] = 1;
        connections[16] = 80;
        let days = [Day { day: 20_000, active: 1 << 14 | 1 << 15 | 1 << 16, connections }];
        let chart = chart(&days, &view);
        let lines: Vec<&str> = chart.lines().filter(|line| line.starts_with("  2024")).collect();
        assert_eq!(
            lines,
            [
                "  2024-10-04                        ·▁  1 connection in 2 hours",
                "  2024-10-05  █                         80 connections in 1 hour"
            ]
        );
        assert_eq!(
            days[0].hours().next().map(|(hour, _)| hour),
            "2024-10-04T14:00:00Z".parse::<Timestamp>().ok()
        );
    }
}
