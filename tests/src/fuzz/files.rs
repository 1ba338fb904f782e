//! Captures made by code, in either format and any link type.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// Bytes of an Ethernet header, of which the last two are the type.
const ETHERNET: usize = 14;

/// The header of a data frame of 802.11, then that of 802.2 with SNAP up to the type.
const WIFI: [u8; 30] =
    [8, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 0, 0, 0xaa, 0xaa, 3, 0, 0, 0];

/// The packet of an Ethernet frame with the header of another link type.
pub(super) fn as_link(link: u16, frame: &[u8]) -> Vec<u8> {
    let (head, packet) = frame.split_at(ETHERNET.min(frame.len()));
    let kind = head.get(12..).unwrap_or_default();
    let wifi = [&WIFI, kind].concat();
    let before = match link {
        0 | 108 => vec![2, 0, 0, 0],
        9 => vec![0, 0x21],
        12 | 101 => Vec::new(),
        50 => vec![0xff, 3, 0, 0x21],
        51 => vec![0x11, 0, 0, 7, 0, 60, 0, 0x21],
        104 => [&[0x0f, 0], kind].concat(),
        105 => wifi,
        113 => [&[0; 14], kind].concat(),
        119 => [&[0, 0, 0, 0x44, 0, 0, 0, 144][..], &[0; 136], &wifi].concat(),
        127 => [&[0, 0, 8, 0, 0, 0, 0, 0], wifi.as_slice()].concat(),
        163 => [&[0x80, 0x21, 0x10, 1, 0, 0, 0, 64][..], &[0; 56], &wifi].concat(),
        276 => [kind, &[0; 18]].concat(),
        _ => head.to_vec(),
    };
    [before.as_slice(), packet].concat()
}

/// A pcap of the little-endian format with microseconds.
pub(super) fn pcap(link: u16, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut file = words(&[0xa1b2_c3d4, 0x0004_0002, 0, 0, 0xffff, u32::from(link)]);
    for (second, frame) in (1..).zip(frames) {
        file.extend(words(&[second, 500, length(frame), length(frame)]));
        file.extend(frame);
    }
    file
}

/// A pcapng of the little-endian format: a section, an interface with a name and a resolution, then each frame in every
/// kind of block.
pub(super) fn pcapng(link: u16, frames: &[Vec<u8>]) -> Vec<u8> {
    let options = [words(&[0x0004_0002]), b"lan0".to_vec(), words(&[0x0001_0009, 9, 0])].concat();
    let mut file = block(0x0a0d_0d0a, &words(&[0x1a2b_3c4d, 1, u32::MAX, u32::MAX]));
    file.extend(block(1, &[words(&[u32::from(link), 0xffff]), options].concat()));
    for (stamp, frame) in (1..).zip(frames) {
        let lengths = words(&[length(frame), length(frame)]);
        file.extend(block(6, &[words(&[0, 0, stamp]), lengths.clone(), frame.clone()].concat()));
        file.extend(block(3, &[words(&[length(frame)]), frame.clone()].concat()));
        file.extend(block(2, &[words(&[0, 0, stamp]), lengths, frame.clone()].concat()));
    }
    file
}

/// The same, compressed.
pub(super) fn gzip(file: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Memory takes all that is written.
    let _ = encoder.write_all(file);
    encoder.finish().unwrap_or_default()
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    body.resize(body.len().next_multiple_of(4), 0);
    let size = u32::try_from(body.len() + 12).unwrap_or(u32::MAX);
    [words(&[kind, size]), body, words(&[size])].concat()
}

fn words(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn length(frame: &[u8]) -> u32 {
    u32::try_from(frame.len()).unwrap_or(u32::MAX)
}
