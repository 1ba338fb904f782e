use std::net::IpAddr;

use jiff::Timestamp;
use rusqlite::Row;
use serde::Serialize;

use super::filter::Filter;
use super::names::{LIVES, STATES, VERDICTS, word};
use super::row::{Columns, NETWORK, POOL_ORIGIN, rfc3339};
use super::select::{Brief, Head, Listing};
use super::sort::{Sort, Value, order};
use super::{ReadError, Reader};
use crate::enrich::{Lease, Network, PoolOrigin};
use crate::judge::{Evidence, Shares};
use crate::ledger::CaseId;
use crate::store::Details;
use crate::store::evidence::unpack;

/// All that the ledger has of a case at this moment, but for what it was before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Case {
    /// Its number.
    pub case_id: CaseId,
    /// open, quiet, closed.
    pub life: String,
    /// What the operator says of it.
    pub state: &'static str,
    /// The reason of the exclusion that hides it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<String>,
    /// How sure it is.
    pub verdict: String,
    /// How far the miner got.
    pub stage: String,
    /// Probability of mining, 0 to 1.
    pub confidence: f64,
    /// The dialect.
    pub protocol: String,
    /// What carries it.
    pub transport: String,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// The miner.
    pub miner_ip: IpAddr,
    /// Its port of the latest connection.
    pub miner_port: u16,
    /// Where it is.
    pub network: Network,
    /// The pool.
    pub pool_ip: IpAddr,
    /// Its port.
    pub pool_port: u16,
    /// What is known of its address.
    pub pool_network: PoolOrigin,
    /// The coin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coin: Option<String>,
    /// The hash function, as the two sides name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// What changes seldom.
    #[serde(flatten)]
    pub details: Details,
    /// The reasons for the verdict; none in a listing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// Jobs received.
    pub jobs: u64,
    /// Shares.
    pub shares: Shares,
    /// Payload bytes seen.
    pub bytes: u64,
    /// How fast, in the unit.
    #[serde(rename = "hashrate_hs", skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Its lower limit.
    #[serde(rename = "hashrate_low_hs", skip_serializing_if = "Option::is_none")]
    pub rate_low: Option<f64>,
    /// Its upper limit.
    #[serde(rename = "hashrate_high_hs", skip_serializing_if = "Option::is_none")]
    pub rate_high: Option<f64>,
    /// What the speed counts, if it is not hashes.
    #[serde(rename = "hashrate_unit", skip_serializing_if = "Option::is_none")]
    pub rate_unit: Option<String>,
    /// Watts.
    #[serde(rename = "power_w", skip_serializing_if = "Option::is_none")]
    pub power: Option<f64>,
    /// Their lower limit.
    #[serde(rename = "power_low_w", skip_serializing_if = "Option::is_none")]
    pub power_low: Option<f64>,
    /// Their upper limit.
    #[serde(rename = "power_high_w", skip_serializing_if = "Option::is_none")]
    pub power_high: Option<f64>,
    /// How many connections there were.
    pub connections: u64,
    /// Connections an hour over the last 24 hours, or the life of the case if that is shorter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections_per_hour: Option<f64>,
    /// The most connections at the same time.
    pub parallel_connections: u64,
    /// Different names of machines, at least.
    pub workers: u64,
    /// How many records were written of it.
    pub records: u64,
    /// How often it came back after it had been quiet.
    pub returns: u64,
    /// When it was first seen.
    #[serde(serialize_with = "rfc3339")]
    pub first_seen: Timestamp,
    /// When something last happened.
    #[serde(serialize_with = "rfc3339")]
    pub last_seen: Timestamp,
    /// When the ledger was told last.
    #[serde(serialize_with = "rfc3339")]
    pub updated: Timestamp,
}

impl Case {
    /// The pool's name: as the miner addressed it, or as the operator's list has it.
    #[must_use]
    pub fn pool_name(&self) -> Option<&str> {
        self.details.pool_name.as_deref().or(self.pool_network.listed.as_deref())
    }
}

