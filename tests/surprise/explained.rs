//! docs/alert.md explains each clause that a sentence can have.

use super::by_name::rank_by_name;
use super::random_inputs::input;
use proptest::prelude::*;
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The clauses of the page's table, in their general form.
static EXPLAINED: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let page = std::fs::read_to_string("docs/alert.md").unwrap();
    let (_, table) = page.split_once("| clause | ").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let first_cells = table.lines().filter_map(|line| line.split(" | ").next());
    let code = Regex::new("`([^`]+)`").unwrap();
    let clauses = first_cells.flat_map(|cell| code.captures_iter(cell));
    clauses.map(|clause| general(&clause[1])).collect()
});

/// A clause without what differs from pair to pair.
fn general(clause: &str) -> String {
    let forms = [
        (r"less than a day|\b\d+ days?", "N days"),
        (r"\d+", "N"),
        (r"\bmakes\b", "make"),
        (r"N new call in", "N new calls in"),
        (r"never used .+ before", "never used S before"),
        (r"(most like|with) its family", "$1 it"),
        (r"when its family", "when the role"),
        (r"\bits family (never|made|was|began)", "the role $1"),
    ];
    forms
        .iter()
        .fold(clause.to_owned(), |text, (form, general)| {
            let form = Regex::new(form).unwrap();
            form.replace_all(&text, *general).into_owned()
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_clause_of_every_sentence_is_explained_on_the_page_about_alerts(input in input()) {
        for (_, pair) in rank_by_name(&input) {
            for clause in pair.reason.split("; ") {
                let clause = general(clause);
                prop_assert!(EXPLAINED.contains(&clause), "docs/alert.md lacks: {clause}");
            }
        }
    }
}

#[test]
fn the_page_has_these_clauses_and_no_other() {
    let known = [
        "N of the N known roles of its family make this call",
        "N of the N other roles make it",
        "N of the N roles most like it make this call",
        "N roles began making this call in this window",
        "before this window the role made N new calls in N days",
        "before this window the role made no new call for N days",
        "it is not known when the role was first seen",
        "no other role shares a call with it",
        "none of the N known roles of its family make this call",
        "none of the N other roles make it",
        "none of the N roles most like it make this call",
        "the one known role of its family does not make this call",
        "the one known role of its family make this call",
        "the one other role does not make it",
        "the one other role make it",
        "the one role most like it does not make this call",
        "the one role most like it make this call",
        "the role is new",
        "the role never used S before",
        "the role was first seen N days before this window",
        "there is no other role",
    ];
    assert_eq!(*EXPLAINED, known.map(String::from).into());
}
