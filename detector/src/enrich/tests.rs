//! What an operator notices: files in, origins out. Databases are made as their vendors lay them out.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use maxminddb_writer::Database;
use maxminddb_writer::metadata::IpVersion;
use maxminddb_writer::paths::IpAddrWithMask;
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Config, Enricher, FileKind, Network, NetworkType, Problems, Reloader, TypeSource};
use crate::advice::Language;

const NOON: Timestamp = Timestamp::constant(1_772_366_400, 0);

/// Files of an operator in a directory of their own.
struct Files {
    directory: TempDir,
    config: Config,
}

impl Files {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), config: Config::default() }
    }

    fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, contents).unwrap();
        path
    }

    fn prefixes(mut self, text: &str) -> Self {
        self.config.prefixes = Some(self.write("prefixes.csv", text));
        self
    }

    fn pools(mut self, text: &str) -> Self {
        self.config.pools = Some(self.write("pools.csv", text));
        self
    }

    fn leases(mut self, text: &str) -> Self {
        self.config.leases = Some(self.write("leases.csv", text));
        self
    }

    fn database(mut self, records: &[(&str, Value)]) -> Self {
        let name = format!("{}.mmdb", self.config.databases.len());
        let path = self.write(&name, mmdb(records));
        self.config.databases.push(path);
        self
    }

    fn load(&self) -> Enricher {
        Enricher::load(&self.config, Language::En).unwrap()
    }

    fn problems(&self) -> Problems {
        Enricher::load(&self.config, Language::En).unwrap_err()
    }

    /// What is wrong, without the directory.
    fn complaints(&self) -> Vec<String> {
        let directory = format!("{}/", self.directory.path().display());
        self.problems().list().iter().map(|problem| problem.to_string().replace(&directory, "")).collect()
    }
}

fn empty() -> Database {
    let mut database = Database::default();
    database.metadata.binary_format_major_version = 2;
    database.metadata.build_epoch = 1_700_000_000;
    database
}

fn mmdb(records: &[(&str, Value)]) -> Vec<u8> {
    let mut database = empty();
    database.metadata.ip_version = IpVersion::V6;
    for (prefix, record) in records {
        let record = database.insert_value(record).unwrap();
        let mut at: IpAddrWithMask = prefix.parse().unwrap();
        if let IpAddr::V4(address) = at.addr {
            at = IpAddrWithMask::new(IpAddr::V6(address.to_ipv6_compatible()), at.mask + 96);
        }
        database.insert_node(at, record);
    }
    database.write_to(Vec::new()).unwrap()
}

/// As MaxMind lays out its databases of cities, users and autonomous systems.
fn nested() -> Value {
    json!({
        "city": {"geoname_id": 1, "names": {"en": "Jinan", "zh-CN": "济南"}},
        "country": {"iso_code": "CN", "names": {"en": "China", "zh-CN": "中国"}},
        "subdivisions": [{"iso_code": "SD", "names": {"en": "Shandong", "zh-CN": "山东"}}, {"iso_code": "X"}],
        "location": {"latitude": 36.67, "longitude": 117.02, "time_zone": "Asia/Shanghai"},
        "traits": {"autonomous_system_number": 64_500, "autonomous_system_organization": "Example Net",
                   "user_type": "residential", "connection_type": "Corporate"}
    })
}

fn network(enricher: &Enricher, address: &str) -> Network {
    enricher.origin(address.parse().unwrap(), NOON).network
}

