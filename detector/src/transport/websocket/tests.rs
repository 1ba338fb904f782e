use proptest::prelude::*;

use super::header::{frame_text, is_frame, opens};
use super::*;
use crate::transport::opening::Guess;

/// A frame as a sender makes it.
fn frame(first: u8, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let flag = if mask.is_some() { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(size @ 0..=125), _) => bytes.push(flag | size),
        (_, Ok(size)) => {
            bytes.push(flag | 0x7e);
            bytes.extend(size.to_be_bytes());
        }
        _ => {
            bytes.push(flag | 0x7f);
            bytes.extend((payload.len() as u64).to_be_bytes());
        }
    }
    bytes.extend(mask.unwrap_or_default().iter().take(if mask.is_some() { 4 } else { 0 }));
    let key = mask.unwrap_or_default();
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

/// What is given back, with what was not taken.
fn next(websocket: &mut WebSocket, mut bytes: &[u8], out: &mut dyn FnMut(Utterance<'_>)) -> Option<BytesMut> {
    let mut rest = websocket.next(&mut bytes, &mut Aside::new(1000), out)?;
    rest.extend_from_slice(bytes);
    Some(rest)
}

struct Heard {
    said: Vec<String>,
    rest: Option<BytesMut>,
    overlong: u64,
}

fn heard(pieces: &[&[u8]]) -> Heard {
    let mut websocket = WebSocket::new(100_000);
    let (mut said, mut rest) = (Vec::new(), None);
    for piece in pieces {
        rest = next(&mut websocket, piece, &mut |utterance| {
            said.push(match utterance {
                Utterance::Message(text) => String::from_utf8(text.to_vec()).unwrap(),
                other => format!("{other:?}"),
            });
        });
    }
    Heard { said, rest, overlong: websocket.overlong() }
}

proptest! {
    #[test]
    fn messages_are_heard_however_masked_fragmented_and_cut(
        messages in prop::collection::vec(("\\{[a-zä]{0,300}", any::<Option<[u8; 4]>>(), 1..400_usize), 1..6),
        cut in 1..50_usize,
    ) {
        let mut bytes = Vec::new();
        for (text, mask, part) in &messages {
            let parts: Vec<_> = text.as_bytes().chunks(*part).collect();
            for (number, part) in parts.iter().enumerate() {
                let last = if number + 1 == parts.len() { 0x80 } else { 0 };
                bytes.extend(frame(last | u8::from(number == 0), *mask, part));
                bytes.extend(frame(0x89, *mask, b"ping"));
            }
        }
        let pieces: Vec<_> = bytes.chunks(cut).collect();
        let expected: Vec<_> = messages.into_iter().map(|(text, ..)| text).collect();
        prop_assert_eq!(heard(&pieces).said, expected);
    }

    #[test]
    fn no_bytes_are_misread_without_bounds(bytes in prop::collection::vec(any::<u8>(), 0..2000), cut in 1..700_usize) {
        let mut websocket = WebSocket::new(100);
        for piece in bytes.chunks(cut) {
            drop(next(&mut websocket, piece, &mut |_| {}));
            prop_assert!(websocket.held_bytes() <= 314);
        }
    }
}

#[test]
fn lengths_of_all_three_forms() {
    for size in [1, 125, 126, 65_535, 65_536] {
        let text = "{".repeat(size);
        assert_eq!(heard(&[&frame(0x82, Some([1, 2, 3, 4]), text.as_bytes())]).said, [text]);
    }
}

#[test]
fn what_is_compressed_is_told_and_what_is_too_long_counted() {
    let compressed = frame(0xc1, None, b"\xaa\x56\x2a");
    assert_eq!(heard(&[&compressed]).said, ["Unreadable"]);
    let begun = [frame(0x41, None, b"a"), frame(0x80, None, b"b"), frame(0x81, None, b"{}")].concat();
    assert_eq!(heard(&[&begun]).said, ["Unreadable", "{}"]);
    let long = [frame(0x81, None, &b"{".repeat(100_001)), frame(0x81, None, b"{}")].concat();
    let heard = heard(&[&long]);
    assert_eq!((heard.said, heard.overlong), (vec!["{}".to_owned()], 1));
}

#[test]
fn what_is_no_frame_is_given_back() {
    let heard = heard(&[&[&frame(0x81, None, b"{}")[..], b"{\"id\":1}\n"].concat()]);
    assert_eq!((heard.said, heard.rest.as_deref()), (vec!["{}".to_owned()], Some(&b"{\"id\":1}\n"[..])));
}

#[test]
fn after_a_loss_the_next_frame_with_json_is_found() {
    let mut websocket = WebSocket::new(1000);
    let mut said = Vec::new();
    let mut out = |utterance: Utterance<'_>| said.push(format!("{utterance:?}"));
    let long = frame(0x81, None, &[b'{'; 300]);
    next(&mut websocket, &long[..100], &mut out);
    websocket.lose();
    next(&mut websocket, &long[200..], &mut out);
    next(&mut websocket, &frame(0x81, Some([9, 8, 7, 6]), b"{}"), &mut out);
    assert_eq!(said.len(), 1);
}

#[test]
fn a_frame_with_json_opens_a_stream_that_is_joined() {
    let masked = frame(0x81, Some([0xff, 2, 3, 4]), b"{\"id\":1}");
    assert_eq!(opens(&masked), Guess::Yes(()));
    assert_eq!(opens(&masked[..6]), Guess::More);
    assert!(is_frame(&masked) && !is_frame(&masked[..9]));
    assert_eq!(frame_text(&masked).as_deref(), Some(&b"{\"id\":1}"[..]));
    assert_eq!(frame_text(&masked[..9]), None);
    for json in [&b"{}"[..], b"[]", b"42[\"job\"]"] {
        assert_eq!(opens(&frame(0x81, None, json)), Guess::Yes(()));
    }
    for hiding in [frame(0x89, Some([9; 4]), b"{}"), frame(0x8a, None, b"{}"), frame(0xc1, None, b"[]")] {
        assert_eq!(opens(&hiding), Guess::Yes(()));
    }
    for other in [frame(0x89, Some([9; 4]), b"a"), frame(0xc2, Some([9; 4]), b"1")] {
        assert_eq!(opens(&other), Guess::No, "{other:x?}");
    }
    for other in [frame(0x81, None, b"a"), frame(0x81, Some([0; 4]), b"\xfe"), b"{}".to_vec(), vec![0x81, 0]]
    {
        assert_eq!(opens(&other), Guess::No, "{other:x?}");
    }
}
