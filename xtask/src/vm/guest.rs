//! What is in the emulated machine: a shell, the modules, the tests and the libraries they need,
//! all unpacked into memory when it boots. Tests know the paths of other programs from their
//! compilation, so each program lies where it lies on this machine.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::archive::Archive;
use super::kernel::Kernel;
use super::modules::Modules;
use crate::command::find;

/// Kinds of interfaces that the laboratory makes.
const MODULES: [&str; 3] = ["veth", "tun", "bridge"];

const INIT: &str = include_str!("init.sh");

/// What the guest runs.
pub(super) struct Guest<'a> {
    /// The folder to run the tests in.
    pub(super) folder: &'a Path,
    /// Names and files of test programs.
    pub(super) tests: &'a [(String, PathBuf)],
    /// Programs that the tests start.
    pub(super) programs: &'a [PathBuf],
    /// Folders with what the tests read.
    pub(super) data: &'a [PathBuf],
    /// Arguments of each test program.
    pub(super) arguments: &'a [String],
}

impl Guest<'_> {
    /// Writes it as a file that the kernel can boot. `marker` begins the line that ends the run.
    pub(super) fn write(&self, kernel: &Kernel, marker: &str, to: &Path) -> Result<()> {
        let file = File::create(to).with_context(|| format!("cannot write {}", to.display()))?;
        let mut archive = Archive::new(BufWriter::new(file));
        for folder in ["/dev", "/proc", "/sys", "/tmp"] {
            archive.folder(Path::new(folder))?;
        }
        archive.program(Path::new("/init"), &INIT.replace("$MARKER", marker))?;
        archive.program(Path::new("/tests"), &self.script())?;
        archive.folder(self.folder)?;

        let busybox = find("busybox").context("there is no busybox")?;
        let ip = find("ip").context("there is no `ip` (Debian: apt-get install iproute2)")?;
        archive.copy(Path::new("/bin/busybox"), &busybox)?;
        for name in ["cat", "insmod", "mount", "reboot", "sh"] {
            archive.link(&Path::new("/bin").join(name), "busybox")?;
        }
        archive.copy(Path::new("/sbin/ip"), &ip)?;
        let mut libraries = BTreeSet::new();
        libraries.extend(libraries_of(&busybox)?);
        libraries.extend(libraries_of(&ip)?);
        for program in self.tests.iter().map(|(_, file)| file).chain(self.programs) {
            archive.same(program)?;
            libraries.extend(libraries_of(program)?);
        }
        for library in libraries {
            archive.same(&library)?;
        }
        for folder in self.data {
            archive.tree(folder)?;
        }
        modules(kernel, &mut archive)?;
        archive.finish()?;
        Ok(())
    }

    /// The shell's commands; they leave the number of failed programs in `failed`.
    fn script(&self) -> String {
        let mut script = format!("cd {}\nfailed=0\nexport CI=true\n", quoted(&self.folder.to_string_lossy()));
        let arguments: String =
            self.arguments.iter().flat_map(|word| [" ".to_owned(), quoted(word)]).collect();
        for (name, file) in self.tests {
            writeln!(script, "echo {}", quoted(&format!("--- {name}"))).ok();
            writeln!(script, "{}{arguments} || failed=$((failed + 1))", quoted(&file.to_string_lossy())).ok();
        }
        script
    }
}

fn modules(kernel: &Kernel, archive: &mut Archive<impl std::io::Write>) -> Result<()> {
    let mut names = String::new();
    if let Some(folder) = &kernel.modules {
        let file = folder.join("modules.dep");
        let dep = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        for module in Modules::read(&dep).in_order(&MODULES) {
            let path = folder.join(module);
            let name = path.file_name().context("a module without a name")?;
            archive.copy(&Path::new("/modules").join(name), &path)?;
            writeln!(names, "{}", name.to_string_lossy())?;
        }
    }
    archive.program(Path::new("/modules/order"), &names)
}

/// The shared libraries that a program is linked with, the loader among them.
fn libraries_of(program: &Path) -> Result<Vec<PathBuf>> {
    let mut ldd = Command::new("ldd");
    let output = ldd.env("LC_ALL", "C").arg(program).output().context("cannot run ldd")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    if said.contains("not a dynamic executable") || complaint.contains("not a dynamic executable") {
        return Ok(Vec::new());
    }
    if !output.status.success() {
        bail!("ldd {}: {}", program.display(), complaint.trim_end());
    }
    Ok(listed(&said))
}

/// The files in the output of `ldd`; what the kernel itself maps has none.
fn listed(ldd: &str) -> Vec<PathBuf> {
    ldd.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect()
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_ldd_lists() {
        let ldd = "\tlinux-vdso.so.1 (0x00007ffc5a5f2000)\n\
                   \tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f4c1b600000)\n\
                   \t/lib64/ld-linux-x86-64.so.2 (0x00007f4c1b8f7000)\n";
        let expected = ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"].map(PathBuf::from);
        assert_eq!(listed(ldd), expected);
        assert_eq!(listed("\tstatically linked\n"), [""; 0].map(PathBuf::from));
    }

    #[test]
    fn the_shell_counts_the_programs_that_fail_and_passes_words_on_as_they_are() {
        let folder = PathBuf::from("/");
        let tests = [("yes".to_owned(), "/bin/true".into()), ("no".to_owned(), "/bin/false".into())];
        let arguments = ["it's; exit 3".to_owned()];
        let guest = Guest { folder: &folder, tests: &tests, programs: &[], data: &[], arguments: &arguments };
        let script = guest.script() + "echo $failed";
        let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "--- yes\n--- no\n1\n");
    }
}
