//! The benchmark measures what it says; how much, depends on the machine.

use firedamp_tests::bench::{Options, measure};
use firedamp_tests::privileges;

#[test]
fn every_class_is_measured() {
    if !privileges::granted("every_class_is_measured") {
        return;
    }
    let report = measure(Options { repeat: 1000, flows: 50, rounds: 3 }).unwrap();
    let json = report.json();
    let classes = json["classes"].as_array().unwrap();
    let names: Vec<_> = classes.iter().map(|class| class["name"].as_str().unwrap()).collect();
    let expected = [
        "empty",
        "arp",
        "udp",
        "quic",
        "ack",
        "tls",
        "spent",
        "watched",
        "first-segment",
        "new-binary",
        "stratum-login",
    ];
    assert_eq!(names, expected);
    for class in classes {
        let [time, ratio] = ["ns_per_packet", "ratio_to_empty"].map(|field| class[field].as_f64().unwrap());
        assert!(time > 0.0 && ratio > 0.0, "{class}");
    }
    assert_eq!(classes[0]["ratio_to_empty"], 1.0);
    assert!(report.to_string().contains("verified instructions"));
}
