//! What the drivers of interfaces can do of XDP, as the generic netlink family `netdev` tells, from Linux 6.3 on.

use std::io;

use netlink_packet_core::{
    DecodeError, DefaultNla, Emitable, NlasIterator, Parseable, ParseableParametrized,
};
use netlink_packet_generic::ctrl::nlas::GenlCtrlAttrs;
use netlink_packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};
use netlink_packet_generic::{GenlFamily, GenlHeader, GenlMessage};
use netlink_sys::protocols::NETLINK_GENERIC;

use crate::kernel::{Scope, ask};

/// The features of a driver: the bits of `NETDEV_XDP_ACT_*` in the kernel's `netdev.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct XdpFeatures(pub(super) u64);

impl XdpFeatures {
    /// It runs programs itself.
    pub(super) const fn native(self) -> bool {
        self.0 & 1 != 0
    }

    /// It does so on packets in several buffers.
    pub(super) const fn frags(self) -> bool {
        self.0 & 1 << 5 != 0
    }
}

/// The features of the driver of an interface.
///
/// # Errors
/// The kernel does not tell them, or there is no such interface.
pub(super) fn of(index: u32) -> io::Result<XdpFeatures> {
    let question =
        Netdev { command: GET, attributes: vec![DefaultNla::new(INDEX, index.to_ne_bytes().into())] };
    let mut message = GenlMessage::from_payload(question);
    message.set_resolved_family_id(family()?);
    message.finalize();
    let answers = ask(NETLINK_GENERIC, message, Scope::One)?;
    let features = answers.iter().find_map(|answer| features(&answer.payload.attributes));
    features.ok_or_else(|| io::Error::other("no XDP features in the answer"))
}

/// The number under which the kernel has the family today.
fn family() -> io::Result<u16> {
    let name = GenlCtrlAttrs::FamilyName(Netdev::family_name().to_owned());
    let mut message = GenlMessage::from_payload(GenlCtrl { cmd: GenlCtrlCmd::GetFamily, nlas: vec![name] });
    message.finalize();
    let answers = ask(NETLINK_GENERIC, message, Scope::One)?;
    let mut attributes = answers.iter().flat_map(|answer| &answer.payload.nlas);
    attributes
        .find_map(|attribute| match attribute {
            GenlCtrlAttrs::FamilyId(id) => Some(*id),
            _ => None,
        })
        .ok_or_else(|| io::Error::other("no number in the answer"))
}

/// `NETDEV_CMD_DEV_GET`
const GET: u8 = 1;
/// `NETDEV_A_DEV_IFINDEX`
const INDEX: u16 = 1;
/// `NETDEV_A_DEV_XDP_FEATURES`
const FEATURES: u16 = 3;

fn features(attributes: &[DefaultNla]) -> Option<XdpFeatures> {
    let value = attributes.iter().find_map(|attribute| {
        use netlink_packet_core::Nla as _;
        let mut value = vec![0; attribute.value_len()];
        attribute.emit_value(&mut value);
        (attribute.kind() == FEATURES).then_some(value)
    })?;
    Some(XdpFeatures(u64::from_ne_bytes(value.try_into().ok()?)))
}

/// A message of the family `netdev`.
#[derive(Clone, Debug)]
struct Netdev {
    command: u8,
    attributes: Vec<DefaultNla>,
}

impl GenlFamily for Netdev {
    fn family_name() -> &'static str {
        "netdev"
    }

    fn command(&self) -> u8 {
        self.command
    }

    fn version(&self) -> u8 {
        1
    }
}

impl Emitable for Netdev {
    fn buffer_len(&self) -> usize {
        self.attributes.as_slice().buffer_len()
    }

    fn emit(&self, buffer: &mut [u8]) {
        self.attributes.as_slice().emit(buffer);
    }
}

impl ParseableParametrized<[u8], GenlHeader> for Netdev {
    fn parse_with_param(bytes: &[u8], header: GenlHeader) -> Result<Self, DecodeError> {
        let attributes: Result<_, _> =
            NlasIterator::new(bytes).map(|attribute| DefaultNla::parse(&attribute?)).collect();
        Ok(Self { command: header.cmd, attributes: attributes? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_read_from_the_bytes_of_an_answer() {
        // The attributes index 3, padding, and features 0x6f, as a kernel sends them.
        let mut bytes = Vec::new();
        bytes.extend([8_u16, INDEX].map(u16::to_ne_bytes).concat());
        bytes.extend(3_u32.to_ne_bytes());
        bytes.extend([12_u16, FEATURES].map(u16::to_ne_bytes).concat());
        bytes.extend(0x6f_u64.to_ne_bytes());
        let answer = Netdev::parse_with_param(&bytes, GenlHeader { cmd: GET, version: 1 }).unwrap();
        let features = features(&answer.attributes).unwrap();
        assert_eq!(features, XdpFeatures(0x6f));
        assert!(features.native() && features.frags());
        assert!(!XdpFeatures(0x0f).frags() && !XdpFeatures(0).native());
    }
}
