use detector::stream::Limits;
use detector_common::flow::Direction;
use serde_json::Value;

use super::talk::{SMALL, Turn, hear};

/// Lines of text, of which the first byte tells who says it (`<` is the server): any text is read, and how messages of
/// JSON are cut into segments does not change the judgement.
///
/// # Panics
/// It is not so.
pub fn lines(data: &[u8]) {
    let turns: Vec<Turn> = data.split(|byte| *byte == b'\n').filter_map(turn).collect();
    let limits = if data.len() & 1 == 0 { SMALL } else { Limits::default() };
    let whole = hear(&turns, limits, None);
    let cut = hear(&turns, limits, Some(data.len() as u64));
    let is_json = |turn: &Turn| serde_json::from_slice::<Value>(&turn.bytes).is_ok();
    if turns.iter().all(is_json) {
        assert_eq!(whole, cut, "in one segment each, cut");
    }
}

fn turn(line: &[u8]) -> Option<Turn> {
    let (side, text) = line.split_first()?;
    let direction = if *side == b'<' { Direction::Down } else { Direction::Up };
    Some(Turn { direction, bytes: [text, b"\n"].concat() })
}
