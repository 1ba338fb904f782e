//! What the program and its tables take of the kernel, and what does not fit.

use std::io::Write;
use std::time::{Duration, Instant};

use detector::kernel::{Limits, Memory, Program};
use detector::signature::Signatures;
use detector_common::automaton::Automaton;
use detector_common::counters::Counter;
use detector_common::event::Event;
use detector_common::settings::Settings;
use firedamp_tests::patience::patience;
use firedamp_tests::privileges;

use crate::seat::{LOGIN, SECOND, SMALL, from_port, v4};

/// The most instructions the verifier may walk through: less than a sixth of what kernels allow.
const MOST_INSTRUCTIONS: u32 = 150_000;

#[test]
fn what_does_not_fit_into_the_ring_is_counted() {
    if !privileges::granted("what_does_not_fit_into_the_ring_is_counted") {
        return;
    }
    let signatures = Signatures::built_in().unwrap();
    let settings = Settings { replay: 1, ..Settings::DEFAULT };
    let limits = Limits { ring: 4096, ..SMALL };
    let mut program = Program::load(&settings, &limits, signatures.automaton()).unwrap();
    let mut events = program.take_events().unwrap();
    let sent = 100;
    for port in 1..=sent {
        program.test_run(&from_port(port).payload(LOGIN).bytes(), SECOND, 1).unwrap();
    }
    let mut heard = 0;
    while let Some(item) = events.next() {
        assert_eq!(Event::decode(&item).unwrap().payload, LOGIN);
        heard += 1;
    }
    let counters = program.counters().unwrap();
    assert!(heard > 0);
    assert_eq!(heard + counters.get(Counter::RingFull), u64::from(sent));
    program.test_run(&v4().payload(LOGIN).bytes(), SECOND, 1).unwrap();
    assert!(events.next().is_some(), "there is room again");
    assert_eq!(program.counters().unwrap().get(Counter::RingFull), counters.get(Counter::RingFull));
}

#[test]
fn tables_take_what_was_estimated() {
    if !privileges::granted("tables_take_what_was_estimated") {
        return;
    }
    for limits in
        [Limits::default(), Limits { flows: 100_000, watched: 3_000, ring: 1 << 20, blocks: 50_000 }]
    {
        let program = Program::load(&Settings::DEFAULT, &limits, &Automaton::EMPTY).unwrap();
        let (taken, estimated) = (program.memory().bytes(), Memory::estimate(&limits).bytes());
        assert!(taken.abs_diff(estimated) < taken / 50, "{taken} bytes, and {estimated} were estimated");
    }
}

#[test]
fn the_verifier_has_room_to_spare() {
    if !privileges::granted("the_verifier_has_room_to_spare") {
        return;
    }
    let signatures = Signatures::built_in().unwrap();
    let start = Instant::now();
    let limits = Limits { blocks: 1, ..Limits::default() };
    let mut program = Program::load(&Settings::DEFAULT, &limits, signatures.automaton()).unwrap();
    let load: Duration = start.elapsed();
    let instructions = program.verified_instructions().unwrap().expect("kernels from 5.16 on tell");
    let behind = program.verified_instructions_behind().unwrap().expect("kernels from 5.16 on tell");
    let _gate = program.put_gate_before().unwrap();
    let gate = program.verified_instructions().unwrap().expect("kernels from 5.16 on tell");
    let kernel = nix::sys::utsname::uname().unwrap();
    let release = kernel.release().display();
    let load_time = load.as_millis();
    // Past the capture of the test runner: who tests another kernel wants to see it.
    writeln!(
        std::io::stderr(),
        "kernel {release}: {instructions} verified instructions, loaded in {load_time} ms; {behind} at the \
         ingress of tc; {gate} of the gate"
    )
    .unwrap();
    assert!(instructions <= MOST_INSTRUCTIONS, "{instructions}");
    assert!(behind <= MOST_INSTRUCTIONS, "{behind}");
    assert!(gate <= MOST_INSTRUCTIONS, "{gate}");
    assert!(load < patience(Duration::from_secs(5)), "{load:?}");
}

#[test]
fn a_table_that_cannot_be_made_is_named() {
    if !privileges::granted("a_table_that_cannot_be_made_is_named") {
        return;
    }
    let signatures = Signatures::built_in().unwrap();
    let limits = Limits { flows: u32::MAX, ..SMALL };
    let error = Program::load(&Settings::DEFAULT, &limits, signatures.automaton()).err().unwrap();
    let told = error.to_string();
    assert!(told.contains("FLOWS") || told.contains("LASTING"), "{told}");
    assert!(told.contains("make it smaller with --flows"), "{told}");
}
