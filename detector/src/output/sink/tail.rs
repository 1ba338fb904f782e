use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

/// How much of a file is looked through for what an earlier run wrote: far more than a run writes between two times
/// that it takes note of how far it is.
const TAIL: u64 = 16 << 20;

/// What tells a record from all others: the case and the number in it.
pub(super) fn identity(eve: &Value) -> Option<String> {
    let mining = eve.get("mining")?;
    Some(format!("{}-{}", mining.get("case_id")?.as_str()?, mining.get("record")?.as_u64()?))
}

/// Where each format has what tells the record.
#[derive(Deserialize)]
struct Line<'a> {
    /// EVE.
    mining: Option<Case<'a>>,
    /// ECS.
    firedamp: Option<Case<'a>>,
    /// OCSF.
    #[serde(borrow)]
    metadata: Option<Metadata<'a>>,
}

#[derive(Deserialize)]
struct Case<'a> {
    case_id: Option<&'a str>,
    record: Option<u64>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    uid: Option<&'a str>,
}

/// Key of CEF that has what tells the record.
const CEF: &str = "externalId=";

fn identity_of_line(line: &str) -> Option<String> {
    if !line.starts_with('{') {
        let (_, rest) = line.split_once(CEF)?;
        return rest.split_whitespace().next().map(str::to_owned);
    }
    let Line { mining, firedamp, metadata } = serde_json::from_str(line).ok()?;
    let of = |case: Case<'_>| Some(format!("{}-{}", case.case_id?, case.record?));
    mining.and_then(of).or_else(|| firedamp.and_then(of)).or_else(|| metadata?.uid.map(str::to_owned))
}

/// The records at the end of a file.
pub(super) fn records(path: &Path) -> io::Result<HashSet<String>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    let lines = bytes.split(|byte| *byte == b'\n');
    Ok(lines.filter_map(|line| identity_of_line(std::str::from_utf8(line).ok()?)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_tells_which_record_it_is() {
        let same = [
            r#"{"event_type":"alert","mining":{"reason":"opened","case_id":"00ab","record":7}}"#,
            r#"{"@timestamp":"x","firedamp":{"record":7,"case_id":"00ab"}}"#,
            r#"{"class_uid":2004,"metadata":{"uid":"00ab-7","version":"1.8.0"}}"#,
            "CEF:0|Firedamp|Firedamp|1|1|Mining|7|externalId=00ab-7 src=10.0.0.1",
        ];
        for line in same {
            assert_eq!(identity_of_line(line).as_deref(), Some("00ab-7"), "{line}");
        }
        for line in ["", "{\"torn", r#"{"event_type":"stats"}"#, "free text", r#"{"mining":{"record":7}}"#] {
            assert_eq!(identity_of_line(line), None, "{line}");
        }
        let eve = serde_json::from_str(same[0]).unwrap();
        assert_eq!(identity(&eve).as_deref(), Some("00ab-7"));
    }

    #[test]
    fn a_line_that_was_cut_is_no_record() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eve.json");
        let line = |number| format!(r#"{{"mining":{{"case_id":"c","record":{number}}}}}"#);
        std::fs::write(&path, format!("{}\n{}\n{}", line(1), line(2), &line(3)[..20])).unwrap();
        assert_eq!(records(&path).unwrap(), ["c-1", "c-2"].map(str::to_owned).into());
    }
}
