//! Which files a machine gets, whatever the format of the package.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::generated::{manual, printed};
use crate::{Sources, configuration, read};

/// A file or directory of the package.
pub(crate) struct Entry {
    /// From the root, without the first slash.
    pub(crate) path: String,
    pub(crate) mode: u16,
    pub(crate) owner: Owner,
    pub(crate) content: Content,
}

/// Whose it is once it is installed; the group `firedamp` may be there only then.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Root,
    /// The service may read it.
    Service,
    /// The service may write it.
    ServiceAlone,
}

pub(crate) enum Content {
    Directory,
    /// What an operator may change: no upgrade writes over it.
    Configuration(Vec<u8>),
    Documentation(Vec<u8>),
    File(Vec<u8>),
}

impl Content {
    /// What is in the file; nothing in a directory.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Directory => &[],
            Self::Configuration(bytes) | Self::Documentation(bytes) | Self::File(bytes) => bytes,
        }
    }
}

/// Each shell with the file in which it looks for completions.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "usr/share/bash-completion/completions/firedamp"),
    ("fish", "usr/share/fish/vendor_completions.d/firedamp.fish"),
    ("zsh", "usr/share/zsh/vendor-completions/_firedamp"),
];

/// Where documentation goes, with the folders that it has in the checkout, so that its links lead somewhere.
const DOCUMENTATION: &str = "usr/share/doc/firedamp";

/// Folders of the checkout with documentation and what it leads to.
const FOLDERS: [&str; 3] = ["docs", "deploy/grafana", "deploy/prometheus"];

/// Directories that every machine has; the package owns all others that it needs.
const COMMON: [&str; 14] = [
    "etc",
    "usr",
    "usr/bin",
    "usr/lib",
    "usr/lib/systemd",
    "usr/lib/systemd/system",
    "usr/lib/tmpfiles.d",
    "usr/share",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/man/man1",
    "var",
    "var/lib",
    "var/log",
];

/// All that is in a package, a directory before what is in it.
pub(crate) fn entries(sources: &Sources, program: Vec<u8>) -> Result<Vec<Entry>> {
    let firedamp = &sources.firedamp;
    let from = |path: &str| read(sources, path).map(Content::File);
    let initial = String::from_utf8(printed(firedamp, &["config", "init"])?)?;
    let configuration = Content::Configuration(configuration::packaged(&initial)?.into_bytes());
    let rotation = Content::Configuration(read(sources, "deploy/logrotate/firedamp")?);
    let mut entries = vec![
        entry("usr/bin/firedamp", 0o755, Content::File(program)),
        entry("usr/lib/systemd/system/firedamp.service", 0o644, from("deploy/systemd/firedamp.service")?),
        entry("usr/lib/tmpfiles.d/firedamp.conf", 0o644, from("deploy/tmpfiles/firedamp.conf")?),
        entry("etc/logrotate.d/firedamp", 0o644, rotation),
        entry("etc/firedamp", 0o750, Content::Directory).of(Owner::Service),
        entry("etc/firedamp/firedamp.toml", 0o640, configuration).of(Owner::Service),
        entry("var/lib/firedamp", 0o750, Content::Directory).of(Owner::ServiceAlone),
        entry("var/log/firedamp", 0o750, Content::Directory).of(Owner::ServiceAlone),
    ];
    for (shell, path) in COMPLETIONS {
        entries.push(entry(path, 0o644, Content::File(printed(firedamp, &["completions", shell])?)));
    }
    for (name, page) in manual(firedamp)? {
        let path = format!("usr/share/man/man1/{name}.gz");
        entries.push(entry(&path, 0o644, Content::Documentation(gzip(&page)?)));
    }
    for (name, content) in documentation(sources)? {
        let path = format!("{DOCUMENTATION}/{name}");
        entries.push(entry(&path, 0o644, Content::Documentation(content)));
    }
    for path in folders(&entries) {
        entries.push(entry(&path, 0o755, Content::Directory));
    }
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(entries)
}

/// The directories in which something lies, without those that are there already.
fn folders(entries: &[Entry]) -> BTreeSet<String> {
    let above = entries.iter().flat_map(|entry| Path::new(&entry.path).ancestors().skip(1));
    let mut folders: BTreeSet<_> = above.map(|folder| folder.to_string_lossy().into_owned()).collect();
    folders.remove("");
    for known in COMMON.into_iter().chain(entries.iter().map(|entry| entry.path.as_str())) {
        folders.remove(known);
    }
    folders
}

fn entry(path: &str, mode: u16, content: Content) -> Entry {
    Entry { path: path.to_owned(), mode, owner: Owner::Root, content }
}

impl Entry {
    fn of(self, owner: Owner) -> Self {
        Self { owner, ..self }
    }
}

fn documentation(sources: &Sources) -> Result<Vec<(String, Vec<u8>)>> {
    let mut copyright =
        b"Firedamp may be used under either of the two licences below, as you like.\n\n".to_vec();
    copyright.extend(read(sources, "LICENSE-MIT")?);
    copyright.push(b'\n');
    copyright.extend(read(sources, "LICENSE-APACHE")?);
    let mut found = vec![
        ("README.md".to_owned(), read(sources, "README.md")?),
        ("changelog.gz".to_owned(), gzip(&read(sources, "CHANGELOG.md")?)?),
        ("copyright".to_owned(), copyright),
    ];
    for folder in FOLDERS {
        let path = sources.root.join(folder);
        for file in fs::read_dir(&path).with_context(|| format!("cannot read {}", path.display()))? {
            let name = format!("{folder}/{}", file?.file_name().to_string_lossy());
            let content = read(sources, &name)?;
            found.push((name, content));
        }
    }
    Ok(found)
}

/// Without name and time, so that the same bytes come out each time.
pub(crate) fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}
