use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use anyhow::Result;
use detector::enrich::Config;

use super::cast::POOLS;
use crate::ledger::dice::Dice;
use crate::ledger::world::{NETWORKS, PLACES, SYSTEMS};

/// Rows of the operator's table of prefixes.
const ROWS: u32 = 10_000;

/// The address of a miner: the next in the next network of the table. One network in twenty is of IPv6.
pub(super) fn address(miner: u32) -> IpAddr {
    let (row, host) = (miner % ROWS, miner / ROWS + 1);
    if is_v6(row) {
        return Ipv6Addr::from_bits(0x2001_0db8_u128 << 96 | u128::from(row) << 80 | u128::from(host)).into();
    }
    Ipv4Addr::from_bits(0x0a00_0000 | row << 8 | host & 0xff).into()
}

const fn is_v6(row: u32) -> bool {
    row % 20 == 19
}

/// Writes the operator's files about addresses.
pub(super) fn write(folder: &Path) -> Result<Config> {
    let (prefixes, pools) = (folder.join("prefixes.csv"), folder.join("pools.csv"));
    fs::write(&prefixes, networks()?)?;
    let mut list = "name,match\n".to_owned();
    for number in 0..POOLS {
        writeln!(list, "Pool {},{}", number / 3, crate::ledger::pool(number).ip())?;
    }
    fs::write(&pools, list)?;
    Ok(Config { prefixes: Some(prefixes), pools: Some(pools), ..Config::default() })
}

fn networks() -> Result<String> {
    let mut dice = Dice::new();
    let mut table = "prefix,site,owner,contact,type,region,city,country,latitude,longitude,asn\n".to_owned();
    for row in 0..ROWS {
        let prefix =
            if is_v6(row) { format!("2001:db8:{row:x}::/48") } else { format!("{}/24", network(row)) };
        let network = *dice.of(NETWORKS);
        let (country, region, city, latitude, longitude) = *dice.of(PLACES);
        let (asn, _) = *dice.of(SYSTEMS);
        writeln!(
            table,
            "{prefix},Site {},Faculty of examples,noc@example.org,{network},{},{},{country},{latitude},{longitude},{asn}",
            row % 120,
            region.unwrap_or_default(),
            city.unwrap_or_default(),
        )?;
    }
    Ok(table)
}

const fn network(row: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x0a00_0000 | row << 8)
}
