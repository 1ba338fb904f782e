use super::Evidence;

/// Combinations that are tried of one size; beyond them the set that is found may not be the smallest.
const TRIES: usize = 5_000;

/// The least places without which `changes` holds, which holds for more places if it holds for fewer. Those that weigh most
/// are preferred. Empty if no places do.
pub(super) fn least(pieces: &[Evidence], changes: impl Fn(&[usize]) -> bool) -> Vec<usize> {
    let weight = |at: &usize| pieces.get(*at).map_or(0.0, |reason| reason.weight);
    let mut places: Vec<usize> = (0..pieces.len()).filter(|at| weight(at) > 0.0).collect();
    places.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    if !changes(&places) {
        return Vec::new();
    }
    let mut size = 1;
    while size < places.len() && combinations(places.len(), size) <= TRIES {
        if let Some(mut found) = find(&places, size, &mut Vec::new(), &changes) {
            found.sort_unstable();
            return found;
        }
        size += 1;
    }
    // All of them do it: gives back each that need not be taken, those that weigh least first.
    let mut taken = places.clone();
    for at in places.iter().rev() {
        let fewer: Vec<usize> = taken.iter().copied().filter(|other| other != at).collect();
        if changes(&fewer) {
            taken = fewer;
        }
    }
    taken.sort_unstable();
    taken
}

fn find(
    places: &[usize],
    size: usize,
    chosen: &mut Vec<usize>,
    changes: &impl Fn(&[usize]) -> bool,
) -> Option<Vec<usize>> {
    if size == 0 {
        return changes(chosen).then(|| chosen.clone());
    }
    for (at, place) in places.iter().enumerate() {
        chosen.push(*place);
        let found = find(places.get(at + 1..).unwrap_or_default(), size - 1, chosen, changes);
        if found.is_some() {
            return found;
        }
        chosen.pop();
    }
    None
}

/// Ways to choose so many of so many.
fn combinations(of: usize, size: usize) -> usize {
    (0..size).fold(1usize, |ways, taken| ways.saturating_mul(of - taken) / (taken + 1))
}
