//! Duino-Coin: lines of text with commas, of which most have no end.
//!
//! Sources: `PC_Miner.py`, `AVR_Miner.py` and the `ESP` code of Duino-Coin, its minimal miner.

use detector_common::flow::Direction;

use super::coin::CoinReason;
use super::dialogue::Heard;
use super::finding::{Fact, Finding, Kind};
use super::shape::{clean, is_hex};
use crate::judge::{Protocol, Stage};

/// No other coin is mined like this.
const COIN: Fact = Fact::coin("DUCO", CoinReason::Protocol);

const PROTOCOL: Protocol = Protocol::DuinoCoin;

/// Bytes of the longest message looked for.
const MAX_TEXT: usize = 256;

/// Difficulties that are asked for by name. Some are words of other trades.
const LEVELS: [&str; 15] = [
    "LOW", "MEDIUM", "NET", "EXTREME", "MAX", "AVR", "MEGA", "DUE", "ARM", "ESP8266", "ESP8266H", "ESP8266N",
    "ESP32", "ESP32S", "RP2040",
];

impl Kind {
    pub(crate) const DUINO_REQUEST: Self =
        Self::message("client-duino-job", "the word JOB and a user, separated by a comma", 6.0);
    pub(crate) const DUINO_LEVEL: Self =
        Self::feature("client-duino-level", "the difficulty that is asked for is one of Duino-Coin's", 3.0);
    pub(crate) const DUINO_RESULT: Self =
        Self::message("client-duino-result", "a number, a hash rate and the software's name", 6.0);
    pub(crate) const DUINO_SOFTWARE: Self =
        Self::feature("client-duino-software", "the software is one of Duino-Coin's official miners", 6.5);
    pub(crate) const DUINO_JOB: Self =
        Self::message("pool-duino-job", "two SHA-1 hashes and a difficulty, separated by commas", 7.0);
}

/// A message by its form alone.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form<'a> {
    /// The server's, when it is connected to.
    Version,
    Request {
        user: &'a str,
        level: Option<&'a str>,
    },
    Result {
        rate: Option<f64>,
        software: &'a str,
        rig: Option<&'a str>,
        official: bool,
    },
    Job {
        difficulty: f64,
    },
    /// Whether the result was good.
    Feedback(bool),
    /// The user is not known, or asks too often.
    Refusal,
}

/// Whether a text is a message whatever follows it.
pub(crate) fn is_message(text: &[u8]) -> bool {
    form(text).is_some()
}

/// The part of a message that holds no password: the mining key follows the difficulty that is asked for. `None` if it is
/// no message.
pub(crate) fn shown(text: &[u8]) -> Option<&[u8]> {
    let fields = match form(text)? {
        Form::Request { level: Some(level), .. } if LEVELS.contains(&level) => 3,
        Form::Request { .. } => 2,
        Form::Version | Form::Feedback(_) | Form::Refusal => 1,
        Form::Result { .. } => 4,
        Form::Job { .. } => 3,
    };
    let mut commas = text.iter().enumerate().filter(|(_, byte)| **byte == b',');
    text.get(..commas.nth(fields - 1).map_or(text.len(), |(at, _)| at))
}

fn form(text: &[u8]) -> Option<Form<'_>> {
    if text.len() > MAX_TEXT || !text.first()?.is_ascii_alphanumeric() {
        return None;
    }
    let text = std::str::from_utf8(text).ok().filter(|text| !text.contains(char::is_control))?;
    let mut fields = text.split(',');
    match (fields.next()?, fields.next(), fields.next()) {
        ("GOOD" | "BLOCK", None, _) => Some(Form::Feedback(true)),
        ("BAD", ..) => Some(Form::Feedback(false)),
        ("INVU", None, _) => Some(Form::Refusal),
        ("JOB" | "JOBXX", Some(user), level) if is_name(user) => Some(Form::Request { user, level }),
        (version, None, _) if is_version(version) => Some(Form::Version),
        (last, Some(expected), Some(difficulty)) if is_digest(last) => {
            let known = is_digest(expected) || (expected.len() == 16 && is_hex(expected));
            let difficulty = difficulty.parse::<u32>().ok().filter(|_| known && fields.next().is_none())?;
            Some(Form::Job { difficulty: difficulty.into() })
        }
        (nonce, Some(rate), Some(software)) if is_number(nonce) => result(rate, software, fields),
        _ => None,
    }
}

