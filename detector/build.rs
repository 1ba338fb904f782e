//! Puts the kernel program into the agent.
//!
//! `cargo xtask build` makes the object with another compiler. Without it the agent still builds,
//! checks and tests, and says at run time what to do (`src/kernel/object.rs`).

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs, io};

/// Names an object to embed instead of the one that `cargo xtask` builds.
const CHOICE: &str = "FIREDAMP_EBPF_OBJECT";
/// Where `cargo xtask` puts it, from the workspace's root.
const BUILT: &str = "target/ebpf/bpfel-unknown-none/ebpf/detector-ebpf";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={CHOICE}");
    let embedded = variable("OUT_DIR")?.join("detector-ebpf");
    if let Some(chosen) = env::var_os(CHOICE).filter(|path| !path.is_empty()) {
        let chosen = PathBuf::from(chosen);
        println!("cargo::rerun-if-changed={}", chosen.display());
        if let Err(error) = fs::copy(&chosen, &embedded) {
            println!("cargo::error={CHOICE} names {}, which cannot be read: {error}", chosen.display());
        }
        return Ok(());
    }
    let crate_folder = variable("CARGO_MANIFEST_DIR")?;
    let root = crate_folder.parent().unwrap_or(&crate_folder);
    let built = root.join(BUILT);
    if built.is_file() {
        println!("cargo::rerun-if-changed={}", built.display());
        fs::copy(&built, &embedded)?;
        warn_if_stale(&built)?;
    } else {
        wait_for(&built);
        fs::write(&embedded, [])?;
    }
    Ok(())
}

/// Cargo takes a missing file for a changed one and would build the agent anew each time. The
/// folder that the object will appear in changes when it appears, so that is what is watched.
fn wait_for(object: &Path) {
    if let Some(folder) = object.parent()
        && fs::create_dir_all(folder).is_ok()
    {
        println!("cargo::rerun-if-changed={}", folder.display());
    }
}

/// Cargo left a list of the object's sources beside it: `object: source source ...`, a blank in
/// a name being escaped by a backslash.
fn warn_if_stale(object: &Path) -> io::Result<()> {
    let list = fs::read_to_string(object.with_extension("d")).unwrap_or_default();
    let built = modified(object)?;
    let mut stale = false;
    let sources = list.split_once(": ").map_or("", |(_, sources)| sources).replace("\\ ", "\0");
    for source in sources.split_whitespace().map(|name| name.replace('\0', " ")) {
        println!("cargo::rerun-if-changed={source}");
        stale |= modified(Path::new(&source)).is_ok_and(|time| time > built);
    }
    if stale {
        println!("cargo::warning=the kernel program is older than its sources: run `cargo xtask build`");
    }
    Ok(())
}

fn modified(file: &Path) -> io::Result<SystemTime> {
    fs::metadata(file)?.modified()
}

fn variable(name: &str) -> io::Result<PathBuf> {
    let missing = || io::Error::other(format!("cargo did not set {name}"));
    env::var_os(name).map(PathBuf::from).ok_or_else(missing)
}