/// What cases can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum CaseKey {
    /// Latest activity.
    LastSeen,
    /// First activity.
    FirstSeen,
    /// Number of the case.
    Id,
    /// Address of the miner.
    Miner,
    /// Address of the pool.
    Pool,
    /// Type of the miner's network.
    NetworkType,
    /// Region of the miner.
    Region,
    /// City of the miner.
    City,
    /// Protocol.
    Protocol,
    /// Coin.
    Coin,
    /// Strength of the verdict.
    Verdict,
    /// How far the miner got.
    Stage,
    /// Confidence.
    Confidence,
    /// Life; `open` is the greatest.
    Life,
    /// The operator's state; `new` is the greatest.
    State,
    /// Connections in all.
    Connections,
    /// Connections an hour.
    ConnectionsPerHour,
    /// Number of machines.
    Workers,
    /// How often it came back.
    Returns,
    /// Shares handed in.
    Shares,
    /// Hash rate, whatever it counts.
    HashRate,
    /// Power.
    Power,
}

/// Stages, the earliest first.
const STAGES: [&str; 4] = ["attempt", "handshake", "working", "submitting"];

const CASE: &str = "c.life, c.hidden, c.verdict, c.stage, c.confidence, c.protocol, c.transport, c.encrypted, \
     c.coin, c.algorithm, c.jobs, c.submitted, c.accepted, c.rejected, c.bytes, c.rate, c.rate_low, c.rate_high, \
     c.rate_unit, c.power, c.power_low, c.power_high, c.connections, c.connections_per_hour, c.parallel, c.workers, \
     c.records, c.returns, c.first_seen, c.last_seen, c.updated";

