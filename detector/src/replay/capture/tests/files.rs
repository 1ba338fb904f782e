//! Captures made by code.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// Byte order of a generated file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) big: bool,
}

pub(super) const LITTLE: Order = Order { big: false };
pub(super) const BIG: Order = Order { big: true };

impl Order {
    pub(super) fn u16(self, value: u16) -> [u8; 2] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }
    pub(super) fn u32(self, value: u32) -> [u8; 4] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }
    pub(super) fn words(self, values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|value| self.u32(*value)).collect()
    }
}

/// An Ethernet frame with an IPv4 type and a payload that tells it from others.
pub(super) fn ethernet(tag: u8) -> Vec<u8> {
    [&[0; 12][..], &[0x08, 0x00], &[0x45, tag, tag, tag, tag]].concat()
}

pub(super) fn pcap_header(order: Order, magic: u32, link_type: u32) -> Vec<u8> {
    let version = [order.u16(2), order.u16(4)].concat();
    [order.words(&[magic]), version, order.words(&[0, 0, 65_535, link_type])].concat()
}

pub(super) fn pcap_record(order: Order, seconds: u32, fraction: u32, frame: &[u8]) -> Vec<u8> {
    let length = u32::try_from(frame.len()).unwrap();
    [order.words(&[seconds, fraction, length, length]), frame.to_vec()].concat()
}

pub(super) fn pcap(order: Order, link_type: u32, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut file = pcap_header(order, 0xa1b2_c3d4, link_type);
    for (at, frame) in (0..).zip(frames) {
        file.extend(pcap_record(order, 1_000 + at, at, frame));
    }
    file
}

pub(super) fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    body.resize(body.len().next_multiple_of(4), 0);
    let size = u32::try_from(body.len() + 12).unwrap();
    [order.words(&[kind, size]), body, order.words(&[size])].concat()
}

pub(super) fn section(order: Order) -> Vec<u8> {
    let version = [order.u16(1), order.u16(0)].concat();
    block(order, 0x0a0d_0d0a, &[order.words(&[0x1a2b_3c4d]), version, vec![0xff; 8]].concat())
}

pub(super) fn option(order: Order, code: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap();
    let mut option = [&order.u16(code)[..], &order.u16(length), value].concat();
    option.resize(option.len().next_multiple_of(4), 0);
    option
}

pub(super) fn interface(order: Order, link_type: u16, snap_length: u32, options: &[Vec<u8>]) -> Vec<u8> {
    let head = [&order.u16(link_type)[..], &[0, 0], &order.u32(snap_length)].concat();
    block(order, 1, &[head, options.concat(), vec![0; 4]].concat())
}

pub(super) fn enhanced(order: Order, interface: u32, stamp: u64, frame: &[u8]) -> Vec<u8> {
    let length = u32::try_from(frame.len()).unwrap();
    let (high, low) = (u32::try_from(stamp >> 32).unwrap(), u32::try_from(stamp & 0xffff_ffff).unwrap());
    block(order, 6, &[order.words(&[interface, high, low, length, length]), frame.to_vec()].concat())
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
