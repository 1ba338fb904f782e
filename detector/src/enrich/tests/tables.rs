use super::{Files, nested, network};
use crate::enrich::{Network, NetworkType, TypeSource};

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
        "prefixes.csv:11: has 1 field, and the header 6",
        "prefixes.csv:12: prefix is empty",
        "prefixes.csv:13: prefix: \"zork\" is no prefix",
        "prefixes.csv:13: type: unknown network type \"zebra\": types are data-centre, enterprise,",
    ];
    let complaints = files.complaints();
    assert_eq!(complaints.len(), expected.len(), "{complaints:#?}");
    for (complaint, expected) in complaints.iter().zip(expected) {
        assert!(complaint.starts_with(expected), "{complaint}\n{expected}");
    }
    let open = Files::new().prefixes("prefix,site\r\n10.0.0.0/8,\"a\r\n10.1.0.0/16,b\r\n").complaints();
    assert!(open[0].starts_with("prefixes.csv:2: has a text between double quotes that goes on"), "{open:?}");
    let last = Files::new().prefixes("prefix,site\r\n10.0.0.0/8,\"a\r\n").complaints();
    assert!(last[0].starts_with("prefixes.csv:2: has a text between double quotes that goes on"), "{last:?}");
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
    assert!(
        complaints[1].starts_with("prefixes.csv:3: has a text between double quotes that goes on"),
        "{complaints:#?}"
    );
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
