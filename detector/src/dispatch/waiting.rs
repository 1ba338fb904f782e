use std::collections::VecDeque;

use foldhash::{HashMap, HashMapExt as _};

use super::desk::Ready;
use crate::ledger::{CaseId, Reason, Record};

/// Records and updates that wait to be written, in the order in which they came. The latest of each case has all days of
/// the case that wait.
pub(super) struct Waiting {
    entries: VecDeque<Ready>,
    /// The number of the first.
    first: u64,
    /// The number of the latest of each case.
    latest: HashMap<CaseId, u64>,
}

impl Waiting {
    pub(super) fn new() -> Self {
        Self { entries: VecDeque::new(), first: 0, latest: HashMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What waits longest.
    pub(super) fn front(&self, most: usize) -> impl Iterator<Item = &Ready> {
        self.entries.iter().take(most)
    }

    /// The latest of a case.
    pub(super) fn latest(&self, case: CaseId) -> Option<&Record> {
        let place = self.latest.get(&case)?.checked_sub(self.first)?;
        Some(&self.entries.get(usize::try_from(place).ok()?)?.dossier.record)
    }

    /// Takes one more. If it `replaces`, an update of the same case gives its place to it.
    pub(super) fn push(&mut self, mut ready: Ready, replaces: bool) {
        let next = self.first + self.entries.len() as u64;
        let case = ready.dossier.record.case;
        let before = self.latest.get(&case).and_then(|place| usize::try_from(place - self.first).ok());
        if let Some(before) = before.and_then(|place| self.entries.get_mut(place)) {
            let days = std::mem::take(&mut before.dossier.record.days);
            let told = &mut ready.dossier.record.days;
            let untold = days.into_iter().filter(|day| told.iter().all(|told| told.day != day.day));
            told.extend(untold.collect::<Vec<_>>());
            if replaces && before.dossier.record.reason == Reason::Update {
                *before = ready;
                return;
            }
        }
        self.latest.insert(case, next);
        self.entries.push_back(ready);
    }

    /// The first so many were written.
    pub(super) fn written(&mut self, count: usize) {
        for ready in self.entries.drain(..count.min(self.entries.len())) {
            let case = ready.dossier.record.case;
            if self.latest.get(&case) == Some(&self.first) {
                self.latest.remove(&case);
            }
            self.first += 1;
        }
    }

    /// Gives up the oldest above so many, and before them those of cases of which something newer waits. Says how many.
    pub(super) fn give_up(&mut self, most: usize) -> usize {
        let excess = self.entries.len().saturating_sub(most);
        if excess == 0 {
            return 0;
        }
        let (mut left, mut place, latest) = (excess, self.first, &self.latest);
        self.entries.retain(|ready| {
            let is_latest = latest.get(&ready.dossier.record.case) == Some(&place);
            place += 1;
            let goes = left > 0 && !is_latest;
            left -= usize::from(goes);
            !goes
        });
        self.entries.drain(..left);
        self.latest =
            (self.first..).zip(&self.entries).map(|(place, it)| (it.dossier.record.case, place)).collect();
        excess
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Life;
    use crate::store::tests::{ledger, observe};

    fn record(host: u8, time: i64) -> Ready {
        let record = observe(&mut ledger(), &format!("10.0.0.{host}:4000"), 3, time).remove(0);
        Ready { dossier: record.into(), hidden: None, line: None }
    }

    fn update(host: u8, time: i64) -> Ready {
        let mut ready = record(host, time);
        ready.dossier.record.reason = Reason::Update;
        ready
    }

    #[test]
    fn the_latest_of_a_case_has_all_its_days() {
        let mut waiting = Waiting::new();
        let day = 86_400;
        for (ready, replaces) in
            [(record(1, 0), false), (update(1, day), true), (update(1, 2 * day), true), (update(2, 0), true)]
        {
            waiting.push(ready, replaces);
        }
        assert_eq!(waiting.len(), 3, "an update takes the place of an update, and not that of a record");
        let case = record(1, 0).dossier.record.case;
        assert_eq!(waiting.latest(case).unwrap().days.len(), 3);
        waiting.written(1);
        assert!(waiting.latest(case).is_some());
        waiting.written(1);
        assert!(waiting.latest(case).is_none() && waiting.len() == 1);
    }

    #[test]
    fn what_something_newer_tells_is_given_up_first() {
        let mut waiting = Waiting::new();
        for host in 1..=3 {
            waiting.push(record(host, 0), false);
        }
        for host in 2..=3 {
            waiting.push(record(host, 10), false);
        }
        assert_eq!(waiting.give_up(4), 1);
        let hosts: Vec<String> =
            waiting.front(9).map(|ready| ready.dossier.record.miner.ip().to_string()).collect();
        assert_eq!(hosts, ["10.0.0.1", "10.0.0.3", "10.0.0.2", "10.0.0.3"]);
        assert_eq!(waiting.give_up(2), 2);
        assert_eq!(waiting.give_up(2), 0);
        let case = record(3, 0).dossier.record.case;
        assert_eq!(waiting.latest(case).unwrap().life, Life::Open);
        waiting.written(2);
        assert!(waiting.is_empty());
    }
}
