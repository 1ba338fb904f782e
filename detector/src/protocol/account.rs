//! User names: `address.worker` and its variants, and what an address tells about the coin.

use super::cryptonote::coin_of_address;
use super::finding::Fact;
use super::shape::{clean, is_hex};

/// Ticker symbol of the coin whose addresses have this form, where hardly any other coin's have.
///
/// Monero: base58 of 95 characters (106 with a payment id) from 4 or 8. Bitcoin: BIP 173 with `bc`, base58 of
/// 26 to 35 characters from 1 or 3: so are addresses of Bitcoin Cash and Bitcoin SV in their old form, and of Litecoin
/// before 2018, which are told as Bitcoin's. Transparent addresses of Zcash' forks that kept `t1` are told as Zcash', and
/// `DigiByte`'s old form as Dogecoin's.
#[must_use]
pub fn coin_of(address: &str) -> Option<&'static str> {
    let base58 = is_base58(address);
    let starts = |prefix: &str| address.starts_with(prefix);
    match (address.as_bytes().first()?, address.len()) {
        (b'4' | b'8', 95) | (b'4', 106) if base58 => Some("XMR"),
        (b'1' | b'3', 26..=35) if base58 => Some("BTC"),
        (b'1', 44..=46) if base58 => Some("ALPH"),
        (b'9', 51) if base58 => Some("ERG"),
        (b'D', 35) if base58 && (starts("Ds") || starts("Dc")) => Some("DCR"),
        (b'D', 34) if base58 => Some("DOGE"),
        (b'L', 34) if base58 => Some("LTC"),
        (b't', 35) if base58 && (starts("t1") || starts("t3")) => Some("ZEC"),
        (b'a', 48..=56) if address.strip_prefix("ak_").is_some_and(is_base58) => Some("AE"),
        (b'k', 66) if address.strip_prefix("k:").is_some_and(is_hex) => Some("KDA"),
        _ => bech32_coin(address).or_else(|| coin_of_address(address)),
    }
}

/// The readable part of an address in the form of BIP 173 or `CashAddr`, the characters that may follow, and the coin.
const BECH32: [(&str, std::ops::RangeInclusive<usize>, &str); 17] = [
    ("bc1", 39..=59, "BTC"),
    ("ltc1", 39..=59, "LTC"),
    ("hs1", 39..=59, "HNS"),
    ("kaspa:", 61..=63, "KAS"),
    ("nexellia:", 61..=63, "NXL"),
    ("karlsen:", 61..=63, "KLS"),
    ("spectre:", 61..=63, "SPR"),
    ("pyrin:", 61..=63, "PYI"),
    ("nexa:", 42..=110, "NEXA"),
    ("bitcoincash:", 42..=61, "BCH"),
    ("ecash:", 42..=61, "XEC"),
    ("aleo1", 58..=58, "ALEO"),
    ("ckb1", 42..=110, "CKB"),
    ("ckt1", 42..=110, "CKB"),
    ("cfx:", 42..=42, "CFX"),
    ("xel:", 55..=80, "XEL"),
    ("dero1", 58..=70, "DERO"),
];

fn bech32_coin(address: &str) -> Option<&'static str> {
    let lower = address.to_ascii_lowercase();
    let (_, _, coin) = BECH32.iter().find(|(prefix, length, coin)| {
        let Some(data) = lower.strip_prefix(prefix) else { return false };
        // Conflux uses an alphabet of its own (CIP-37).
        let alphabet: &[u8] = if *coin == "CFX" {
            b"abcdefghjkmnprstuvwxyz0123456789"
        } else {
            b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
        };
        length.contains(&data.len()) && data.bytes().all(|byte| alphabet.contains(&byte))
    })?;
    Some(coin)
}

fn is_base58(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() && !b"0OIl".contains(&byte))
}

