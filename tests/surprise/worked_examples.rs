//! The twelve worked examples: both implementations have to give what section 6 of docs/surprise.md says, which is read from the page.

use super::by_name::rank_by_name;
use super::formula::expect;
use super::input::{day, RankInput, StoredRow};
use std::collections::BTreeMap;
use unseen::baseline::surprise::six_decimals;
use unseen::time::{Timestamp, SECOND};

/// Each role, its known calls, and the day on which each was first seen.
const KNOWN: &[(&str, &str)] = &[
    ("ann", "s3:ListBuckets 20, s3:GetObject 20, ec2:DescribeInstances 20"),
    ("bob", "s3:ListBuckets 20, s3:GetObject 20, ec2:DescribeInstances 20, iam:ListRoles 40"),
    ("cat", "s3:ListBuckets 20, kms:Decrypt 20, kms:Encrypt 75, kms:ListKeys 85, kms:ListAliases 90, kms:CreateKey 96"),
    ("dan", "kms:Decrypt 95"),
    ("eve", "Decrypt 30, Encrypt 30"),
];

/// f01 to f34.
const TWINS: std::ops::RangeInclusive<u32> = 1..=34;

const OBSERVED: &[(&str, &str)] = &[
    ("ann", "iam:ListRoles"),
    ("ann", "s3:PutBucketPolicy"),
    ("ann", "iam:CreateUser"),
    ("bob", "kms:Decrypt"),
    ("cat", "s3:GetObject"),
    ("dan", "iam:CreateUser"),
    ("eve", "Verify"),
    ("eve", "kms:Sign"),
    ("fay", "iam:CreateUser"),
    ("gus", "s3:ListBuckets"),
    ("f01", "sqs:ReceiveMessage"),
    ("f02", "sqs:ReceiveMessage"),
    ("f01", "sqs:SendMessage"),
];

fn input() -> RankInput {
    let mut input = RankInput::empty();
    for (role, calls) in KNOWN {
        for call in calls.split(", ") {
            let (call, first) = call.split_once(' ').unwrap();
            input = input.known(role, call, first.parse().unwrap());
        }
    }
    for number in TWINS {
        input = input.known(&format!("f{number:02}"), "sqs:SendMessage", 20.0);
    }
    input.rows.extend(two_more_rows(input.window_opens));
    let observed = OBSERVED.iter();
    observed.fold(input, |input, (role, call)| input.observed(role, call))
}

/// One that is forgotten, and one that was learned within the window.
fn two_more_rows(opens: Timestamp) -> [StoredRow; 2] {
    let row = |role: &str, call: &str, first, last| StoredRow {
        role: role.to_owned(),
        call: call.to_owned(),
        first,
        last,
    };
    let after = |seconds| opens.saturating_add(seconds * SECOND);
    [
        row("fay", "iam:CreateUser", day(1.0), day(5.0)),
        row("dan", "s3:ListBuckets", after(1), after(7_200)),
    ]
}

/// An example as the page has it: the cells of its row in the table, and its sentence.
struct Example {
    pair: (String, String),
    cells: Vec<String>,
    sentence: String,
}

impl Example {
    /// The number in a cell, as the ranking writes it.
    fn number(&self, cell: usize) -> String {
        let number = self.cells[cell].trim_matches('*').rsplit(' ').next();
        six_decimals(number.unwrap().parse().unwrap())
    }
}

/// The twelve examples of the page.
fn examples() -> Vec<Example> {
    let page = std::fs::read_to_string("docs/surprise.md").unwrap();
    (1..=12).map(|number| example(&page, number)).collect()
}

fn example(page: &str, number: usize) -> Example {
    let line = |start: String| page.lines().find_map(|line| line.strip_prefix(&start));
    let row = line(format!("| {number}. ")).unwrap();
    let sentence = line(format!("{number}. `")).unwrap();
    let (pair, cells) = row.split_once(" | ").unwrap();
    let (role, call) = pair.split_once(' ').unwrap();
    Example {
        pair: (role.to_owned(), call.to_owned()),
        cells: cells
            .split(" | ")
            .map(|cell| cell.trim_end_matches(" |").to_owned())
            .collect(),
        sentence: sentence.trim_end_matches('`').to_owned(),
    }
}

#[test]
fn the_twelve_worked_examples_come_out_to_six_digits_with_their_sentences() {
    let ranked = rank_by_name(&input());
    assert_eq!(ranked.len(), 12);
    for example in examples() {
        let pair = &example.pair;
        let ranked = &ranked[pair];
        let (evidence, terms) = (&ranked.evidence, ranked.evidence.terms());
        let counts = format!("{}; {}", evidence.makers, evidence.adopters);
        assert_eq!(counts, example.cells[1], "{pair:?}");
        let numbers = [
            (3, terms.peers),
            (4, terms.service),
            (5, terms.rollout),
            (7, terms.weight),
            (8, terms.score()),
        ];
        for (cell, number) in numbers {
            assert_eq!(
                six_decimals(number),
                example.number(cell),
                "{pair:?} {cell}"
            );
        }
        assert_eq!(ranked.reason, example.sentence, "{pair:?}");
    }
}

#[test]
fn the_slow_implementation_gives_the_worked_examples_too() {
    let expected = expect(&input());
    assert_eq!(expected.len(), 12);
    for example in examples() {
        let expected = &expected[&example.pair];
        assert_eq!(six_decimals(expected.surprise), example.number(8));
        assert_eq!(expected.reason, example.sentence);
    }
}

#[test]
fn the_roles_sums_are_those_of_the_specification() {
    let mut sums: BTreeMap<String, f64> = BTreeMap::new();
    for ((role, _), pair) in rank_by_name(&input()) {
        *sums.entry(role).or_default() += pair.surprise();
    }
    let sums = sums
        .iter()
        .map(|(role, &sum)| format!("{role} {}", six_decimals(sum)));
    let expected = "ann 27.379465, bob 8.71967, cat 0, dan 1.620488, eve 14.64078, f01 23.738575, f02 23.738575, fay 0.105361, gus 0";
    assert_eq!(sums.collect::<Vec<_>>().join(", "), expected);
}
