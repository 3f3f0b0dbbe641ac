//! `explain=true` through whole conversations: rows in as CSV, ranked rows out, over the real protocol.
//!
//! The ranking by itself is checked in `tests/surprise`; its slow second implementation is what is expected here too, on the same random
//! inputs. Golden conversations are in `tests/sessions`.

use crate::surprise::formula::{expect, Expected};
use crate::surprise::input::{RankInput, StoredRow};
use crate::surprise::random_inputs::{input, OPENS};
use crate::talk::{body, row, rows, Answer, Row, Talk};
use chrono_tz::Tz;
use proptest::prelude::*;
use std::collections::BTreeMap;
use unseen::time::{Timestamp, DAY};

const COLUMNS: [&str; 7] = [
    "user",
    "command",
    "object",
    "firstTime",
    "firstTimeSeen",
    "lastTimeSeen",
    "enough_data",
];

const RANKING: [&str; 10] = [
    "surprise",
    "reason",
    "surprise_peers",
    "surprise_service",
    "surprise_rollout",
    "surprise_weight",
    "novelty",
    "role_first_seen",
    "role_calls",
    "call_roles",
];

/// What `unseen` answers as of a day after the window opens.
fn ask(input: &RankInput, explain: bool, bodies: &[Vec<u8>]) -> Answer {
    let options: &[&str] = if explain { &["explain=true"] } else { &[] };
    ask_with(options, input, bodies)
}

fn ask_with(options: &[&str], input: &RankInput, bodies: &[Vec<u8>]) -> Answer {
    let as_of = OPENS.saturating_add(DAY).seconds();
    let as_of_option = format!("as_of={as_of}");
    let mut args = vec!["by", "user", "command", &as_of_option];
    args.extend(input.forget.map(|_| "forget_window=-90d@d"));
    args.extend(options);
    let talk = Talk {
        now: as_of,
        zone: Tz::UTC,
        command: "unseen",
        args: &args,
    };
    let answer = talk.over(bodies);
    assert_eq!(answer.error, None);
    answer
}

fn stored(of: &StoredRow) -> Row {
    row([
        ("user", &of.role),
        ("command", &of.call),
        ("firstTimeSeen", &of.first.to_string()),
        ("lastTimeSeen", &of.last.to_string()),
        ("enough_data", "1"),
    ])
}

/// An observation; every second one is joined to a stored row of its key that is not forgotten, if there is one.
fn observation(nth: usize, pair: &(String, String), input: &RankInput) -> Row {
    let is_same = |of: &&StoredRow| (&of.role, &of.call) == (&pair.0, &pair.1);
    let of_key = input.live().find(is_same).filter(|_| nth.is_multiple_of(2));
    let mut observation = of_key.map(stored).unwrap_or_default();
    observation.extend(row([
        ("user", &pair.0),
        ("command", &pair.1),
        ("object", &nth.to_string()),
        ("firstTime", &OPENS.seconds().to_string()),
    ]));
    observation
}

/// Everything that a search would send of an input.
fn sent(input: &RankInput) -> Vec<Row> {
    let observed = input.observed.iter().enumerate();
    let observed = observed.map(|(nth, pair)| observation(nth, pair, input));
    observed.chain(input.rows.iter().map(stored)).collect()
}

/// All rows of an answer, in the order in which they came.
fn answered(answer: &Answer) -> Vec<Row> {
    let pages = answer.pages.iter().filter(|page| !page.is_empty());
    pages.flat_map(|page| rows(page)).collect()
}

fn ranked(input: &RankInput, sent: &[Row]) -> Vec<Row> {
    answered(&ask(input, true, &[body(&COLUMNS, sent)]))
}

fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort();
    rows
}

