use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::row::octets;
use crate::output::{Identities, Salt};

/// Which cases are meant. Several values of one kind are alternatives; different kinds all have to hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Something happened at this time or later.
    pub since: Option<Timestamp>,
    /// It was first seen at this time or earlier.
    pub until: Option<Timestamp>,
    /// Addresses of miners.
    pub miners: Vec<IpAddr>,
    /// Networks of miners.
    pub prefixes: Vec<IpNet>,
    /// Types of the miner's network.
    pub network_types: Vec<String>,
    /// Countries of the miner.
    pub countries: Vec<String>,
    /// Regions of the miner.
    pub regions: Vec<String>,
    /// Cities of the miner.
    pub cities: Vec<String>,
    /// Sites of the miner.
    pub sites: Vec<String>,
    /// Numbers of the miner's autonomous system.
    pub asns: Vec<u32>,
    /// Coins.
    pub coins: Vec<String>,
    /// Protocols.
    pub protocols: Vec<String>,
    /// Verdicts.
    pub verdicts: Vec<String>,
    /// Lives: open, quiet, closed.
    pub lives: Vec<String>,
    /// The operator's states.
    pub states: Vec<String>,
    /// Something happened after the operator had marked it as fixed.
    pub came_back: bool,
    /// Pools.
    pub pools: Vec<PoolTerm>,
    /// Wallets, in the clear or as the ledger has them.
    pub wallets: Vec<String>,
    /// Workers, in the clear or as the ledger has them.
    pub workers: Vec<String>,
    /// What becomes of cases that an exclusion hides.
    pub hidden: Hidden,
    /// Nodes of peer-to-peer networks are left out and counted, unless their verdict is asked for.
    pub only_mining: bool,
}

/// What becomes of cases that an exclusion hides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hidden {
    /// They are left out and counted.
    #[default]
    Leave,
    /// They are listed among the others.
    Include,
    /// Only they are listed.
    Only,
}

/// What a pool is looked for by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolTerm {
    /// Address and port.
    Endpoint(SocketAddr),
    /// Its address.
    Address(IpAddr),
    /// Its network.
    Network(IpNet),
    /// A part of one of its names, whatever the case.
    Name(String),
}

impl FromStr for PoolTerm {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Err("an address, address:port, a network in CIDR notation, or a part of a name");
        }
        let endpoint = text.parse().map(Self::Endpoint);
        let address = || text.parse().map(Self::Address);
        let network = || text.parse().map(Self::Network);
        let name = || Self::Name(text.to_ascii_lowercase());
        Ok(endpoint
            .or_else(|_| address())
            .or_else(|_| network())
            .unwrap_or_else(|_: ipnet::AddrParseError| name()))
    }
}

/// A part of a statement with its values.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    text: String,
    values: Vec<Value>,
}

impl Conditions {
    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.text.push_str(if self.text.is_empty() { "WHERE (" } else { " AND (" });
        self.text.push_str(condition);
        self.text.push(')');
        self.values.extend(values);
    }

    /// The column has one of the words, whatever their case.
    fn word(&mut self, column: &str, words: &[String]) {
        if words.is_empty() {
            return;
        }
        let marks = vec!["?"; words.len()].join(", ");
        let values = words.iter().cloned().map(Value::Text);
        self.and(&format!("{column} COLLATE NOCASE IN ({marks})"), values);
    }

    /// One of the conditions holds.
    fn any(&mut self, alternatives: Vec<(&str, Vec<Value>)>) {
        if alternatives.is_empty() {
            return;
        }
        let (conditions, values): (Vec<&str>, Vec<Vec<Value>>) = alternatives.into_iter().unzip();
        self.and(&conditions.join(" OR "), values.into_iter().flatten());
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }

    /// The ids of the rows of a table that fulfil it; all, if there is no condition.
    fn ids(&self, connection: &Connection, from: &str) -> rusqlite::Result<Option<Ids>> {
        if self.text.is_empty() {
            return Ok(None);
        }
        let mut statement = connection.prepare(&format!("SELECT {from} {}", self.text))?;
        let ids = statement.query_map(params_from_iter(&self.values), |row| row.get(0))?;
        ids.collect::<rusqlite::Result<_>>().map(|ids| Some(Ids::new(ids)))
    }
}

