//! Ledgers of invented miners, of any size, always the same for the same size: to try the commands that read them.

pub(crate) mod dice;
pub(crate) mod world;

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use anyhow::Result;
use detector::judge::Protocol;
use detector::ledger::{CaseId, Day};
use detector::store::{DayWriter, Rated, schema};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};
use serde_json::json;

use self::dice::Dice;
use self::world::{COINS, Coin, NETWORKS, PLACES, SYSTEMS};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// How much there is to invent.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Addresses that mine. There are a tenth more cases.
    pub miners: u32,
    /// Days of which there is activity.
    pub days: u16,
}

/// Writes a ledger whose miners were active until `now`.
///
/// # Errors
/// If the file exists with something in it, or cannot be written.
pub fn write(path: &Path, size: Size, now: Timestamp) -> Result<()> {
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "off")?;
    schema::create(&connection)?;
    let transaction = connection.transaction()?;
    let mut writer =
        Writer { transaction: &transaction, dice: Dice::new(), now: now.as_millisecond(), days: size.days };
    let pools = (size.miners / 100).max(3);
    for number in 0..pools {
        writer.pool(number)?;
    }
    for number in 0..size.miners {
        writer.miner(number)?;
        let first = writer.dice.skewed(pools);
        writer.case(number, first)?;
        if writer.dice.percent(10) {
            writer.case(number, (first + 1) % pools)?;
        }
    }
    transaction.commit()?;
    connection.execute_batch("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

/// The address of a miner: most have IPv4, private or public.
#[must_use]
pub fn miner(number: u32) -> IpAddr {
    if number % 20 == 19 {
        return Ipv6Addr::from(0x2001_0db8_u128 << 96 | u128::from(number)).into();
    }
    Ipv4Addr::from_bits(0x0a00_0000 | number & 0x00ff_ffff).into()
}

/// The address and port of a pool.
#[must_use]
pub fn pool(number: u32) -> SocketAddr {
    let port = [3333, 4444, 443, 8443, 14444].get(number as usize % 5).copied().unwrap_or(3333);
    SocketAddr::new(Ipv4Addr::from_bits(0xc612_0000 | number & 0x1_ffff).into(), port)
}

fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

struct Writer<'a> {
    transaction: &'a Transaction<'a>,
    dice: Dice,
    now: i64,
    days: u16,
}

