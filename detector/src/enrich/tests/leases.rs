use std::fmt::Write;
use std::net::IpAddr;

use jiff::Timestamp;
use proptest::prelude::*;

use super::{Files, NOON, mmdb, nested};
use crate::advice::Language;
use crate::enrich::{Config, Enricher};

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
            writeln!(text, "10.0.0.{address},user-{number},{from},{to}").unwrap();
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
