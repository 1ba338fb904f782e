//! The messages of SOCKS proxies by their grammar: version 4 and 4a, version 5 (RFC 1928) with user name and password
//! (RFC 1929).
//!
//! None of them tells on its own where the next begins, so each is read as if the stream opened with it; that also finds
//! the place if the stream was joined between two of them.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::opening::Guess;

/// Bytes of a name of version 4: of the user, or of the target.
const MAX_NAME: usize = 255;

/// The methods that a client of version 5 usually offers.
const MAX_METHODS: u8 = 10;

/// One message of either side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// In bytes.
    pub(super) length: usize,
    /// Host and port to which the proxy is asked to connect.
    pub(super) target: Option<String>,
}

/// Reads the message with which `bytes` begin.
pub(super) fn message(bytes: &[u8]) -> Guess<Message> {
    match bytes.first() {
        Some(5) => version5(bytes),
        Some(4) => request4(bytes),
        Some(0) => reply4(bytes),
        Some(1) => password(bytes),
        _ => Guess::No,
    }
}

fn plain(length: usize) -> Guess<Message> {
    Guess::Yes(Message { length, target: None })
}

fn version5(bytes: &[u8]) -> Guess<Message> {
    let [_, code, rest @ ..] = bytes else { return Guess::More };
    match (code, rest) {
        // A reply; or the choice of "no authentication", which a reply follows, or of no method at all.
        (0, [0, ..]) => address(bytes, false),
        (0, [5 | b'{' | b'[', ..]) | (0xff, []) => plain(2),
        (1, [0, 1 | 3 | 4, ..]) => address(bytes, true),
        (1, [0]) | (0..=MAX_METHODS, []) => Guess::More,
        // The choice of a password, and what is said to it.
        (2, [1, 0 | 1]) => plain(4),
        (1..=MAX_METHODS, _) => greeting(bytes, usize::from(*code)),
        _ => Guess::No,
    }
}

/// A greeting with so many methods, or a reply that says no.
fn greeting(bytes: &[u8], count: usize) -> Guess<Message> {
    let end = 2 + count;
    let offered = bytes.get(2..).unwrap_or_default();
    let methods = offered.iter().take(count).all(|method| matches!(method, 0..=9 | 0x80..));
    let reply = matches!(offered, [0, 1 | 3 | 4, ..]) && count <= 8;
    match bytes.get(end) {
        _ if !methods && !reply => Guess::No,
        // Nothing is between a greeting and its answer, but a password or request can already be there.
        Some(1 | 5) if methods => plain(end),
        None if !reply => {
            if offered.len() < count {
                Guess::More
            } else {
                plain(end)
            }
        }
        None if bytes.len() < 10 && methods => Guess::More,
        _ if reply => address(bytes, false),
        _ => Guess::No,
    }
}

/// Version, code, zero, address, port.
fn address(bytes: &[u8], request: bool) -> Guess<Message> {
    let [_, _, _, kind, rest @ ..] = bytes else { return Guess::More };
    let (host, length) = match (kind, rest) {
        (1, _) => (rest.first_chunk().map(|ip: &[u8; 4]| Ipv4Addr::from(*ip).to_string()), 4 + 4 + 2),
        (4, _) => (rest.first_chunk().map(|ip: &[u8; 16]| format!("[{}]", Ipv6Addr::from(*ip))), 4 + 16 + 2),
        (3, []) => return Guess::More,
        (3, [size, rest @ ..]) => {
            let host = rest.get(..usize::from(*size));
            if host.is_some_and(|host| (request || !host.is_empty()) && !is_host(host)) {
                return Guess::No;
            }
            (host.map(|host| String::from_utf8_lossy(host).into_owned()), 4 + 1 + usize::from(*size) + 2)
        }
        _ => return Guess::No,
    };
    let Some(&[.., high, low]) = bytes.get(..length) else { return Guess::More };
    let port = u16::from_be_bytes([high, low]);
    let target = host.filter(|_| request && port != 0).map(|host| format!("{host}:{port}"));
    Guess::Yes(Message { length, target })
}