#[test]
fn the_longest_prefix_of_the_operator_wins_and_fields_it_lacks_come_from_databases() {
    let files = Files::new()
        .prefixes(
            "# our networks\n\nprefix,type,site,owner,contact,city\n\
             10.0.0.0/8,enterprise,all,Works,noc@example.net,\n\
             # the hall\n10.1.0.0/16,data-centre,\"Hall 1, north\",,,Qingdao\n\
             2001:db8::/32,education,,,,\n192.0.2.7,,gate,,,\n",
        )
        .database(&[("10.0.0.0/8", nested()), ("2001:db8::/32", nested())]);
    let enricher = files.load();

    let hall = network(&enricher, "10.1.2.3");
    assert_eq!((hall.kind, hall.type_source), (NetworkType::DataCentre, Some(TypeSource::PrefixFile)));
    assert_eq!(hall.type_confidence, Some(1.0));
    assert_eq!(hall.prefix.as_deref(), Some("10.1.0.0/16"));
    assert_eq!((hall.site.as_deref(), hall.owner.as_deref()), (Some("Hall 1, north"), None));
    assert_eq!((hall.city.as_deref(), hall.region.as_deref()), (Some("Qingdao"), Some("Shandong")));
    assert_eq!((hall.country.as_deref(), hall.asn), (Some("CN"), Some(64_500)));

    let works = network(&enricher, "::ffff:10.2.0.1");
    assert_eq!((works.kind, works.contact.as_deref()), (NetworkType::Enterprise, Some("noc@example.net")));
    assert_eq!(network(&enricher, "2001:db8::1").kind, NetworkType::Education);
    assert_eq!(network(&enricher, "192.0.2.7").prefix.as_deref(), Some("192.0.2.7/32"));
    assert_eq!(network(&enricher, "192.0.2.8"), Network::default());
}

#[test]
fn every_mistake_in_a_table_of_prefixes_is_told_with_its_line() {
    let files = Files::new().prefixes(
        "\u{feff}# a comment, with \"quotes\"\n\nprefix,type,latitude,longitude,asn,country\r\n\
         10.0.0.0/8,data-center,,,,\r\n\
         \r\n# again\r\n10.1.2.3/16,,,,,\r\n\
         10.9.0.0/16,,91,0,AS0,CHN\n10.8.0.0/16,,1,,,\n10.9.0.0/16,,,,,\n10.7.0.0/16\n,,,,,\nzork,zebra,,,,",
    );
    let expected = [
        "prefixes.csv:4: type: unknown network type \"data-center\": did you mean data-centre?",
        "prefixes.csv:7: prefix: 10.1.2.3/16 has bits set behind the prefix: write 10.1.0.0/16",
        "prefixes.csv:8: asn: \"AS0\" is no number of an autonomous system such as 64500",
        "prefixes.csv:8: country: \"CHN\" is no code of a country of two letters such as CN",
        "prefixes.csv:8: latitude: \"91\" is no number of degrees from -90 to 90",
        "prefixes.csv:9: latitude and longitude: give both or neither",
        "prefixes.csv:10: 10.9.0.0/16 is already on line 8",
        "prefixes.csv:11: has 1 fields, and the header 6",
        "prefixes.csv:12: prefix is empty",
        "prefixes.csv:13: prefix: \"zork\" is no prefix",
        "prefixes.csv:13: type: unknown network type \"zebra\": types are data-centre, enterprise,",
    ];
    let complaints = files.complaints();
    assert_eq!(complaints.len(), expected.len(), "{complaints:#?}");
    for (complaint, expected) in complaints.iter().zip(expected) {
        assert!(complaint.starts_with(expected), "{complaint}\n{expected}");
    }
    let whole = files.problems().to_string();
    assert!(whole.starts_with("11 mistakes in the files about addresses:\n/"), "{whole}");
}

#[test]
fn a_header_that_cannot_be_understood_is_told() {
    let complaints = |text: &str| Files::new().prefixes(text).complaints();
    assert_eq!(
        complaints("# ours\nprefx,site,site,colour\n"),
        [
            "prefixes.csv:2: unknown column \"prefx\": did you mean prefix?",
            "prefixes.csv:2: column site is there twice",
            "prefixes.csv:2: unknown column \"colour\": columns are prefix, site, owner, contact, type, region, city, \
             country, latitude, longitude, asn",
        ]
    );
    assert_eq!(
        complaints("prefix;site\n"),
        ["prefixes.csv:1: unknown column \"prefix;site\": columns are separated by commas"]
    );
    assert_eq!(complaints("site\n"), ["prefixes.csv:1: column prefix is missing"]);
    assert_eq!(complaints("# nothing\n"), ["prefixes.csv: is empty: its first line must be prefix"]);
}

#[test]
fn text_in_another_encoding_and_unclosed_quotes_are_told() {
    let mut files = Files::new();
    let text = b"prefix,site\n10.0.0.0/8,\xbc\xc3\xc4\xcf\n10.1.0.0/16,\"open\n10.2.0.0/16,\n";
    files.config.prefixes = Some(files.write("prefixes.csv", text));
    let complaints = files.complaints();
    assert_eq!(complaints[0], "prefixes.csv:2: is not in UTF-8: save the file with that encoding");
    assert!(complaints[1].starts_with("prefixes.csv:3: site: holds a line break"), "{complaints:#?}");
    assert_eq!(complaints.len(), 2);
}

