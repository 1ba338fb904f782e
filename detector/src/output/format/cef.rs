//! `ArcSight`'s Common Event Format, version 0: a header of seven fields, and an extension of keys and values.

use std::fmt::{self, Write as _};
use std::net::IpAddr;

use jiff::Timestamp;

use super::event::Event;
use super::sentence::sentence;
use super::{PRODUCT, VENDOR, VERSION};

/// The most characters of a value, before it is escaped. With it a line stays below 32 KiB whatever the record holds.
const LONGEST: usize = 384;

pub(super) fn render(event: &Event<'_>) -> String {
    let number = event.number("/alert/signature_id").map(|id| id.to_string()).unwrap_or_default();
    let name = event.text("/alert/signature").unwrap_or_default();
    let mut extension = Extension::after(header(&number, name, severity(event)));
    fill(&mut extension, event);
    extension.line()
}

/// What a line begins with.
pub(super) fn header(id: &str, name: &str, severity: &str) -> String {
    let mut line = "CEF:0".to_owned();
    for field in [VENDOR, PRODUCT, VERSION, id, name, severity] {
        let _ = write!(line, "|{}", Header(field));
    }
    line.push('|');
    line
}

/// 0 to 10. `ArcSight` calls 7 and 8 high, 4 to 6 medium, 0 to 3 low.
fn severity(event: &Event<'_>) -> &'static str {
    match event.verdict {
        "confirmed" => "8",
        "probable" => "6",
        "suspected" => "3",
        _ => "1",
    }
}

fn fill(out: &mut Extension, event: &Event<'_>) {
    let text = |place: &str| event.text(place);
    let number = |place: &str| event.number(place);
    out.put("rt", Some(event.time.as_millisecond()));
    out.put("start", event.moment("/mining/first_seen").map(Timestamp::as_millisecond));
    out.put("end", event.moment("/mining/last_seen").map(Timestamp::as_millisecond));
    out.put("cat", text("/alert/category"));
    out.put("act", text("/alert/action"));
    out.put("reason", Some(event.reason));
    out.put("app", text("/app_proto"));
    out.put("proto", text("/proto"));
    out.address("src", ("c6a2", "Source IPv6 Address"), event.miner);
    out.put("spt", number("/src_port"));
    out.put("smac", text("/mining/lease/mac"));
    out.put("suser", text("/mining/lease/user"));
    out.put("slat", event.real("/mining/network/latitude"));
    out.put("slong", event.real("/mining/network/longitude"));
    out.address("dst", ("c6a3", "Destination IPv6 Address"), event.pool);
    out.put("dpt", number("/dest_port"));
    out.put("dhost", event.pool_name());
    out.put("deviceInboundInterface", text("/in_iface"));
    out.put("cnt", number("/mining/connections"));
    out.labelled("cs1", "Verdict", Some(event.verdict));
    out.labelled("cs2", "Evidence", kinds(event));
    out.labelled("cs3", "MITRE ATT&CK technique", event.metadata("mitre_technique_id"));
    out.labelled("cs4", "Coin", text("/mining/coin"));
    out.labelled("cs5", "Stage", text("/mining/stage"));
    out.labelled("cs6", "Network type", text("/mining/network/type"));
    out.labelled("cn1", "Shares accepted", number("/mining/shares/accepted"));
    out.labelled("cn2", "AS number", number("/mining/network/asn"));
    out.labelled("cfp1", "Confidence", event.real("/mining/confidence"));
    out.labelled("cfp2", "Hash rate", event.real("/mining/hashrate_hs"));
    out.labelled("cfp3", "Power W", event.real("/mining/power_w"));
    out.labelled("flexString1", "Algorithm", text("/mining/algorithm"));
    out.labelled("flexString2", "Advice", text("/mining/advice/0/action"));
    out.put("msg", Some(sentence(event)));
    // Last, so that a line that was torn does not have it.
    out.put("externalId", Some(&event.id));
}

fn kinds(event: &Event<'_>) -> Option<String> {
    let kinds = event.list("/mining/evidence").iter().filter_map(|evidence| evidence.get("kind")?.as_str());
    Some(kinds.collect::<Vec<_>>().join(",")).filter(|kinds| !kinds.is_empty())
}

pub(super) struct Extension {
    line: String,
    first: bool,
}

impl Extension {
    pub(super) const fn after(header: String) -> Self {
        Self { line: header, first: true }
    }

    pub(super) fn line(self) -> String {
        self.line
    }

    /// Adds a value, if it is known.
    pub(super) fn put(&mut self, key: &str, value: Option<impl fmt::Display>) {
        let Some(value) = value else { return };
        if !std::mem::take(&mut self.first) {
            self.line.push(' ');
        }
        let _ = write!(self.line, "{key}={}", Text(&value.to_string()));
    }

    /// Adds a value whose meaning stands beside it.
    pub(super) fn labelled(&mut self, key: &str, label: &str, value: Option<impl fmt::Display>) {
        let Some(value) = value else { return };
        self.put(&format!("{key}Label"), Some(label));
        self.put(key, Some(value));
    }

    /// Adds an address: `src` and `dst` of version 0 hold IPv4 only, so IPv6 has keys of its own.
    fn address(&mut self, key: &str, (key6, label6): (&str, &str), address: IpAddr) {
        match address {
            IpAddr::V4(address) => self.put(key, Some(address)),
            IpAddr::V6(address) => self.labelled(key6, label6, Some(address)),
        }
    }
}

/// A field of the header.
struct Header<'a>(&'a str);

impl fmt::Display for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars().take(LONGEST) {
            match letter {
                '|' | '\\' => write!(f, "\\{letter}")?,
                _ if letter.is_control() => f.write_char(' ')?,
                _ => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

/// A value of the extension.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars().take(LONGEST) {
            match letter {
                '=' | '\\' => write!(f, "\\{letter}")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                _ if letter.is_control() => f.write_char(' ')?,
                _ => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}
