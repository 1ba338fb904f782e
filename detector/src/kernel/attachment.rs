use std::fs;

use aya::programs::links::FdLink;

/// The index of the interface to which a link is attached; 0 if that is gone. `None` if the kernel
/// does not tell.
///
/// The descriptor of the link tells, as `/proc/self/fdinfo` shows it; which one that is, its number
/// in the kernel tells.
pub(super) fn interface(link: &FdLink) -> Option<u32> {
    let id = link.info().ok()?.id();
    fs::read_dir("/proc/self/fdinfo").ok()?.find_map(|entry| {
        let text = fs::read_to_string(entry.ok()?.path()).ok()?;
        let field =
            |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u32>().ok());
        if field("link_id:")? == id { field("ifindex:") } else { None }
    })
}
