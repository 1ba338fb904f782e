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

/// All of them.
#[must_use]
pub const fn exceptions() -> &'static [Exception] {
    &[
        Exception {
            evasion: "one byte a segment",
            missed: &[("duino-coin", 1)],
            why: "probable, not confirmed: nothing but the segment ends this client's messages, so they run into each \
                  other when they are cut",
        },
        Exception { evasion: "seven bytes a segment", missed: &[("duino-coin", 1)], why: "as above" },
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
            missed: &[("cryptonote", 1), ("grin", 2), ("getwork", 1), ("browser-miner", 1)],
            why: "the loss takes a part of every message that says something",
        },
        Exception {
            evasion: "behind 1 MB of other things, at 1 Gbit/s",
            missed: &[("duino-coin", 2)],
            why: "lines of text behind a page of text cannot be told from a quotation",
        },
        Exception {
            evasion: "behind 1 MB of other things, at 0.5 Mbit/s",
            missed: &[("duino-coin", 2)],
            why: "as above",
        },
    ]
}

/// How many variants of an evasion are missed of a conversation.
#[must_use]
pub fn missed(evasion: &str, dialect: &str) -> usize {
    let of_evasion = exceptions().iter().filter(|exception| exception.evasion == evasion);
    of_evasion.flat_map(|it| it.missed).filter(|(name, _)| *name == dialect).map(|(_, count)| count).sum()
}
