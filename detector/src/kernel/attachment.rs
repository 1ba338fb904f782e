use std::fs;
use std::path::PathBuf;

use aya::programs::links::{FdLink, PinnedLink};

use super::Link;

/// A link of the program to an interface; dropping it detaches, unless it is pinned.
pub(super) struct Attachment {
    sign: Sign,
    held: Held,
}

/// What tells that the program is where it was put.
enum Sign {
    /// The number of a program, which the kernel tells with its interface.
    Program(u32),
    /// Where the kernel describes the descriptor of the link.
    Description(PathBuf),
    /// The kernel does not tell.
    None,
}

enum Held {
    Own { _link: FdLink },
    Pinned(PinnedLink),
}

impl Attachment {
    /// A link to the XDP hook.
    pub(super) fn new(link: FdLink) -> Self {
        Self { sign: Sign::program(program(&link)), held: Held::Own { _link: link } }
    }

    /// A link from the XDP hook to the program with this number, which stays when the agent ends.
    pub(super) fn pinned(program: Option<u32>, link: PinnedLink) -> Self {
        Self { sign: Sign::program(program), held: Held::Pinned(link) }
    }

    /// A link to the ingress of tc.
    pub(super) fn behind(link: FdLink) -> Self {
        let sign = description(&link).map_or(Sign::None, Sign::Description);
        Self { sign, held: Held::Own { _link: link } }
    }

    /// Whether the program is still at this interface, as far as is known.
    pub(super) fn is_at(&self, interface: &Link) -> bool {
        match &self.sign {
            Sign::Program(id) => interface.programs.iter().any(|program| program.id == *id),
            // 0 if the interface is gone.
            Sign::Description(path) => fs::read_to_string(path)
                .is_ok_and(|text| field(&text, "ifindex:").is_none_or(|index| index == interface.index)),
            Sign::None => true,
        }
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

impl Sign {
    fn program(id: Option<u32>) -> Self {
        id.map_or(Self::None, Self::Program)
    }
}

/// The number of the program that a link leads to.
pub(super) fn program(link: &FdLink) -> Option<u32> {
    link.info().ok().map(|info| info.program_id())
}

/// Which descriptor a link has, its number in the kernel tells.
fn description(link: &FdLink) -> Option<PathBuf> {
    let id = link.info().ok()?.id();
    fs::read_dir("/proc/self/fdinfo").ok()?.find_map(|entry| {
        let path = entry.ok()?.path();
        let text = fs::read_to_string(&path).ok()?;
        (field(&text, "link_id:")? == id).then_some(path)
    })
}

fn field(text: &str, name: &str) -> Option<u32> {
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}
