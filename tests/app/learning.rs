//! Initial and Update: what the baseline is after them, and what is stored about it as a whole.

use crate::search_head::{kvstore::Health, row::Row, Failed};
use crate::stage::{
    at, baseline, before_initial, call, learned, number, run, state, times, INITIAL, UPDATE,
};
use sha2::{Digest, Sha256};

#[test]
fn initial_learns_every_call_of_every_role() {
    let baseline = baseline(&learned());
    assert_eq!(baseline.len(), 17);
    let calls = &baseline["AWSServiceRoleForRDS DescribeVpcs"];
    assert_eq!(calls.text("enough_data"), "1");
    assert_eq!(
        times(calls),
        [at("10 Jul 12:15") + 59, at("13 Aug 12:15") + 59]
    );
}
#[test]
fn initial_run_twice_or_over_a_shorter_range_changes_nothing() {
    let mut head = learned();
    let before = baseline(&head);
    assert_eq!(head.run(INITIAL).unwrap().rows[0].text("rows"), "0");
    let initial = head.searches.stanzas[INITIAL]["search"].clone();
    head.run_spl(&initial, at("13 Aug 00:00"), head.now)
        .unwrap();
    assert_eq!(baseline(&head), before);
}

#[test]
fn initial_in_slices_in_any_order_learns_what_it_learns_at_once() {
    let mut head = before_initial();
    let initial = head.searches.stanzas[INITIAL]["search"].clone();
    let slices = [
        ("04 Aug 00:00", "14 Aug 06:00"),
        ("16 May 00:00", "15 Jul 00:00"),
        ("15 Jul 00:00", "04 Aug 00:00"),
    ];
    for (slice, from) in slices
        .iter()
        .zip(["04 Aug 00:00", "16 May 00:00", "16 May 00:00"])
    {
        let finished = head.run_spl(&initial, at(slice.0), at(slice.1)).unwrap();
        // The result shows how far it has come.
        assert_eq!(number(&finished.rows[0], "learned_from"), at(from));
    }
    assert_eq!(baseline(&head), baseline(&learned()));
    assert_eq!(state(&head).text("enough_data"), "1");
}

#[test]
fn what_is_stored_of_the_baseline_as_a_whole_is_what_its_rows_say() {
    let mut head = learned();
    let newest = |rows: Vec<Row>| rows.iter().map(|row| times(row)[1]).max();
    let stored = state(&head);
    assert_eq!(stored.text("enough_data"), "1");
    assert_eq!(stored.text("rows"), "17");
    assert_eq!(number(&stored, "learned_from"), at("16 May 00:00"));
    assert_eq!(number(&stored, "written"), head.now);
    let newest_sighting = newest(baseline(&head).into_values().collect());
    assert_eq!(Some(number(&stored, "lastTimeSeen")), newest_sighting);
    // A night without events stores that it has run, and keeps the rest.
    head.events.clear();
    run(&mut head, UPDATE, "15 Aug 00:41").unwrap();
    let next = state(&head);
    assert_eq!(number(&next, "written"), at("15 Aug 00:41"));
    assert_eq!(next.text("rows"), "0");
    for field in ["enough_data", "lastTimeSeen", "learned_from"] {
        assert_eq!(next.text(field), stored.text(field), "{field}");
    }
}

#[test]
fn a_baseline_that_starts_anew_is_no_longer_mature() {
    let mut head = learned();
    assert_eq!(state(&head).text("enough_data"), "1");
    // Nothing happens for longer than the forget window.
    head.events = vec![call("Deploy CreateUser", "01 Dec 10:30")];
    run(&mut head, UPDATE, "02 Dec 00:41").unwrap();
    assert_eq!(state(&head).text("enough_data"), "0");
}

#[test]
fn a_baseline_larger_than_a_page_is_learned_over_several_replies() {
    let mut head = before_initial();
    head.max_result_rows = 5;
    head.run(INITIAL).unwrap();
    assert_eq!(baseline(&head), baseline(&learned()));
}

#[test]
fn what_is_learned_does_not_hang_on_how_rows_are_cut_into_chunks() {
    for chunk_rows in [1, 2, 50_000] {
        let mut head = before_initial();
        head.chunk_rows = chunk_rows;
        head.run(INITIAL).unwrap();
        run(&mut head, UPDATE, "15 Aug 00:41").unwrap();
        let mut as_usual = learned();
        run(&mut as_usual, UPDATE, "15 Aug 00:41").unwrap();
        assert_eq!(
            baseline(&head),
            baseline(&as_usual),
            "{chunk_rows} rows a chunk"
        );
    }
}

#[test]
fn the_key_of_a_sighting_is_one_that_spl_can_compute() {
    let sha256 = |text: String| format!("{:x}", Sha256::digest(text));
    for sighting in baseline(&learned()).values() {
        let [user, command] = ["user", "command"].map(|field| sha256(sighting.text(field)));
        assert_eq!(sighting.text("_key"), sha256(user + &command));
    }
}
#[test]
fn an_update_without_events_keeps_everything() {
    let mut head = learned();
    let before = baseline(&head);
    head.events.clear();
    run(&mut head, UPDATE, "15 Aug 00:41").unwrap();
    assert_eq!(baseline(&head), before);
}

#[test]
fn an_update_over_an_empty_store_is_refused_and_writes_nothing() {
    let mut head = before_initial();
    assert!(matches!(head.run(UPDATE), Err(Failed::Command(_))));
    assert!(baseline(&head).is_empty());
    assert!(head.store.contents(crate::stage::STATE).is_empty());
}

#[test]
fn an_update_writes_nothing_while_the_store_is_down_or_answers_with_nothing() {
    let mut head = learned();
    let before = baseline(&head);
    head.store.health = Health::Down;
    let down = run(&mut head, UPDATE, "15 Aug 00:41").unwrap_err();
    assert_eq!(down.to_string(), "the KV store is down");
    head.store.health = Health::Silent;
    let silent = run(&mut head, UPDATE, "15 Aug 00:41");
    assert!(matches!(silent, Err(Failed::Command(_))));
    assert_eq!(baseline(&head), before);
}

#[test]
fn days_begin_at_the_search_heads_midnight() {
    // The oldest sighting is of 10 July. At this moment it is the 18th in London, and in Los Angeles still the 17th.
    let now = "18 Jul 01:00";
    let zones = [
        (chrono_tz::Europe::London, "1"),
        (chrono_tz::America::Los_Angeles, "0"),
    ];
    for (zone, enough) in zones {
        let mut head = before_initial();
        head.zone = zone;
        run(&mut head, INITIAL, now).unwrap();
        for sighting in baseline(&head).values() {
            assert_eq!(sighting.text("enough_data"), enough, "{zone}");
        }
    }
}
