use std::fs;
use std::path::PathBuf;

use aya::programs::links::{FdLink, PinnedLink};

/// A link of the program to an interface; dropping it detaches, unless it is pinned.
pub(super) struct Attachment {
    /// Where the kernel describes the descriptor of the link; `None` if it does not.
    description: Option<PathBuf>,
    link: Link,
}

enum Link {
    Own { _link: FdLink },
    Pinned(PinnedLink),
}

impl Attachment {
    pub(super) fn new(link: FdLink) -> Self {
        Self { description: id(&link).and_then(description), link: Link::Own { _link: link } }
    }

    /// A link with this number that stays when the agent ends.
    pub(super) fn pinned(id: Option<u32>, link: PinnedLink) -> Self {
        Self { description: id.and_then(description), link: Link::Pinned(link) }
    }

    /// Detaches, also what is pinned.
    pub(super) fn detach(self) {
        if let Link::Pinned(link) = self.link
            && let Err(error) = link.unpin()
        {
            tracing::warn!("cannot remove the pin of a link: {error}");
        }
    }

    /// The index of the interface to which it is attached; 0 if that is gone. `None` if the kernel
    /// does not tell.
    pub(super) fn interface(&self) -> Option<u32> {
        field(&fs::read_to_string(self.description.as_ref()?).ok()?, "ifindex:")
    }
}

/// The number of a link in the kernel.
pub(super) fn id(link: &FdLink) -> Option<u32> {
    Some(link.info().ok()?.id())
}

/// Which descriptor a link has, its number tells.
fn description(id: u32) -> Option<PathBuf> {
    fs::read_dir("/proc/self/fdinfo").ok()?.find_map(|entry| {
        let path = entry.ok()?.path();
        let text = fs::read_to_string(&path).ok()?;
        (field(&text, "link_id:")? == id).then_some(path)
    })
}

fn field(text: &str, name: &str) -> Option<u32> {
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}
