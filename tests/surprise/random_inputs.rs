//! Random inputs: roles made after a few patterns, so that many are alike and some tie, with oddities on top.

use super::input::{RankInput, StoredRow};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;
use unseen::time::{Timestamp, DAY, HOUR};

const CALLS: [&str; 16] = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListBuckets",
    "iam:ListRoles",
    "iam:CreateUser",
    "kms:Decrypt",
    "kms:Encrypt",
    "sts:AssumeRole",
    "sts:GetCallerIdentity",
    "ec2:DescribeInstances",
    "a:b:c",
    "s3:",
    "GetObject",
    "Decrypt",
    ":odd",
    "s3",
];

/// When the window opens.
pub(crate) const OPENS: Timestamp = Timestamp(19_099 * DAY);

/// Times around everything that is compared with one, in microseconds after the window opens.
fn moment() -> impl Strategy<Value = i64> {
    let edge = prop_oneof![
        Just(0),
        Just(-7 * DAY),
        Just(-28 * DAY),
        Just(-35 * DAY),
        Just(-89 * DAY),
        (-40i64..2).prop_map(|days| days * DAY / 2),
    ];
    prop_oneof![
        8 => (edge, -1i64..=1).prop_map(|(edge, beside)| edge + beside),
        8 => -90 * DAY..24 * HOUR,
        // No time that can be true, and the first one that can.
        1 => (-1i64..=1).prop_map(|beside| beside - OPENS.0),
    ]
}

fn row(role: usize, call: usize, first: i64, last: i64) -> StoredRow {
    StoredRow {
        role: format!("role{role}"),
        call: CALLS[call].to_owned(),
        first: OPENS.saturating_add(first),
        last: OPENS.saturating_add(last),
    }
}

/// The rows of a role made after a pattern: bit `c` stands for call `c`, each first seen `firsts[c]` after the window opens.
fn rows_of(role: usize, pattern: u16, firsts: &[i64]) -> Vec<StoredRow> {
    let made = (0..CALLS.len()).filter(|call| pattern >> call & 1 == 1);
    made.map(|call| row(role, call, firsts[call], 0)).collect()
}

/// One bit or none: how a role differs from its pattern.
fn oddity() -> impl Strategy<Value = u16> {
    prop_oneof![4 => Just(0u16), 1 => (0u32..16).prop_map(|call| 1 << call)]
}

/// Up to seventy roles after up to four patterns.
fn patterned_rows() -> impl Strategy<Value = Vec<StoredRow>> {
    let patterns = vec(
        (any::<u16>(), any::<u16>()).prop_map(|(one, other)| one & other),
        1..4,
    );
    let firsts = vec(vec(moment(), CALLS.len()), 1..4);
    let roles = vec((any::<usize>(), any::<usize>(), oddity()), 0..70);
    (patterns, firsts, roles).prop_map(|(patterns, firsts, roles)| {
        let rows = roles.into_iter().enumerate();
        rows.flat_map(|(role, (pattern, first, oddity))| {
            let pattern = patterns[pattern % patterns.len()] ^ oddity;
            rows_of(role, pattern, &firsts[first % firsts.len()])
        })
        .collect()
    })
}

/// Rows that may contradict the others, be forgotten or lie in the window.
fn odd_rows() -> impl Strategy<Value = Vec<StoredRow>> {
    let odd = (0..75usize, 0..CALLS.len(), moment(), moment());
    vec(odd, 0..20).prop_map(|rows| {
        let rows = rows.into_iter();
        rows.map(|(role, call, first, last)| row(role, call, first, last))
            .collect()
    })
}

fn observed() -> impl Strategy<Value = Vec<(String, String)>> {
    let pair = (0..75usize, 0..CALLS.len())
        .prop_map(|(role, call)| (format!("role{role}"), CALLS[call].to_owned()));
    vec(pair, 1..30)
}

pub(crate) fn input() -> impl Strategy<Value = RankInput> {
    let forget = prop_oneof![Just(None), Just(Some(OPENS.saturating_add(-89 * DAY)))];
    (patterned_rows(), odd_rows(), observed(), forget, families()).prop_map(
        |(mut rows, odd, observed, forget, families)| {
            rows.extend(odd);
            RankInput {
                window_opens: OPENS,
                forget,
                rows,
                observed,
                families,
            }
        },
    )
}

/// No families; or all roles in a few; or some in one of many.
fn families() -> impl Strategy<Value = BTreeMap<String, String>> {
    (0..3usize, 1..4usize).prop_map(|(chosen, few)| {
        let roles = (0..75usize).filter(|role| [false, true, role % 5 > 0][chosen]);
        let family = |role| role % [1, few, 20][chosen];
        roles
            .map(|role| (format!("role{role}"), family(role).to_string()))
            .collect()
    })
}
