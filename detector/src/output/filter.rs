use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;
use serde_json::Value;

use super::format::Format;
use crate::enrich::NetworkType;
use crate::store::read::VERDICTS;

/// Which records an output gets. What is empty asks for nothing; of what is given, all must be true.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Filter {
    /// One of these verdicts: node, suspected, probable, confirmed.
    pub verdicts: Vec<String>,
    /// At least this confidence, 0 to 1.
    pub minimum_confidence: f64,
    /// The miner is in one of these kinds of network.
    pub network_types: Vec<NetworkType>,
    /// The miner is in one of these regions; upper and lower case are the same.
    pub regions: Vec<String>,
    /// One of these protocols, by their names in records.
    pub protocols: Vec<String>,
    /// One of these coins.
    pub coins: Vec<String>,
    /// The miner's address is in one of these prefixes.
    pub prefixes: Vec<IpNet>,
    /// One of these reasons: opened, verdict, stage, periodic, quiet, returned, closed, final.
    pub reasons: Vec<String>,
    /// The counters of the agent too.
    pub stats: bool,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            verdicts: Vec::new(),
            minimum_confidence: 0.0,
            network_types: Vec::new(),
            regions: Vec::new(),
            protocols: Vec::new(),
            coins: Vec::new(),
            prefixes: Vec::new(),
            reasons: Vec::new(),
            stats: true,
        }
    }
}

const REASONS: [&str; 8] = ["opened", "verdict", "stage", "periodic", "quiet", "returned", "closed", "final"];

impl Filter {
    /// What is wrong with it: the key, and how to mend it.
    pub(super) fn check(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.minimum_confidence) {
            return Err(format!(
                "filter.minimum-confidence = {} must be from 0 to 1",
                self.minimum_confidence
            ));
        }
        for (key, given, known) in
            [("verdicts", &self.verdicts, &VERDICTS[..]), ("reasons", &self.reasons, &REASONS[..])]
        {
            if let Some(wrong) = given.iter().find(|word| !known.contains(&word.as_str())) {
                return Err(format!("filter.{key}: `{wrong}` is none of {}", known.join(", ")));
            }
        }
        Ok(())
    }

    pub(super) fn lets_all_pass(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an EVE record passes.
    pub(super) fn lets_pass(&self, eve: &Value) -> bool {
        match eve.get("event_type").and_then(Value::as_str) {
            Some("stats") => return self.stats,
            // What concerns the agent itself concerns whoever reads what it writes.
            Some("engine") => return true,
            _ => {}
        }
        let text = |pointer: &str| eve.pointer(pointer).and_then(Value::as_str);
        let among = |wanted: &[String], pointer: &str| {
            wanted.is_empty()
                || text(pointer).is_some_and(|is| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(is)))
        };
        among(&self.verdicts, "/mining/verdict")
            && among(&self.reasons, "/mining/reason")
            && among(&self.protocols, "/mining/protocol")
            && among(&self.coins, "/mining/coin")
            && (self.regions.is_empty()
                || text("/mining/network/region").is_some_and(|is| {
                    self.regions.iter().any(|wanted| wanted.to_lowercase() == is.to_lowercase())
                }))
            && self.is_sure_enough(eve)
            && self.is_of_a_type(text("/mining/network/type"))
            && self.is_within(text("/mining/miner_ip"))
    }

    fn is_sure_enough(&self, eve: &Value) -> bool {
        let confidence = eve.pointer("/mining/confidence").and_then(Value::as_f64);
        self.minimum_confidence <= confidence.unwrap_or(0.0)
    }

    fn is_of_a_type(&self, kind: Option<&str>) -> bool {
        let kind = kind.unwrap_or("unknown");
        self.network_types.is_empty() || self.network_types.iter().any(|wanted| wanted.to_string() == kind)
    }

    fn is_within(&self, address: Option<&str>) -> bool {
        let address = address.and_then(|address| address.parse::<IpAddr>().ok());
        self.prefixes.is_empty()
            || address.is_some_and(|address| {
                let address = address.to_canonical();
                self.prefixes.iter().any(|prefix| prefix.contains(&address))
            })
    }
}

/// What an output delivers: what its filter lets pass and its format has a place for.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    filter: Filter,
    format: Format,
}

