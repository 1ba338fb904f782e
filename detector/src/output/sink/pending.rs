use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::output::meter::{Meter, add};

/// A record in the shape in which it leaves.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(super) sequence: u64,
    /// When it was published.
    pub(super) at: Timestamp,
    pub(super) text: Arc<str>,
    /// The EVE record, for sinks that read it.
    pub(super) eve: Option<Arc<Value>>,
}

/// Records that a sink has taken from the spool and not delivered, the oldest first.
pub(crate) struct Pending {
    items: VecDeque<Item>,
    meter: Arc<Meter>,
    /// How many of the first were counted as written before.
    again: usize,
}

impl Pending {
    pub(super) const fn new(meter: Arc<Meter>) -> Self {
        Self { items: VecDeque::new(), meter, again: 0 }
    }

    pub(super) fn push(&mut self, item: Item) {
        self.items.push_back(item);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn first(&self) -> Option<&Item> {
        self.items.front()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Item> {
        self.items.iter()
    }

    /// The first records, as many as have so many bytes together, but at least one.
    pub(super) fn batch(&self, bytes: usize, most: usize) -> impl Iterator<Item = &Item> {
        let mut sum = 0;
        self.items.iter().take(most.max(1)).take_while(move |item| {
            let fits = sum == 0 || sum + item.text.len() <= bytes;
            sum += item.text.len().max(1);
            fits
        })
    }

    /// The first `count` are delivered.
    pub(super) fn written(&mut self, count: usize) {
        drop(self.take_written(count));
    }

    /// As [`Self::written`], and gives them.
    pub(super) fn take_written(&mut self, count: usize) -> impl Iterator<Item = Item> {
        let count = count.min(self.items.len());
        let again = self.again.min(count);
        self.again -= again;
        add(&self.meter.written, count - again);
        self.items.drain(..count)
    }

    /// The first `count` are given up.
    pub(super) fn lost(&mut self, count: usize) {
        let count = count.min(self.items.len());
        self.again = self.again.saturating_sub(count);
        add(&self.meter.lost, count);
        self.items.drain(..count);
    }

    /// A record that was written has to be written again, before the others.
    pub(super) fn put_back(&mut self, item: Item) {
        self.items.push_front(item);
        self.again += 1;
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }
}
