//! The recogniser in the kernel and the one in this process do the same, and what they find is right.

#![cfg(test)]

mod altered;
mod catalogue;
mod corpora;
mod endurance;
mod evasion;
mod flood;
mod mirror;
mod oracle;
mod seat;
mod silence;
mod traffic;

use std::cell::RefCell;
use std::collections::BTreeSet;

use detector::judge::{Protocol, Verdict};
use detector::kernel::Limits;
use detector::replay::engine::{Engine, HostEngine, KernelEngine};
use detector::signature::Signatures;
use detector_common::counters::{Counter, Counters};
use firedamp_tests::privileges;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, FileFailurePersistence, RngAlgorithm, TestRng, TestRunner};

use seat::{Seat, alike};
use traffic::{Scene, disordered, in_order};

const CASES: u32 = 128;

/// Cases that failed once are kept in the repository and tried first.
fn config(cases: u32) -> Config {
    Config {
        cases,
        source_file: Some(file!()),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/proptest-regressions/engines.txt"
        )))),
        ..Config::default()
    }
}

/// What the traffic must lead to in some case: else the comparison says little.
const REACHED: [Counter; 15] = [
    Counter::Fragments,
    Counter::FragmentsCopied,
    Counter::Udp,
    Counter::Datagrams,
    Counter::NoPayload,
    Counter::Flows,
    Counter::Scanned,
    Counter::Spent,
    Counter::Tls,
    Counter::Ignored,
    Counter::Retransmitted,
    Counter::Gaps,
    Counter::Matches,
    Counter::Doubtful,
    Counter::Watched,
];

/// Both engines on the same packets.
fn both_agree(mut runner: TestRunner, strategy: &impl Strategy<Value = Scene>) -> Counters {
    let signatures = Signatures::built_in().unwrap();
    let limits = Limits { flows: 4096, watched: 1024, ring: 1 << 20, blocks: 0 };
    let kernel = RefCell::new(KernelEngine::load(signatures.automaton(), &limits).unwrap());
    let result = runner.run(strategy, |scene| {
        let mut kernel = kernel.borrow_mut();
        let mut kernel = Seat::new(&mut *kernel);
        let mut host = HostEngine::new(signatures.automaton(), &limits);
        let mut host = Seat::new(&mut host);
        for packet in &scene.packets() {
            alike(&mut host, &mut kernel, &packet.bytes, packet.time);
        }
        assert_eq!(host.finish(), kernel.finish());
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    kernel.into_inner().counters().unwrap()
}

#[test]
fn both_engines_do_the_same_with_traffic_in_order() {
    if privileges::granted("both_engines_do_the_same_with_traffic_in_order") {
        both_agree(TestRunner::new(config(CASES)), &in_order());
    }
}

#[test]
fn both_engines_do_the_same_with_traffic_in_disorder() {
    if privileges::granted("both_engines_do_the_same_with_traffic_in_disorder") {
        // The same cases in every run, because it depends on them what is reached.
        let seed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let counters = both_agree(TestRunner::new_with_rng(config(CASES), seed), &disordered());
        for counter in REACHED {
            assert!(counters.get(counter) > 0, "no case led to {}", counter.name());
        }
    }
}

#[test]
fn every_miner_is_confirmed_and_nobody_else_is_reported() {
    let signatures = Signatures::built_in().unwrap();
    let result = TestRunner::new(config(2 * CASES)).run(&in_order(), |scene| {
        let packets = scene.packets();
        let mut engine = HostEngine::new(signatures.automaton(), &Limits::default());
        let mut seat = Seat::new(&mut engine);
        let mut records = Vec::new();
        for packet in &packets {
            records.extend(seat.frame(&packet.bytes, packet.time).records);
        }
        records.extend(seat.finish());
        // Among the openings that are made up there are hellos of DATUM, which differ in nothing from real ones, and pools
        // that were tried with TLS.
        records.retain(|record| {
            let tried = record.evidence.iter().any(|reason| reason.kind == "pool-tls-refused");
            record.protocol != Protocol::Datum && !tried
        });
        let reported: BTreeSet<_> = records.iter().map(|record| (record.miner, record.pool)).collect();
        let confirmed: BTreeSet<_> = records
            .iter()
            .filter(|record| record.verdict == Verdict::Confirmed)
            .map(|record| (record.miner, record.pool))
            .collect();
        let miners = oracle::miners(packets.iter().map(|packet| packet.bytes.as_slice()));
        assert_eq!(reported, miners, "reported, and mining");
        assert_eq!(confirmed, miners, "confirmed, and mining");
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