/// What is expected of a row, as far as it is text.
fn texts(expected: &Expected) -> [(&'static str, String); 5] {
    let first_seen = expected.role_first_seen;
    let novelty = match (expected.role_calls, expected.call_roles) {
        (0, _) => "role",
        (_, 0) => "call",
        _ => "pair",
    };
    [
        ("reason", expected.reason.clone()),
        ("novelty", novelty.to_owned()),
        (
            "role_first_seen",
            first_seen.map_or(String::new(), |first| first.to_string()),
        ),
        ("role_calls", expected.role_calls.to_string()),
        ("call_roles", expected.call_roles.to_string()),
    ]
}

fn numbers(expected: &Expected) -> [(&'static str, f64); 5] {
    [
        ("surprise", expected.surprise),
        ("surprise_peers", expected.peers),
        ("surprise_service", expected.service),
        ("surprise_rollout", expected.rollout),
        ("surprise_weight", expected.weight),
    ]
}

fn check(row: &Row, expected: &Expected) -> Result<(), TestCaseError> {
    for (column, text) in texts(expected) {
        prop_assert_eq!(&row[column], &text, "{} of {:?}", column, row);
    }
    for (column, number) in numbers(expected) {
        let written: f64 = row[column].parse().unwrap();
        let apart = (written - number).abs();
        prop_assert!(apart < 1e-6, "{} of {:?}: {}", column, row, number);
    }
    Ok(())
}

/// What comes out is what the slow implementation gives.
fn check_all(ranked: &[Row], input: &RankInput) -> Result<(), TestCaseError> {
    let is_mature = input.live().next().is_some();
    let expected = match is_mature {
        true => expect(input),
        false => BTreeMap::new(),
    };
    let new = input.observed.iter();
    let new = new.filter(|pair| expected.contains_key(*pair));
    prop_assert_eq!(ranked.len(), new.count());
    for row in ranked {
        let pair = (row["user"].clone(), row["command"].clone());
        check(row, &expected[&pair])?;
    }
    Ok(())
}

/// An input whose roles of one family have names of one family, as CloudFormation gives them.
fn with_names_of_families(input: RankInput) -> RankInput {
    let name = |role: &String| match input.families.get(role) {
        Some(family) => format!("family{family}-{:A>12}", &role["role".len()..]),
        None => role.clone(),
    };
    let rows = input.rows.iter().map(|row| StoredRow {
        role: name(&row.role),
        ..row.clone()
    });
    let observed = input.observed.iter();
    let families = input.families.iter();
    RankInput {
        rows: rows.collect(),
        observed: observed
            .map(|(role, call)| (name(role), call.clone()))
            .collect(),
        families: families
            .map(|(role, family)| (name(role), family.clone()))
            .collect(),
        ..input
    }
}

/// Rows in another order, and where two chunks begin.
fn shuffled() -> impl Strategy<Value = (RankInput, Vec<Row>, [usize; 2])> {
    let parts = input().prop_flat_map(|input| {
        let rows = sent(&input);
        let cuts = [0..=rows.len(), 0..=rows.len()];
        (Just(input), Just(rows).prop_shuffle(), cuts)
    });
    parts.prop_map(|(input, rows, mut cuts)| {
        cuts.sort_unstable();
        (input, rows, cuts)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_columns_are_what_the_slow_implementation_gives(input in input()) {
        let mut input = with_names_of_families(input);
        input.families.clear();
        check_all(&ranked(&input, &sent(&input)), &input)?;
    }

    #[test]
    fn with_families_a_new_role_is_compared_with_the_known_ones_of_its_name(input in input()) {
        let input = with_names_of_families(input);
        let bodies = [body(&COLUMNS, &sent(&input))];
        let answer = ask_with(&["explain=true", "families=true"], &input, &bodies);
        check_all(&answered(&answer), &input)?;
    }

    #[test]
    fn any_order_of_rows_and_any_chunks_give_the_same_bytes((input, rows, [one, other]) in shuffled()) {
        let bodies = [&rows[..one], &rows[one..other], &rows[other..]].map(|rows| body(&COLUMNS, rows));
        let answer = ask(&input, true, &bodies);
        prop_assert_eq!(sorted(answered(&answer)), sorted(ranked(&input, &sent(&input))));
    }

    #[test]
    fn a_row_of_the_baseline_that_comes_twice_changes_nothing(input in input()) {
        let rows = sent(&input);
        let twice: Vec<Row> = rows.iter().chain(&rows[input.observed.len()..]).cloned().collect();
        prop_assert_eq!(ranked(&input, &twice), ranked(&input, &rows));
    }

    /// No cell has a line end, so each line of a page is a row.
    #[test]
    fn the_columns_stand_behind_the_very_bytes_that_come_without_the_option(input in input()) {
        let bodies = [body(&COLUMNS, &sent(&input))];
        let [plain, ranked] = [false, true].map(|explain| ask(&input, explain, &bodies));
        let lines = |answer: &Answer| {
            let text = String::from_utf8(answer.pages.concat()).unwrap();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let (plain, ranked) = (lines(&plain), lines(&ranked));
        prop_assert_eq!(plain.len(), ranked.len());
        for (nth, (plain, ranked)) in plain.iter().zip(&ranked).enumerate() {
            let appended = ranked.strip_prefix(plain.as_str()).and_then(|rest| rest.strip_prefix(','));
            prop_assert!(appended.is_some(), "{} {}", plain, ranked);
            prop_assert!(nth > 0 || appended == Some(&RANKING.join(",")), "{}", ranked);
        }
    }
}

/// A baseline in which ann makes one call, as the only role.
fn of_ann() -> RankInput {
    let mut input = RankInput::empty();
    input.window_opens = OPENS;
    input.forget = None;
    input.rows.push(StoredRow {
        role: "ann".to_owned(),
        call: "s3:GetObject".to_owned(),
        first: Timestamp(OPENS.0 - 50 * DAY),
        last: OPENS,
    });
    input
}

#[test]
fn a_row_of_more_than_a_thousand_keys_is_reported_with_empty_columns() {
    let input = of_ann().observed("ann", "s3:PutObject");
    let users: String = (0..1_001).map(|user| format!(";$u{user}$")).collect();
    let too_many = row([
        ("user", "u"),
        ("command", "iam:CreateUser"),
        ("firstTime", "1650000000"),
        ("__mv_user", &users[1..]),
    ]);
    let columns: Vec<&str> = COLUMNS.into_iter().chain(["__mv_user"]).collect();
    let mut rows = sent(&input);
    rows.push(too_many);
    let answer = ask(&input, true, &[body(&columns, &rows)]);
    let [judged, unjudged] = answered(&answer).try_into().unwrap();
    assert_eq!(judged["surprise"], "0");
    let is_empty = RANKING.map(|column| unjudged[column].is_empty());
    assert_eq!(is_empty, [true; 10]);
}

#[test]
fn each_page_has_the_columns_and_rows_of_one_pair_have_the_same() {
    let mut input = of_ann();
    for _ in 0..3 {
        input = input.observed("ann", "s3:PutObject");
    }
    let renamed = |name| if name == "object" { "resource" } else { name };
    let other_columns = COLUMNS.map(renamed);
    let rows = sent(&input);
    let bodies = [body(&COLUMNS, &rows), body(&other_columns, &rows)];
    let answer = ask(&input, true, &bodies);
    let pages = answer.pages.iter().filter(|page| !page.is_empty());
    assert_eq!(pages.count(), 2, "a reply has one header");
    let mut ranked = answered(&answer);
    assert_eq!(ranked.len(), 6);
    for row in &mut ranked {
        row.retain(|column, _| RANKING.contains(&column.as_str()));
    }
    ranked.dedup();
    assert_eq!(ranked.len(), 1);
}
