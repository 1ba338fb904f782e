use serde::{Deserialize, Serialize};

use super::algorithm::{self, Algorithm, Hardware};
use super::interval::Interval;
use super::work::Effort;
use crate::intern::Kept;
use crate::judge::{Facts, Protocol};

/// What a rate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RateUnit {
    /// Hashes a second.
    #[serde(rename = "hashes/s")]
    Hashes,
    /// Solutions of Equihash a second.
    #[serde(rename = "solutions/s")]
    Solutions,
    /// Graphs of Cuckoo Cycle a second.
    #[serde(rename = "graphs/s")]
    Graphs,
}

/// How fast a miner computes, and what power that takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// How much a second.
    pub rate: Interval,
    /// Of what.
    pub unit: RateUnit,
    /// The hash function, if it is known: by its name or by what implies it.
    #[serde(default, deserialize_with = "crate::intern::optional")]
    pub algorithm: Option<Kept>,
    /// Electrical power, if typical hardware is known.
    pub power: Option<Power>,
}

/// Electrical power. Its limits hold the uncertainty of the rate and that of the hardware.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Power {
    /// Watts. The value is that for the geometric mean of the best and the worst hardware.
    pub watts: Interval,
    /// On what hardware, in words.
    #[serde(deserialize_with = "crate::intern::required")]
    pub assumption: Kept,
}

/// The hash rate of a case whose shares were `counted` in `seconds`, and its power.
///
/// `None` if no share was counted (an idle miner and one whose shares are not seen look the same), if it is not known what
/// a unit of the difficulty is worth, if the algorithm changed, or if shares are no proof of computing.
#[must_use]
pub fn estimate(protocol: Protocol, facts: &Facts, counted: &Effort, seconds: f64) -> Option<Estimate> {
    // Plots on disks, and the scores of Qubic's training.
    let computes = !matches!(protocol, Protocol::Chia | Protocol::Signum | Protocol::Qubic);
    if counted.shares == 0 || seconds <= 0.0 || facts.work.mixed || !computes {
        return None;
    }
    let algorithm = match (&facts.algorithm, facts.implied_algorithm) {
        (Some(name), _) => algorithm::named(name),
        (None, Some(implied)) => algorithm::named(implied),
        (None, None) => algorithm::of(protocol, facts.coin, facts.agent.as_deref()),
    };
    let unit = if counted.units > 0.0 { algorithm?.unit? } else { 0.0 };
    let tries = counted.hashes + counted.units * unit;
    let squares = counted.hashes_squared + counted.units_squared * unit * unit;
    // So many shares of equal difficulty would leave the same uncertainty.
    let shares = tries * tries / squares;
    let rate = Interval::of_count(shares).times(tries / shares / seconds);
    let rate = rate.times(algorithm.map_or(1.0, |it| it.per_try));
    [rate.low, rate.value, rate.high].iter().all(|rate| rate.is_finite()).then(|| Estimate {
        rate,
        unit: algorithm.map_or(RateUnit::Hashes, |it| it.rate),
        algorithm: algorithm.map(|it| it.name),
        power: algorithm.and_then(|it| power(it, rate)),
    })
}

