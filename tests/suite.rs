//! The tests of the crate and of the binary, in one test binary: a change is linked once and not twelve times.
//!
//! Each module has a header of its own; `cargo test --test suite golden` runs one of them. The shipped app and its stand-in search head
//! are a binary of their own, `tests/app/`. Tests here share a process: none may change its environment, folder or limits. What needs
//! that starts a process of its own.

#![allow(clippy::unwrap_used)] // a panic is the report

mod architecture;
mod attackers;
mod baseline_file;
mod cases;
mod cli;
mod demo;
mod docs;
mod explain;
mod functions;
mod golden;
mod hostile;
mod incomplete;
mod interrupt;
mod order;
mod pipe_faults;
mod pure;
mod ranking;
mod renderings;
mod replay;
mod sessions;
mod specification;
mod surprise;
mod terminal;
mod troubleshooting;

mod desk;
mod disk;
mod oracles;
mod pipe;
mod rendered;
mod talk;
mod trace;

use std::fs;
use std::path::{Path, PathBuf};

/// Cargo looks for no tests by itself (`autotests` in `Cargo.toml`), so that a file that no binary names would never run.
#[test]
fn every_file_of_the_folder_belongs_to_a_test_binary() {
    let manifest = fs::read_to_string("Cargo.toml").unwrap();
    let (roots, modules): (Vec<_>, Vec<_>) = fs::read_dir("tests")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .partition(|path| manifest.contains(&format!("path = \"{}\"", path.display())));
    let roots: String = roots
        .iter()
        .map(|root| fs::read_to_string(root).unwrap())
        .collect();
    let forgotten = not_named(&roots, modules);
    assert!(
        forgotten.is_empty(),
        "add `mod` lines to tests/suite.rs: {forgotten:?}"
    );
}

#[test]
fn every_file_of_the_apps_tests_belongs_to_their_binary() {
    let root = fs::read_to_string("tests/app/main.rs").unwrap();
    let entries = fs::read_dir("tests/app").unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let modules = paths.filter(|path| !path.ends_with("main.rs")).collect();
    let forgotten = not_named(&root, modules);
    assert!(
        forgotten.is_empty(),
        "add `mod` lines to tests/app/main.rs: {forgotten:?}"
    );
}

/// The files for which the text has no `mod` line.
fn not_named(text: &str, files: Vec<PathBuf>) -> Vec<PathBuf> {
    let line = |path: &Path| format!("\nmod {};", path.file_stem().unwrap().display());
    let files = files.into_iter();
    files.filter(|path| !text.contains(&line(path))).collect()
}
