//! Blocking: what is dropped, by whose decision, why and until when. Off unless the operator asks for it.
//!
//! A [`Target`] is blocked by the [`Blocker`], which refuses what must not be blocked ([`Protected`]) or is too much, keeps
//! the [`Book`] of what is wanted, brings the [`Backend`] to it, and writes every action to the [`Audit`] log. What the
//! kernel does is read back from it and never taken for granted.

mod audit;
mod backend;
mod barrier;
mod blocker;
mod book;
mod clocks;
mod config;
mod decision;
mod history;
mod journal;
mod listed;
mod nftables;
mod notice;
mod protected;
mod share;
mod surroundings;
mod target;
#[cfg(test)]
mod tests;

pub use audit::{Action, Audit, AuditError};
pub use backend::Backend;
pub use blocker::{BlockError, Blocker};
pub use book::{Book, Entry, Refusal, Wish};
pub use config::{Config, Mode, OnExit, Scope};
pub use decision::Decision;
use history::History;
use journal::Journal;
pub use listed::{Effective, Listed, State};
pub use nftables::{
    Hook, Method, NftError, Nftables, Totals, remove as remove_table, version as nft_version,
};
pub use notice::{Incident, Notice};
pub use protected::Protected;
pub use surroundings::{Surroundings, Unseen};
pub use target::Target;
