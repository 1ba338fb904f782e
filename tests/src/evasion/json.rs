//! Conversations in lines of JSON, written in ways that other readers of JSON take.

use super::{Evasion, Expected, Group, Packet, Subject, paced};
use crate::conversation::{Cut, Speaker};
use crate::talk::{Said, Talk};

/// Levels of nesting: some readers stop at 128.
const LEVELS: [usize; 5] = [120, 125, 126, 127, 200];

type Write = Box<dyn Fn(&str) -> String>;

pub(super) fn all() -> Vec<Evasion> {
    let beside = |value: String| -> Write {
        Box::new(move |line| line.replacen('{', &format!("{{\"x\":{value},"), 1))
    };
    let numbers = || vec![beside("1e999".to_owned()), beside("7".repeat(400))];
    let nested =
        || LEVELS.map(|levels| beside(format!("{}{}", "[".repeat(levels), "]".repeat(levels)))).into();
    let lines = || -> Vec<Write> {
        vec![
            Box::new(|line| over_lines(line, "{[", "{}[],")),
            Box::new(|line| over_lines(line, "", ",")),
            Box::new(|line| over_lines(line, ":,", ":")),
            Box::new(|line| line.replacen('{', "{\r\n", 1)),
        ]
    };
    let ways: [(&str, &dyn Fn() -> Vec<Write>); 3] = [
        ("a number out of range in each message", &numbers),
        ("deep nesting in each message", &nested),
        ("messages over several lines", &lines),
    ];
    let rows = ways.into_iter().flat_map(|(title, write)| {
        [
            evasion(title.to_owned(), write(), None),
            evasion(format!("{title}: the miner alone"), write(), Some(true)).expects(Expected::MinerAlone),
            evasion(format!("{title}: the pool alone"), write(), Some(false)).expects(Expected::PoolAlone),
        ]
    });
    rows.map(|row| Evasion { group: Group::Forms, ..row }).collect()
}

/// Both sides write in each of these ways, and it comes whole, a line a segment, and a byte a segment; from one of them if
/// `miner` says whether it is the miner.
fn evasion(title: String, ways: Vec<Write>, miner: Option<bool>) -> Evasion {
    Evasion::new(title, move |subject| {
        if !super::hiding::is_json(subject) {
            return Vec::new();
        }
        let variants = ways.iter().flat_map(|way| {
            let said = |said: &Said| Said {
                bytes: way(&String::from_utf8_lossy(&said.bytes)).into_bytes(),
                ..said.clone()
            };
            let whole = Talk { said: subject.talk.said.iter().map(said).collect(), ..subject.talk.clone() };
            let apart = whole.said.iter().flat_map(lines).collect();
            let apart = Talk { said: apart, ..subject.talk.clone() };
            [(whole.clone(), Cut::Lines), (apart, Cut::Lines), (whole, Cut::Bytes(1))]
        });
        variants.map(|(talk, cut)| packets(subject, &talk, cut, miner)).collect()
    })
}

fn packets(subject: &Subject, talk: &Talk, cut: Cut, miner: Option<bool>) -> Vec<Packet> {
    let frames = talk.frames_cut(subject.client, subject.server, cut);
    let heard = |speaker: Speaker| miner.is_none_or(|miner| miner == (speaker == subject.miner));
    paced(frames.iter().filter(|frame| {
        let client = subject.is_from(Speaker::Client, frame);
        heard(if client { Speaker::Client } else { Speaker::Server })
    }))
}

/// Each line by itself.
fn lines(said: &Said) -> Vec<Said> {
    let lines = said.bytes.split_inclusive(|&byte| byte == b'\n');
    lines.map(|line| Said { bytes: line.to_vec(), ..said.clone() }).collect()
}

/// Line feeds before and behind these characters where they stand for themselves.
fn over_lines(line: &str, before: &str, behind: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let mut written = String::new();
    for letter in line.trim_end().chars() {
        let bare = !quoted && letter != '"';
        if bare && before.contains(letter) {
            written.push('\n');
        }
        written.push(letter);
        if bare && behind.contains(letter) {
            written.push_str("\n ");
        }
        quoted ^= letter == '"' && !escaped;
        escaped = quoted && letter == '\\' && !escaped;
    }
    written.trim().to_owned() + "\n"
}
