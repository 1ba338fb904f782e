use super::{Next, Stop, Walker};
use crate::packet::encapsulation::LayerKind;
use crate::packet::{Packet, Unread, ip, udp};

/// GRE's flags (RFC 2784, RFC 2890, and RFC 1701 for the routing that nobody uses).
const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const VERSION: u16 = 0x0007;

/// GRE's protocols of mirrored frames: ERSPAN of types I and II, and of type III.
const ERSPAN: u16 = 0x88be;
const ERSPAN3: u16 = 0x22eb;

/// VXLAN's flag of a valid VNI (RFC 7348).
const WITH_VNI: u8 = 0x08;

/// GTP-U (3GPP TS 29.281): version 1 and not GTP', and the type of a message that carries a packet.
const GTP: u8 = 0x30;
const GTP_FORM: u8 = 0xf0;
const PACKET: u8 = 255;
/// Its flags: extension headers, sequence number, N-PDU number. Any of them brings all three
/// fields.
const GTP_EXTENSION: u8 = 0x04;
const GTP_OPTIONAL: u8 = 0x07;

impl<P: Packet> Walker<'_, P> {
    #[inline(always)]
    pub(super) fn gre(&mut self) -> Result<Next, Stop> {
        let [f0, f1, p0, p1] = self.read::<4>(0)?;
        let flags = u16::from_be_bytes([f0, f1]);
        if flags & VERSION != 0 {
            return Err(Unread::NotTcp.into());
        }
        if flags & ROUTING != 0 {
            return Err(Unread::Tunnel.into());
        }
        self.walk.offset += if flags & CHECKSUM == 0 { 4 } else { 8 };
        let key = if flags & KEY == 0 {
            None
        } else {
            let key = self.read::<4>(0)?;
            self.walk.offset += 4;
            Some(u32::from_be_bytes(key))
        };
        self.walk.offset += if flags & SEQUENCE == 0 { 0 } else { 4 };
        let protocol = u16::from_be_bytes([p0, p1]);
        if protocol == ERSPAN3 {
            return Ok(Next::Erspan3);
        }
        if protocol != ERSPAN {
            self.outer.push(LayerKind::Gre, key);
            return self.announced(protocol);
        }
        if flags & SEQUENCE != 0 {
            return Ok(Next::Erspan2);
        }
        self.outer.push(LayerKind::Erspan, None);
        Ok(Next::Ethernet)
    }

    /// draft-foschiano-erspan: version 1, and the session in the lower ten bits of the second half.
    #[inline(always)]
    pub(super) fn erspan2(&mut self) -> Result<Next, Stop> {
        let [version, _, s0, s1, ..] = self.read::<8>(0)?;
        if version >> 4 != 1 {
            return Err(Unread::Tunnel.into());
        }
        self.mirrored([s0, s1]);
        self.walk.offset += 8;
        Ok(Next::Ethernet)
    }

    /// The same draft: version 2; the kind of frame; whether eight more bytes follow.
    #[inline(always)]
    pub(super) fn erspan3(&mut self) -> Result<Next, Stop> {
        let [version, _, s0, s1] = self.read::<4>(0)?;
        let [kind, more] = self.read::<2>(10)?;
        if version >> 4 != 2 {
            return Err(Unread::Tunnel.into());
        }
        self.mirrored([s0, s1]);
        self.walk.offset += if more & 1 == 0 { 12 } else { 20 };
        match kind >> 2 & 0x1f {
            0 => Ok(Next::Ethernet),
            2 => Ok(Next::Ip),
            _ => Err(self.foreign()),
        }
    }

    #[inline(always)]
    fn mirrored(&mut self, session: [u8; 2]) {
        let session = u16::from_be_bytes(session) & 0x03ff;
        self.outer.push(LayerKind::Erspan, Some(u32::from(session)));
    }

    /// A tunnel over UDP, if its port and what stands there agree.
    #[inline(always)]
    pub(super) fn udp(&mut self) -> Result<Next, Stop> {
        let Ok([_, _, high, low]) = self.read::<4>(0) else { return Err(Stop::Arrived) };
        let Ok(head) = self.read::<8>(udp::HEADER) else { return Err(Stop::Arrived) };
        match u16::from_be_bytes([high, low]) {
            udp::VXLAN | udp::VXLAN_OLD => self.vxlan(head),
            udp::GENEVE => self.geneve(head),
            udp::GTP => self.gtp(head),
            _ => Err(Stop::Arrived),
        }
    }

    #[inline(always)]
    fn vxlan(&mut self, head: [u8; 8]) -> Result<Next, Stop> {
        let [flags, _, _, _, v0, v1, v2, _] = head;
        if flags & WITH_VNI == 0 {
            return Err(Stop::Arrived);
        }
        self.outer.push(LayerKind::Vxlan, Some(u32::from_be_bytes([0, v0, v1, v2])));
        self.walk.offset += udp::HEADER + 8;
        Ok(Next::Ethernet)
    }

    /// RFC 8926: version 0, and the length of the options in units of four bytes.
    #[inline(always)]
    fn geneve(&mut self, head: [u8; 8]) -> Result<Next, Stop> {
        let [first, _, p0, p1, v0, v1, v2, _] = head;
        if first >> 6 != 0 {
            return Err(Stop::Arrived);
        }
        self.walk.offset += udp::HEADER + 8 + u32::from(first & 0x3f) * 4;
        if self.walk.offset > self.walk.end {
            return Err(Unread::Tunnel.into());
        }
        self.outer.push(LayerKind::Geneve, Some(u32::from_be_bytes([0, v0, v1, v2])));
        self.announced(u16::from_be_bytes([p0, p1]))
    }

    #[inline(always)]
    fn gtp(&mut self, head: [u8; 8]) -> Result<Next, Stop> {
        let [flags, kind, _, _, t0, t1, t2, t3] = head;
        if flags & GTP_FORM != GTP || kind != PACKET {
            return Err(Stop::Arrived);
        }
        self.outer.push(LayerKind::Gtp, Some(u32::from_be_bytes([t0, t1, t2, t3])));
        self.walk.offset += udp::HEADER + 8;
        if flags & GTP_OPTIONAL == 0 {
            return Ok(Next::Ip);
        }
        let [_, _, _, next] = self.read::<4>(0)?;
        self.walk.offset += 4;
        self.walk.extensions = 0;
        Ok(if flags & GTP_EXTENSION == 0 || next == 0 { Next::Ip } else { Next::GtpExtension })
    }

    /// Its length in units of four bytes comes first, the type of the next one last.
    #[inline(always)]
    pub(super) fn gtp_extension(&mut self) -> Result<Next, Stop> {
        if self.walk.extensions >= ip::EXTENSIONS {
            return Err(Unread::TooDeep.into());
        }
        self.walk.extensions += 1;
        let [units, _] = self.read::<2>(0)?;
        if units == 0 {
            return Err(Unread::Tunnel.into());
        }
        let length = u32::from(units) * 4;
        let [_, next] = self.read::<2>(length - 2)?;
        self.walk.offset += length;
        Ok(if next == 0 { Next::Ip } else { Next::GtpExtension })
    }
}
