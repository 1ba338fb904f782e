use std::collections::BTreeSet;

use pcap_parser::{
    Block, EPB_MAGIC, IDB_MAGIC, InterfaceDescriptionBlock, OptionCode, SHB_MAGIC, SPB_MAGIC, parse_block_be,
    parse_block_le,
};

use super::error::Fault;
use super::link::{Link, LinkType};
use super::{FRAME_LIMIT, Record, Window};

/// The first bytes of a file: the type of a section header block, the same in both byte orders.
pub(super) const MAGIC: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

/// The packet block of 2004's draft, obsolete but still found.
const OBSOLETE_PACKET: u32 = 2;

/// The longest block that is held in memory; Wireshark's limit. Longer ones are skipped if they
/// hold no frame.
const BLOCK_LIMIT: u32 = 16 << 20;

/// The most interfaces that one section may describe.
const INTERFACE_LIMIT: usize = 65_536;

/// The longest interface name that is kept, in bytes.
const NAME_LIMIT: usize = 64;

struct Interface {
    link: Result<Link, LinkType>,
    /// Units of a time stamp per second; `None` if beyond any number.
    units: Option<u128>,
    /// Seconds to add to a time stamp.
    offset: i64,
    /// The most bytes of a frame that were captured; 0 is no limit.
    snap_length: u32,
    name: Option<String>,
}

/// Sections, each with its byte order and interfaces, made of blocks.
pub(super) struct Reader {
    big_endian: bool,
    interfaces: Vec<Interface>,
    /// Interfaces of the sections before this one.
    earlier_interfaces: u32,
    readable: bool,
    unreadable: BTreeSet<LinkType>,
    last_time: u64,
}

/// The fields of a packet block that the three kinds have in common.
struct Packet {
    interface: u32,
    /// Time stamp in the interface's unit.
    stamp: Option<u64>,
    captured: u32,
    wire_length: u32,
    start: usize,
}

impl Reader {
    pub(super) const fn new() -> Self {
        Self {
            big_endian: false,
            interfaces: Vec::new(),
            earlier_interfaces: 0,
            readable: false,
            unreadable: BTreeSet::new(),
            last_time: 0,
        }
    }

    pub(super) const fn has_readable_interface(&self) -> bool {
        self.readable
    }

    pub(super) fn unreadable_link_types(&self) -> Vec<LinkType> {
        self.unreadable.iter().copied().collect()
    }

    pub(super) fn interface_name(&self, interface: u32) -> Option<&str> {
        let local = interface.checked_sub(self.earlier_interfaces)?;
        self.interfaces.get(local as usize)?.name.as_deref()
    }

    pub(super) fn next(&mut self, window: &mut Window) -> Result<Option<Record>, Fault> {
        loop {
            let offset = window.offset();
            if !window.fill(12).map_err(|error| window.failed(error))? {
                let there = window.data().len();
                if there == 0 {
                    return Ok(None);
                }
                return Err(Fault::damaged(offset, format!("the file ends after {there} bytes of a block")));
            }
            if window.data().starts_with(&MAGIC) {
                self.big_endian = byte_order(window)?;
            }
            let (kind, size) = (self.number(window, 0), self.number(window, 4));
            if size < 12 {
                return Err(Fault::damaged(offset, format!("a block claims a length of {size} bytes")));
            }
            if !matches!(kind, SHB_MAGIC | IDB_MAGIC | EPB_MAGIC | SPB_MAGIC | OBSOLETE_PACKET) {
                self.skip(window, size)?;
                continue;
            }
            if size > BLOCK_LIMIT {
                return Err(Fault::damaged(offset, format!("a block claims a length of {size} bytes")));
            }
            if !window.fill(size as usize).map_err(|error| window.failed(error))? {
                let there = window.data().len();
                return Err(Fault::damaged(
                    offset,
                    format!("the file ends after {there} of the {size} bytes of a block"),
                ));
            }
            let trailer = self.number(window, size as usize - 4);
            if trailer != size {
                return Err(lengths_differ(offset, size, trailer));
            }
            if let Some(packet) = self.block(window, kind, size)? {
                return self.record(&packet, size, offset).map(Some);
            }
            window.consume(size as usize);
        }
    }

