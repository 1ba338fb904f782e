//! Numbers, times and foreign text as people read them.

use detector::enrich::Network;
use detector::report::thousands;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What is not known.
pub(super) const NOTHING: &str = "-";

/// For whom something is written.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// In which zone times are told.
    pub(super) zone: TimeZone,
    /// How many columns there are; `None` if there are as many as it takes.
    pub(super) width: Option<u16>,
    /// Whether colours are wanted.
    pub(super) colour: bool,
}

impl View {
    /// A time to the minute. Where there is little room, the zone is told once beneath.
    pub(super) fn time(&self, time: Timestamp) -> String {
        let format = if self.width.is_some() { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M%:z" };
        time.to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    /// A time to the second, with its zone.
    pub(super) fn exact(&self, time: Timestamp) -> String {
        time.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S%:z").to_string()
    }

    /// The zone in words.
    pub(super) fn zone_name(&self) -> String {
        let name = self.zone.iana_name().map(str::to_owned);
        name.unwrap_or_else(|| Timestamp::now().to_zoned(self.zone.clone()).strftime("UTC%:z").to_string())
    }
}

/// Text that somebody else wrote, so that it can neither steer a terminal nor turn the direction of writing.
pub(super) fn clean(text: &str) -> String {
    let is_safe = |letter: char| {
        !letter.is_control()
            && !matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    if text.chars().all(is_safe) {
        return text.to_owned();
    }
    text.chars()
        .map(|letter| if is_safe(letter) { letter.to_string() } else { letter.escape_unicode().to_string() })
        .collect()
}

/// The text, or a sign that there is none.
pub(super) fn or_nothing(text: Option<impl AsRef<str>>) -> String {
    text.map_or_else(|| NOTHING.to_owned(), |text| clean(text.as_ref()))
}

/// A list, or a sign that there is none.
pub(super) fn listed(words: &[String]) -> String {
    if words.is_empty() { NOTHING.to_owned() } else { clean(&words.join(",")) }
}

/// Region and city, or what is known of them.
pub(super) fn place(network: &Network) -> String {
    let parts = [&network.city, &network.region, &network.country];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    if parts.is_empty() { NOTHING.to_owned() } else { clean(&parts.join(", ")) }
}

/// The autonomous system.
pub(super) fn system(asn: Option<u32>, name: Option<&str>) -> String {
    match (asn, name) {
        (Some(asn), Some(name)) => clean(&format!("AS{asn} {name}")),
        (Some(asn), None) => format!("AS{asn}"),
        (None, Some(name)) => clean(name),
        (None, None) => NOTHING.to_owned(),
    }
}

/// Three significant digits with a prefix of the unit.
pub(super) fn scaled(value: f64, unit: &str) -> String {
    const PREFIXES: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];
    let mut value = value;
    let mut prefixes = PREFIXES.iter();
    let mut prefix = prefixes.next().unwrap_or(&"");
    while value.abs() >= 999.5
        && let Some(next) = prefixes.next()
    {
        value /= 1000.0;
        prefix = next;
    }
    let digits = if value.abs() >= 99.95 || (value.fract() == 0.0 && prefix.is_empty()) {
        0
    } else if value.abs() >= 9.995 {
        1
    } else {
        2
    };
    format!("{value:.digits$} {prefix}{unit}")
}

/// A speed in the unit that the ledger names.
pub(super) fn hash_rate(value: f64, unit: Option<&str>) -> String {
    match unit {
        None | Some("hashes/s") => scaled(value, "H/s"),
        Some("solutions/s") => scaled(value, "Sol/s"),
        // `G/s` would look like a prefix.
        Some(unit) => scaled(value, unit).replace(" graphs/s", " graph/s"),
    }
}

/// A number of a rate: as many digits as mean something.
pub(super) fn per(value: f64) -> String {
    if value >= 99.95 { format!("{value:.0}") } else { format!("{value:.1}") }
}

/// A number with its noun.
pub(in crate::cli) fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(count), if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_a_prefix() {
        for (value, text) in [
            (0.0, "0 H/s"),
            (0.123_4, "0.12 H/s"),
            (12.0, "12 H/s"),
            (999.4, "999 H/s"),
            (999.9, "1.00 kH/s"),
            (4_100.0, "4.10 kH/s"),
            (41_000.0, "41.0 kH/s"),
            (95_120_000_000_000.0, "95.1 TH/s"),
            (3e24, "3000000 EH/s"),
        ] {
            assert_eq!(hash_rate(value, None), text);
        }
        assert_eq!(hash_rate(1500.0, Some("solutions/s")), "1.50 kSol/s");
        assert_eq!(hash_rate(2.5, Some("graphs/s")), "2.50 graph/s");
        assert_eq!(
            (thousands(0), thousands(999), thousands(109_000), thousands(1_234_567)),
            ("0".into(), "999".into(), "109,000".into(), "1,234,567".into())
        );
    }

    #[test]
    fn foreign_text_cannot_steer_a_terminal() {
        assert_eq!(clean("rig\x1b[31m\u{9b}7\u{202e}x"), "rig\\u{1b}[31m\\u{9b}7\\u{202e}x");
        assert_eq!(clean("矿机 7"), "矿机 7");
    }

    #[test]
    fn the_zone_is_in_each_time_or_told_once() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let narrow = View { zone, width: Some(80), colour: false };
        let wide = View { width: None, ..narrow.clone() };
        assert_eq!(narrow.time(Timestamp::UNIX_EPOCH), "1970-01-01 08:00");
        assert_eq!(wide.time(Timestamp::UNIX_EPOCH), "1970-01-01 08:00+08:00");
        assert_eq!(narrow.zone_name(), "UTC+08:00");
    }
}
