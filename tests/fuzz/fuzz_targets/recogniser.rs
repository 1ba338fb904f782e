#![no_main]

libfuzzer_sys::fuzz_target!(init: firedamp_tests::fuzz::prepare(), |data: &[u8]| firedamp_tests::fuzz::recogniser(data));
