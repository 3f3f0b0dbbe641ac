//! Any bytes at every entrance: what `tests/oracles` demands, on the seeds in `fuzz/corpus`, on mutations of them, and on noise.
//!
//! `make fuzz` runs the same functions under libFuzzer for as long as you like. An input that it finds belongs into `fuzz/corpus`, where
//! this test meets it from then on.

use crate::oracles;
use proptest::prelude::*;
use proptest::sample::{select, Index};
use std::fs;
use std::path::Path;

/// The committed inputs of one target, in the order of their names.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Bytes that mean something somewhere.
const WORDS: &[&str] = &[
    "\n",
    "\r\n",
    ",",
    "\"",
    "\"\"",
    "$",
    "$;$",
    "$$",
    ";",
    "__mv_user",
    "=",
    "@",
    "-",
    "+",
    ".",
    "0",
    "1",
    "9999999999999999999",
    "chunked 1.0,",
    "{",
    "}",
    "[",
    "null",
    "\"finished\":true",
    "\u{0}",
    "\u{fffd}",
    "\u{202e}",
    "-1d@d",
    "w7",
    "mon",
    "é",
];

/// One change to an input.
#[derive(Clone, Debug)]
enum Edit {
    Cut(Index, Index),
    Insert(Index, Vec<u8>),
    Overwrite(Index, u8),
    Repeat(Index, Index),
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let place = |index: &Index| index.index(bytes.len() + 1);
        match self {
            Self::Cut(one, other) => {
                let (one, other) = (place(one), place(other));
                bytes.drain(one.min(other)..one.max(other));
            }
            Self::Insert(at, more) => {
                let at = place(at);
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Overwrite(at, byte) => {
                let at = place(at);
                if let Some(old) = bytes.get_mut(at) {
                    *old = *byte;
                }
            }
            Self::Repeat(one, other) => {
                let (one, other) = (place(one), place(other));
                bytes.extend_from_within(one.min(other)..one.max(other));
            }
        }
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    let word = select(WORDS).prop_map(|word| word.as_bytes().to_vec());
    prop_oneof![
        (at(), at()).prop_map(|(one, other)| Edit::Cut(one, other)),
        (at(), prop_oneof![4 => word, 1 => any::<Vec<u8>>()])
            .prop_map(|(at, more)| Edit::Insert(at, more)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Edit::Overwrite(at, byte)),
        (at(), at()).prop_map(|(one, other)| Edit::Repeat(one, other)),
    ]
}

#[test]
fn every_target_has_seeds_and_every_seed_keeps_the_laws() {
    for (name, holds) in oracles::ALL {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name}");
        seeds.iter().for_each(|seed| holds(seed));
    }
}

#[test]
fn every_beginning_of_every_seed_keeps_the_laws() {
    for (name, holds) in oracles::ALL {
        for seed in seeds(name).iter().filter(|seed| seed.len() < 2_000) {
            (0..seed.len()).for_each(|end| holds(&seed[..end]));
        }
    }
}

/// Each target in a test of its own, so that a fault names it.
macro_rules! hostile {
    ($($test:ident: $target:literal)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(2_000))]
            $(
                #[test]
                fn $test(
                    seed in select(seeds($target)),
                    edits in proptest::collection::vec(edit(), 1..5),
                    noise in proptest::collection::vec(any::<u8>(), 0..64),
                ) {
                    let holds = oracles::ALL.iter().find(|(name, _)| *name == $target).unwrap().1;
                    let mut bytes = seed;
                    edits.iter().for_each(|edit| edit.apply(&mut bytes));
                    holds(&bytes);
                    holds(&noise);
                }
            )*
        }
    };
}

hostile! {
    chunks_of_any_bytes: "chunk"
    metadata_of_any_bytes: "metadata"
    rows_of_any_bytes: "rows"
    keys_of_any_bytes: "cells"
    multivalues_of_any_bytes: "multivalue"
    options_of_any_bytes: "options"
    times_of_any_bytes: "timestamp"
    modifiers_of_any_bytes: "modifier"
    cloudtrail_records_of_any_bytes: "cloudtrail"
    cloudtrail_records_beside_a_fault: "cloudtrail_faults"
    sessions_of_any_bytes: "session"
}
