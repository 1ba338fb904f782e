use std::fmt::{self, Write as _};

/// The content type of the text format of Prometheus.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the values of a metric mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Only rises, but for a new start.
    Counter,
    /// Rises and falls.
    Gauge,
    /// A sum and a count.
    Summary,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Summary => "summary",
        }
    }
}

/// A page in the text format of Prometheus, version 0.0.4.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    /// Begins a metric; its samples follow.
    pub(super) fn metric<'a>(&'a mut self, name: &'a str, kind: Kind, help: &str) -> Samples<'a> {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {}", kind.name());
        Samples { text: self, name }
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// The samples of a metric.
pub(super) struct Samples<'a> {
    text: &'a mut Text,
    name: &'a str,
}

impl Samples<'_> {
    pub(super) fn add(&mut self, labels: &[(&str, &str)], value: impl fmt::Display) -> &mut Self {
        self.add_part("", labels, value)
    }

    /// A sample whose name has an ending of its own, such as `_sum`.
    pub(super) fn add_part(
        &mut self,
        part: &str,
        labels: &[(&str, &str)],
        value: impl fmt::Display,
    ) -> &mut Self {
        let out = &mut self.text.0;
        let _ = write!(out, "{}{part}", self.name);
        for (at, (name, value)) in labels.iter().enumerate() {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(out, "{}{name}=\"{value}\"", if at == 0 { '{' } else { ',' });
        }
        let _ = writeln!(out, "{} {value}", if labels.is_empty() { "" } else { "}" });
        self
    }
}
