use super::opening::Guess;

/// Bytes of the longest header of version 1, which is a line.
const MAX_LINE: usize = 107;

/// Bytes of a header of version 2 that is skipped; more than any sender adds to the addresses.
const MAX_BINARY: usize = 2048;

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// The header that a proxy puts before a stream to tell whose it is (the PROXY protocol, versions 1 and 2): its length.
pub(super) fn header(first: &[u8]) -> Guess<usize> {
    if begins(first, SIGNATURE) {
        let &[.., high, low] = first.get(..16).unwrap_or_default() else { return Guess::More };
        let length = 16 + usize::from(u16::from_be_bytes([high, low]));
        let known = first.get(12).is_some_and(|version| version >> 4 == 2) && length <= MAX_BINARY;
        return match (known, first.len() >= length) {
            (false, _) => Guess::No,
            (true, true) => Guess::Yes(length),
            (true, false) => Guess::More,
        };
    }
    if begins(first, b"PROXY TCP") || begins(first, b"PROXY UNKNOWN") {
        return match first.iter().position(|&byte| byte == b'\n') {
            Some(end) => Guess::Yes(end + 1),
            None if first.len() < MAX_LINE => Guess::More,
            None => Guess::No,
        };
    }
    Guess::No
}

/// Whether `first` is a beginning of `whole`, or `whole` of it.
fn begins(first: &[u8], whole: &[u8]) -> bool {
    first.iter().zip(whole).all(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_both_versions_have_their_length() {
        let line = b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 3333\r\n{}";
        assert_eq!(header(line), Guess::Yes(line.len() - 2));
        let binary = [SIGNATURE, b"\x21\x11\0\x0c", &[7; 12], b"{}"].concat();
        assert_eq!(header(&binary), Guess::Yes(28));
        for (whole, length) in [(&line[..], line.len() - 2), (&binary, 28)] {
            for end in 1..length {
                assert_eq!(header(&whole[..end]), Guess::More, "{end}");
            }
        }
    }

    #[test]
    fn what_only_begins_like_one_is_none() {
        for other in [&b"POST / HTTP/1.1"[..], b"{}", b"\r\n\r\n{}", b"PROXY: x\r\n", &[b'P'; 200]] {
            assert_eq!(header(other), Guess::No, "{}", String::from_utf8_lossy(other));
        }
        assert_eq!(header(&[&b"PROXY TCP4 "[..], &[b'1'; 200]].concat()), Guess::No);
        assert_eq!(header(&[SIGNATURE, b"\x11\x11\0\x0c"].concat()), Guess::No, "no such version");
    }
}
