/// IPv4.
pub(super) const IPV4: u16 = 0x0800;
/// IPv6.
pub(super) const IPV6: u16 = 0x86dd;
/// MPLS with one receiver, and with many (RFC 5332).
pub(super) const MPLS: [u16; 2] = [0x8847, 0x8848];
/// A session of PPP over Ethernet (RFC 2516).
pub(super) const PPPOE: u16 = 0x8864;
/// What PPP calls IPv4 and IPv6.
pub(super) const PPP_IPV4: u16 = 0x0021;
pub(super) const PPP_IPV6: u16 = 0x0057;
/// An Ethernet frame, within GRE or Geneve.
pub(super) const ETHERNET: u16 = 0x6558;
/// IEEE 802.1Q, IEEE 802.1ad, and the type that older switches use for stacked tags.
pub(super) const VLAN: [u16; 3] = [0x8100, 0x88a8, 0x9100];

/// Whether something that is read may lie behind such a header, other than that of IP.
#[inline(always)]
pub(super) const fn is_followed(kind: u16) -> bool {
    let [tag, service_tag, old_tag] = VLAN;
    let [mpls, multicast] = MPLS;
    kind == tag
        || kind == service_tag
        || kind == old_tag
        || kind == mpls
        || kind == multicast
        || kind == PPPOE
        || kind == ETHERNET
}
