//! What concerns the agent itself, in the dialects that have a place for it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cef::{Extension, header};
use super::{PRODUCT, VENDOR, VERSION, known};

/// An EVE record of the type `engine`, and how its parts are read.
pub(super) struct Notice<'a> {
    eve: &'a Value,
    time: Timestamp,
    event: &'a str,
    message: &'a str,
    level: &'a str,
}

impl<'a> Notice<'a> {
    /// `None` if it is something else.
    pub(super) fn of(eve: &'a Value) -> Option<Self> {
        let text = |at| eve.pointer(at).and_then(Value::as_str);
        text("/event_type").filter(|kind| *kind == "engine")?;
        Some(Self {
            eve,
            time: text("/timestamp")?.parse().ok()?,
            event: text("/engine/event")?,
            message: text("/engine/message")?,
            level: text("/log_level")?,
        })
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.eve.get("engine")?.get(name)?.as_str()
    }

    /// No two are made in the same microsecond for the same reason.
    fn id(&self) -> String {
        format!("{}-{}", self.event, self.time.as_microsecond())
    }

    /// Of CEF, 0 to 10, and of OCSF.
    fn severity(&self) -> (u8, u8, &'static str) {
        match self.level {
            "Error" => (8, 4, "High"),
            "Warning" => (6, 3, "Medium"),
            _ => (3, 1, "Informational"),
        }
    }

    pub(super) fn ecs(&self) -> Value {
        let document = json!({
            "@timestamp": self.time.to_string(),
            "ecs": {"version": super::ecs::ECS},
            "message": self.message,
            "log": {"level": self.level.to_lowercase()},
            "event": {
                "kind": if self.level == "Error" { "alert" } else { "event" },
                "category": ["configuration"],
                "type": ["change"],
                "module": PRODUCT,
                "dataset": "firedamp.engine",
                "id": self.id(),
                "action": self.event,
            },
            "observer": {"vendor": VENDOR, "product": PRODUCT, "version": VERSION, "type": "ids"},
            "user": {"name": self.text("by")},
            "firedamp": {"engine": self.eve.get("engine")},
        });
        known(document).unwrap_or_default()
    }

    /// Of the base class: there is none for what a sensor does with itself.
    pub(super) fn ocsf(&self) -> Value {
        let (_, severity_id, severity) = self.severity();
        let event = json!({
            "class_uid": 0,
            "class_name": "Base Event",
            "category_uid": 0,
            "category_name": "Uncategorized",
            "activity_id": 99,
            "activity_name": self.event,
            "type_uid": 99,
            "type_name": "Base Event: Other",
            "time": self.time.as_millisecond(),
            "severity_id": severity_id,
            "severity": severity,
            "status_id": 99,
            "status": self.text("effective"),
            "message": self.message,
            "metadata": {
                "version": super::ocsf::SCHEMA,
                "uid": self.id(),
                "event_code": self.event,
                "original_time": self.eve.get("timestamp"),
                "product": {"name": PRODUCT, "vendor_name": VENDOR, "version": VERSION},
            },
            "unmapped": {"engine": self.eve.get("engine")},
        });
        known(event).unwrap_or_default()
    }

    pub(super) fn cef(&self) -> String {
        let (severity, ..) = self.severity();
        let name = self.event.replace('-', " ");
        let mut out = Extension::after(header(self.event, &name, &severity.to_string()));
        out.put("rt", Some(self.time.as_millisecond()));
        out.put("cat", Some("engine"));
        out.put("act", Some(self.event));
        out.put("suser", self.text("by"));
        out.labelled("cs1", "Mode wanted", self.text("requested"));
        out.labelled("cs2", "Mode in effect", self.text("effective"));
        out.labelled("cn1", "Blocks", self.eve.pointer("/engine/entries").and_then(Value::as_u64));
        out.put("msg", Some(self.message));
        out.put("externalId", Some(self.id()));
        out.line()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::*;

    fn record() -> Value {
        json!({
            "timestamp": "2026-11-22T16:40:31.123456+0000",
            "log_level": "Error",
            "event_type": "engine",
            "engine": {
                "event": "block-alarm", "message": "too much | would be dropped", "by": "firedamp",
                "requested": "enforce", "effective": "dry-run", "entries": 3,
            },
        })
    }

    #[test]
    fn each_dialect_tells_it() {
        let record = record();
        let render = |format: Format| format.render(&record, "as it is").unwrap().into_owned();
        assert_eq!(render(Format::Eve), "as it is");
        let ecs: Value = serde_json::from_str(&render(Format::Ecs)).unwrap();
        assert_eq!(
            (&ecs["event"]["kind"], &ecs["event"]["action"]),
            (&json!("alert"), &json!("block-alarm"))
        );
        assert_eq!(ecs["firedamp"]["engine"]["effective"], "dry-run");
        let ocsf: Value = serde_json::from_str(&render(Format::Ocsf)).unwrap();
        assert_eq!((&ocsf["class_uid"], &ocsf["severity"]), (&json!(0), &json!("High")));
        assert_eq!(ocsf["message"], "too much | would be dropped");
        let cef = render(Format::Cef);
        let begin = format!(
            "CEF:0|Firedamp|firedamp|{VERSION}|block-alarm|block alarm|8|rt=1795365631123 cat=engine"
        );
        assert!(cef.starts_with(&begin), "{cef}");
        assert!(cef.contains("cs2Label=Mode in effect cs2=dry-run") && cef.contains("cn1=3"), "{cef}");
    }

    #[test]
    fn counters_and_what_is_not_whole_have_no_place() {
        let mut torn = record();
        torn["engine"] = json!({});
        for record in [json!({"event_type": "stats"}), torn] {
            assert!(Format::Cef.render(&record, "").is_none() && !Format::Ecs.has_place_for(&record));
        }
    }
}