#[test]
fn very_many_mistakes_are_counted() {
    let text = format!("prefix\n{}", "zork\n".repeat(1000));
    let problems = Files::new().prefixes(&text).problems();
    assert_eq!((problems.list().len(), problems.count()), (200, 1000));
    assert!(problems.to_string().ends_with("\nand 800 more"));
}

#[test]
fn mistakes_of_all_files_are_told_at_once() {
    let mut files =
        Files::new().prefixes("prefix\nzork\n").pools("name,match\nPool,10.0.0.300\n").leases("ip\n");
    files.config.databases = vec![files.directory.path().join("none.mmdb"), files.write("bad.mmdb", "zork")];
    let complaints = files.complaints();
    let begin = [
        "prefixes.csv:2: ",
        "none.mmdb: cannot be read",
        "bad.mmdb: is no whole database",
        "pools.csv:2: match: ",
    ];
    for (complaint, begin) in complaints.iter().zip(begin) {
        assert!(complaint.starts_with(begin), "{complaint}");
    }
    assert_eq!(complaints[4], "leases.csv:1: column from is missing");
}

#[test]
fn nested_databases_are_read_and_names_are_in_the_wanted_language() {
    let files = Files::new().database(&[("203.0.113.0/24", nested())]);
    let found = network(&files.load(), "203.0.113.9");
    let expected = Network {
        kind: NetworkType::HomeBroadband,
        type_source: Some(TypeSource::Database),
        type_confidence: Some(0.9),
        asn: Some(64_500),
        as_org: Some("Example Net".to_owned()),
        country: Some("CN".to_owned()),
        region: Some("Shandong".to_owned()),
        city: Some("Jinan".to_owned()),
        latitude: Some(36.67),
        longitude: Some(117.02),
        ..Network::default()
    };
    assert_eq!(found, expected);
    let chinese = Enricher::load(&files.config, Language::Zh).unwrap();
    let found = network(&chinese, "203.0.113.9");
    assert_eq!((found.region.as_deref(), found.city.as_deref()), (Some("山东"), Some("济南")));
}

#[test]
fn flat_databases_of_several_vendors_are_read() {
    let found =
        |record: Value| network(&Files::new().database(&[("203.0.113.0/24", record)]).load(), "203.0.113.9");
    let db_ip = found(
        json!({"city": "Jinan", "state1": "Shandong", "country_code": "CN", "latitude": 36.6, "longitude": 117.0}),
    );
    assert_eq!((db_ip.city.as_deref(), db_ip.region.as_deref()), (Some("Jinan"), Some("Shandong")));
    assert_eq!((db_ip.country.as_deref(), db_ip.latitude), (Some("CN"), Some(36.6)));

    let ip_info = found(
        json!({"country": "China", "country_code": "cn", "asn": "AS64500", "as_name": "Example", "lat": "36.6", "lng": "117"}),
    );
    assert_eq!((ip_info.country.as_deref(), ip_info.asn), (Some("CN"), Some(64_500)));
    assert_eq!((ip_info.as_org.as_deref(), ip_info.longitude), (Some("Example"), Some(117.0)));

    let nested_asn =
        found(json!({"country": "CN", "asn": {"asn": "AS64500", "name": "Example", "type": "hosting"}}));
    assert_eq!((nested_asn.asn, nested_asn.as_org.as_deref()), (Some(64_500), Some("Example")));
    assert_eq!((nested_asn.kind, nested_asn.type_confidence), (NetworkType::DataCentre, Some(0.7)));

    let org =
        found(json!({"autonomous_system_number": 64_500, "org": "AS64500 Example", "is_hosting": true}));
    assert_eq!((org.as_org.as_deref(), org.kind), (Some("Example"), NetworkType::DataCentre));

    let camel = found(
        json!({"countryCode": "CN", "stateProv": "Shandong", "city": "-", "connectionType": "Cable/DSL"}),
    );
    assert_eq!((camel.region.as_deref(), camel.city), (Some("Shandong"), None));
    assert_eq!((camel.kind, camel.type_confidence), (NetworkType::HomeBroadband, Some(0.7)));
}

