//! Records, claims and alerts: what alerts, when, and how often, and what is done when something goes wrong.
//!
//! Update runs at 00:41, Reconcile at 03:11, the detection at :17 of each hour over four hours. All of them start
//! on 14 August, 06:00.

use crate::search_head::{
    access::User, change::Event, kvstore::Health, row::Row, scheduler::Run, Failed, SearchHead,
};
use crate::stage::{
    alerted, alerts, at, baseline, call, names, number, ordinary_days, problems, run, stored,
    with_calls, DETECTION, DETECTIONS, INITIAL, LOOK, RECONCILE, RETENTION, UPDATE,
};

const NEW: &str = "Deploy CreateUser";

fn until(moment: &str, head: &mut SearchHead) -> Vec<Run> {
    head.live_until(at(moment)).expect("time passes")
}

fn at_half_past_ten() -> Event {
    call(NEW, "14 Aug 10:30")
}

fn fault(search: &str, moment: &str) -> (String, i64) {
    (search.to_string(), at(moment))
}

fn record(head: &SearchHead) -> Row {
    stored(head, DETECTIONS)[NEW].clone()
}

#[test]
fn a_new_call_alerts_once_and_its_record_says_when_and_in_which_run() {
    let mut head = with_calls(&[at_half_past_ten()]);
    let runs = until("16 Aug 06:00", &mut head);
    assert_eq!(alerts(&runs), alerted(&["14 Aug 11:17"], NEW));
    let record = record(&head);
    for (field, value) in [
        ("user", "111122223333:role/Deploy"),
        ("command", "iam:CreateUser"),
        ("src", "203.0.113.7"),
        ("count", "1"),
        ("object_count", "1"),
        ("objects", "unknown"),
    ] {
        assert_eq!(record.text(field), value, "{field}");
    }
    for (field, moment) in [
        ("first_time", "14 Aug 10:30"),
        ("last_time", "14 Aug 10:30"),
        ("reported", "14 Aug 11:17"),
        ("alerted", "14 Aug 11:17"),
        ("told", "14 Aug 10:30"),
    ] {
        assert_eq!(number(&record, field), at(moment), "{field}");
    }
    assert_eq!(record.text("key"), record.text("_key"));
    assert_eq!(record.text("key"), baseline(&head)[NEW].text("_key"));
    let alerting = runs.iter().find(|run| !run.alerts.is_empty());
    assert_eq!(record.text("alert_sid"), alerting.unwrap().sid);
}

#[test]
fn a_pair_that_is_used_every_hour_alerts_once() {
    let every_hour = (10..24).map(|hour| call(NEW, &format!("14 Aug {hour}:30")));
    let mut head = with_calls(&every_hour.collect::<Vec<_>>());
    let runs = until("17 Aug 06:00", &mut head);
    assert_eq!(alerts(&runs), alerted(&["14 Aug 11:17"], NEW));
    let record = record(&head);
    assert_eq!(number(&record, "first_time"), at("14 Aug 10:30"));
    assert_eq!(number(&record, "last_time"), at("14 Aug 23:30"));
    assert_eq!(record.text("count"), "4", "the greatest of one run");
}

#[test]
fn of_a_flood_each_pair_alerts_once_the_oldest_first_and_each_row_says_how_many_wait() {
    let flood = (0..12_000).map(|n| call(&format!("Flood Call{n:05}"), "14 Aug 10:31"));
    let mut calls = vec![at_half_past_ten()];
    calls.extend(flood);
    let mut head = with_calls(&calls);
    head.chunk_rows = 50_000;
    head.now = at("14 Aug 11:00");
    let runs = until("14 Aug 15:00", &mut head);
    let alerted: Vec<(usize, String)> = runs
        .iter()
        .map(|run| {
            (
                run.alerts.len(),
                run.alerts
                    .first()
                    .map(|row| row.text("waiting"))
                    .unwrap_or_default(),
            )
        })
        .collect();
    let expected = [(5_000, "7001"), (5_000, "2001"), (2_001, "0"), (0, "")];
    assert_eq!(
        alerted,
        expected.map(|(rows, waiting)| (rows, waiting.to_string()))
    );
    assert_eq!(names(&runs[0].alerts)[0], NEW);
    let mut all: Vec<String> = runs.iter().flat_map(|run| names(&run.alerts)).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 12_001);
}

