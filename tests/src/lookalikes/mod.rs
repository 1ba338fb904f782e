//! Conversations that look like mining and are not: nothing may be reported of them.

mod binary;
mod http;
mod json_lines;
mod stratum;
mod websocket;

use crate::talk::Talk;

/// One conversation.
#[derive(Clone, Debug)]
pub struct Lookalike {
    /// What it is. Unique.
    pub title: &'static str,
    /// What is said.
    pub talk: Talk,
}

/// All of them.
#[must_use]
pub fn all() -> Vec<Lookalike> {
    let mut all = vec![Lookalike {
        title: "Electrum: a wallet at its server, whose protocol is called Stratum too",
        talk: Talk::new()
            .client(r#"{"id":0,"method":"server.version","params":["electrum/4.5",["1.4","1.4"]]}"#)
            .server(r#"{"id":0,"jsonrpc":"2.0","result":["ElectrumX 1.16.0","1.4"]}"#),
    }];
    all.extend(http::all());
    all.extend(stratum::all());
    all.extend(websocket::all());
    all.extend(json_lines::all());
    all.extend(binary::entries());
    all
}
