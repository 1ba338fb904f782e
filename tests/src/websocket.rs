//! What is said over WebSocket (RFC 6455).

use crate::talk::Talk;

/// The mask of all frames: it is the form that counts.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

impl Talk {
    /// The client asks for the upgrade at `path`, as a browser does, and the server agrees.
    #[must_use]
    pub fn upgrade(self, path: &str) -> Self {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: ws.example:8181\r\nConnection: Upgrade\r\nPragma: no-cache\r\n\
             Cache-Control: no-cache\r\nUpgrade: websocket\r\nOrigin: http://www.example\r\n\
             Sec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
        );
        self.client_bytes(request.as_bytes()).server_bytes(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
              Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        )
    }

    /// The client sends a message.
    #[must_use]
    pub fn client_message(self, text: &str) -> Self {
        self.client_bytes(&frame(0x81, Some(MASK), text.as_bytes()))
    }

    /// The server sends a message.
    #[must_use]
    pub fn server_message(self, text: &str) -> Self {
        self.server_bytes(&frame(0x81, None, text.as_bytes()))
    }
}

/// A frame with the given first byte, which tells its kind.
#[must_use]
pub fn frame(first: u8, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let flag = if mask.is_some() { 0x80 } else { 0 };
    let mut frame = vec![first];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ 0..=125), _) => frame.push(flag | length),
        (_, Ok(length)) => {
            frame.push(flag | 0x7e);
            frame.extend(length.to_be_bytes());
        }
        _ => {
            frame.push(flag | 0x7f);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(mask.iter().flatten());
    let key = mask.unwrap_or_default();
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}