#[test]
fn a_flood_that_is_too_large_for_its_day_goes_on_at_night_and_what_is_left_is_seen() {
    let flood = (0..100).map(|n| call(&format!("Flood Call{n:03}"), "14 Aug 10:30"));
    let mut head = with_calls(&flood.collect::<Vec<_>>());
    head.macros.define("unseen_alerts_a_run", "10");
    let runs = until("16 Aug 07:52", &mut head);
    let alerted: Vec<i64> = runs
        .iter()
        .filter(|run| !run.alerts.is_empty())
        .map(|run| run.at)
        .collect();
    let moments = [
        "14 Aug 11:17",
        "14 Aug 12:17",
        "14 Aug 13:17",
        "14 Aug 14:17",
        "15 Aug 03:11",
        "16 Aug 03:11",
    ];
    assert_eq!(alerted, moments.map(at));
    let waiting = problems(&mut head, "16 Aug 07:52");
    assert_eq!(waiting.len(), 1);
    assert!(
        waiting[0].starts_with("40 detections of the last three days have not been alerted"),
        "{waiting:?}"
    );
}

#[test]
fn a_missed_hour_is_made_up_for_by_the_next() {
    let mut head = with_calls(&[at_half_past_ten()]);
    head.faults.skipped.insert(fault(DETECTION, "14 Aug 11:17"));
    let runs = until("16 Aug 06:00", &mut head);
    assert_eq!(alerts(&runs), alerted(&["14 Aug 12:17"], NEW));
}

#[test]
fn four_missed_hours_are_made_up_for_at_night() {
    let mut head = with_calls(&[at_half_past_ten()]);
    for hour in 11..15 {
        let moment = format!("14 Aug {hour}:17");
        head.faults.skipped.insert(fault(DETECTION, &moment));
    }
    let runs = until("16 Aug 06:00", &mut head);
    assert_eq!(alerts(&runs), alerted(&["15 Aug 03:11"], NEW));
}

#[test]
fn a_run_that_happens_twice_in_a_row_alerts_once() {
    let mut head = with_calls(&[at_half_past_ten()]);
    head.faults.twice.insert(fault(DETECTION, "14 Aug 11:17"));
    let runs = until("16 Aug 06:00", &mut head);
    assert_eq!(alerts(&runs), alerted(&["14 Aug 11:17"], NEW));
}

#[test]
fn two_runs_at_the_same_moment_repeat_an_alert_and_lose_none() {
    let mut head = with_calls(&[at_half_past_ten()]);
    head.faults.at_once.insert(fault(DETECTION, "14 Aug 11:17"));
    let runs = until("16 Aug 06:00", &mut head);
    assert_eq!(alerts(&runs), alerted(&["14 Aug 11:17"; 2], NEW));
}

#[test]
fn a_run_by_hand_shows_everything_and_claims_nothing() {
    let mut head = with_calls(&[at_half_past_ten()]);
    let mut runs = until("14 Aug 10:45", &mut head);
    let by_hand = head.run(DETECTION).unwrap().rows;
    assert_eq!(names(&by_hand), [NEW]);
    assert_eq!(record(&head).text("alerted"), "0");
    runs.extend(until("14 Aug 11:45", &mut head));
    assert_eq!(names(&head.run(DETECTION).unwrap().rows), [NEW]);
    runs.extend(until("16 Aug 06:00", &mut head));
    assert_eq!(alerts(&runs), alerted(&["14 Aug 11:17"], NEW));
    assert_eq!(number(&record(&head), "reported"), at("14 Aug 10:45"));
}

#[test]
fn an_analyst_looks_and_cannot_write() {
    let mut head = with_calls(&[at_half_past_ten()]);
    let mut runs = until("14 Aug 10:45", &mut head);
    let refused = head.run_as(User::Analyst, DETECTION).unwrap_err();
    assert!(matches!(refused, Failed::NoPermission(_)), "{refused}");
    let rows = head.run_as(User::Analyst, LOOK).unwrap().rows;
    assert_eq!(names(&rows), [NEW]);
    assert!(head.store.contents(DETECTIONS).is_empty());
    runs.extend(until("16 Aug 06:00", &mut head));
    assert_eq!(alerts(&runs), alerted(&["14 Aug 11:17"], NEW));
    for search in [INITIAL, UPDATE, RECONCILE] {
        let refused = head.run_as(User::Analyst, search).unwrap_err();
        assert!(
            matches!(refused, Failed::NoPermission(_)),
            "{search}: {refused}"
        );
    }
}

