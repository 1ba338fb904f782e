use bytes::BytesMut;

use crate::transport::aside::Inside;
use crate::transport::binary::Frames;
use crate::transport::http::Http;
use crate::transport::lines::{Lines, Origin};
use crate::transport::tls::Records;
use crate::transport::websocket::WebSocket;

/// What a direction is read as.
#[derive(Debug)]
pub(super) enum Reader {
    /// The first bytes, while they do not tell what it is.
    Opening(BytesMut, Origin),
    Lines(Lines),
    Http(Box<Http>),
    WebSocket(Box<WebSocket>),
    Tls(Records),
    Binary(Box<Frames>),
    /// Nothing more is read.
    Mute,
}

impl Reader {
    /// Lines, heads and messages that were too long.
    pub(super) fn overlong(&self) -> u64 {
        match self {
            Self::Lines(lines) => lines.overlong(),
            Self::Http(http) => http.overlong(),
            Self::WebSocket(websocket) => websocket.overlong(),
            Self::Binary(frames) => frames.overlong(),
            Self::Opening(..) | Self::Tls(_) | Self::Mute => 0,
        }
    }

    pub(super) fn held_bytes(&self) -> usize {
        match self {
            Self::Opening(held, _) => held.len(),
            Self::Lines(lines) => lines.held_bytes(),
            Self::Http(http) => http.held_bytes(),
            Self::WebSocket(websocket) => websocket.held_bytes(),
            Self::Binary(frames) => frames.held_bytes(),
            Self::Tls(_) | Self::Mute => 0,
        }
    }

    /// Whether a message is begun that does not end with the connection.
    pub(super) fn is_interrupted(&self) -> bool {
        let ends_with_connection = matches!(self, Self::Http(http) if http.ends_with_connection());
        self.held_bytes() > 0 && !ends_with_connection
    }

    /// Bytes of what may yet turn out to be a message.
    pub(super) fn unjudged_bytes(&self) -> usize {
        match self {
            Self::Opening(held, _) => held.len(),
            Self::Lines(lines) => lines.unjudged_bytes(),
            Self::WebSocket(websocket) => websocket.unjudged_bytes(),
            Self::Http(http) => http.held_bytes(),
            Self::Binary(frames) => frames.held_bytes(),
            Self::Tls(_) | Self::Mute => 0,
        }
    }

    /// Whether a message is not complete.
    pub(super) fn inside(&self) -> Inside {
        let (begun, may_quote) = match self {
            Self::Opening(..) | Self::Lines(_) => (false, true),
            Self::Http(http) => (http.is_inside(), true),
            Self::WebSocket(websocket) => (websocket.is_inside(), true),
            Self::Binary(frames) => (frames.is_inside(), frames.may_quote()),
            Self::Tls(_) => (true, false),
            Self::Mute => (true, true),
        };
        match (begun, may_quote) {
            (false, _) => Inside::No,
            (true, true) => Inside::Text,
            (true, false) => Inside::Sealed,
        }
    }
}
