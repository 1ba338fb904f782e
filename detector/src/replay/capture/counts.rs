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
    /// Frames of which the capture keeps only the beginning, read or not.
    pub cut: u64,
    /// Bytes that are kept of the longest of these, in the link type it was captured with.
    pub kept: usize,
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

    /// Takes note of how much of a frame was captured.
    pub(super) fn captured(&mut self, length: usize, wire_length: u32) {
        self.frames += 1;
        if length < wire_length as usize {
            self.cut += 1;
            self.kept = self.kept.max(length);
        }
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

    /// One sentence about the frames that are cut off, for the operator, or `None` when there were none.
    #[must_use]
    pub fn explain_cut(&self) -> Option<String> {
        (self.cut > 0).then(|| {
            format!(
                "{} of {} frames are cut off (at most {} bytes of each are kept), and what they said is lost; capture \
                 whole packets: tcpdump -s 0",
                self.cut, self.frames, self.kept
            )
        })
    }
}
