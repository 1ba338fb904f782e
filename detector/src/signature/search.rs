use std::collections::VecDeque;

use detector_common::automaton::ACCEPT;
use regex_automata::meta;

use super::{Signature, Signatures, token};

/// The most bytes of a token that are looked back for: a longer one is reported with its end only.
const LONGEST: usize = 1024;

/// Finds every token of a set in streams, not only the first as the recogniser does.
pub struct Search<'a> {
    signatures: &'a Signatures,
    /// By signature: finds where a token began that ends here.
    begins: Vec<Option<meta::Regex>>,
}

/// A token in a stream.
#[derive(Clone, Debug)]
pub struct Hit<'a> {
    /// Whose token it is.
    pub signature: &'a Signature,
    /// Where it begins, in bytes from the first one that was read.
    pub offset: u64,
    /// What matched.
    pub text: Vec<u8>,
}

/// How far one stream was searched.
#[derive(Debug, Default)]
pub struct Stream {
    state: u16,
    /// Bytes read.
    read: u64,
    tail: VecDeque<u8>,
    /// By signature: where its latest hit began, plus 1.
    latest: Vec<u64>,
}

impl<'a> Search<'a> {
    /// Looks for all signatures of a set.
    #[must_use]
    pub fn new(signatures: &'a Signatures) -> Self {
        Self {
            signatures,
            begins: signatures.iter().map(|signature| token::ending(&signature.hir)).collect(),
        }
    }

    /// Reads on in a stream. A token that can end in several places, as one with a repetition at its end,
    /// is found once.
    pub fn read(&self, stream: &mut Stream, bytes: &[u8], out: &mut impl FnMut(Hit<'a>)) {
        let automaton = self.signatures.automaton();
        for byte in bytes {
            if stream.tail.len() == LONGEST {
                stream.tail.pop_front();
            }
            stream.tail.push_back(*byte);
            stream.read += 1;
            stream.state = automaton.step(stream.state, *byte);
            if stream.state & ACCEPT != 0 {
                for index in self.signatures.indices(automaton.accept(stream.state)) {
                    self.found(stream, usize::from(*index), out);
                }
            }
        }
    }

    fn found(&self, stream: &mut Stream, index: usize, out: &mut impl FnMut(Hit<'a>)) {
        let Some(signature) = self.signatures.list.get(index) else { return };
        let window = stream.tail.make_contiguous();
        let begins = self.begins.get(index).and_then(Option::as_ref);
        let start = begins.and_then(|regex| regex.find(&*window)).map_or(0, |found| found.start());
        let text = window.get(start..).unwrap_or_default().to_vec();
        let offset = stream.read - text.len() as u64;
        stream.latest.resize(self.begins.len(), 0);
        let Some(latest) = stream.latest.get_mut(index) else { return };
        if std::mem::replace(latest, offset + 1) != offset + 1 {
            out(Hit { signature, offset, text });
        }
    }
}

impl Stream {
    /// Bytes are missing here: no token goes on behind them.
    pub fn gap(&mut self) {
        self.state = 0;
        self.tail.clear();
    }
}
