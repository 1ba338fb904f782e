//! What a report says, before it is put into words.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize, Serializer};

use super::format::significant;
use crate::enrich::NetworkType;
use crate::ledger::CaseId;

/// All kinds of networks, in the order in which they are shown.
pub(super) const NETWORK_TYPES: [NetworkType; 7] = [
    NetworkType::DataCentre,
    NetworkType::Enterprise,
    NetworkType::Education,
    NetworkType::Government,
    NetworkType::HomeBroadband,
    NetworkType::Mobile,
    NetworkType::Unknown,
];

/// What the operator says of a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nothing yet.
    #[default]
    New,
    /// The owner was told.
    Notified,
    /// It was blocked.
    Blocked,
    /// It was removed.
    Fixed,
    /// It is no mining.
    FalseAlarm,
}

impl State {
    /// All, in the order of work.
    pub const ALL: [Self; 5] = [Self::New, Self::Notified, Self::Blocked, Self::Fixed, Self::FalseAlarm];
}

/// What addresses and cases are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// The kind of network.
    NetworkType,
    /// Two letters.
    Country,
    /// Province, state.
    Region,
    /// City.
    City,
    /// The operator's name of a site.
    Site,
    /// Autonomous system.
    AutonomousSystem,
    /// Coin.
    Coin,
    /// Protocol.
    Protocol,
    /// Pool: as it is listed, or as a miner addressed it, or its address.
    Pool,
    /// The strongest verdict of an address.
    Verdict,
}

impl Dimension {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 10] = [
        Self::NetworkType,
        Self::Country,
        Self::Region,
        Self::City,
        Self::Site,
        Self::AutonomousSystem,
        Self::Coin,
        Self::Protocol,
        Self::Pool,
        Self::Verdict,
    ];

    /// Whether an address may be in several groups, so that the groups add up to more than the whole.
    #[must_use]
    pub const fn overlaps(self) -> bool {
        matches!(self, Self::Coin | Self::Protocol | Self::Pool)
    }
}

/// Electrical energy in kilowatt-hours, of the cases of which it can be estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Energy {
    /// With the best hardware and the lowest rate that fits.
    #[serde(serialize_with = "to_watt_hours")]
    pub kwh_low: f64,
    /// The middle.
    #[serde(serialize_with = "to_watt_hours")]
    pub kwh: f64,
    /// With the worst hardware and the highest rate that fits.
    #[serde(serialize_with = "to_watt_hours")]
    pub kwh_high: f64,
    /// Of so many cases.
    pub cases: u64,
}

/// The sums of a day.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Totals {
    /// Addresses that mined.
    pub addresses: u64,
    /// Of these, never seen mining before.
    pub new: u64,
    /// Of these, seen before, but not on the day before.
    pub returning: u64,
    /// Of these, seen on the day before as well.
    pub continuing: u64,
    /// Addresses that mined on the day before and not on this day.
    pub cleared: u64,
    /// Cases: an address, a pool and a protocol.
    pub cases: u64,
    /// Connections begun.
    pub connections: u64,
    /// What it took.
    pub energy: Energy,
}

/// A part of the addresses.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Group {
    /// What they have in common; `None` if it is not known.
    pub name: Option<String>,
    /// Addresses that mined.
    pub addresses: u64,
    /// Of these, never seen mining before.
    pub new: u64,
    /// Cases.
    pub cases: u64,
    /// Connections begun.
    pub connections: u64,
    /// What it took.
    pub energy: Energy,
}

/// How fast something is computed. Rates of different algorithms are never added.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct HashRate {
    /// The coin; `None` if it is not known, or in the list by algorithm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coin: Option<String>,
    /// The algorithm; `None` if it is not known.
    pub algorithm: Option<String>,
    /// What the rate counts.
    pub unit: Option<String>,
    /// Addresses that mined it, with and without an estimate.
    pub addresses: u64,
    /// Cases with an estimate.
    pub cases: u64,
    /// The sum of what each case computed while it was active. `None` where algorithm and coin are both unknown.
    #[serde(serialize_with = "to_four_digits")]
    pub rate: Option<f64>,
    /// At least.
    #[serde(serialize_with = "to_four_digits")]
    pub rate_low: Option<f64>,
    /// At most.
    #[serde(serialize_with = "to_four_digits")]
    pub rate_high: Option<f64>,
    /// What it took.
    pub energy: Energy,
    /// On what the energy rests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assumption: Option<&'static str>,
}

/// An hour of the day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hour {
    /// When it begins.
    pub start: Timestamp,
    /// The same on the clock of the zone.
    pub clock: String,
    /// Addresses that mined in it.
    pub addresses: u64,
    /// Connections begun in it.
    pub connections: u64,
}

/// What is counted apart.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Apart {
    /// Addresses with such a case that was active; they may mine in another case as well.
    pub addresses: u64,
    /// Such cases that were active.
    pub cases: u64,
}

/// Cases that an exclusion hides.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Reason {
    /// What the exclusion says.
    pub reason: String,
    /// Cases that were active.
    pub cases: u64,
}

