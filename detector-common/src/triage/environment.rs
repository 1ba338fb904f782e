use crate::event::EventRecord;
use crate::flow::FlowKey;

/// A table of flows. In the kernel several CPUs share it, and an entry may be reused for another
/// flow while it is written to: then that flow may pass for TLS until its connection ends, or be
/// left alone for as long as a dismissed one.
pub trait Table<V> {
    /// The entry of a flow.
    fn get(&mut self, key: &FlowKey) -> Option<&mut V>;

    /// Stores an entry where there is none. False if there is one, or no room.
    fn insert(&mut self, key: &FlowKey, value: &V) -> bool;

    /// Removes the entry of a flow, if there is one.
    fn remove(&mut self, key: &FlowKey);
}

/// Where events go.
pub trait Output {
    /// Sends the fixed parts and the first `length` payload bytes, 0 to [`EVENT_PAYLOAD`]. False if
    /// there is no room.
    ///
    /// [`EVENT_PAYLOAD`]: crate::event::EVENT_PAYLOAD
    fn send(&mut self, record: &EventRecord, length: u32) -> bool;
}

/// When and where a packet arrived.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// The recogniser's clock, in nanoseconds.
    pub time: u64,
    /// Index of the interface.
    pub interface: u32,
}
