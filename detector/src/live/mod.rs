//! The agent on live interfaces: [`run`] attaches the program, drains its ring into the pipeline
//! and writes records until it is told to stop.

mod agent;
mod clock;
mod control;
mod files;
mod health;
mod interfaces;
mod reload;
mod run;
mod supervisor;

pub use run::{Origin, Start, run};
