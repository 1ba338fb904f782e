/// The first line of HTTP/2 (RFC 9113), which is binary and cannot be read.
pub(super) const HTTP_2: &[u8] = b"PRI * HTTP/2.0";

/// Whether a line is the first one of an HTTP/1 request or response.
pub(super) fn is_http(line: &[u8]) -> bool {
    if line.get(..8).is_some_and(is_version) {
        return line.get(8) == Some(&b' ');
    }
    let Some((rest, version)) = line.len().checked_sub(9).and_then(|at| line.split_at_checked(at)) else {
        return false;
    };
    let method = rest.split(|&byte| byte == b' ').next().unwrap_or_default();
    let shape = version.strip_prefix(b" ").is_some_and(is_version) && rest.len() > method.len();
    shape && !method.is_empty() && method.iter().all(u8::is_ascii_uppercase)
}

/// Where the first line of an HTTP message begins in a line. A body before it may end without a line feed.
pub(super) fn http_start(line: &[u8]) -> Option<usize> {
    let methods: [&[u8]; 8] =
        [b"GET ", b"POST ", b"PUT ", b"HEAD ", b"DELETE ", b"PATCH ", b"OPTIONS ", b"CONNECT "];
    let starts = |at: &usize| {
        let rest = line.get(*at..).unwrap_or_default();
        let first = rest.first_chunk().is_some_and(|version: &[u8; 8]| is_version(version));
        (first || methods.iter().any(|method| rest.starts_with(method))) && is_http(rest)
    };
    is_http(line).then_some(0).or_else(|| (0..line.len()).find(starts))
}

fn is_version(text: &[u8]) -> bool {
    matches!(text, b"HTTP/1.0" | b"HTTP/1.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_told_from_content() {
        for http in [
            &b"POST / HTTP/1.1"[..],
            b"GET /a?b=c HTTP/1.0",
            b"CONNECT pool.example:3333 HTTP/1.1",
            b"HTTP/1.1 200 Connection established",
            b"HTTP/1.1 200 OK",
        ] {
            assert!(is_http(http), "{}", String::from_utf8_lossy(http));
        }
        for line in
            [&b"{\"method\":\"x\"} HTTP/1.1"[..], b"HTTP/1.1", b" HTTP/1.1", b"", b"HTTP/1.12", b"PROXY"]
        {
            assert!(!is_http(line), "{}", String::from_utf8_lossy(line));
        }
    }
}
