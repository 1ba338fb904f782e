//! Stratum version 1 and its dialects, client by client.

mod bitcoin;
mod equihash;
mod ethash;
mod kaspa;
mod others;

use super::Entry;
use crate::noise::Noise;
use crate::talk::Talk;

/// Jobs and shares of a conversation.
const ROUNDS: u64 = 3;

pub(super) fn entries() -> Vec<Entry> {
    [bitcoin::entries(), ethash::entries(), equihash::entries(), kaspa::entries(), others::entries()].concat()
}

/// A conversation whose `opening` is said once and whose `round` is repeated. In the lines of both, `>` stands before what
/// the miner says and `<` before what the pool says; `~64~` is so many invented hexadecimal digits, `~id~` the number of a
/// share, `~job~` that of a job.
fn talk(opening: &str, round: &str) -> Talk {
    let mut noise = Noise::new(7);
    let rounds = (0..ROUNDS).flat_map(|number| round.lines().map(move |line| (number, line)));
    let lines = opening.lines().map(|line| (0, line)).chain(rounds);
    lines.fold(Talk::new(), |talk, (number, line)| {
        let Some((speaker, line)) = line.trim().split_once(' ') else { return talk };
        let line = fill(line, number, &mut noise);
        if speaker == ">" { talk.client(&line) } else { talk.server(&line) }
    })
}

fn fill(line: &str, number: u64, noise: &mut Noise) -> String {
    let fill = |(place, part): (usize, &str)| match (place % 2, part) {
        (0, text) => text.to_owned(),
        (_, "id") => (number + 10).to_string(),
        (_, "job") => format!("{:x}", number + 0x1f2a),
        (_, digits) => digits.parse().map_or_else(|_| digits.to_owned(), |digits| noise.hex(digits)),
    };
    line.split('~').enumerate().map(fill).collect()
}
