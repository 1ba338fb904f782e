//! Ledgers made by rule, for tests, for measuring and for looking at a report.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::ledger::{CaseId, Day};
use crate::store::{DayWriter, Rated};

/// The day of UTC that is the last in a sample: 2026-11-22.
pub(super) const LAST_DAY: i64 = 20_779;
const HOUR: i64 = 3_600_000;

/// An empty ledger.
pub(super) fn empty(connection: &Connection) {
    connection.execute_batch(include_str!("../store/schema.sql")).unwrap();
}

pub(super) fn now() -> Timestamp {
    Timestamp::from_second((LAST_DAY + 1) * 86_400 + 26_000).unwrap()
}

/// How large a sample is.
pub(super) struct Size {
    pub(super) miners: u32,
    pub(super) cases: u32,
    pub(super) days: i64,
}

/// Numbers that look random and are the same every time (`SplitMix64`).
fn mixed(one: u64, other: u64) -> u64 {
    let mut value =
        one.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(other.wrapping_mul(0xbf58_476d_1ce4_e5b9));
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

fn pick<T>(weighted: &[(u64, T)], random: u64) -> &T {
    let mut rest = random % weighted.iter().map(|it| it.0).sum::<u64>();
    for (weight, it) in weighted {
        if rest < *weight {
            return it;
        }
        rest -= weight;
    }
    unreachable!()
}

type City = (&'static str, &'static str, f64, f64);

const CITIES: [(u64, Option<City>); 18] = [
    (16, Some(("Jinan", "Shandong", 36.67, 117.02))),
    (15, Some(("Qingdao", "Shandong", 36.07, 120.38))),
    (7, Some(("Yantai", "Shandong", 37.46, 121.45))),
    (6, Some(("Weifang", "Shandong", 36.71, 119.16))),
    (5, Some(("Linyi", "Shandong", 35.10, 118.36))),
    (3, Some(("Zibo", "Shandong", 36.81, 118.05))),
    (9, Some(("Nanjing", "Jiangsu", 32.06, 118.79))),
    (9, Some(("Suzhou", "Jiangsu", 31.30, 120.59))),
    (5, Some(("Wuxi", "Jiangsu", 31.57, 120.30))),
    (4, Some(("Xuzhou", "Jiangsu", 34.26, 117.19))),
    (3, Some(("Nantong", "Jiangsu", 31.98, 120.89))),
    (7, Some(("Zhengzhou", "Henan", 34.75, 113.63))),
    (3, Some(("Luoyang", "Henan", 34.62, 112.45))),
    (1, Some(("Nanyang", "Henan", 32.99, 112.53))),
    (5, Some(("Shijiazhuang", "Hebei", 38.04, 114.51))),
    (3, Some(("Tangshan", "Hebei", 39.63, 118.18))),
    (2, Some(("Baoding", "Hebei", 38.87, 115.46))),
    (6, None),
];

const TYPES: [(u64, &str); 7] = [
    (41, "home-broadband"),
    (20, "data-centre"),
    (12, "enterprise"),
    (9, "unknown"),
    (8, "mobile"),
    (7, "education"),
    (3, "government"),
];

/// Coin, algorithm, unit, protocol, rate, watts for one of it.
type Work = (Option<&'static str>, Option<&'static str>, &'static str, &'static str, f64, f64);

const WORK: [(u64, Work); 9] = [
    (52, (Some("XMR"), Some("rx/0"), "hashes/s", "cryptonote", 6_000.0, 0.0125)),
    (14, (Some("BTC"), Some("sha256d"), "hashes/s", "stratum-v1", 1e14, 2.5e-11)),
    (8, (Some("ETC"), Some("ethash"), "hashes/s", "eth-proxy", 6e7, 1.1e-6)),
    (6, (Some("KAS"), Some("kheavyhash"), "hashes/s", "kaspa", 1e12, 3e-10)),
    (5, (Some("LTC"), Some("scrypt"), "hashes/s", "stratum-v1", 9e9, 6e-7)),
    (5, (Some("RVN"), Some("kawpow"), "hashes/s", "kawpow", 2.5e7, 7e-6)),
    (3, (Some("ZEC"), Some("equihash-200,9"), "solutions/s", "equihash", 4e5, 6e-3)),
    (4, (None, None, "hashes/s", "stratum-v1", 0.0, 0.0)),
    (3, (Some("BTC"), None, "hashes/s", "bitcoin-p2p", 0.0, 0.0)),
];

const POOLS: [(u64, Option<&str>); 14] = [
    (30, Some("pool.example:3333")),
    (22, Some("xmr.miners.example:443")),
    (14, Some("btc.eastern-pool.example:25")),
    (9, Some("eu1.another.example:5555")),
    (7, Some("kas.example:16111")),
    (5, Some("矿池.example:8080")),
    (4, Some("<script>alert(1)</script>.example:80")),
    (3, Some("a-very-long-name-of-a-pool-that-somebody-made-up-to-fill-the-line.of-a-table.example:14444")),
    (2, Some("turned\u{202e}elpmaxe.loop:9000")),
    (2, Some("=cmd|' /C calc'!A0")),
    (1, Some("ltc.example:3333")),
    (1, Some("rvn.example:6060")),
    (1, Some("zec.example:3357")),
    (5, None),
];

fn address(number: u64) -> [u8; 16] {
    if number % 25 == 24 {
        return (0x2001_0db8_u128 << 96 | u128::from(mixed(number, 6))).to_be_bytes();
    }
    let number = u32::try_from(number).unwrap();
    (0xffff_0000_0000_u128 | u128::from(0x0a00_0000 + number)).to_be_bytes()
}

/// Fills a ledger up to [`LAST_DAY`].
pub(super) fn fill(connection: &mut Connection, size: &Size) {
    let start = LAST_DAY - size.days + 1;
    let transaction = connection.transaction().unwrap();
    let first_days = miners(&transaction, size, start);
    pools(&transaction);
    let cases = cases(&transaction, size, &first_days);
    days(&transaction, size, &cases);
    remarks(&transaction, &cases);
    transaction.commit().unwrap();
}

fn miners(connection: &Connection, size: &Size, begin: i64) -> Vec<i64> {
    let mut insert = connection
        .prepare(
            "INSERT INTO miners (id, address, first_seen, network_type, asn, as_org, country, region, city, \
             latitude, longitude, site) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )
        .unwrap();
    let mut first_days = Vec::new();
    for number in 0..u64::from(size.miners) {
        let random = |salt| mixed(number, salt);
        let kind = *pick(&TYPES, random(1));
        let city = *pick(&CITIES, random(2));
        let first = match random(3) % 10 {
            0..6 => begin - 20,
            _ => begin + i64::try_from(random(4)).unwrap_or_default().rem_euclid(size.days),
        };
        let first = if random(4) % 97 == 0 { LAST_DAY } else { first };
        let asn = (random(5) % 12 < 11).then(|| 64_496 + (random(5) % 12).cast_signed());
        let campus = (kind == "education").then(|| format!("Campus {}", random(6) % 5));
        let moment = first * 24 * HOUR + i64::try_from(random(7) % 24).unwrap() * HOUR;
        insert
            .execute(params![
                i64::try_from(number).unwrap() + 1,
                address(number),
                moment,
                kind,
                asn,
                asn.map(|asn| format!("EXAMPLE-NET-{} Example Telecom", asn - 64_495)),
                city.map(|_| "CN"),
                city.map(|it| it.1),
                city.map(|it| it.0),
                city.map(|it| it.2),
                city.map(|it| it.3),
                campus,
            ])
            .unwrap();
        first_days.push(first);
    }
    first_days
}

fn pools(connection: &Connection) {
    let mut insert = connection
        .prepare(
            "INSERT INTO pools (id, address, port, first_seen, name, as_org, country) \
             VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6)",
        )
        .unwrap();
    for (number, (_, name)) in (0..).zip(&POOLS).flat_map(|(number, it)| [(number, it), (number + 100, it)]) {
        let address = (0xffff_0000_0000_u128 | u128::from(0xcb00_7100_u32 + number)).to_be_bytes();
        let countries = ["DE", "US", "SG", "CN"];
        insert
            .execute(params![
                number + 1,
                address,
                3333,
                name,
                "EXAMPLE-HOSTING Example",
                countries[number as usize % 4]
            ])
            .unwrap();
    }
}

struct Made {
    id: i64,
    first: i64,
    work: Work,
    rate: f64,
}

fn cases(connection: &Connection, size: &Size, first_days: &[i64]) -> Vec<Made> {
    let mut insert = connection
        .prepare(
            "INSERT INTO cases (id, miner, pool, miner_port, protocol, transport, encrypted, life, verdict, stage, confidence, coin, \
             algorithm, first_seen, last_seen, updated, records, returns, connections, parallel, workers, jobs, submitted, \
             accepted, rejected, bytes, rate, rate_low, rate_high, rate_unit, power, hidden, state) VALUES (?1, ?2, ?3, 4000, ?4, \
             'tcp', 0, ?5, ?6, 'submitting', 0.99, ?7, ?8, ?9, ?9, ?9, 3, 0, 40, 1, 1, 100, 90, 90, 0, 100000, ?10, ?11, \
             ?12, ?13, ?14, ?15, zeroblob(400))",
        )
        .unwrap();
    let mut made = Vec::new();
    for number in 0..u64::from(size.cases) {
        let random = |salt: u64| mixed(number, 100 + salt);
        let miner = number % u64::from(size.miners);
        let work = *pick(&WORK, if number == 0 { 0 } else { random(1) });
        let weights: Vec<(u64, usize)> = POOLS.iter().enumerate().map(|(at, it)| (it.0, at)).collect();
        let pool = pick(&weights, random(2)) + if random(3) % 3 == 0 { 100 } else { 0 };
        let verdict = match (work.3, random(4) % 20) {
            ("bitcoin-p2p", _) => "node",
            (_, 0..15) => "confirmed",
            (_, 15..19) => "probable",
            _ => "suspected",
        };
        let rate = (work.4 > 0.0 && random(5) % 10 < 8)
            .then(|| work.4 * (0.3 + f64::from(u16::try_from(random(6) % 1000).unwrap()) / 600.0));
        let id = mixed(number, 7777).cast_signed();
        let first = first_days[usize::try_from(miner).unwrap()];
        insert
            .execute(params![
                id,
                i64::try_from(miner).unwrap() + 1,
                i64::try_from(pool).unwrap() + 1,
                work.3,
                ["open", "open", "quiet", "closed"][usize::try_from(random(7) % 4).unwrap()],
                verdict,
                work.0,
                work.1,
                first * 24 * HOUR,
                rate,
                rate.map(|it| it * 0.6),
                rate.map(|it| it * 1.6),
                rate.map(|_| work.2),
                rate.map(|it| it * work.5),
                (number > 0 && random(8) % 200 == 0)
                    .then_some("our own laboratory, agreed with the security office"),
            ])
            .unwrap();
        made.push(Made { id, first, work, rate: rate.unwrap_or_default() });
    }
    made.sort_by_key(|it| it.id);
    made
}

fn days(connection: &Connection, size: &Size, cases: &[Made]) {
    let mut insert = DayWriter::new(connection).unwrap();
    for day in LAST_DAY - size.days + 1..=LAST_DAY {
        for case in cases {
            let random =
                |salt| mixed(case.id.cast_unsigned() ^ 0x55, u64::try_from(day).unwrap() * 16 + salt);
            // Four days in a row, which do not begin on the same day for all.
            let weekly =
                mixed(case.id.cast_unsigned(), u64::try_from((day + case.id.rem_euclid(4)) / 4).unwrap());
            if day < case.first || weekly % 100 >= 90 {
                continue;
            }
            let steady = !mixed(case.id.cast_unsigned(), 1).is_multiple_of(3);
            let active = if steady { 0xff_ffff } else { 0xff_ffff & (0x1f_f000 | random(1) & random(2)) };
            let connections = std::array::from_fn(|hour| {
                let begin = active >> hour & 1 == 1 && random(3) >> hour & 1 == 1;
                if begin { u16::try_from(random(4) >> hour & 3).unwrap() } else { 0 }
            });
            let rate = (case.rate > 0.0).then_some(case.rate);
            let power = rate.map(|it| it * case.work.5).map(|it| [it, it * 0.35, it * 2.6]);
            let day = Day { day, active: u32::try_from(active).unwrap(), connections };
            insert.write(CaseId(case.id.cast_unsigned()), &day, Rated { rate, power }).unwrap();
        }
    }
}

fn remarks(connection: &Connection, cases: &[Made]) {
    let mut insert = connection
        .prepare("INSERT INTO remarks (\"case\", at, author, state) VALUES (?1, ?2, 'x', ?3)")
        .unwrap();
    for case in cases {
        let random = mixed(case.id.cast_unsigned(), 9);
        let states: &[&str] = match random % 40 {
            0..4 => &["notified"],
            4..6 => &["notified", "blocked"],
            6 => &["notified", "fixed"],
            7 if random.is_multiple_of(7) => &["false-alarm"],
            _ => &[],
        };
        for (step, state) in (0..).zip(states) {
            let at = (LAST_DAY - 6 + i64::try_from(random % 4).unwrap() + step) * 24 * HOUR;
            insert.execute(params![case.id, at, state]).unwrap();
        }
    }
}
