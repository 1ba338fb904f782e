use super::*;
use crate::flow::{Direction, End, FlowKey};
use crate::packet::{Layer, LayerKind, Tunnel};

fn bytes(header: EventHeader, payload: &[u8]) -> std::vec::Vec<u8> {
    wrapped(header, Encapsulation::NONE, payload)
}

fn wrapped(header: EventHeader, outer: Encapsulation, payload: &[u8]) -> std::vec::Vec<u8> {
    let record = EventRecord { header, outer, payload: [0; EVENT_PAYLOAD] };
    [&record.bytes()[..EVENT_FIXED], payload].concat()
}

fn header() -> EventHeader {
    let (key, direction) = FlowKey::tcp(End::v4([2; 4], [0x9c, 0x40]), End::v4([1; 4], [0x0d, 0x05]));
    let mut header = EventHeader::new(EventKind::Segment, key, direction, 7, 100, 3);
    header.set_accept(5);
    header.set_answers_tls(true);
    header.set_part(120, 5);
    header
}

#[test]
fn survives_the_ring() {
    let raw = bytes(header(), b"hello+padding");
    let event = Event::decode(&raw).unwrap();
    assert_eq!(event.payload, b"hello");
    assert_eq!(event.header.sequence(), 120);
    assert_eq!(event.header.direction(), Direction::Down);
    assert_eq!(event.header.accept(), Some(5));
    assert!(event.header.answers_tls());
}

#[test]
fn refuses_what_is_cut() {
    let raw = bytes(header(), b"hell");
    assert_eq!(Event::decode(&raw), Err(EventError::Truncated));
    assert_eq!(Event::decode(&raw[..10]), Err(EventError::Truncated));
    assert_eq!(Event::decode(&raw[..EVENT_FIXED - 1]), Err(EventError::Truncated));
    assert_eq!(Event::decode(&[0xff; EVENT_FIXED]), Err(EventError::UnknownKind(0xff)));
}

#[test]
fn tells_what_the_packet_was_wrapped_in_and_nothing_of_earlier_ones() {
    let (from, to) = (End::v4([192, 0, 2, 1], [0; 2]), End::v4([192, 0, 2, 2], [0; 2]));
    let mut outer = Encapsulation::NONE;
    outer.push(LayerKind::Vlan, Some(5));
    outer.push(LayerKind::Gre, None);
    outer.set_tunnel(from, to, 47, 1);
    let raw = wrapped(header(), outer, b"hello");
    let event = Event::decode(&raw).unwrap();
    let layers: std::vec::Vec<_> = event.outer.layers().collect();
    assert_eq!(
        layers,
        [Layer { kind: LayerKind::Vlan, id: Some(5) }, Layer { kind: LayerKind::Gre, id: None }]
    );
    let tunnel = Tunnel { source: from.ip(), destination: to.ip(), protocol: 47, depth: 1 };
    assert_eq!(event.outer.tunnel(), Some(tunnel));
    assert_eq!(event.outer.reverse().tunnel().unwrap().source, to.ip());
    outer.clear();
    outer.push(LayerKind::Vlan, Some(6));
    let raw = wrapped(header(), outer, b"hello");
    let mut fresh = Encapsulation::NONE;
    fresh.push(LayerKind::Vlan, Some(6));
    assert_eq!(Event::decode(&raw).unwrap().outer, fresh);
}

#[test]
fn layers_that_do_not_fit_are_left_out() {
    let mut outer = Encapsulation::NONE;
    for id in 0..20 {
        outer.push(LayerKind::Vlan, Some(id));
    }
    assert!(outer.layers().map(|layer| layer.id).eq((0..8).map(Some)));
}
