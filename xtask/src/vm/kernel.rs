//! The kernel to boot: one of Debian's packages, unpacked into the folder of builds, or a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::command::{run_quietly, step};
use crate::setup;

const SUFFIX: &str = "cloud-amd64";

/// An image with its modules.
pub(super) struct Kernel {
    /// What to call it.
    pub(super) name: String,
    pub(super) image: PathBuf,
    /// The folder of `modules.dep`; a kernel without has all it needs built in.
    pub(super) modules: Option<PathBuf>,
}

/// `wanted` is a line of Debian's kernels such as 6.1, or the path of an image.
pub(super) fn find(wanted: &str, modules: Option<&Path>, cache: &Path) -> Result<Kernel> {
    if !wanted.contains('/') {
        ensure!(modules.is_none(), "--modules goes with --kernel /PATH/OF/vmlinuz, not with a version");
        return debian(wanted, cache);
    }
    let image = PathBuf::from(wanted);
    ensure!(image.is_file(), "there is no kernel at {wanted}");
    if let Some(folder) = modules {
        let dep = folder.join("modules.dep");
        ensure!(
            dep.is_file(),
            "there is no {}: --modules names the folder below lib/modules, and `depmod` writes that file",
            dep.display()
        );
    }
    Ok(Kernel { name: wanted.to_owned(), image, modules: modules.map(Path::to_owned) })
}

/// The newest package of the line that the archive offers, without installing it.
fn debian(line: &str, cache: &Path) -> Result<Kernel> {
    ensure!(
        setup::is_debian(),
        "kernels are fetched from Debian's archive with apt-get, which is not here; name one by hand: \
         --kernel /PATH/OF/vmlinuz --modules /PATH/OF/lib/modules/VERSION"
    );
    let search = ["search", "--names-only", "^linux-image-[0-9].*-cloud-amd64$"];
    let offered = run_quietly(Command::new("apt-cache").args(search))?;
    let names = offered.lines().filter_map(|line| line.split_whitespace().next());
    let Some(package) = newest(line, names.clone()) else {
        let present: Vec<&str> = names.collect();
        bail!(
            "the archive offers no kernel {line} for {SUFFIX}; it offers: {}. `apt-get update` renews the \
             list, and --kernel /PATH/OF/vmlinuz --modules DIR takes any other",
            present.join(", ")
        );
    };
    let folder = cache.join(package);
    if !folder.is_dir() {
        unpack(package, &folder, cache)?;
    }
    let modules = only_entry(&folder.join("lib/modules"))?;
    let image = folder.join("boot").join(format!("vmlinuz-{}", file_name(&modules)));
    ensure!(image.is_file(), "the package {package} holds no {}", image.display());
    Ok(Kernel { name: format!("{package} of Debian"), image, modules: Some(modules) })
}

fn unpack(package: &str, folder: &Path, cache: &Path) -> Result<()> {
    step(&format!("fetching {package}"));
    let unfinished = cache.join("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    fs::create_dir_all(&unfinished)?;
    // As root, apt would fetch as another user, who may not write here.
    let mut download = Command::new("apt-get");
    download.args(["-o", "APT::Sandbox::User=root", "download", package]).current_dir(&unfinished);
    run_quietly(&mut download).context("`apt-get update` may be due")?;
    let file = only_entry(&unfinished)?;
    let tree = unfinished.join("tree");
    run_quietly(Command::new("dpkg-deb").arg("-x").arg(&file).arg(&tree))?;
    let modules = only_entry(&tree.join("lib/modules"))?;
    run_quietly(Command::new("busybox").args(["depmod", "-b"]).arg(&tree).arg(file_name(&modules)))?;
    fs::rename(&tree, folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(fs::remove_dir_all(&unfinished)?)
}

fn only_entry(folder: &Path) -> Result<PathBuf> {
    let reading = || format!("cannot read {}", folder.display());
    let mut entries = fs::read_dir(folder).with_context(reading)?;
    let entry = entries.next().with_context(|| format!("{} is empty", folder.display()))??;
    Ok(entry.path())
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Of the packages for the line (6.1 is not 6.12), the one with the highest numbers.
fn newest<'a>(line: &str, packages: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    packages
        .filter(|package| package.ends_with(SUFFIX))
        .filter(|package| {
            let version = package.strip_prefix("linux-image-");
            let rest = version.and_then(|version| version.strip_prefix(line));
            rest.is_some_and(|rest| rest.starts_with(['.', '-', '+']))
        })
        .max_by_key(|package| numbers(package))
}

fn numbers(text: &str) -> Vec<u64> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERED: [&str; 7] = [
        "linux-image-6.1.0-9-cloud-amd64",
        "linux-image-6.1.0-56-cloud-amd64",
        "linux-image-6.1.0-56-cloud-amd64-dbg",
        "linux-image-6.1.0-57-amd64",
        "linux-image-6.12.9+deb12-cloud-amd64",
        "linux-image-6.12.100+deb12-cloud-amd64",
        "linux-image-6.12-cloud-amd64",
    ];

    #[test]
    fn the_newest_of_a_line_is_taken() {
        let newest = |line| newest(line, OFFERED.into_iter());
        assert_eq!(newest("6.1"), Some("linux-image-6.1.0-56-cloud-amd64"));
        assert_eq!(newest("6.1.0-9"), Some("linux-image-6.1.0-9-cloud-amd64"));
        assert_eq!(newest("6.12"), Some("linux-image-6.12.100+deb12-cloud-amd64"));
        assert_eq!(newest("6"), Some("linux-image-6.12.100+deb12-cloud-amd64"));
        assert_eq!(newest("5.10"), None);
        assert_eq!(newest("6.1.0-5"), None);
    }

    #[test]
    fn a_kernel_by_hand_needs_its_files() {
        let refusal = |wanted, modules| {
            find(wanted, modules, Path::new("/nowhere")).err().map(|error| error.to_string())
        };
        assert!(refusal("/nowhere/vmlinuz", None).is_some_and(|why| why.contains("/nowhere/vmlinuz")));
        let nowhere = Some(Path::new("/nowhere"));
        assert!(refusal("/proc/version", nowhere).is_some_and(|why| why.contains("/nowhere/modules.dep")));
        assert!(refusal("6.1", nowhere).is_some_and(|why| why.contains("--modules goes with")));
    }
}