/// How far the work on the cases is, as it was when the report was made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Work {
    /// What the operator said last.
    pub state: State,
    /// Cases of that state that were active on the day.
    pub active: u64,
    /// Cases of that state that are open or quiet now.
    pub open: u64,
}

/// A miner's address.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Miner {
    /// Where it mines.
    pub address: IpAddr,
    /// In what kind of network.
    pub network_type: NetworkType,
    /// City, region and country.
    pub place: Option<String>,
    /// Number and name of the autonomous system.
    pub autonomous_system: Option<String>,
    /// The operator's name of the site.
    pub site: Option<String>,
    /// What it mines.
    pub coins: Vec<String>,
    /// At which pools.
    pub pools: Vec<String>,
    /// In how many hours of the day.
    pub hours: u32,
    /// Connections begun.
    pub connections: u64,
    /// What it took.
    pub energy: Energy,
    /// Its cases of the day.
    pub cases: Vec<CaseId>,
    /// The operator's words on its cases, the least advanced.
    pub state: State,
    /// When it was first marked as fixed, if it mined after that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed: Option<Timestamp>,
}

/// A pool.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pool {
    /// As it is listed, or as a miner addressed it, or its address.
    pub name: String,
    /// So many addresses with ports.
    pub endpoints: u64,
    /// Countries of these.
    pub countries: Vec<String>,
    /// Names of their autonomous systems.
    pub networks: Vec<String>,
    /// What is mined there.
    pub coins: Vec<String>,
    /// Addresses that mined there.
    pub addresses: u64,
    /// Connections begun.
    pub connections: u64,
    /// What it took.
    pub energy: Energy,
}

/// A place with coordinates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    /// City, region and country.
    pub name: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Addresses that mined.
    pub addresses: u64,
}

/// A day of the last thirty.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrendDay {
    /// Which.
    pub day: Date,
    /// Whether the ledger reaches back to it.
    pub recorded: bool,
    /// Addresses that mined.
    pub addresses: u64,
    /// Never seen mining before.
    pub new: u64,
    /// Seen before, but not on the day before.
    pub returning: u64,
    /// Mined on the day before and not on this day.
    pub cleared: u64,
    /// By what is known now of their networks.
    pub network_type: BTreeMap<NetworkType, u64>,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The day.
    pub day: Date,
    /// In which time zone.
    pub timezone: String,
    /// When the first hour begins that is counted.
    pub from: Timestamp,
    /// When the last one ends.
    pub to: Timestamp,
    /// Both on the clock of the zone.
    #[serde(skip)]
    pub(super) clock: [String; 2],
    /// When the report was made.
    pub made: Timestamp,
    /// Whether the day was over then.
    pub complete: bool,
    /// The first day (of UTC) of which the ledger has something.
    pub recorded_since: Option<Date>,
    /// The last day (of UTC) of which the ledger has something.
    pub recorded_until: Option<Date>,
    /// Sums.
    pub totals: Totals,
    /// Those of the day before.
    pub day_before: Totals,
    /// Addresses in networks of governments, education and enterprises.
    pub institutional: u64,
    /// Addresses by what they have in common, the largest group first.
    pub by: BTreeMap<Dimension, Vec<Group>>,
    /// By algorithm.
    pub algorithms: Vec<HashRate>,
    /// By coin and algorithm.
    pub coins: Vec<HashRate>,
    /// By hour.
    pub hours: Vec<Hour>,
    /// Nodes of blockchains' networks: not mining.
    pub nodes: Apart,
    /// What the operator says is no mining.
    pub false_alarms: Apart,
    /// What exclusions hide.
    pub hidden: Apart,
    /// The same by reason.
    pub hidden_by_reason: Vec<Reason>,
    /// Work on the cases.
    pub work: Vec<Work>,
    /// Addresses that mined again after a case of theirs was marked as fixed.
    pub repeat_offenders: u64,
    /// The largest of them.
    pub top_repeat_offenders: Vec<Miner>,
    /// The miners that take most, at most 20.
    pub top_miners: Vec<Miner>,
    /// The pools with most miners, at most 20.
    pub top_pools: Vec<Pool>,
    /// Addresses by day.
    pub trend: Vec<TrendDay>,
    /// Where on the map.
    pub places: Vec<Place>,
    /// Addresses of which no coordinates are known.
    pub without_coordinates: u64,
}

/// Kilowatt-hours to three places.
pub(super) fn watt_hours(kwh: f64) -> f64 {
    (kwh * 1000.0).round() / 1000.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn to_watt_hours<S: Serializer>(kwh: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(watt_hours(*kwh))
}

#[expect(clippy::ref_option, reason = "serde asks for a reference")]
fn to_four_digits<S: Serializer>(rate: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    rate.map(significant).serialize(serializer)
}

impl Report {
    /// The groups of a dimension.
    pub(super) fn by(&self, dimension: Dimension) -> &[Group] {
        self.by.get(&dimension).map_or(&[], Vec::as_slice)
    }

    /// Cases that are not closed.
    pub(super) fn open_cases(&self) -> u64 {
        self.work.iter().filter(|work| work.state != State::FalseAlarm).map(|work| work.open).sum()
    }
}