#[test]
fn the_first_database_that_has_a_field_gives_it() {
    let files = Files::new()
        .database(&[("203.0.113.0/24", json!({"city": "Jinan", "asn": 64_500}))])
        .database(&[(
            "203.0.113.0/24",
            json!({"city": "Beijing", "country_code": "CN", "asn": 64_501, "as_name": "Other"}),
        )])
        .database(&[("203.0.113.0/24", json!({"asn": 64_500, "as_name": "Example"}))]);
    let found = network(&files.load(), "203.0.113.9");
    assert_eq!((found.city.as_deref(), found.country.as_deref()), (Some("Jinan"), Some("CN")));
    assert_eq!(
        (found.asn, found.as_org.as_deref()),
        (Some(64_500), Some("Example")),
        "not the name of another system"
    );
}

#[test]
fn a_type_of_user_is_said_and_not_guessed() {
    let cases = [
        (json!({"traits": {"user_type": "college"}}), NetworkType::Education),
        (json!({"traits": {"user_type": "content_delivery_network"}}), NetworkType::DataCentre),
        (json!({"traits": {"user_type": "military"}}), NetworkType::Government),
        (json!({"connection_type": "Cellular"}), NetworkType::Mobile),
        (json!({"usage_type": "COM"}), NetworkType::Enterprise),
        (json!({"usage_type": "ISP/MOB"}), NetworkType::Unknown),
        (json!({"type": "isp"}), NetworkType::Unknown),
        (json!({"traits": {"user_type": "traveler", "connection_type": "Satellite"}}), NetworkType::Unknown),
    ];
    for (mut record, kind) in cases {
        record["asn"] = json!(64_500);
        let files = Files::new().database(&[("203.0.113.0/24", record.clone())]);
        let found = network(&files.load(), "203.0.113.9");
        assert_eq!(found.kind, kind, "{record}");
        assert_eq!(found.type_source.is_some(), kind != NetworkType::Unknown, "{record}");
    }
}

#[test]
fn names_of_autonomous_systems_tell_a_type_with_little_confidence_or_none() {
    let cases = [
        ("Hetzner Online GmbH", NetworkType::DataCentre),
        ("AMAZON-02", NetworkType::DataCentre),
        ("Hangzhou Alibaba Advertising Co.,Ltd.", NetworkType::DataCentre),
        ("某某数据中心有限公司", NetworkType::DataCentre),
        ("Shandong University", NetworkType::Education),
        ("CERNET2 IX at Tsinghua University", NetworkType::Education),
        ("中国教育和科研计算机网", NetworkType::Education),
        ("Ministry of Education", NetworkType::Government),
        ("某某市人民政府", NetworkType::Government),
        ("T-Mobile USA, Inc.", NetworkType::Mobile),
        ("Example Cable TV", NetworkType::HomeBroadband),
        ("长城宽带", NetworkType::HomeBroadband),
        ("中国工商银行", NetworkType::Enterprise),
        ("China Mobile Communications Group Co., Ltd.", NetworkType::Unknown),
        ("CHINANET-BACKBONE", NetworkType::Unknown),
        ("China Unicom Shandong Province network", NetworkType::Unknown),
        ("中国电信", NetworkType::Unknown),
        ("Deutsche Telekom AG", NetworkType::Unknown),
        ("Cable & Wireless", NetworkType::Unknown),
        ("State of the Art Networks", NetworkType::Unknown),
        ("Automobile Club", NetworkType::Unknown),
    ];
    for (name, kind) in cases {
        let files = Files::new().database(&[("203.0.113.0/24", json!({"as_name": name}))]);
        let found = network(&files.load(), "203.0.113.9");
        assert_eq!(found.kind, kind, "{name}");
        let known = (kind != NetworkType::Unknown).then_some((TypeSource::AsName, 0.5));
        assert_eq!(found.type_source.zip(found.type_confidence), known, "{name}");
    }
}

