use std::path::{Path, PathBuf};

use super::super::*;

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            files_below(&entry.path(), found);
        } else {
            found.push(entry.path());
        }
    }
}

/// Captures from elsewhere, kept outside the project: each ends with frames or a message.
#[test]
fn foreign_captures_are_read_or_refused() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpora");
    let folder = std::env::var_os("FIREDAMP_CORPORA").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    if !folder.is_dir() {
        eprintln!(
            "skipped: no captures at {}; name a folder of captures in FIREDAMP_CORPORA",
            folder.display()
        );
        return;
    }
    let mut paths = Vec::new();
    files_below(&folder, &mut paths);
    let (mut frames, mut refused) = (0u64, 0u64);
    for path in &paths {
        let end = Capture::open(path).and_then(|mut capture| {
            while let Some(frame) = capture.next_frame()? {
                assert!(frame.bytes.len() >= 14, "{}", path.display());
                frames += 1;
            }
            let counts = capture.counts();
            assert_eq!(counts.explain().is_some(), counts.skipped() > 0);
            Ok(())
        });
        if let Err(error) = end {
            assert!(error.to_string().starts_with(&path.display().to_string()), "{error}");
            refused += 1;
        }
    }
    eprintln!("{} files, {frames} frames, {refused} files with a message", paths.len());
}
