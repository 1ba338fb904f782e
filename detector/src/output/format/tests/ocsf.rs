use serde_json::json;

use super::{all, bare, document, full, told};
use crate::output::Format;

#[test]
fn the_required_fields_are_always_there_and_agree() {
    for eve in all() {
        let finding = document(Format::Ocsf, &eve);
        assert_eq!((&finding["class_uid"], &finding["category_uid"]), (&json!(2004), &json!(2)));
        let activity = finding["activity_id"].as_u64().unwrap();
        assert_eq!(finding["type_uid"], 200_400 + activity);
        assert_eq!(finding["time"], 1_795_370_155_705_i64);
        assert_eq!(finding["metadata"]["version"], "1.4.0");
        assert_eq!(finding["metadata"]["product"]["vendor_name"], "Firedamp");
        assert_eq!(finding["metadata"]["uid"], "00c0ffee12345678-3-1795370155705518");
        assert_eq!(finding["finding_info"]["uid"], "00c0ffee12345678");
        for field in [
            "/severity_id",
            "/status_id",
            "/confidence_id",
            "/confidence_score",
            "/message",
            "/is_alert",
            "/finding_info/title",
            "/finding_info/desc",
            "/finding_info/first_seen_time",
            "/finding_info/last_seen_time",
            "/finding_info/analytic/type_id",
            "/finding_info/types/0",
            "/evidences/0/src_endpoint/ip",
            "/evidences/0/dst_endpoint/ip",
            "/evidences/0/data",
            "/evidences/0/connection_info/direction_id",
            "/observables/1/type_id",
            "/unmapped/verdict",
        ] {
            assert!(finding.pointer(field).is_some(), "{field} is missing in {finding}");
        }
    }
}

#[test]
fn the_reason_is_the_activity() {
    for (reason, activity, status) in [
        ("opened", 1, 1),
        ("verdict", 2, 1),
        ("stage", 2, 1),
        ("periodic", 2, 1),
        ("quiet", 2, 1),
        ("returned", 2, 1),
        ("final", 2, 1),
        ("closed", 3, 99),
    ] {
        let finding = document(Format::Ocsf, &told(bare(), reason, "probable"));
        assert_eq!(
            (&finding["activity_id"], &finding["status_id"]),
            (&json!(activity), &json!(status)),
            "{reason}"
        );
    }
}

#[test]
fn the_verdict_is_the_severity() {
    for (verdict, severity, alert) in
        [("confirmed", 4, true), ("probable", 3, true), ("suspected", 2, true), ("node", 1, false)]
    {
        let finding = document(Format::Ocsf, &told(full(), "opened", verdict));
        assert_eq!(
            (&finding["severity_id"], &finding["is_alert"]),
            (&json!(severity), &json!(alert)),
            "{verdict}"
        );
        assert_eq!(finding.get("attacks").is_some(), alert, "a node hijacks nothing");
    }
}

#[test]
fn everything_that_is_known_has_its_field() {
    let finding = document(Format::Ocsf, &full());
    for (field, value) in [
        ("/attacks/0/technique/uid", json!("T1496")),
        ("/confidence_score", json!(99)),
        ("/action_id", json!(3)),
        ("/evidences/0/src_endpoint/autonomous_system/number", json!(64500)),
        ("/evidences/0/src_endpoint/location/desc", json!("Jinan, Shandong, CN")),
        ("/evidences/0/src_endpoint/owner/name", json!("li.example")),
        ("/evidences/0/dst_endpoint/hostname", json!("xmr.pool.example")),
        ("/evidences/0/dst_endpoint/location/country", json!("DE")),
        ("/evidences/0/data/evidence/1/kind", json!("pool-job")),
        (
            "/remediation/desc",
            json!(
                "1. Tell the owner. It is one host. No traffic is cut. Nothing is to be undone.\n\
                 2. Block the pool. It goes on. The miner stops. Remove the rule."
            ),
        ),
        ("/unmapped/network/type", json!("education")),
        ("/unmapped/coin", json!("XMR")),
        ("/unmapped/in_iface", json!("lan0")),
    ] {
        assert_eq!(finding.pointer(field), Some(&value), "{field}");
    }
    let kinds: Vec<_> = finding["observables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["type_id"].as_u64().unwrap())
        .collect();
    assert_eq!(kinds, [2, 2, 1, 3, 4, 8, 8]);
}

#[test]
fn without_advice_there_is_no_remediation() {
    assert_eq!(document(Format::Ocsf, &bare()).get("remediation"), None);
}