#[test]
fn what_comes_late_or_is_dated_back_alerts_within_a_day_if_update_can_still_read_it() {
    for (dated, arrives, expected) in [
        // The detection reads four hours.
        ("14 Aug 10:30", "14 Aug 13:00", &["14 Aug 13:17"][..]),
        ("14 Aug 10:30", "14 Aug 17:30", &["15 Aug 03:11"]),
        ("14 Aug 22:30", "15 Aug 00:30", &["15 Aug 01:17"]),
        // Dated back two days: learned at 00:41, and alerted the same night.
        ("12 Aug 12:30", "14 Aug 12:30", &["15 Aug 03:11"]),
        ("12 Aug 00:00", "14 Aug 12:30", &["15 Aug 03:11"]),
        // Nobody reads it, so it is not learned either.
        ("11 Aug 23:59", "14 Aug 12:30", &[]),
    ] {
        let mut head = with_calls(&[call(NEW, dated).arriving(at(arrives))]);
        let runs = until("18 Aug 06:00", &mut head);
        assert_eq!(alerts(&runs), alerted(expected, NEW), "{dated}, {arrives}");
        assert_eq!(baseline(&head).contains_key(NEW), !expected.is_empty());
    }
}

/// Somebody dates an event back, so that the call is known when it is made.
#[test]
fn a_call_that_is_made_known_by_an_event_that_is_dated_back_alerts_by_that_event() {
    for (made, expected) in [
        // Nothing is learned before the night.
        ("14 Aug 20:30", &["14 Aug 21:17"][..]),
        ("16 Aug 10:30", &["15 Aug 03:11"]),
    ] {
        let forged = call(NEW, "12 Aug 12:30").arriving(at("14 Aug 12:30"));
        let mut head = with_calls(&[forged, call(NEW, made)]);
        let runs = until("18 Aug 06:00", &mut head);
        assert_eq!(alerts(&runs), alerted(expected, NEW), "{made}");
    }
}

#[test]
fn after_an_outage_of_28_hours_what_happened_in_it_alerts_within_a_day() {
    let back = "15 Aug 14:00";
    for (called, expected) in [
        // Update's run of 00:41 is caught up.
        ("14 Aug 11:00", "15 Aug 14:00"),
        // It covers what was before 00:41.
        ("15 Aug 02:00", "16 Aug 03:11"),
        // The detection reads four hours.
        ("15 Aug 11:00", "15 Aug 14:17"),
    ] {
        let mut head = with_calls(&[call(NEW, called).arriving(at(back))]);
        head.faults.down.push(at("14 Aug 10:00")..at(back));
        let runs = until("17 Aug 06:00", &mut head);
        assert_eq!(alerts(&runs), alerted(&[expected], NEW), "{called}");
    }
}

#[test]
fn after_an_outage_it_does_no_harm_if_reconcile_is_caught_up_before_update() {
    let back = "15 Aug 14:00";
    let mut head = with_calls(&[call(NEW, "14 Aug 11:00").arriving(at(back))]);
    head.faults.down.push(at("14 Aug 10:00")..at(back));
    // Update waits for its turn until Reconcile has run.
    head.faults.skipped.insert(fault(UPDATE, back));
    let runs = until("17 Aug 06:00", &mut head);
    assert_eq!(alerts(&runs), alerted(&["16 Aug 03:11"], NEW));
}

#[test]
fn a_run_that_fails_is_made_up_for_and_one_whose_claims_are_not_stored_repeats_its_alert() {
    for (health, expected) in [
        // Nothing is lost, and nothing repeats.
        (Health::RefusesWrites, &["14 Aug 13:17"][..]),
        (Health::Down, &["14 Aug 13:17"]),
        // The store only says that it left the write out: each run claims again.
        (
            Health::ReadOnly,
            &["14 Aug 11:17", "14 Aug 12:17", "14 Aug 13:17"],
        ),
    ] {
        let mut head = with_calls(&[at_half_past_ten()]);
        let mut runs = until("14 Aug 11:00", &mut head);
        head.store.health = health;
        runs.extend(until("14 Aug 13:00", &mut head));
        head.store.health = Health::Up;
        runs.extend(until("16 Aug 06:00", &mut head));
        assert_eq!(alerts(&runs), alerted(expected, NEW), "{health:?}");
        let failed = runs.iter().filter(|run| run.failed.is_some()).count();
        assert_eq!(failed > 0, health != Health::ReadOnly, "{health:?}");
    }
}

