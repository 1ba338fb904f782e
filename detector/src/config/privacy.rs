use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::output::{Identities, Salt};

/// A salt that is shorter than this, in bytes, is warned of.
const SHORT_SALT: usize = 16;

/// The longest file with a salt, in bytes.
const LARGEST_SALT: u64 = 4096;

/// `[privacy]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Privacy {
    /// In which form wallets and workers are kept and written.
    pub identities: Form,
    /// What is put before a name that is hashed.
    pub salt: Option<Salt>,
    /// A file that holds the salt.
    pub salt_file: Option<PathBuf>,
    /// Whether bytes of packets are kept as evidence.
    pub excerpts: bool,
}

impl Default for Privacy {
    fn default() -> Self {
        Self { identities: Form::Clear, salt: None, salt_file: None, excerpts: true }
    }
}

/// A form of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// As they were sent.
    #[default]
    Clear,
    /// Beginning and end.
    Truncated,
    /// SHA-256 of salt and name.
    Hashed,
}

impl Privacy {
    /// The form with its salt.
    ///
    /// # Errors
    /// In words: the file with the salt cannot be read, or holds none.
    pub fn identities(&self) -> Result<Identities, String> {
        let salt = match &self.salt_file {
            Some(path) => read(path)?,
            None => self.salt.unwrap_or_default(),
        };
        Ok(match self.identities {
            Form::Clear => Identities::Clear,
            Form::Truncated => Identities::Truncated,
            Form::Hashed => Identities::Hashed { salt },
        })
    }

    /// What is likely to be a mistake in the configuration of a file: the key, and why.
    pub(super) fn warnings(&self, file: &Path, identities: Identities) -> Vec<(&'static str, String)> {
        let mut warnings = Vec::new();
        let key = if self.salt_file.is_some() { "salt-file" } else { "salt" };
        match identities {
            Identities::Hashed { salt } if salt == Salt::NONE => warnings.push((
                "identities",
                "names are hashed without a salt: who has a list of wallets can tell which they are; set salt-file"
                    .to_owned(),
            )),
            Identities::Hashed { salt } if salt.len() < SHORT_SALT => warnings.push((
                key,
                format!("the salt has {} bytes and can be guessed; use {SHORT_SALT} or more", salt.len()),
            )),
            Identities::Hashed { .. } => {}
            _ if self.salt.is_some() || self.salt_file.is_some() => {
                warnings.push((key, "has no effect: identities is not \"hashed\"".to_owned()));
            }
            _ => {}
        }
        let holder = self.salt_file.as_deref().or_else(|| self.salt.is_some().then_some(file));
        let mode = |path: &Path| Some(fs::metadata(path).ok()?.permissions().mode());
        if let Some(mode) = holder.and_then(mode).filter(|mode| mode & 0o007 != 0) {
            warnings.push((
                key,
                format!(
                    "everybody can read or write the file with it (mode {:o}); chmod o= it",
                    mode & 0o777
                ),
            ));
        }
        warnings
    }
}

/// The contents, without the line feed at their end.
fn read(path: &Path) -> Result<Salt, String> {
    let failed = |cause: std::io::Error| format!("cannot read the salt in {}: {cause}", path.display());
    let about = fs::metadata(path).map_err(failed)?;
    if !about.is_file() || about.len() > LARGEST_SALT {
        return Err(format!("{} is no file of at most {LARGEST_SALT} bytes", path.display()));
    }
    let bytes = fs::read(path).map_err(failed)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| format!("the salt in {} is not UTF-8; write it as text", path.display()))?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(format!("{} is empty; write a salt of {SHORT_SALT} bytes or more to it", path.display())),
        salt => Ok(Salt::new(salt)),
    }
}
