//! Mining over HTTP: what is asked of a pool or a node, and what it answers.
//!
//! Only these families are consulted for the messages of HTTP, and they for nothing else: a page that quotes Stratum is
//! none of them.

mod ask;
mod block_template;
mod chia;
mod client;
mod daemon;
mod ether;
mod getwork;
mod gram;
mod kadena;
mod merge_mining;
mod sia;
mod signum;

use std::collections::VecDeque;

use ask::{Ask, Asked, Said};
use detector_common::flow::Direction;
use serde_json::Value;

use super::dialogue::Heard;
use super::finding::{Finding, Kind};
use super::message::{Id, Message};
use super::stratum;
use crate::judge::{Protocol, Stage};
use crate::transport::Head;

/// Messages that are read of one body.
const MAX_BATCH: usize = 64;

/// Requests of which the responses are awaited.
const MAX_ASKED: usize = 16;

impl Kind {
    /// Who asks for work that ordinary tools ask for once.
    pub(crate) const REPEATED: Self = Self::feature(
        "repeated-requests",
        "asks for work again and again: a solo miner, or a pool at its node",
        6.5,
    );
}

/// Requests for work that ordinary tools make once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habit {
    /// The direction in which they were sent.
    pub asker: Direction,
    /// The protocol of the last.
    pub protocol: Protocol,
    /// How many there were.
    pub requests: u64,
    /// How many of them the server answered with not knowing the method: whoever is told so mines nothing.
    pub refused: u64,
}

/// The requests and responses of a connection.
#[derive(Debug, Default)]
pub(super) struct Http {
    asked: VecDeque<Asked>,
    /// The number of the last request, whatever it asks.
    latest: Option<u32>,
    /// What the last line would say if it was the body of a request whose head was not seen.
    line: Option<(Asked, Vec<Finding>)>,
    habit: Option<Habit>,
    dropped: u64,
}

impl Http {
    /// Reads a head.
    pub(super) fn head(&mut self, direction: Direction, head: &Head) -> Heard {
        let mut findings = Vec::new();
        if head.request().is_none() {
            // What was asked before it was answered in a body that could not be read.
            let older = |asked: &Asked| asked.asker != direction && asked.number < head.exchange;
            self.asked.retain(|asked| head.exchange.is_none() || asked.number.is_none() || !older(asked));
            findings.extend(getwork::response_head(head));
            return Heard::Findings(findings);
        }
        self.latest = head.exchange;
        findings.extend(getwork::request_head(head).map(|finding| client::describe(finding, head)));
        if head.announces_body() {
            return Heard::Findings(findings);
        }
        let said: Vec<_> = path(head, None).into_iter().map(|said| (None, said)).collect();
        findings.extend(self.ask(direction, Some(head), said));
        Heard::Findings(findings)
    }

    /// Reads a body.
    pub(super) fn body(&mut self, direction: Direction, head: &Head, body: &[u8]) -> Heard {
        if head.request().is_none() {
            return Heard::Findings(self.answer(direction, head, body));
        }
        let said = path(head, Some(body));
        if said.is_some() {
            let said = said.into_iter().map(|said| (None, said)).collect();
            return Heard::Findings(self.ask(direction, Some(head), said));
        }
        let messages = messages(body);
        self.dropped += messages.len().saturating_sub(MAX_BATCH) as u64;
        let said = calls(&messages);
        if said.is_empty() && messages.iter().filter_map(Message::method).any(ether::is_foreign) {
            return Heard::Foreign;
        }
        Heard::Findings(self.ask(direction, Some(head), said))
    }

    /// Remembers a line: it may be the body of a request whose head was not seen.
    pub(super) fn line(&mut self, direction: Direction, messages: &[Message]) {
        let said = calls(messages);
        if said.is_empty() {
            return;
        }
        let (asks, findings) = said.into_iter().map(|(id, said)| ((id, said.ask), said.finding)).unzip();
        self.line = Some((Asked { number: None, asker: direction, asks }, findings));
    }

    /// A response came in `direction` whose request was not seen: what the line before it said, as the body of that
    /// request.
    pub(super) fn unasked(&mut self, direction: Direction) -> Vec<Finding> {
        let Some((asked, findings)) = self.line.take().filter(|(asked, _)| asked.asker != direction) else {
            return Vec::new();
        };
        self.remember(asked);
        findings
    }

    /// A line that answers a request over HTTP: a server of Stratum says that it does not understand.
    pub(super) fn refusal(&mut self, direction: Direction, message: &Message) -> Option<Finding> {
        let asked = self.asked.back().filter(|asked| asked.asker != direction)?;
        let template = asked.asks.iter().any(|(_, ask)| matches!(ask, Ask::Template | Ask::MiningTemplate));
        let protocol = if template { Protocol::GetBlockTemplate } else { Protocol::GetWork };
        let finding = Finding::pool(protocol, Kind::POOL_ERROR).stage(Stage::Attempt);
        stratum::refuses(message).then_some(finding)
    }

    /// Whether a response to a request for work is to come in `direction`.
    pub(super) fn awaits(&self, direction: Direction) -> bool {
        let last = self.asked.back().filter(|asked| asked.asker != direction);
        last.is_some_and(|asked| asked.number.is_none() || asked.number == self.latest)
    }

    /// The requests for work so far that ordinary tools make once.
    pub(super) const fn habit(&self) -> Option<Habit> {
        self.habit
    }

