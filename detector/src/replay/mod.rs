//! Running captures through the detector instead of live packets: [`capture`] reads them,
//! [`engine`] is the recogniser in the kernel or in this process, [`run`] ties them together, and
//! [`trial`] tells what the tokens of the signatures find.

pub mod capture;
pub mod engine;
mod progress;
mod run;
mod trial;

pub use run::{LONGEST, Options, Summary, run};
pub use trial::{Found, TrialSummary, Unjudged, trial};
