//! What becomes of a record off the detection path: enriched, excluded or not, kept in the ledger on disk, and handed to
//! the outputs.

mod dossier;

pub use dossier::Dossier;
