use super::super::*;
use super::files::*;
use super::*;

#[test]
fn a_cut_file_gives_every_whole_frame_and_says_where_it_ends() {
    let generated: Vec<_> = (1..4).map(ethernet).collect();
    let blocks: Vec<_> = (1..4).map(|tag| enhanced(LITTLE, 0, 0, &ethernet(tag))).collect();
    let head = [section(LITTLE), interface(LITTLE, 1, 0, &[])].concat();
    let cases = [
        (pcap(LITTLE, 1, &generated), 24, 16 + generated[0].len()),
        ([head.clone(), blocks.concat()].concat(), head.len(), blocks[0].len()),
    ];
    for (file, head, record) in cases {
        for length in 4..file.len() {
            let (seen, end) = read(&file[..length]);
            let whole = length.saturating_sub(head) / record;
            assert_eq!(seen.len(), whole, "cut at {length}");
            if length >= head {
                let at = (head + whole * record) as u64;
                match end {
                    Ok(()) => assert_eq!(at, length as u64),
                    Err(CaptureError::Damaged { offset, .. }) => assert_eq!(offset, at, "cut at {length}"),
                    Err(other) => panic!("{other}"),
                }
            }
        }
        let packed = gzip(&file);
        let (seen, end) = read(&packed[..packed.len() - 4]);
        assert_eq!(seen.len(), 3, "a cut check sum costs no frame");
        assert!(end.unwrap_err().to_string().contains("compressed data ends too early"));
    }
}

#[test]
fn absurd_lengths_are_damage_at_their_place() {
    let mut file = pcap(LITTLE, 1, &[ethernet(1)]);
    let at = file.len();
    file.extend(LITTLE.words(&[0, 0, 0xffff_fff0, 0]));
    assert_eq!(read(&file).0.len(), 1);
    assert!(message(&file).contains(&format!("damaged at byte {at}: a record claims 4294967280 bytes")));

    let head = [section(LITTLE), interface(LITTLE, 1, 0, &[]), enhanced(LITTLE, 0, 0, &ethernet(1))].concat();
    let with = |words: &[u32]| [head.clone(), LITTLE.words(words)].concat();
    assert!(message(&with(&[6, 0xffff_ffff, 0])).contains("a block claims a length of 4294967295"));
    assert!(message(&with(&[6, 8, 0])).contains("a block claims a length of 8 bytes"));
    assert!(message(&with(&[77, 0x7fff_ffff, 0])).contains("ends within a block of 2147483647 bytes"));
    assert!(message(&with(&[77, 12, 16])).contains("length 12 at its start and 16 at its end"));
    assert!(message(&with(&[6, 16, 0, 12])).contains("length 16 at its start and 12 at its end"));
    let stray = [head.clone(), enhanced(LITTLE, 9, 0, &ethernet(1))].concat();
    assert!(message(&stray).contains("a frame of interface 9, but only 1 are described"));
    assert_eq!(read(&stray).0.len(), 1);
}

#[test]
fn a_block_without_frames_may_be_longer_than_memory_allows() {
    let file = [
        section(LITTLE),
        block(LITTLE, 10, &vec![0; 20 << 20]),
        interface(LITTLE, 1, 0, &[]),
        enhanced(LITTLE, 0, 0, &ethernet(1)),
    ];
    assert_eq!(frames(&file.concat()).len(), 1);
}

#[test]
fn unreadable_link_types_are_named() {
    let text = message(&pcap(LITTLE, 220, &[vec![0; 64]]));
    assert!(
        text.starts_with(
            "test: link type 220 (USB_LINUX_MMAPPED) is not readable; readable are Ethernet, raw IP"
        ),
        "{text}"
    );
    let usb =
        [interface(LITTLE, 220, 0, &[]), interface(LITTLE, 227, 0, &[]), enhanced(LITTLE, 0, 0, &[0; 9])];
    let only_usb = [section(LITTLE), usb.concat()].concat();
    assert!(
        message(&only_usb)
            .contains("link types 220 (USB_LINUX_MMAPPED), 227 (CAN_SOCKETCAN) are not readable")
    );

    let mixed = [only_usb, interface(LITTLE, 1, 0, &[]), enhanced(LITTLE, 2, 0, &ethernet(1))].concat();
    let mut capture = open(&mixed).unwrap();
    let (seen, end) = drain(&mut capture);
    end.unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(
        capture.counts().explain().unwrap(),
        "1 of 2 frames not read: 1 from interfaces with unreadable link type 220 (USB_LINUX_MMAPPED)"
    );
}

#[test]
fn what_is_no_capture_is_told_apart() {
    assert_eq!(message(b""), "test: is empty; a capture has at least a file header");
    assert_eq!(message(&gzip(b"")), "test: is empty; a capture has at least a file header");
    for (start, what) in [
        (&b"hello, world\n"[..], "text"),
        ("grüße\n".as_bytes(), "text"),
        (b"\x28\xb5\x2f\xfd...", "zstd"),
        (b"\0\0\0\0\0\0", "zero bytes"),
        (b"\x01\x02\x03\x04\x05", "some other binary data"),
        (&gzip(&gzip(b"x")), "compressed twice"),
        (b"ab", "text"),
    ] {
        let text = message(start);
        assert!(
            text.contains("is not a pcap or pcapng capture, it looks like ") && text.contains(what),
            "{text}"
        );
    }
    assert!(message(b"\xd4\xc3\xb2\xa1\x02").contains("ends after 5 of the 24 bytes of its header"));
    assert!(message(b"\x1f\x8b garbage").contains("damaged at byte 0 of the uncompressed data"));
}

#[test]
fn files_that_cannot_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    let text = |path: &Path| Capture::open(path).err().unwrap().to_string();
    assert!(text(folder.path()).ends_with("is a directory; name the capture files in it"));
    let missing = text(&folder.path().join("none.pcap"));
    assert!(missing.contains("none.pcap: cannot be opened: No such file"), "{missing}");
    let path = folder.path().join("one.pcap");
    std::fs::write(&path, pcap(LITTLE, 1, &[ethernet(1)])).unwrap();
    let mut capture = Capture::open(&path).unwrap();
    assert_eq!(drain(&mut capture).0.len(), 1);
    assert_eq!(capture.size(), Some(capture.bytes_read()));
}
