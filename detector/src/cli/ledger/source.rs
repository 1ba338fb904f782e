//! Which ledger is asked.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use detector::config::{Overrides, Settled};
use detector::output::Identities;
use detector::store::read::Reader;

/// Where the ledger is if nobody says.
const LEDGER: &str = "/var/lib/firedamp/ledger.db";

/// Which ledger.
#[derive(Args)]
pub(in crate::cli) struct Source {
    /// The ledger [default: the one of --config, or /var/lib/firedamp/ledger.db]
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,

    /// The configuration of the agent, which names the ledger
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

impl Source {
    pub(in crate::cli) fn reader(&self) -> anyhow::Result<Reader> {
        Ok(Reader::open(&self.path()?)?)
    }

    pub(super) fn path(&self) -> anyhow::Result<PathBuf> {
        match (&self.ledger, &self.config) {
            (Some(ledger), _) => Ok(ledger.clone()),
            (None, Some(config)) => configured(config),
            (None, None) => Ok(LEDGER.into()),
        }
    }
}

/// The ledger that a configuration names.
fn configured(config: &Path) -> anyhow::Result<PathBuf> {
    let settled = Settled::read(Some(config), &Overrides::default())?;
    settled.config.ledger.file.with_context(|| {
        format!(
            "{}: this configuration names no ledger; there is none without `file` in [ledger]",
            config.display()
        )
    })
}

/// The form in which an agent with this configuration keeps names.
pub(super) fn form(config: &Path) -> anyhow::Result<Identities> {
    let settled = Settled::read(Some(config), &Overrides::default())?;
    settled.config.privacy.identities().map_err(anyhow::Error::msg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_is_the_one_that_is_named_or_configured() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("firedamp.toml");
        let source =
            |ledger: Option<&str>| Source { ledger: ledger.map(Into::into), config: Some(file.clone()) };
        assert!(format!("{:#}", source(None).path().unwrap_err()).contains("cannot read this file"));
        std::fs::write(&file, "[ledger]\nfile = \"/srv/a.db\"\n").unwrap();
        assert_eq!(source(None).path().unwrap(), Path::new("/srv/a.db"));
        std::fs::write(&file, "[ledger]\nfile = \"a.db\"\n").unwrap();
        assert_eq!(source(None).path().unwrap(), folder.path().join("a.db"));
        assert_eq!(source(Some("b.db")).path().unwrap(), Path::new("b.db"));
        std::fs::write(&file, "[metrics]\n").unwrap();
        assert!(source(None).path().unwrap_err().to_string().contains("names no ledger"));
        assert_eq!(Source { ledger: None, config: None }.path().unwrap(), Path::new(LEDGER));
    }
}
