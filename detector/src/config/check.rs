use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::document::{Document, MOST_PROBLEMS, Places, Step};
use super::filters::{Unheard, unheard};
use super::{Config, repeated};
use crate::block::{Method, Mode};
use crate::exclude::{Complaint, Exclusions};
use crate::kernel::Wanted;
use crate::output::{self, Destination, Identities};
use crate::problem::Problem;
use crate::signature::Signatures;

/// A configuration of which is told what is wrong, and where.
pub(super) struct Checked<'a> {
    config: &'a Config,
    /// Where it says what, if it is of a file.
    places: Option<Places<'a>>,
}

impl<'a> Checked<'a> {
    pub(super) fn new(config: &'a Config, document: Option<&'a Document>) -> Self {
        Self { config, places: document.map(Document::places) }
    }

    pub(super) fn problem(&self, way: &[Step<'_>], message: &str) -> Problem {
        match &self.places {
            Some(places) => places.problem(way, message),
            None => Problem::whole(Path::new("command line"), message),
        }
    }

    pub(super) fn exclusion(&self, complaint: &Complaint) -> Problem {
        let Complaint { rule, key, message } = complaint;
        let way = [Step::Key("exclude"), Step::Index(*rule), Step::Key(key)];
        self.problem(if key.is_empty() { way.get(..2).unwrap_or_default() } else { &way }, message)
    }

    /// What in the file is likely to be a mistake.
    pub(super) fn warnings(
        &self,
        file: &Path,
        identities: Identities,
        exclusions: &Exclusions,
        signatures: &Signatures,
    ) -> Vec<Problem> {
        let privacy = self.config.privacy.warnings(file, identities).into_iter();
        let privacy =
            privacy.map(|(key, message)| self.problem(&[Step::Key("privacy"), Step::Key(key)], &message));
        let rules = exclusions.warnings(Timestamp::now());
        let more = rules.len().saturating_sub(MOST_PROBLEMS);
        let rules = rules.iter().take(MOST_PROBLEMS).map(|one| self.exclusion(one));
        let more =
            (more > 0).then(|| Problem::whole(file, format!("there are {more} more rules to look at")));
        let outputs = self.filters(signatures).into_iter().chain(self.tokens());
        privacy.chain(rules).chain(more).chain(outputs).collect()
    }

    fn filters(&self, signatures: &Signatures) -> Vec<Problem> {
        let unheard = unheard(&self.config.output, signatures).into_iter();
        let problem = |Unheard { output, key, message }| {
            let way = [Step::Key("output"), Step::Index(output), Step::Key("filter"), Step::Key(key)];
            self.problem(&way, &message)
        };
        unheard.map(problem).collect()
    }

    fn tokens(&self) -> Vec<Problem> {
        let outputs = self.config.output.iter().enumerate();
        let missing = outputs.filter_map(|(at, output)| {
            let error = output.check_token().err()?;
            let way = [Step::Key("output"), Step::Index(at), Step::Key("bearer-file")];
            Some(self.problem(&way, &error.to_string()))
        });
        missing.collect()
    }

    /// What is wrong in the configuration itself, though every value may stand where it stands.
    pub(super) fn contradictions(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let Config { capture, privacy, output, metrics, block, .. } = self.config;
        let interface = |at| [Step::Key("capture"), Step::Key("interfaces"), Step::Index(at)];
        if let Some((at, name)) = repeated(&capture.interfaces) {
            problems.push(self.problem(&interface(at), &format!("interface \"{name}\" is given twice")));
        }
        if let Some(at) = capture.interfaces.iter().position(String::is_empty) {
            problems
                .push(self.problem(&interface(at), "an interface has a name; write it between the quotes"));
        }
        for (at, text) in capture.interfaces.iter().enumerate() {
            if let Err(error) = text.parse::<Wanted>() {
                problems.push(self.problem(&interface(at), &error.to_string()));
            }
        }
        if privacy.salt.is_some() && privacy.salt_file.is_some() {
            let way = [Step::Key("privacy"), Step::Key("salt-file")];
            problems.push(self.problem(&way, "there are salt and salt-file; leave one of them out"));
        }
        if let Err(error) = output::check(output) {
            problems.push(self.problem(&[Step::Key("output")], &error.to_string()));
        }
        if let Err((key, message)) = block.check() {
            problems.push(self.problem(&[Step::Key("block"), Step::Key(key)], &message));
        }
        if capture.mirror && block.mode != Mode::Observe {
            let way = [Step::Key("block"), Step::Key("mode")];
            let message = "what is dropped on a mirror port is a copy, and the traffic goes on: write \"observe\" here, or take \
                 mirror out of [capture] if the traffic passes through this machine";
            problems.push(self.problem(&way, message));
        }
        if block.keeps() && block.backend == Method::Xdp && capture.pin.is_none() {
            let way = [Step::Key("block"), Step::Key("on-exit")];
            let message = "blocks outlive the agent only together with its program: name a directory as pin in [capture], \
                 write \"lift\" here, or take the backend \"nftables\"";
            problems.push(self.problem(&way, message));
        }
        if let Err(error) = metrics.check() {
            problems.push(self.problem(&[Step::Key("metrics"), Step::Key("listen")], &error.to_string()));
        }
        for (at, output) in output.iter().enumerate() {
            if let Err(error) = output.check_certificates() {
                let way = [Step::Key("output"), Step::Index(at), Step::Key("ca-file")];
                problems.push(self.problem(&way, &error.to_string()));
            }
        }
        problems.extend(self.places());
        problems
    }

    /// Files are made where they are to be, but directories are not.
    fn places(&self) -> Vec<Problem> {
        let Config { ledger, output, block, control, .. } = self.config;
        let file = |to: &Destination| match to {
            Destination::File(path) => Some(path.clone()),
            _ => None,
        };
        let outputs = output.iter().enumerate().map(|(at, output)| {
            (vec![Step::Key("output"), Step::Index(at), Step::Key("path")], file(&output.to))
        });
        let places = outputs.chain([
            (vec![Step::Key("ledger"), Step::Key("file")], ledger.file.clone()),
            (vec![Step::Key("block"), Step::Key("audit")], block.audit.clone()),
            (vec![Step::Key("control"), Step::Key("socket")], control.socket.clone()),
        ]);
        let wrong = |(way, path): (Vec<Step<'_>>, Option<PathBuf>)| {
            let path = path?;
            // systemd makes that of a service when it starts it, and takes it away with it.
            let made_at_start = path.ancestors().nth(2) == Some(Path::new("/run"));
            let is_socket = control.socket.as_ref() == Some(&path);
            let why = misplaced(&path).filter(|_| path.is_dir() || !is_socket || !made_at_start)?;
            Some(self.problem(&way, &why))
        };
        places.filter_map(wrong).collect()
    }
}

/// Why there can be no file at a path.
fn misplaced(path: &Path) -> Option<String> {
    if path.is_dir() {
        return Some(format!("{} is a directory; name a file in it", path.display()));
    }
    let directory = path.parent().filter(|directory| *directory != Path::new(""))?;
    (!directory.is_dir()).then(|| format!("there is no directory {}; make it first", directory.display()))
}
