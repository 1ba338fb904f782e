use std::ffi::CString;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use nix::libc;

use super::{Holder, Pin};

/// Where programs and links are pinned.
pub(crate) const BPFFS: &str = "/sys/fs/bpf";

/// Pins that are looked at, at most.
const PINS: usize = 4096;

/// How deep directories of pins are followed.
const DEPTH: usize = 6;

/// Where a program or its link is pinned.
pub(super) fn pins(id: u32) -> Vec<Pin> {
    let (mut pins, mut budget) = (Vec::new(), PINS);
    pinned(Path::new(BPFFS), DEPTH, id, &mut budget, &mut pins);
    pins
}

/// What the description of a descriptor says of a program: whether it is of this one, and whether it is its link.
fn described(fdinfo: &str, id: u32) -> Option<bool> {
    let field = |name: &str| fdinfo.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let is_of = field("prog_id:")?.parse() == Ok(id);
    is_of.then(|| field("link_id:").is_some())
}

/// Which processes have a descriptor of a program or of its link, as far as this one may see.
pub(super) fn holders(id: u32) -> Vec<Holder> {
    let processes = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let numbered =
        processes.filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())));
    let mut holders: Vec<Holder> = numbered
        .filter_map(|(process, folder): (u32, PathBuf)| {
            let link = descriptors(&folder).filter_map(|text| described(&text, id)).max()?;
            let command = text(folder.join("comm")).unwrap_or_default().trim_end().to_owned();
            Some(Holder { process, command, link })
        })
        .collect();
    holders.sort_by_key(|holder| (!holder.link, holder.process));
    holders
}

/// The descriptions of a process's descriptors of programs and links; nothing if this process may not see them.
fn descriptors(process: &Path) -> impl Iterator<Item = String> {
    let links = fs::read_dir(process.join("fd")).into_iter().flatten().filter_map(Result::ok);
    let process = process.to_owned();
    links
        .filter(|link| {
            let target = fs::read_link(link.path()).unwrap_or_default();
            target.as_os_str().as_bytes().starts_with(b"anon_inode:bpf")
        })
        .filter_map(move |link| text(process.join("fdinfo").join(link.file_name())))
}

fn text(path: impl AsRef<Path>) -> Option<String> {
    fs::read_to_string(path).ok()
}

fn pinned(folder: &Path, depth: usize, id: u32, budget: &mut usize, pins: &mut Vec<Pin>) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let Some(left) = budget.checked_sub(1) else { return };
        *budget = left;
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 0 => pinned(&path, depth - 1, id, budget, pins),
            Ok(kind) if kind.is_file() => {
                if let Some(link) = open(&path).ok().and_then(|object| {
                    described(&text(format!("/proc/self/fdinfo/{}", object.as_raw_fd()))?, id)
                }) {
                    pins.push(Pin { path, link });
                }
            }
            _ => {}
        }
    }
}

/// A descriptor of what is pinned, whatever it is. aya opens pins of a kind that is known beforehand.
fn open(pin: &Path) -> io::Result<OwnedFd> {
    /// `BPF_OBJ_GET` of `bpf.h`.
    const GET: libc::c_int = 7;
    /// The part of `union bpf_attr` that it reads.
    #[repr(C)]
    struct Attributes {
        path: u64,
        descriptor: u32,
        flags: u32,
    }
    let path = CString::new(pin.as_os_str().as_bytes())?;
    let attributes = Attributes { path: path.as_ptr() as u64, descriptor: 0, flags: 0 };
    // SAFETY: the path ends with a zero, and both outlive the call, which reads as many bytes as it is told.
    let descriptor =
        unsafe { libc::syscall(libc::SYS_bpf, GET, &raw const attributes, size_of::<Attributes>()) };
    let descriptor = libc::c_int::try_from(descriptor).map_err(io::Error::other)?;
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made it for this process.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_links_are_told_from_their_descriptors() {
        let program = "pos:\t0\nflags:\t02000002\nprog_type:\t6\nprog_jited:\t1\nprog_tag:\ta04f5eef06a7f555\nprog_id:\t42\n";
        assert_eq!(described(program, 42), Some(false));
        assert_eq!(described(program, 4), None);
        let link =
            "pos:\t0\nlink_type:\txdp\nlink_id:\t7\nprog_tag:\ta04f5eef06a7f555\nprog_id:\t42\nifindex:\t3\n";
        assert_eq!(described(link, 42), Some(true));
        assert_eq!(described("pos:\t0\nmap_type:\t1\nmap_id:\t42\n", 42), None);
    }
}
