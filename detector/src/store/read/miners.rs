use std::net::IpAddr;

use serde::Serialize;

use super::filter::Filter;
use super::names::{STATES, word};
use super::row::{Columns, NETWORK};
use super::select::{Brief, Listing, going, grouped};
use super::sort::{Sort, Value, order};
use super::totals::{Part, Totals, Words, sum};
use super::{Activity, ReadError, Reader, Window};
use crate::enrich::{Lease, Network};
use crate::ledger::CaseId;

/// An address that mines. The sums are over its cases that the filter lets through.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Miner {
    /// The address.
    pub miner_ip: IpAddr,
    /// Where it is.
    pub network: Network,
    /// Who had it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// The operator's state: of the cases, the one that needs most attention.
    pub state: &'static str,
    /// Sums over the cases.
    #[serde(flatten)]
    pub totals: Totals,
    /// How many pools it uses.
    pub pools: usize,
    /// Different machines behind the address, at least.
    pub workers: u64,
    /// When it was active.
    #[serde(flatten)]
    pub activity: Activity,
    /// The numbers of the cases.
    pub case_ids: Vec<CaseId>,
}

/// What miners can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum MinerKey {
    /// Latest activity.
    LastSeen,
    /// First activity.
    FirstSeen,
    /// Address.
    Address,
    /// Type of the network.
    NetworkType,
    /// Country.
    Country,
    /// Region.
    Region,
    /// City.
    City,
    /// Number of the autonomous system.
    Asn,
    /// The operator's site.
    Site,
    /// Strength of the verdict.
    Verdict,
    /// The operator's state; `new` is the greatest.
    State,
    /// Number of cases.
    Cases,
    /// Number of pools.
    Pools,
    /// Number of machines.
    Workers,
    /// Connections in all.
    Connections,
    /// Connections an hour.
    ConnectionsPerHour,
    /// Connections a day.
    ConnectionsPerDay,
    /// Hours with activity on the last day.
    Hours,
    /// Days with activity.
    Days,
    /// Shares handed in.
    Shares,
    /// Hash rate, whatever it counts.
    HashRate,
    /// Power.
    Power,
}

impl MinerKey {
    /// The column of the table of miners that decides.
    const fn of_miner(self) -> Option<&'static str> {
        Some(match self {
            Self::Address => "address",
            Self::NetworkType => "network_type",
            Self::Country => "country",
            Self::Region => "region",
            Self::City => "city",
            Self::Asn => "asn",
            Self::Site => "site",
            _ => return None,
        })
    }

    /// The column of the table of cases that decides; `NULL` if none does.
    const fn of_case(self) -> &'static str {
        match self {
            Self::FirstSeen => "c.first_seen",
            Self::Workers => "c.workers",
            Self::Connections => "c.connections",
            Self::ConnectionsPerHour => "c.connections_per_hour",
            Self::Shares => "c.submitted",
            Self::HashRate => "c.rate",
            Self::Power => "c.power",
            _ => "NULL",
        }
    }
}

/// How many different numbers there are.
pub(super) fn distinct(numbers: impl Iterator<Item = i64>) -> usize {
    let mut numbers: Vec<i64> = numbers.collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len()
}

fn latest(briefs: &[Brief]) -> i64 {
    briefs.iter().map(|brief| brief.head.last_seen).max().unwrap_or(0)
}

/// The cases of groups at these places, each with the number of its group.
fn numbered(groups: &[&[Brief]], places: impl Iterator<Item = usize>) -> Vec<(i64, usize)> {
    let of = |(number, place)| {
        let briefs: &[Brief] = groups.get(place).copied().unwrap_or_default();
        briefs.iter().map(move |brief| (brief.head.id, number))
    };
    (0..).zip(places).flat_map(of).collect()
}

