//! The control socket: one JSON object a line to the running agent, and one back.

mod client;
mod config;
mod protocol;
mod server;

pub use client::{ClientError, ask};
pub use config::Config;
pub use protocol::{Answer, File, Interface, Output, Preview, Request, Seen, Status};
pub use server::{Asked, Server, ServerError};

/// Where the socket is if nobody says.
pub const SOCKET: &str = "/run/firedamp/control.sock";
