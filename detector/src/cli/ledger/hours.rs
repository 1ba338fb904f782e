//! When a case was active, hour by hour.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use detector::store::read::Day;
use jiff::civil::Date;

use super::format::{View, counted};

/// Bars from low to high.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Columns of the date and the bars.
const BARS_END: usize = 38;

/// A line for each day with activity, by the hours of the zone. Sums stand behind the bars as far as the width allows.
pub(super) fn chart(days: &[Day], view: &View, width: u16) -> String {
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
    let sums: Vec<[String; 4]> = local.values().map(sums).collect();
    let room = usize::from(width).saturating_sub(BARS_END);
    let fits = |form: &usize| {
        let sum = |sums: &[String; 4]| sums.get(*form).map_or(0, |sum| sum.chars().count());
        sums.iter().all(|sums| sum(sums) <= room)
    };
    let form = (0..4).find(fits).unwrap_or(3);
    let mut text = String::new();
    for ((date, cells), sums) in local.iter().zip(&sums) {
        let bars: String = cells.iter().map(|cell| bar(*cell, most)).collect();
        let _ = writeln!(text, "  {date}  {bars}{}", sums.get(form).map_or("", String::as_str));
    }
    text + "              0     6     12    18\n"
}

/// What a day comes to, in more and in fewer words.
fn sums(cells: &[Option<u32>; 24]) -> [String; 4] {
    let connections: u32 = cells.iter().flatten().sum();
    let hours = u64::try_from(cells.iter().flatten().count()).unwrap_or(0);
    let counted_connections = counted(connections.into(), "connection");
    [
        format!("  {counted_connections} in {}", counted(hours, "hour")),
        format!("  {counted_connections}"),
        format!("  {connections}"),
        String::new(),
    ]
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
        let narrow = |width| chart(&days, &view, width).lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(narrow(60)[1], "  2024-10-05  █                         80 connections");
        assert_eq!(narrow(44)[1], "  2024-10-05  █                         80");
        assert_eq!(narrow(40)[1].trim_end(), "  2024-10-05  █");
        let chart = chart(&days, &view, 100);
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