/// Numbers of rows, going up.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids(Vec<i64>);

impl Ids {
    fn new(mut ids: Vec<i64>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        Self(ids)
    }

    pub(super) fn contain(&self, id: i64) -> bool {
        self.0.binary_search(&id).is_ok()
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = i64> {
        self.0.iter().copied()
    }
}

fn between(column: &str, network: IpNet) -> (&str, Vec<Value>) {
    let ends = [network.network(), network.broadcast()];
    (column, ends.map(|end| Value::Blob(octets(end).to_vec())).to_vec())
}

impl Filter {
    /// What cases have to fulfil by themselves.
    pub(super) fn of_cases(&self) -> Conditions {
        let mut conditions = Conditions::default();
        for (condition, time) in [("c.last_seen >= ?", self.since), ("c.first_seen <= ?", self.until)] {
            if let Some(time) = time {
                conditions.and(condition, [Value::Integer(time.as_millisecond())]);
            }
        }
        for (column, words) in [
            ("c.coin", &self.coins),
            ("c.protocol", &self.protocols),
            ("c.verdict", &self.verdicts),
            ("c.life", &self.lives),
        ] {
            conditions.word(column, words);
        }
        conditions
    }

    /// Of which miners a case has to be.
    pub(super) fn miners(&self, connection: &Connection) -> rusqlite::Result<Option<Ids>> {
        let mut conditions = Conditions::default();
        let alone = self.miners.iter().map(|&address| IpNet::from(address));
        let networks = alone.chain(self.prefixes.iter().copied());
        conditions.any(networks.map(|network| between("m.address BETWEEN ? AND ?", network)).collect());
        for (column, words) in [
            ("m.network_type", &self.network_types),
            ("m.country", &self.countries),
            ("m.region", &self.regions),
            ("m.city", &self.cities),
            ("m.site", &self.sites),
        ] {
            conditions.word(column, words);
        }
        let numbers = self.asns.iter().map(|&asn| ("m.asn = ?", vec![Value::Integer(asn.into())]));
        conditions.any(numbers.collect());
        conditions.ids(connection, "m.id FROM miners m")
    }

    /// Of which pools a case has to be.
    pub(super) fn pools(&self, connection: &Connection) -> rusqlite::Result<Option<Ids>> {
        let mut conditions = Conditions::default();
        let alternatives = self.pools.iter().map(|term| match term {
            PoolTerm::Endpoint(endpoint) => {
                let address = Value::Blob(octets(endpoint.ip()).to_vec());
                ("(p.address = ? AND p.port = ?)", vec![address, Value::Integer(endpoint.port().into())])
            }
            PoolTerm::Address(address) => ("p.address = ?", vec![Value::Blob(octets(*address).to_vec())]),
            PoolTerm::Network(network) => between("p.address BETWEEN ? AND ?", *network),
            PoolTerm::Name(part) => {
                ("instr(lower(p.name), ?) OR instr(lower(p.listed), ?)", vec![Value::Text(part.clone()); 2])
            }
        });
        conditions.any(alternatives.collect());
        conditions.ids(connection, "p.id FROM pools p")
    }

