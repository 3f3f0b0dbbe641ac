//! What searches ask of the KV store: the detection's share follows what it observes, not what is known.

use crate::search_head::{change::Event, kvstore::Traffic, row::Row, SearchHead};
use crate::stage::{
    at, before_initial, call, installed, known_pair, learned, names, run, warns, BASELINE,
    DECISIONS, DETECTION, DETECTIONS, INITIAL, STATE,
};
use std::collections::BTreeMap;

/// Forgotten rows that flag the baseline as mature, whose keys stand before all others.
fn forgotten(rows: usize) -> Vec<Row> {
    let row = |number: usize| {
        Row::of(&[
            ("_key", &format!("{number:064}")),
            ("user", "Gone"),
            ("command", &format!("Call{number}")),
            ("firstTimeSeen", "1000"),
            ("lastTimeSeen", "2000"),
            ("enough_data", "1"),
        ])
    };
    (0..rows).map(row).collect()
}

/// A search's traffic with these collections; of others there must be none.
fn traffic(asked: &BTreeMap<String, Traffic>, collections: &[&str]) -> Vec<Traffic> {
    assert_eq!(Vec::from_iter(asked.keys()), collections);
    asked.values().cloned().collect()
}

#[test]
fn the_detection_reads_one_row_beside_its_observations_and_is_right_in_any_hour() {
    let ordinary_hour = at("14 Aug 12:17") + 60 * 60;
    for (rows, flagged) in [(0, "small"), (5_000, "behind 5,000 forgotten rows")] {
        let mut head = learned();
        head.store.upsert(BASELINE, &forgotten(rows)).unwrap();
        head.store.max_rows_per_query = 1_000;
        head.now = ordinary_hour;
        // An ordinary hour.
        let finished = head.paste(DETECTION).unwrap();
        assert_eq!(finished.rows, [], "{flagged}");
        let asked = traffic(&finished.traffic, &[BASELINE, DECISIONS, STATE]);
        let observed = asked[0].probed;
        assert_eq!((observed, asked[0].joined, asked[0].read), (17, 17, 0));
        assert_eq!((asked[2].read, asked[2].round_trips), (1, 1));
        // One in which everything is new.
        head.events = vec![call("Backdoor CreateUser", "14 Aug 13:05")];
        let finished = head.paste(DETECTION).unwrap();
        assert_eq!(names(&finished.rows), ["Backdoor CreateUser"], "{flagged}");
        let asked = traffic(&finished.traffic, &[BASELINE, DECISIONS, DETECTIONS, STATE]);
        // Once for the pair, once for its role.
        assert_eq!((asked[0].probed, asked[0].joined, asked[0].read), (2, 0, 0));
        assert_eq!((asked[2].probed, asked[2].written), (1, 1));
        assert_eq!(asked[3].read, 1);
        // An empty one.
        head.events.clear();
        let finished = head.paste(DETECTION).unwrap();
        assert_eq!(finished.rows, [], "{flagged}");
        assert_eq!(finished.traffic[STATE].read, 1);
        assert!(!warns(&finished, "Initial"), "{:?}", finished.messages);
    }
}

#[test]
fn forgotten_rows_that_flag_the_baseline_as_mature_do_not_make_a_learning_one_report() {
    let mut head = before_initial();
    head.store.upsert(BASELINE, &forgotten(5_000)).unwrap();
    run(&mut head, INITIAL, "13 Jul 06:00").unwrap();
    head.events.push(call("Deploy CreateUser", "13 Jul 10:30"));
    let finished = run(&mut head, DETECTION, "13 Jul 11:17").unwrap();
    assert_eq!(finished.rows, []);
    assert!(warns(&finished, "learning"), "{:?}", finished.messages);
}

#[test]
fn a_baseline_that_is_forgotten_as_a_whole_reports_nothing() {
    let mut head = learned();
    head.events = vec![call("Deploy CreateUser", "20 Dec 10:30")];
    let finished = run(&mut head, DETECTION, "20 Dec 11:17").unwrap();
    assert_eq!(finished.rows, []);
}

/// So many pairs, all known and used in the last hour, by a hundred roles.
fn site(pairs: usize) -> SearchHead {
    let mut head = installed();
    head.now = at("14 Aug 13:17");
    head.chunk_rows = 50_000;
    head.store.max_rows_per_query = usize::MAX;
    let rows: Vec<Row> = (0..pairs)
        .map(|number| {
            let user = format!("111122223333:role/Role{}", number % 100);
            known_pair(&user, &format!("iam:Call{number}"))
        })
        .collect();
    head.store.upsert(BASELINE, &rows).unwrap();
    let state = [
        ("_key", "baseline"),
        ("enough_data", "1"),
        ("lastTimeSeen", &at("14 Aug 12:30").to_string()),
    ];
    head.store.upsert(STATE, &[Row::of(&state)]).unwrap();
    let used = |number: usize| {
        let role = format!("Role{}", number % 100);
        Event::call(&role, &format!("Call{number}"), at("14 Aug 12:30"))
    };
    head.events = (0..1_000).map(used).collect();
    head.store.take_traffic();
    head
}

/// Of an hour with a thousand pairs, over a baseline of so many: as it is, and as it was with the whole
/// collection beside the observations. Gives the bytes that `unseen` is sent as it is.
fn bytes_an_hour_sends_over(pairs: usize) -> usize {
    let mut head = site(pairs);
    let lean = head.paste(DETECTION).unwrap();
    assert_eq!(lean.rows, []);
    let asked = traffic(&lean.traffic, &[BASELINE, DECISIONS, STATE]);
    let probes = |traffic: &Traffic| (traffic.probed, traffic.joined, traffic.round_trips);
    assert_eq!(probes(&asked[0]), (1_000, 1_000, 1));
    assert_eq!(probes(&asked[1]), (1_000, 0, 1));
    assert_eq!((asked[2].read, asked[2].round_trips), (1, 1));
    let detection = head.searches.stanzas[DETECTION]["search"].clone();
    let whole = detection.replace("`unseen_recall_lean`", "`unseen_recall_whole`");
    let whole = head.run_spl(&whole, at("14 Aug 09:00"), head.now).unwrap();
    let asked = &whole.traffic[BASELINE];
    assert_eq!((asked.probed, asked.read), (1_000, pairs));
    assert_eq!(asked.round_trips, 1 + pairs.div_ceil(50_000));
    assert!(whole.sent > pairs * 90, "{} bytes", whole.sent);
    lean.sent
}

/// The figures of docs/performance.md were made with `PAIRS=1000000 cargo test --test app cost`, which takes minutes and four gigabytes.
#[test]
fn what_an_hour_asks_of_the_store_does_not_grow_with_the_baseline() {
    let pairs = std::env::var("PAIRS").map_or(60_000, |pairs| pairs.parse().unwrap());
    let small = bytes_an_hour_sends_over(10_000);
    assert_eq!(bytes_an_hour_sends_over(pairs), small);
}
