use detector::stream::Limits;
use detector_common::flow::Direction;

use super::talk::{SMALL, Turn, hear};

/// What stands between messages.
pub(super) const BETWEEN: u8 = 0x1e;

/// Messages of HTTP, between which stands a byte of 0x1e: who says it (`<` is the server), the lines of the head, an empty
/// line, the body. The length of the body is put right, so that any body reaches those who read it.
///
/// # Panics
/// Something does not hold of the judgement.
pub fn http(data: &[u8]) {
    let turns: Vec<Turn> = data.split(|byte| *byte == BETWEEN).filter_map(turn).collect();
    let limits = if data.len() & 1 == 0 { SMALL } else { Limits::default() };
    hear(&turns, limits, None);
    hear(&turns, limits, Some(data.len() as u64));
}

fn turn(message: &[u8]) -> Option<Turn> {
    let (side, message) = message.split_first()?;
    let direction = if *side == b'<' { Direction::Down } else { Direction::Up };
    let (head, body) = split(message);
    let mut bytes = Vec::new();
    for line in head.split(|byte| *byte == b'\n') {
        let name = line.get(..14).unwrap_or_default();
        if !name.eq_ignore_ascii_case(b"content-length") && !line.is_empty() {
            bytes.extend(line);
            bytes.extend(b"\r\n");
        }
    }
    if !body.is_empty() {
        bytes.extend(format!("Content-Length: {}\r\n", body.len()).into_bytes());
    }
    bytes.extend(b"\r\n");
    bytes.extend(body);
    Some(Turn { direction, bytes })
}

/// Head and body.
fn split(message: &[u8]) -> (&[u8], &[u8]) {
    let end = message.windows(2).position(|pair| pair == b"\n\n").unwrap_or(message.len());
    (message.get(..end).unwrap_or_default(), message.get(end + 2..).unwrap_or_default())
}
