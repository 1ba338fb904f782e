use nix::net::if_::if_nametoindex;

use crate::kernel::Attached;

/// The watched interfaces.
pub(super) struct Interfaces(Vec<Watched>);

struct Watched {
    attached: Attached,
    lost: bool,
}

impl Interfaces {
    pub(super) fn new(attached: Vec<Attached>) -> Self {
        Self(attached.into_iter().map(|attached| Watched { attached, lost: false }).collect())
    }

    /// The name of the interface with an index.
    pub(super) fn name(&self, index: u32) -> Option<&str> {
        let attached = self.0.iter().map(|watched| &watched.attached);
        attached
            .into_iter()
            .find(|attached| attached.index == index)
            .map(|attached| attached.interface.as_str())
    }

    /// Whether none is left.
    pub(super) fn are_lost(&self) -> bool {
        self.0.iter().all(|watched| watched.lost)
    }

    /// Says once of each interface that it is gone, or that another has taken its name.
    pub(super) fn look_for_lost(&mut self) {
        for Watched { attached, lost } in &mut self.0 {
            let there = if_nametoindex(attached.interface.as_str()) == Ok(attached.index);
            if !there && !*lost {
                tracing::error!(
                    "interface {} is gone and not watched any more; start firedamp again once it is back",
                    attached.interface
                );
                *lost = true;
            }
        }
    }
}