    /// Messages that were not read because there were too many in one body.
    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Remembers what was asked, and gives what it says together with its head.
    fn ask(
        &mut self,
        direction: Direction,
        head: Option<&Head>,
        said: Vec<(Option<Id>, Said)>,
    ) -> Vec<Finding> {
        if said.is_empty() {
            return Vec::new();
        }
        let habits = said.iter().filter(|(_, said)| said.habit);
        if let Some((_, last)) = habits.clone().next_back() {
            let requests = habits.count() as u64 + self.habit.map_or(0, |habit| habit.requests);
            let refused = self.habit.map_or(0, |habit| habit.refused);
            self.habit = Some(Habit { asker: direction, protocol: last.finding.protocol, requests, refused });
        }
        let asks = said.iter().map(|(id, said)| (id.clone(), said.ask)).collect();
        self.remember(Asked { number: head.and_then(|head| head.exchange), asker: direction, asks });
        said.into_iter()
            .map(|(_, said)| match head {
                Some(head) => client::describe(said.finding, head),
                None => said.finding,
            })
            .collect()
    }

    fn remember(&mut self, asked: Asked) {
        if self.asked.len() >= MAX_ASKED {
            self.asked.pop_front();
        }
        self.asked.push_back(asked);
    }

    /// Reads the body of a response.
    fn answer(&mut self, direction: Direction, head: &Head, body: &[u8]) -> Vec<Finding> {
        let place =
            self.asked.iter().position(|asked| asked.asker != direction && asked.number == head.exchange);
        // What was asked before it is answered or lost.
        let asked = place.and_then(|place| self.asked.drain(..=place).next_back());
        if asked.is_none() && head.exchange.is_some() {
            // It answers something else.
            return Vec::new();
        }
        let asks = asked.map(|asked| asked.asks).unwrap_or_default();
        let whole = asks.iter().find(|(id, _)| id.is_none()).map(|(_, ask)| *ask);
        if let Some(finding) = whole.and_then(|ask| binary(ask, head, body)) {
            return vec![finding];
        }
        let messages = messages(body);
        self.dropped += messages.len().saturating_sub(MAX_BATCH) as u64;
        let seen = !asks.is_empty();
        let answer = |message: &Message| {
            if !message.is_answer() {
                return plain(whole, message);
            }
            let id = message.id();
            let ask = asks.iter().find(|(known, _)| known.is_some() && *known == id).map(|(_, ask)| *ask);
            // A server may leave the id out, or make its own.
            let only = || asks.first().filter(|_| asks.len() == 1).map(|(_, ask)| *ask);
            let ask = ask.or_else(only);
            if seen && ask.is_none() { None } else { result(ask, message).or_else(|| plain(ask, message)) }
        };
        let findings = messages.iter().take(MAX_BATCH).filter_map(answer).collect();
        if let Some(habit) = &mut self.habit {
            let refused = messages.iter().filter(|message| is_unknown_method(message)).count() as u64;
            let asked = asks.iter().filter(|(_, ask)| ask.is_for_work()).count() as u64;
            habit.refused = habit.requests.min(habit.refused + refused.min(asked));
        }
        findings
    }
}

/// Whether a server does not know the method (JSON-RPC 2.0).
fn is_unknown_method(message: &Message) -> bool {
    let code = message.error().and_then(|error| error.get("code")).and_then(Value::as_i64);
    code == Some(-32601)
}

/// The messages of a body, without white space and a byte order mark before them.
fn messages(body: &[u8]) -> Vec<Message> {
    let body = body.trim_ascii();
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    Message::read(text).unwrap_or_default()
}

/// What the calls among the messages of a body say, with their ids.
fn calls(messages: &[Message]) -> Vec<(Option<Id>, Said)> {
    let rpc = messages.iter().take(MAX_BATCH).filter(|message| message.is_rpc() && !message.is_answer());
    rpc.filter_map(|message| Some((message.id(), call(message.method()?, message)?))).collect()
}

/// Reads a call of JSON-RPC.
fn call(method: &str, message: &Message) -> Option<Said> {
    getwork::request(method, message)
        .or_else(|| daemon::request(method, message))
        .or_else(|| block_template::request(method, message))
        .or_else(|| merge_mining::request(method, message))
        .or_else(|| ether::request(method, message))
}

/// Reads a request that is told by its path.
fn path(head: &Head, body: Option<&[u8]>) -> Option<Said> {
    signum::request(head)
        .or_else(|| kadena::request(head, body))
        .or_else(|| sia::request(head, body))
        .or_else(|| chia::request(head, body))
        .or_else(|| gram::request(head, body))
        .or_else(|| daemon::poll(head))
}

/// Reads an answer of JSON-RPC. `ask` is what it answers, if the request was seen.
fn result(ask: Option<Ask>, message: &Message) -> Option<Finding> {
    getwork::answer(ask, message)
        .or_else(|| daemon::answer(ask, message))
        .or_else(|| merge_mining::answer(ask, message))
        .or_else(|| block_template::answer(ask, message))
        .or_else(|| ether::answer(ask, message))
}

/// Reads an answer that is a JSON object of its own.
fn plain(ask: Option<Ask>, message: &Message) -> Option<Finding> {
    signum::answer(ask, message).or_else(|| chia::answer(ask, message)).or_else(|| gram::answer(ask, message))
}

/// Reads an answer that is not JSON.
fn binary(ask: Ask, head: &Head, body: &[u8]) -> Option<Finding> {
    sia::answer(ask, head, body).or_else(|| kadena::answer(ask, head, body))
}
