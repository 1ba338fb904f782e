//! The format of Debian: an `ar` archive of two compressed `tar` archives, one with what is said of the package and one
//! with its files (`deb(5)`, `deb-control(5)`).

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use tar::{Builder, EntryType, Header};

use crate::binary::Needs;
use crate::layout::{Content, Entry, gzip};
use crate::{DESCRIPTION, MAINTAINER, NAME, SUMMARY, Sources, VERSION, read};

/// What dpkg runs when the package comes, changes and goes.
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

pub(crate) fn write(path: &Path, sources: &Sources, needs: &Needs, entries: &[Entry]) -> Result<()> {
    let mut archive = ar::Builder::new(File::create(path)?);
    let members = [
        ("debian-binary", b"2.0\n".to_vec()),
        ("control.tar.gz", gzip(&control(sources, needs, entries)?)?),
        ("data.tar.gz", gzip(&data(sources, entries)?)?),
    ];
    for (name, content) in members {
        let mut header = ar::Header::new(name.into(), content.len() as u64);
        header.set_mode(0o100_644);
        header.set_mtime(sources.time.into());
        archive.append(&header, content.as_slice())?;
    }
    Ok(archive.into_inner()?.flush()?)
}

fn control(sources: &Sources, needs: &Needs, entries: &[Entry]) -> Result<Vec<u8>> {
    let mut tar = Tar::new(sources.time);
    let configuration = entries.iter().filter(|entry| matches!(entry.content, Content::Configuration(_)));
    let conffiles = configuration.fold(String::new(), |list, entry| list + "/" + &entry.path + "\n");
    tar.file("conffiles", 0o644, conffiles.as_bytes())?;
    tar.file("control", 0o644, fields(needs, entries)?.as_bytes())?;
    for script in SCRIPTS {
        tar.file(script, 0o755, &read(sources, &format!("deploy/debian/{script}"))?)?;
    }
    tar.finish()
}

fn fields(needs: &Needs, entries: &[Entry]) -> Result<String> {
    let kibibytes: usize =
        entries.iter().map(|entry| entry.content.bytes().len().div_ceil(1024).max(1)).sum();
    let mut depends = format!("libc6 (>= {}), passwd", needs.glibc()?);
    if needs.libraries.contains_key("libgcc_s.so.1") {
        depends.push_str(", libgcc-s1");
    }
    let mut text = String::new();
    for (name, value) in [
        ("Package", NAME),
        ("Version", VERSION),
        ("Architecture", needs.machine.debian),
        ("Maintainer", MAINTAINER),
        ("Installed-Size", &kibibytes.to_string()),
        ("Depends", &depends),
        ("Recommends", "ca-certificates, logrotate"),
        ("Suggests", "nftables"),
        ("Section", "net"),
        ("Priority", "optional"),
        ("Description", SUMMARY),
    ] {
        writeln!(text, "{name}: {value}")?;
    }
    for line in DESCRIPTION.lines() {
        writeln!(text, " {line}")?;
    }
    Ok(text)
}

fn data(sources: &Sources, entries: &[Entry]) -> Result<Vec<u8>> {
    let mut tar = Tar::new(sources.time);
    let mut made: BTreeSet<_> = entries
        .iter()
        .filter(|entry| matches!(entry.content, Content::Directory))
        .map(|entry| Path::new(&entry.path))
        .collect();
    for entry in entries {
        // Those above come first.
        let mut above: Vec<_> = Path::new(&entry.path).ancestors().skip(1).collect();
        above.pop();
        for folder in above.into_iter().rev() {
            if made.insert(folder) {
                tar.directory(folder, 0o755)?;
            }
        }
        match &entry.content {
            Content::Directory => tar.directory(Path::new(&entry.path), entry.mode)?,
            content => tar.file(&entry.path, entry.mode, content.bytes())?,
        }
    }
    tar.finish()
}

/// An archive in which all is root's: that is who unpacks it, and the script says what is the service's.
struct Tar {
    builder: Builder<Vec<u8>>,
    time: u32,
}

impl Tar {
    fn new(time: u32) -> Self {
        Self { builder: Builder::new(Vec::new()), time }
    }

    fn header(&self, mode: u16) -> Result<Header> {
        let mut header = Header::new_gnu();
        header.set_mode(mode.into());
        header.set_mtime(self.time.into());
        header.set_uid(0);
        header.set_gid(0);
        header.set_username("root")?;
        header.set_groupname("root")?;
        Ok(header)
    }

    fn file(&mut self, path: &str, mode: u16, content: &[u8]) -> Result<()> {
        let mut header = self.header(mode)?;
        header.set_size(content.len() as u64);
        Ok(self.builder.append_data(&mut header, path, content)?)
    }

    fn directory(&mut self, path: &Path, mode: u16) -> Result<()> {
        let mut header = self.header(mode)?;
        header.set_entry_type(EntryType::Directory);
        header.set_size(0);
        Ok(self.builder.append_data(&mut header, path.join(""), &[][..])?)
    }

    fn finish(self) -> Result<Vec<u8>> {
        Ok(self.builder.into_inner()?)
    }
}
