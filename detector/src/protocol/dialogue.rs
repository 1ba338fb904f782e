use detector_common::flow::Direction;
use jiff::Timestamp;

use super::finding::{Fact, Finding, Kind};
use super::frames::Frames;
use super::http::{Habit, Http};
use super::message::Message;
use super::outstanding::{Ask, Early, Outstanding};
use super::tunnel::Tunnels;
use super::{
    beam, ckb, coinhive, cryptonote, dero, duino, eth_proxy, eth_websocket, grin, ironfish, merge_mining,
    nimiq, qubic, socket_io, stratum, webminerpool, xelis_getwork, zkrush,
};
use crate::judge::{Excerpt, Protocol, Side, Source, Stage};
use crate::transport::{Head, Utterance};

/// Messages that are read of one line.
const MAX_BATCH: usize = 64;

/// Methods without a prefix that mining dialects use: not foreign even if their form is unknown.
const BARE_METHODS: [&str; 15] = [
    "login",
    "submit",
    "job",
    "keepalived",
    "keepalive",
    "getjob",
    "getjobtemplate",
    "status",
    "solution",
    "result",
    "cancel",
    "getwork",
    "set_extranonce",
    "authorize",
    "notify",
];

/// What an utterance says.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// Nothing for or against mining.
    Nothing,
    /// Messages, of which some may say nothing about mining.
    Findings(Vec<Finding>),
    /// Something that has no place in a mining conversation.
    Foreign,
}

/// What was said before and is understood only now.
#[derive(Debug)]
pub struct Met {
    /// In which direction it was said.
    pub direction: Direction,
    /// What it says.
    pub finding: Finding,
    /// The message.
    pub excerpt: Option<Excerpt>,
}

/// Understands the lines of both sides, and which response answers which request.
#[derive(Debug, Default)]
pub struct Dialogue {
    outstanding: Outstanding,
    /// What early answers say, since their requests are known.
    met: Vec<Met>,
    /// What is read is another copy of bytes that were read before.
    again: bool,
    now: Timestamp,
    stratum: stratum::Session,
    works: [eth_proxy::Works; 2],
    duino: duino::Duino,
    /// The family of the jobs that were sent in this direction.
    jobs: [Option<Protocol>; 2],
    /// Whether a miner's message was sent in this direction.
    miner: [bool; 2],
    tunnels: Tunnels,
    /// Answers of one side to requests of mining of the other.
    paired: u32,
    http: Http,
    /// The direction that answers a handshake of TLS with something else.
    refused_tls: Option<Direction>,
    dropped: u64,
    frames: Frames,
}

impl Dialogue {
    /// Reads a line that another copy of the bytes of `direction` has. A share with the id of one that is not answered yet
    /// is no other: the pool has got one of the two.
    pub fn hear_copy(&mut self, direction: Direction, line: &[u8]) -> Heard {
        self.again = true;
        let heard = self.hear(direction, Utterance::Line(line));
        self.again = false;
        heard
    }

