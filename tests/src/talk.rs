//! What two sides say, write by write.

use std::net::SocketAddr;

use crate::conversation::{Conversation, Cut, Speaker};
use crate::packet::Frame;

/// What one side hands to its socket at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Who says it.
    pub speaker: Speaker,
    /// The bytes, with the line feed if there is one.
    pub bytes: Vec<u8>,
}

/// A conversation in the making.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Talk {
    /// In the order of time.
    pub said: Vec<Said>,
    /// Whether each write is a datagram of UDP.
    pub datagrams: bool,
}

impl Talk {
    /// Nothing was said yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The client says a line; a line feed is added.
    #[must_use]
    pub fn client(self, line: &str) -> Self {
        self.client_bytes(format!("{line}\n").as_bytes())
    }

    /// The server says a line; a line feed is added.
    #[must_use]
    pub fn server(self, line: &str) -> Self {
        self.server_bytes(format!("{line}\n").as_bytes())
    }

    /// The client says just these bytes.
    #[must_use]
    pub fn client_bytes(self, bytes: &[u8]) -> Self {
        self.bytes(Speaker::Client, bytes)
    }

    /// The server says just these bytes.
    #[must_use]
    pub fn server_bytes(self, bytes: &[u8]) -> Self {
        self.bytes(Speaker::Server, bytes)
    }

    /// What is said, is said in datagrams of UDP.
    #[must_use]
    pub fn datagrams(mut self) -> Self {
        self.datagrams = true;
        self
    }

    fn bytes(mut self, speaker: Speaker, bytes: &[u8]) -> Self {
        self.said.push(Said { speaker, bytes: bytes.to_vec() });
        self
    }

    /// The frames of the whole connection: opened, said, closed. A write is one segment, or as many as it takes.
    #[must_use]
    pub fn frames(&self, client: SocketAddr, server: SocketAddr) -> Vec<Frame> {
        self.frames_cut(client, server, Cut::Lines)
    }

    /// The same, with every write cut into segments in this way; datagrams stay whole.
    #[must_use]
    pub fn frames_cut(&self, client: SocketAddr, server: SocketAddr, cut: Cut) -> Vec<Frame> {
        if self.datagrams {
            let frame = |said: &Said| match said.speaker {
                Speaker::Client => Frame::udp(client, server).payload(&said.bytes),
                Speaker::Server => Frame::udp(server, client).payload(&said.bytes),
            };
            return self.said.iter().map(frame).collect();
        }
        let mut conversation = Conversation::open(client, server, [1000, 5000], cut);
        for Said { speaker, bytes } in &self.said {
            conversation.send(*speaker, bytes);
        }
        conversation.close()
    }
}
