//! Running captures through the detector instead of live packets: [`capture`] reads them,
//! [`engine`] is the recogniser in the kernel or in this process, [`run`] ties them together.

pub mod capture;
pub mod engine;
mod progress;
mod run;

pub use run::{LONGEST, Options, Summary, run};