/// Whether `wallet` has the form of a coin's address, whichever coin.
pub(crate) fn is_address(wallet: &str) -> bool {
    let long = wallet.len() >= 90 && wallet.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let ethereum = wallet.strip_prefix("0x").is_some_and(|digits| digits.len() == 40 && is_hex(digits));
    // Ravencoin's, Verus' and many others': a version byte, a hash of 20 bytes and a checksum.
    let has = |class: fn(&u8) -> bool| wallet.bytes().any(|byte| class(&byte));
    let hash = wallet.len() == 34
        && wallet.starts_with(['R', 'G', 'V', 'X', 'a'])
        && is_base58(wallet)
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase);
    long || ethereum || hash || coin_of(wallet).is_some()
}

/// Characters of the shortest address that has a prefix with a colon, without it.
const SHORTEST_ADDRESS: usize = 26;

/// Whether it is the readable part of an address.
fn is_prefix(account: &str) -> bool {
    BECH32.iter().any(|(prefix, ..)| prefix.strip_suffix(':') == Some(account))
}

fn is_ticker(prefix: &str) -> bool {
    (2..=6).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Splits a user name into the account and the worker.
///
/// Pools take `account.worker`, some `account/worker`, `address+difficulty`, `address.payment-id.worker` and
/// `address.worker/mail`.
///
/// `solo:` and the ticker of the coin to be paid in stand before an address, a referral code after `#`, and what stands
/// behind the colon of a plain account is its password.
pub(super) fn split(user: &str) -> (&str, Option<&str>) {
    let user = match user.split_once(':') {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("solo") || is_ticker(prefix) => rest,
        Some((account, rest)) if rest.len() < SHORTEST_ADDRESS && !is_prefix(account) => account,
        _ => user,
    };
    let user = user.split('#').next().unwrap_or(user);
    let end = user.find(['.', '/', '+']).unwrap_or(user.len());
    let (wallet, rest) = user.split_at(end);
    // Behind an address stands at most an address for mail; by itself it is the name of an account.
    if user.contains('@') && !is_address(wallet) {
        return (user, None);
    }
    let is_payment_id = |part: &str| matches!(part.len(), 16 | 64) && is_hex(part);
    let worker = match (rest.chars().next(), rest.get(1..)) {
        (Some('.' | '/'), Some(rest)) => match rest.split_once('.') {
            Some((id, worker)) if is_payment_id(id) => Some(worker),
            _ => Some(rest).filter(|rest| !is_payment_id(rest)),
        },
        (_, Some(rest)) => rest.split_once('.').map(|(_, worker)| worker),
        _ => None,
    };
    let worker = worker.map(|worker| worker.split(['+', '/']).next().unwrap_or(worker));
    (wallet, worker.filter(|worker| !worker.is_empty()))
}

/// Where what may be a password begins in a user name: behind a colon that is part of no address.
pub(crate) fn secret_at(user: &str) -> Option<usize> {
    let (prefix, rest) = user.split_once(':')?;
    let (account, _) = rest.split_at(rest.find(['.', '/', '+', '#', ':']).unwrap_or(rest.len()));
    let paid = is_address(account) || is_address(&format!("{prefix}:{account}"));
    let secret = if paid { secret_at(rest)? } else { 0 };
    Some(prefix.len() + 1 + secret)
}

/// The account and worker of a user name, as a fact.
pub(super) fn user(name: &str) -> Option<Fact> {
    let (wallet, worker) = split(name);
    paid(wallet, worker)
}

/// An account and the worker that was named with it, as a fact.
pub(super) fn paid(wallet: &str, worker: Option<&str>) -> Option<Fact> {
    let worker = worker.and_then(clean);
    match clean(wallet) {
        Some(wallet) => Some(Fact::User { wallet, worker }),
        None => worker.map(Fact::Worker),
    }
}

/// What names the mining software, as a fact. Some clients put the user name in its place.
pub(super) fn software(name: &str) -> Option<Fact> {
    if is_user(name) { user(name) } else { clean(name).map(Fact::Agent) }
}

/// Whether a text is a user name and no name of software: software has a version after a slash.
pub(super) fn is_user(name: &str) -> bool {
    let (wallet, _) = split(name);
    let lower = wallet.to_ascii_lowercase();
    let prefixed = [
        "cfx:",
        "kaspa:",
        "xel:",
        "nexellia:",
        "spectre:",
        "karlsen:",
        "nexa:",
        "bitcoincash:",
        "ckb1",
        "aleo1",
    ]
    .iter()
    .any(|&prefix| lower.starts_with(prefix));
    let long = wallet.len() >= 26 && wallet.bytes().all(|byte| byte.is_ascii_alphanumeric());
    prefixed || is_address(wallet) || (long && !name.contains('/'))
}

/// A machine's name in a password field: many `CryptoNote` pools take it from there.
///
/// Only beside a coin's address, where the pool asks for no secret, and only if it is a usual word for a machine with
/// a number, such as `rig7` or `worker-01`. A secret of just this form is all that could be taken for a name.
pub(super) fn worker_in_password<'a>(wallet: &str, password: &'a str) -> Option<&'a str> {
    let name = password.split(':').next().unwrap_or(password);
    let lower = name.to_ascii_lowercase();
    let words = ["rig", "worker", "miner", "gpu", "cpu", "node", "host", "server", "pc", "vm", "box", "farm"];
    let number = words.iter().find_map(|&word| lower.strip_prefix(word))?;
    let number = number.strip_prefix(['-', '_', '.']).unwrap_or(number);
    let numbered = (1..=6).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    (numbered && is_address(wallet)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_stands_behind_a_colon() {
        let shown = |user: &str| secret_at(user).map(|at| user[..at].to_owned());
        let kaspa = format!("kaspa:{}", "q".repeat(61));
        let monero = format!("4{}", "A".repeat(94));
        for user in
            ["alice", "alice.rig", &monero, &kaspa, &format!("solo:{monero}.rig"), &format!("XMR:{monero}")]
        {
            assert_eq!(shown(user), None, "{user}");
        }
        assert_eq!(shown("alice:pw").unwrap(), "alice:");
        assert_eq!(shown("ALICE:a-long-password-of-more-than-26-characters").unwrap(), "ALICE:");
        assert_eq!(shown("solo:alice:pw").unwrap(), "solo:");
        assert_eq!(shown(&format!("{kaspa}.rig:pw")).unwrap(), format!("{kaspa}.rig:"));
        assert_eq!(shown(&format!("{monero}.rig:pw:4")).unwrap(), format!("{monero}.rig:"));
    }

    #[test]
    fn addresses_name_the_coin_whose_form_they_have() {
        assert_eq!(coin_of(&format!("4{}", "A".repeat(94))), Some("XMR"));
        assert_eq!(coin_of(&format!("8{}", "b".repeat(94))), Some("XMR"));
        assert_eq!(coin_of(&format!("4{}", "A".repeat(105))), Some("XMR"));
        assert_eq!(coin_of(&format!("4{}0", "A".repeat(93))), None, "0 is not in base58");
        assert_eq!(coin_of("1InventedAddressOfNobody"), None, "I is not in base58");
        assert_eq!(coin_of("1nventedAddressWhichNobodyHas"), Some("BTC"));
        assert_eq!(coin_of(&format!("bc1q{}", "x".repeat(38))), Some("BTC"));
        assert_eq!(coin_of(&format!("ltc1q{}", "x".repeat(38))), Some("LTC"));
        assert_eq!(coin_of("0x00000000000000000000000000000000000000aa"), None);
        let base58 = |first: &str, length: usize| {
            format!("{first}{}", "z3nventedAddre55".repeat(9).get(..length - first.len()).unwrap())
        };
        for (coin, address) in [
            ("ALPH", base58("1", 45)),
            ("ERG", base58("9", 51)),
            ("DOGE", base58("D", 34)),
            ("DCR", base58("Ds", 35)),
            ("LTC", base58("L", 34)),
            ("ZEC", base58("t1", 35)),
            ("AE", base58("ak_", 53)),
            ("KDA", format!("k:{}", "0a".repeat(32))),
            ("KAS", format!("kaspa:q{}", "x".repeat(60))),
            ("KLS", format!("karlsen:q{}", "x".repeat(60))),
            ("SPR", format!("spectre:q{}", "x".repeat(60))),
            ("PYI", format!("pyrin:q{}", "x".repeat(60))),
            ("NEXA", format!("nexa:nq{}", "x".repeat(52))),
            ("ALEO", format!("aleo1{}", "q".repeat(58))),
            ("CKB", "ckb1qyq2znu0gempdahctxsm49sa9jdzq9vnka7qt9ntff".to_owned()),
            ("CFX", "cfx:aak2rra2njvd77ezwjvx04kkds9fzagfe6ku8scz91".to_owned()),
            ("XEL", format!("xel:{}", "q".repeat(59))),
            ("HNS", format!("hs1q{}", "x".repeat(38))),
        ] {
            assert_eq!(coin_of(&address), Some(coin), "{address}");
            assert!(is_address(&address));
        }
        let shared = base58("R", 34);
        assert_eq!(
            (coin_of(&shared), is_address(&shared)),
            (None, true),
            "Ravencoin's and Verus' look alike"
        );
        for none in [
            "kaspa:",
            "kaspa:short",
            "cfx:aak2rra2njvd77ez!",
            "Dear-Sir-or-Madam",
            "RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR",
        ] {
            assert_eq!((coin_of(none), is_address(none)), (None, false), "{none}");
        }
        assert_eq!(coin_of("alice"), None);
        assert_eq!(coin_of(""), None);
    }

    #[test]
    fn user_names_are_split_as_pools_do() {
        assert_eq!(split("addr"), ("addr", None));
        assert_eq!(split("addr.rig1"), ("addr", Some("rig1")));
        assert_eq!(split("addr.rig1.gpu2"), ("addr", Some("rig1.gpu2")));
        assert_eq!(split("addr/rig1/me"), ("addr", Some("rig1")));
        assert_eq!(split("addr+5000"), ("addr", None));
        assert_eq!(split("addr+5000.rig1"), ("addr", Some("rig1")));
        assert_eq!(split("addr.rig1+5000"), ("addr", Some("rig1")));
        assert_eq!(split("addr.0123456789abcdef.rig1"), ("addr", Some("rig1")));
        assert_eq!(split("addr.0123456789abcdef"), ("addr", None));
        assert_eq!(split("me@example.org"), ("me@example.org", None));
        assert_eq!(split("addr."), ("addr", None));
        assert_eq!(split("alice:Secret.rig1"), ("alice", None), "what is behind the colon is a password");
        assert_eq!(split("alice.rig1:Secret"), ("alice", Some("rig1")));
        let doge = format!("D{}", "a".repeat(33));
        assert_eq!(split(&format!("DOGE:{doge}.rig1#abcd-efgh")), (doge.as_str(), Some("rig1")));
        let monero = format!("4{}", "A".repeat(94));
        assert_eq!(split(&format!("solo:{monero}.rig1")), (monero.as_str(), Some("rig1")));
        let kaspa = format!("kaspa:q{}", "x".repeat(60));
        assert_eq!(split(&format!("{kaspa}.rig1")), (kaspa.as_str(), Some("rig1")));
        assert_eq!(split(""), ("", None));
    }

    #[test]
    fn only_a_numbered_machine_in_the_password_is_a_worker() {
        let address = format!("4{}", "A".repeat(94));
        let worker = |password| worker_in_password(&address, password);
        assert_eq!(worker("rig7"), Some("rig7"));
        assert_eq!(worker("Rig-7:me@example.org"), Some("Rig-7"));
        assert_eq!(worker("worker01"), Some("worker01"));
        for other in [
            "x",
            "",
            "123",
            "rig",
            "d=4096",
            "me@example.org",
            "pass",
            "s3cret!",
            "hunter2",
            "Summer2024",
            "correct-horse",
            "miner4life",
            "rig-7x",
        ] {
            assert_eq!(worker(other), None, "{other}");
        }
        assert_eq!(worker_in_password("alice", "rig7"), None);
    }
}
