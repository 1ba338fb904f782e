//! What drivers tell over the ioctl of ethtool: who they are, what is offloaded, how many queues there are.

use std::collections::BTreeMap;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixDatagram;

use nix::libc;

use crate::kernel::request;

nix::ioctl_readwrite_bad!(ethtool, libc::SIOCETHTOOL, libc::ifreq);

// Commands and sizes of `ethtool.h`; all numbers are 32 bits in the order of the machine.
const GET_DRIVER: u32 = 0x03;
const GET_STRINGS: u32 = 0x1b;
const GET_SET_SIZES: u32 = 0x37;
const GET_INDIRECTION: u32 = 0x38;
const GET_FEATURES: u32 = 0x3a;
const GET_CHANNELS: u32 = 0x3c;
/// The set of strings that names features.
const FEATURE_NAMES: u32 = 4;
/// Bytes of a name.
const NAME: usize = 32;
/// Entries of a table that is no table any more.
const MOST: u32 = 1 << 16;

/// Who drives an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Driver {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) firmware: String,
}

/// A feature that the driver knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Feature {
    pub(super) on: bool,
    /// It cannot be changed.
    pub(super) fixed: bool,
}

/// By their names, as `ethtool -k` writes them for features that have no shorter one.
pub(super) type Features = BTreeMap<String, Feature>;

/// Queues for received packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Channels {
    /// In use.
    pub(super) now: u32,
    /// As many as there may be.
    pub(super) most: u32,
    /// Whether they are queues for both directions, which is how they are set.
    pub(super) combined: bool,
}

/// The ioctl for one interface.
pub(super) struct Ethtool<'a> {
    socket: UnixDatagram,
    interface: &'a str,
}

impl<'a> Ethtool<'a> {
    pub(super) fn new(interface: &'a str) -> Option<Self> {
        Some(Self { socket: UnixDatagram::unbound().ok()?, interface })
    }

    pub(super) fn driver(&self) -> Option<Driver> {
        driver(&self.ask(&[GET_DRIVER], 196)?)
    }

    pub(super) fn features(&self) -> Option<Features> {
        let mask = 1_u64 << FEATURE_NAMES;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the lower half comes first or last, as the machine has it"
        )]
        let halves = if cfg!(target_endian = "big") {
            [(mask >> 32) as u32, mask as u32]
        } else {
            [mask as u32, (mask >> 32) as u32]
        };
        let sizes = self.ask(&[GET_SET_SIZES, 0, halves[0], halves[1]], 20)?;
        let count = word(&sizes, 4).filter(|&count| count < MOST)?;
        let names = self.ask(&[GET_STRINGS, FEATURE_NAMES, count], 12 + count as usize * NAME)?;
        let blocks = count.div_ceil(32);
        let bits = self.ask(&[GET_FEATURES, blocks], 8 + blocks as usize * 16)?;
        Some(features(&names, &bits))
    }

    pub(super) fn channels(&self) -> Option<Channels> {
        channels(&self.ask(&[GET_CHANNELS], 36)?)
    }

    /// To which queue each value of the hash over a packet's ends leads.
    pub(super) fn indirection(&self) -> Option<Vec<u32>> {
        let size = word(&self.ask(&[GET_INDIRECTION, 0], 8)?, 1).filter(|size| (1..MOST).contains(size))?;
        let table = self.ask(&[GET_INDIRECTION, size], 8 + size as usize * 4)?;
        Some((0..size as usize).filter_map(|at| word(&table, 2 + at)).collect())
    }

    /// Asks with these numbers at the beginning of a buffer of so many bytes, which the kernel fills.
    fn ask(&self, question: &[u32], bytes: usize) -> Option<Vec<u8>> {
        // Room beyond what is asked for: some drivers fill whole words.
        let mut buffer = vec![0_u64; bytes.div_ceil(8) + 1];
        let mut told: Vec<u8> = question.iter().flat_map(|number| number.to_ne_bytes()).collect();
        told.resize(buffer.len() * 8, 0);
        for (to, from) in buffer.iter_mut().zip(told.as_chunks::<8>().0) {
            *to = u64::from_ne_bytes(*from);
        }
        let mut request = request(self.interface);
        request.ifr_ifru.ifru_data = buffer.as_mut_ptr().cast();
        // SAFETY: the descriptor is open, and request and buffer outlive the call; the buffer is aligned and as long as the
        // numbers in front of it say.
        unsafe { ethtool(self.socket.as_raw_fd(), &raw mut request) }.ok()?;
        let mut answer: Vec<u8> = buffer.iter().flat_map(|word| word.to_ne_bytes()).collect();
        answer.truncate(bytes);
        Some(answer)
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.as_chunks::<4>().0.get(at).map(|word| u32::from_ne_bytes(*word))
}

