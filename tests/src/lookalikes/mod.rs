//! Conversations that look like mining and are not: nothing may be reported of them.

#![expect(clippy::too_many_lines, reason = "lists of conversations")]

mod binary;
mod chat;
mod developers;
mod devices;
mod exchanges;
mod files;
mod framing;
mod http;
mod json_lines;
mod nodes;
mod pages;
mod puzzles;
mod queues;
mod remote;
mod sockets;
mod stores;
mod stratum;
mod telemetry;
mod wallets;
mod websocket;
mod wire;

use crate::talk::Talk;

/// One conversation.
#[derive(Clone, Debug)]
pub struct Lookalike {
    /// What it is. Unique.
    pub title: &'static str,
    /// What is said.
    pub talk: Talk,
}

impl Lookalike {
    fn new(title: &'static str, talk: Talk) -> Self {
        Self { title, talk }
    }
}

/// All of them.
#[must_use]
pub fn all() -> Vec<Lookalike> {
    [
        binary::entries(),
        chat::all(),
        developers::all(),
        devices::all(),
        exchanges::all(),
        files::all(),
        framing::all(),
        http::all(),
        json_lines::all(),
        nodes::all(),
        pages::all(),
        puzzles::all(),
        queues::all(),
        remote::all(),
        sockets::all(),
        stores::all(),
        stratum::all(),
        telemetry::all(),
        wallets::all(),
        websocket::all(),
    ]
    .concat()
}
