//! The shape of Suricata's EVE, so that whatever reads Suricata reads Firedamp. EVE knows a closed
//! set of keys at the top; what it has no place for stands in one object, `mining`, and the main
//! facts also in `alert.metadata`, which is open but holds arrays of strings only.

mod engine;

use std::collections::BTreeMap;
use std::net::IpAddr;

use community_id::calculate_community_id;
use detector_common::flow::{Direction, FlowKey};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

pub use engine::Engine;

use super::identity::{Identities, Identity, Names};
use super::outer::{self, Layer, Outer};
use super::rate::Rate;
use super::signature::{REVISION, category, severity, signature};
use crate::advice::Advice;
use crate::dispatch::Dossier;
use crate::enrich::{Lease, Network, PoolOrigin};
use crate::judge::{self, Carrier, Evidence, Protocol, Shares, Stage, Verdict};
use crate::ledger::{CaseId, Reason, Record, octets};

/// IP protocol numbers.
const TCP: u8 = 6;
const UDP: u8 = 17;

/// Flow ids stay below this, because readers keep numbers as 64-bit floats.
const FLOW_ID_BITS: u32 = 53;

/// A record of a case as an EVE alert. The source is the miner, the destination the pool.
#[derive(Clone, Debug, Serialize)]
pub struct Alert<'a> {
    #[serde(serialize_with = "eve_time")]
    timestamp: Timestamp,
    flow_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_iface: Option<&'a str>,
    event_type: &'static str,
    #[serde(flatten)]
    outer: Outer,
    src_ip: IpAddr,
    src_port: u16,
    dest_ip: IpAddr,
    dest_port: u16,
    proto: &'static str,
    app_proto: Protocol,
    #[serde(skip_serializing_if = "Option::is_none")]
    community_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pcap_filename: Option<&'a str>,
    #[serde(rename = "alert")]
    details: Details,
    mining: Mining<'a>,
}

#[derive(Clone, Debug, Serialize)]
struct Details {
    action: &'static str,
    gid: u32,
    signature_id: u32,
    rev: u32,
    signature: String,
    category: &'static str,
    severity: u8,
    metadata: BTreeMap<&'static str, Vec<String>>,
}

#[derive(Clone, Debug, Serialize)]
struct Mining<'a> {
    case_id: CaseId,
    record: u64,
    reason: Reason,
    verdict: Verdict,
    stage: Stage,
    confidence: f64,
    protocol: Protocol,
    transport: Carrier,
    encrypted: bool,
    miner_ip: IpAddr,
    miner_port: u16,
    pool_ip: IpAddr,
    pool_port: u16,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    encapsulation: Vec<Layer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coin: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<&'a str>,
    #[serde(flatten)]
    identity: Identity,
    #[serde(skip_serializing_if = "Option::is_none")]
    pool_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pool_listed: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pool_network: Option<PoolNetwork<'a>>,
    jobs: u64,
    shares: Shares,
    #[serde(skip_serializing_if = "Option::is_none")]
    difficulty: Option<f64>,
    #[serde(flatten)]
    rate: Rate,
    bytes: u64,
    connections: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    connections_per_hour: Option<f64>,
    parallel_connections: u32,
    workers: u32,
    returns: u64,
    #[serde(serialize_with = "eve_time")]
    first_seen: Timestamp,
    #[serde(serialize_with = "eve_time")]
    last_seen: Timestamp,
    #[serde(serialize_with = "judge::brief")]
    evidence: &'a [Evidence],
    network: &'a Network,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<&'a Lease>,
    #[serde(skip_serializing_if = "<[Advice]>::is_empty")]
    advice: &'a [Advice],
}

/// Where the pool is.
#[derive(Clone, Debug, Serialize)]
struct PoolNetwork<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    asn: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_org: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
}

impl<'a> PoolNetwork<'a> {
    fn of(pool: &'a PoolOrigin) -> Option<Self> {
        let PoolOrigin { asn, as_org, country, .. } = pool;
        (asn.is_some() || as_org.is_some() || country.is_some()).then_some(Self {
            asn: *asn,
            as_org: as_org.as_deref(),
            country: country.as_deref(),
        })
    }
}

impl<'a> Alert<'a> {
    /// The alert for a record whose names are in the form of `identities`. `pcap_filename` is the capture, in a replay.
    #[must_use]
    pub fn new(dossier: &'a Dossier, identities: Identities, pcap_filename: Option<&'a str>) -> Self {
        let record = &dossier.record;
        let (miner, pool) = (record.miner, record.pool);
        let names = Names::kept(&record.facts);
        let identity = Identity::of(&names, identities);
        let signature = signature(record.protocol, record.verdict);
        let details = Details {
            action: "allowed",
            gid: 1,
            signature_id: signature.id,
            rev: REVISION,
            signature: signature.text,
            category: category(record.verdict),
            severity: severity(record.verdict),
            metadata: metadata(dossier, &identity, &names),
        };
        let (ports, seed) = ((Some(miner.port()), Some(pool.port())), 0);
        let (proto, number) = if record.carrier == Carrier::Udp { ("UDP", UDP) } else { ("TCP", TCP) };
        let community_id =
            calculate_community_id(seed, miner.ip(), pool.ip(), ports.0, ports.1, number, false).ok();
        Self {
            timestamp: record.time,
            flow_id: flow_id(&record.key),
            in_iface: record.interface.as_deref(),
            event_type: "alert",
            outer: Outer::of(&record.outer),
            src_ip: miner.ip(),
            src_port: miner.port(),
            dest_ip: pool.ip(),
            dest_port: pool.port(),
            proto,
            app_proto: record.protocol,
            community_id,
            pcap_filename,
            details,
            mining: Mining::new(dossier, identity, &names),
        }
    }
}

