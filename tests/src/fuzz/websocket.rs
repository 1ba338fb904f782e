use detector::stream::Limits;
use detector_common::flow::Direction;

use super::http::BETWEEN;
use super::talk::{SMALL, Turn, hear};
use crate::websocket::frame;

/// Messages over WebSocket, between which stands a byte of 0x1e; the first byte of each tells who says it (`<` is the
/// server). They are framed as they should be, so that any message reaches those who read it.
///
/// # Panics
/// Something does not hold of the judgement, or it depends on how the messages are cut into segments.
pub fn websocket(data: &[u8]) {
    let upgrade = crate::talk::Talk::new().upgrade("/proxy");
    let mut turns: Vec<Turn> = upgrade
        .said
        .into_iter()
        .zip([Direction::Up, Direction::Down])
        .map(|(said, direction)| Turn { direction, bytes: said.bytes })
        .collect();
    turns.extend(data.split(|byte| *byte == BETWEEN).filter_map(turn));
    let limits = if data.len() & 1 == 0 { SMALL } else { Limits::default() };
    let whole = hear(&turns, limits, None);
    assert_eq!(whole, hear(&turns, limits, Some(data.len() as u64)), "in one segment each, cut");
}

fn turn(message: &[u8]) -> Option<Turn> {
    let (side, text) = message.split_first()?;
    Some(if *side == b'<' {
        Turn { direction: Direction::Down, bytes: frame(0x81, None, text) }
    } else {
        Turn { direction: Direction::Up, bytes: frame(0x82, Some([0x37, 0xfa, 0x21, 0x3d]), text) }
    })
}
