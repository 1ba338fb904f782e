use proptest::prelude::*;

use super::files::*;
use super::*;

/// A reader that gives one byte at a time, as a slow pipe may.
struct Trickle(std::io::Cursor<Vec<u8>>);

impl std::io::Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let end = buffer.len().min(1);
        self.0.read(&mut buffer[..end])
    }
}

fn valid() -> impl Strategy<Value = Vec<u8>> {
    let order = any::<bool>().prop_map(|big| Order { big });
    let link = prop::sample::select(vec![0u16, 1, 9, 50, 51, 101, 104, 105, 113, 119, 127, 163, 276, 220]);
    let frames = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 0..6);
    (order, link, frames, any::<bool>(), any::<[u8; 8]>()).prop_map(|(order, link, frames, ng, odd)| {
        if !ng {
            return pcap(order, link.into(), &frames);
        }
        let options = [option(order, 2, b"eth0"), option(order, 9, &odd[..1]), option(order, 14, &odd)];
        let mut file = [section(order), interface(order, link, 0, &options)].concat();
        for (frame, stamp) in frames.iter().zip([0, 1, u64::MAX].into_iter().cycle()) {
            file.extend(enhanced(order, 0, stamp, frame));
        }
        file
    })
}

proptest! {
    #[test]
    fn random_bytes_do_no_harm(magic in prop::sample::select(vec![
        &b""[..], b"\x0a\x0d\x0d\x0a", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x1f\x8b\x08\x00",
    ]), rest in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&[magic, &rest].concat());
    }

    #[test]
    fn damaged_files_do_no_harm(
        mut file in valid(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        packed in any::<bool>(),
    ) {
        if packed {
            file = gzip(&file);
        }
        for (at, value) in damage {
            let at = at.index(file.len());
            file[at] = value;
        }
        file.truncate(cut.index(file.len()) + 1);
        let (seen, _) = read(&file);
        prop_assert!(seen.iter().all(|seen| seen.bytes.len() >= 14));
    }

    #[test]
    fn the_size_of_reads_does_not_matter(file in valid()) {
        let (seen, _) = read(&file);
        let slow = Capture::from_reader("slow", Trickle(std::io::Cursor::new(file)));
        let slow = slow.map(|mut capture| drain(&mut capture).0).unwrap_or_default();
        prop_assert_eq!(seen, slow);
    }
}
