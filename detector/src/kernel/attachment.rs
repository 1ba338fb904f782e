use std::fs;
use std::path::PathBuf;

use aya::programs::links::FdLink;

/// A link of the program to an interface; dropping it detaches.
pub(super) struct Attachment {
    /// Where the kernel describes the descriptor of the link; `None` if it does not.
    description: Option<PathBuf>,
    _link: FdLink,
}

impl Attachment {
    pub(super) fn new(link: FdLink) -> Self {
        Self { description: description(&link), _link: link }
    }

    /// The index of the interface to which it is attached; 0 if that is gone. `None` if the kernel
    /// does not tell.
    pub(super) fn interface(&self) -> Option<u32> {
        field(&fs::read_to_string(self.description.as_ref()?).ok()?, "ifindex:")
    }
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