impl Writer<'_> {
    fn pool(&mut self, number: u32) -> Result<()> {
        let endpoint = pool(number);
        let name = self.dice.percent(80).then(|| format!("pool{number}.mining.example"));
        let listed = self.dice.percent(60).then(|| format!("Pool {}", number / 3));
        let (asn, system) = *self.dice.of(SYSTEMS);
        self.transaction.prepare_cached("INSERT INTO pools VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")?.execute(
            params![
                number + 1,
                octets(endpoint.ip()),
                endpoint.port(),
                self.now - 90 * DAY,
                name,
                listed,
                asn,
                system,
                "US"
            ],
        )?;
        Ok(())
    }

    fn miner(&mut self, number: u32) -> Result<()> {
        let network = *self.dice.of(NETWORKS);
        let (country, region, city, latitude, longitude) = *self.dice.of(PLACES);
        let (asn, system) = *self.dice.of(SYSTEMS);
        let is_ours = self.dice.percent(15);
        let (source, sure) = match (network, is_ours) {
            ("unknown", _) => (None, None),
            (_, true) => (Some("prefix-file"), Some(1.0)),
            _ => (Some("database"), Some(0.8)),
        };
        let site = is_ours.then(|| format!("Site {}", number % 12));
        self.transaction
            .prepare_cached("INSERT INTO miners VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?
            .execute(params![
                number + 1,
                octets(miner(number)),
                self.now - 60 * DAY,
                network,
                source,
                sure,
                asn,
                system,
                country,
                region,
                city,
                latitude,
                longitude,
                is_ours.then_some("10.0.0.0/8"),
                site,
                is_ours.then_some("Faculty of examples"),
                is_ours.then_some("noc@example.org"),
            ])?;
        Ok(())
    }

    fn case(&mut self, miner_number: u32, pool_number: u32) -> Result<()> {
        let coin = *self.dice.of(COINS);
        let protocol = Protocol::named(coin.protocol);
        let id = CaseId::of(miner(miner_number), pool(pool_number), protocol).0.cast_signed();
        let verdict =
            *self.dice.of(&["confirmed", "confirmed", "confirmed", "probable", "probable", "suspected"]);
        let verdict = if self.dice.percent(4) { "node" } else { verdict };
        let stage = *self.dice.of(&["submitting", "submitting", "working", "handshake", "attempt"]);
        let life = *self.dice.of(&["open", "open", "open", "quiet", "closed"]);
        let back = if self.dice.percent(70) { HOUR * 12 } else { DAY * i64::from(self.days) };
        let last = self.now - self.dice.below(back);
        let first = last - self.dice.below(60 * DAY);
        let connections = 1 + self.dice.below(500);
        let shares = if stage == "submitting" { 1 + self.dice.below(5000) } else { 0 };
        let rate = (shares > 0 && verdict != "node").then(|| coin.rate * self.dice.factor());
        let power = rate.map(|rate| rate * coin.joules);
        let is_hidden = self.dice.percent(3);
        self.transaction
            .prepare_cached(
                "INSERT INTO cases VALUES (?, ?, ?, ?, ?, 'tcp', 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, \
                 ?, ?, ?, ?, ?, NULL, ?, ?, ?, zeroblob(400))",
            )?
            .execute(params![
                id,
                miner_number + 1,
                pool_number + 1,
                40_000 + miner_number % 20_000,
                coin.protocol,
                life,
                is_hidden.then_some("our own laboratory"),
                verdict,
                stage,
                if verdict == "confirmed" { 0.999_999 } else { 0.9 },
                coin.ticker,
                coin.algorithm,
                first,
                last,
                last,
                3,
                self.dice.below(3),
                connections,
                self.dice.factor() * 4.0,
                1 + self.dice.below(4),
                1 + self.dice.below(3),
                shares * 2,
                shares,
                shares - shares / 50,
                shares / 50,
                shares * 600 + 2000,
                rate,
                rate.map(|rate| rate * 0.8),
                rate.map(|rate| rate * 1.3),
                power,
                power.map(|power| power * 0.5),
                power.map(|power| power * 2.0),
            ])?;
        self.details(id, miner_number, coin, last)?;
        for (number, reason) in (1..).zip(["opened", "stage", "periodic"]) {
            self.transaction
                .prepare_cached("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?)")?
                .execute(params![id, number, first + number * 1000, reason, verdict, stage])?;
        }
        if self.dice.percent(3) {
            let remark = *self.dice.of(&["notified", "blocked", "fixed", "false-alarm"]);
            self.transaction
                .prepare_cached("INSERT INTO remarks (\"case\", at, author, state) VALUES (?, ?, 'noc', ?)")?
                .execute(params![id, last, remark])?;
        }
        self.active(id, first.div_euclid(DAY), last)
    }

    fn details(&mut self, id: i64, miner_number: u32, coin: Coin, last: i64) -> Result<()> {
        let time = Timestamp::from_millisecond(last)?.to_string();
        let wallet = format!("4{:016x}{:078x}", self.dice.next() % 20_000, 1);
        let login = format!(
            r#"{{"id":1,"jsonrpc":"2.0","method":"login","params":{{"login":"{wallet}","pass":"<...>","agent":"XMRig/6.22.2"}}}}\n"#
        );
        let said = |kind: &str, side: &str, detail: &str, weight: f64, bytes: &str| {
            json!({"kind": kind, "side": side, "detail": detail, "weight": weight,
                   "excerpt": {"time": time, "direction": "up", "length": bytes.len(), "text": bytes}})
        };
        let body = json!({
            "interface": "lan0",
            "agent": "XMRig/6.22.2",
            "wallet": wallet,
            "worker": format!("rig{}", miner_number % 500),
            "pool_name": "pool.mining.example",
            "difficulty": 120_001.0,
            "hashrate_algorithm": coin.algorithm,
            "power_assumption": "an invented machine",
        });
        let evidence = json!([
            said("client-login", "miner", "method login with a list of algorithms", 16.0, &login),
            said(
                "pool-login-result",
                "pool",
                "a result with a job and a status",
                10.0,
                &login.replace("login", "result")
            ),
            said(
                "client-submit",
                "miner",
                "method submit with a nonce and a result",
                9.0,
                r#"{"id":2,"method":"submit"}\n"#
            ),
        ]);
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(evidence.to_string().as_bytes())?;
        self.transaction
            .prepare_cached("INSERT INTO evidence VALUES (?, ?)")?
            .execute(params![id, packed.finish()?])?;
        self.transaction
            .prepare_cached("INSERT INTO details VALUES (?, ?)")?
            .execute(params![id, body.to_string()])?;
        Ok(())
    }

    fn active(&mut self, id: i64, first: i64, last: i64) -> Result<()> {
        let (last_day, hour) = (last.div_euclid(DAY), last.rem_euclid(DAY) / HOUR);
        for day in (last_day - i64::from(self.days) + 1).max(first)..=last_day {
            if day < last_day && self.dice.percent(30) {
                continue;
            }
            let until = if day == last_day { hour } else { 23 };
            let since = self.dice.below(until + 1);
            let mut activity = Day { day, active: 0, connections: [0; 24] };
            for (hour, count) in (0..24).zip(&mut activity.connections) {
                if (since..=until).contains(&hour) {
                    activity.active |= 1 << hour;
                    *count = u16::try_from(self.dice.below(9))?;
                }
            }
            let rated = Rated { rate: Some(4100.0), power: Some([55.0, 40.0, 102.0]) };
            DayWriter::new(self.transaction)?.write(CaseId(id.cast_unsigned()), &activity, rated)?;
        }
        Ok(())
    }
}
