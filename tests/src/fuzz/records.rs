use detector::dispatch::Dossier;
use detector::ledger::Record;
use detector::output::eve::Alert;
use detector::output::{Identities, Salt};
use serde_json::Value;

/// Every record is one line of JSON that can be read back, whatever was said to bring it about.
pub(super) fn check(records: &[Record]) {
    for record in records {
        let dossier = Dossier::from(record.clone());
        assert!((0.0..=1.0).contains(&record.confidence), "confidence {}", record.confidence);
        assert!(record.first_seen <= record.last_seen, "{record:?}");
        for identities in [Identities::Clear, Identities::Truncated, Identities::Hashed { salt: Salt::NONE }]
        {
            let line = serde_json::to_string(&Alert::new(&dossier, identities, None));
            let line = line.expect("a record is JSON");
            assert!(!line.chars().any(char::is_control), "a line without control characters: {line:?}");
            let read: Value = serde_json::from_str(&line).expect("what was written can be read");
            assert!(no_null(&read), "what is not known is left out: {line}");
        }
    }
}

/// JSON has no infinite number: it would be written as nothing.
fn no_null(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(list) => list.iter().all(no_null),
        Value::Object(fields) => fields.values().all(no_null),
        _ => true,
    }
}
