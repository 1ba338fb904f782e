use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::error::Fault;
use super::{CaptureError, Window};

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Where the bytes come from, and how far they were read.
pub(super) struct Source {
    pub(super) name: String,
    /// Size of the file, if it is one.
    pub(super) size: Option<u64>,
    compressed: bool,
    read: Arc<AtomicU64>,
}

struct Counted {
    reader: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<(Self, Window), CaptureError> {
        if path == Path::new("-") {
            return Self::new("standard input".to_owned(), None, Box::new(io::stdin()));
        }
        let name = path.display().to_string();
        let file = match File::open(path) {
            Ok(file) => file,
            Err(cause) => return Err(CaptureError::Open { name, cause }),
        };
        match file.metadata() {
            Ok(metadata) if metadata.is_dir() => Err(CaptureError::Directory { name }),
            Ok(metadata) => {
                let size = metadata.is_file().then_some(metadata.len());
                Self::new(name, size, Box::new(file))
            }
            Err(cause) => Err(CaptureError::Open { name, cause }),
        }
    }

    pub(super) fn new(
        name: String,
        size: Option<u64>,
        reader: Box<dyn Read + Send>,
    ) -> Result<(Self, Window), CaptureError> {
        let read = Arc::new(AtomicU64::new(0));
        let mut counted = Counted { reader, read: Arc::clone(&read) };
        let mut source = Self { name, size, compressed: false, read };
        let mut first = Vec::new();
        if let Err(cause) = counted.by_ref().take(GZIP.len() as u64).read_to_end(&mut first) {
            return Err(source.explain(Fault::Read { offset: 0, cause }));
        }
        source.compressed = first == GZIP;
        let whole = Cursor::new(first).chain(counted);
        let reader: Box<dyn Read + Send> = if source.compressed {
            Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(64 * 1024, whole)))
        } else {
            Box::new(whole)
        };
        Ok((source, Window::new(reader)))
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Gives a fault the file's name.
    pub(super) fn explain(&self, fault: Fault) -> CaptureError {
        let (name, compressed) = (self.name.clone(), self.compressed);
        match fault {
            Fault::Damaged { offset, what } => CaptureError::Damaged { name, offset, compressed, what },
            Fault::Read { offset, cause } if compressed && cause.raw_os_error().is_none() => {
                let what = if cause.kind() == io::ErrorKind::UnexpectedEof {
                    "the compressed data ends too early".to_owned()
                } else {
                    format!("the compressed data is broken ({cause})")
                };
                CaptureError::Damaged { name, offset, compressed, what }
            }
            Fault::Read { offset, cause } => CaptureError::Read { name, offset, compressed, cause },
            Fault::LinkTypes(link_types) => CaptureError::LinkTypes { name, link_types },
        }
    }
}