#[test]
fn a_database_that_is_of_no_use_or_cut_off_is_refused() {
    let files = Files::new().database(&[("203.0.113.0/24", json!({"colour": "red", "wingspan": 3}))]);
    let complaints = files.complaints();
    assert!(
        complaints[0]
            .starts_with("0.mmdb: is a database of which no field is known (it has colour, wingspan)")
    );

    let files = Files::new().database(&[("203.0.113.0/24", nested())]);
    let path = &files.config.databases[0];
    let whole = fs::read(path).unwrap();
    fs::write(path, &whole[..whole.len() / 2]).unwrap();
    assert!(files.complaints()[0].starts_with("0.mmdb: is no whole database in the MMDB format"));
}

#[test]
fn a_database_of_ipv4_alone_says_nothing_of_ipv6() {
    let mut database = empty();
    let record = database.insert_value(nested()).unwrap();
    database.insert_node("203.0.113.0/24".parse::<IpAddrWithMask>().unwrap(), record);
    let mut files = Files::new();
    files.config.databases = vec![files.write("v4.mmdb", database.write_to(Vec::new()).unwrap())];
    let enricher = files.load();
    assert_eq!(network(&enricher, "2001:db8::1"), Network::default());
    assert_eq!(network(&enricher, "203.0.113.9").country.as_deref(), Some("CN"));
    assert_eq!(enricher.ages()[0].failures, 0);
}

#[test]
fn a_broken_record_is_counted_and_the_rest_is_still_known() {
    // The first record is whole, so the database is taken; what the second points to is not.
    let records: Vec<(String, Value)> = (0..2000)
        .map(|i| (format!("10.{}.{}.0/24", i / 256, i % 256), json!({"city": format!("city-{i:04}")})))
        .collect();
    let records: Vec<_> = records.iter().map(|(prefix, record)| (prefix.as_str(), record.clone())).collect();
    let mut bytes = mmdb(&records);
    let at = bytes.windows(9).position(|window| window == b"city-1999").unwrap();
    bytes[at..at + 9].fill(0xff);
    let mut files = Files::new().prefixes("prefix,site\n10.7.207.0/24,hall\n");
    files.config.databases = vec![files.write("broken.mmdb", bytes)];
    let enricher = files.load();
    assert_eq!(network(&enricher, "10.0.0.1").city.as_deref(), Some("city-0000"));
    assert_eq!(network(&enricher, "10.7.207.1").site.as_deref(), Some("hall"));
    assert_eq!(enricher.ages()[1].failures, 1);
}

#[test]
fn pools_are_known_by_name_address_prefix_and_port() {
    let files = Files::new().pools(
        "match,name\n203.0.113.0/24,Wide\n203.0.113.9,Host\n203.0.113.9:3333,Port\n203.0.113.128/25:443,Shared\n\
         [2001:db8::1]:3333,Six\n2001:db8::2,Plain six\npool.example.net,Named\n*.pool.example.org,Domain\n\
         eu.pool.example.org.,Europe\n203.0.113.0/24,Wide\n",
    );
    let enricher = files.load();
    let listed = |address: &str, said| enricher.pool(address.parse().unwrap(), said).listed;
    let by_address = |address| listed(address, None);
    assert_eq!(by_address("203.0.113.1:1"), Some("Wide".to_owned()));
    assert_eq!(by_address("203.0.113.9:1"), Some("Host".to_owned()));
    assert_eq!(by_address("203.0.113.9:3333"), Some("Port".to_owned()));
    assert_eq!(by_address("203.0.113.200:443"), Some("Shared".to_owned()));
    assert_eq!(by_address("203.0.113.200:444"), Some("Wide".to_owned()));
    assert_eq!(by_address("[2001:db8::1]:3333"), Some("Six".to_owned()));
    assert_eq!(by_address("[2001:db8::1]:3334"), None);
    assert_eq!(by_address("[2001:db8::2]:1"), Some("Plain six".to_owned()));
    assert_eq!(by_address("192.0.2.1:3333"), None);

    let by_name = |said| listed("203.0.113.9:3333", Some(said));
    for said in [
        "pool.example.net",
        "POOL.example.net.",
        "pool.example.net:3333",
        "stratum+ssl://pool.example.net:1/x",
    ] {
        assert_eq!(by_name(said), Some("Named".to_owned()), "{said}");
    }
    assert_eq!(by_name("a.b.pool.example.org"), Some("Domain".to_owned()));
    assert_eq!(by_name("eu.pool.example.org"), Some("Europe".to_owned()));
    assert_eq!(
        by_name("pool.example.org"),
        Some("Port".to_owned()),
        "the address tells if the name does not"
    );
}

