//! What the control socket is answered.

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::agent::Agent;
use super::files::files;
use crate::block::{Blocker, Wish};
use crate::control::{Asked, File, Interface, Output, Request, Status};
use crate::losses::{LOSSES, UNREAD};

/// The longest reason that is kept, in characters.
const REASON: usize = 1024;

/// Packets a second between the last two looks.
#[derive(Default)]
pub(super) struct Rate {
    latest: Option<(u64, Instant)>,
    per_second: f64,
}

impl Rate {
    pub(super) fn update(&mut self, packets: u64) {
        let now = Instant::now();
        if let Some((before, since)) = self.latest.replace((packets, now)) {
            #[expect(clippy::cast_precision_loss, reason = "a rate")]
            let more = packets.saturating_sub(before) as f64;
            self.per_second = more / now.duration_since(since).as_secs_f64().max(1e-3);
        }
    }
}

const OFF: &str = "nothing is blocked here: mode in [block] of the agent's configuration is \"observe\"; write \"dry-run\" or \
     \"enforce\", and start the agent anew";

impl Agent<'_> {
    /// Does what was asked, and answers.
    pub(super) fn answer(&mut self, asked: Asked) {
        let Asked { request, by, answer } = asked;
        if let Request::BlockPreview { target } = request {
            let refused = self.blocker.as_ref().and_then(|blocker| blocker.forbids(&target));
            let tables = self.watches.tables();
            tokio::task::spawn_blocking(move || {
                let preview =
                    tables.and_then(|tables| tables.preview(&target)).map_err(|error| error.to_string());
                let preview =
                    preview.and_then(|preview| value(&crate::control::Preview { refused, ..preview }));
                // Who asked may be gone.
                let _ = answer.send(preview);
            });
            return;
        }
        let _ = answer.send(self.done(request, &by));
    }

    fn done(&mut self, request: Request, by: &str) -> Result<Value, String> {
        if request == Request::Status {
            return value(&self.status());
        }
        let blocker = self.blocker.as_mut().ok_or(OFF)?;
        match request {
            Request::BlockAdd { target, reason, minutes } => {
                // Nothing of it is to look like another line of a log.
                let plain = |sign: char| if sign.is_control() { ' ' } else { sign };
                let reason: String = reason.chars().take(REASON).map(plain).collect();
                let wish = Wish { target, reason, by: by.to_owned(), minutes, case: None };
                value(&blocker.add(wish).map_err(|refusal| refusal.to_string())?)
            }
            Request::BlockList => list(blocker),
            Request::BlockRemove { id } => {
                value(&blocker.remove(id, by).map_err(|refusal| refusal.to_string())?)
            }
            Request::BlockPanic => value(&blocker.panic(by).map_err(|refusal| refusal.to_string())?),
            Request::BlockResume => value(&blocker.resume(by).map_err(|refusal| refusal.to_string())?),
            Request::Status | Request::BlockPreview { .. } => Err("answered elsewhere".to_owned()),
        }
    }

    fn status(&mut self) -> Status {
        let all = self.counters();
        let some = |names: &mut dyn Iterator<Item = &'static str>| -> BTreeMap<String, u64> {
            names
                .filter_map(|name| {
                    Some((name.to_owned(), all.get(name).copied().filter(|count| *count > 0)?))
                })
                .collect()
        };
        let desk = self.dispatch.counts();
        let outputs = self.dispatch.outputs().per_output().into_iter();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            uptime_s: self.started.elapsed().as_secs(),
            interfaces: self
                .interfaces
                .modes()
                .into_iter()
                .map(|one| Interface { name: one.name, mode: one.hook.name().to_owned(), reason: one.reason })
                .collect(),
            block: self.blocker.as_ref().and_then(|blocker| value(&blocker.state()).ok()),
            packets_per_second: self.rate.per_second,
            losses: some(&mut LOSSES.iter().map(|(name, _)| *name).chain(UNREAD)),
            counters: all.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
            kernel_bytes: self.program.memory().bytes(),
            resident_bytes: resident(),
            conversations: self.pipeline.conversations() as u64,
            cases: self.pipeline.cases() as u64,
            outputs: outputs
                .map(|output| Output {
                    name: output.name,
                    connected: output.connected,
                    written: output.written,
                    waiting: output.queue,
                    lost: output.lost + output.shed,
                    lag_s: output.lag,
                })
                .collect(),
            files: files(&desk.ages, Timestamp::now())
                .into_iter()
                .map(|file| File {
                    kind: file.kind.to_owned(),
                    name: file.name,
                    age_s: file.age.as_secs(),
                    entries: file.entries,
                })
                .collect(),
        }
    }
}

fn list(blocker: &Blocker) -> Result<Value, String> {
    #[derive(Serialize)]
    struct List {
        state: crate::block::State,
        blocks: Vec<crate::block::Listed>,
    }
    value(&List { state: blocker.state(), blocks: blocker.list() })
}

fn value(answer: &impl Serialize) -> Result<Value, String> {
    serde_json::to_value(answer).map_err(|error| error.to_string())
}

/// Bytes of memory of this process; 0 if the system does not tell.
fn resident() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").ok();
    let pages: Option<u64> = pages.and_then(|text| text.split_whitespace().nth(1)?.parse().ok());
    let size = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten();
    pages.unwrap_or(0) * size.and_then(|size| u64::try_from(size).ok()).unwrap_or(4096)
}
