//! A JSON-RPC service over TCP that has nothing to do with mining, but looks a little like it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::Value;

use super::line::{Heard, LineStream};
use super::{Simulator, TICK, accept_until, connect, listen, long};
use crate::lab::Namespace;

/// Method and parameters of the questions, asked in turn: a user database, a login that is no
/// miner's, and a wallet server of the kind that also calls its protocol "Stratum" (Electrum).
const QUESTIONS: [(&str, &str); 6] = [
    ("login", r#"{"user":"alice","password":"correct horse"}"#),
    ("getUser", r#"{"id":7,"fields":["name","job","worker"]}"#),
    ("server.version", r#"["4.5.5","1.4"]"#),
    ("blockchain.headers.subscribe", "[]"),
    ("submit", r#"{"form":"holiday","days":3}"#),
    ("job.status", r#"{"job_id":"nightly-build"}"#),
];

/// Answers the service gave.
#[derive(Debug, Default)]
pub struct Benign(AtomicU64);

impl Benign {
    /// How many so far.
    #[must_use]
    pub fn answers(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Starts the service in `namespace`; it accepts connections when this returns.
///
/// # Errors
/// The address is not in the namespace or in use.
pub fn rpc_service(namespace: &Namespace, at: SocketAddr) -> Result<Simulator<Benign>> {
    let listener = listen(namespace, at)?;
    Simulator::start(namespace, "rpc-service", Benign::default(), move |benign, stop| {
        thread::scope(|scope| {
            accept_until(&listener, stop, |stream| {
                scope.spawn(move || -> Result<()> {
                    let mut client = LineStream::new(stream)?;
                    while !stop.wanted() {
                        match client.hear(TICK)? {
                            Heard::Line(line) => {
                                client.say(&answer(&line))?;
                                benign.0.fetch_add(1, Ordering::Relaxed);
                            }
                            Heard::Nothing => {}
                            Heard::Closed => break,
                        }
                    }
                    Ok(())
                });
                Ok(())
            })
        })
    })
}

/// Starts a client in `namespace` that asks one question after the other, `pause` apart, and
/// connects anew after each round. It counts the answers.
///
/// # Errors
/// The thread cannot be started.
pub fn rpc_client(
    namespace: &Namespace,
    from: SocketAddr,
    to: SocketAddr,
    pause: Duration,
) -> Result<Simulator<Benign>> {
    Simulator::start(namespace, "rpc-client", Benign::default(), move |benign, stop| {
        let mut id = 0;
        while !stop.wanted() {
            let mut service = LineStream::new(connect(from, to)?)?;
            for (method, params) in QUESTIONS {
                id += 1;
                service.say(&format!(
                    r#"{{"jsonrpc":"2.0","method":"{method}","params":{params},"id":{id}}}"#
                ))?;
                let Heard::Line(_) = service.hear(long())? else { bail!("no answer to {method}") };
                benign.0.fetch_add(1, Ordering::Relaxed);
                stop.sleep(pause);
                if stop.wanted() {
                    break;
                }
            }
        }
        Ok(())
    })
}

fn answer(line: &str) -> String {
    let id =
        serde_json::from_str::<Value>(line).ok().and_then(|mut object| object.get_mut("id").map(Value::take));
    let id = id.unwrap_or(Value::Null);
    format!(
        r#"{{"jsonrpc":"2.0","result":{{"name":"Alice","status":"OK","job":"miner of data"}},"id":{id}}}"#
    )
}