impl Reader {
    /// The miners with cases that the filter lets through, as many as `limit` at most. How often each connected is counted
    /// in the window.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn miners(
        &self,
        filter: &Filter,
        sort: Sort<MinerKey>,
        limit: usize,
        window: Window,
    ) -> Result<(Vec<Miner>, Listing), ReadError> {
        let (mut briefs, left) = self.briefs(filter, sort.key.of_case())?;
        let groups = grouped(&mut briefs, |brief| (brief.head.miner, brief.head.id));
        let values = self.miner_values(&groups, sort.key, window)?;
        let keyed = values.into_iter().zip(groups.iter().map(|briefs| latest(briefs))).collect();
        let places = order(keyed, sort.descending, limit);
        let cases = numbered(&groups, places.iter().copied());
        let activities = self.activity(window, cases, places.len())?;
        let mut words = Words::default();
        let mut miners = Vec::with_capacity(places.len());
        for (place, activity) in places.into_iter().zip(activities) {
            let Some(briefs) = groups.get(place) else { continue };
            let cases: Vec<i64> = briefs.iter().map(|brief| brief.head.id).collect();
            let parts = self.parts_of(&cases, &mut words)?;
            miners.extend(self.miner(&parts, &words, activity)?);
        }
        Ok((miners, Listing { found: groups.len(), ..left }))
    }

    fn miner_values(
        &self,
        groups: &[&[Brief]],
        key: MinerKey,
        window: Window,
    ) -> Result<Vec<Value>, ReadError> {
        if let Some(column) = key.of_miner() {
            let ids = groups.iter().filter_map(|briefs| Some(briefs.first()?.head.miner));
            return self.values_of(&format!("SELECT id, {column} FROM miners ORDER BY id"), ids);
        }
        let count = |count: usize| Value::count(i64::try_from(count).unwrap_or(i64::MAX));
        let greatest = |numbers: &mut dyn Iterator<Item = f64>| Value::number(numbers.reduce(f64::max));
        let known = |brief: &Brief| Some(brief.number()).filter(|_| brief.key != Value::Nothing);
        let each = |value: &dyn Fn(&[Brief]) -> Value| groups.iter().map(|briefs| value(briefs)).collect();
        Ok(match key {
            MinerKey::State => {
                let states = self.states()?;
                let state = |brief: &Brief| states.get(&brief.head.id).copied().unwrap_or(0);
                each(&|briefs| Value::count(-i64::from(briefs.iter().map(state).min().unwrap_or(0))))
            }
            MinerKey::ConnectionsPerDay | MinerKey::Hours | MinerKey::Days => {
                let activities = self.activity(window, numbered(groups, 0..groups.len()), groups.len())?;
                let value = |activity: Activity| match key {
                    MinerKey::Hours => Value::Number(activity.active_hours_last_day.into()),
                    MinerKey::Days => Value::Number(activity.days_seen.into()),
                    _ => Value::number(activity.connections_per_day),
                };
                activities.into_iter().map(value).collect()
            }
            MinerKey::FirstSeen => {
                each(&|briefs| Value::number(briefs.iter().map(Brief::number).reduce(f64::min)))
            }
            MinerKey::Workers => each(&|briefs| greatest(&mut briefs.iter().map(Brief::number))),
            MinerKey::Verdict => {
                each(&|briefs| greatest(&mut briefs.iter().map(|brief| f64::from(brief.head.verdict))))
            }
            MinerKey::Cases => each(&|briefs| count(briefs.len())),
            MinerKey::Pools => each(&|briefs| count(distinct(briefs.iter().map(|brief| brief.head.pool)))),
            MinerKey::Connections | MinerKey::ConnectionsPerHour | MinerKey::Shares => {
                each(&|briefs| Value::number(sum(briefs.iter().map(known))))
            }
            MinerKey::HashRate | MinerKey::Power => {
                each(&|briefs| Value::number(sum(going(briefs, |brief| &brief.head).map(known))))
            }
            _ => each(&|briefs| Value::count(latest(briefs))),
        })
    }

    /// `None` if it is gone since.
    fn miner(&self, parts: &[Part], words: &Words, activity: Activity) -> Result<Option<Miner>, ReadError> {
        let Some(first) = parts.first() else { return Ok(None) };
        let mut statement = self
            .connection
            .prepare_cached(&format!("SELECT m.address, {NETWORK} FROM miners m WHERE m.id = ?"))?;
        let mut rows = statement.query([first.head.miner])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let mut columns = Columns::of(row);
        let miner_ip = columns.address()?;
        let network = columns.network()?;
        let latest = parts.iter().max_by_key(|part| part.head.last_seen).unwrap_or(first);
        let lease = self.lease(latest.head.id)?;
        let states = parts.iter().map(|part| self.state(part.head.id)).collect::<Result<Vec<u8>, _>>()?;
        Ok(Some(Miner {
            miner_ip,
            network,
            lease,
            state: word(states.into_iter().min().unwrap_or(0), &STATES),
            totals: Totals::of(parts, words),
            pools: distinct(parts.iter().map(|part| part.head.pool)),
            workers: parts.iter().map(|part| part.workers).max().unwrap_or(0).unsigned_abs(),
            activity,
            case_ids: parts.iter().map(|part| CaseId(part.head.id.cast_unsigned())).collect(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;
    use jiff::Timestamp;

    use super::super::HashRate;
    use super::super::fixture::Fixture;
    use super::*;

    fn all(fixture: &Fixture, key: MinerKey, descending: bool, limit: usize) -> (Vec<Miner>, Listing) {
        let window = Window::week(Timestamp::from_second(100 * 86_400 + 43_200).unwrap());
        let filter = Filter { only_mining: true, ..Filter::default() };
        fixture.reader().miners(&filter, Sort { key, descending }, limit, window).unwrap()
    }

    /// One with two cases, one with one, and a node.
    fn ledger() -> Fixture {
        let fixture = Fixture::new();
        fixture.case("10.0.0.1", "192.0.2.1:1");
        fixture.change_case("10.0.0.1", "rate = 5e6, power = 50, power_low = 40, power_high = 60, life = 'closed', last_seen = 9000, verdict = 'probable', coin = 'BTC'");
        fixture.case("10.0.0.2", "192.0.2.1:1");
        fixture.case("10.0.0.2", "192.0.2.2:2");
        fixture.change_case("10.0.0.2", "rate = 1000, power = 100, power_low = 50, power_high = 200, connections = 7, connections_per_hour = 1.5, coin = 'XMR', workers = 3, submitted = 2");
        fixture.case("10.0.0.3", "192.0.2.1:1");
        fixture.change_case("10.0.0.3", "verdict = 'node'");
        for (address, place) in [("10.0.0.1", "b"), ("10.0.0.2", "a")] {
            let texts = ["country", "region", "city", "site", "network_type"]
                .map(|column| format!("{column} = '{place}'"));
            fixture.change(
                "miners",
                address,
                &texts
                    .join(", ")
                    .replace("network_type = 'b'", "network_type = 'mobile'")
                    .replace("network_type = 'a'", "network_type = 'education'"),
            );
        }
        fixture.change("miners", "10.0.0.2", "asn = 1");
        fixture.day("10.0.0.2", 100, &[(1, 20), (2, 5)]);
        fixture.day("10.0.0.1", 99, &[(1, 1)]);
        fixture.remark("10.0.0.1", "fixed");
        fixture
    }

    #[test]
    fn the_cases_of_an_address_add_up() {
        let (miners, listing) = all(&ledger(), MinerKey::Cases, true, usize::MAX);
        assert_eq!(listing, Listing { found: 2, hidden: 0, nodes: 1 });
        let miner = &miners[0];
        assert_eq!(miner.miner_ip.to_string(), "10.0.0.2");
        assert_eq!((miner.pools, miner.totals.cases, miner.case_ids.len(), miner.workers), (2, 2, 2, 3));
        assert_eq!((miner.totals.connections, miner.totals.connections_per_hour), (14, Some(3.0)));
        assert_eq!(miner.totals.coins, ["XMR"]);
        let rates = &miner.totals.rates;
        assert_eq!(
            rates.speeds,
            [HashRate {
                value: 2000.0,
                unit: "hashes/s".to_owned(),
                coin: Some("XMR".to_owned()),
                algorithm: None
            }]
        );
        assert_eq!(
            rates.power.map(|power| [power.value, power.low, power.high]),
            Some([200.0, 100.0, 400.0])
        );
        assert_eq!((miner.state, miner.totals.life, miner.totals.verdict), ("new", "open", "confirmed"));
        assert_eq!(miner.activity.connections_per_day, Some(50.0));
        assert_eq!((miner.activity.active_hours_last_day, miner.activity.days_seen), (2, 1));
        assert_eq!((miners[1].state, miners[1].totals.life), ("fixed", "closed"));
        assert_eq!(miners[1].totals.rates.power.map(|power| power.value), Some(50.0), "what it was last");
    }

    #[test]
    fn speed_is_that_of_open_cases_if_any_is() {
        let fixture = ledger();
        fixture
            .connection
            .execute_batch(
                "UPDATE cases SET life = 'quiet' WHERE pool = (SELECT id FROM pools WHERE port = 2)",
            )
            .unwrap();
        let (miners, _) = all(&fixture, MinerKey::Cases, true, 1);
        assert_eq!(miners[0].totals.rates.power.map(|power| power.value), Some(100.0));
    }

    #[test]
    fn speeds_of_different_hash_functions_are_not_added() {
        let fixture = Fixture::new();
        let algorithms = ["'sha256d'", "'kawpow'", "'rx/0'", "'randomx'", "NULL", "NULL"];
        for (port, algorithm) in (1..).zip(algorithms) {
            fixture.case("10.0.0.1", &format!("192.0.2.1:{port}"));
            let assign = format!(
                "UPDATE cases SET rate = {port}, algorithm = {algorithm} WHERE pool = (SELECT id FROM pools WHERE port = {port})"
            );
            fixture.connection.execute(&assign, ()).unwrap();
        }
        let (miners, _) = all(&fixture, MinerKey::Cases, true, 1);
        let speeds = &miners[0].totals.rates.speeds;
        let told: Vec<_> = speeds.iter().map(|it| (it.value, it.algorithm.as_deref())).collect();
        let one = "what two names mean the same for";
        assert_eq!(told[0], (7.0, Some("rx/0")), "{one}");
        assert_eq!(told[1..], [(5.0, None), (6.0, None), (2.0, Some("kawpow")), (1.0, Some("sha256d"))]);
    }

    #[test]
    fn every_key_sorts() {
        let fixture = ledger();
        for &key in MinerKey::value_variants() {
            let (miners, _) = all(&fixture, key, true, usize::MAX);
            let addresses: Vec<String> = miners.iter().map(|miner| miner.miner_ip.to_string()).collect();
            let second_first = matches!(key, |MinerKey::Asn| MinerKey::Verdict
                | MinerKey::State
                | MinerKey::Cases
                | MinerKey::Pools
                | MinerKey::Workers
                | MinerKey::Connections
                | MinerKey::ConnectionsPerHour
                | MinerKey::ConnectionsPerDay
                | MinerKey::Hours
                | MinerKey::Power
                | MinerKey::Address
                | MinerKey::Shares);
            let [first, second] = if second_first { [2, 1] } else { [1, 2] };
            assert_eq!(addresses, [format!("10.0.0.{first}"), format!("10.0.0.{second}")], "{key:?}");
            let (one, listing) = all(&fixture, key, true, 1);
            assert_eq!((one.len(), &one[0], listing.found), (1, &miners[0], 2), "{key:?}");
        }
    }
}
