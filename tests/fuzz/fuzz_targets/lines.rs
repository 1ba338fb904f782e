#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firedamp_tests::fuzz::lines(data));
