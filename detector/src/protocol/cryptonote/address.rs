//! Addresses of Monero's relatives and of other coins that are mined with its words.

/// An address's beginning, its least and greatest length, and the ticker symbol of the coin.
///
/// Only forms that are hardly another coin's: those of Masari, Oxen or Graft, for example, are a single letter before
/// Monero's 94.
const FORMS: &[(&str, usize, usize, &str)] = &[
    ("ZEPHYR", 90, 115, "ZEPH"),
    ("ZEPHs", 90, 115, "ZEPH"),
    ("ZEPHi", 90, 125, "ZEPH"),
    ("SaLv", 90, 120, "SAL"),
    ("SC1", 90, 120, "SAL"),
    ("hvx", 90, 115, "XHV"),
    ("hvs", 90, 115, "XHV"),
    ("hvi", 90, 125, "XHV"),
    ("Wo", 97, 97, "WOW"),
    ("WW", 97, 97, "WOW"),
    ("ccx7", 98, 98, "CCX"),
    ("TRTL", 99, 99, "TRTL"),
    ("TRTL", 187, 187, "TRTL"),
    ("Sumo", 99, 99, "SUMO"),
    ("RYoL", 99, 99, "RYO"),
    ("RYoS", 99, 99, "RYO"),
    ("bxT", 97, 100, "TUBE"),
    ("ar", 97, 98, "ARQ"),
    ("Zx", 97, 98, "ZANO"),
    ("NV", 97, 97, "XNV"),
    ("Tvz", 97, 98, "XEQ"),
    ("dero1", 60, 75, "DERO"),
    ("ckb1", 40, 110, "CKB"),
    ("stc1", 40, 80, "STC"),
];

/// Ticker symbol of the coin whose addresses have this form.
pub(in crate::protocol) fn coin(address: &str) -> Option<&'static str> {
    let known = FORMS.iter().find(|(start, least, most, _)| {
        address.starts_with(start) && (*least..=*most).contains(&address.len())
    });
    let alphanumeric = address.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match known {
        Some(&(.., coin)) if alphanumeric => Some(coin),
        _ if is_tari(address) => Some("XTM"),
        _ if is_qubic(address) => Some("QUBIC"),
        _ if is_qrl(address) => Some("QRL"),
        _ => None,
    }
}

/// Base58 of 67 bytes, of which the first two are the main network and the features.
fn is_tari(address: &str) -> bool {
    let base58 = |byte: u8| byte.is_ascii_alphanumeric() && !b"0OIl".contains(&byte);
    address.starts_with('1') && (89..=92).contains(&address.len()) && address.bytes().all(base58)
}

/// Qubic's identities: 60 capital letters.
pub(in crate::protocol) fn is_qubic(address: &str) -> bool {
    address.len() == 60 && address.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_qrl(address: &str) -> bool {
    address.strip_prefix('Q').is_some_and(|digits| digits.len() == 78 && super::is_hex(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_its_coin_by_beginning_and_length() {
        let padded = |start: &str, length: usize| format!("{start}{}", "7".repeat(length - start.len()));
        assert_eq!(coin(&padded("ZEPHYR3", 101)), Some("ZEPH"));
        assert_eq!(coin(&padded("Wo", 97)), Some("WOW"));
        assert_eq!(coin(&padded("ccx7", 98)), Some("CCX"));
        assert_eq!(coin(&padded("SaLvd", 99)), Some("SAL"));
        assert_eq!(coin(&padded("14", 91)), Some("XTM"));
        assert_eq!(coin(&"QUBIC".repeat(12)), Some("QUBIC"));
        assert_eq!(coin(&padded("Q01", 79)), Some("QRL"));
        assert_eq!(coin(&padded("ckb1q", 46)), Some("CKB"));
    }

    #[test]
    fn other_words_are_no_address() {
        for word in ["", "Wo", "Wonderland", "archive", "ckb1", "1", "QUBIC", "ZEPHYR", "dero1", "Zxcvbn"] {
            assert_eq!(coin(word), None, "{word}");
        }
        assert_eq!(coin(&format!("ccx7{}", "-".repeat(94))), None);
    }
}
