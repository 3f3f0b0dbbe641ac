//! The worked examples of docs/families.md: both implementations have to give what its section 4 says, which is read from the page.

use super::by_name::rank_by_name;
use super::formula::expect;
use super::input::RankInput;
use std::collections::BTreeMap;
use unseen::baseline::surprise::six_decimals;

const EXAMPLES: usize = 6;

/// A row of the second table: its pair, and its cells behind that; and its sentence.
struct Example {
    pair: (String, String),
    cells: Vec<String>,
    sentence: String,
}

/// Section 4.
fn page() -> String {
    let page = std::fs::read_to_string("docs/families.md").unwrap();
    let (_, examples) = page.split_once("## 4. Worked examples").unwrap();
    examples.to_owned()
}

fn examples(page: &str) -> Vec<Example> {
    let line = |start: String| {
        page.lines()
            .find_map(|line| line.strip_prefix(start.as_str()))
    };
    let example = |number| {
        let row = line(format!("| {number}. "))
            .unwrap()
            .trim_end_matches(" |");
        let mut cells = row
            .split(" | ")
            .map(|cell| cell.trim_matches('*').to_owned());
        let pair = cells.next().unwrap();
        let (role, call) = pair.split_once(' ').unwrap();
        let sentence = line(format!("{number}. `")).unwrap();
        Example {
            pair: (role.to_owned(), call.to_owned()),
            cells: cells.collect(),
            sentence: sentence.trim_end_matches('`').to_owned(),
        }
    };
    (1..=EXAMPLES).map(example).collect()
}

/// The known calls of the first table, and the pairs of the second.
fn input() -> RankInput {
    let page = page();
    let (_, table) = page
        .split_once("| role | known calls (first seen on day) |")
        .unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let mut input = RankInput::empty();
    for row in table.lines().skip(2) {
        let (role, calls) = row.trim_matches(['|', ' ']).split_once(" | ").unwrap();
        for role in roles(role) {
            for call in calls.split(", ") {
                let (call, day) = call.trim_end_matches(')').split_once(" (").unwrap();
                input = input.known(&role, call, day.parse().unwrap());
            }
        }
    }
    for example in examples(&page) {
        input = input.observed(&example.pair.0, &example.pair.1);
    }
    input
}

/// `f01 ... f34` are thirty-four roles.
fn roles(cell: &str) -> Vec<String> {
    match cell {
        "f01 ... f34" => (1..=34).map(|number| format!("f{number:02}")).collect(),
        role => vec![role.to_owned()],
    }
}

/// The same, and each role with a `-` is of the family before it.
fn input_with_families() -> RankInput {
    let mut input = input();
    let rows = input.rows.iter().map(|row| &row.role);
    let roles = rows.chain(input.observed.iter().map(|(role, _)| role));
    let families = roles.filter_map(|role| {
        let (family, _) = role.split_once('-')?;
        Some((role.clone(), family.to_owned()))
    });
    input.families = families.collect::<BTreeMap<_, _>>();
    input
}

#[test]
fn the_worked_examples_of_families_come_out_to_six_digits_with_their_sentences() {
    let ranked = rank_by_name(&input_with_families());
    assert_eq!(ranked.len(), EXAMPLES);
    for Example {
        pair,
        cells,
        sentence,
    } in examples(&page())
    {
        let ranked = &ranked[&pair];
        let terms = ranked.evidence.terms();
        let numbers = [
            (3, terms.peers),
            (4, terms.service),
            (5, terms.weight),
            (7, terms.score()),
        ];
        for (cell, number) in numbers {
            let expected: f64 = cells[cell].parse().unwrap();
            assert_eq!(
                six_decimals(number),
                six_decimals(expected),
                "{pair:?} {cell}"
            );
        }
        assert_eq!(terms.rollout, 0.0, "{pair:?}");
        assert_eq!(ranked.reason, sentence, "{pair:?}");
    }
}

#[test]
fn the_slow_implementation_gives_the_worked_examples_of_families_too() {
    let expected = expect(&input_with_families());
    for Example {
        pair,
        cells,
        sentence,
    } in examples(&page())
    {
        let surprise: f64 = cells[7].parse().unwrap();
        assert_eq!(
            six_decimals(expected[&pair].surprise),
            six_decimals(surprise),
            "{pair:?}"
        );
        assert_eq!(expected[&pair].reason, sentence, "{pair:?}");
    }
}

#[test]
fn without_families_the_same_pairs_have_the_scores_that_the_page_names_for_that() {
    let ranked = rank_by_name(&input());
    for Example { pair, cells, .. } in examples(&page()) {
        let surprise: f64 = cells[6].parse().unwrap();
        assert_eq!(
            six_decimals(ranked[&pair].surprise()),
            six_decimals(surprise),
            "{pair:?}"
        );
    }
}

#[test]
fn a_family_changes_no_columns_about_the_new_role_itself() {
    let [with, without] = [input_with_families(), input()].map(|input| rank_by_name(&input));
    for (pair, with) in &with {
        let (with, without) = (&with.evidence, &without[pair].evidence);
        assert_eq!(with.role, without.role, "{pair:?}");
        assert_eq!(with.novelty(), without.novelty(), "{pair:?}");
        assert_eq!(with.makers, without.makers, "{pair:?}");
    }
}
