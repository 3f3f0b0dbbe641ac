//! Order and repetition do not matter: laws of both commands, held against whole conversations.
//!
//! `tests/specification.rs` has the same laws for the rules alone. Here rows go in as CSV and come out as CSV, over the real protocol, so
//! that chunks, headers, pages and the way back through a lookup take part. The lookup is a map from `_key` to row.

use crate::talk;
use crate::talk::{body, Row, Talk};
use chrono_tz::Tz;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::collections::BTreeMap;

/// Wednesday, 15 November 2023, 12:00 UTC: every search is as of now, or of the end of an earlier day.
const NOW: i64 = 1_700_049_600;
const DAY: i64 = 86_400;

const OBSERVED: [&str; 4] = ["user", "command", "firstTime", "lastTime"];
const STORED: [&str; 6] = [
    "_key",
    "user",
    "command",
    "firstTimeSeen",
    "lastTimeSeen",
    "enough_data",
];
/// What the recall macro gives of an observation.
const JOINED: [&str; 3] = ["firstTimeSeen", "lastTimeSeen", "enough_data"];

/// The lookup: rows under their `_key`.
type Lookup = BTreeMap<String, Row>;

fn talk<'t>(command: &'t str, args: &'t [&'t str]) -> Talk<'t> {
    Talk {
        now: NOW,
        zone: Tz::Europe__Berlin,
        command,
        args,
    }
}

/// Names that differ in little, and some that need care in CSV.
fn name() -> impl Strategy<Value = String> {
    let names = ["a", "A", "b", "a,b", "a\"b", "a\nb", "é", "$a$;$b$", " a"];
    select(names.to_vec()).prop_map(str::to_owned)
}

/// A key and its times, which lie this many seconds before now.
fn observation(ages: std::ops::Range<i64>) -> impl Strategy<Value = Row> {
    (name(), name(), ages.clone(), ages).prop_map(|(user, command, one, other)| {
        let (first, last) = ((NOW - one.max(other)), (NOW - one.min(other)));
        talk::row([
            ("user", &user),
            ("command", &command),
            ("firstTime", &first.to_string()),
            ("lastTime", &last.to_string()),
        ])
    })
}

/// The rows of a mixed stream: observations of the last two days, half of them with joined values, and baseline rows.
fn stream() -> impl Strategy<Value = Vec<Row>> {
    let time = |age: std::ops::Range<i64>| age.prop_map(|age| (NOW - age).to_string());
    let said = (
        time(0..12 * DAY),
        time(0..3 * DAY),
        select(vec!["0", "1", "1.0", ""]),
    )
        .prop_map(|(first, last, flag)| {
            talk::row([
                ("firstTimeSeen", &first),
                ("lastTimeSeen", &last),
                ("enough_data", flag),
            ])
        });
    let stored = (name(), name(), said.clone()).prop_map(|(user, command, said)| {
        let mut row = talk::row([("user", &user), ("command", &command)]);
        row.extend(said);
        row
    });
    let observed = observation(0..2 * DAY);
    let joined = (observation(0..2 * DAY), said).prop_map(|(mut row, said)| {
        row.extend(said);
        row
    });
    proptest::collection::vec(prop_oneof![stored, observed, joined], 1..40)
}

/// A stream and the same rows in another order, cut into chunks, each with its columns in an order of its own.
fn stream_and_another_order() -> impl Strategy<Value = (Vec<Row>, Vec<Vec<u8>>)> {
    let columns: Vec<&str> = OBSERVED.into_iter().chain(JOINED).collect();
    stream().prop_flat_map(move |rows| {
        let cuts = 0..=rows.len().min(5);
        let places: Vec<usize> = (0..=rows.len()).collect();
        let headers = proptest::collection::vec(Just(columns.clone()).prop_shuffle(), 6);
        (
            Just(rows.clone()),
            Just(rows).prop_shuffle(),
            subsequence(places, cuts),
            headers,
        )
            .prop_map(|(rows, shuffled, cuts, headers)| {
                let starts = std::iter::once(0).chain(cuts.iter().copied());
                let ends = cuts.iter().copied().chain([shuffled.len()]);
                let chunks = starts.zip(ends).zip(&headers);
                let bodies =
                    chunks.map(|((start, end), header)| body(header, &shuffled[start..end]));
                (rows, bodies.collect())
            })
    })
}

fn all_columns() -> Vec<&'static str> {
    OBSERVED.into_iter().chain(JOINED).collect()
}

/// Runs Initial (`start=true`) or Update over observations and the lookup, and writes back what changed.
fn learn(lookup: &mut Lookup, observed: &[Row], as_of: i64, start: &str) {
    let as_of = format!("as_of={as_of}");
    let args = [
        "by",
        "user",
        "command",
        "forget_window=-90d@d",
        &as_of,
        "changes=true",
        start,
    ];
    let recalled = recall(lookup, observed);
    for row in talk("seen", &args).over(&recalled).rows() {
        lookup.insert(row["_key"].clone(), row);
    }
}

