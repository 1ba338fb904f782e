use super::excerpt::HIDDEN;

/// A character of the text as it is meant, and the bytes that stand for it.
struct Letter {
    meant: u8,
    from: usize,
    to: usize,
}

/// The text with each of `names` hidden, in any case and however it is escaped in JSON or in a path of HTTP, and with what may
/// be the beginning of a name at the end.
pub(super) fn masked(text: &[u8], names: &[&str]) -> Vec<u8> {
    let letters = letters(text);
    let mut names: Vec<&[u8]> =
        names.iter().map(|name| name.as_bytes()).filter(|name| !name.is_empty()).collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let mut hidden = Vec::with_capacity(text.len());
    let mut rest = letters.as_slice();
    while let Some((first, tail)) = rest.split_first() {
        if let Some(taken) = names.iter().find_map(|name| said(rest, name)) {
            hidden.extend(HIDDEN);
            rest = rest.get(taken..).unwrap_or_default();
        } else {
            hidden.extend(text.get(first.from..first.to).unwrap_or_default());
            rest = tail;
        }
    }
    hidden
}

/// How many letters of a text are the name with which it begins; all of them if the name goes on behind the end.
fn said(letters: &[Letter], name: &[u8]) -> Option<usize> {
    let length = letters.len().min(name.len());
    let same = letters.iter().zip(name).all(|(letter, byte)| letter.meant.eq_ignore_ascii_case(byte));
    (same && length > 0).then_some(length)
}

fn letters(text: &[u8]) -> Vec<Letter> {
    let mut letters = Vec::with_capacity(text.len());
    let mut from = 0;
    while let Some(rest) = text.get(from..).filter(|rest| !rest.is_empty()) {
        let (meant, length) = letter(rest);
        let to = from + length;
        for byte in meant {
            letters.push(Letter { meant: byte, from, to });
            // The first of them stands for all.
            from = to;
        }
        from = to;
    }
    letters
}

/// The bytes that the front of a text means, and how many stand for them.
fn letter(text: &[u8]) -> (Vec<u8>, usize) {
    let digits = |from: usize, to: usize| {
        let digits = text.get(from..to).and_then(|digits| std::str::from_utf8(digits).ok())?;
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    };
    match text {
        [b'\\', b'u', ..] => match digits(2, 6).and_then(char::from_u32) {
            Some(letter) => (letter.to_string().into_bytes(), 6),
            None => (vec![b'\\'], 1),
        },
        [b'\\', letter @ (b'/' | b'"' | b'\\'), ..] => (vec![*letter], 2),
        [b'%', ..] => match digits(1, 3).and_then(|code| u8::try_from(code).ok()) {
            Some(byte) => (vec![byte], 3),
            None => (vec![b'%'], 1),
        },
        [first, ..] => (vec![*first], 1),
        [] => (Vec::new(), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, names: &[&str]) -> String {
        String::from_utf8(masked(text.as_bytes(), names)).unwrap()
    }

    #[test]
    fn names_are_hidden_however_they_are_written() {
        assert_eq!(told(r#"["0xAB.rig7","x"]"#, &["0xab", "rig7"]), r#"["<...>.<...>","x"]"#);
        assert_eq!(told(r#"["a\/b","\u0061/b"]"#, &["a/b"]), r#"["<...>","<...>"]"#);
        assert_eq!(told("GET /ws/a%2Fb HTTP", &["a/b"]), "GET /ws/<...> HTTP");
        assert_eq!(told("rig70 rig7", &["rig7", "rig70"]), "<...> <...>");
        assert_eq!(told("50% off \\u12", &[""]), "50% off \\u12");
    }

    #[test]
    fn a_name_that_is_cut_off_is_hidden() {
        assert_eq!(told(r#"{"login":"4Abc"#, &["4AbcdefGhi"]), r#"{"login":"<...>"#);
        assert_eq!(told(r#"{"login":"4Abc"}"#, &["4AbcdefGhi"]), r#"{"login":"4Abc"}"#);
    }
}
