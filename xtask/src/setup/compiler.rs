//! The eBPF compiler: a rustc, the cargo beside it, and the library sources of the same build.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::run_quietly;

/// Names a compiler (the path of a rustc) that is taken instead of looking for one.
const CHOICE: &str = "FIREDAMP_EBPF_RUSTC";
/// Debian's packages rustc-web, cargo-web, rust-web-src.
const DEBIAN: &str = "/usr/bin/rustc";
/// The oldest compiler that the workspace's crates accept: `rust-version` in the top manifest.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// A compiler that can build for the kernel.
pub(crate) struct Compiler {
    pub(crate) rustc: PathBuf,
    pub(super) library: PathBuf,
    version: String,
    /// Its LLVM; the linker's must not be older.
    pub(super) llvm: u32,
}

impl Compiler {
    /// The cargo that belongs to it.
    pub(crate) fn cargo(&self) -> PathBuf {
        self.rustc.with_file_name("cargo")
    }

    /// Whether it came, and its clippy would come, from Debian's packages.
    pub(super) fn is_debian(&self) -> bool {
        self.rustc == Path::new(DEBIAN)
    }

    /// The clippy that belongs to it.
    pub(crate) fn clippy(&self) -> Option<PathBuf> {
        let found = ["cargo-clippy", "clippy-driver"].map(|name| self.rustc.with_file_name(name));
        let [clippy, driver] = found;
        (clippy.is_file() && driver.is_file()).then_some(clippy)
    }
}

impl fmt::Display for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rustc {} ({})", self.version, self.rustc.display())
    }
}

/// Whether the developer named one, so that installing another would not help.
pub(super) fn is_chosen() -> bool {
    env::var_os(CHOICE).is_some()
}

/// Takes the first that will do, or says of each why it will not.
pub(super) fn find() -> Result<Compiler, Vec<String>> {
    if let Some(choice) = env::var_os(CHOICE) {
        let choice = PathBuf::from(choice);
        return inspect(&choice)
            .map_err(|why| vec![format!("{} (named by {CHOICE}): {why}", choice.display())]);
    }
    let debian = match inspect(Path::new(DEBIAN)) {
        Ok(compiler) => return Ok(compiler),
        Err(why) => format!("{DEBIAN}: {why}"),
    };
    let nightly = nightly().and_then(|rustc| inspect(&rustc));
    nightly.map_err(|why| vec![debian, format!("rustup's nightly: {why}")])
}

fn nightly() -> Result<PathBuf, String> {
    let mut rustup = Command::new("rustup");
    rustup.args(["which", "--toolchain", "nightly", "rustc"]).env("RUSTUP_AUTO_INSTALL", "0");
    match run_quietly(&mut rustup) {
        Ok(path) => Ok(path.trim_end().into()),
        Err(_) => Err("not installed".into()),
    }
}

fn inspect(rustc: &Path) -> Result<Compiler, String> {
    if !rustc.is_file() {
        return Err("not there".into());
    }
    let ask = |argument: &str| {
        let mut command = Command::new(rustc);
        command.env_remove("LD_LIBRARY_PATH").arg(argument);
        run_quietly(&mut command).map_err(|error| format!("{error:#}"))
    };
    let about = ask("-vV")?;
    let field = |name: &str| {
        let value = about.lines().find_map(|line| line.strip_prefix(name));
        value.map(str::trim).ok_or_else(|| format!("`rustc -vV` tells no `{name}`"))
    };
    let version = field("release:")?.to_owned();
    if numbers(&version) < numbers(OLDEST) {
        return Err(format!("is version {version}, at least {OLDEST} is needed"));
    }
    let library = Path::new(ask("--print=sysroot")?.trim_end()).join("lib/rustlib/src/rust/library");
    if !library.join("core/Cargo.toml").is_file() {
        return Err(format!("its library sources are not installed (no {})", library.display()));
    }
    let llvm = numbers(field("LLVM version:")?).0;
    let compiler = Compiler { rustc: rustc.to_owned(), library, version, llvm };
    if !compiler.cargo().is_file() {
        return Err("has no cargo beside it".into());
    }
    Ok(compiler)
}

/// The first two numbers of a version, for comparing; what is no number counts as zero.
pub(super) fn numbers(version: &str) -> (u32, u32) {
    let mut parts = version.split(['.', '-']).map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn versions_compare_by_number_and_not_by_text() {
        assert!(numbers("1.100.0") > numbers("1.95"));
        assert!(numbers("1.98.0-nightly") > numbers("1.95"));
        assert!(numbers("1.85.0") < numbers("1.95"));
        assert_eq!(numbers("1.95.0"), numbers("1.95"));
        assert_eq!(numbers("22.1.8"), (22, 1));
    }
}
