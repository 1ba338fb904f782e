/// A line that says how the stream is carried rather than what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// The header of the PROXY protocol, version 1, before the stream.
    Proxy,
    /// A client asks an HTTP proxy for a tunnel, or the proxy grants it.
    Tunnel,
    /// Any other HTTP request.
    Request,
    /// An HTTP response.
    Response,
}

/// Reads a line as the header of a transport.
#[must_use]
pub fn transport(line: &[u8]) -> Option<Transport> {
    if line.starts_with(b"PROXY TCP") || line == b"PROXY UNKNOWN" {
        return Some(Transport::Proxy);
    }
    if is_version(line.get(..8)?) && matches!(line.get(8), Some(b' ')) {
        let words: &[u8] = b" connection established";
        let granted = line.last_chunk::<23>().is_some_and(|tail| tail.eq_ignore_ascii_case(words));
        return Some(if granted { Transport::Tunnel } else { Transport::Response });
    }
    let (rest, version) = line.split_at(line.len().checked_sub(9)?);
    let method = rest.split(|&byte| byte == b' ').next()?;
    let shape = version.starts_with(b" ") && is_version(version.get(1..)?) && rest.len() > method.len();
    if !shape || method.is_empty() || !method.iter().all(u8::is_ascii_uppercase) {
        return None;
    }
    Some(if method == b"CONNECT" { Transport::Tunnel } else { Transport::Request })
}

/// The first line of a stream through a SOCKS proxy, without the proxy's messages, which end in no line feed.
#[must_use]
pub fn after_socks(line: &[u8]) -> Option<&[u8]> {
    is_socks(line).then(|| after_binary(line))?
}

/// Whether a line begins as the messages of a SOCKS proxy do, with the version (RFC 1928) and no text after it.
#[must_use]
pub fn is_socks(line: &[u8]) -> bool {
    matches!(line, [4 | 5, rest @ ..] if rest.first().is_none_or(u8::is_ascii_control))
}

/// What follows the rest of a proxy's message in the same line.
#[must_use]
pub fn after_binary(line: &[u8]) -> Option<&[u8]> {
    line.get(line.iter().position(|&byte| byte == b'{')?..)
}

fn is_version(text: &[u8]) -> bool {
    matches!(text, b"HTTP/1.0" | b"HTTP/1.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_a_socks_proxy_are_cut_off() {
        let line = b"\x05\x01\0\x05\x01\0\x03\x04pool\x0d\x05{\"id\":1}";
        assert_eq!(after_socks(line), Some(&b"{\"id\":1}"[..]));
        assert_eq!(after_socks(b"text {\"id\":1}"), None);
        assert_eq!(after_socks(b""), None);
    }

    #[test]
    fn headers_are_told_from_content() {
        assert_eq!(transport(b"POST / HTTP/1.1"), Some(Transport::Request));
        assert_eq!(transport(b"GET /a?b=c HTTP/1.0"), Some(Transport::Request));
        assert_eq!(transport(b"CONNECT pool.example:3333 HTTP/1.1"), Some(Transport::Tunnel));
        assert_eq!(transport(b"HTTP/1.1 200 Connection established"), Some(Transport::Tunnel));
        assert_eq!(transport(b"HTTP/1.0 200 Connection Established"), Some(Transport::Tunnel));
        assert_eq!(transport(b"HTTP/1.1 200 OK"), Some(Transport::Response));
        assert_eq!(transport(b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 3333"), Some(Transport::Proxy));
        for line in
            [&b"{\"method\":\"x\"} HTTP/1.1"[..], b"HTTP/1.1", b" HTTP/1.1", b"", b"HTTP/1.12", b"PROXY"]
        {
            assert_eq!(transport(line), None, "{}", String::from_utf8_lossy(line));
        }
    }
}