#[test]
fn mistakes_in_a_list_of_pools_are_told() {
    let complaints = Files::new()
        .pools(
            "name,match\nA,10.0.0.1\nB,10.0.0.1\n,10.0.0.2\nC,10.0.0.0/8:99999\nD,http://x/\nE,-not a name\n",
        )
        .complaints();
    let begin = [
        "pools.csv:3: match: an earlier line gives this to A",
        "pools.csv:4: name is empty",
        "pools.csv:5: match: \"99999\" is no port",
        "pools.csv:6: match: ",
        "pools.csv:7: match: \"-not a name\" is no address, prefix,",
    ];
    assert_eq!(complaints.len(), begin.len(), "{complaints:#?}");
    for (complaint, begin) in complaints.iter().zip(begin) {
        assert!(complaint.starts_with(begin), "{complaint}");
    }
}

#[test]
fn a_lease_tells_who_had_an_address_at_a_time() {
    let files = Files::new().leases(
        "ip,mac,user,from,to\n\
         10.0.0.5,02-00-5E-10-00-01,first,2026-03-01T08:00:00+08:00,2026-03-01T02:00:00Z\n\
         10.0.0.5,0200.5e10.0002,second,1772330400,\n\
         10.0.0.5,,third,2026-03-01T10:00:00Z,2026-03-01T11:00:00Z\n\
         2001:db8::5,,six,1772330400,\n",
    );
    let enricher = files.load();
    let user = |address: &str, at: &str| {
        let origin = enricher.origin(address.parse().unwrap(), at.parse().unwrap());
        origin.lease.and_then(|lease| lease.user)
    };
    let at = |at| user("10.0.0.5", at);
    assert_eq!(at("2026-02-28T23:59:59Z"), None);
    assert_eq!(at("2026-03-01T00:00:00Z").as_deref(), Some("first"));
    assert_eq!(at("2026-03-01T01:59:59Z").as_deref(), Some("first"));
    assert_eq!(at("2026-03-01T02:00:00Z").as_deref(), Some("second"));
    assert_eq!(at("2026-03-01T10:30:00Z").as_deref(), Some("third"));
    assert_eq!(at("2026-03-01T12:00:00Z"), None, "the later lease ended the open one");
    assert_eq!(user("10.0.0.6", "2026-03-01T10:30:00Z"), None);
    assert_eq!(user("2001:db8::5", "2027-01-01T00:00:00Z").as_deref(), Some("six"));
    let first = enricher.origin("10.0.0.5".parse().unwrap(), "2026-03-01T00:30:00Z".parse().unwrap());
    assert_eq!(first.lease.unwrap().mac.as_deref(), Some("02:00:5e:10:00:01"));
}

#[test]
fn mistakes_in_a_lease_log_are_told() {
    let complaints = Files::new()
        .leases(
            "ip,mac,user,from,to\n10.0.0.5,02:00,a,0,\n10.0.0.5,,a,2026-03-01 08:00,\n10.0.0.5,,,0,1\n\
             10.0.0.5,,a,5,4\n10.0.0.5,,a,1772330400000000,\n",
        )
        .complaints();
    let begin = [
        "leases.csv:2: mac: \"02:00\" is no hardware address",
        "leases.csv:3: from: \"2026-03-01 08:00\" is no time such as 2026-03-01T08:00:00+08:00",
        "leases.csv:4: gives neither mac nor user",
        "leases.csv:5: ends before it begins",
        "leases.csv:6: from: 1772330400000000 seconds is no time (are these milliseconds?)",
    ];
    assert_eq!(complaints.len(), begin.len(), "{complaints:#?}");
    for (complaint, begin) in complaints.iter().zip(begin) {
        assert!(complaint.starts_with(begin), "{complaint}");
    }
}

