use super::{Next, Stop, TUNNELS, Walker};
use crate::flow::{End, TCP, UDP};
use crate::packet::encapsulation::LayerKind;
use crate::packet::{Fragment, Packet, Unread, ip};

/// What the header of a fragment says.
struct Part {
    identification: u32,
    /// Where it belongs, in bytes.
    place: u32,
    /// Whether others come after it.
    more: bool,
    protocol: u8,
}

impl<P: Packet> Walker<'_, P> {
    #[inline(always)]
    pub(super) fn ip(&mut self) -> Result<Next, Stop> {
        let [first, _] = self.read::<2>(0)?;
        match first >> 4 {
            4 => Ok(Next::V4),
            6 => Ok(Next::V6),
            _ => Err(self.foreign()),
        }
    }

    #[inline(always)]
    pub(super) fn v4(&mut self) -> Result<Next, Stop> {
        let v4 = ip::v4(self.read::<20>(0)?)?;
        self.enter(v4.source, v4.destination)?;
        self.ends(self.walk.offset, v4.total);
        self.walk.offset += v4.length;
        if self.walk.offset > self.walk.end {
            return Err(Unread::Truncated.into());
        }
        if v4.fragment & (ip::PLACE | ip::MORE) != 0 {
            self.fragment(&Part {
                identification: u32::from(v4.identification),
                place: u32::from(v4.fragment & ip::PLACE) * 8,
                more: v4.fragment & ip::MORE != 0,
                protocol: v4.protocol,
            })?;
        }
        self.carried(v4.protocol)
    }

    #[inline(always)]
    pub(super) fn v6(&mut self) -> Result<Next, Stop> {
        let v6 = ip::v6(self.packet, self.walk.offset)?;
        if self.walk.offset + 40 > self.walk.end {
            return Err(Unread::Truncated.into());
        }
        self.enter(v6.source, v6.destination)?;
        self.walk.offset += 40;
        self.ends(self.walk.offset, v6.payload);
        self.carried(v6.next)
    }

    /// One of the headers between those of IPv6 and of what it carries, or IPv4's of
    /// authentication.
    #[inline(always)]
    pub(super) fn extension(&mut self) -> Result<Next, Stop> {
        if self.walk.extensions >= ip::EXTENSIONS {
            return Err(Unread::ExtensionHeaders.into());
        }
        self.walk.extensions += 1;
        let [next, units, f0, f1] = self.read::<4>(0)?;
        match self.walk.protocol {
            ip::FRAGMENT => {
                let identification = u32::from_be_bytes(self.read::<4>(4)?);
                self.walk.offset += 8;
                let place = u16::from_be_bytes([f0, f1]);
                if place & (ip::PLACE6 | ip::MORE6) != 0 {
                    let (place, more) = (u32::from(place & ip::PLACE6), place & ip::MORE6 != 0);
                    self.fragment(&Part { identification, place, more, protocol: next })?;
                }
            }
            protocol => self.walk.offset += ip::extension_length(protocol, units),
        }
        self.follow(next)
    }

    /// Takes the addresses of an IP header; those of the one around it are the ends of a tunnel.
    #[inline(always)]
    fn enter(&mut self, source: End, destination: End) -> Result<(), Stop> {
        let networks = self.walk.networks;
        if networks > TUNNELS {
            return Err(Unread::TooDeep.into());
        }
        // What is fragmented is a tunnel, and not TCP.
        self.walk.fragmented = false;
        if networks > 0 {
            self.outer.set_tunnel(self.walk.source, self.walk.destination, self.walk.protocol, networks);
        }
        self.walk.networks = networks + 1;
        self.walk.source = source;
        self.walk.destination = destination;
        Ok(())
    }

    /// Bounds what is read to the `length` bytes from `start` that an IP header claims.
    #[inline(always)]
    fn ends(&mut self, start: u32, length: u16) {
        self.walk.end = ip::end(self.walk.end, start, length);
        self.walk.claimed = if length == 0 { self.walk.end } else { start + u32::from(length) };
    }

    /// What an IP header is followed by.
    #[inline(always)]
    fn carried(&mut self, protocol: u8) -> Result<Next, Stop> {
        self.walk.extensions = 0;
        self.follow(protocol)
    }

    #[inline(always)]
    fn follow(&mut self, protocol: u8) -> Result<Next, Stop> {
        self.walk.protocol = protocol;
        match protocol {
            TCP => Err(Stop::Arrived),
            UDP => Ok(Next::Udp),
            ip::GRE => Ok(Next::Gre),
            ip::IPV4 => {
                self.outer.push(LayerKind::Ipv4, None);
                Ok(Next::V4)
            }
            ip::IPV6 => {
                self.outer.push(LayerKind::Ipv6, None);
                Ok(Next::V6)
            }
            ip::MPLS => {
                self.walk.labels = 0;
                Ok(Next::Mpls)
            }
            _ if ip::is_extension(protocol) => Ok(Next::Extension),
            _ => Err(Unread::NotTcp.into()),
        }
    }

    /// Notes a fragment of what may be TCP, behind extension headers or not. Only the first is read
    /// further.
    #[inline(always)]
    fn fragment(&mut self, part: &Part) -> Result<(), Stop> {
        let (offset, room) = (self.walk.offset, self.walk.end.saturating_sub(self.walk.offset));
        let total = part.place + self.walk.claimed.saturating_sub(offset);
        if (part.protocol == TCP || ip::is_extension(part.protocol)) && room > 0 {
            let Ok(whole) = u16::try_from(total) else { return Err(Unread::Malformed.into()) };
            let [i0, i1, i2, i3] = part.identification.to_be_bytes();
            self.walk.fragmented = true;
            self.walk.fragment = Fragment {
                source: self.walk.source.at([i0, i1]),
                destination: self.walk.destination.at([i2, i3]),
                place: part.place,
                total: if part.more { 0 } else { whole },
                protocol: part.protocol,
                offset,
                length: room,
            };
        }
        if part.place == 0 { Ok(()) } else { Err(Unread::Fragment.into()) }
    }
}
