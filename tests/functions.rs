//! Functions stay short: how long they are, by module.
//!
//! Reads the sources as text, as `rustfmt` leaves them: a function ends at the brace under its first letter. A length is all lines from
//! the signature to that brace; unit tests are left out. `cargo test --test suite functions -- --nocapture` prints the table.

#![allow(clippy::print_stdout)] // a figure is printed for whoever measures

use crate::architecture::{module_of, sources};
use std::collections::BTreeMap;
use std::fs;

/// The most lines that half of all functions may have, and nine tenths of them.
const MEDIAN: usize = 8;
const NINE_TENTHS: usize = 25;

/// Whether a function begins here.
fn begins(line: &str) -> bool {
    let mut words = line.trim_start().split(' ');
    let before = [
        "pub",
        "pub(crate)",
        "pub(super)",
        "const",
        "unsafe",
        "async",
    ];
    words.find(|word| !before.contains(word)) == Some("fn")
}

/// How long each function of a file is.
fn lengths(text: &str) -> Vec<usize> {
    let lines: Vec<&str> = text
        .lines()
        .take_while(|line| *line != "mod tests {")
        .collect();
    let starts = (0..lines.len()).filter(|&start| begins(lines[start]));
    starts.filter_map(|start| length(&lines[start..])).collect()
}

/// The length of the function that begins here; none if it has no body.
fn length(lines: &[&str]) -> Option<usize> {
    let signature = lines
        .iter()
        .position(|line| line.ends_with(['{', '}', ';']))?;
    match lines[signature].chars().last()? {
        '{' => {
            let indent = lines[0].len() - lines[0].trim_start().len();
            let end = format!("{}}}", " ".repeat(indent));
            lines
                .iter()
                .position(|line| *line == end)
                .map(|last| last + 1)
        }
        '}' => Some(signature + 1),
        _ => None,
    }
}

/// The least length that this share of all functions, in percent, does not exceed.
fn percentile(sorted: &[usize], percent: usize) -> usize {
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}

/// The lengths of all functions, by module, the shortest first.
fn modules() -> BTreeMap<String, Vec<usize>> {
    let mut modules: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for path in sources("src") {
        let found = lengths(&fs::read_to_string(&path).unwrap());
        modules.entry(module_of(&path)).or_default().extend(found);
    }
    modules.retain(|_, lengths| !lengths.is_empty());
    modules
        .values_mut()
        .for_each(|lengths| lengths.sort_unstable());
    modules
}

fn print(module: &str, lengths: &[usize]) {
    let [half, most, all] = [50, 90, 100].map(|percent| percentile(lengths, percent));
    println!(
        "{module:<12} {:>9} {half:>6} {most:>5} {all:>7}",
        lengths.len()
    );
}

#[test]
fn functions_stay_short() {
    let modules = modules();
    let mut all: Vec<usize> = modules.values().flatten().copied().collect();
    all.sort_unstable();
    println!("\nmodule       functions median   90% longest");
    for (module, lengths) in &modules {
        print(module, lengths);
    }
    print("all", &all);
    assert!(
        percentile(&all, 50) <= MEDIAN,
        "half of all functions have more than {MEDIAN} lines"
    );
    assert!(
        percentile(&all, 90) <= NINE_TENTHS,
        "a tenth of all functions have more than {NINE_TENTHS} lines"
    );
}

#[test]
fn a_length_is_from_the_signature_to_the_brace_below_it() {
    let text = "\
fn one() {}

impl Some {
    pub(crate) const fn three(self) -> bool {
        if self.0 { true } else { false }
    }

    fn none(&self);

    pub fn six(
        a: A,
    ) -> B {
        a.map(|a| {
        })
    }
}

#[cfg(test)]
mod tests {
    fn not_counted() {
    }
}
";
    assert_eq!(lengths(text), [1, 3, 6]);
}
