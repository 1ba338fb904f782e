use crate::protocol::secret_at;

/// Parts of the names of secrets, in any case.
const SECRETS: [&str; 17] = [
    "pass",
    "pwd",
    "secret",
    "token",
    "auth",
    "cookie",
    "credential",
    "apikey",
    "api_key",
    "api-key",
    "mining_key",
    "miningkey",
    "mnemonic",
    "phrase",
    "privkey",
    "private",
    "signature",
];

/// Names that are those of secrets as a whole.
const WHOLE: [&str; 5] = ["p", "pw", "pin", "key", "psw"];

/// Words in a text beside which a password may stand. `auth` is none of them: methods are called so.
const SPOKEN: [&str; 7] = ["pass", "pwd", "secret", "cookie", "credential", "mnemonic", "bearer"];

/// Whether what has this name may be a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRETS.iter().any(|word| name.contains(word)) || WHOLE.contains(&name.as_str())
}

/// Whether a text tells that it holds a secret, or is a URL with one.
pub(super) fn is_secret_text(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    SPOKEN.iter().any(|word| lower.contains(word)) || (text.contains("//") && text.contains('@'))
}

/// How much of a user's name, or of another text, may be shown: as much as holds no password.
pub(super) fn user_end(text: &str) -> usize {
    if is_secret_text(text) { 0 } else { secret_at(text).unwrap_or(text.len()) }
}

/// How many bytes of a message that is no text come before what may be a secret in it.
pub(super) fn binary_end(bytes: &[u8]) -> usize {
    let word = SPOKEN.iter().filter_map(|word| find(bytes, word)).min().unwrap_or(bytes.len());
    // Of texts with a length before them the length may look like a letter.
    let colon = bytes.iter().position(|byte| *byte == b':').map_or(bytes.len(), |at| at + 1);
    word.min(colon)
}

fn find(bytes: &[u8], word: &str) -> Option<usize> {
    bytes.windows(word.len()).position(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}