/// What the recall macro makes of observations: the joined values of each, then the whole lookup.
fn recall(lookup: &Lookup, observed: &[Row]) -> Vec<Vec<u8>> {
    let joined = observed.iter().map(|row| {
        let mut row = row.clone();
        let is_key = |stored: &&Row| {
            ["user", "command"]
                .iter()
                .all(|field| stored[*field] == row[*field])
        };
        if let Some(stored) = lookup.values().find(is_key) {
            let values = JOINED.map(|name| (name.to_owned(), stored[name].clone()));
            row.extend(values);
        }
        row
    });
    let joined: Vec<Row> = joined.collect();
    let stored: Vec<Row> = lookup.values().cloned().collect();
    vec![body(&all_columns(), &joined), body(&STORED, &stored)]
}

fn detect(lookup: &Lookup, observed: &[Row]) -> Vec<Row> {
    let args = ["by", "user", "command", "forget_window=-90d@d"];
    let mut rows = talk("unseen", &args).over(&recall(lookup, observed)).rows();
    for row in &mut rows {
        row.retain(|name, _| OBSERVED.contains(&name.as_str()));
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn rows_in_any_order_and_any_chunks_are_learned_alike((rows, bodies) in stream_and_another_order(), forget in any::<bool>()) {
        let mut args = vec!["by", "user", "command", "start=true"];
        args.extend(forget.then_some("forget_window=-2d@d"));
        let at_once = talk("seen", &args).over(&[body(&all_columns(), &rows)]);
        let cut = talk("seen", &args).over(&bodies);
        prop_assert_eq!(at_once.rows(), cut.rows());
        prop_assert_eq!(at_once.messages, cut.messages);
    }

    #[test]
    fn rows_in_any_order_and_any_chunks_are_judged_alike((rows, bodies) in stream_and_another_order(), forget in any::<bool>()) {
        let mut args = vec!["by", "user", "command"];
        args.extend(forget.then_some("forget_window=-2d@d"));
        let at_once = talk("unseen", &args).over(&[body(&all_columns(), &rows)]);
        let cut = talk("unseen", &args).over(&bodies);
        prop_assert_eq!(at_once.rows(), cut.rows());
        prop_assert_eq!(at_once.messages, cut.messages);
    }

    #[test]
    fn the_same_bytes_in_are_the_same_bytes_out(rows in stream()) {
        for (command, args) in [("seen", &["user", "command", "start=true"][..]), ("unseen", &["user", "command"])] {
            let once = talk(command, args).over(&[body(&all_columns(), &rows)]);
            let again = talk(command, args).over(&[body(&all_columns(), &rows)]);
            prop_assert_eq!(once.pages, again.pages);
            prop_assert_eq!(once.messages, again.messages);
        }
    }

    #[test]
    fn rows_that_come_twice_are_learned_once_and_reported_twice(rows in stream()) {
        let twice: Vec<Row> = rows.iter().chain(&rows).cloned().collect();
        let args = ["by", "user", "command", "start=true"];
        let learned = |rows: &[Row]| talk("seen", &args).over(&[body(&all_columns(), rows)]).rows();
        prop_assert_eq!(learned(&rows), learned(&twice));
        let judged = |rows: &[Row]| talk("unseen", &args[..3]).over(&[body(&all_columns(), rows)]).rows();
        let mut doubled = [judged(&rows), judged(&rows)].concat();
        doubled.sort();
        prop_assert_eq!(doubled, judged(&twice));
    }

    #[test]
    fn days_learned_in_any_order_overlapping_or_twice_leave_the_same_lookup(
        (days, shuffled) in proptest::collection::vec((0i64..8).prop_flat_map(|day| {
            // A day reaches into the one before, as Update does.
            let ages = (day * DAY)..((day + 2) * DAY);
            (Just(day), proptest::collection::vec(observation(ages), 1..6))
        }), 1..6)
        .prop_flat_map(|days| (Just(days.clone()), Just([days.clone(), days].concat()).prop_shuffle()))
    ) {
        let learned = |days: &[(i64, Vec<Row>)]| {
            let mut lookup = Lookup::new();
            for (day, observed) in days {
                learn(&mut lookup, observed, NOW - day * DAY, "start=true");
            }
            // The flag hangs on the time that the last run was as of, so let it be the same.
            learn(&mut lookup, &[], NOW, "start=false");
            lookup
        };
        prop_assert_eq!(learned(&days), learned(&shuffled));
    }

    #[test]
    fn a_batch_gives_the_same_alerts_however_often_it_is_judged_and_whether_it_was_learned_or_not(
        history in proptest::collection::vec(observation(2 * DAY..12 * DAY), 1..20),
        batch in proptest::collection::vec(observation(0..DAY), 1..20),
    ) {
        let mut lookup = Lookup::new();
        learn(&mut lookup, &history, NOW, "start=true");
        let alerts = detect(&lookup, &batch);
        prop_assert_eq!(&detect(&lookup, &batch), &alerts);
        learn(&mut lookup, &batch, NOW, "start=false");
        prop_assert_eq!(&detect(&lookup, &batch), &alerts);
        learn(&mut lookup, &batch, NOW, "start=false");
        prop_assert_eq!(&detect(&lookup, &batch), &alerts);
    }
}