/// What follows the number: the hash rate, the software, the machine, then numbers for the server.
fn result<'a>(rate: &str, software: &'a str, mut rest: std::str::Split<'a, char>) -> Option<Form<'a>> {
    let official = is_official(software);
    let rig = rest.next();
    let named = official || (rig.is_some() && software.contains(|c: char| c.is_ascii_alphabetic()));
    let measured = rate.parse::<f64>().ok().filter(|rate| rate.is_finite());
    let known = named
        && (measured.is_some() || rate.is_empty())
        && rig.is_none_or(|rig| rig.len() <= 64)
        && rest.all(|field| !field.contains(' '));
    known.then_some(Form::Result { rate: measured, software, rig, official })
}

/// Such as "Official PC Miner 4.3".
fn is_official(software: &str) -> bool {
    let version = software.strip_prefix("Official ").and_then(|name| name.split_once(" Miner"));
    version.is_some_and(|(_, rest)| {
        rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b' ' | b'v'))
    })
}

fn is_number(text: &str) -> bool {
    (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_version(text: &str) -> bool {
    let Some((major, minor)) = text.split_once('.') else { return false };
    [major, minor].iter().all(|part| is_number(part) && part.len() <= 2)
}

fn is_digest(text: &str) -> bool {
    text.len() == 40 && is_hex(text)
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && !text.contains(char::is_whitespace)
}

/// What was said, because most messages mean something only after another.
#[derive(Debug, Default)]
pub(super) struct Duino {
    ways: [Way; 2],
    /// In which direction something was asked or handed in that is not answered.
    waits: Option<Direction>,
    answered: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Way {
    /// A job was asked for.
    requested: bool,
    /// A result was said.
    result: bool,
    /// The last message was a job.
    job: bool,
}

impl Duino {
    /// Answers of one side to what the other asked or handed in, since the last call.
    pub(super) const fn take_answered(&mut self) -> u32 {
        std::mem::replace(&mut self.answered, 0)
    }

    /// Reads a text in `direction`. It is foreign if it is none of Duino-Coin's, or not in its place.
    pub(super) fn hear(&mut self, direction: Direction, text: &[u8]) -> Heard {
        match form(text) {
            None => Heard::Foreign,
            Some(Form::Version) => Heard::Nothing,
            Some(form) => {
                self.place(direction, form).map_or(Heard::Foreign, |said| Heard::Findings(vec![said]))
            }
        }
    }

    fn place(&mut self, direction: Direction, form: Form<'_>) -> Option<Finding> {
        let [up, down] = &mut self.ways;
        let (mine, theirs) = match direction {
            Direction::Up => (up, down),
            Direction::Down => (down, up),
        };
        let finding = match form {
            Form::Request { user, level } => {
                mine.requested = true;
                self.waits = Some(direction);
                let finding = Finding::miner(PROTOCOL, Kind::DUINO_REQUEST)
                    .with(Kind::DUINO_LEVEL, level.is_some_and(|level| LEVELS.contains(&level)));
                finding.fact(clean(user).map(|wallet| Fact::User { wallet, worker: None })).fact(Some(COIN))
            }
            Form::Result { official, .. } if !official && !mine.requested => return None,
            Form::Result { rate, software, rig, official } => {
                mine.result = true;
                self.waits = Some(direction);
                let finding = Finding::miner(PROTOCOL, Kind::DUINO_RESULT)
                    .stage(Stage::Submitting)
                    .with(Kind::DUINO_SOFTWARE, official)
                    .fact(Some(Fact::Submitted))
                    .fact(rate.filter(|&rate| rate > 0.0).map(Fact::ClaimedHashRate))
                    .fact(clean(software).map(Fact::Agent));
                finding.fact(rig.and_then(clean).filter(|rig| rig != "None").map(Fact::Worker))
            }
            // Whoever says nothing but lines of this form exports a table.
            Form::Job { .. } if mine.job && !theirs.requested => return None,
            Form::Job { difficulty } => {
                mine.job = true;
                self.answered += u32::from(self.waits.take_if(|asker| *asker != direction).is_some());
                let finding = Finding::pool(PROTOCOL, Kind::DUINO_JOB).stage(Stage::Working);
                finding.fact(Some(Fact::Job)).fact(Some(COIN)).fact(Some(Fact::difficulty_hashes(difficulty)))
            }
            Form::Feedback(good) => {
                if !std::mem::take(&mut mine.job) && !theirs.result {
                    return None;
                }
                self.answered += u32::from(self.waits.take_if(|asker| *asker != direction).is_some());
                let finding = Finding::pool(PROTOCOL, Kind::SHARE_ANSWER).stage(Stage::Submitting);
                let verdict = if good { Fact::Accepted } else { Fact::Rejected };
                finding.fact((!theirs.result).then_some(Fact::Submitted)).fact(Some(verdict))
            }
            Form::Refusal if theirs.requested => {
                Finding::pool(PROTOCOL, Kind::POOL_ERROR).stage(Stage::Attempt)
            }
            Form::Refusal | Form::Version => return None,
        };
        Some(finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str =
        "0123456789abcdef0123456789abcdef01234567,fedcba9876543210fedcba9876543210fedcba98,1500";

    #[test]
    fn messages_are_known_by_their_form() {
        for text in [
            "3.0",
            "JOB,alice,MEDIUM,None",
            "JOB,alice",
            JOB,
            "GOOD",
            "BAD,Too low hashrate",
            "BLOCK",
            "184,123456.7,Official PC Miner 4.3,rig1,,1234",
            "184,,Official AVR Miner 4.3,None",
        ] {
            assert!(is_message(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "3",
            "3.0.1",
            "JOB",
            "JOB,a b,MEDIUM",
            "GOODBYE",
            "GOOD,x",
            "184,123456.7",
            "184,x,Official PC Miner 4.3",
            "184,12,300,400",
            "{}",
            "Official PC Miner",
        ] {
            assert!(!is_message(text.as_bytes()), "{text}");
        }
        assert!(!is_message(format!("{JOB},x").as_bytes()));
    }

    #[test]
    fn answers_are_those_to_the_other_side() {
        let mut duino = Duino::default();
        let result = "184,123456.7,Official PC Miner 4.3,rig1";
        for (direction, text) in [
            (Direction::Up, "JOB,alice,LOW"),
            (Direction::Down, JOB),
            (Direction::Down, JOB),
            (Direction::Up, result),
            (Direction::Down, "GOOD"),
        ] {
            assert_ne!(duino.hear(direction, text.as_bytes()), Heard::Foreign, "{text}");
        }
        assert_eq!((duino.take_answered(), duino.take_answered()), (2, 0));
        for text in ["JOB,alice,LOW", JOB, result, "GOOD"] {
            let _ = duino.hear(Direction::Up, text.as_bytes());
        }
        assert_eq!(duino.take_answered(), 0, "all of one side");
    }

    #[test]
    fn a_table_of_digests_is_one_job_at_most() {
        let mut duino = Duino::default();
        let mut said = |text: &str| duino.hear(Direction::Up, text.as_bytes()) != Heard::Foreign;
        assert_eq!([said(JOB), said(JOB), said(JOB)], [true, false, false]);
        assert!(said("GOOD"));
        assert!(!said("GOOD"), "nothing was handed in");
        assert!(said(JOB));
    }
}
