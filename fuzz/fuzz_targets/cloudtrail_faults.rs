//! Any bytes for `oracles::cloudtrail_faults`, whose text says what must hold.

#![no_main]

#[path = "../../tests/oracles/mod.rs"]
#[allow(dead_code)] // each target calls one of them
mod oracles;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| oracles::cloudtrail_faults(bytes));
