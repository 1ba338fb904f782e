use std::collections::HashMap;
use std::net::IpAddr;

use rusqlite::types::ValueRef;
use serde::Serialize;

use super::filter::Filter;
use super::names::{STATES, word};
use super::row::{Columns, NETWORK};
use super::select::{Brief, Listing, Totals, Words, grouped, power, speed, sum};
use super::sort::{Sort, Value, order};
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
    const fn column(self) -> Option<&'static str> {
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
}

fn distinct(briefs: &[Brief], by: fn(&Brief) -> i64) -> usize {
    let mut values: Vec<i64> = briefs.iter().map(by).collect();
    values.sort_unstable();
    values.dedup();
    values.len()
}

fn pools(briefs: &[Brief]) -> usize {
    distinct(briefs, |brief| brief.pool)
}

fn latest(briefs: &[Brief]) -> i64 {
    briefs.iter().map(|brief| brief.last_seen).max().unwrap_or(0)
}

fn numbered(groups: &[&[Brief]], places: impl Iterator<Item = usize>) -> HashMap<i64, usize> {
    let of = |(number, place)| {
        let briefs: &[Brief] = groups.get(place).copied().unwrap_or_default();
        briefs.iter().map(move |brief| (brief.id, number))
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
        let mut selection = self.select(filter)?;
        let groups = grouped(&mut selection.briefs, |brief| brief.miner);
        let values = self.miner_values(&groups, sort.key, window)?;
        let keyed = values.into_iter().zip(groups.iter().map(|briefs| latest(briefs))).collect();
        let mut places = order(keyed, sort.descending);
        places.truncate(limit);
        let activities = self.activity(window, &numbered(&groups, places.iter().copied()), places.len())?;
        let mut miners = Vec::with_capacity(places.len());
        for (place, activity) in places.into_iter().zip(activities) {
            let Some(briefs) = groups.get(place) else { continue };
            miners.extend(self.miner(briefs, &selection.words, activity)?);
        }
        Ok((miners, Listing { found: groups.len(), ..selection.left }))
    }

    fn miner_values(
        &self,
        groups: &[&[Brief]],
        key: MinerKey,
        window: Window,
    ) -> Result<Vec<Value>, ReadError> {
        if let Some(column) = key.column() {
            return self.column_of_miners(groups, column);
        }
        let greatest =
            |briefs: &[Brief], of: fn(&Brief) -> i64| Value::count(briefs.iter().map(of).max().unwrap_or(0));
        let total = |briefs: &[Brief], of: fn(&Brief) -> i64| Value::count(briefs.iter().map(of).sum());
        let count = |count: usize| Value::count(i64::try_from(count).unwrap_or(i64::MAX));
        let each = |value: &dyn Fn(&[Brief]) -> Value| groups.iter().map(|briefs| value(briefs)).collect();
        Ok(match key {
            MinerKey::State => {
                let states = self.states()?;
                let state = |brief: &Brief| states.get(&brief.id).copied().unwrap_or(0);
                each(&|briefs| Value::count(-i64::from(briefs.iter().map(state).min().unwrap_or(0))))
            }
            MinerKey::ConnectionsPerDay | MinerKey::Hours | MinerKey::Days => {
                let activities = self.activity(window, &numbered(groups, 0..groups.len()), groups.len())?;
                let value = |activity: Activity| match key {
                    MinerKey::Hours => Value::Number(activity.active_hours_last_day.into()),
                    MinerKey::Days => Value::Number(activity.days_seen.into()),
                    _ => Value::number(activity.connections_per_day),
                };
                activities.into_iter().map(value).collect()
            }
            MinerKey::FirstSeen => {
                each(&|briefs| Value::count(briefs.iter().map(|brief| brief.first_seen).min().unwrap_or(0)))
            }
            MinerKey::Verdict => each(&|briefs| greatest(briefs, |brief| brief.verdict.into())),
            MinerKey::Cases => each(&|briefs| count(briefs.len())),
            MinerKey::Pools => each(&|briefs| count(pools(briefs))),
            MinerKey::Workers => each(&|briefs| greatest(briefs, |brief| brief.workers)),
            MinerKey::Connections => each(&|briefs| total(briefs, |brief| brief.connections)),
            MinerKey::ConnectionsPerHour => {
                each(&|briefs| Value::number(sum(briefs.iter().map(|brief| brief.per_hour))))
            }
            MinerKey::Shares => each(&|briefs| total(briefs, |brief| brief.shares[0])),
            MinerKey::HashRate => each(&|briefs| Value::number(speed(briefs))),
            MinerKey::Power => each(&|briefs| Value::number(power(briefs))),
            _ => each(&|briefs| Value::count(latest(briefs))),
        })
    }

    fn column_of_miners(&self, groups: &[&[Brief]], column: &str) -> Result<Vec<Value>, ReadError> {
        let places: HashMap<i64, usize> = groups
            .iter()
            .zip(0..)
            .filter_map(|(briefs, place)| Some((briefs.first()?.miner, place)))
            .collect();
        let mut values = vec![Value::Nothing; groups.len()];
        let mut statement = self.connection.prepare(&format!("SELECT id, {column} FROM miners"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let place = places.get(&row.get(0)?);
            if let Some(value) = place.and_then(|&place| values.get_mut(place)) {
                *value = match row.get_ref(1)? {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Value::text(bytes),
                    ValueRef::Integer(number) => Value::count(number),
                    ValueRef::Real(number) => Value::Number(number),
                    ValueRef::Null => Value::Nothing,
                };
            }
        }
        Ok(values)
    }

    /// `None` if it is gone since.
    fn miner(&self, briefs: &[Brief], words: &Words, activity: Activity) -> Result<Option<Miner>, ReadError> {
        let Some(first) = briefs.first() else { return Ok(None) };
        let mut statement = self
            .connection
            .prepare_cached(&format!("SELECT m.address, {NETWORK} FROM miners m WHERE m.id = ?"))?;
        let mut rows = statement.query([first.miner])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let mut columns = Columns::of(row);
        let miner_ip = columns.address()?;
        let (network, lease) = columns.network()?;
        let states = briefs.iter().map(|brief| self.state(brief.id)).collect::<Result<Vec<u8>, _>>()?;
        Ok(Some(Miner {
            miner_ip,
            network,
            lease,
            state: word(states.into_iter().min().unwrap_or(0), &STATES),
            totals: Totals::of(briefs, words),
            pools: pools(briefs),
            workers: briefs.iter().map(|brief| brief.workers).max().unwrap_or(0).unsigned_abs(),
            activity,
            case_ids: briefs.iter().map(|brief| CaseId(brief.id.cast_unsigned())).collect(),
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
            [HashRate { value: 2000.0, unit: "hashes/s".to_owned(), coin: Some("XMR".to_owned()) }]
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
