//! Reads heads, and what they tell of the bodies.

use bytes::{Buf as _, BytesMut};

use super::{Http, MAX_HEAD, State, Step};
use crate::transport::head::{Head, Length, Start};
use crate::transport::scan::{Scan, Scanned};
use crate::transport::{Asked, Utterance, What, work};
impl Http {
    /// `None` if the head is not complete.
    pub(super) fn head(
        &mut self,
        input: &mut &[u8],
        exchange: &mut dyn FnMut(&Start) -> Option<Asked>,
        out: &mut dyn FnMut(Utterance<'_>),
    ) -> Option<Step> {
        if self.held.is_empty() {
            let blank = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            *input = input.get(blank..).unwrap_or_default();
            // What is no HTTP any more must not be held until it looks like the end of a head.
            if !input.first()?.is_ascii_uppercase() {
                return Some(Step::Reopen);
            }
            self.scan = Scan::default();
        }
        let room = (MAX_HEAD + 1).saturating_sub(self.held.len()).min(input.len());
        let (taken, scanned) = self.scan.read(input.get(..room).unwrap_or_default());
        let (part, rest) = input.split_at(taken);
        *input = rest;
        self.held.extend_from_slice(part);
        if self.held.len() > MAX_HEAD {
            self.overlong += 1;
            self.held.clear();
            self.lose();
            return Some(Step::More);
        }
        match scanned {
            Scanned::More => return None,
            Scanned::Broken => return Some(self.give_up_line()),
            Scanned::End => {}
        }
        work::count(self.held.len());
        let Some(mut head) = Head::parse(&self.held) else { return Some(self.give_up_line()) };
        let bytes = self.held.len();
        self.held = BytesMut::new();
        let asked = exchange(&head.start);
        head.exchange = asked.map(|asked| asked.number);
        out(Utterance::Head(&head));
        Some(self.begin_body(head, bytes, asked, out))
    }

    /// The first line only looked like one, and must not look so again. If it is not complete, it never did.
    fn give_up_line(&mut self) -> Step {
        let line = self.held.iter().position(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        self.held.advance(line);
        Step::Reopen
    }

    /// How the body is delimited (RFC 9112, section 6.3).
    fn begin_body(
        &mut self,
        head: Head,
        bytes: usize,
        asked: Option<Asked>,
        out: &mut dyn FnMut(Utterance<'_>),
    ) -> Step {
        let upgrade = head.lists("upgrade", "websocket");
        let length = head.length();
        let asked = asked.map(|asked| asked.what);
        self.state = match (&head.start, asked) {
            (Start::Request { method, target }, _) if method == "CONNECT" => {
                out(Utterance::Target(target));
                return Step::Reopen;
            }
            (Start::Request { .. }, _) if upgrade && length == Length::Unsaid => return Step::WebSocket,
            (Start::Response { status: 101, .. }, _) if upgrade => return Step::WebSocket,
            (Start::Response { status: 200..=299, .. }, Some(What::Tunnel)) => return Step::Reopen,
            (Start::Response { status: 100..=199 | 204 | 304, .. }, _) | (_, Some(What::Head)) => {
                return Step::More;
            }
            (start, asked) => match (start, length) {
                (_, Length::Known(length)) => State::Sized(length),
                (_, Length::Chunked) => State::ChunkLine,
                (Start::Request { .. }, Length::Unsaid) => return Step::More,
                // A tunnel whose request was not seen.
                (Start::Response { .. }, Length::Unsaid)
                    if asked.is_none() && head.header("content-type").is_none() =>
                {
                    return Step::Reopen;
                }
                (Start::Response { .. }, Length::Unsaid | Length::Unclear) => State::Endless,
                (Start::Request { .. }, Length::Unclear) => {
                    out(Utterance::Unreadable);
                    self.lose();
                    return Step::More;
                }
            },
        };
        self.body.begin(head, bytes, out);
        Step::More
    }
}
