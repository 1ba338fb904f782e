//! The fuzz targets without a fuzzer: inputs that failed once, the seeds, and some rounds of small changes to them.

#![cfg(test)]

use std::fs;
use std::path::Path;

use firedamp_tests::fuzz::TARGETS;
use firedamp_tests::fuzz::mutate::mutated;
use firedamp_tests::noise::Noise;

/// Changed inputs for each target, the same in every run.
const ROUNDS: u64 = 4000;

/// Runs a target. If it fails, the input is kept where cargo keeps what tests leave, and the message names it.
fn attempt(name: &str, run: fn(&[u8]), input: &[u8]) {
    let attempt = std::panic::catch_unwind(|| run(input));
    if attempt.is_err() {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}"));
        fs::write(&kept, input).unwrap();
        panic!(
            "target {name} failed on {}: keep it in tests/fuzz/regressions/{name}/ and mend",
            kept.display()
        );
    }
}

fn smoke(name: &str) {
    let target = TARGETS.into_iter().find(|target| target.name == name).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/regressions").join(name);
    for entry in fs::read_dir(folder).into_iter().flatten() {
        attempt(name, target.run, &fs::read(entry.unwrap().path()).unwrap());
    }
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty());
    for seed in &seeds {
        attempt(name, target.run, seed);
    }
    attempt(name, target.run, &[]);
    let mut noise = Noise::new(1);
    let any = |noise: &mut Noise| &seeds[usize::try_from(noise.next_u64() % seeds.len() as u64).unwrap()];
    for _ in 0..ROUNDS {
        let (seed, other) = (any(&mut noise), any(&mut noise));
        attempt(name, target.run, &mutated(seed, other, &mut noise));
    }
}

macro_rules! each {
    ($($name:ident)+) => {
        $(#[test] fn $name() { smoke(stringify!($name)); })+

        #[test]
        fn every_target_is_tried_and_has_a_program() {
            let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),+]);
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
            for name in names {
                assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
                assert!(folder.join(format!("fuzz_targets/{name}.rs")).is_file(), "{name}");
            }
        }
    };
}

each! {
    packet recogniser reassembly conversation lines http websocket binary pipeline capture signatures event
}