proptest! {
    /// The latest lease that began not later than the moment counts, if it has not ended.
    #[test]
    fn leases_agree_with_a_search_through_all_of_them(
        rows in prop::collection::vec((0_u8..3, 0_i64..50, prop::option::of(0_i64..20)), 0..30),
        address in 0_u8..3,
        at in 0_i64..60,
    ) {
        let mut text = "ip,user,from,to\n".to_owned();
        for (number, (address, from, length)) in rows.iter().enumerate() {
            let to = length.map(|length| (from + length).to_string()).unwrap_or_default();
            text += &format!("10.0.0.{address},user-{number},{from},{to}\n");
        }
        let enricher = Files::new().leases(&text).load();
        let origin = enricher.origin(IpAddr::from([10, 0, 0, address]), Timestamp::from_second(at).unwrap());
        let own = rows.iter().enumerate().filter(|(_, (of, from, _))| *of == address && *from <= at);
        let expected = own
            .max_by_key(|(number, (_, from, _))| (*from, *number))
            .filter(|(_, (_, from, length))| length.is_none_or(|length| at < from + length))
            .map(|(number, _)| format!("user-{number}"));
        prop_assert_eq!(origin.lease.and_then(|lease| lease.user), expected);
    }

    /// Whatever a file holds, it is read or refused.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0_usize..400) {
        let mut files = Files::new();
        let path = files.write("any", &bytes);
        let mut broken = mmdb(&[("203.0.113.0/24", nested())]);
        if let Some(byte) = broken.get_mut(cut) {
            *byte ^= bytes.first().copied().unwrap_or(1);
        }
        files.config = Config {
            prefixes: Some(path.clone()), pools: Some(path.clone()), leases: Some(path),
            databases: vec![files.write("broken.mmdb", &broken)], ..Config::default()
        };
        drop(Enricher::load(&files.config, Language::En));
        files.config = Config { databases: files.config.databases, ..Config::default() };
        if let Ok(enricher) = Enricher::load(&files.config, Language::En) {
            drop(enricher.origin("203.0.113.9".parse().unwrap(), NOON));
        }
    }
}

#[test]
fn ages_are_those_of_the_files_and_of_the_build_of_databases() {
    let files = Files::new()
        .prefixes("prefix\n10.0.0.0/8\n")
        .pools("name,match\nA,10.0.0.1\nA,a.example.net\n")
        .leases("ip,user,from\n10.0.0.1,a,0\n")
        .database(&[("203.0.113.0/24", nested())]);
    let modified = fs::File::options().write(true).open(files.config.prefixes.as_ref().unwrap()).unwrap();
    modified.set_modified(NOON.into()).unwrap();
    let ages = files.load().ages();
    let kinds: Vec<_> = ages.iter().map(|age| (age.kind, age.entries)).collect();
    assert_eq!(kinds[0], (FileKind::Prefixes, 1));
    assert_eq!(kinds[2..], [(FileKind::Pools, 2), (FileKind::Leases, 1)]);
    assert_eq!((ages[0].time, ages[1].time), (NOON, Timestamp::from_second(1_700_000_000).unwrap()));
}

#[test]
fn the_section_of_the_configuration_knows_its_keys() {
    let config: Config =
        toml::from_str("prefixes = 'a.csv'\ndatabases = ['b.mmdb']\ncheck-seconds = 3").unwrap();
    assert_eq!((config.check_seconds.get(), config.databases.len()), (3, 1));
    assert_eq!(Config::default().check_seconds.get(), 10);
    assert!(toml::from_str::<Config>("prefix = 'a.csv'").is_err());
    assert!(toml::from_str::<Config>("check-seconds = 0").is_err());
}

