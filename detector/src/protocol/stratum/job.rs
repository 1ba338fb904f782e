//! The job of `mining.notify`, in the form that each coin gave it.

use serde_json::Value;

use super::super::block;
use super::super::coin::CoinReason;
use super::super::finding::{Fact, Finding, Kind};
use super::super::shape::{clean, hex, is_hex, prefixed, prefixed_hex, text};
use super::pool::hashes;
use super::{ETHEREUM, V1, coin};
use crate::judge::{Protocol, Stage};

impl Kind {
    pub(crate) const NOTIFY: Self = Self::message("pool-notify", "mining.notify with a job", 12.0);
    pub(crate) const ODD_NOTIFY: Self =
        Self::message("pool-odd-notify", "mining.notify without the digits of a hash", 4.0);
    pub(crate) const NOTIFY_FIELDS: Self =
        Self::feature("pool-notify-fields", "the job has the fields of a block to be mined", 3.0);
    pub(crate) const PLAIN_ETHASH: Self =
        Self::feature("pool-notify-ethash", "the job is header hash, seed hash and target", 1.0);
}

/// What a job tells of itself.
#[derive(Clone, Debug)]
struct Job {
    protocol: Protocol,
    feature: Option<Kind>,
    /// Hashes that a share takes, if the job has its target.
    difficulty: Option<f64>,
    algorithm: Option<Fact>,
    coin: Option<Fact>,
}

/// Reads a job. What holds nothing like a hash is hardly one: other programs have jobs too.
pub(super) fn notify(list: &[Value]) -> Option<Finding> {
    let first = list.first()?;
    let known = FORMS.iter().find_map(|form| form(Fields(list)));
    let finding = match known {
        None if !first.is_string() && !first.is_number() => return None,
        None if list.len() < 9 && !list.iter().skip(1).any(is_hash) => {
            return Some(Finding::pool(V1, Kind::ODD_NOTIFY));
        }
        None => Finding::pool(V1, Kind::NOTIFY),
        Some(Job { protocol, feature, difficulty, algorithm, coin }) => {
            let mut finding = Finding::pool(protocol, Kind::NOTIFY).with(Kind::NOTIFY_FIELDS, true);
            finding.kinds.extend(feature);
            finding.fact(difficulty.map(Fact::difficulty_hashes)).fact(algorithm).fact(coin)
        }
    };
    Some(finding.fact(Some(Fact::Job)).stage(Stage::Working))
}

fn is_hash(value: &Value) -> bool {
    let digits = value.as_str().unwrap_or_default();
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    digits.len() >= 32 && is_hex(digits)
}

/// The coin whose jobs alone have this form.
const fn only(ticker: &'static str) -> Fact {
    Fact::coin(ticker, CoinReason::Protocol)
}

impl Job {
    const fn of(protocol: Protocol) -> Self {
        Self { protocol, feature: None, difficulty: None, algorithm: None, coin: None }
    }
}

/// The parameters by their place.
#[derive(Clone, Copy)]
struct Fields<'a>(&'a [Value]);

impl<'a> Fields<'a> {
    fn text(self, at: usize) -> Option<&'a str> {
        text(self.0.get(at))
    }

    fn hex(self, at: usize, digits: usize) -> bool {
        hex(self.0.get(at), digits)
    }

    fn hexes(self, places: &[(usize, usize)]) -> bool {
        places.iter().all(|&(at, digits)| self.hex(at, digits))
    }

    fn prefixed(self, at: usize) -> Option<&'a str> {
        prefixed(self.0.get(at))
    }

    fn number(self, at: usize) -> bool {
        self.0.get(at).is_some_and(Value::is_u64)
    }

    fn flag(self, at: usize) -> bool {
        self.0.get(at).is_some_and(Value::is_boolean)
    }

    fn list(self, at: usize) -> bool {
        self.0.get(at).is_some_and(Value::is_array)
    }

    const fn len(self) -> usize {
        self.0.len()
    }
}

