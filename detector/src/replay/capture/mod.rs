//! Captures as a stream of Ethernet frames.
//!
//! pcap (both byte orders, micro- and nanoseconds) and pcapng (several sections and interfaces)
//! are read in constant memory, plain or gzip-compressed, from a file or from standard input.
//! Frames of other link types are given an Ethernet header, so that one recogniser reads all.

mod counts;
mod error;
mod link;
mod pcap;
mod pcapng;
mod sniff;
mod source;
#[cfg(test)]
mod tests;
mod window;

use std::path::Path;

pub use counts::Counts;
pub use error::CaptureError;
pub use link::LinkType;

use error::Fault;
use link::{Layout, Link};
use source::Source;
use window::Window;

/// The longest frame that is believed; tcpdump never writes a longer one.
const FRAME_LIMIT: u32 = 262_144;

/// One frame of a capture, always with an Ethernet header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// When it was captured, in nanoseconds since the Unix epoch. A pcapng simple packet block has
    /// no time and gets the one of the frame before it.
    pub time_ns: u64,
    /// Number of the interface in the file, counted from 0 through all sections of a pcapng.
    pub interface: u32,
    /// The interface's name, if a pcapng gives it.
    pub interface_name: Option<&'a str>,
    /// The bytes that were captured, beginning with an Ethernet header of 14 bytes.
    pub bytes: &'a [u8],
    /// Length of the frame on the wire, in the link type it was captured with.
    pub wire_length: u32,
}

/// Where a frame lies in the window and how it is to be read.
struct Record {
    time_ns: u64,
    interface: u32,
    link: Result<Link, LinkType>,
    /// First byte of the frame in the window.
    start: usize,
    length: usize,
    wire_length: u32,
    /// Bytes of the window that the record takes in all.
    size: usize,
}

enum Format {
    Pcap(pcap::Reader),
    Pcapng(pcapng::Reader),
}

/// A capture that is being read.
pub struct Capture {
    source: Source,
    window: Window,
    format: Format,
    counts: Counts,
    /// Bytes of the window that belong to the frame handed out last.
    handed_out: usize,
    /// A frame for which an Ethernet header was made.
    made: Vec<u8>,
    ended: bool,
}

impl Capture {
    /// Opens a capture; `-` is standard input.
    ///
    /// # Errors
    /// The file cannot be opened or read, is empty, is no capture, or (pcap) has a link type
    /// without IP inside.
    pub fn open(path: &Path) -> Result<Self, CaptureError> {
        let (source, window) = Source::open(path)?;
        Self::start(source, window)
    }

    /// Reads a capture from anything; `name` stands for it in messages.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_reader(
        name: &str,
        reader: impl std::io::Read + Send + 'static,
    ) -> Result<Self, CaptureError> {
        let (source, window) = Source::new(name.to_owned(), None, Box::new(reader))?;
        Self::start(source, window)
    }

    fn start(source: Source, mut window: Window) -> Result<Self, CaptureError> {
        let first = match window.fill(4) {
            Ok(_) => window.data().first_chunk::<4>().copied(),
            Err(error) => return Err(source.explain(window.failed(error))),
        };
        if window.data().is_empty() {
            return Err(CaptureError::Empty { name: source.name });
        }
        let format = match first {
            Some(pcapng::MAGIC) => Ok(Format::Pcapng(pcapng::Reader::new())),
            Some(magic) if pcap::is_magic(magic) => pcap::Reader::new(&mut window).map(Format::Pcap),
            _ => {
                if let Err(error) = window.fill(sniff::ENOUGH) {
                    return Err(source.explain(window.failed(error)));
                }
                let looks_like = sniff::looks_like(window.data());
                return Err(CaptureError::NotACapture { name: source.name, looks_like });
            }
        };
        match format {
            Ok(format) => Ok(Self {
                source,
                window,
                format,
                counts: Counts::default(),
                handed_out: 0,
                made: Vec::new(),
                ended: false,
            }),
            Err(fault) => Err(source.explain(fault)),
        }
    }

    /// The next frame, or `None` at the end of the capture and after an error.
    ///
    /// # Errors
    /// The capture is damaged, cut off or cannot be read further (every frame before the damage has
    /// been given), or it ended without one readable interface. In compressed data that is damaged,
    /// up to 64 KiB before the damage are lost with it.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, CaptureError> {
        let (record, layout) = loop {
            if self.ended {
                return Ok(None);
            }
            self.window.consume(self.handed_out);
            self.handed_out = 0;
            let next = match &mut self.format {
                Format::Pcap(reader) => reader.next(&mut self.window),
                Format::Pcapng(reader) => reader.next(&mut self.window),
            };
            let record = match next {
                Ok(Some(record)) => record,
                Ok(None) => {
                    self.ended = true;
                    return self.end().map(|()| None);
                }
                Err(fault) => {
                    self.ended = true;
                    return Err(self.source.explain(fault));
                }
            };
            self.handed_out = record.size;
            self.counts.captured(record.length, record.wire_length);
            let bytes = self.window.part(record.start, record.length);
            match record.link.map(|link| link.locate(bytes)) {
                Ok(Ok(layout)) => break (record, layout),
                Ok(Err(reason)) => self.counts.unreadable(reason),
                Err(link_type) => self.counts.other_link(link_type),
            }
        };
        let captured = self.window.part(record.start, record.length);
        let bytes = match layout {
            Layout::Ethernet => captured,
            Layout::Packet { ethertype, offset } => {
                self.made.clear();
                self.made.extend_from_slice(&[0; 12]);
                self.made.extend_from_slice(&ethertype.to_be_bytes());
                self.made.extend_from_slice(captured.get(offset..).unwrap_or_default());
                &self.made
            }
        };
        let interface_name = match &self.format {
            Format::Pcap(_) => None,
            Format::Pcapng(reader) => reader.interface_name(record.interface),
        };
        Ok(Some(Frame {
            time_ns: record.time_ns,
            interface: record.interface,
            interface_name,
            bytes,
            wire_length: record.wire_length,
        }))
    }

    /// The frames seen so far and why some could not be read.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Bytes of the file read so far; of a compressed file, compressed bytes.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.source.bytes_read()
    }

    /// Size of the file in bytes; `None` for a pipe or standard input.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.source.size
    }

    /// A file may describe an interface that no frame came from, so this is known at its end only.
    fn end(&self) -> Result<(), CaptureError> {
        match &self.format {
            Format::Pcapng(reader) if !reader.has_readable_interface() => {
                let link_types = reader.unreadable_link_types();
                if link_types.is_empty() {
                    return Ok(());
                }
                Err(self.source.explain(Fault::LinkTypes(link_types)))
            }
            _ => Ok(()),
        }
    }
}
