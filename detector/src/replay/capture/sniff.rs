/// How many bytes are enough to guess from.
pub(super) const ENOUGH: usize = 512;

/// What other kinds of file begin with.
const MAGICS: [(&[u8], &str); 15] = [
    (b"\x28\xb5\x2f\xfd", "zstd-compressed data; decompress it first (zstd -d)"),
    (b"\xfd7zXZ\0", "xz-compressed data; decompress it first (xz -d)"),
    (b"BZh", "bzip2-compressed data; decompress it first (bzip2 -d)"),
    (b"\x04\x22\x4d\x18", "lz4-compressed data; decompress it first (lz4 -d)"),
    (b"\x1f\x8b", "data that was compressed twice; decompress it once (gzip -d)"),
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-zip archive; unpack it first"),
    (b"snoop\0\0\0", "a Solaris snoop capture; convert it first (editcap -F pcapng)"),
    (b"GMBU", "a Microsoft Network Monitor capture; convert it first (editcap -F pcapng)"),
    (b"RTSS", "a Microsoft Network Monitor 1 capture; convert it first (editcap -F pcapng)"),
    (b"TRSNIFF data", "a Sniffer capture; convert it first (editcap -F pcapng)"),
    (b"\x7fELF", "an ELF program"),
    (b"%PDF", "a PDF document"),
    (b"{\"timestamp\"", "JSON records such as Suricata and Firedamp write, not the packets"),
    (
        b"\x34\xcd\xb2\xa1",
        "a big-endian capture of the modified pcap format; convert it first (editcap -F pcap)",
    ),
];

/// What a file that is no capture seems to be, from its first bytes.
pub(super) fn looks_like(start: &[u8]) -> &'static str {
    if let Some((_, name)) = MAGICS.iter().find(|(magic, _)| start.starts_with(magic)) {
        return name;
    }
    if start.get(257..262) == Some(b"ustar") {
        return "a tar archive; unpack it first";
    }
    let text =
        start.iter().take(ENOUGH).all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..));
    if text && std::str::from_utf8(start).map_or_else(|error| error.error_len().is_none(), |_| true) {
        return "text";
    }
    if start.iter().take(ENOUGH).all(|byte| *byte == 0) {
        return "nothing but zero bytes";
    }
    "some other binary data"
}
