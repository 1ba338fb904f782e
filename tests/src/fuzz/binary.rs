use detector::judge;
use detector::stream::Limits;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use sha3::Keccak256;

use super::input::{Input, with_length};
use super::talk::{SMALL, Turn, direction, hear, sound};

/// How the bytes of a turn become a message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Raw,
    /// Bitcoin's: magic number of 4 bytes, command of 12, length, check sum.
    Bitcoin,
    /// `P2Pool`'s: as Bitcoin's, but with 8 bytes before the command.
    P2Pool,
    /// Levin's: 33 bytes, of which those from the ninth on are the length.
    Levin,
    /// Stratum version 2's: extension, kind, length of three bytes.
    StratumV2,
    /// A datagram of discv4: a hash of all that follows.
    Discv4,
}

const FORMS: [Form; 6] = [Form::Raw, Form::Bitcoin, Form::P2Pool, Form::Levin, Form::StratumV2, Form::Discv4];

/// Messages of binary protocols: a byte that tells the side and the form, a length, the message. Lengths and check sums
/// are put right, so that any message reaches those who read it.
///
/// # Panics
/// Something does not hold of the judgement.
pub fn binary(data: &[u8]) {
    let mut input = Input(data);
    let mut turns = Vec::new();
    while !input.is_empty() {
        let (control, bytes) = (input.byte(), input.bytes());
        let direction = direction(control);
        let form = FORMS.get(usize::from(control >> 1)).copied().unwrap_or(Form::Raw);
        let bytes = form.complete(bytes);
        if form == Form::Discv4 {
            if let Some(judged) = judge::datagram(Timestamp::UNIX_EPOCH, direction, &bytes) {
                sound(&judged);
            }
        } else {
            turns.push(Turn { direction, bytes });
        }
    }
    let limits = if data.len() & 1 == 0 { SMALL } else { Limits::default() };
    hear(&turns, limits, None);
    hear(&turns, limits, Some(data.len() as u64));
}

/// A turn as [`binary`] reads it, in the form that it has.
pub(super) fn encode(side: u8, datagram: bool, bytes: &[u8]) -> Vec<u8> {
    let fits = |form: &&Form| **form != Form::Raw && (**form == Form::Discv4) == datagram;
    let found = FORMS.iter().filter(fits).find_map(|form| Some((*form, form.bare(bytes)?)));
    let (form, bare) = found.unwrap_or_else(|| (Form::Raw, bytes.to_vec()));
    let number = FORMS.iter().position(|one| *one == form).and_then(|at| u8::try_from(at).ok());
    let mut turn = vec![number.unwrap_or_default() << 1 | side];
    turn.extend(with_length(&bare));
    turn
}

impl Form {
    /// The message with what was left out of it.
    fn complete(self, bytes: &[u8]) -> Vec<u8> {
        let length = u32::try_from(bytes.len().saturating_sub(self.head())).unwrap_or(u32::MAX).to_le_bytes();
        let (head, body) = bytes.split_at(self.head().min(bytes.len()));
        match self {
            Self::Raw => bytes.to_vec(),
            Self::Bitcoin | Self::P2Pool => {
                let hash = Sha256::digest(Sha256::digest(body));
                [head, &length, hash.get(..4).unwrap_or_default(), body].concat()
            }
            Self::Levin => {
                let (signature, rest) = head.split_at(8.min(head.len()));
                [signature, &length, &[0; 4], rest, body].concat()
            }
            Self::StratumV2 => [head, length.get(..3).unwrap_or_default(), body].concat(),
            Self::Discv4 => [Keccak256::digest(bytes).as_slice(), bytes].concat(),
        }
    }

    /// What [`Self::complete`] makes these bytes of, if the message has this form.
    fn bare(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let (first, rest) = match self {
            Self::Raw => return Some(bytes.to_vec()),
            Self::Bitcoin | Self::P2Pool => (self.head(), 8),
            Self::Levin => (8, 8),
            Self::StratumV2 => (self.head(), 3),
            Self::Discv4 => (0, 32),
        };
        let bare = [bytes.get(..first)?, bytes.get(first + rest..)?].concat();
        (self.complete(&bare) == bytes).then_some(bare)
    }

    /// Bytes of the head without length and check sum.
    const fn head(self) -> usize {
        match self {
            Self::Raw | Self::Discv4 => 0,
            Self::Bitcoin => 16,
            Self::P2Pool => 20,
            Self::Levin => 25,
            Self::StratumV2 => 3,
        }
    }
}
