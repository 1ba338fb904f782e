use aya::programs::links::FdLink;

use super::Link;

/// A link of the program to an interface; dropping it detaches.
pub(super) struct Attachment {
    /// The number of the program in the kernel; `None` if it does not tell.
    program: Option<u32>,
    _link: FdLink,
}

impl Attachment {
    pub(super) fn new(link: FdLink) -> Self {
        Self { program: link.info().ok().map(|info| info.program_id()), _link: link }
    }

    /// Whether the program is still at this interface, as far as is known.
    pub(super) fn is_at(&self, interface: &Link) -> bool {
        self.program.is_none_or(|id| interface.programs.iter().any(|program| program.id == id))
    }
}
