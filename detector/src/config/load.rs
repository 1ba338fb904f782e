use std::fmt;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::document::{Document, Step};
use super::{Config, Overrides, repeated};
use crate::enrich::Enricher;
use crate::exclude::{Complaint, Exclusions};
use crate::output::{self, Destination, Identities};
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
        let mut problems = self.contradictions();
        let config = &self.config;
        let identities = config.privacy.identities().unwrap_or_else(|message| {
            problems.push(self.problem(&[Step::Key("privacy"), Step::Key("salt-file")], message));
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
            problems.extend(wrong.into_iter().map(|complaint| self.exclusion(complaint)));
        });
        let read = (signatures, exclusions, enricher, problems.is_empty());
        let (Ok(signatures), Ok(exclusions), Ok(enricher), true) = read else {
            return Err(Problems(problems));
        };
        let warnings = match &self.document {
            Some(_) => self.warnings(identities, &exclusions),
            None => Vec::new(),
        };
        let Self { config, .. } = self;
        Ok(Loaded { config, signatures: Arc::new(signatures), exclusions, enricher, identities, warnings })
    }

    /// What in the file is likely to be a mistake.
    fn warnings(&self, identities: Identities, exclusions: &Exclusions) -> Vec<Problem> {
        let privacy = self.config.privacy.warnings(identities).into_iter();
        let privacy =
            privacy.map(|(key, message)| self.problem(&[Step::Key("privacy"), Step::Key(key)], message));
        let rules = exclusions.warnings(Timestamp::now()).into_iter().map(|one| self.exclusion(one));
        privacy.chain(rules).collect()
    }

    /// What is wrong in the configuration itself, though every value may stand where it stands.
    fn contradictions(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let Config { capture, privacy, output, .. } = &self.config;
        let interface = |at| [Step::Key("capture"), Step::Key("interfaces"), Step::Index(at)];
        if let Some((at, name)) = repeated(&capture.interfaces) {
            problems.push(self.problem(&interface(at), format!("interface \"{name}\" is given twice")));
        }
        if let Some(at) = capture.interfaces.iter().position(String::is_empty) {
            problems
                .push(self.problem(&interface(at), "an interface has a name; write it between the quotes"));
        }
        if privacy.salt.is_some() && privacy.salt_file.is_some() {
            let way = [Step::Key("privacy"), Step::Key("salt-file")];
            problems.push(self.problem(&way, "there are salt and salt-file; leave one of them out"));
        }
        if let Err(error) = output::check(output) {
            problems.push(self.problem(&[Step::Key("output")], error.to_string()));
        }
        problems.extend(self.places());
        problems
    }

    /// Files are made where they are to be, but directories are not.
    fn places(&self) -> Vec<Problem> {
        let Config { ledger, output, .. } = &self.config;
        let file =
            |to: &Destination| if let Destination::File(path) = to { Some(path.clone()) } else { None };
        let outputs = output.iter().enumerate().map(|(at, output)| {
            (vec![Step::Key("output"), Step::Index(at), Step::Key("path")], file(&output.to))
        });
        let places = outputs.chain([(vec![Step::Key("ledger"), Step::Key("file")], ledger.file.clone())]);
        let missing = places.filter_map(|(way, path)| {
            let path = path?;
            let directory = path.parent().filter(|directory| *directory != Path::new(""))?;
            let message = format!("there is no directory {}; make it first", directory.display());
            (!directory.is_dir()).then(|| self.problem(&way, message))
        });
        missing.collect()
    }

    fn exclusion(&self, complaint: Complaint) -> Problem {
        let Complaint { rule, key, message } = complaint;
        let way = [Step::Key("exclude"), Step::Index(rule), Step::Key(key)];
        self.problem(if key.is_empty() { way.get(..2).unwrap_or_default() } else { &way }, message)
    }

    fn problem(&self, way: &[Step<'_>], message: impl Into<String>) -> Problem {
        match &self.document {
            Some(document) => document.problem(way, message),
            None => Problem::whole(Path::new("command line"), message),
        }
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