    /// It is `now`: answers wait only a while for their requests.
    pub const fn pass(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// What was said before and can be understood only since the last message was heard: answers that were read before their
    /// requests.
    pub fn met(&mut self) -> Vec<Met> {
        std::mem::take(&mut self.met)
    }

    /// Reads what was said in `direction`.
    pub fn hear(&mut self, direction: Direction, said: Utterance<'_>) -> Heard {
        match said {
            Utterance::Line(text) => match Message::read(text) {
                Some(messages) => {
                    self.http.line(direction, &messages);
                    self.messages(direction, said, &messages)
                }
                None => self.text(direction, text),
            },
            Utterance::Overheard(by, line) => self.hear(by, Utterance::Line(line)),
            Utterance::Message(text) => self.websocket(direction, said, text),
            Utterance::Head(head) => match connect(head) {
                Some(finding) => heard(Some(finding)),
                None => self.http.head(direction, head),
            },
            Utterance::Body(head, body) => self.http.body(direction, head, body),
            Utterance::Target(target) => heard(self.tunnels.target(direction, target)),
            Utterance::Unreadable => heard(self.tunnels.unreadable(direction)),
            Utterance::Frame(frame) => heard(self.frames.hear(direction, frame)),
        }
    }

    /// The other direction opened as TLS, and `direction` did not answer so.
    pub const fn refuses_tls(&mut self, direction: Direction) {
        self.refused_tls = Some(direction);
    }

    /// An HTTP response came in `direction` whose request was not seen: what the line before it says in the other one,
    /// because it was the body of that request.
    pub fn unasked(&mut self, direction: Direction) -> Vec<Finding> {
        self.http.unasked(direction)
    }

    /// Whether the answer to a request for work is to come in `direction`.
    #[must_use]
    pub fn awaits(&self, direction: Direction) -> bool {
        self.http.awaits(direction)
    }

    /// The requests for work over HTTP that ordinary tools make once.
    #[must_use]
    pub const fn habit(&self) -> Option<Habit> {
        self.http.habit()
    }

    fn websocket(&mut self, direction: Direction, said: Utterance<'_>, text: &[u8]) -> Heard {
        if let Some(finding) = xelis_getwork::word(text) {
            return heard(Some(finding));
        }
        match socket_io::read(text).or_else(|| Message::read(text)) {
            Some(messages) if messages.is_empty() => Heard::Nothing,
            Some(messages) => self.messages(direction, said, &messages),
            None => self.text(direction, text),
        }
    }

    fn messages(&mut self, direction: Direction, said: Utterance<'_>, messages: &[Message]) -> Heard {
        let source = Source::new(self.now, direction, said);
        self.dropped += messages.len().saturating_sub(MAX_BATCH) as u64;
        let mut foreign = false;
        let mut findings = Vec::new();
        for message in messages.iter().take(MAX_BATCH) {
            if let Some(finding) = self.plain(direction, message) {
                findings.push(finding);
            } else if !message.is_rpc() {
                foreign = true;
            } else if message.is_answer() {
                findings.extend(self.answer(direction, message, &source));
            } else if let Some(method) = message.method() {
                let finding = self.request(direction, method, message);
                if finding.is_none() && is_foreign(method) {
                    foreign = true;
                    self.await_answer(direction, message, Ask::Foreign);
                }
                findings.extend(finding);
            }
        }
        if foreign && findings.is_empty() { Heard::Foreign } else { Heard::Findings(findings) }
    }

    /// A line that is no JSON.
    fn text(&mut self, direction: Direction, line: &[u8]) -> Heard {
        let heard = self.duino.hear(direction, line);
        self.paired = self.paired.saturating_add(self.duino.take_answered());
        if let Heard::Findings(findings) = &heard {
            for finding in findings {
                self.remember(direction, finding);
            }
        }
        heard
    }

    /// An object that is no JSON-RPC.
    fn plain(&mut self, direction: Direction, message: &Message) -> Option<Finding> {
        let numbered = qubic::plain(message).or_else(|| zkrush::plain(message));
        let (mut finding, ask) = numbered.or_else(|| Some((plain(message)?, Ask::Other)))?;
        if ask != Ask::Other {
            self.ask(direction, message, ask, &mut finding);
        }
        self.remember(direction, &finding);
        Some(finding)
    }

    /// Answers of one side to requests of mining of the other.
    #[must_use]
    pub const fn paired(&self) -> u32 {
        self.paired
    }

    /// Messages that were not read because there were too many in one line.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped + self.http.dropped()
    }

    fn request(&mut self, direction: Direction, method: &str, message: &Message) -> Option<Finding> {
        let alone = self.alone(direction);
        let (mut finding, ask) = ironfish::request(method, message, alone)
            .or_else(|| self.stratum.request(method, message))
            .or_else(|| beam::request(method, message))
            .or_else(|| grin::request(method, message))
            .or_else(|| cryptonote::request(method, message))
            .or_else(|| ckb::request(method, message))
            .or_else(|| eth_proxy::request(method, message))
            .or_else(|| eth_websocket::request(method, message))
            .or_else(|| merge_mining::request(method, message))?;
        self.ask(direction, message, ask, &mut finding);
        self.remember(direction, &finding);
        Some(finding)
    }

    /// Remembers a request until it is answered, or lets it meet an answer that was read before it. A share that was
    /// counted already counts no more.
    fn ask(&mut self, direction: Direction, message: &Message, ask: Ask, finding: &mut Finding) {
        let Some(id) = message.id() else { return };
        let counted = self.again && self.outstanding.awaits_share(direction, &id);
        let early = self.outstanding.met(self.now, direction, &id);
        if counted || matches!(early, Some(Early::Counted)) {
            finding.facts.retain(|fact| *fact != Fact::Submitted);
            return;
        }
        self.outstanding.add(direction, id, ask);
        if let Some(Early::Unread(answer, excerpt)) = early {
            let answerer = direction.reverse();
            let finding = self.answer(answerer, &answer, &Source::of(excerpt.clone()));
            self.met.extend(finding.map(|finding| Met { direction: answerer, finding, excerpt }));
        }
    }