impl Reader {
    /// The cases that the filter lets through, as many as `limit` at most; each is looked up when it is taken. Those that
    /// are gone by then are left out.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn cases<'a>(
        &'a self,
        filter: &Filter,
        sort: Sort<CaseKey>,
        limit: usize,
    ) -> Result<(impl Iterator<Item = Result<Case, ReadError>> + use<'a>, Listing), ReadError> {
        let (mut briefs, left) = self.briefs(filter, &sort.key.of_case())?;
        self.look_up(&mut briefs, sort.key)?;
        let keyed = briefs.iter_mut().map(|brief| {
            let key = std::mem::replace(&mut brief.key, Value::Nothing);
            (key, brief.head.last_seen)
        });
        let places = order(keyed.collect(), sort.descending, limit);
        let ids: Vec<i64> = places.into_iter().filter_map(|place| Some(briefs.get(place)?.head.id)).collect();
        let listing = Listing { found: briefs.len(), ..left };
        Ok((ids.into_iter().filter_map(|id| self.case_row(id).transpose()), listing))
    }

    /// A case. `None` if there is none with that number.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn case(&self, id: CaseId) -> Result<Option<Case>, ReadError> {
        let Some(case) = self.case_row(id.0.cast_signed())? else { return Ok(None) };
        let mut statement = self.connection.prepare_cached("SELECT body FROM evidence WHERE \"case\" = ?")?;
        let mut rows = statement.query([id.0.cast_signed()])?;
        let Some(row) = rows.next()? else { return Ok(Some(case)) };
        let body: Vec<u8> = row.get(0)?;
        let evidence = unpack(&body).map_err(|source| ReadError::Details { case: id, source })?;
        Ok(Some(Case { evidence, ..case }))
    }

    /// Who had the miner's address when a case was last active.
    pub(super) fn lease(&self, id: i64) -> Result<Option<Lease>, ReadError> {
        let mut statement =
            self.connection.prepare_cached(r#"SELECT body ->> '$.lease' FROM details WHERE "case" = ?"#)?;
        let mut rows = statement.query([id])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let Some(body) = row.get::<_, Option<String>>(0)? else { return Ok(None) };
        let case = CaseId(id.cast_unsigned());
        serde_json::from_str(&body).map(Some).map_err(|source| ReadError::Details { case, source })
    }

    fn case_row(&self, id: i64) -> Result<Option<Case>, ReadError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT m.address, c.miner_port, {NETWORK}, p.address, p.port, {POOL_ORIGIN}, {CASE}, d.body FROM cases c \
             JOIN miners m ON m.id = c.miner JOIN pools p ON p.id = c.pool LEFT JOIN details d ON d.\"case\" = c.id \
             WHERE c.id = ?"
        ))?;
        let mut rows = statement.query([id])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let state = word(self.state(id)?, &STATES);
        case(CaseId(id.cast_unsigned()), state, row).map(Some)
    }

    /// Finds what cases are sorted by if another table has it.
    fn look_up(&self, briefs: &mut [Brief], key: CaseKey) -> Result<(), ReadError> {
        let (column, table) = match key {
            CaseKey::Miner => ("address", "miners"),
            CaseKey::NetworkType => ("network_type", "miners"),
            CaseKey::Region => ("region", "miners"),
            CaseKey::City => ("city", "miners"),
            CaseKey::Pool => ("CAST(address || unhex(printf('%04x', port)) AS BLOB)", "pools"),
            CaseKey::State => {
                let states = self.states()?;
                for brief in briefs {
                    let state = states.get(&brief.head.id).copied().unwrap_or(0);
                    brief.key = Value::count(-i64::from(state));
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        let by = if table == "miners" { |head: &Head| head.miner } else { |head: &Head| head.pool };
        briefs.sort_unstable_by_key(|brief| (by(&brief.head), brief.head.id));
        let statement = format!("SELECT id, {column} FROM {table} ORDER BY id");
        let values = self.values_of(&statement, briefs.iter().map(|brief| by(&brief.head)))?;
        for (brief, value) in briefs.iter_mut().zip(values) {
            brief.key = value;
        }
        Ok(())
    }
}

impl CaseKey {
    /// The expression over the table of cases that decides; `NULL` if none does.
    fn of_case(self) -> String {
        let place = |column: &str, names: &[&str]| {
            let places = names.iter().zip(0..).map(|(name, place)| format!("WHEN '{name}' THEN {place}"));
            format!("CASE {column} {} END", places.collect::<Vec<String>>().join(" "))
        };
        match self {
            Self::LastSeen => "c.last_seen",
            Self::FirstSeen => "c.first_seen",
            Self::Id => "printf('%016x', c.id)",
            Self::Protocol => "c.protocol",
            Self::Coin => "c.coin",
            Self::Verdict => return place("c.verdict", &VERDICTS),
            Self::Stage => return place("c.stage", &STAGES),
            Self::Life => return place("c.life", &LIVES),
            Self::Confidence => "c.confidence",
            Self::Connections => "c.connections",
            Self::ConnectionsPerHour => "c.connections_per_hour",
            Self::Workers => "c.workers",
            Self::Returns => "c.returns",
            Self::Shares => "c.submitted",
            Self::HashRate => "c.rate",
            Self::Power => "c.power",
            Self::Miner | Self::Pool | Self::NetworkType | Self::Region | Self::City | Self::State => "NULL",
        }
        .to_owned()
    }
}

fn case(case_id: CaseId, state: &'static str, row: &Row<'_>) -> Result<Case, ReadError> {
    let mut columns = Columns::of(row);
    let miner_ip = columns.address()?;
    let miner_port = columns.get()?;
    let network = columns.network()?;
    let case = Case {
        case_id,
        state,
        miner_ip,
        miner_port,
        network,
        pool_ip: columns.address()?,
        pool_port: columns.get()?,
        pool_network: columns.pool_origin()?,
        life: columns.get()?,
        hidden: columns.get()?,
        verdict: columns.get()?,
        stage: columns.get()?,
        confidence: columns.get()?,
        protocol: columns.get()?,
        transport: columns.get()?,
        encrypted: columns.get()?,
        coin: columns.get()?,
        algorithm: columns.get()?,
        jobs: columns.count()?,
        shares: Shares {
            submitted: columns.count()?,
            accepted: columns.count()?,
            rejected: columns.count()?,
        },
        bytes: columns.count()?,
        rate: columns.get()?,
        rate_low: columns.get()?,
        rate_high: columns.get()?,
        rate_unit: columns.get()?,
        power: columns.get()?,
        power_low: columns.get()?,
        power_high: columns.get()?,
        connections: columns.count()?,
        connections_per_hour: columns.get()?,
        parallel_connections: columns.count()?,
        workers: columns.count()?,
        records: columns.count()?,
        returns: columns.count()?,
        first_seen: columns.time()?,
        last_seen: columns.time()?,
        updated: columns.time()?,
        details: Details::default(),
        evidence: Vec::new(),
    };
    let Some(body) = columns.get::<Option<String>>()? else { return Ok(case) };
    let details =
        serde_json::from_str(&body).map_err(|source| ReadError::Details { case: case_id, source })?;
    Ok(Case { details, ..case })
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::super::fixture::Fixture;
    use super::*;
    use crate::judge::Side;
    use crate::judge::Stage;

    fn listed(fixture: &Fixture, sort: Sort<CaseKey>) -> Vec<Case> {
        let reader = fixture.reader();
        let (cases, _) = reader.cases(&Filter::default(), sort, usize::MAX).unwrap();
        cases.map(|case| case.unwrap()).collect()
    }

    #[test]
    fn every_key_sorts() {
        let fixture = Fixture::new();
        let ids = [fixture.case("10.0.0.1", "192.0.2.1:1"), fixture.case("10.0.0.2", "192.0.2.1:300")];
        fixture.change_case(
            "10.0.0.2",
            "last_seen = 9000, first_seen = 5000, protocol = 'zork', coin = 'XMR', stage = 'submitting', confidence = 1.0, \
             connections = 9, connections_per_hour = 3, workers = 4, returns = 1, submitted = 3, rate = 7, power = 8",
        );
        fixture.change_case("10.0.0.1", "verdict = 'probable', life = 'quiet', coin = 'BTC', connections_per_hour = 1, rate = 1, power = 1");
        fixture.remark("10.0.0.1", "blocked");
        fixture.change("miners", "10.0.0.1", "region = 'A', city = 'A', network_type = 'education'");
        fixture.change("miners", "10.0.0.2", "region = 'B', city = 'B'");
        for &key in CaseKey::value_variants() {
            let found: Vec<CaseId> =
                listed(&fixture, Sort { key, descending: false }).iter().map(|case| case.case_id).collect();
            let mut expected = ids;
            if key == CaseKey::Id {
                expected.sort();
            }
            assert_eq!(found, expected, "{key:?}");
        }
    }

    #[test]
    fn stages_are_in_their_order() {
        let stages = [Stage::Attempt, Stage::Handshake, Stage::Working, Stage::Submitting];
        assert!(stages.is_sorted());
        assert_eq!(stages.map(|stage| stage.to_string()), STAGES);
    }

    #[test]
    fn json_has_the_names_of_records_and_leaves_out_what_is_not_known() {
        let fixture = Fixture::new();
        let id = fixture.case("10.0.0.1", "192.0.2.1:1");
        let case = fixture.reader().case(id).unwrap().unwrap();
        let json = serde_json::to_value(&case).unwrap();
        assert_eq!(json["case_id"], id.to_string());
        assert_eq!(json["first_seen"], "1970-01-01T00:00:01.000Z");
        assert_eq!((&json["network"]["type"], &json["shares"]["submitted"]), (&"unknown".into(), &0.into()));
        for unknown in ["hashrate_hs", "hidden", "coin", "lease", "wallet", "evidence", "power_w"] {
            assert_eq!(json.get(unknown), None, "{unknown}");
        }
        fixture.details("10.0.0.1", r#"{"wallet":"4x","lease":{"mac":"02:00:00:00:00:01"},"later":1}"#);
        fixture.evidence(id, &[Evidence::new("k", Side::Pool, "d", 2.0)]);
        fixture.change("miners", "10.0.0.1", "asn = 64500");
        let json = serde_json::to_value(fixture.reader().case(id).unwrap()).unwrap();
        assert_eq!((&json["wallet"], &json["lease"]["mac"]), (&"4x".into(), &"02:00:00:00:00:01".into()));
        assert_eq!((&json["evidence"][0]["weight"], &json["network"]["asn"]), (&2.0.into(), &64500.into()));
    }

    #[test]
    fn damaged_details_are_an_error_that_names_the_case() {
        let fixture = Fixture::new();
        let id = fixture.case("10.0.0.1", "192.0.2.1:1");
        fixture.connection.execute("INSERT INTO details VALUES (?, '{')", [id.0.cast_signed()]).unwrap_err();
        fixture.details("10.0.0.1", r#"{"wallet":5}"#);
        let says = || fixture.reader().case(id).unwrap_err().to_string();
        assert!(says().contains(&id.to_string()) && says().contains("damaged"), "{}", says());
        fixture.details("10.0.0.1", r#"{"later":1}"#);
        fixture.connection.execute("INSERT INTO evidence VALUES (?, x'00')", [id.0.cast_signed()]).unwrap();
        assert!(says().contains(&id.to_string()) && says().contains("damaged"), "{}", says());
    }
}
