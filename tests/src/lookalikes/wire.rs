//! How ordinary software puts its messages on the wire: lines, HTTP, WebSocket, frames with a length.

use std::fmt::Write as _;

use crate::noise::Noise;
use crate::talk::Talk;
use crate::talk_http;

/// A conversation in lines, written down as `> ` for the client and `< ` for the server. `%64%` stands for 64 invented
/// hexadecimal digits, others each time.
pub(super) fn lines(script: &str) -> Talk {
    let mut noise = Noise::new(script.len() as u64);
    script.lines().map(str::trim_start).fold(Talk::new(), |talk, line| match line.split_at_checked(2) {
        Some(("> ", line)) => talk.client(&invent(line, &mut noise)),
        Some(("< ", line)) => talk.server(&invent(line, &mut noise)),
        _ => talk,
    })
}

/// The text with invented digits in the place of `%64%` and its like.
pub(super) fn filled(text: &str) -> String {
    invent(text, &mut Noise::new(text.len() as u64))
}

fn invent(text: &str, noise: &mut Noise) -> String {
    let mut invented = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        invented.push_str(before);
        let digits =
            after.split_once('%').and_then(|(count, after)| Some((count.parse::<usize>().ok()?, after)));
        rest = if let Some((count, after)) = digits {
            invented.push_str(&noise.hex(count));
            after
        } else {
            invented.push('%');
            after
        };
    }
    invented + rest
}

/// A request without a body, as a browser sends it.
pub(super) fn get(host: &str, target: &str) -> Vec<u8> {
    let fields = format!(
        "Host: {host}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
         Accept: */*\r\nAccept-Language: en-US,en;q=0.5\r\nConnection: keep-alive"
    );
    talk_http::get(target, &fields)
}

/// A request with a body of this type, as libraries send it.
pub(super) fn post(host: &str, target: &str, media: &str, body: &str) -> Vec<u8> {
    let fields = format!(
        "Host: {host}\r\nUser-Agent: python-requests/2.32.3\r\nAccept-Encoding: identity\r\nAccept: */*\r\n\
         Connection: keep-alive\r\nContent-Type: {media}"
    );
    talk_http::post(target, &fields, body.as_bytes())
}

/// The answer that all is well, with a body of known length.
pub(super) fn ok(media: &str, body: &str) -> Vec<u8> {
    let fields = format!(
        "Server: nginx/1.26.2\r\nDate: Sun, 22 Nov 2026 18:14:09 GMT\r\nContent-Type: {media}\r\nConnection: keep-alive"
    );
    talk_http::ok(&fields, body.as_bytes())
}

/// The same in chunks, one for each part.
pub(super) fn chunked(media: &str, parts: &[&str]) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 18:14:09 GMT\r\nContent-Type: {media}\r\n\
         Transfer-Encoding: chunked\r\nVary: Accept-Encoding\r\n\r\n"
    );
    for part in parts {
        let _ = write!(bytes, "{:x}\r\n{part}\r\n", part.len());
    }
    bytes.push_str("0\r\n\r\n");
    bytes.into_bytes()
}

const JSON: &str = "application/json";

/// A web service: target, what is posted, what comes back, both JSON.
pub(super) fn service(host: &str, calls: &[(&str, &str, &str)]) -> Talk {
    calls.iter().fold(Talk::new(), |talk, (target, question, answer)| {
        talk.client_bytes(&post(host, target, JSON, &filled(question)))
            .server_bytes(&ok(JSON, &filled(answer)))
    })
}

/// Pages and files: target, type, contents.
pub(super) fn pages(host: &str, files: &[(&str, &str, &str)]) -> Talk {
    files.iter().fold(Talk::new(), |talk, (target, media, contents)| {
        talk.client_bytes(&get(host, target)).server_bytes(&ok(media, &filled(contents)))
    })
}

/// A WebSocket from its upgrade on, with text messages written down as for `lines`.
pub(super) fn websocket(target: &str, script: &str) -> Talk {
    let mut noise = Noise::new(script.len() as u64);
    script.lines().map(str::trim_start).fold(Talk::new().upgrade(target), |talk, line| {
        match line.split_at_checked(2) {
            Some(("> ", text)) => talk.client_message(&invent(text, &mut noise)),
            Some(("< ", text)) => talk.server_message(&invent(text, &mut noise)),
            _ => talk,
        }
    })
}

/// The bytes after their length in two bytes, most significant first.
pub(super) fn after_u16(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&length, bytes].concat()
}

/// The bytes after their length in four bytes, most significant first.
pub(super) fn after_u32(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&length, bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_two_sides_with_invented_digits() {
        let talk = lines("\n  > a %4% b\n  < 100% of it\n");
        let text = |at: usize| String::from_utf8(talk.said[at].bytes.clone()).unwrap();
        assert_eq!(talk.said.len(), 2);
        assert_eq!(text(0).len(), "a 0123 b\n".len());
        assert_eq!(text(1), "100% of it\n");
        assert!(text(0)[2..6].bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
