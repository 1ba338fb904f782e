/// What is not found, or not as surely as it should be, and why not.
#[derive(Clone, Copy, Debug)]
pub struct Exception {
    /// The evasion.
    pub evasion: &'static str,
    /// The name of each conversation in the table, and how many variants are missed.
    pub missed: &'static [(&'static str, usize)],
    /// The reason.
    pub why: &'static str,
}

/// The conversations in lines of JSON, of which the only variant is missed.
const JSON: &[(&str, usize)] = &[
    ("stratum-v1", 1),
    ("cryptonote", 1),
    ("eth-proxy", 1),
    ("ethereumstratum", 1),
    ("equihash", 1),
    ("beam", 1),
    ("grin", 1),
];

/// All of them.
pub const EXCEPTIONS: &[Exception] = &[
    Exception {
        evasion: "one byte a segment",
        missed: &[("duino-coin", 1)],
        why: "probable, not confirmed: nothing but the segment ends this client's messages, so they run into each \
                  other when they are cut",
    },
    Exception { evasion: "seven bytes a segment", missed: &[("duino-coin", 1)], why: "as above" },
    Exception {
        evasion: "overlaps: other bytes before those of both sides",
        missed: &[("browser-miner", 1), ("getwork", 1), ("stratum-v2", 1)],
        why: "the other copies are read as lines, and frames, masked or binary, are none; bodies of HTTP that are read so \
                  do not tell what they answer",
    },
    Exception {
        evasion: "overlaps: other bytes before those of the pool",
        missed: &[("browser-miner", 1)],
        why: "as above: only the miner is heard",
    },
    Exception {
        evasion: "joined before each message",
        missed: &[
            ("stratum-v1", 1),
            ("cryptonote", 1),
            ("eth-proxy", 1),
            ("ethereumstratum", 3),
            ("equihash", 2),
            ("beam", 1),
            ("grin", 2),
            ("stratum-v2", 1),
            ("duino-coin", 1),
        ],
        why: "what is left to be heard are answers to the last share, such as a number and `true`, or questions for a \
                  status that any service has; what comes after them is found again",
    },
    Exception {
        evasion: "joined within each message",
        missed: &[
            ("stratum-v1", 2),
            ("cryptonote", 2),
            ("eth-proxy", 2),
            ("ethereumstratum", 4),
            ("equihash", 2),
            ("beam", 2),
            ("grin", 1),
            ("getwork", 1),
            ("browser-miner", 2),
            ("stratum-v2", 2),
            ("duino-coin", 10),
        ],
        why: "as above, and the rest of a message that is joined in its middle; Duino-Coin's messages tell something \
                  only as a whole",
    },
    Exception {
        evasion: "each fifth segment of 100 bytes lost",
        missed: &[("cryptonote", 1), ("grin", 2), ("browser-miner", 1)],
        why: "the loss takes a part of every message that says something",
    },
    Exception {
        evasion: "forged ends with right numbers after each 40 bytes",
        missed: &[("cryptonote", 2), ("equihash", 2), ("beam", 2), ("grin", 2)],
        why: "probable, not confirmed: an end behind a whole message is believed, and what is said afterwards is found again \
                  from its next token on, so a message that is cut loses its beginning",
    },
    Exception {
        evasion: "in the extensions of chunks",
        missed: JSON,
        why: "the recogniser hands a stream on from its first token: the head that made it HTTP is not there, and a line \
                  with anything before the message quotes it. If the head is there, it is found",
    },
    Exception { evasion: "in the lines that end chunks", missed: JSON, why: "as above" },
    Exception { evasion: "in fields of trailers", missed: JSON, why: "as above" },
    Exception {
        evasion: "in pings of WebSocket",
        missed: &[("equihash", 1)],
        why: "the header of a ping cuts the first token, and what is left after the next has too few answers to be told \
                  from a quotation: a stream that opened as something else needs three",
    },
    Exception {
        evasion: "in records like those of TLS",
        missed: JSON,
        why: "what both sides open as TLS is let go, but for segments that begin with a message",
    },
    Exception {
        evasion: "in whole bodies of HTTP",
        missed: &[
            ("stratum-v1", 1),
            ("cryptonote", 1),
            ("ethereumstratum", 1),
            ("equihash", 1),
            ("beam", 1),
            ("grin", 1),
        ],
        why: "no pool speaks like this, and pages about mining do: what Stratum says in a whole body is quoted there",
    },
    Exception {
        evasion: "in fields of a head that does not end",
        missed: JSON,
        why: "no pool speaks like this: a line with anything before the message quotes it",
    },
    Exception { evasion: "in UTF-16", missed: JSON, why: "no pool speaks like this, nor do the tokens" },
    Exception {
        evasion: "behind 2 KB of other things: swapped pairs of 8 bytes",
        missed: &[("duino-coin", 2)],
        why: "lines of text behind a page of text cannot be told from a quotation",
    },
    Exception {
        evasion: "behind 2 KB of other things: pieces of 8 bytes, reversed by the eight",
        missed: &[("duino-coin", 2)],
        why: "as above",
    },
    Exception {
        evasion: "behind 2 KB of other things: other bytes before the first half of each 8",
        missed: &[
            ("equihash", 2),
            ("getwork", 3),
            ("browser-miner", 3),
            ("stratum-v2", 3),
            ("duino-coin", 2),
        ],
        why: "half of all bytes are known as other copies only, which are read as lines: HTTP, WebSocket and binary \
                  messages are none, and behind a page lines may be a quotation",
    },
    Exception {
        evasion: "40 KB of forged segments with wrong numbers before each message",
        missed: &[("duino-coin", 1)],
        why: "probable, not confirmed: what was said before the watch began was not heard by the agent",
    },
    Exception {
        evasion: "a forged beginning, and forged segments with wrong numbers before each 8 bytes",
        missed: &[("duino-coin", 1)],
        why: "probable, not confirmed: the pool speaks first, and what it says is followed apart from what the miner says",
    },
];

/// How many variants of an evasion are missed of a conversation.
#[must_use]
pub fn missed(evasion: &str, dialect: &str) -> usize {
    let of_evasion = EXCEPTIONS.iter().filter(|exception| exception.evasion == evasion);
    of_evasion.flat_map(|it| it.missed).filter(|(name, _)| *name == dialect).map(|(_, count)| count).sum()
}