#[test]
fn a_claim_without_its_alert_is_seen_and_opened_again() {
    let mut head = with_calls(&[at_half_past_ten()]);
    head.faults
        .no_alert
        .insert(fault(DETECTION, "14 Aug 11:17"));
    let mut runs = until("15 Aug 06:30", &mut head);
    assert_eq!(alerts(&runs), []);
    let sid = record(&head).text("alert_sid");
    let told = problems(&mut head, "15 Aug 07:52");
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with(&format!("1 detections were claimed by the run {sid} ")),
        "{told:?}"
    );
    head.run_spl(&format!("| `unseen_reopen(\"{sid}\")`"), 0, head.now)
        .unwrap();
    assert_eq!(record(&head).text("alerted"), "0");
    runs.extend(until("17 Aug 06:00", &mut head));
    assert_eq!(alerts(&runs), alerted(&["16 Aug 03:11"], NEW));
    assert_eq!(problems(&mut head, "17 Aug 07:52"), [""; 0]);
}

#[test]
fn a_pair_that_was_forgotten_and_returns_alerts_again_and_its_record_starts_anew() {
    let mut head = with_calls(&[at_half_past_ten(), call(NEW, "20 Nov 10:30")]);
    let mut runs = until("15 Aug 06:30", &mut head);
    head.events.extend(ordinary_days(50..140));
    run(&mut head, INITIAL, "20 Nov 09:30").unwrap();
    runs.extend(until("21 Nov 06:00", &mut head));
    assert_eq!(
        alerts(&runs),
        alerted(&["14 Aug 11:17", "20 Nov 11:17"], NEW)
    );
    assert_eq!(number(&record(&head), "first_time"), at("20 Nov 10:30"));
}

#[test]
fn the_first_night_after_initial_alerts_what_the_last_days_had_new() {
    let new = [
        ("Deploy CreateUser", "12 Aug 10:30"),
        ("Deploy GetUser", "01 Aug 10:30"),
    ];
    let mut head = with_calls(&[]);
    head.store = crate::stage::installed().store;
    head.events
        .extend(new.map(|(name, moment)| call(name, moment)));
    head.run(INITIAL).unwrap();
    let runs = until("16 Aug 06:00", &mut head);
    assert_eq!(
        alerts(&runs),
        alerted(&["15 Aug 03:11"], "Deploy CreateUser")
    );
}

#[test]
fn a_learning_baseline_alerts_nothing_by_either_way() {
    let mut head = crate::stage::before_initial();
    run(&mut head, INITIAL, "13 Jul 06:00").unwrap();
    head.events.push(call(NEW, "13 Jul 10:30"));
    let runs = until("15 Jul 06:00", &mut head);
    assert!(baseline(&head).contains_key(NEW));
    assert_eq!(alerts(&runs), []);
}

#[test]
fn what_the_filter_leaves_out_alerts_neither_by_day_nor_by_night() {
    let late = call("Deploy GetUser", "14 Aug 10:30").arriving(at("14 Aug 18:00"));
    let mut head = with_calls(&[at_half_past_ten(), late]);
    let filter = "cloud_api_calls_from_previously_unseen_user_roles_filter";
    head.macros
        .define(filter, "search NOT user=\"111122223333:role/Deploy\"");
    let runs = until("16 Aug 06:00", &mut head);
    assert_eq!(alerts(&runs), []);
    assert!(head.store.contents(DETECTIONS).is_empty());
}

#[test]
fn retention_blanks_the_context_of_old_records_and_nothing_else() {
    let mut head = with_calls(&[at_half_past_ten()]);
    until("15 Aug 06:30", &mut head);
    let before = record(&head);
    head.now = at("14 Aug 10:30") + 180 * 86_400;
    assert_eq!(head.paste(RETENTION).unwrap().rows, []);
    head.now += 86_400;
    assert_eq!(head.paste(RETENTION).unwrap().rows.len(), 1);
    let after = record(&head);
    for (field, value) in before.fields() {
        let blank = ["src", "user_agent", "objects"].contains(&field);
        let expected = if blank { &[][..] } else { value };
        assert_eq!(after.values(field), expected, "{field}");
    }
    assert_eq!(head.paste(RETENTION).unwrap().rows, []);
}
