use detector_common::flow::Direction;

use super::hypothesis::{Hearing, Hypothesis};
use super::speech::Speech;
use super::{Assessment, Evidence, Side};
use crate::protocol::Kind;
use crate::transport::Secrecy;

/// Foreign lines that the opening with other text counts for. Not more: the stream of a miner may have been joined
/// within a message, and then what it goes on to say outweighs this.
const OPENING: f64 = 12.0;

/// How much more a foreign line counts in a stream that opened with other text.
const EMPHASIS: f64 = 12.0;

/// Peers do not contradict each other.
pub(super) static NO_RIVAL: Hypothesis = Hypothesis::NONE;

impl Speech {
    /// The direction opened with other text. Who answers the other side's requests, one after the other, does not quote.
    fn may_quote(&self, way: Direction) -> bool {
        get(self.other_text, way) && !self.converse()
    }

    /// One of the directions may.
    pub(super) fn may_be_quoted(&self) -> bool {
        [Direction::Up, Direction::Down].into_iter().any(|way| self.may_quote(way))
    }

    pub(super) fn assess(&self) -> Option<Assessment> {
        let settled = self.marks.settle(&self.hypotheses);
        let (hypothesis, rival, miner_sends) = self.likelier(&settled);
        let ways = [miner_sends, miner_sends.reverse()];
        let hearing = Hearing {
            foreign: self.foreign_of(miner_sends),
            excerpts: ways.map(|way| self.tallies.get(way as usize)?.first_foreign().cloned()),
            sizes: self.secrecy == Some(Secrecy::Sizes),
        };
        let mut assessment = hypothesis.assess(miner_sends, rival, &hearing)?;
        for way in [Direction::Up, Direction::Down].into_iter().filter(|way| get(self.contradicted, *way)) {
            let side = match assessment.evidence.first() {
                Some(first) if first.side == Side::Peer => Side::Peer,
                _ if way == miner_sends => Side::Miner,
                _ => Side::Pool,
            };
            let excerpt = self.overlaps.get(way as usize).cloned().flatten();
            assessment.evidence.push(Evidence::of(Kind::OVERLAP, side, excerpt));
        }
        let encrypted = self.secrecy.is_some_and(|secrecy| secrecy != Secrecy::Clear);
        Some(Assessment { carrier: self.carrier, encrypted, ..assessment })
    }

    /// The weight of the judgement, without its reasons. `None` if there is none.
    pub(super) fn score(&self) -> Option<f64> {
        let settled = self.marks.settle(&self.hypotheses);
        let (hypothesis, rival, miner_sends) = self.likelier(&settled);
        hypothesis.score(rival, self.foreign_of(miner_sends))
    }

    /// Foreign lines of the miner and the pool, for each line that was spoken. What is encrypted has no lines.
    fn foreign_of(&self, miner_sends: Direction) -> [f64; 2] {
        if self.secrecy == Some(Secrecy::Sizes) {
            return [0.0; 2];
        }
        [miner_sends, miner_sends.reverse()].map(|way| match self.tally(way) {
            [0, _] => 0.0,
            [spoken, foreign] => {
                let foreign = f64::from(foreign);
                let foreign = if self.may_quote(way) { EMPHASIS * (foreign + OPENING) } else { foreign };
                foreign / f64::from(spoken)
            }
        })
    }

    /// The likelier hypothesis, its rival and the direction in which the miner sends. Peers have no rival: what both of
    /// them say does not contradict itself. Whoever is suspected of mining is no mere node: anybody can open with a
    /// message of one.
    fn likelier<'a>(
        &'a self,
        hypotheses: &'a [Hypothesis; 2],
    ) -> (&'a Hypothesis, &'a Hypothesis, Direction) {
        let [up, down] = hypotheses;
        let (likelier, rival, direction) = if up.weight() >= down.weight() {
            (up, down, Direction::Up)
        } else {
            (down, up, Direction::Down)
        };
        match self.first_peer {
            Some(first) if self.peers.weight() > likelier.weight() => {
                let mines = || likelier.score(rival, self.foreign_of(direction)).is_some();
                if self.peers.is_node() && mines() {
                    (likelier, rival, direction)
                } else {
                    (&self.peers, &NO_RIVAL, first)
                }
            }
            _ => (likelier, rival, direction),
        }
    }

    /// Enough was said to be suspicious: if it is not, it was a quotation.
    pub(super) fn weighty(&self) -> bool {
        self.hypotheses.iter().chain([&self.peers]).any(Hypothesis::weighty)
    }
}

fn get(pair: [bool; 2], direction: Direction) -> bool {
    pair.get(direction as usize).copied().unwrap_or_default()
}