    /// Takes in a block that is whole.
    fn block(&mut self, window: &Window, kind: u32, size: u32) -> Result<Option<Packet>, Fault> {
        let offset = window.offset();
        if kind == OBSOLETE_PACKET {
            return self.obsolete_packet(window, size).map(Some);
        }
        let bytes = window.part(0, size as usize);
        let parsed = if self.big_endian { parse_block_be(bytes) } else { parse_block_le(bytes) };
        let Ok((_, block)) = parsed else {
            return Err(Fault::damaged(offset, format!("a block of type {kind} is not readable")));
        };
        match block {
            Block::SectionHeader(header) => {
                if header.major_version != 1 {
                    let version = header.major_version;
                    return Err(Fault::damaged(
                        offset,
                        format!("a section of pcapng version {version}, not 1"),
                    ));
                }
                let described = u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX);
                self.earlier_interfaces = self.earlier_interfaces.saturating_add(described);
                self.interfaces.clear();
                Ok(None)
            }
            Block::InterfaceDescription(description) => {
                if self.interfaces.len() == INTERFACE_LIMIT {
                    return Err(Fault::damaged(
                        offset,
                        format!("a section describes more than {INTERFACE_LIMIT} interfaces"),
                    ));
                }
                let interface = Interface::new(&description, self.big_endian);
                match interface.link {
                    Ok(_) => self.readable = true,
                    Err(link_type) => _ = self.unreadable.insert(link_type),
                }
                self.interfaces.push(interface);
                Ok(None)
            }
            Block::EnhancedPacket(packet) => Ok(Some(Packet {
                interface: packet.if_id,
                stamp: Some(u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low)),
                captured: packet.caplen,
                wire_length: packet.origlen,
                start: 28,
            })),
            Block::SimplePacket(packet) => {
                let snap_length = match self.interfaces.first().map_or(0, |first| first.snap_length) {
                    0 => u32::MAX,
                    limit => limit,
                };
                let captured = packet.origlen.min(snap_length).min(size.saturating_sub(16));
                let wire_length = packet.origlen;
                Ok(Some(Packet { interface: 0, stamp: None, captured, wire_length, start: 12 }))
            }
            _ => Ok(None),
        }
    }

    fn obsolete_packet(&self, window: &Window, size: u32) -> Result<Packet, Fault> {
        let captured = self.number(window, 20);
        if size < 32 || captured > size - 32 {
            return Err(Fault::damaged(window.offset(), "a block of type 2 is not readable"));
        }
        let numbers = self.number(window, 8);
        Ok(Packet {
            interface: if self.big_endian { numbers >> 16 } else { numbers & 0xffff },
            stamp: Some(u64::from(self.number(window, 12)) << 32 | u64::from(self.number(window, 16))),
            captured,
            wire_length: self.number(window, 24),
            start: 28,
        })
    }

    fn record(&mut self, packet: &Packet, size: u32, offset: u64) -> Result<Record, Fault> {
        let Some(interface) = self.interfaces.get(packet.interface as usize) else {
            let (number, described) = (packet.interface, self.interfaces.len());
            return Err(Fault::damaged(
                offset,
                format!("a frame of interface {number}, but only {described} are described"),
            ));
        };
        if packet.captured > FRAME_LIMIT {
            let captured = packet.captured;
            return Err(Fault::damaged(
                offset,
                format!("a block claims a frame of {captured} bytes, more than any has ({FRAME_LIMIT})"),
            ));
        }
        if let Some(stamp) = packet.stamp {
            self.last_time = interface.nanoseconds(stamp);
        }
        Ok(Record {
            time_ns: self.last_time,
            interface: self.earlier_interfaces.saturating_add(packet.interface),
            link: interface.link,
            start: packet.start,
            length: packet.captured as usize,
            wire_length: packet.wire_length,
            size: size as usize,
        })
    }

    /// Steps over a block that holds nothing needed, however long.
    fn skip(&self, window: &mut Window, size: u32) -> Result<(), Fault> {
        let offset = window.offset();
        let body = window.skip(u64::from(size) - 4).map_err(|error| window.failed(error))?;
        if !body || !window.fill(4).map_err(|error| window.failed(error))? {
            return Err(Fault::damaged(offset, format!("the file ends within a block of {size} bytes")));
        }
        let trailer = self.number(window, 0);
        if trailer != size {
            return Err(lengths_differ(offset, size, trailer));
        }
        window.consume(4);
        Ok(())
    }

    /// A number in the section's byte order, 0 beyond the window.
    fn number(&self, window: &Window, at: usize) -> u32 {
        window.part(at, 4).first_chunk().copied().map_or(0, |bytes| {
            if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
        })
    }
}

/// Whether the section that begins here is big-endian.
fn byte_order(window: &Window) -> Result<bool, Fault> {
    match window.part(8, 4) {
        [0x4d, 0x3c, 0x2b, 0x1a] => Ok(false),
        [0x1a, 0x2b, 0x3c, 0x4d] => Ok(true),
        _ => Err(Fault::damaged(window.offset(), "a section header has no byte order mark")),
    }
}

fn lengths_differ(offset: u64, size: u32, trailer: u32) -> Fault {
    Fault::damaged(offset, format!("a block has length {size} at its start and {trailer} at its end"))
}

impl Interface {
    fn new(description: &InterfaceDescriptionBlock<'_>, big_endian: bool) -> Self {
        let [low, high, ..] = description.linktype.0.to_le_bytes();
        let link_type = LinkType::new(u16::from_le_bytes([low, high]));
        let value = |code| {
            description
                .options
                .iter()
                .take_while(|option| option.code != OptionCode::EndOfOpt)
                .find(|option| option.code == code)
                .and_then(|option| option.as_bytes().ok())
        };
        let resolution = value(OptionCode::IfTsresol).and_then(|bytes| bytes.first()).copied().unwrap_or(6);
        let power = u32::from(resolution & 0x7f);
        let units = if resolution & 0x80 == 0 { 10u128.checked_pow(power) } else { 2u128.checked_pow(power) };
        let offset =
            value(OptionCode::IfTsoffset).and_then(|bytes| bytes.first_chunk::<8>()).map_or(0, |bytes| {
                if big_endian { i64::from_be_bytes(*bytes) } else { i64::from_le_bytes(*bytes) }
            });
        let name = value(OptionCode::IfName)
            .map(|bytes| {
                String::from_utf8_lossy(bytes.get(..NAME_LIMIT).unwrap_or(bytes))
                    .trim_end_matches('\0')
                    .to_owned()
            })
            .filter(|name| !name.is_empty());
        Self {
            link: Link::of(link_type).ok_or(link_type),
            units,
            offset,
            snap_length: description.snaplen,
            name,
        }
    }

    /// Nanoseconds since the epoch, held at the ends of what 64 bits can say.
    fn nanoseconds(&self, stamp: u64) -> u64 {
        let since = self.units.map_or(0, |units| u128::from(stamp) * 1_000_000_000 / units);
        let since = i128::try_from(since).unwrap_or(i128::MAX);
        let time = since.saturating_add(i128::from(self.offset) * 1_000_000_000);
        u64::try_from(time.max(0)).unwrap_or(u64::MAX)
    }
}
