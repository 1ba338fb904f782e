use std::io;

use super::link::{LinkType, READABLE};

/// Why a capture cannot be read, or not further. Every message begins with the file's name.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The file cannot be opened.
    #[error("{name}: cannot be opened: {cause}; check the path and that you may read the file")]
    Open {
        /// The file.
        name: String,
        /// What the system said.
        cause: io::Error,
    },
    /// The path names a directory.
    #[error("{name}: is a directory; name the capture files in it")]
    Directory {
        /// The directory.
        name: String,
    },
    /// The file has no bytes.
    #[error("{name}: is empty; a capture has at least a file header")]
    Empty {
        /// The file.
        name: String,
    },
    /// The file begins like no capture.
    #[error("{name}: is not a pcap or pcapng capture, it looks like {looks_like}")]
    NotACapture {
        /// The file.
        name: String,
        /// What it seems to be, and what to do about it.
        looks_like: &'static str,
    },
    /// No interface of the capture carries IP in a form that is readable.
    #[error("{name}: {} not readable; readable are {READABLE}", name_all(.link_types))]
    LinkTypes {
        /// The file.
        name: String,
        /// The link types in it.
        link_types: Vec<LinkType>,
    },
    /// The file breaks its format, or ends in the middle of it.
    #[error("{name}: damaged at byte {offset}{}: {what}; what stands before it was read", within(*.compressed))]
    Damaged {
        /// The file.
        name: String,
        /// Where the damaged part begins, in bytes of the uncompressed data.
        offset: u64,
        /// Whether the file is compressed.
        compressed: bool,
        /// What is wrong.
        what: String,
    },
    /// The system failed to read.
    #[error("{name}: reading failed at byte {offset}{}: {cause}", within(*.compressed))]
    Read {
        /// The file.
        name: String,
        /// How far it was read, in bytes of the uncompressed data.
        offset: u64,
        /// Whether the file is compressed.
        compressed: bool,
        /// What the system said.
        cause: io::Error,
    },
}

/// The same without the file's name, which the readers do not know.
#[derive(Debug)]
pub(super) enum Fault {
    Damaged { offset: u64, what: String },
    Read { offset: u64, cause: io::Error },
    LinkTypes(Vec<LinkType>),
}

impl Fault {
    pub(super) fn damaged(offset: u64, what: impl Into<String>) -> Self {
        Self::Damaged { offset, what: what.into() }
    }
}

const fn within(compressed: bool) -> &'static str {
    if compressed { " of the uncompressed data" } else { "" }
}

fn name_all(link_types: &[LinkType]) -> String {
    let names: Vec<String> = link_types.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [one] => format!("link type {one} is"),
        _ => format!("link types {} are", names.join(", ")),
    }
}
