use core::net::IpAddr;

use crate::flow::End;

/// How many layers are named; what lies further in is read, but not named.
pub const LAYERS: usize = 8;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal;)+) => {
        /// What a packet can be wrapped in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum LayerKind { $($(#[$doc])* $name = $number,)+ }

        impl LayerKind {
            /// The name in records.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            const fn of(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

kinds! {
    /// IEEE 802.1Q or 802.1ad; its id is that of the VLAN.
    Vlan = 1, "vlan";
    /// A stack of MPLS labels; its id is the label at the bottom.
    Mpls = 2, "mpls";
    /// A session of PPP over Ethernet; its id is that of the session.
    Pppoe = 3, "pppoe";
    /// GRE; its id is the key, if there is one.
    Gre = 4, "gre";
    /// A mirrored frame within GRE; its id is that of the session, which type I does not tell.
    Erspan = 5, "erspan";
    /// IPv4 within IP (protocol 4); without an id.
    Ipv4 = 6, "ip-in-ip";
    /// IPv6 within IP (protocol 41); without an id.
    Ipv6 = 7, "ipv6-in-ip";
    /// VXLAN; its id is the VNI.
    Vxlan = 8, "vxlan";
    /// Geneve; its id is the VNI.
    Geneve = 9, "geneve";
    /// GTP-U; its id is the TEID.
    Gtp = 10, "gtp-u";
}

/// In the number of a kind: the layer has an id.
const WITH_ID: u8 = 0x80;

/// One of the layers around a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What it is.
    pub kind: LayerKind,
    /// What it tells apart, see [`LayerKind`].
    pub id: Option<u32>,
}

/// The IP header around the innermost one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// The end of the tunnel that sent the packet.
    pub source: IpAddr,
    /// The end of the tunnel that is to receive it.
    pub destination: IpAddr,
    /// The IP protocol number of what carries the inner packet: 47 for GRE, 17 for VXLAN, ...
    pub protocol: u8,
    /// How many tunnels lie around the packet, 1 or 2.
    pub depth: u8,
}

/// What stood around the innermost IP packet of a frame.
///
/// Only the layers that `count` tells of are set, and the ends only if `depth` is not 0, so that a
/// plain packet costs one store. [`Event::decode`](crate::event::Event::decode) clears the rest.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Encapsulation {
    count: u8,
    depth: u8,
    protocol: u8,
    reserved: [u8; 5],
    kinds: [u8; LAYERS],
    ids: [u32; LAYERS],
    source: [u64; 2],
    destination: [u64; 2],
}

const _: () = assert!(size_of::<Encapsulation>() == 80 && align_of::<Encapsulation>() == 8);

impl Encapsulation {
    /// An Ethernet header and nothing else.
    pub const NONE: Self = Self {
        count: 0,
        depth: 0,
        protocol: 0,
        reserved: [0; 5],
        kinds: [0; LAYERS],
        ids: [0; LAYERS],
        source: [0; 2],
        destination: [0; 2],
    };

    /// Whether there was nothing but an Ethernet header.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.count == 0 && self.depth == 0
    }

    /// The layers, outermost first.
    pub fn layers(&self) -> impl Iterator<Item = Layer> {
        self.kinds.iter().zip(self.ids).take(usize::from(self.count)).filter_map(|(number, id)| {
            let kind = LayerKind::of(number & !WITH_ID)?;
            Some(Layer { kind, id: (number & WITH_ID != 0).then_some(id) })
        })
    }

    /// The innermost of the tunnels, if there is one.
    #[must_use]
    pub fn tunnel(&self) -> Option<Tunnel> {
        let Self { depth, protocol, source, destination, .. } = *self;
        let [source, destination] = [source, destination].map(|address| End::new(address, 0).ip());
        (depth > 0).then_some(Tunnel { source, destination, protocol, depth })
    }

    /// The same as the other side of the conversation would see it, if its packets went the same
    /// way.
    #[must_use]
    pub const fn reverse(self) -> Self {
        Self { source: self.destination, destination: self.source, ..self }
    }

    /// Forgets all layers.
    #[inline(always)]
    pub const fn clear(&mut self) {
        self.count = 0;
        self.depth = 0;
    }

    /// Adds a layer within those already there; one that does not fit is left out.
    #[inline(always)]
    pub fn push(&mut self, kind: LayerKind, id: Option<u32>) {
        if usize::from(self.count) >= LAYERS {
            return;
        }
        // The mask is for the verifier.
        let at = core::hint::black_box(usize::from(self.count)) & (LAYERS - 1);
        if let (Some(kinds), Some(ids)) = (self.kinds.get_mut(at), self.ids.get_mut(at)) {
            *kinds = kind as u8 | if id.is_some() { WITH_ID } else { 0 };
            *ids = id.unwrap_or(0);
        }
        self.count += 1;
    }

    /// Makes these the ends of the innermost tunnel, of which there are `depth`.
    #[inline(always)]
    pub const fn set_tunnel(&mut self, source: End, destination: End, protocol: u8, depth: u8) {
        self.source = source.address();
        self.destination = destination.address();
        self.protocol = protocol;
        self.depth = depth;
    }

    /// The same without what earlier packets left behind.
    pub(crate) fn normalised(mut self) -> Self {
        self.reserved = [0; 5];
        let (kinds, ids) = (self.kinds.iter_mut(), self.ids.iter_mut());
        for (kind, id) in kinds.zip(ids).skip(usize::from(self.count)) {
            (*kind, *id) = (0, 0);
        }
        if self.depth == 0 {
            (self.protocol, self.source, self.destination) = (0, [0; 2], [0; 2]);
        }
        self
    }
}

impl core::fmt::Debug for Encapsulation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for Layer { kind, id } in self.layers() {
            match id {
                Some(id) => write!(f, "{} {id} / ", kind.name())?,
                None => write!(f, "{} / ", kind.name())?,
            }
        }
        match self.tunnel() {
            Some(Tunnel { source, destination, depth, .. }) => {
                write!(f, "from {source} to {destination}, depth {depth}")
            }
            None => f.write_str("no tunnel"),
        }
    }
}
