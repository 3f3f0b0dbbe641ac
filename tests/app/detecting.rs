//! The detection's rows: what is new and what is not. When it alerts is in `alerting.rs`.

use crate::search_head::kvstore::Health;
use crate::search_head::row::Row;
use crate::stage::{
    at, baseline, before_initial, call, installed, known_pair, learned, names, ordinary_days,
    reports, run, times, warns, with_calls, BASELINE, DETECTION, DETECTIONS, INITIAL, UPDATE,
};

#[test]
fn a_week_of_ordinary_days_reports_nothing_and_keeps_the_baseline_up_to_date() {
    let mut head = learned();
    let before = baseline(&head);
    let runs = head.live_until(at("21 Aug 06:00")).unwrap();
    assert_eq!(runs.len(), 7 + 7 + 7 * 24);
    assert_eq!(reports(&runs).len(), 0);
    let after = baseline(&head);
    assert_eq!(after.len(), before.len());
    for (name, sighting) in &after {
        let [first, last] = times(&before[name]);
        assert_eq!(times(sighting), [first, last + 7 * 86_400], "{name}");
    }
    assert!(head.store.contents(DETECTIONS).is_empty());
}

#[test]
fn a_call_is_reported_even_if_no_other_call_of_the_day_is_known() {
    let mut head = learned();
    head.events = vec![call("Backdoor CreateUser", "14 Aug 10:05")];
    let finished = run(&mut head, DETECTION, "14 Aug 10:17").unwrap();
    assert_eq!(names(&finished.rows), ["Backdoor CreateUser"]);
}

#[test]
fn a_reported_row_says_who_did_what_when_from_where_and_to_what() {
    let mut head = learned();
    for bucket in 10..22 {
        let call = call("Deploy PutBucketPolicy", "14 Aug 10:30");
        head.events
            .push(call.on_bucket(&format!("bucket-{bucket}")));
    }
    let later = call("Deploy PutBucketPolicy", "14 Aug 10:45");
    head.events.push(later.at_address("198.51.100.9"));
    let rows = run(&mut head, DETECTION, "14 Aug 11:17").unwrap().rows;
    assert_eq!(rows.len(), 1);
    for (field, value) in [
        ("_time", "1692009000"),
        ("user", "111122223333:role/Deploy"),
        ("command", "iam:PutBucketPolicy"),
        ("firstTime", "2023-08-14T10:30:00"),
        ("lastTime", "2023-08-14T10:45:00"),
        ("count", "13"),
        ("object_count", "13"),
        ("account", "111122223333"),
        ("region", "eu-central-1"),
        ("src", "203.0.113.7"),
        ("user_agent", "aws-cli/2.13"),
        ("novelty", "role"),
        ("waiting", "0"),
    ] {
        assert_eq!(rows[0].text(field), value, "{field}");
    }
    let objects = rows[0].text("object");
    assert_eq!(objects.split("; ").count(), 10, "{objects}");
    assert!(objects.starts_with("arn:aws:s3:::bucket-10; "), "{objects}");
}

#[test]
fn a_known_role_with_a_new_call_is_a_pair_and_an_unknown_one_a_role() {
    let new = ["AWSServiceRoleForRDS CreateUser", "Backdoor DescribeVpcs"];
    let mut head = with_calls(&new.map(|name| call(name, "14 Aug 10:30")));
    let rows = run(&mut head, DETECTION, "14 Aug 11:17").unwrap().rows;
    let novelty: Vec<String> = rows.iter().map(|row| row.text("novelty")).collect();
    // The real role is of another account than the made-up one of the same name.
    assert_eq!(names(&rows), new);
    assert_eq!(novelty, ["role", "role"]);
    head.store
        .upsert(
            BASELINE,
            &[known_pair("111122223333:role/Backdoor", "iam:GetUser")],
        )
        .unwrap();
    let rows = run(&mut head, DETECTION, "14 Aug 12:17").unwrap().rows;
    let stored: Vec<String> = rows.iter().map(|row| row.text("novelty")).collect();
    assert_eq!(stored, ["role", "role"], "what the first report says stays");
    head.events = vec![call("Backdoor PutUserPolicy", "14 Aug 12:30")];
    let rows = run(&mut head, DETECTION, "14 Aug 13:17").unwrap().rows;
    assert_eq!(rows[0].text("novelty"), "pair");
}

