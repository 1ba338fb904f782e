use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::check::Checked;
use super::document::{Document, Step};
use super::{Config, Overrides};
use crate::enrich::Enricher;
use crate::exclude::Exclusions;
use crate::output::Identities;
use crate::problem::{self, Problem};
use crate::signature::{SignatureError, Signatures};

/// All that is wrong with a configuration and the files it names: at least one problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl std::error::Error for Problems {}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        problem::list(f, &self.0, "the configuration")
    }
}

/// A configuration that was read, with what the command line says in the place of what the file says. What it names is
/// not read yet.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// What counts.
    pub config: Config,
    document: Option<Document>,
}

impl Settled {
    /// Reads the file, if there is one; without one all is as it is when nothing is said.
    ///
    /// # Errors
    /// The file cannot be read, or is not valid. All that is wrong is told at once.
    pub fn read(file: Option<&Path>, overrides: &Overrides) -> Result<Self, Problems> {
        let document = file.map(Document::read).transpose().map_err(|problem| Problems(vec![problem]))?;
        let mut config = Config::default();
        if let Some(document) = &document {
            let (read, problems) = document.parse();
            if !problems.is_empty() {
                return Err(Problems(problems));
            }
            config = read;
            config.resolve(document.path().parent().unwrap_or(Path::new("")));
        }
        overrides.apply(&mut config);
        Ok(Self { config, document })
    }

    /// Reads and compiles all that the configuration names.
    ///
    /// # Errors
    /// What it says makes no sense, or a file that it names cannot be read or is not valid. All that is wrong is told at
    /// once.
    pub fn load(self) -> Result<Loaded, Problems> {
        let config = &self.config;
        let checked = Checked::new(config, self.document.as_ref());
        let mut problems = checked.contradictions();
        let identities = config.privacy.identities().unwrap_or_else(|message| {
            problems.push(checked.problem(&[Step::Key("privacy"), Step::Key("salt-file")], &message));
            Identities::Clear
        });
        let signatures = Signatures::load(&config.signatures.sources()).map_err(|SignatureError(wrong)| {
            problems.extend(wrong);
        });
        let enricher = Enricher::load(&config.enrich, config.advice.language).map_err(|wrong| {
            problems.extend_from_slice(wrong.list());
        });
        // Which names of signatures there are is known only if they could be read.
        let exclusions = Exclusions::new(&config.exclude, identities, signatures.as_ref().ok());
        let exclusions = exclusions.map_err(|wrong| {
            problems.extend(wrong.iter().map(|complaint| checked.exclusion(complaint)));
        });
        let read = (signatures, exclusions, enricher, problems.is_empty());
        let (Ok(signatures), Ok(exclusions), Ok(enricher), true) = read else {
            return Err(Problems(problems));
        };
        let warnings = match &self.document {
            Some(document) => checked.warnings(document.path(), identities, &exclusions, &signatures),
            None => Vec::new(),
        };
        drop(checked);
        let Self { config, .. } = self;
        Ok(Loaded { config, signatures: Arc::new(signatures), exclusions, enricher, identities, warnings })
    }
}

/// A configuration with all that it names, read and compiled.
#[derive(Debug)]
pub struct Loaded {
    /// What counts.
    pub config: Config,
    /// What is looked for.
    pub signatures: Arc<Signatures>,
    /// What is not reported.
    pub exclusions: Exclusions,
    /// What files of the operator say of addresses.
    pub enricher: Enricher,
    /// How names are kept.
    pub identities: Identities,
    /// What is likely to be a mistake.
    pub warnings: Vec<Problem>,
}

impl Loaded {
    /// Reads a configuration and all that it names; what the command line says wins. The old one stays as it is until
    /// the new one is complete.
    ///
    /// # Errors
    /// Something cannot be read or is not valid. All that is wrong is told at once.
    pub fn load(file: Option<&Path>, overrides: &Overrides) -> Result<Self, Problems> {
        Settled::read(file, overrides)?.load()
    }
}
