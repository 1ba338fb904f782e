use detector_common::automaton::ACCEPT;

use super::{SaidBy, Signature, Signatures};
use crate::intern::intern;
use crate::judge::Protocol;
use crate::protocol::Kind;

/// What a signature with a weight says in a judgement; without one, that of a protocol that is not built in tells that a
/// message belongs there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighed {
    /// The protocol it speaks for.
    pub protocol: Protocol,
    /// Who says it.
    pub side: SaidBy,
    /// The evidence it is. Its name is `signature-` and the signature's name.
    pub kind: Kind,
    /// Ticker symbol of the coin that is mined.
    pub coin: Option<&'static str>,
}

impl Weighed {
    /// `None` if the signature has no weight, and its protocol is built in: then that protocol's part of firedamp judges.
    pub(super) fn of(signature: &Signature) -> Option<Self> {
        let Signature { name, protocol, side, weight, coin, .. } = signature;
        let protocol = Protocol::named(protocol);
        (*weight > 0.0 || matches!(protocol, Protocol::Custom(_))).then(|| Self {
            protocol,
            side: *side,
            kind: Kind::message(
                intern(&format!("signature-{name}")),
                intern(&format!("a message with the token of the signature {name}")),
                *weight,
            ),
            coin: coin.as_deref().map(intern),
        })
    }
}

impl Signatures {
    /// Whether any signature has a weight.
    #[must_use]
    pub fn weigh(&self) -> bool {
        self.weighed.iter().flatten().any(|weighed| weighed.kind.weight > 0.0)
    }

    /// What the signatures say to a whole message, each once, in the order of files.
    #[must_use]
    pub fn said(&self, message: &[u8]) -> Vec<Weighed> {
        let automaton = self.automaton();
        let mut state = 0;
        let mut found: Vec<u16> = Vec::new();
        for byte in message {
            state = automaton.step(state, *byte);
            if state & ACCEPT != 0 {
                for index in self.indices(automaton.accept(state)) {
                    if !found.contains(index) {
                        found.push(*index);
                    }
                }
            }
        }
        found.sort_unstable();
        let counts = |index: u16| {
            let (signature, weighed) =
                (self.list.get(usize::from(index))?, self.weighed.get(usize::from(index))?);
            weighed.filter(|_| signature.guards_hold(message))
        };
        found.into_iter().filter_map(counts).collect()
    }
}
