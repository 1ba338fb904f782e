//! A page that others read while it is written anew.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::Builder;

/// What a page that is new may be done with: everybody may read it, as far as the user's mask lets them.
const MODE: u32 = 0o666;

/// Puts a page into a file. A reader never finds half of it: it is written beside and takes the old one's place, with the
/// mode of that one. What is no regular file, such as a pipe or a device, is written to.
///
/// # Errors
/// The directory or the file cannot be written; what was there before is left as it was.
pub(super) fn write(path: &Path, page: &[u8]) -> io::Result<()> {
    // Behind a link is the file that is meant.
    let (path, mode) = match fs::canonicalize(path) {
        Ok(path) => {
            let there = path.metadata()?;
            if !there.is_file() {
                return OpenOptions::new().write(true).open(path)?.write_all(page);
            }
            (path, Some(there.permissions().mode()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => (path.to_owned(), None),
        Err(error) => return Err(error),
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A file beside it would be named in the message.
    folder.metadata()?;
    let mut beside =
        Builder::new().prefix(".firedamp-").permissions(Permissions::from_mode(MODE)).tempfile_in(folder)?;
    if let Some(mode) = mode {
        beside.as_file().set_permissions(Permissions::from_mode(mode & 0o7777))?;
    }
    beside.write_all(page)?;
    beside.as_file().sync_all()?;
    beside.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_page_takes_the_place_of_the_old_one_with_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let (page, link) = (folder.path().join("page.html"), folder.path().join("link.html"));
        write(&page, b"one").unwrap();
        fs::set_permissions(&page, Permissions::from_mode(0o640)).unwrap();
        symlink("page.html", &link).unwrap();
        write(&link, b"two").unwrap();
        assert_eq!(fs::read(&page).unwrap(), b"two");
        assert_eq!(page.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        assert!(link.is_symlink(), "a link stays one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside");
    }

    #[test]
    fn what_is_no_file_is_written_to_and_stays() {
        write(Path::new("/dev/null"), b"page").unwrap();
        assert!(!Path::new("/dev/null").metadata().unwrap().is_file());
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), b"page").unwrap_err();
        write(&folder.path().join("none").join("page.html"), b"page").unwrap_err();
        // What a link names need not be there yet.
        let link = folder.path().join("link.html");
        symlink("later.html", &link).unwrap();
        write(&link, b"page").unwrap();
        assert_eq!(fs::read(&link).unwrap(), b"page");
    }
}
