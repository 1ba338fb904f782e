use std::collections::BTreeMap;

use super::LinkType;

/// Why a frame has no Ethernet form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Shorter than its link header.
    TooShort,
    /// The link header announces something that is not an IP packet.
    NotIp,
    /// Encrypted by the radio link.
    Encrypted,
    /// Several packets aggregated into one 802.11 frame.
    Aggregated,
}

/// The frames of a capture and those of them that could not be read, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All frames, read or not.
    pub frames: u64,
    /// Shorter than the header of their link type.
    pub too_short: u64,
    /// Not an IP packet, says the link header: PPP control, 802.11 management and the like.
    pub not_ip: u64,
    /// 802.11 frames that are encrypted.
    pub encrypted: u64,
    /// 802.11 frames that hold several packets (A-MSDU).
    pub aggregated: u64,
    /// Frames of interfaces whose link type is not readable, by link type.
    pub other_links: BTreeMap<LinkType, u64>,
}

impl Counts {
    pub(super) const fn unreadable(&mut self, reason: Unreadable) {
        let counter = match reason {
            Unreadable::TooShort => &mut self.too_short,
            Unreadable::NotIp => &mut self.not_ip,
            Unreadable::Encrypted => &mut self.encrypted,
            Unreadable::Aggregated => &mut self.aggregated,
        };
        *counter += 1;
    }

    pub(super) fn other_link(&mut self, link_type: LinkType) {
        *self.other_links.entry(link_type).or_default() += 1;
    }

    /// How many frames were not handed out.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.too_short
            + self.not_ip
            + self.encrypted
            + self.aggregated
            + self.other_links.values().sum::<u64>()
    }

    /// One sentence about the frames that were not handed out, for the operator, or `None` when
    /// there were none.
    #[must_use]
    pub fn explain(&self) -> Option<String> {
        let reasons = [
            (self.too_short, "too short for their link header"),
            (self.not_ip, "without an IP packet"),
            (self.encrypted, "encrypted by the radio link"),
            (self.aggregated, "aggregates of several packets (A-MSDU)"),
        ];
        let mut parts: Vec<String> = reasons
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, reason)| format!("{count} {reason}"))
            .collect();
        parts.extend(self.other_links.iter().map(|(link_type, count)| {
            format!("{count} from interfaces with unreadable link type {link_type}")
        }));
        (!parts.is_empty())
            .then(|| format!("{} of {} frames not read: {}", self.skipped(), self.frames, parts.join(", ")))
    }
}
