use std::fs;

use maxminddb_writer::paths::IpAddrWithMask;
use serde_json::Value;
use serde_json::json;

use super::{Files, empty, mmdb, nested, network};
use crate::advice::Language;
use crate::enrich::{Enricher, Network, NetworkType, TypeSource};

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
