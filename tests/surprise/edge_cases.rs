//! The edge cases (section 4 of docs/surprise.md), one test a row, on the real ranking.

use super::by_name::{rank_by_name, RankedPair};
use super::input::{day, RankInput};

/// What is reported of the one new pair of an input.
fn the_one(input: &RankInput) -> RankedPair {
    let ranked = rank_by_name(input);
    assert_eq!(ranked.len(), 1, "{ranked:?}");
    ranked.into_values().next().unwrap()
}

/// Thirty roles that make one call of a service, known long since.
fn thirty_others(mut input: RankInput) -> RankInput {
    for number in 0..30 {
        input = input.known(&format!("other{number}"), "s3:GetObject", 20.0);
    }
    input
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-12
}

#[test]
fn with_an_empty_baseline_nothing_is_surprising() {
    let input = RankInput::empty().observed("ann", "s3:GetObject");
    let pair = the_one(&input);
    assert_eq!(
        pair.written(),
        "0,0.693147,0,0,1,role,,0,0,the role is new; there is no other role"
    );
}

#[test]
fn the_only_known_role_scores_nothing_whatever_it_does() {
    let input = RankInput::empty()
        .known("ann", "s3:GetObject", 20.0)
        .observed("ann", "iam:CreateUser");
    let pair = the_one(&input);
    let reason = "no other role shares a call with it; there is no other role; the role never used iam before; before this window the role made no new call for 28 days";
    assert_eq!(pair.reason, reason);
    assert_eq!(pair.written().split(',').next(), Some("0"));
}

#[test]
fn of_a_new_role_only_counts_how_rare_its_calls_are() {
    let input = thirty_others(RankInput::empty());
    let rare = the_one(&input.clone().observed("new", "iam:CreateUser"));
    let terms = rare.evidence.terms();
    assert!(near(terms.peers, 62f64.ln()));
    assert_eq!((terms.service, terms.weight), (0.0, 1.0));
    let common = the_one(&input.observed("new", "s3:GetObject"));
    assert_eq!(common.surprise(), 0.0);
}

#[test]
fn a_role_younger_than_a_week_weighs_one_and_its_like_roles_vote() {
    let input = thirty_others(RankInput::empty())
        .known("young", "s3:GetObject", 92.0 + 1.0 / 86_400.0)
        .observed("young", "s3:PutObject");
    let pair = the_one(&input);
    assert_eq!(pair.evidence.role.days_counted, 0.0);
    assert_eq!(pair.evidence.terms().weight, 1.0);
    assert_eq!(pair.evidence.like.roles, 30);
}

#[test]
fn a_call_without_a_service_and_a_role_that_used_none_have_no_service_term() {
    let input = thirty_others(RankInput::empty()).known("plain", "GetObject", 20.0);
    let service = |role, call| {
        the_one(&input.clone().observed(role, call))
            .evidence
            .new_service
    };
    assert!(!service("other1", "CreateUser"));
    assert!(!service("other1", ":CreateUser"));
    assert!(!service("plain", "iam:CreateUser"));
    assert!(service("other1", "iam:CreateUser"));
}

#[test]
fn in_a_baseline_younger_than_a_week_every_weight_is_one() {
    let input = RankInput::empty()
        .known("ann", "s3:GetObject", 93.0)
        .known("bob", "s3:GetObject", 95.0)
        .observed("ann", "s3:PutObject")
        .observed("bob", "s3:PutObject");
    for pair in rank_by_name(&input).values() {
        assert_eq!(pair.evidence.terms().weight, 1.0);
    }
}

#[test]
fn a_role_by_a_new_name_is_a_new_role() {
    let input = thirty_others(RankInput::empty())
        .known("old-name", "s3:GetObject", 20.0)
        .observed("new-name", "s3:GetObject");
    let pair = the_one(&input);
    assert_eq!(pair.evidence.novelty().name(), "role");
    assert_eq!(pair.evidence.others, 31, "the old name counts as another");
}

#[test]
fn a_forgotten_pair_made_again_is_a_new_pair_like_any_other() {
    let mut forgotten = thirty_others(RankInput::empty())
        .known("ann", "s3:GetObject", 20.0)
        .known("ann", "iam:CreateUser", 5.0)
        .observed("ann", "iam:CreateUser");
    for row in &mut forgotten.rows {
        if row.call == "iam:CreateUser" {
            row.last = day(10.0);
        }
    }
    let mut never_known = forgotten.clone();
    never_known.rows.retain(|row| row.call != "iam:CreateUser");
    assert_eq!(
        the_one(&forgotten).written(),
        the_one(&never_known).written()
    );
    forgotten.forget = None;
    assert!(
        rank_by_name(&forgotten).is_empty(),
        "without forgetting it is known"
    );
}

#[test]
fn what_others_began_in_this_window_counts_as_rollout_and_not_as_making_the_call() {
    let input = thirty_others(RankInput::empty())
        .known("other1", "s3:PutObject", 99.5)
        .known("other2", "s3:PutObject", 99.0)
        .observed("other0", "s3:PutObject");
    let pair = the_one(&input);
    assert_eq!((pair.evidence.adopters, pair.evidence.makers), (2, 1));
}

/// The paragraph on large values: 25 identical roles among 5,000, a call nobody makes, a new service, a quiet role.
#[test]
fn a_quiet_role_among_five_thousand_scores_46() {
    let mut input = RankInput::empty();
    for number in 0..=25 {
        input = input.known(&format!("same{number}"), "s3:GetObject", 20.0);
    }
    for number in 26..5_000 {
        input = input.known(&format!("other{number}"), &format!("ec2:{number}"), 20.0);
    }
    let pair = the_one(&input.observed("same0", "iam:CreateUser"));
    assert_eq!(format!("{:.1}", pair.surprise()), "46.4");
}