    /// Which cases have the wallets and workers.
    pub(super) fn identified(&self, connection: &Connection) -> rusqlite::Result<Option<Ids>> {
        let mut found: Option<HashSet<i64>> = None;
        for (key, names) in [("wallet", &self.wallets), ("worker", &self.workers)] {
            if names.is_empty() {
                continue;
            }
            let mut cases = HashSet::new();
            for name in names {
                cases.extend(of_identity(connection, key, name)?);
            }
            found = Some(match found {
                Some(others) => &others & &cases,
                None => cases,
            });
        }
        Ok(found.map(|cases| Ids::new(cases.into_iter().collect())))
    }
}

/// The cases in which a wallet or worker appears, in the clear or as a hash, whichever of them is given. The expression is
/// that of an index.
pub(super) fn of_identity(connection: &Connection, key: &str, name: &str) -> rusqlite::Result<HashSet<i64>> {
    let known = format!("coalesce(json_extract(body, '$.{key}'), json_extract(body, '$.{key}_sha256'))");
    let mut statement =
        connection.prepare_cached(&format!("SELECT \"case\" FROM details WHERE {known} IN (?, ?, ?)"))?;
    let forms = [name.to_owned(), name.to_lowercase(), sha256(name)];
    let mut cases =
        statement.query_map(forms, |row| row.get(0))?.collect::<rusqlite::Result<HashSet<i64>>>()?;
    if name.len() == 64 && name.bytes().all(|letter| letter.is_ascii_hexdigit()) {
        let mut statement =
            connection.prepare(&format!("SELECT \"case\", {known} FROM details WHERE {known} > ''"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if row.get_ref(1)?.as_str().is_ok_and(|clear| sha256(clear).eq_ignore_ascii_case(name)) {
                cases.insert(row.get(0)?);
            }
        }
    }
    Ok(cases)
}

fn sha256(text: &str) -> String {
    Identities::Hashed { salt: Salt::NONE }.kept(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::super::{CaseKey, Sort};
    use super::*;

    /// The numbers of the miners of the cases, 10.0.0.N, that a filter lets through.
    fn passing(fixture: &Fixture, filter: &Filter) -> Vec<u8> {
        let sort = Sort { key: CaseKey::Miner, descending: false };
        let reader = fixture.reader();
        let (cases, _) = reader.cases(filter, sort, usize::MAX).unwrap();
        let last = |address: IpAddr| match address {
            IpAddr::V4(address) => address.octets()[3],
            IpAddr::V6(_) => 0,
        };
        cases.map(|case| last(case.unwrap().miner_ip)).collect()
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn every_kind_of_filter_lets_through_what_it_names() {
        let fixture = Fixture::new();
        fixture.case("10.0.0.1", "192.0.2.1:3333");
        fixture.case("10.0.0.2", "192.0.2.2:4444");
        fixture.change("miners", "10.0.0.1", "network_type = 'education', region = 'Shandong', city = 'Jinan', country = 'CN', asn = 64500, site = 'Campus'");
        fixture.change_case(
            "10.0.0.1",
            "coin = 'XMR', protocol = 'cryptonote', verdict = 'probable', life = 'quiet'",
        );
        fixture
            .connection
            .execute_batch("UPDATE pools SET name = 'Pool.Example.org', listed = 'Example' WHERE port = 3333")
            .unwrap();
        fixture.details("10.0.0.1", r#"{"wallet":"48edfH","worker":"rig7"}"#);
        let hash = sha256("4Other");
        fixture.details("10.0.0.2", &format!(r#"{{"wallet_sha256":"{hash}"}}"#));
        let all = Filter::default;
        let network: IpNet = "10.0.0.0/31".parse().unwrap();
        for filter in [
            Filter { miners: vec!["10.0.0.1".parse().unwrap()], ..all() },
            Filter { prefixes: vec![network, "2001:db8::/32".parse().unwrap()], ..all() },
            Filter { network_types: words(&["education", "mobile"]), ..all() },
            Filter { regions: words(&["shandong"]), cities: words(&["JINAN"]), ..all() },
            Filter { countries: words(&["cn"]), ..all() },
            Filter { sites: words(&["campus"]), ..all() },
            Filter { asns: vec![1, 64500], ..all() },
            Filter { coins: words(&["xmr"]), ..all() },
            Filter { protocols: words(&["cryptonote"]), ..all() },
            Filter { verdicts: words(&["probable"]), ..all() },
            Filter { lives: words(&["quiet"]), ..all() },
            Filter { wallets: words(&["48edfH"]), workers: words(&["rig7"]), ..all() },
            Filter { wallets: vec![sha256("48edfH")], ..all() },
            Filter { workers: vec![sha256("rig7").to_uppercase()], ..all() },
        ] {
            assert_eq!(passing(&fixture, &filter), [1], "{filter:?}");
        }
        for wallet in [hash.clone(), hash.to_uppercase(), "4Other".to_owned()] {
            assert_eq!(
                passing(&fixture, &Filter { wallets: vec![wallet.clone()], ..all() }),
                [2],
                "{wallet}"
            );
        }
        for term in ["192.0.2.1", "192.0.2.1:3333", "192.0.2.0/31", "pool.EXAMPLE", "exa"] {
            let filter = Filter { pools: vec![term.parse().unwrap()], ..all() };
            assert_eq!(passing(&fixture, &filter), [1], "{term}");
        }
        assert_eq!(passing(&fixture, &Filter { pools: vec!["%".parse().unwrap()], ..all() }), [0_u8; 0]);
        assert_eq!(passing(&fixture, &all()), [1, 2]);
        let both = Filter { coins: words(&["XMR"]), miners: vec!["10.0.0.2".parse().unwrap()], ..all() };
        assert_eq!(passing(&fixture, &both), [0_u8; 0], "kinds all have to hold");
    }

    #[test]
    fn a_time_lets_through_what_lived_in_it() {
        let fixture = Fixture::new();
        fixture.case("10.0.0.1", "192.0.2.1:1");
        fixture.change_case("10.0.0.1", "first_seen = 1000000, last_seen = 2000000");
        let at = |second| Timestamp::from_second(second).unwrap();
        for (since, until, found) in
            [(1500, 1600, true), (0, 999, false), (0, 1000, true), (2000, 9000, true), (2001, 9000, false)]
        {
            let filter = Filter { since: Some(at(since)), until: Some(at(until)), ..Filter::default() };
            assert_eq!(passing(&fixture, &filter).len(), usize::from(found), "{since} to {until}");
        }
    }

    #[test]
    fn what_is_hidden_is_counted() {
        let fixture = Fixture::new();
        fixture.case("10.0.0.1", "192.0.2.1:1");
        fixture.case("10.0.0.2", "192.0.2.1:1");
        fixture.change_case("10.0.0.1", "hidden = 'our own laboratory'");
        for (hidden, found, left) in
            [(Hidden::Leave, vec![2], 1), (Hidden::Include, vec![1, 2], 0), (Hidden::Only, vec![1], 0)]
        {
            let filter = Filter { hidden, ..Filter::default() };
            assert_eq!(passing(&fixture, &filter), found);
            let sort = Sort { key: CaseKey::Miner, descending: false };
            assert_eq!(fixture.reader().cases(&filter, sort, 1).unwrap().1.hidden, left);
        }
    }

    #[test]
    fn states_are_those_of_the_latest_remark() {
        let fixture = Fixture::new();
        for address in ["10.0.0.1", "10.0.0.2", "10.0.0.3"] {
            fixture.case(address, "192.0.2.1:1");
        }
        fixture.remark("10.0.0.1", "notified");
        fixture.remark("10.0.0.1", "fixed");
        fixture.remark("10.0.0.2", "notified");
        fixture.change_case("10.0.0.1", "last_seen = 6000");
        for (came_back, found) in [(false, 3), (true, 1)] {
            assert_eq!(passing(&fixture, &Filter { came_back, ..Filter::default() }).len(), found);
        }
        for (states, found) in [
            (&["new"][..], &[3][..]),
            (&["notified"], &[2]),
            (&["fixed", "new"], &[1, 3]),
            (&["blocked"], &[]),
        ] {
            let filter = Filter { states: words(states), ..Filter::default() };
            assert_eq!(passing(&fixture, &filter), found, "{states:?}");
        }
    }
}
