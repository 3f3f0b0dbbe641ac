//! Any bytes for `oracles::chunk`, whose text says what must hold.

#![no_main]

#[path = "../../tests/oracles/mod.rs"]
#[allow(dead_code)] // each target calls one of them
mod oracles;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| oracles::chunk(bytes));