/// User and password, or what is said to them.
fn password(bytes: &[u8]) -> Guess<Message> {
    let [_, size, rest @ ..] = bytes else { return Guess::More };
    let size = usize::from(*size);
    if size == 0 {
        return match rest.first() {
            None => Guess::More,
            Some(5) => plain(2),
            Some(_) => Guess::No,
        };
    }
    let user = rest.get(..size.min(rest.len())).unwrap_or_default();
    if !user.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        return Guess::No;
    }
    let Some(&second) = rest.get(size) else { return Guess::More };
    let length = 2 + size + 1 + usize::from(second);
    match bytes.get(size + 3..).unwrap_or_default().iter().take(usize::from(second)).all(|&byte| byte >= b' ')
    {
        false => Guess::No,
        true if bytes.len() < length => Guess::More,
        true => plain(length),
    }
}

/// Version, command, port, address, user, zero; with an impossible address also a name and zero (4a).
fn request4(bytes: &[u8]) -> Guess<Message> {
    let Some(&[_, command, high, low, a, b, c, d]) = bytes.first_chunk() else {
        return if matches!(bytes, [_] | [_, 1, ..]) { Guess::More } else { Guess::No };
    };
    let port = u16::from_be_bytes([high, low]);
    if command != 1 || port == 0 {
        return Guess::No;
    }
    let user = match text(bytes, 8) {
        Guess::Yes(user) => user,
        Guess::No => return Guess::No,
        Guess::More => return Guess::More,
    };
    let length = 8 + user.len() + 1;
    if (a, b, c) != (0, 0, 0) || d == 0 {
        let target = Some(format!("{}:{port}", Ipv4Addr::new(a, b, c, d)));
        return Guess::Yes(Message { length, target });
    }
    match text(bytes, length) {
        Guess::Yes(host) if is_host(host) => {
            let target = Some(format!("{}:{port}", String::from_utf8_lossy(host)));
            Guess::Yes(Message { length: length + host.len() + 1, target })
        }
        Guess::Yes(_) | Guess::No => Guess::No,
        Guess::More => Guess::More,
    }
}

/// Text up to a zero.
fn text(bytes: &[u8], start: usize) -> Guess<&[u8]> {
    let rest = bytes.get(start..).unwrap_or_default();
    let end = rest.iter().position(|&byte| byte == 0);
    let text = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    if text.len() > MAX_NAME || !text.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        return Guess::No;
    }
    if end.is_some() { Guess::Yes(text) } else { Guess::More }
}

/// Zero, one of four codes, then port and address, which say nothing.
fn reply4(bytes: &[u8]) -> Guess<Message> {
    match bytes {
        [_] => Guess::More,
        [_, 0x5a..=0x5d, rest @ ..] if rest.len() < 6 => Guess::More,
        [_, 0x5a..=0x5d, ..] => plain(8),
        _ => Guess::No,
    }
}

