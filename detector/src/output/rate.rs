use serde::Serialize;

use crate::estimate::{Estimate, RateUnit};
use crate::ledger::Record;

/// What a record says of the speed of the miner and its power. What is not known is left out.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Rate {
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_hashrate_hs: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hashrate_hs: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hashrate_low_hs: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hashrate_high_hs: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hashrate_unit: Option<RateUnit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hashrate_algorithm: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    power_w: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    power_low_w: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    power_high_w: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    power_assumption: Option<&'static str>,
}

impl Rate {
    pub(super) fn of(record: &Record) -> Self {
        let claimed = record.facts.claimed_hash_rate.filter(|rate| rate.is_finite() && *rate > 0.0);
        let claimed = Self { claimed_hashrate_hs: claimed, ..Self::default() };
        let Some(Estimate { rate, unit, algorithm, power }) = record.estimate else { return claimed };
        Self {
            hashrate_hs: Some(significant(rate.value)),
            hashrate_low_hs: Some(significant(rate.low)),
            hashrate_high_hs: Some(significant(rate.high)),
            hashrate_unit: Some(unit).filter(|&unit| unit != RateUnit::Hashes),
            hashrate_algorithm: algorithm,
            power_w: power.map(|power| significant(power.watts.value)),
            power_low_w: power.map(|power| significant(power.watts.low)),
            power_high_w: power.map(|power| significant(power.watts.high)),
            power_assumption: power.map(|power| power.assumption),
            ..claimed
        }
    }
}

/// Four significant digits: more would be noise.
fn significant(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::significant;

    #[test]
    fn four_digits_are_kept_whatever_the_size() {
        for (value, kept) in
            [(95_123_456_789_012.0, 95_120_000_000_000.0), (0.001_234_56, 0.001_235), (7.0, 7.0)]
        {
            assert!((significant(value) - kept).abs() < f64::EPSILON * kept, "{value}");
        }
    }
}