    fn await_answer(&mut self, direction: Direction, message: &Message, ask: Ask) {
        if let Some(id) = message.id() {
            self.outstanding.add(direction, id, ask);
        }
    }

    fn answer(&mut self, direction: Direction, message: &Message, source: &Source<'_>) -> Option<Finding> {
        let ask = message.id().and_then(|id| self.outstanding.answered(direction, &id));
        let finding = self.understand(direction, message, ask);
        if ask.is_none()
            && let Some(id) = message.id()
        {
            match &finding {
                None if message.is_short() => {
                    let early = Early::Unread(message.clone(), source.excerpt());
                    self.outstanding.keep(self.now, direction, id, early);
                }
                Some(finding) if finding.facts.contains(&Fact::Submitted) => {
                    self.outstanding.keep(self.now, direction, id, Early::Counted);
                }
                _ => {}
            }
        }
        finding
    }

    /// Reads an answer to `ask`, or to a request that was not seen.
    fn understand(&mut self, direction: Direction, message: &Message, ask: Option<Ask>) -> Option<Finding> {
        let foreign = ask == Some(Ask::Foreign);
        self.paired = self.paired.saturating_add(u32::from(ask.is_some() && !foreign));
        let ask = ask.filter(|_| !foreign);
        let here = direction as usize;
        let jobs = self.jobs.get(here).copied().flatten();
        let working = jobs.is_some();
        let alone = self.alone(direction);
        let of = |family: Protocol| alone && jobs == Some(family);
        let finding = stratum::answer(ask, message)
            .or_else(|| beam::answer(ask, message, of(Protocol::Beam)))
            .or_else(|| grin::answer(ask, message, working, alone))
            .or_else(|| cryptonote::answer(ask, message, of(Protocol::CryptoNote)))
            .or_else(|| ckb::answer(ask, message))
            .or_else(|| ironfish::answer(ask, message))
            .or_else(|| qubic::answer(ask, message))
            .or_else(|| merge_mining::answer(ask, message))
            .or_else(|| self.works.get_mut(here).filter(|_| !foreign)?.answer(ask, message))
            .or_else(|| self.http.refusal(direction, message))
            .or_else(|| self.refusal(direction, message))?;
        self.remember(direction, &finding);
        Some(finding)
    }

    /// Whether jobs were sent in this direction and the miner is out of sight, so that an OK can only be for a share.
    fn alone(&self, direction: Direction) -> bool {
        let jobs = self.jobs.get(direction as usize).copied().flatten();
        let miner = self.miner.get(direction.reverse() as usize).copied().unwrap_or_default();
        jobs.is_some() && !miner
    }

    /// What answers a handshake of TLS.
    fn refusal(&self, direction: Direction, message: &Message) -> Option<Finding> {
        let refused = self.refused_tls == Some(direction) && stratum::refuses(message);
        refused.then(|| Finding::pool(Protocol::StratumV1, Kind::TLS_REFUSED).stage(Stage::Attempt))
    }

    fn remember(&mut self, direction: Direction, finding: &Finding) {
        if finding.facts.contains(&Fact::Job)
            && let Some(family) = self.jobs.get_mut(direction as usize)
        {
            *family = Some(finding.protocol.family());
        }
        if let Some(seen) = self.miner.get_mut(direction as usize) {
            *seen |= finding.side == Side::Miner;
        }
    }
}

fn heard(finding: Option<Finding>) -> Heard {
    finding.map_or(Heard::Nothing, |finding| Heard::Findings(vec![finding]))
}

/// Reads the head of an HTTP request that opens a conversation over WebSocket.
fn connect(head: &Head) -> Option<Finding> {
    dero::connect(head).or_else(|| xelis_getwork::connect(head))
}

/// Reads a message over WebSocket that is no JSON-RPC.
fn plain(message: &Message) -> Option<Finding> {
    coinhive::plain(message)
        .or_else(|| webminerpool::plain(message))
        .or_else(|| dero::plain(message))
        .or_else(|| nimiq::plain(message))
        .or_else(|| xelis_getwork::plain(message))
}

fn is_foreign(method: &str) -> bool {
    let dialect = ["mining.", "client."].iter().any(|prefix| method.starts_with(prefix));
    !dialect && !BARE_METHODS.contains(&method)
}