#[test]
fn the_detection_is_silent_and_says_so_until_the_oldest_sighting_is_a_week_old() {
    let mut head = before_initial();
    run(&mut head, INITIAL, "13 Jul 06:00").unwrap();
    head.events.push(call("Deploy CreateUser", "17 Jul 10:30"));
    head.events.push(call("Deploy DeleteUser", "18 Jul 10:30"));
    head.live_until(at("17 Jul 06:00")).unwrap();
    let learning = run(&mut head, DETECTION, "17 Jul 11:17").unwrap();
    assert_eq!(learning.rows, []);
    assert!(warns(&learning, "learning"), "{:?}", learning.messages);
    head.live_until(at("18 Jul 06:00")).unwrap();
    let mature = run(&mut head, DETECTION, "18 Jul 11:17").unwrap();
    assert_eq!(names(&mature.rows), ["Deploy DeleteUser"]);
    assert!(!warns(&mature, "learning"), "{:?}", mature.messages);
}

#[test]
fn the_detection_over_an_empty_baseline_reports_nothing_and_names_the_search_to_run() {
    let finished = before_initial().paste(DETECTION).unwrap();
    assert_eq!(finished.rows, []);
    assert!(warns(&finished, "Initial"), "{:?}", finished.messages);
}

#[test]
fn a_store_that_is_down_or_answers_with_nothing_raises_no_alert() {
    let mut head = learned();
    head.store.health = Health::Down;
    let down = run(&mut head, DETECTION, "14 Aug 13:17").unwrap_err();
    assert_eq!(down.to_string(), "the KV store is down");
    head.store.health = Health::Silent;
    let silent = run(&mut head, DETECTION, "14 Aug 13:17").unwrap();
    assert_eq!(silent.rows, []);
}

#[test]
fn a_forgotten_call_that_returns_is_reported_and_starts_at_its_new_sighting() {
    // Seen on 10 July only; from 9 October on, that is before the forget window opens.
    let once = "10 Jul 09:00";
    for (returns, hour, night, forgotten) in [
        ("07 Oct 10:30", "07 Oct 11:17", "08 Oct 00:41", false),
        ("09 Oct 10:30", "09 Oct 11:17", "10 Oct 00:41", true),
    ] {
        let mut head = installed();
        head.events = ordinary_days(0..100);
        head.events
            .extend([once, returns].map(|moment| call("Audit ListKeys", moment)));
        run(&mut head, INITIAL, "05 Oct 06:00").unwrap();
        assert_eq!(times(&baseline(&head)["Audit ListKeys"]), [once; 2].map(at));
        let reported = run(&mut head, DETECTION, hour).unwrap().rows;
        let expected: &[&str] = if forgotten { &["Audit ListKeys"] } else { &[] };
        assert_eq!(names(&reported), expected, "{returns}");
        run(&mut head, UPDATE, night).unwrap();
        let first = if forgotten { returns } else { once };
        assert_eq!(
            times(&baseline(&head)["Audit ListKeys"]),
            [first, returns].map(at)
        );
    }
}

#[test]
fn a_sighting_that_came_under_another_key_counts_too() {
    let mut head = with_calls(&[call("Deploy CreateUser", "14 Aug 10:30")]);
    let user = "111122223333:role/Deploy";
    let imported = [
        ("user", user),
        ("command", "iam:CreateUser"),
        ("firstTimeSeen", &at("01 Jun 00:00").to_string()),
        ("lastTimeSeen", &at("01 Aug 00:00").to_string()),
    ];
    head.store.upsert(BASELINE, &[Row::of(&imported)]).unwrap();
    assert_eq!(run(&mut head, DETECTION, "14 Aug 11:17").unwrap().rows, []);
    run(&mut head, UPDATE, "15 Aug 00:41").unwrap();
    let rows = head.store.contents(BASELINE);
    let ours = rows.iter().filter(|row| row.text("user") == user);
    let ours: Vec<[i64; 2]> = ours.map(times).collect();
    let imported = ["01 Jun 00:00", "01 Aug 00:00"].map(at);
    let learned = ["01 Jun 00:00", "14 Aug 10:30"].map(at);
    assert!(ours == [imported, learned] || ours == [learned, imported]);
}
