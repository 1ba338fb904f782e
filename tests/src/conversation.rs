//! The packets of a whole TCP conversation, made from the lines that two sides say.

use std::net::SocketAddr;

use crate::packet::{ACK, FIN, Frame, PSH, SYN};

/// Who says a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The side that opened the connection; in mining almost always the miner.
    Client,
    /// The side that accepted it.
    Server,
}

/// One line of a protocol, without its line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Who says it.
    pub speaker: Speaker,
    /// What is said.
    pub text: String,
}

/// How the bytes are cut into segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// A segment a line, as with `TCP_NODELAY`.
    Lines,
    /// Segments of at most so many bytes (at least 1); a line begins a new segment.
    Bytes(usize),
}

/// Builds the frames: handshake, every line with its acknowledgement, both FINs.
#[derive(Clone, Debug)]
pub struct Conversation {
    ends: [SocketAddr; 2],
    next: [u32; 2],
    cut: Cut,
    frames: Vec<Frame>,
}

impl Conversation {
    /// Opens the connection: three frames. `first` are the initial sequence numbers of client and server.
    #[must_use]
    pub fn open(client: SocketAddr, server: SocketAddr, first: [u32; 2], cut: Cut) -> Self {
        let mut this = Self { ends: [client, server], next: first, cut, frames: Vec::new() };
        let [client_first, server_first] = first;
        this.frames.push(this.frame(Speaker::Client).acknowledgement(0).flags(SYN));
        this.next = [client_first.wrapping_add(1), server_first];
        this.frames.push(this.frame(Speaker::Server).flags(SYN | ACK));
        this.next = [client_first.wrapping_add(1), server_first.wrapping_add(1)];
        this.frames.push(this.frame(Speaker::Client));
        this
    }

    /// A whole conversation with these lines: opened, said, closed. Sequence numbers begin at 1000 and 5000.
    #[must_use]
    pub fn frames(client: SocketAddr, server: SocketAddr, cut: Cut, lines: &[Line]) -> Vec<Frame> {
        let mut this = Self::open(client, server, [1000, 5000], cut);
        for line in lines {
            this.say(line.speaker, &line.text);
        }
        this.close()
    }

    /// Adds the line with a line feed behind it, then the other side's acknowledgement.
    pub fn say(&mut self, speaker: Speaker, text: &str) {
        self.send(speaker, format!("{text}\n").as_bytes());
    }

    /// Adds bytes that are no line, then the other side's acknowledgement.
    pub fn send(&mut self, speaker: Speaker, bytes: &[u8]) {
        let size = match self.cut {
            Cut::Lines => 1448,
            Cut::Bytes(size) => size.max(1),
        };
        for piece in bytes.chunks(size) {
            self.segment(speaker, piece);
        }
        self.frames.push(self.frame(speaker.other()));
    }

    /// Adds one segment with these bytes, and nothing else.
    pub fn segment(&mut self, speaker: Speaker, bytes: &[u8]) {
        self.frames.push(self.frame(speaker).flags(PSH | ACK).payload(bytes));
        self.advance(speaker, bytes.len());
    }

    /// Ends the connection from the client's side and gives all frames.
    #[must_use]
    pub fn close(mut self) -> Vec<Frame> {
        for speaker in [Speaker::Client, Speaker::Server] {
            self.frames.push(self.frame(speaker).flags(FIN | ACK));
            self.advance(speaker, 1);
        }
        self.frames.push(self.frame(Speaker::Client));
        self.frames
    }

    /// The frames so far, the connection left open.
    #[must_use]
    pub fn leave_open(self) -> Vec<Frame> {
        self.frames
    }

    fn frame(&self, speaker: Speaker) -> Frame {
        let [client, server] = self.ends;
        let [client_next, server_next] = self.next;
        match speaker {
            Speaker::Client => Frame::tcp(client, server).sequence(client_next).acknowledgement(server_next),
            Speaker::Server => Frame::tcp(server, client).sequence(server_next).acknowledgement(client_next),
        }
    }

    fn advance(&mut self, speaker: Speaker, bytes: usize) {
        let [client, server] = &mut self.next;
        let next = if speaker == Speaker::Client { client } else { server };
        *next = next.wrapping_add(u32::try_from(bytes).unwrap_or(u32::MAX));
    }
}

impl Speaker {
    /// The one who listens.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::{SlicedPacket, TransportSlice};

    /// What each side said, put together by sequence number by a foreign parser.
    fn heard(frames: &[Frame], from: SocketAddr, first: u32) -> Vec<u8> {
        let mut stream = Vec::new();
        for frame in frames.iter().filter(|frame| frame.from() == from) {
            let bytes = frame.bytes();
            let sliced = SlicedPacket::from_ethernet(&bytes).unwrap();
            let Some(TransportSlice::Tcp(tcp)) = sliced.transport else { panic!("no TCP") };
            if !tcp.payload().is_empty() {
                let at = tcp.sequence_number().wrapping_sub(first).wrapping_sub(1);
                assert_eq!(usize::try_from(at).unwrap(), stream.len());
                stream.extend(tcp.payload());
            }
        }
        stream
    }

    #[test]
    fn both_sides_are_heard_whole_however_they_are_cut() {
        let client: SocketAddr = "10.77.0.2:40000".parse().unwrap();
        let server: SocketAddr = "203.0.113.9:3333".parse().unwrap();
        for cut in [Cut::Lines, Cut::Bytes(1), Cut::Bytes(7)] {
            // Sequence numbers that wrap around in the middle.
            let mut talk = Conversation::open(client, server, [u32::MAX - 4, 5000], cut);
            talk.say(Speaker::Client, "a question");
            talk.say(Speaker::Server, "an answer");
            talk.say(Speaker::Client, "a second question");
            let frames = talk.close();
            assert_eq!(heard(&frames, client, u32::MAX - 4), b"a question\na second question\n");
            assert_eq!(heard(&frames, server, 5000), b"an answer\n");
            if cut == Cut::Lines {
                assert_eq!(frames.len(), 3 + 3 * 2 + 3);
            }
        }
    }
}