/// Text that ends at a zero, in the form in which it may be shown.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).trim().to_owned()
}

fn driver(answer: &[u8]) -> Option<Driver> {
    let (_, texts) = answer.split_first_chunk::<4>()?;
    let mut texts = texts.chunks(NAME).map(text);
    Some(Driver { name: texts.next()?, version: texts.next()?, firmware: texts.next()? })
}

fn features(names: &[u8], bits: &[u8]) -> Features {
    let names = names.get(12..).unwrap_or_default().chunks(NAME).map(text);
    let feature = |at: usize| {
        let block = 2 + at / 32 * 4;
        let bit = |field: usize| word(bits, block + field).is_some_and(|word| word >> (at % 32) & 1 != 0);
        let [available, active, never_changed] = [0, 2, 3].map(bit);
        Feature { on: active, fixed: !available || never_changed }
    };
    names.enumerate().map(|(at, name)| (name, feature(at))).filter(|(name, _)| !name.is_empty()).collect()
}

fn channels(answer: &[u8]) -> Option<Channels> {
    let at = |place| word(answer, place);
    let (most_rx, most_combined, rx, combined) = (at(1)?, at(4)?, at(5)?, at(8)?);
    Some(Channels {
        now: rx.checked_add(combined)?,
        most: most_rx.max(most_combined),
        combined: most_combined > 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    fn padded(texts: &[&str]) -> Vec<u8> {
        texts.iter().flat_map(|text| format!("{text:\0<32}").into_bytes()).collect()
    }

    #[test]
    fn a_driver_tells_name_version_and_firmware() {
        let answer =
            [words(&[GET_DRIVER]), padded(&["ixgbe", "6.1.0", "0x8000", "0000:01:00.0", ""])].concat();
        let Driver { name, version, firmware } = driver(&answer).unwrap();
        assert_eq!((name.as_str(), version.as_str(), firmware.as_str()), ("ixgbe", "6.1.0", "0x8000"));
        assert_eq!(driver(&[0; 3]), None);
    }

    #[test]
    fn features_are_bits_in_blocks_of_32() {
        let mut names = vec![String::new(); 40];
        names[8] = "rx-vlan-hw-parse".to_owned();
        names[15] = "rx-lro".to_owned();
        names[33] = "rx-gro-hw".to_owned();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let names = [words(&[GET_STRINGS, 4, 40]), padded(&names)].concat();
        let bits = words(&[GET_FEATURES, 2, 1 << 15, 0, 1 << 8 | 1 << 15, 0, 2, 0, 0, 2]);
        let features = features(&names, &bits);
        assert_eq!(features["rx-vlan-hw-parse"], Feature { on: true, fixed: true });
        assert_eq!(features["rx-lro"], Feature { on: true, fixed: false });
        assert_eq!(features["rx-gro-hw"], Feature { on: false, fixed: true });
        assert_eq!(features.len(), 3);
    }

    #[test]
    fn channels_are_combined_or_not() {
        let combined = channels(&words(&[GET_CHANNELS, 0, 0, 1, 16, 0, 0, 1, 4])).unwrap();
        assert_eq!(combined, Channels { now: 4, most: 16, combined: true });
        let single = channels(&words(&[GET_CHANNELS, 8, 8, 0, 0, 1, 1, 0, 0])).unwrap();
        assert_eq!(single, Channels { now: 1, most: 8, combined: false });
        assert_eq!(channels(&words(&[GET_CHANNELS])), None);
    }

    #[test]
    fn the_kernel_tells_features_of_the_loopback() {
        let features = Ethtool::new("lo").unwrap().features().unwrap();
        assert!(features.contains_key("rx-gro"), "{features:?}");
        assert!(Ethtool::new("no such one").unwrap().features().is_none());
    }
}
