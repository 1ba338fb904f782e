use aya::programs::links::{FdLink, PinnedLink};

use super::Link;

/// A link of the program to an interface; dropping it detaches, unless it is pinned.
pub(super) struct Attachment {
    /// The number of the program in the kernel; `None` if it does not tell.
    program: Option<u32>,
    held: Held,
}

enum Held {
    Own { _link: FdLink },
    Pinned(PinnedLink),
}

impl Attachment {
    pub(super) fn new(link: FdLink) -> Self {
        Self { program: program(&link), held: Held::Own { _link: link } }
    }

    /// A link to the program with this number that stays when the agent ends.
    pub(super) fn pinned(program: Option<u32>, link: PinnedLink) -> Self {
        Self { program, held: Held::Pinned(link) }
    }

    /// Whether the program is still at this interface, as far as is known.
    pub(super) fn is_at(&self, interface: &Link) -> bool {
        self.program.is_none_or(|id| interface.programs.iter().any(|program| program.id == id))
    }

    /// Detaches, also what is pinned.
    pub(super) fn detach(self) {
        if let Held::Pinned(link) = self.held
            && let Err(error) = link.unpin()
        {
            tracing::warn!("cannot remove the pin of a link: {error}");
        }
    }
}

/// The number of the program that a link leads to.
pub(super) fn program(link: &FdLink) -> Option<u32> {
    link.info().ok().map(|info| info.program_id())
}