impl Wanted {
    pub(super) const fn new(filter: Filter, format: Format) -> Self {
        Self { filter, format }
    }

    /// Whether a record, a line of EVE, is among it.
    pub(super) fn has(&self, line: &str) -> bool {
        if self.format == Format::Eve && self.filter.lets_all_pass() {
            return true;
        }
        let passes = |eve: Value| self.filter.lets_pass(&eve) && self.format.has_place_for(&eve);
        serde_json::from_str(line).is_ok_and(passes)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn alert() -> Value {
        json!({"event_type": "alert", "mining": {
            "verdict": "confirmed", "confidence": 0.97, "reason": "opened", "protocol": "stratum-v1", "coin": "monero",
            "miner_ip": "10.20.3.4", "network": {"type": "education", "region": "Hubei"},
        }})
    }

    fn filter(toml: &str) -> Filter {
        let filter: Filter = toml::from_str(toml).unwrap();
        filter.check().unwrap();
        filter
    }

    #[test]
    fn each_criterion_lets_the_right_ones_pass() {
        for (passes, stops) in [
            ("verdicts = ['confirmed', 'probable']", "verdicts = ['node']"),
            ("minimum-confidence = 0.97", "minimum-confidence = 0.98"),
            ("network-types = ['education']", "network-types = ['mobile', 'unknown']"),
            ("regions = ['hubei']", "regions = ['Hunan']"),
            ("protocols = ['stratum-v1']", "protocols = ['grin']"),
            ("coins = ['Monero']", "coins = ['bitcoin']"),
            ("prefixes = ['2001:db8::/32', '10.20.0.0/16']", "prefixes = ['10.21.0.0/16']"),
            ("reasons = ['opened']", "reasons = ['final']"),
        ] {
            assert!(filter(passes).lets_pass(&alert()), "{passes}");
            assert!(!filter(stops).lets_pass(&alert()), "{stops}");
            assert!(!filter(&format!("{passes}\n{}", "stats = false")).lets_all_pass());
            assert!(filter(stops).lets_pass(&json!({"event_type": "stats"})), "{stops}");
            assert!(filter(stops).lets_pass(&json!({"event_type": "engine"})), "{stops}");
        }
        assert!(!filter("stats = false").lets_pass(&json!({"event_type": "stats"})));
        assert!(filter("").lets_all_pass());
    }

    #[test]
    fn all_criteria_must_be_true() {
        assert!(!filter("coins = ['monero']\nreasons = ['quiet']").lets_pass(&alert()));
    }

    #[test]
    fn what_is_not_known_passes_no_criterion_but_unknown() {
        let bare = json!({"event_type": "alert", "mining": {"miner_ip": "10.0.0.1"}});
        assert!(filter("network-types = ['unknown']").lets_pass(&bare));
        for stops in ["coins = ['monero']", "regions = ['Hubei']", "minimum-confidence = 0.1"] {
            assert!(!filter(stops).lets_pass(&bare), "{stops}");
        }
    }

    #[test]
    fn an_output_wants_what_passes_its_filter_and_fits_its_format() {
        let stats = r#"{"event_type":"stats"}"#;
        assert!(Wanted::default().has(stats));
        assert!(!Wanted::new(filter("stats = false"), Format::Eve).has(stats));
        assert!(!Wanted::new(Filter::default(), Format::Cef).has(stats));
        let alert = alert().to_string();
        assert!(Wanted::new(filter("coins = ['monero']"), Format::Eve).has(&alert));
        assert!(!Wanted::new(filter("coins = ['bitcoin']"), Format::Eve).has(&alert));
    }

    #[test]
    fn errors_name_the_key() {
        let wrong = |text: &str| toml::from_str::<Filter>(text).unwrap().check().unwrap_err();
        assert_eq!(
            wrong("verdicts = ['sure']"),
            "filter.verdicts: `sure` is none of node, suspected, probable, confirmed"
        );
        assert!(wrong("minimum-confidence = 97").starts_with("filter.minimum-confidence = 97 must be"));
        assert!(toml::from_str::<Filter>("verdict = []").unwrap_err().to_string().contains("unknown field"));
    }
}
