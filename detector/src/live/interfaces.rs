use crate::kernel::Attached;

/// The names of the watched interfaces.
pub(super) struct Interfaces(Vec<Attached>);

impl Interfaces {
    pub(super) const fn new(attached: Vec<Attached>) -> Self {
        Self(attached)
    }

    /// The name of the interface with an index.
    pub(super) fn name(&self, index: u32) -> Option<&str> {
        self.0.iter().find(|attached| attached.index == index).map(|attached| attached.interface.as_str())
    }
}
