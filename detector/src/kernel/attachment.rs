use std::fs;
use std::path::PathBuf;

use aya::programs::links::FdLink;

use super::Link;

/// A link of the program to an interface; dropping it detaches.
pub(super) struct Attachment {
    sign: Sign,
    _link: FdLink,
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

impl Attachment {
    /// A link to the XDP hook.
    pub(super) fn new(link: FdLink) -> Self {
        let sign = link.info().map_or(Sign::None, |info| Sign::Program(info.program_id()));
        Self { sign, _link: link }
    }

    /// A link to the ingress of tc.
    pub(super) fn behind(link: FdLink) -> Self {
        let sign = description(&link).map_or(Sign::None, Sign::Description);
        Self { sign, _link: link }
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
