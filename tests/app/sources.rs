//! Where calls are read from: both sources give the same columns and the same results.

use crate::search_head::{change::AddOn, row::Row};
use crate::stage::{
    alerts, at, baseline, before_initial, call, installed, names, real_hour, run, warns, DETECTION,
    INITIAL,
};
use std::collections::BTreeSet;

const SOURCES: [&str; 2] = ["unseen_calls_from_cloudtrail", "unseen_calls_from_change"];

#[test]
fn both_sources_give_one_row_for_each_role_and_call_with_its_times_count_and_context() {
    let mut head = installed();
    head.events = real_hour();
    head.now = at("11 Jul 00:00");
    for (source, known) in [
        (
            SOURCES[0],
            "123837392027:role/AWSServiceRoleForRDS ec2:DescribeVpcs",
        ),
        (SOURCES[1], "AWSServiceRoleForRDS DescribeVpcs"),
    ] {
        let spl = format!("| `{source}`");
        let rows = head
            .run_spl(&spl, at("10 Jul 00:00"), head.now)
            .unwrap()
            .rows;
        let count = |row: &Row| row.text("count").parse::<i64>().unwrap();
        assert_eq!(rows.iter().map(count).sum::<i64>(), 29, "{source}");
        assert_eq!(BTreeSet::from_iter(names(&rows)).len(), 17, "{source}");
        assert_eq!(rows.len(), 17, "{source}");
        let is_known = |row: &Row| row.text("user") + " " + &row.text("command") == known;
        assert!(rows.iter().any(is_known), "{source}");
        for row in &rows {
            assert!(row.text("firstTime") <= row.text("lastTime"), "{source}");
            for field in [
                "object",
                "object_count",
                "account",
                "region",
                "src",
                "user_agent",
            ] {
                assert_ne!(row.text(field), "", "{source}: {field}");
            }
        }
    }
}

#[test]
fn a_row_has_ten_objects_at_most_and_their_number() {
    let mut head = installed();
    for bucket in (10..22).chain(10..15) {
        let call = call("Deploy PutBucketPolicy", "14 Aug 10:30");
        head.events
            .push(call.on_bucket(&format!("bucket-{bucket}")));
    }
    head.now = at("14 Aug 11:17");
    for source in SOURCES {
        let rows = head
            .run_spl(&format!("| `{source}`"), at("14 Aug 10:00"), head.now)
            .unwrap()
            .rows;
        assert_eq!(rows[0].values("object").len(), 10, "{source}");
        assert_eq!(rows[0].text("object_count"), "12", "{source}");
    }
}

#[test]
fn the_play_is_the_same_from_either_source_with_the_add_on_or_without() {
    for (source, add_on) in [
        (SOURCES[0], AddOn::Absent),
        (SOURCES[0], AddOn::Installed),
        (SOURCES[1], AddOn::Installed),
    ] {
        let mut head = before_initial();
        head.add_on = add_on;
        head.macros.define("unseen_calls", &format!("`{source}`"));
        head.run(INITIAL).unwrap();
        assert_eq!(baseline(&head).len(), 17, "add-on {add_on:?}");
        head.events.push(call("Deploy CreateUser", "14 Aug 10:30"));
        let runs = head.live_until(at("14 Aug 12:00")).unwrap();
        assert_eq!(
            alerts(&runs),
            [(at("14 Aug 11:17"), "Deploy CreateUser".into())]
        );
    }
}

#[test]
fn the_index_is_named_in_one_place() {
    let mut head = before_initial();
    head.macros.define("unseen_index", "index=elsewhere");
    let result = head.run(INITIAL).unwrap();
    assert!(baseline(&head).is_empty());
    assert!(warns(&result, "the right index"), "{:?}", result.messages);
    assert_eq!(result.rows[0].text("rows"), "0");
    assert_eq!(result.rows[0].text("learned_from"), "");
    head.macros.define("unseen_index", "index=main");
    let result = head.run(INITIAL).unwrap();
    assert!(!warns(&result, "the right index"));
    assert_eq!(baseline(&head).len(), 17);
}

#[test]
fn a_new_session_of_a_role_that_the_data_model_knows_by_its_id_is_not_a_new_role() {
    let mut head = before_initial();
    head.macros
        .define("unseen_calls", "`unseen_calls_from_change`");
    head.events
        .push(call("AROAEXAMPLE:monday CreateUser", "31 Jul 10:30"));
    head.events
        .push(call("AROAEXAMPLE:friday CreateUser", "14 Aug 10:30"));
    head.run(INITIAL).unwrap();
    assert!(baseline(&head).contains_key("AROAEXAMPLE CreateUser"));
    assert_eq!(run(&mut head, DETECTION, "14 Aug 11:17").unwrap().rows, []);
}