fn is_host(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The length of each message in turn, and the target.
    fn read(mut bytes: &[u8]) -> (Vec<usize>, Option<String>) {
        let (mut lengths, mut target) = (Vec::new(), None);
        while let Guess::Yes(message) = message(bytes) {
            lengths.push(message.length);
            target = target.or(message.target);
            bytes = &bytes[message.length..];
        }
        (lengths, target)
    }

    #[test]
    fn a_client_of_version_5_names_its_target() {
        let request = b"\x05\x01\0\x03\x0cpool.example\x0d\x05";
        assert_eq!(
            read(&[b"\x05\x01\0", &request[..]].concat()),
            (vec![3, 19], Some("pool.example:3333".to_owned()))
        );
        assert_eq!(
            read(request),
            (vec![19], Some("pool.example:3333".to_owned())),
            "joined after the greeting"
        );
        let password = [b"\x05\x02\0\x02", &b"\x01\x05alice\x06secret"[..], request].concat();
        assert_eq!(read(&password), (vec![4, 14, 19], Some("pool.example:3333".to_owned())));
        assert_eq!(read(&password[4..]), (vec![14, 19], Some("pool.example:3333".to_owned())));
        let gssapi = [b"\x05\x03\0\x01\x02", &request[..]].concat();
        assert_eq!(read(&gssapi), (vec![5, 19], Some("pool.example:3333".to_owned())));
        assert_eq!(read(b"\x05\x01\0\x01\x0a\0\0\x05\x0d\x05"), (vec![10], Some("10.0.0.5:3333".to_owned())));
        let v6 = [&b"\x05\x01\0\x04\x20\x01\x0d\xb8"[..], &[0; 11], &[1, 13, 5]].concat();
        assert_eq!(read(&v6), (vec![22], Some("[2001:db8::1]:3333".to_owned())));
    }

    #[test]
    fn a_server_of_version_5_names_none() {
        assert_eq!(read(b"\x05\0\x05\0\0\x01\x01\x02\x03\x04\x0d\x05{}"), (vec![2, 10], None));
        assert_eq!(read(b"\x05\x02\x01\0\x05\0\0\x01\0\0\0\0\0\0"), (vec![4, 10], None));
        assert_eq!(read(b"\x05\0\0\x03\x04pool\x0d\x05{}"), (vec![11], None));
        assert_eq!(read(b"\x05\x05\0\x01\0\0\0\0\0\0"), (vec![10], None), "refused");
        assert_eq!(read(b"\x05\0{}"), (vec![2], None));
    }

    #[test]
    fn version_4_names_an_address_or_a_name() {
        assert_eq!(
            read(b"\x04\x01\x0d\x05\xc0\x00\x02\x01\0{}"),
            (vec![9], Some("192.0.2.1:3333".to_owned()))
        );
        assert_eq!(
            read(b"\x04\x01\x0d\x05\xc0\x0a\x02\x01bob\0"),
            (vec![12], Some("192.10.2.1:3333".to_owned()))
        );
        assert_eq!(
            read(b"\x04\x01\x0d\x05\0\0\0\x01\0pool.example\0"),
            (vec![22], Some("pool.example:3333".to_owned()))
        );
        assert_eq!(read(b"\0\x5a\0\0\0\0\0\0{}"), (vec![8], None));
    }

    #[test]
    fn a_message_is_awaited_to_its_end() {
        for whole in [
            &b"\x05\x01\0\x03\x04pool\x0d\x05"[..],
            b"\x05\x01\0\x01\x0a\0\0\x05\x0d\x05",
            b"\x05\0\0\x01\x01\x02\x03\x04\x0d\x05",
            b"\x04\x01\x0d\x05\0\0\0\x01me\0pool\0",
            b"\x01\x05alice\x06secret",
            b"\0\x5a\0\0\0\0\0\0",
        ] {
            for end in 1..whole.len() {
                assert_eq!(message(&whole[..end]), Guess::More, "{:x?} of {whole:x?}", &whole[..end]);
            }
        }
    }

    #[test]
    fn other_protocols_are_not_socks() {
        for other in [
            &b"\x05\0\x0b\x03\x10\0\0\0"[..], // DCE/RPC
            b"{\"id\":1}",
            b"\x16\x03\x01\x02\0",
            b"\x04\x02\x0d\x05\xc0\0\x02\x01\0", // version 4 without CONNECT
            b"\x04\x01\x0d\x05\xc0\0\x02\x01\x07\x07",
            b"\0\0\0\x2a\xffSMB",
            b"\x05\x01\0\x03\x04\0\0\0\0\x0d\x05",
            b"\x05\x20abc",
        ] {
            assert_eq!(message(other), Guess::No, "{other:x?}");
        }
    }
}
