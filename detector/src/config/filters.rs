use crate::judge::Protocol;
use crate::metrics::COINS;
use crate::output;
use crate::problem::nearest;
use crate::signature::Signatures;

/// A name in the filter of an output that no record has.
pub(super) struct Unheard {
    /// Which output.
    pub(super) output: usize,
    pub(super) key: &'static str,
    pub(super) message: String,
}

/// The names of protocols and coins in filters that are neither built in nor those of a signature.
pub(super) fn unheard(outputs: &[output::Config], signatures: &Signatures) -> Vec<Unheard> {
    let own = signatures.iter().map(|signature| signature.protocol.as_str());
    let protocols: Vec<&str> = Protocol::ALL.iter().map(|known| known.name()).chain(own).collect();
    let own = signatures.iter().filter_map(|signature| signature.coin.as_deref());
    let coins: Vec<&str> = COINS.into_iter().chain(own).collect();
    let mut unheard = Vec::new();
    for (output, config) in outputs.iter().enumerate() {
        let filter = &config.filter;
        for (key, what, given, known) in [
            ("protocols", "protocol", &filter.protocols, &protocols),
            ("coins", "coin", &filter.coins, &coins),
        ] {
            let wrong =
                given.iter().filter(|name| !known.iter().any(|known| known.eq_ignore_ascii_case(name)));
            unheard.extend(wrong.map(|name| {
                let near = nearest(name, known.iter().copied());
                let hint = near.map_or_else(
                    || format!("take it from `mining.{what}` of a record"),
                    |near| format!("did you mean \"{near}\"?"),
                );
                Unheard { output, key, message: format!("no {what} is called \"{name}\"; {hint}") }
            }));
        }
    }
    unheard
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_record_has_are_told_with_what_is_meant() {
        let output = |filter: &str| -> output::Config {
            toml::from_str(&format!("to = 'stdout'\nfilter = {{ {filter} }}")).unwrap()
        };
        let signatures = Signatures::built_in().unwrap();
        let told = |filter| -> Vec<(usize, &'static str, String)> {
            let unheard = unheard(&[output("stats = false"), output(filter)], &signatures);
            unheard.into_iter().map(|one| (one.output, one.key, one.message)).collect()
        };
        assert_eq!(told("protocols = ['Stratum-v1', 'cryptonote'], coins = ['xmr', 'BTC']"), []);
        let message = "no protocol is called \"stratumv1\"; did you mean \"stratum-v1\"?".to_owned();
        assert_eq!(told("protocols = ['stratumv1']"), [(1, "protocols", message)]);
        let message = "no coin is called \"monero\"; take it from `mining.coin` of a record".to_owned();
        assert_eq!(told("coins = ['monero']"), [(1, "coins", message)]);
    }
}
