use super::*;
use crate::judge::hypothesis::{Hearing, Hypothesis};
use crate::judge::{Protocol, Side, Source};
use crate::protocol::{CoinReason, Fact, Finding, Kind};

/// Kind and side of the evidence for the coin, after the coin.
fn coin(judged: &Assessment) -> Option<(&'static str, &'static str, Side)> {
    let mut reasons = judged.evidence.iter().filter(|reason| reason.kind.starts_with("coin-by-"));
    let found = reasons.next().map(|reason| {
        assert!(reason.weight.abs() < f64::EPSILON, "a coin proves no mining");
        (judged.facts.coin.unwrap(), reason.kind, reason.side)
    });
    assert!(reasons.next().is_none(), "one reason is given");
    assert_eq!(found.is_some(), judged.facts.coin.is_some());
    found
}

const LOGIN: &str = r#"{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"USER","pass":"x","agent":"XMRig/6.22.2","algo":["rx/0"]}}"#;

#[test]
fn a_coin_comes_with_its_reason() {
    let by = |user: &str| coin(&only(&LOGIN.replace("USER", user)));
    assert_eq!(by("WALLET"), Some(("XMR", "coin-by-wallet", Side::Miner)));
    assert_eq!(by("alice"), Some(("XMR", "coin-by-algorithm", Side::Miner)));
    assert_eq!(by(&format!("ZEPH{}", "a".repeat(95))), None, "another coin with Monero's algorithm");
}

#[test]
fn the_strongest_reason_names_the_coin() {
    let mut hypothesis = Hypothesis::default();
    let mut judged = |finding: Finding, fact: Option<Fact>| {
        let source = Source::of(None);
        hypothesis.add(&Finding { facts: fact.into_iter().collect(), ..finding }, &source);
        coin(&hypothesis.assess(MINER, &Hypothesis::NONE, &Hearing::default()).unwrap())
    };
    let pool = || Finding::pool(Protocol::Equihash, Kind::NOTIFY);
    let named = |ticker, reason| Some(Fact::coin(ticker, reason));
    assert_eq!(judged(pool(), None), None);
    let by_name = judged(pool(), named("ZEC", CoinReason::PoolName));
    assert_eq!(by_name, Some(("ZEC", "coin-by-pool-name", Side::Pool)));
    let paid = Fact::User { wallet: format!("bc1{}", "q".repeat(39)), worker: None };
    let by_wallet = judged(Finding::miner(Protocol::Equihash, Kind::AUTHORIZE), Some(paid));
    assert_eq!(by_wallet, Some(("BTC", "coin-by-wallet", Side::Miner)));
    let personal = Some(("BTG", "coin-by-personalisation", Side::Pool));
    assert_eq!(judged(pool(), named("BTG", CoinReason::Personalisation)), personal);
    assert_eq!(
        judged(pool(), named("ZEC", CoinReason::PoolName)),
        personal,
        "a weaker reason changes nothing"
    );
    let later = Some(("ZEC", "coin-by-personalisation", Side::Pool));
    assert_eq!(judged(pool(), named("ZEC", CoinReason::Personalisation)), later, "the latest of equal ones");
}