fn power(algorithm: &Algorithm, rate: Interval) -> Option<Power> {
    let Hardware { best, worst, assumption } = *algorithm.hardware.as_ref()?;
    let watts =
        Interval { value: rate.value * (best * worst).sqrt(), low: rate.low * best, high: rate.high * worst };
    Some(Power { watts, assumption })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Protocol::{
        Alephium, Beam, CryptoNote, Equihash, EthProxy, EthereumStratum, Grin, Kaspa, KawPow, StratumV1,
        StratumV2,
    };

    /// Sixty shares of difficulty 1000 in ten minutes.
    fn sixty(protocol: Protocol, told: &Facts, units: bool) -> Option<Estimate> {
        let (sum, squares) = (60_000.0, 60_000_000.0);
        let counted = if units {
            Effort { shares: 60, units: sum, units_squared: squares, ..Effort::default() }
        } else {
            Effort { shares: 60, hashes: sum, hashes_squared: squares, ..Effort::default() }
        };
        estimate(protocol, told, &counted, 600.0)
    }

    fn algorithm(name: &str) -> Facts {
        Facts { algorithm: Some(name.to_owned()), ..Facts::default() }
    }

    fn coin(ticker: &'static str) -> Facts {
        Facts { coin: Some(ticker), ..Facts::default() }
    }

    #[test]
    fn a_share_is_worth_what_its_algorithm_says() {
        let implied = Facts { implied_algorithm: Some("sha256d"), ..Facts::default() };
        let nothing = Facts::default();
        let (two32, two16, two34) = (4_294_967_296.0, 65_536.0, 17_179_869_184.0);
        for (protocol, told, units, expected) in [
            (StratumV1, &implied, true, 100.0 * two32),
            (StratumV1, &algorithm("SHA-256"), true, 100.0 * two32),
            (StratumV1, &coin("LTC"), true, 100.0 * two16),
            (StratumV1, &coin("DASH"), true, 100.0 * two32),
            (StratumV1, &algorithm("gr"), true, 100.0 * two16),
            (StratumV2, &nothing, false, 100.0),
            (EthereumStratum, &nothing, true, 100.0 * two32),
            (EthProxy, &nothing, false, 100.0),
            (Kaspa, &coin("KAS"), true, 100.0 * two32),
            (Kaspa, &coin("KLS"), true, 100.0 * two32),
            (Alephium, &nothing, true, 100.0 * two34),
            (Alephium, &nothing, false, 1_600.0),
            (KawPow, &nothing, false, 100.0),
            (CryptoNote, &algorithm("rx/0"), false, 100.0),
            (CryptoNote, &algorithm("cn/unheard-of"), false, 100.0),
            (Equihash, &coin("ZEC"), false, 100.0),
            (Beam, &nothing, false, 100.0),
            (Grin, &coin("GRIN"), false, 4_200.0),
            (Protocol::DuinoCoin, &nothing, false, 5_000.0),
        ] {
            let found = sixty(protocol, told, units).unwrap().rate.value;
            assert!((found / expected - 1.0).abs() < 1e-9, "{protocol}: {found} and not {expected}");
        }
    }

    #[test]
    fn nothing_is_told_of_what_is_not_known() {
        assert_eq!(sixty(StratumV1, &Facts::default(), true), None, "any algorithm");
        assert_eq!(sixty(StratumV1, &coin("BTC"), true), None, "pools of many algorithms pay in Bitcoin");
        assert_eq!(sixty(StratumV1, &algorithm("x99"), true), None);
        assert_eq!(sixty(Protocol::Ergo, &Facts::default(), true), None, "depends on the software");
        assert_eq!(sixty(Protocol::Chia, &Facts::default(), false), None, "nothing is computed");
        let mut mixed = algorithm("rx/0");
        mixed.work.mixed = true;
        assert_eq!(sixty(CryptoNote, &mixed, false), None);
        let one = Effort { shares: 1, hashes: 1.0, hashes_squared: 1.0, ..Effort::default() };
        assert_eq!(estimate(CryptoNote, &Facts::default(), &Effort::default(), 600.0), None);
        assert_eq!(estimate(CryptoNote, &Facts::default(), &one, 0.0), None);
        let boundless = Effort { shares: 2, hashes: f64::MAX, hashes_squared: f64::INFINITY, ..one };
        assert_eq!(estimate(CryptoNote, &Facts::default(), &boundless, 1.0), None);
    }

    #[test]
    fn the_rate_has_the_unit_of_its_algorithm() {
        let unit = |protocol| sixty(protocol, &Facts::default(), false).unwrap().unit;
        assert_eq!(unit(Equihash), RateUnit::Solutions);
        assert_eq!(unit(Grin), RateUnit::Graphs);
        assert_eq!(unit(CryptoNote), RateUnit::Hashes);
        assert_eq!(sixty(Equihash, &coin("VRSC"), false).unwrap().unit, RateUnit::Hashes);
    }

    #[test]
    fn shares_of_unequal_difficulty_tell_less() {
        let of = |difficulties: &[f64]| {
            let counted = Effort {
                shares: difficulties.len() as u64,
                hashes: difficulties.iter().sum(),
                hashes_squared: difficulties.iter().map(|difficulty| difficulty * difficulty).sum(),
                ..Effort::default()
            };
            estimate(CryptoNote, &Facts::default(), &counted, 100.0).unwrap().rate
        };
        let (equal, unequal) = (of(&[25.0; 4]), of(&[97.0, 1.0, 1.0, 1.0]));
        assert!((equal.value - unequal.value).abs() < 1e-9, "the same work");
        assert!(unequal.high > 1.5 * equal.high && unequal.low < equal.low);
        let few = of(&[100.0]);
        assert!(few.high > unequal.high && few.low < unequal.low);
    }

    #[test]
    fn power_is_that_of_typical_hardware() {
        let Power { watts, assumption } = sixty(CryptoNote, &coin("XMR"), false).unwrap().power.unwrap();
        // 100 hashes a second, at 40 to 160 hashes a joule.
        assert!((watts.value - 1.25).abs() < 1e-9, "{watts:?}");
        assert!(watts.low < 100.0 / 160.0 && watts.high > 100.0 / 40.0);
        assert!(assumption.contains("processors") && assumption.contains("40 to 160 H/J"));
        assert_eq!(sixty(CryptoNote, &algorithm("cn/r"), false).unwrap().power, None);
        // An S19 of 95 TH/s: 22,000 shares of difficulty 1 in a second. It takes 3250 W.
        let implied = Facts { implied_algorithm: Some("sha256d"), ..Facts::default() };
        let counted = Effort {
            shares: 1000,
            units: 1000.0 * 65_536.0,
            units_squared: 1000.0 * 65_536f64.powi(2),
            ..Effort::default()
        };
        let found =
            estimate(StratumV1, &implied, &counted, 1000.0 * 65_536.0 * 4_294_967_296.0 / 95e12).unwrap();
        let watts = found.power.unwrap().watts;
        assert!((found.rate.value / 95e12 - 1.0).abs() < 1e-9);
        assert!(watts.low < 3250.0 && 3250.0 < watts.high && watts.high / watts.low < 4.0, "{watts:?}");
    }
}
