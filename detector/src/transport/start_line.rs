/// A line that says how the stream is carried rather than what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StartLine {
    /// The header of the PROXY protocol, version 1, before the stream.
    Proxy,
    /// The first line of an HTTP/1 request or response.
    Http,
}

/// Reads a line as the first one of a transport.
pub(super) fn start_line(line: &[u8]) -> Option<StartLine> {
    if line.starts_with(b"PROXY TCP") || line == b"PROXY UNKNOWN" {
        return Some(StartLine::Proxy);
    }
    if is_version(line.get(..8)?) && matches!(line.get(8), Some(b' ')) {
        return Some(StartLine::Http);
    }
    let (rest, version) = line.split_at(line.len().checked_sub(9)?);
    let method = rest.split(|&byte| byte == b' ').next()?;
    let shape = version.starts_with(b" ") && is_version(version.get(1..)?) && rest.len() > method.len();
    (shape && !method.is_empty() && method.iter().all(u8::is_ascii_uppercase)).then_some(StartLine::Http)
}

/// The first line of a stream through a SOCKS proxy, without the proxy's messages, which end in no line feed.
pub(super) fn after_socks(line: &[u8]) -> Option<&[u8]> {
    is_socks(line).then(|| after_binary(line))?
}

/// Whether a line begins as the messages of a SOCKS proxy do, with the version (RFC 1928) and no text after it.
pub(super) fn is_socks(line: &[u8]) -> bool {
    matches!(line, [4 | 5, rest @ ..] if rest.first().is_none_or(u8::is_ascii_control))
}

/// What follows the rest of a proxy's message in the same line.
pub(super) fn after_binary(line: &[u8]) -> Option<&[u8]> {
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
        for http in [
            &b"POST / HTTP/1.1"[..],
            b"GET /a?b=c HTTP/1.0",
            b"CONNECT pool.example:3333 HTTP/1.1",
            b"HTTP/1.1 200 Connection established",
            b"HTTP/1.1 200 OK",
        ] {
            assert_eq!(start_line(http), Some(StartLine::Http), "{}", String::from_utf8_lossy(http));
        }
        assert_eq!(start_line(b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 3333"), Some(StartLine::Proxy));
        for line in
            [&b"{\"method\":\"x\"} HTTP/1.1"[..], b"HTTP/1.1", b" HTTP/1.1", b"", b"HTTP/1.12", b"PROXY"]
        {
            assert_eq!(start_line(line), None, "{}", String::from_utf8_lossy(line));
        }
    }
}
