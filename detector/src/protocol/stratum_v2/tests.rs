use super::*;

fn words(text: &str) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

fn setup_body(protocol: u8, least: u16, device: &str) -> Vec<u8> {
    let mut body = vec![protocol];
    body.extend(least.to_le_bytes());
    body.extend(2u16.to_le_bytes());
    body.extend(5u32.to_le_bytes());
    body.extend(words("pool.example"));
    body.extend(34254u16.to_le_bytes());
    for name in ["Acme", "S19", "fw-1", device] {
        body.extend(words(name));
    }
    body
}

#[test]
fn a_setup_names_software_and_pool() {
    let finding = read(0, &setup_body(0, 2, "")).unwrap();
    assert_eq!(finding.kinds, [Kind::SV2_SETUP]);
    let agent = Fact::Agent("Acme S19 fw-1".to_owned());
    assert_eq!(finding.facts, [agent, Fact::PoolName("pool.example".to_owned())]);
    assert_eq!(read(0, &setup_body(1, 2, "")).unwrap().kinds, [Kind::SV2_SETUP_DECLARATION]);
    assert_eq!(read(0, &setup_body(2, 2, "")).unwrap().kinds, [Kind::SV2_SETUP_TEMPLATES]);
}

#[test]
fn a_setup_that_breaks_the_rules_is_none() {
    assert_eq!(read(0, &setup_body(3, 2, "")), None);
    assert_eq!(read(0, &setup_body(0, 0, "")), None, "version 0");
    assert_eq!(read(0, &setup_body(0, 3, "")), None, "least above most");
    assert_eq!(read(0, &setup_body(0, 2, "a\u{7}b")), None, "control character");
    let mut long = setup_body(0, 2, "");
    long.push(0);
    assert_eq!(read(0, &long), None, "a byte too many");
    let body = setup_body(0, 2, "x");
    for end in 0..body.len() {
        assert_eq!(read(0, &body[..end]), None, "cut at {end}");
    }
}

#[test]
fn a_channel_names_who_is_paid_and_its_difficulty() {
    let mut body = 1u32.to_le_bytes().to_vec();
    body.extend(words("alice.rig7"));
    body.extend(1.0e14f32.to_le_bytes());
    body.extend([0xff; 32]);
    let user = Fact::User { wallet: "alice".to_owned(), worker: Some("rig7".to_owned()) };
    let facts = read(0x10, &body).unwrap().facts;
    assert_eq!(facts[0], user);
    assert!(matches!(facts[1], Fact::ClaimedHashRate(rate) if (rate / 1.0e14 - 1.0).abs() < 1.0e-6));
    assert_eq!(read(0x13, &body), None, "an extended channel has a size");
    body.extend(8u16.to_le_bytes());
    assert_eq!(read(0x13, &body).unwrap().kinds, [Kind::SV2_OPEN]);

    let mut opened = vec![0; 8];
    opened.extend([&[0; 27][..], &[1], &[0; 4]].concat());
    opened.extend([3, 7, 7, 7, 1, 0, 0, 0]);
    assert_eq!(read(0x11, &opened).unwrap().facts[0], Fact::difficulty_hashes(2f64.powi(40)));
}

#[test]
fn shares_and_jobs_have_the_fields_of_a_block() {
    let share = |time: u32, version: u32| {
        let mut body = vec![1; 16];
        body.extend(time.to_le_bytes());
        body.extend(version.to_le_bytes());
        body
    };
    assert_eq!(read(0x1a, &share(1_760_000_000, 0x2000_4000)).unwrap().facts, [Fact::Submitted]);
    assert_eq!(read(0x1a, &share(5, 0x2000_0000)), None);
    assert_eq!(read(0x1a, &share(1_760_000_000, 7)), None);
    let mut job = vec![0; 8];
    job.push(0);
    job.extend(0x2000_0000u32.to_le_bytes());
    job.extend([9; 32]);
    assert_eq!(read(0x15, &job).unwrap().facts, [Fact::Job]);
    let mut answer = vec![0; 8];
    answer.extend(3u32.to_le_bytes());
    answer.extend([0; 8]);
    assert_eq!(read(0x1c, &answer).unwrap().facts, [Fact::Accepted, Fact::Accepted, Fact::Accepted]);
}
