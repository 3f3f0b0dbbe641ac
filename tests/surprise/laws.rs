//! What must hold in any input.

use super::by_name::rank_by_name;
use super::formula::expect;
use super::input::RankInput;
use super::random_inputs::input;
use proptest::prelude::*;
use std::collections::BTreeMap;
use unseen::time::HOUR;

/// What goes out, byte for byte.
fn written(input: &RankInput) -> BTreeMap<(String, String), String> {
    let ranked = rank_by_name(input).into_iter();
    ranked
        .map(|(names, pair)| (names, pair.written()))
        .collect()
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9
}

/// An input, and the same with its rows and observations in another order.
fn shuffled_input() -> impl Strategy<Value = (RankInput, RankInput)> {
    input().prop_flat_map(|input| {
        let rows = Just(input.rows.clone()).prop_shuffle();
        let observed = Just(input.observed.clone()).prop_shuffle();
        (rows, observed).prop_map(move |(rows, observed)| {
            let shuffled = RankInput {
                rows,
                observed,
                ..input.clone()
            };
            (input.clone(), shuffled)
        })
    })
}

proptest! {
    #[test]
    fn the_ranking_does_what_the_specification_says(input in input()) {
        let (ranked, expected) = (rank_by_name(&input), expect(&input));
        prop_assert!(ranked.keys().eq(expected.keys()));
        for (pair, expected) in ranked.values().zip(expected.values()) {
            let (evidence, terms) = (pair.evidence, pair.evidence.terms());
            prop_assert_eq!(&pair.reason, &expected.reason);
            prop_assert!(near(terms.peers, expected.peers), "{:?} {:?}", pair, expected);
            prop_assert!(near(terms.service, expected.service), "{:?} {:?}", pair, expected);
            prop_assert!(near(terms.rollout, expected.rollout), "{:?} {:?}", pair, expected);
            prop_assert!(near(terms.weight, expected.weight), "{:?} {:?}", pair, expected);
            prop_assert!(near(pair.surprise(), expected.surprise), "{:?} {:?}", pair, expected);
            prop_assert_eq!(evidence.role.first_seen, expected.role_first_seen);
            prop_assert_eq!(evidence.role.calls, expected.role_calls);
            prop_assert_eq!(evidence.makers, expected.call_roles);
            let novelty = match (expected.role_calls, expected.call_roles) {
                (0, _) => "role",
                (_, 0) => "call",
                _ => "pair",
            };
            prop_assert_eq!(evidence.novelty().name(), novelty);
        }
    }

    #[test]
    fn any_order_of_rows_gives_the_same_bytes((input, shuffled) in shuffled_input()) {
        prop_assert_eq!(written(&input), written(&shuffled));
    }

    #[test]
    fn a_row_that_comes_again_or_with_a_later_first_sighting_changes_nothing(input in input(), later in 0..48 * HOUR) {
        let mut doubled = input.clone();
        doubled.observed.extend_from_within(..);
        let live: Vec<_> = input.live().cloned().collect();
        for mut row in live {
            row.first = row.first.saturating_add(later);
            doubled.rows.push(row);
        }
        prop_assert_eq!(written(&input), written(&doubled));
    }

    #[test]
    fn no_score_is_negative_or_no_number(input in input()) {
        for pair in rank_by_name(&input).values() {
            let terms = pair.evidence.terms();
            prop_assert!(terms.score().is_finite() && terms.score() >= 0.0, "{:?}", pair);
            prop_assert!((terms.peers > 0.0 || pair.evidence.siblings.is_some()) && terms.service >= 0.0 && terms.rollout <= 0.0 && terms.weight > 0.0, "{:?}", terms);
            prop_assert!(!pair.written().contains("-0,"), "{:?}", pair.written());
        }
    }
}