/// What comes of a change, long after the interval.
fn outcome(reloader: &mut Reloader, now: &mut Instant) -> Result<Arc<Enricher>, Problems> {
    let begun = Instant::now();
    loop {
        *now += Duration::from_secs(11);
        if let Some(outcome) = reloader.poll(*now) {
            return outcome;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "it did not see the change");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// As an operator should do it, and as rsync does.
fn replace(path: &Path, contents: impl AsRef<[u8]>) {
    let new = path.with_extension("new");
    fs::write(&new, contents).unwrap();
    fs::rename(new, path).unwrap();
}

#[test]
fn a_changed_file_is_read_anew_and_a_broken_one_leaves_the_old_in_use() {
    let files =
        Files::new().prefixes("prefix,site\n10.0.0.0/8,old\n").database(&[("203.0.113.0/24", nested())]);
    let path = files.config.prefixes.clone().unwrap();
    let mut now = Instant::now();
    let mut reloader = Reloader::start(files.config.clone(), Language::En, now).unwrap();
    let site = |reloader: &Reloader| network(reloader.current(), "10.1.2.3").site.unwrap();
    assert_eq!(site(&reloader), "old");

    replace(&path, "prefix,site\n10.0.0.0/8,new\n");
    assert!(reloader.poll(now + Duration::from_secs(9)).is_none(), "the interval has not passed");
    let new = outcome(&mut reloader, &mut now).unwrap();
    assert_eq!(network(&new, "10.1.2.3").site.as_deref(), Some("new"));
    assert_eq!(network(&new, "203.0.113.9").city.as_deref(), Some("Jinan"));

    replace(&path, "prefix,site\nzork,newer\n");
    let problems = outcome(&mut reloader, &mut now).unwrap_err();
    assert!(problems.to_string().contains("prefixes.csv:2: "), "{problems}");
    assert_eq!(site(&reloader), "new");
    for _ in 0..50 {
        now += Duration::from_secs(11);
        assert!(reloader.poll(now).is_none(), "a mistake is told once");
    }

    fs::remove_file(&path).unwrap();
    assert!(outcome(&mut reloader, &mut now).is_err());
    replace(&path, "prefix,site\n10.0.0.0/8,newest\n");
    outcome(&mut reloader, &mut now).unwrap();
    assert_eq!(site(&reloader), "newest");
}

#[test]
fn a_database_that_is_truncated_in_place_is_used_as_it_was_read() {
    let files = Files::new().database(&[("203.0.113.0/24", nested())]);
    let mut now = Instant::now();
    let mut reloader = Reloader::start(files.config.clone(), Language::En, now).unwrap();
    fs::File::options().write(true).open(&files.config.databases[0]).unwrap().set_len(10).unwrap();
    assert!(outcome(&mut reloader, &mut now).is_err());
    assert_eq!(network(reloader.current(), "203.0.113.9").city.as_deref(), Some("Jinan"));
}

/// By hand: `cargo test --release -p detector --lib enrich::tests::speed -- --ignored --nocapture`. Other databases than
/// the one that is made here are named by `FIREDAMP_DATABASES`, separated by `:`.
#[test]
#[ignore = "a measurement"]
fn speed() {
    let rows: String =
        (0..10_000).map(|i| format!("10.{}.{}.0/24,hall-{i},data-centre\n", i / 256, i % 256)).collect();
    let leases: String = (0..1_000_000)
        .map(|i| {
            format!(
                "10.{}.{}.{},,user-{},{},\n",
                i >> 16 & 255,
                i >> 8 & 255,
                i & 255,
                i % 50_000,
                1_772_000_000 + i
            )
        })
        .collect();
    let records: Vec<_> =
        (0..50_000).map(|i| format!("{}.{}.{}.0/24", 11 + i / 65_536, i / 256 % 256, i % 256)).collect();
    let records: Vec<_> = records.iter().map(|prefix| (prefix.as_str(), nested())).collect();
    let mut files = Files::new()
        .prefixes(&format!("prefix,site,type\n{rows}"))
        .leases(&format!("ip,mac,user,from,to\n{leases}"));
    files.config.databases = match std::env::var_os("FIREDAMP_DATABASES") {
        Some(paths) => std::env::split_paths(&paths).collect(),
        None => vec![files.write("made.mmdb", mmdb(&records))],
    };
    let begun = Instant::now();
    let enricher = files.load();
    println!("loaded in {:?}: {:?}", begun.elapsed(), enricher.ages());
    for (first, name) in [(10, "own prefixes"), (11, "others"), (114, "others")] {
        let begun = Instant::now();
        let mut known = 0;
        for i in 0..109_000_u32 {
            let [_, a, b, c] = (i * 97).to_be_bytes();
            let origin = enricher.origin(IpAddr::from([first, a, b, c]), NOON);
            known += usize::from(origin.network.city.is_some() || origin.network.site.is_some());
        }
        let seconds = begun.elapsed().as_secs_f64();
        println!("{name}: 109,000 look-ups, {known} known, {:.0} a second", 109_000.0 / seconds);
    }
    let begun = Instant::now();
    let pool: SocketAddr = "11.0.0.1:3333".parse().unwrap();
    (0..100_000).for_each(|_| drop(enricher.pool(pool, Some("pool.example.net"))));
    println!("pools: {:.0} a second", 100_000.0 / begun.elapsed().as_secs_f64());
}
