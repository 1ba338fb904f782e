//! Running other programs.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};

/// Says what happens now, so that a wait has a reason.
pub(crate) fn step(what: &str) {
    eprintln!("xtask: {what}");
}

/// Runs to the end; the program's own output stands above the error.
pub(crate) fn run(command: &mut Command, what: &str) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    if status.success() {
        return Ok(());
    }
    bail!("{what} failed ({status}); its messages stand above")
}

/// Runs to the end and keeps what it writes, which is shown only if it fails.
pub(crate) fn run_quietly(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| cannot_start(command))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let messages = String::from_utf8_lossy(&output.stderr);
    Err(anyhow!("{} ({}):\n{}", text(command), output.status, messages.trim_end()))
}

/// Becomes the program: Ctrl-C reaches it, and its exit code is ours.
pub(crate) fn become_program(command: &mut Command) -> Result<()> {
    let error = command.exec();
    Err(error).with_context(|| cannot_start(command))
}

/// The same program with the rights to load and attach kernel programs.
pub(crate) fn privileged(program: &Path) -> Result<Command> {
    if is_root() {
        return Ok(Command::new(program));
    }
    if find("sudo").is_none() {
        bail!(
            "{} needs root to load its kernel program, and there is no sudo here: \
             run this command in a root shell",
            program.display()
        );
    }
    step(&format!("not root, so {} runs through sudo", program.display()));
    let mut command = Command::new("sudo");
    command.arg("--").arg(program);
    Ok(command)
}

/// Whether this process may do everything (effective user 0).
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// The first program of this name on `PATH`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start `{}`", text(command))
}

fn text(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect();
    words.join(" ")
}