type Form = fn(Fields<'_>) -> Option<Job>;

const FORMS: [Form; 20] = [
    bitcoin,
    handshake,
    equihash,
    aion,
    progpow,
    nicehash,
    ethminer,
    eip1571,
    conflux,
    kaspa,
    ergo,
    ergo_demo,
    alephium_objects,
    alephium,
    xelis,
    ckb,
    aleo,
    aleo_roots,
    kadena,
    aeternity,
];

/// Job, previous hash, two halves of the coinbase, branches, version, bits, time, clean (also Decred's).
fn bitcoin(job: Fields<'_>) -> Option<Job> {
    let fields = job.len() >= 9 && job.list(4) && job.hexes(&[(1, 64), (5, 8), (6, 8), (7, 8)]);
    let [algorithm, coin] = block::facts(job.text(6));
    fields.then(|| Job { algorithm, coin, ..Job::of(V1) })
}

/// Job, previous hash, (coinbase,) branches, three roots, version, bits, time (, hash of the mask): `HandyStratum`'s and
/// hstratum's descriptions.
fn handshake(job: Fields<'_>) -> Option<Job> {
    let branches = (2..=4).find(|&at| job.list(at))?;
    let after = |place: usize, digits: usize| job.hex(branches + place, digits);
    let roots = (1..=3).all(|root| after(root, 64)) && (4..=6).all(|field| after(field, 8));
    (job.hex(1, 64) && roots).then(|| Job { coin: Some(only("HNS")), ..Job::of(V1) })
}

/// ZIP 301: job, version, previous hash, root of the transactions, reserved, time, bits, clean; `NiceHash` adds the
/// parameters and the personalisation. Verus sends the head of the solution after it.
fn equihash(job: Fields<'_>) -> Option<Job> {
    if !job.hexes(&[(1, 8), (2, 64), (3, 64), (4, 64), (5, 8), (6, 8)]) {
        return None;
    }
    let it = Job::of(Protocol::Equihash);
    if job.text(8).is_some_and(|head| head.len() >= 100 && is_hex(head)) {
        return Some(Job {
            coin: Some(only("VRSC")),
            algorithm: Some(Fact::ImpliedAlgorithm("verushash")),
            ..it
        });
    }
    let coin = job.text(9).and_then(coin::of_personalisation);
    let coin = coin.map(|coin| Fact::coin(coin, CoinReason::Personalisation));
    let parameters = job.text(8).and_then(clean).map(|name| format!("equihash-{}", name.replace('_', ",")));
    Some(Job { coin, algorithm: parameters.map(Fact::Algorithm), ..it })
}

/// Job, clean, target, header hash: Aion's pool.
fn aion(job: Fields<'_>) -> Option<Job> {
    let fields = job.len() == 4 && job.flag(1) && job.hexes(&[(2, 64), (3, 64)]);
    fields.then(|| Job { difficulty: job.text(2).and_then(hashes), ..Job::of(Protocol::Equihash) })
}

/// Job, header hash, seed hash, target, clean, height, bits: `NiceHash`'s `KawPow` and kawpowminer.
fn progpow(job: Fields<'_>) -> Option<Job> {
    let fields = job.hexes(&[(1, 64), (2, 64), (3, 64)]) && job.flag(4) && job.len() >= 6;
    fields.then(|| Job { difficulty: job.text(3).and_then(hashes), ..Job::of(Protocol::KawPow) })
}

/// Job, seed hash, header hash, clean: EthereumStratum/1.0.0.
fn nicehash(job: Fields<'_>) -> Option<Job> {
    let fields = job.len() == 4 && job.hexes(&[(1, 64), (2, 64)]) && job.flag(3);
    fields.then(|| Job::of(ETHEREUM))
}

/// Job, header hash, seed hash, target, each with `0x`: ethminer's mode 0.
fn ethminer(job: Fields<'_>) -> Option<Job> {
    let hash = |at| prefixed_hex(job.0.get(at), 64);
    let target = job.prefixed(3).filter(|_| hash(1) && hash(2))?;
    Some(Job { feature: Some(Kind::PLAIN_ETHASH), difficulty: hashes(target), ..Job::of(ETHEREUM) })
}

/// Job, height, header hash, clean as a digit: EIP-1571.
fn eip1571(job: Fields<'_>) -> Option<Job> {
    let height = job.text(1).is_some_and(|height| height.len() <= 8 && is_hex(height));
    let fields = job.len() == 4 && height && job.hex(2, 64) && matches!(job.text(3), Some("0" | "1"));
    fields.then(|| Job::of(ETHEREUM))
}

/// Job (, height), hash, boundary, the latter with `0x`: Conflux' description and `NiceHash`'s.
fn conflux(job: Fields<'_>) -> Option<Job> {
    let height = job.number(1) || job.text(1).is_some_and(|height| height.parse::<u64>().is_ok());
    let hash = if height { 2 } else { 1 };
    let boundary = job.prefixed(hash + 1).filter(|_| prefixed_hex(job.0.get(hash), 64))?;
    Some(Job { difficulty: hashes(boundary), ..Job::of(Protocol::Conflux) })
}

/// Job, the header's hash as four numbers, time; or job and the same as digits (`IceRiver`, `BzMiner`).
fn kaspa(job: Fields<'_>) -> Option<Job> {
    let numbers = job.0.get(1).and_then(Value::as_array);
    let numbers = numbers.is_some_and(|list| list.len() == 4 && list.iter().all(Value::is_number));
    let fields = (numbers && job.number(2)) || (job.len() == 2 && (job.hex(1, 80) || job.hex(1, 160)));
    fields.then(|| Job::of(Protocol::Kaspa))
}

/// Job, height, hash, two unused, version, the greatest hash that counts in decimal digits: Ergo's pools.
fn ergo(job: Fields<'_>) -> Option<Job> {
    let bound = job.text(6).filter(|bound| (50..=78).contains(&bound.len()))?;
    let bound: f64 = bound.parse().ok().filter(|bound| *bound >= 1.0)?;
    let difficulty = Some((2f64.powi(256) / bound).round());
    (job.number(1) && job.hex(2, 64)).then(|| Job { difficulty, ..Job::of(Protocol::Ergo) })
}

/// Job, hash, height, clean: erg-gominer-demo.
fn ergo_demo(job: Fields<'_>) -> Option<Job> {
    (job.len() == 4 && job.hex(1, 64) && job.number(2) && job.flag(3)).then(|| Job::of(Protocol::Ergo))
}

/// One object for each chain: Alephium's mining-pool.
fn alephium_objects(job: Fields<'_>) -> Option<Job> {
    let chain = job.0.first()?.as_object()?;
    let blob = text(chain.get("headerBlob")).filter(|blob| is_hex(blob));
    let difficulty = text(chain.get("targetBlob")).and_then(hashes);
    blob.map(|_| Job { difficulty, ..Job::of(Protocol::Alephium) })
}

/// Job, chain, header: Alephium's description of its stratum.
fn alephium(job: Fields<'_>) -> Option<Job> {
    let chain = job.text(1).is_some_and(|chain| chain.len() <= 4 && is_hex(chain));
    let header = job.text(2).is_some_and(|header| header.len() >= 400 && is_hex(header));
    (job.len() == 3 && chain && header).then(|| Job::of(Protocol::Alephium))
}

/// Job, time, header hash, algorithm: Xelis' stratum protocol.
fn xelis(job: Fields<'_>) -> Option<Job> {
    let algorithm = job.text(3).filter(|name| name.starts_with("xel/"))?;
    job.hex(2, 64)
        .then(|| Job { algorithm: clean(algorithm).map(Fact::Algorithm), ..Job::of(Protocol::Xelis) })
}

/// Job, header hash, height, parent's hash, clean: ckb-gominer-demo.
fn ckb(job: Fields<'_>) -> Option<Job> {
    let fields = job.hexes(&[(1, 64), (3, 64)]) && job.number(2) && job.flag(4);
    fields.then(|| Job::of(Protocol::Ckb))
}

/// An epoch's or an account's name in Aleo's form stands in it.
fn aleo(job: Fields<'_>) -> Option<Job> {
    let named = (1..=2)
        .filter_map(|at| job.text(at))
        .any(|name| name.len() >= 60 && (name.starts_with("ab1") || name.starts_with("aleo1")));
    named.then(|| Job::of(Protocol::Aleo))
}

/// Job, root of the header, four hashed leaves, clean: the Aleo pool server.
fn aleo_roots(job: Fields<'_>) -> Option<Job> {
    let leaves = (1..=5).all(|at| job.text(at).is_some_and(|hash| hash.len() >= 32 && is_hex(hash)));
    (job.len() == 7 && leaves && job.flag(6)).then(|| Job::of(Protocol::Aleo))
}

/// Job, header of 286 bytes, clean: Kadena's description.
fn kadena(job: Fields<'_>) -> Option<Job> {
    let fields = job.len() == 3 && job.hex(1, 572) && job.flag(2);
    fields.then(|| Job { coin: Some(only("KDA")), ..Job::of(V1) })
}

/// Job, version, hash, clean: Aeternity's description.
fn aeternity(job: Fields<'_>) -> Option<Job> {
    let fields = job.len() == 4 && job.number(1) && job.hex(2, 64) && job.flag(3);
    fields.then(|| Job::of(V1))
}
