//! What the first bytes of a stream say about the rest.

use super::binary::{self, Grammar};
use super::{proxy, socks, tls, websocket, work};

/// Bytes of the header of a proxy with which nothing else begins.
const SURELY_PROXY: usize = 12;

/// What a stream is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// Text, in lines; HTTP is told by its first line.
    Text,
    /// A binary protocol, from this byte on.
    Binary(Grammar, usize),
    /// So many bytes are a proxy's; what follows them is a stream that opens. A request to the proxy names its target.
    Preamble(usize, Option<String>),
    /// A WebSocket that was joined after its upgrade.
    WebSocket,
    /// Records of TLS.
    Tls,
    /// More bytes are needed to tell.
    Undecided,
}

/// Whether bytes are the beginning of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Guess<T> {
    Yes(T),
    No,
    /// They are, as far as they go.
    More,
}

/// Judges the first bytes of a stream, at least one.
pub(super) fn judge(first: &[u8]) -> Opening {
    // Before all others, which would look at all of a long header again and again.
    let proxy = proxy::header(first);
    match proxy {
        Guess::Yes(length) => return Opening::Preamble(length, None),
        Guess::More if first.len() >= SURELY_PROXY => return Opening::Undecided,
        Guess::More | Guess::No => {}
    }
    work::count(first.len());
    let binary = binary::opening(first);
    if let binary::Opening::Known(grammar, 0) = binary {
        return Opening::Binary(grammar, 0);
    }
    let guesses = [
        map(socks::message(first), |message| Opening::Preamble(message.length, message.target)),
        map(tls::opens(first), |()| Opening::Tls),
        map(websocket::opens(first), |()| Opening::WebSocket),
    ];
    let mut undecided = binary == binary::Opening::Undecided || proxy == Guess::More;
    for guess in guesses {
        match guess {
            Guess::Yes(opening) => return opening,
            Guess::More => undecided = true,
            Guess::No => {}
        }
    }
    if let binary::Opening::Known(grammar, at) = binary {
        return Opening::Binary(grammar, at);
    }
    // White space and byte order marks precede text, but a lone byte tells nothing.
    let text = first.iter().all(|byte| matches!(byte, b'\t'..=b'\r' | b' '..=b'~'));
    if undecided || (first.len() < 2 && !text) { Opening::Undecided } else { Opening::Text }
}

fn map<T>(guess: Guess<T>, opening: impl FnOnce(T) -> Opening) -> Guess<Opening> {
    match guess {
        Guess::Yes(found) => Guess::Yes(opening(found)),
        Guess::No => Guess::No,
        Guess::More => Guess::More,
    }
}
