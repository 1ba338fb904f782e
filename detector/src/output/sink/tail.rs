use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::output::format::identity;

/// How much of a file is looked through for what an earlier run wrote: far more than a run writes between two times
/// that it takes note of how far it is.
const TAIL: u64 = 16 << 20;

/// Where other formats than EVE have what tells the record.
#[derive(Deserialize)]
struct Line<'a> {
    /// ECS.
    #[serde(borrow)]
    event: Option<Named<'a>>,
    /// OCSF.
    #[serde(borrow)]
    metadata: Option<Named<'a>>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(alias = "uid")]
    id: Option<&'a str>,
}

/// Key of CEF that has what tells the record, at the end of the line. No value holds it, because `=` is escaped in values.
const CEF: &str = " externalId=";

fn identity_of_line(line: &str) -> Option<String> {
    if !line.starts_with('{') {
        return line.rsplit_once(CEF).map(|(_, id)| id.to_owned());
    }
    let Line { event, metadata } = serde_json::from_str(line).ok()?;
    let named = event.or(metadata).and_then(|named| named.id);
    named.map(str::to_owned).or_else(|| identity(&serde_json::from_str::<Value>(line).ok()?))
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
    use crate::output::format::Format;

    const EVE: &str = include_str!("../format/tests/full.json");

    fn rendered(format: Format) -> String {
        let eve: Value = serde_json::from_str(EVE).unwrap();
        format.render(&eve, &eve.to_string()).unwrap().into_owned()
    }

    #[test]
    fn each_format_tells_which_record_it_is() {
        let eve: Value = serde_json::from_str(EVE).unwrap();
        let id = identity(&eve).unwrap();
        let [case, record] = ["/mining/case_id", "/mining/record"].map(|at| eve.pointer(at).unwrap());
        assert!(id.starts_with(&format!("{}-{record}-", case.as_str().unwrap())), "{id}");
        for format in Format::ALL {
            assert_eq!(identity_of_line(&rendered(format)).as_ref(), Some(&id), "{format}");
        }
        for line in ["", "{\"torn", r#"{"event_type":"stats"}"#, "free text", r#"{"mining":{"record":7}}"#] {
            assert_eq!(identity_of_line(line), None, "{line}");
        }
    }

    #[test]
    fn a_number_that_comes_again_is_another_record() {
        let mut eve: Value = serde_json::from_str(EVE).unwrap();
        let first = identity(&eve);
        eve["timestamp"] = "2031-01-01T00:00:00.000001+0000".into();
        assert_ne!(identity(&eve), first);
    }

    #[test]
    fn a_line_that_was_torn_is_no_record_wherever_it_was_torn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records");
        for format in Format::ALL {
            let line = rendered(format);
            let id = identity_of_line(&line).unwrap();
            for length in (0..line.len()).filter(|length| line.is_char_boundary(*length)) {
                std::fs::write(&path, line.get(..length).unwrap()).unwrap();
                assert!(!records(&path).unwrap().contains(&id), "{format}, {length} bytes");
            }
            std::fs::write(&path, &line).unwrap();
            assert!(records(&path).unwrap().contains(&id), "{format}, but for the end of the line");
        }
    }
}
