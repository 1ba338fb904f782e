use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

use detector::problem::Problem;
use detector::signature::{Search, Signatures, Sources, Stream, check};
use nix::sys::memfd::{MFdFlags, memfd_create};

/// The text of a signature file: it is refused with the file and, if it is about one, the line, or it becomes an
/// automaton that can be searched with.
///
/// # Panics
/// It is not so.
pub fn signatures(data: &[u8]) {
    let (path, _file) = in_memory(data).expect("a file in memory");
    let sources = Sources { built_in: false, paths: vec![path.clone()] };
    let lines = data.split(|byte| *byte == b'\n').count();
    let checked = check(&sources);
    let refused = !checked.problems.is_empty();
    for problem in checked.problems.iter().chain(&checked.warnings) {
        placed(problem, &path, lines);
    }
    match Signatures::load(&sources) {
        Ok(loaded) => {
            assert!(!refused, "what is used was refused: {:?}", checked.problems);
            assert_eq!(loaded.size(), checked.total);
            searches(&loaded, data);
        }
        Err(error) => {
            assert!(refused, "what is refused was found right: {error}");
            error.0.iter().for_each(|problem| placed(problem, &path, lines));
        }
    }
}

fn placed(problem: &Problem, path: &Path, lines: usize) {
    assert_eq!(problem.file, path);
    assert!(problem.line.is_none_or(|line| (1..=lines).contains(&line)), "{problem} of {lines} lines");
    assert!(!problem.message.trim().is_empty());
}

/// Every token that ends is one of the file's, and how a stream is cut makes no difference.
fn searches(loaded: &Signatures, text: &[u8]) {
    let search = Search::new(loaded);
    let find = |size: usize| {
        let mut found = Vec::new();
        let mut stream = Stream::default();
        for piece in text.chunks(size) {
            search.read(&mut stream, piece, &mut |hit| found.push((hit.offset, hit.signature.name.clone())));
        }
        found
    };
    let found = find(usize::MAX);
    assert!(found.iter().all(|(offset, _)| *offset <= text.len() as u64));
    assert_eq!(found, find(3));
    for weighed in loaded.iter().filter(|one| one.weight > 0.0) {
        assert!(weighed.weight.is_finite());
    }
}

/// A file that is in no folder, and its path.
fn in_memory(text: &[u8]) -> std::io::Result<(PathBuf, File)> {
    let mut file = File::from(memfd_create(c"signatures.toml", MFdFlags::MFD_CLOEXEC)?);
    file.write_all(text)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    Ok((path, file))
}
