use super::{Located, llc};
use crate::replay::capture::counts::Unreadable;

/// What the capturing driver puts before the 802.11 frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::replay::capture) enum Prefix {
    None,
    Radiotap,
    Prism,
    Avs,
}

/// Length of the Prism II header, which is always complete.
const PRISM_LENGTH: usize = 144;

/// First bytes of an AVS header, whose last digit is its version.
const AVS_COOKIE: [u8; 3] = [0x80, 0x21, 0x10];

/// Radiotap's `IT_PRESENT` bits, counted from 0: the time stamp, the flags, and "one more word".
const TIME_STAMP: u32 = 1;
const FLAGS: u32 = 1 << 1;
const MORE: u32 = 1 << 31;

/// Radiotap's flag for padding between the 802.11 header and the payload.
const DATA_PADDED: u8 = 0x20;

/// The packet in an 802.11 data frame.
pub(super) fn data(frame: &[u8], prefix: Prefix) -> Located {
    let (start, padded) = match prefix {
        Prefix::None => (0, false),
        Prefix::Radiotap => radiotap(frame)?,
        // Drivers write AVS under Prism's number too.
        Prefix::Prism if !frame.starts_with(&AVS_COOKIE) => (PRISM_LENGTH, false),
        Prefix::Prism | Prefix::Avs => (avs(frame)?, false),
    };
    let header = frame.get(start..).ok_or(Unreadable::TooShort)?;
    let [kind, flags, ..] = *header else { return Err(Unreadable::TooShort) };
    // Version 0, type data, and not one of the subtypes without payload.
    if kind & 0x0f != 0x08 || kind & 0x40 != 0 {
        return Err(Unreadable::NotIp);
    }
    if flags & 0x40 != 0 {
        return Err(Unreadable::Encrypted);
    }
    let mut length = 24;
    if flags & 0x03 == 0x03 {
        length += 6;
    }
    if kind & 0x80 != 0 {
        let quality_of_service = header.get(length).ok_or(Unreadable::TooShort)?;
        if quality_of_service & 0x80 != 0 {
            return Err(Unreadable::Aggregated);
        }
        length += 2;
        if flags & 0x80 != 0 {
            length += 4;
        }
    }
    if padded {
        length = length.next_multiple_of(4);
    }
    llc(frame, start + length)
}

/// Length of a radiotap header, and whether the 802.11 header is padded.
fn radiotap(frame: &[u8]) -> Result<(usize, bool), Unreadable> {
    let [_, _, low, high, ..] = *frame else { return Err(Unreadable::TooShort) };
    let length = usize::from(u16::from_le_bytes([low, high]));
    let header = frame.get(..length).ok_or(Unreadable::TooShort)?;
    let mut at = 4;
    let word = |at: usize| header.get(at..).and_then(|rest| rest.first_chunk()).copied();
    let present = u32::from_le_bytes(word(at).ok_or(Unreadable::TooShort)?);
    let mut last = present;
    at += 4;
    while last & MORE != 0 {
        last = u32::from_le_bytes(word(at).ok_or(Unreadable::TooShort)?);
        at += 4;
    }
    if present & FLAGS == 0 {
        return Ok((length, false));
    }
    if present & TIME_STAMP != 0 {
        at = at.next_multiple_of(8) + 8;
    }
    let flags = header.get(at).ok_or(Unreadable::TooShort)?;
    Ok((length, flags & DATA_PADDED != 0))
}

/// Length of an AVS header.
fn avs(frame: &[u8]) -> Result<usize, Unreadable> {
    let length = frame.get(4..).and_then(|rest| rest.first_chunk()).ok_or(Unreadable::TooShort)?;
    usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Unreadable::TooShort)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::capture::link::{IPV4, Layout};

    const SNAP_IP: [u8; 9] = [0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00, 0x45];

    fn packet(offset: usize) -> Layout {
        Layout::Packet { ethertype: IPV4, offset }
    }

    /// An 802.11 header of `length` bytes and an IP packet.
    fn frame(kind: u8, flags: u8, length: usize) -> Vec<u8> {
        let mut frame = vec![0; length];
        frame[..2].copy_from_slice(&[kind, flags]);
        frame.extend(SNAP_IP);
        frame
    }

    #[test]
    fn data_frames_of_every_header_length() {
        assert_eq!(data(&frame(0x08, 0x01, 24), Prefix::None), Ok(packet(32)));
        assert_eq!(data(&frame(0x88, 0x02, 26), Prefix::None), Ok(packet(34)));
        assert_eq!(data(&frame(0x08, 0x03, 30), Prefix::None), Ok(packet(38)));
        assert_eq!(data(&frame(0x88, 0x83, 36), Prefix::None), Ok(packet(44)));
    }

    #[test]
    fn frames_without_a_packet_to_read() {
        assert_eq!(data(&frame(0x80, 0, 24), Prefix::None), Err(Unreadable::NotIp), "a beacon");
        assert_eq!(data(&frame(0x48, 0, 24), Prefix::None), Err(Unreadable::NotIp), "null data");
        assert_eq!(data(&frame(0x08, 0x41, 24), Prefix::None), Err(Unreadable::Encrypted));
        let mut aggregate = frame(0x88, 1, 26);
        aggregate[24] = 0x80;
        assert_eq!(data(&aggregate, Prefix::None), Err(Unreadable::Aggregated));
        assert_eq!(data(&frame(0x08, 1, 24)[..30], Prefix::None), Err(Unreadable::TooShort));
    }

    #[test]
    fn radiotap_tells_about_padding() {
        let header = |present: &[u32], fields: &[u8]| {
            let length = u8::try_from(4 + 4 * present.len() + fields.len()).unwrap();
            let mut header = vec![0, 0, length, 0];
            header.extend(present.iter().flat_map(|word| word.to_le_bytes()));
            header.extend(fields);
            header
        };
        let plain = [header(&[0], &[]), frame(0x88, 1, 26)].concat();
        assert_eq!(data(&plain, Prefix::Radiotap), Ok(packet(8 + 34)));
        let padded = [header(&[FLAGS], &[DATA_PADDED]), frame(0x88, 1, 28)].concat();
        assert_eq!(data(&padded, Prefix::Radiotap), Ok(packet(9 + 36)));
        let mut fields = [0; 13];
        fields[12] = DATA_PADDED;
        let stamped = [header(&[FLAGS | TIME_STAMP | MORE, 0], &fields), frame(0x88, 1, 28)].concat();
        assert_eq!(data(&stamped, Prefix::Radiotap), Ok(packet(25 + 36)));
        assert_eq!(data(&header(&[MORE], &[]), Prefix::Radiotap), Err(Unreadable::TooShort));
    }

    #[test]
    fn prism_and_avs_headers_are_stepped_over() {
        let prism = [vec![0; 144], frame(0x08, 1, 24)].concat();
        assert_eq!(data(&prism, Prefix::Prism), Ok(packet(144 + 32)));
        let mut avs = vec![0; 64];
        avs[..8].copy_from_slice(&[0x80, 0x21, 0x10, 0x01, 0, 0, 0, 64]);
        avs.extend(frame(0x08, 1, 24));
        assert_eq!(data(&avs, Prefix::Avs), Ok(packet(64 + 32)));
        assert_eq!(data(&avs, Prefix::Prism), Ok(packet(64 + 32)));
    }
}