impl<'a> Mining<'a> {
    fn new(dossier: &'a Dossier, identity: Identity, names: &Names<'a>) -> Self {
        let Dossier { record, origin, pool, advice } = dossier;
        let facts = &record.facts;
        Self {
            case_id: record.case,
            record: record.number,
            reason: record.reason,
            verdict: record.verdict,
            stage: record.stage,
            confidence: confidence(record),
            protocol: record.protocol,
            transport: record.carrier,
            encrypted: record.encrypted,
            miner_ip: record.miner.ip(),
            miner_port: record.miner.port(),
            pool_ip: record.pool.ip(),
            pool_port: record.pool.port(),
            encapsulation: outer::layers(&record.outer),
            coin: facts.coin,
            algorithm: facts.algorithm.as_deref(),
            agent: names.agent,
            identity,
            pool_name: names.pool_name,
            pool_listed: pool.listed.as_deref(),
            pool_network: PoolNetwork::of(pool),
            jobs: facts.jobs,
            shares: facts.shares,
            difficulty: facts.difficulty.filter(|difficulty| difficulty.is_finite()),
            rate: Rate::of(record),
            bytes: record.bytes,
            connections: record.connections,
            connections_per_hour: record.connections_per_hour.map(rounded),
            parallel_connections: record.parallel,
            workers: record.workers,
            returns: record.returns,
            first_seen: record.first_seen,
            last_seen: record.last_seen,
            evidence: &record.evidence,
            network: &origin.network,
            lease: origin.lease.as_ref(),
            advice,
        }
    }
}

/// Counters of the agent, as EVE's `stats`.
#[derive(Clone, Debug, Serialize)]
pub struct Stats<'a> {
    #[serde(serialize_with = "eve_time")]
    timestamp: Timestamp,
    event_type: &'static str,
    #[serde(rename = "stats")]
    counters: &'a BTreeMap<&'static str, u64>,
}

impl<'a> Stats<'a> {
    /// The counters at one moment, by name.
    #[must_use]
    pub const fn new(timestamp: Timestamp, counters: &'a BTreeMap<&'static str, u64>) -> Self {
        Self { timestamp, event_type: "stats", counters }
    }
}

fn metadata(
    dossier: &Dossier,
    identity: &Identity,
    names: &Names<'_>,
) -> BTreeMap<&'static str, Vec<String>> {
    let (record, network) = (&dossier.record, &dossier.origin.network);
    let facts = &record.facts;
    let one = |text: Option<&str>| text.map(|text| vec![text.to_owned()]);
    // T1496 is resource hijacking; a node hijacks nothing.
    let mitre = |id| one(Some(id).filter(|_| record.verdict != Verdict::Node));
    let kinds: Vec<String> = record.evidence.iter().map(|evidence| evidence.kind.to_owned()).collect();
    [
        ("confidence", Some(vec![confidence(record).to_string()])),
        ("verdict", Some(vec![record.verdict.to_string()])),
        ("stage", Some(vec![record.stage.to_string()])),
        ("protocol", Some(vec![record.protocol.to_string()])),
        ("mitre_tactic_id", mitre("TA0040")),
        ("mitre_technique_id", mitre("T1496")),
        ("evidence", (!kinds.is_empty()).then_some(kinds)),
        ("coin", one(facts.coin)),
        ("algorithm", one(facts.algorithm.as_deref())),
        ("agent", one(names.agent)),
        ("pool_name", one(names.pool_name)),
        ("wallet", one(identity.wallet.as_deref())),
        ("worker", one(identity.worker.as_deref())),
        ("wallet_sha256", one(identity.wallet_sha256.as_deref())),
        ("worker_sha256", one(identity.worker_sha256.as_deref())),
        ("case_id", Some(vec![record.case.to_string()])),
        ("src_net_type", Some(vec![network.kind.to_string()])),
        ("src_asn", network.asn.map(|number| vec![number.to_string()])),
        ("src_country", one(network.country.as_deref())),
        ("src_region", one(network.region.as_deref())),
    ]
    .into_iter()
    .filter_map(|(name, values)| Some((name, values?)))
    .collect()
}

/// The same number for a flow whenever and by whichever agent it is seen.
fn flow_id(key: &FlowKey) -> u64 {
    let mut hash = Sha256::new();
    for direction in [Direction::Up, Direction::Down] {
        let end = key.sender(direction);
        hash.update(octets(end.ip()));
        hash.update(end.port().to_be_bytes());
    }
    let number = hash.finalize().first_chunk().copied().map_or(0, u64::from_be_bytes);
    number >> (u64::BITS - FLOW_ID_BITS)
}

/// Never rounded up to certainty.
fn confidence(record: &Record) -> f64 {
    rounded(record.confidence).clamp(0.0, 0.9999)
}

/// Four decimals: more would be noise.
fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

fn eve_time<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S.%6f%z"))
}

#[cfg(test)]
mod tests;
