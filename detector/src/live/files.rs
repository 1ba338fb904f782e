use std::path::Path;

use jiff::Timestamp;

use crate::enrich::Age;
use crate::metrics::DataFile;

/// The operator's files for the metrics, each under a name of its own.
pub(super) fn files(ages: &[Age], now: Timestamp) -> Vec<DataFile> {
    let mut files: Vec<DataFile> = Vec::new();
    for age in ages {
        let (kind, name) = (age.kind.name(), name(age, ages));
        // A file that is named twice is one.
        if !files.iter().any(|file| file.kind == kind && file.name == name) {
            files.push(DataFile {
                kind,
                name,
                age: now.duration_since(age.time).try_into().unwrap_or_default(),
                entries: age.entries as u64,
                failures: age.failures,
            });
        }
    }
    files
}

/// The name without folder and extension, or, if another file of the kind has the same, with as many folders as tell them
/// apart.
fn name(age: &Age, all: &[Age]) -> String {
    let others = || all.iter().filter(|other| other.kind == age.kind && other.path != age.path);
    let is_own = |parts: &usize| {
        let name = ending(&age.path, *parts);
        others().all(|other| ending(&other.path, *parts) != name)
    };
    let parts = (1..=age.path.iter().count()).find(is_own);
    parts.map_or_else(|| age.path.display().to_string(), |parts| ending(&age.path, parts))
}

/// So many parts of the path, from its end, without the extension.
fn ending(path: &Path, parts: usize) -> String {
    let path = path.with_extension("");
    let all: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    all.get(all.len().saturating_sub(parts)..).unwrap_or_default().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::FileKind;

    #[test]
    fn files_of_the_same_name_are_told_apart() {
        let age = |kind, path: &str| Age {
            kind,
            path: path.into(),
            time: Timestamp::UNIX_EPOCH,
            entries: 1,
            failures: 0,
        };
        let names = |ages: &[Age]| -> Vec<String> {
            files(ages, Timestamp::UNIX_EPOCH).into_iter().map(|file| file.name).collect()
        };
        let (city, other) = ("/srv/maxmind/city.mmdb", "/srv/dbip/city.mmdb");
        assert_eq!(names(&[age(FileKind::Database, city), age(FileKind::Prefixes, other)]), ["city", "city"]);
        let two = [age(FileKind::Database, city), age(FileKind::Database, other)];
        assert_eq!(names(&two), ["maxmind/city", "dbip/city"]);
        let twice = [age(FileKind::Database, city), age(FileKind::Database, city)];
        assert_eq!(names(&twice), ["city"], "the same file is one");
        let (old, new) = ("/srv/city.dat", "/srv/city.mmdb");
        assert_eq!(names(&[age(FileKind::Database, old), age(FileKind::Database, new)]), [old, new]);
    }
}
