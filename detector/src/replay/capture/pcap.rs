use pcap_parser::nom::IResult;
use pcap_parser::{LegacyPcapBlock, PcapError, parse_pcap_frame, parse_pcap_frame_be};
use pcap_parser::{parse_pcap_frame_modified, parse_pcap_header};

use super::error::Fault;
use super::link::{Link, LinkType};
use super::{FRAME_LIMIT, Record, Window};

type Parse = fn(&[u8]) -> IResult<&[u8], LegacyPcapBlock<'_>, PcapError<&[u8]>>;

/// The classic format: a file header, then records of one link type.
pub(super) struct Reader {
    link: Link,
    nanoseconds: bool,
    big_endian: bool,
    parse: Parse,
    record_header: usize,
}

/// Microseconds, nanoseconds, and the "modified" format of Linux in the 1990s.
pub(super) const fn is_magic(first: [u8; 4]) -> bool {
    matches!(u32::from_le_bytes(first), 0xa1b2_c3d4 | 0xd4c3_b2a1 | 0xa1b2_3c4d | 0x4d3c_b2a1 | 0xa1b2_cd34)
}

impl Reader {
    pub(super) fn new(window: &mut Window) -> Result<Self, Fault> {
        let complete = window.fill(24).map_err(|error| window.failed(error))?;
        let Ok((_, header)) = parse_pcap_header(window.data()) else {
            let what = if complete {
                "the file header is not readable".to_owned()
            } else {
                format!("the file ends after {} of the 24 bytes of its header", window.data().len())
            };
            return Err(Fault::damaged(0, what));
        };
        // The upper half holds the length of the frame check sequence.
        let [low, high, ..] = header.network.0.to_le_bytes();
        let link_type = LinkType::new(u16::from_le_bytes([low, high]));
        let Some(link) = Link::of(link_type) else { return Err(Fault::LinkTypes(vec![link_type])) };
        let big_endian = header.is_bigendian();
        let (parse, record_header): (Parse, usize) = match (header.is_modified_format(), big_endian) {
            (true, _) => (parse_pcap_frame_modified, 24),
            (false, true) => (parse_pcap_frame_be, 16),
            (false, false) => (parse_pcap_frame, 16),
        };
        let nanoseconds = header.is_nanosecond_precision();
        window.consume(24);
        Ok(Self { link, nanoseconds, big_endian, parse, record_header })
    }

    pub(super) fn next(&mut self, window: &mut Window) -> Result<Option<Record>, Fault> {
        let header = self.record_header;
        let complete = window.fill(header).map_err(|error| window.failed(error))?;
        let offset = window.offset();
        if !complete {
            let there = window.data().len();
            if there == 0 {
                return Ok(None);
            }
            return Err(Fault::damaged(
                offset,
                format!("the file ends after {there} of the {header} bytes of a record header"),
            ));
        }
        let captured = window.part(8, 4).first_chunk().copied().map_or(0, |bytes| {
            if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
        });
        if captured > FRAME_LIMIT {
            return Err(Fault::damaged(
                offset,
                format!("a record claims {captured} bytes, more than any frame has ({FRAME_LIMIT})"),
            ));
        }
        let length = captured as usize;
        let size = header + length;
        if !window.fill(size).map_err(|error| window.failed(error))? {
            let there = window.data().len() - header;
            return Err(Fault::damaged(
                offset,
                format!("the file ends after {there} of the {length} bytes of a frame"),
            ));
        }
        let Ok((_, record)) = (self.parse)(window.data()) else {
            return Err(Fault::damaged(offset, "a record is not readable"));
        };
        let fraction = u64::from(record.ts_usec) * if self.nanoseconds { 1 } else { 1_000 };
        Ok(Some(Record {
            time_ns: u64::from(record.ts_sec) * 1_000_000_000 + fraction,
            interface: 0,
            link: Ok(self.link),
            start: header,
            length,
            wire_length: record.origlen,
            size,
        }))
    }
}
