//! Numbers, times and foreign text as people read them.

use detector::enrich::Network;
use detector::legible::{thousands, visible};
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
    visible(text).into_owned()
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
    fn the_zone_is_in_each_time_or_told_once() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let narrow = View { zone, width: Some(80), colour: false };
        let wide = View { width: None, ..narrow.clone() };
        assert_eq!(narrow.time(Timestamp::UNIX_EPOCH), "1970-01-01 08:00");
        assert_eq!(wide.time(Timestamp::UNIX_EPOCH), "1970-01-01 08:00+08:00");
        assert_eq!(narrow.zone_name(), "UTC+08:00");
    }
}
