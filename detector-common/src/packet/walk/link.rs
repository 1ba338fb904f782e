use super::{LABELS, Next, Stop, TAGS, Walker};
use crate::packet::encapsulation::LayerKind;
use crate::packet::{Packet, Unread, ethernet};

/// Version and type of PPP over Ethernet (RFC 2516), and the code of a session's data.
const PPPOE: [u8; 2] = [0x11, 0];

/// PPP's protocol numbers of IPv4 and IPv6, of which RFC 1661 lets a sender leave out the first
/// byte.
const PPP_IPV4: u8 = 0x21;
const PPP_IPV6: u8 = 0x57;

impl<P: Packet> Walker<'_, P> {
    /// What an Ethernet type announces.
    #[inline(always)]
    pub(super) fn announced(&mut self, kind: u16) -> Result<Next, Stop> {
        let [mpls, multicast] = ethernet::MPLS;
        if kind == ethernet::IPV4 {
            return Ok(Next::V4);
        }
        if kind == ethernet::IPV6 {
            return Ok(Next::V6);
        }
        if kind == ethernet::PPPOE {
            return Ok(Next::Pppoe);
        }
        if kind == ethernet::ETHERNET {
            return Ok(Next::Ethernet);
        }
        if kind == mpls || kind == multicast {
            self.walk.labels = 0;
            return Ok(Next::Mpls);
        }
        if ethernet::is_followed(kind) { Ok(Next::Vlan) } else { Err(self.foreign()) }
    }

    #[inline(always)]
    pub(super) fn ethernet(&mut self) -> Result<Next, Stop> {
        let [high, low] = self.read::<2>(12)?;
        self.walk.offset += 14;
        self.walk.tags = 0;
        self.announced(u16::from_be_bytes([high, low]))
    }

    #[inline(always)]
    pub(super) fn vlan(&mut self) -> Result<Next, Stop> {
        let [t0, t1, high, low] = self.read::<4>(0)?;
        if self.walk.tags >= TAGS {
            return Err(Unread::TooDeep.into());
        }
        self.walk.tags += 1;
        self.walk.offset += 4;
        self.outer.push(LayerKind::Vlan, Some(u32::from(u16::from_be_bytes([t0, t1]) & 0x0fff)));
        self.announced(u16::from_be_bytes([high, low]))
    }

    /// RFC 3032: 20 bits of label, 3 of class, 1 at the bottom of the stack, 8 of time to live.
    #[inline(always)]
    pub(super) fn mpls(&mut self) -> Result<Next, Stop> {
        let label = u32::from_be_bytes(self.read::<4>(0)?);
        if self.walk.labels >= LABELS {
            return Err(Unread::TooDeep.into());
        }
        self.walk.labels += 1;
        self.walk.offset += 4;
        if label & 0x100 == 0 {
            return Ok(Next::Mpls);
        }
        self.outer.push(LayerKind::Mpls, Some(label >> 12));
        // RFC 4385: the first four bits tell IP from the control word of a pseudowire, here of
        // Ethernet (RFC 4448).
        let [first, _] = self.read::<2>(0)?;
        if first >> 4 == 0 {
            self.walk.offset += 4;
            return Ok(Next::Ethernet);
        }
        Ok(Next::Ip)
    }

    #[inline(always)]
    pub(super) fn pppoe(&mut self) -> Result<Next, Stop> {
        let [kind, code, s0, s1, _, _, p0, p1] = self.read::<8>(0)?;
        if [kind, code] != PPPOE {
            return Err(Unread::Tunnel.into());
        }
        self.outer.push(LayerKind::Pppoe, Some(u32::from(u16::from_be_bytes([s0, s1]))));
        let (protocol, length) = if p0 == 0 { (p1, 8) } else { (p0, 7) };
        self.walk.offset += length;
        match protocol {
            PPP_IPV4 => Ok(Next::V4),
            PPP_IPV6 => Ok(Next::V6),
            _ => Err(self.foreign()),
        }
    }
}
