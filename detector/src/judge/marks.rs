use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use detector_common::flow::Direction;

use super::hypothesis::Hypothesis;
use super::{Excerpt, Protocol, Source};
use crate::protocol::{CoinReason, Fact, Finding, Kind, is_said};
use crate::signature::{SaidBy, Signatures, Weighed};
use crate::transport::Utterance;

/// What the signatures of a user say in a conversation, beside the protocols that are built in.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// `None` if none of them has a weight.
    signatures: Option<Arc<Signatures>>,
    /// Those of either side that were said, and in which directions.
    either: Vec<Either>,
}

/// A signature of either side that was said.
#[derive(Debug)]
struct Either {
    mark: Weighed,
    said: [bool; 2],
    /// Where it was said first, in each direction.
    excerpts: [Option<Excerpt>; 2],
}

impl Marks {
    pub(super) fn set_signatures(&mut self, signatures: &Arc<Signatures>) {
        self.signatures = signatures.weigh().then(|| Arc::clone(signatures));
    }

    /// What they say to a whole message; nothing to what only quotes one.
    pub(super) fn of(&self, said: Utterance<'_>) -> Vec<Weighed> {
        let (Utterance::Line(text) | Utterance::Message(text) | Utterance::Body(_, text)) = said else {
            return Vec::new();
        };
        let Some(signatures) = &self.signatures else { return Vec::new() };
        let mut marks = signatures.said(text);
        if !marks.is_empty() && !is_said(text) {
            marks.clear();
        }
        marks
    }

    /// What is to be weighed for a mark that was said in `direction`, now; one of either side is weighed in the end.
    pub(super) fn finding(
        &mut self,
        direction: Direction,
        mark: &Weighed,
        source: &Source<'_>,
    ) -> Option<Finding> {
        if mark.kind.weight <= 0.0 {
            return None;
        }
        match mark.side {
            SaidBy::Miner => return Some(finding(Finding::miner, mark)),
            SaidBy::Pool => return Some(finding(Finding::pool, mark)),
            SaidBy::Either => {}
        }
        let known = self.either.iter().position(|known| known.mark.kind == mark.kind);
        let at = known.unwrap_or(self.either.len());
        if known.is_none() {
            self.either.push(Either { mark: *mark, said: [false; 2], excerpts: [None, None] });
        }
        let Either { said, excerpts, .. } = self.either.get_mut(at)?;
        let way = direction as usize;
        if let Some((said, excerpt)) =
            said.get_mut(way).zip(excerpts.get_mut(way)).filter(|(said, _)| !**said)
        {
            *said = true;
            *excerpt = source.excerpt();
        }
        None
    }

    /// The suppositions that the miner sends up, and down, with the signatures of either side.
    ///
    /// Who says such a one follows from all else that was said; if that says nothing, a single sender is the miner. It
    /// counts once, and not at all if both say it and nothing else tells them apart: an echo would make up a conversation.
    pub(super) fn settle<'a>(&self, hypotheses: &'a [Hypothesis; 2]) -> Cow<'a, [Hypothesis; 2]> {
        let [up, down] = hypotheses;
        let known = up.weight().total_cmp(&down.weight());
        let mut settled = Cow::Borrowed(hypotheses);
        for Either { mark, said, excerpts } in &self.either {
            let miner_sends = match (known, said) {
                (Ordering::Greater, _) | (Ordering::Equal, [true, false]) => Direction::Up,
                (Ordering::Less, _) | (Ordering::Equal, [false, true]) => Direction::Down,
                (Ordering::Equal, _) => continue,
            };
            let by_miner = said.get(miner_sends as usize).copied().unwrap_or_default();
            let make = if by_miner { Finding::miner } else { Finding::pool };
            let way = if by_miner { miner_sends } else { miner_sends.reverse() };
            let source = Source::of(excerpts.get(way as usize).cloned().flatten());
            if let Some(hypothesis) = settled.to_mut().get_mut(miner_sends as usize) {
                hypothesis.add(&finding(make, mark), &source);
            }
        }
        settled
    }
}

fn finding(make: fn(Protocol, Kind) -> Finding, mark: &Weighed) -> Finding {
    let mut finding = make(mark.protocol, mark.kind);
    finding.facts.extend(mark.coin.map(|ticker| Fact::coin(ticker, CoinReason::Signature)));
    finding
}
