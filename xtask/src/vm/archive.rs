//! A cpio archive in the "newc" format of the kernel's documentation
//! (driver-api/early-userspace/buffer-format): what a kernel unpacks into memory when it boots.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const LINK: u32 = 0o120_777;

/// Headers and contents start at a multiple of this many bytes.
const ALIGNMENT: u64 = 4;

/// Writes files one after the other, each folder before what is in it.
pub(super) struct Archive<W> {
    to: W,
    entries: u32,
    there: BTreeSet<PathBuf>,
}

impl<W: Write> Archive<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to, entries: 0, there: BTreeSet::new() }
    }

    /// A file of this machine at the same place in the guest.
    pub(super) fn same(&mut self, path: &Path) -> Result<()> {
        self.copy(path, path)
    }

    /// A file of this machine at a place of the guest. A second file at a place is left out.
    pub(super) fn copy(&mut self, at: &Path, from: &Path) -> Result<()> {
        let reading = || format!("cannot read {}", from.display());
        let file = File::open(from).with_context(reading)?;
        let length = file.metadata().with_context(reading)?.len();
        self.entry(at, PROGRAM, length, file)
    }

    /// All files below a folder of this machine, at the same places; nothing if there is no such folder.
    pub(super) fn tree(&mut self, folder: &Path) -> Result<()> {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry?.path();
            if path.is_dir() { self.tree(&path)? } else { self.same(&path)? }
        }
        Ok(())
    }

    pub(super) fn program(&mut self, at: &Path, content: &str) -> Result<()> {
        self.entry(at, PROGRAM, content.len() as u64, content.as_bytes())
    }

    pub(super) fn link(&mut self, at: &Path, target: &str) -> Result<()> {
        self.entry(at, LINK, target.len() as u64, target.as_bytes())
    }

    /// A folder with the ones around it.
    pub(super) fn folder(&mut self, at: &Path) -> Result<()> {
        if at.parent().is_none() || !self.there.insert(at.to_owned()) {
            return Ok(());
        }
        at.parent().map_or(Ok(()), |parent| self.folder(parent))?;
        self.raw(name(at)?, FOLDER, 0, io::empty())
    }

    /// Ends the archive.
    pub(super) fn finish(mut self) -> Result<W> {
        self.raw(b"TRAILER!!!", 0, 0, io::empty())?;
        self.to.flush()?;
        Ok(self.to)
    }

    fn entry(&mut self, at: &Path, mode: u32, length: u64, content: impl Read) -> Result<()> {
        at.parent().map_or(Ok(()), |parent| self.folder(parent))?;
        if !self.there.insert(at.to_owned()) {
            return Ok(());
        }
        self.raw(name(at)?, mode, length, content)
    }

    fn raw(&mut self, name: &[u8], mode: u32, length: u64, content: impl Read) -> Result<()> {
        self.entries += 1;
        let length32 = u32::try_from(length).context("a file of 4 GiB or more does not fit")?;
        let name_length = u32::try_from(name.len() + 1)?;
        // ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
        let fields = [self.entries, mode, 0, 0, 1, 0, length32, 0, 0, 0, 0, name_length, 0];
        let mut header = b"070701".to_vec();
        for field in fields {
            write!(header, "{field:08x}")?;
        }
        header.extend_from_slice(name);
        header.push(0);
        self.to.write_all(&header)?;
        self.pad(header.len() as u64)?;
        let copied = io::copy(&mut content.take(length), &mut self.to)?;
        ensure!(copied == length, "{} was cut short meanwhile", String::from_utf8_lossy(name));
        self.pad(length)
    }

    fn pad(&mut self, written: u64) -> Result<()> {
        for _ in written..written.next_multiple_of(ALIGNMENT) {
            self.to.write_all(&[0])?;
        }
        Ok(())
    }
}

/// Names in an archive are relative to the root.
fn name(at: &Path) -> Result<&[u8]> {
    let name = at.strip_prefix("/").with_context(|| format!("{} is no absolute path", at.display()))?;
    Ok(name.as_os_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names, modes and contents of an archive, read by another hand: offsets from the documentation.
    fn entries(mut bytes: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
        let mut entries = Vec::new();
        while !bytes.is_empty() {
            assert_eq!(&bytes[..6], b"070701");
            let field = |index: usize| {
                let digits = std::str::from_utf8(&bytes[6 + 8 * index..14 + 8 * index]).unwrap();
                u32::from_str_radix(digits, 16).unwrap()
            };
            let (mode, length, name) = (field(1), field(6) as usize, field(11) as usize);
            let content = (110 + name).next_multiple_of(4);
            let text = String::from_utf8(bytes[110..109 + name].to_vec()).unwrap();
            assert_eq!(bytes[109 + name], 0, "the name ends with a zero");
            entries.push((text, mode, bytes[content..content + length].to_vec()));
            bytes = &bytes[(content + length).next_multiple_of(4)..];
        }
        entries
    }

    #[test]
    fn folders_stand_once_and_before_their_files() {
        let mut archive = Archive::new(Vec::new());
        archive.program(Path::new("/a/b/c"), "echo").unwrap();
        archive.link(Path::new("/a/sh"), "b/c").unwrap();
        archive.program(Path::new("/a/b/c"), "second").unwrap();
        archive.folder(Path::new("/tmp")).unwrap();
        let made = archive.finish().unwrap();
        let entry = |name: &str, mode, content: &[u8]| (name.to_owned(), mode, content.to_vec());
        assert_eq!(
            entries(&made),
            [
                entry("a", FOLDER, b""),
                entry("a/b", FOLDER, b""),
                entry("a/b/c", PROGRAM, b"echo"),
                entry("a/sh", LINK, b"b/c"),
                entry("tmp", FOLDER, b""),
                entry("TRAILER!!!", 0, b""),
            ]
        );
    }

    #[test]
    fn a_relative_path_is_refused() {
        let error = Archive::new(Vec::new()).program(Path::new("bin/sh"), "").unwrap_err();
        assert!(error.to_string().contains("bin"), "{error}");
    }
}
