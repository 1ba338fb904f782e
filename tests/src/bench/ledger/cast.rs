use std::net::{IpAddr, SocketAddr};

use detector::judge::Protocol;

use super::files::address;
use super::hearing::Talk;
use crate::ledger::dice::Dice;
use crate::ledger::pool;

/// Pools that there are.
pub(super) const POOLS: u32 = 300;

/// A case that there will be: a miner at a pool.
pub(super) struct Role {
    pub(super) miner: IpAddr,
    pub(super) pool: SocketAddr,
    pub(super) pool_number: u32,
    /// Which conversation.
    pub(super) talk: usize,
    /// Only the miner is in sight.
    pub(super) one_sided: bool,
    /// Bit n: it mines in hour n of UTC.
    pub(super) hours: u32,
    /// Which wallet is paid; many share one.
    pub(super) wallet: u32,
    /// Machines behind the address, which take turns.
    pub(super) machines: u32,
}

/// All cases: one for each miner, and a second pool for every tenth.
pub(super) fn roles(miners: u32, talks: &[Talk], dice: &mut Dice) -> Vec<Role> {
    let of_pool = spoken(talks);
    let mut roles = Vec::new();
    for miner in 0..miners {
        let first = dice.skewed(POOLS);
        roles.push(role(miner, first, &of_pool, dice));
        if dice.percent(10) {
            roles.push(role(miner, (first + 1) % POOLS, &of_pool, dice));
        }
    }
    roles
}

fn role(miner: u32, pool_number: u32, of_pool: &[usize], dice: &mut Dice) -> Role {
    Role {
        miner: address(miner),
        pool: pool(pool_number),
        pool_number,
        talk: of_pool.get(pool_number as usize).copied().unwrap_or(0),
        one_sided: dice.percent(15),
        hours: hours(dice),
        wallet: dice.skewed(20_000),
        machines: if dice.percent(10) { 2 + dice.skewed(20) } else { 1 },
    }
}

/// Which conversation is held with each pool. Of twenty pools nine are for Monero and five for Bitcoin.
fn spoken(talks: &[Talk]) -> Vec<usize> {
    let of = |protocol: Option<Protocol>| -> Vec<usize> {
        let talks = talks.iter().enumerate();
        talks
            .filter(|(_, talk)| protocol == Some(talk.protocol) || protocol.is_none())
            .map(|(n, _)| n)
            .collect()
    };
    let lists = [of(Some(Protocol::CryptoNote)), of(Some(Protocol::StratumV1)), of(None)];
    let talk = |pool: u32| {
        let list = match pool % 20 {
            0..9 => 0,
            9..14 => 1,
            _ => 2,
        };
        let list = lists.get(list)?;
        list.iter().copied().cycle().nth(pool as usize % 1000)
    };
    (0..POOLS).map(|pool| talk(pool).unwrap_or(0)).collect()
}

/// Around the clock, at night, on a working day with a pause, and most for a short while: in all so many hours that, with
/// ten million updates of 109,000 miners, each case that goes on has one about every two minutes.
fn hours(dice: &mut Dice) -> u32 {
    let block = |first: u32, hours: u32| (0..hours).fold(0, |bits, hour| bits | 1 << ((first + hour) % 24));
    match dice.next() % 100 {
        0..4 => 0xff_ffff,
        4..12 => block(11 + dice.skewed(6), 10),
        12..22 => block(0, 4) | block(6, 4),
        _ => block(u32::try_from(dice.below(24)).unwrap_or(0), 1 + dice.skewed(3)),
    }
}
