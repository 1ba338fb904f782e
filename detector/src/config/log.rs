use serde::{Deserialize, Deserializer, Serialize};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use super::range;

/// What may be said of a level, in words.
pub const LOG_LEVELS: &str = "must be error, warn, info, debug, trace or off, or such a level for a module, \
                              as in info,detector::kernel=debug";

/// `[log]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Log {
    /// How much is logged on standard error: a level, or levels of modules.
    #[serde(deserialize_with = "level")]
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned() }
    }
}

fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    range::text(deserializer, |text| log_level(text).map_err(|expected| format!("\"{text}\" {expected}")))
}

/// A lone word that is no level would be taken for the name of a module, and everything else would go unsaid.
///
/// # Errors
/// The text is no level, and no list of levels of modules.
pub fn log_level(text: &str) -> Result<(), &'static str> {
    let is_level = |part: &str| part.contains('=') || part.trim().parse::<LevelFilter>().is_ok();
    let fits = text.split(',').all(is_level) && EnvFilter::try_new(text).is_ok();
    fits.then_some(()).ok_or(LOG_LEVELS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_level_is_a_level_or_a_filter() {
        for good in ["info", "OFF", "info,detector::kernel=debug", "detector=trace"] {
            assert!(log_level(good).is_ok(), "{good}");
        }
        for bad in ["nonsense", "info,verbose", "detector=loud"] {
            assert!(log_level(bad).is_err(), "{bad}");
        }
    }
}
