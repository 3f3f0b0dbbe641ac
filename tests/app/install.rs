//! docs/install.md, step by step, in its order, as far as it can be played.
//!
//! The page says what to run, who may, and what is seen. Splunk's pages and clicks are not here.

use crate::search_head::{access::User, Failed, SearchHead};
use crate::stage::{
    alerts, at, baseline, before_initial, call, names, page, DECISIONS, DETECTION, DETECTIONS,
    HEALTH, INITIAL, LOOK, RECONCILE, UPDATE,
};
use std::collections::BTreeSet;

const DAY: i64 = 24 * 3600;

/// The SPL block of that name on the page.
fn documented(name: &str) -> String {
    let page = page("install.md");
    let (_, after) = page
        .split_once(&format!("```spl {name}\n"))
        .unwrap_or_else(|| panic!("no block `{name}`"));
    let (spl, _) = after.split_once("\n```").expect("the block ends");
    spl.to_string()
}

/// As the app comes: nothing is enabled.
fn unpacked() -> SearchHead {
    let mut head = before_initial();
    head.enabled.clear();
    head
}

/// The searches that a step of the page names, in its order.
fn named_in(step: &str) -> Vec<String> {
    let page = page("install.md");
    let (_, after) = page.split_once(&format!("## {step}")).expect("the step");
    let (step, _) = after.split_once("\n## ").expect("a next step");
    let item = regex::Regex::new(r"(?m)^\d\..*?\*([^*]+)\*").unwrap();
    let items = item.captures_iter(step);
    items.map(|item| item[1].to_string()).collect()
}

#[test]
fn every_block_of_the_page_is_played_here_and_in_this_order() {
    let page = page("install.md");
    let names: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("```spl "))
        .collect();
    assert_eq!(names, ["check", "calls", "baseline"]);
    assert!(!page.contains("```spl\n"), "a block without a name");
}

#[test]
fn step_1_the_check_returns_no_row_and_the_warning_that_the_page_quotes() {
    let mut head = unpacked();
    let checked = head.run_spl_as(User::Reader, &documented("check"), 0, head.now);
    let checked = checked.unwrap();
    assert_eq!(checked.rows, []);
    let page = page("install.md");
    let words: Vec<&str> = page.split_whitespace().collect();
    let page = words.join(" ");
    let (_, quoted) = page.split_once("a yellow warning that begins `").unwrap();
    let (quoted, _) = quoted.split_once("`.").unwrap();
    let warnings: Vec<_> = checked.messages.iter().map(|it| it.text.clone()).collect();
    let plain = |text: &str| text.replace('`', "");
    assert!(
        warnings.iter().any(|text| plain(text).starts_with(quoted)),
        "{warnings:?}"
    );
}

#[test]
fn step_2_calls_are_shown_with_account_and_role() {
    let mut head = unpacked();
    let (from, to) = (head.now - DAY, head.now);
    let rows = head.run_spl_as(User::Reader, &documented("calls"), from, to);
    let rows = rows.unwrap().rows;
    assert!(!rows.is_empty());
    let named = regex::Regex::new(r"^\d{12}:role/.").unwrap();
    assert!(rows.iter().all(|row| named.is_match(&row.text("user"))));
}

#[test]
fn step_3_an_administrator_runs_initial_and_nobody_else_can() {
    let mut head = unpacked();
    for user in [User::Reader, User::Analyst] {
        let refused = head.run_as(user, INITIAL).unwrap_err();
        assert!(matches!(refused, Failed::NoPermission(_)), "{refused}");
    }
    assert_eq!(baseline(&head).len(), 0);
    let rows = head.run_as(User::Admin, INITIAL).unwrap().rows;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].text("rows"), baseline(&head).len().to_string());
    assert_eq!(rows[0].text("enough_data"), "1");
    assert!(!rows[0].text("learned_from").is_empty());
}

#[test]
fn step_4_the_baseline_is_shown_to_anybody() {
    let mut head = unpacked();
    head.run(INITIAL).unwrap();
    let shown = head.run_spl_as(User::Reader, &documented("baseline"), 0, head.now);
    let rows = shown.unwrap().rows;
    assert_eq!(rows[0].text("pairs"), baseline(&head).len().to_string());
    assert_eq!(rows[0].text("mature"), "1");
    assert_eq!(rows[0].text("oldest"), "2023-07-10 11:55");
}

#[test]
fn step_5_anybody_looks_and_a_disabled_detection_cannot_be_run() {
    let mut head = unpacked();
    head.run(INITIAL).unwrap();
    head.events.push(call("Deploy CreateUser", "14 Aug 05:30"));
    for search in named_in("6. Enable") {
        let refused = head.run_as(User::Admin, &search).unwrap_err();
        assert!(matches!(refused, Failed::Disabled(_)), "{search}");
    }
    let looked = head.run_as(User::Reader, LOOK).unwrap();
    assert_eq!(names(&looked.rows), ["Deploy CreateUser"]);
    assert!(head.store.contents(DETECTIONS).is_empty());
}

#[test]
fn step_6_names_every_search_that_comes_disabled() {
    let head = unpacked();
    let disabled = head.searches.stanzas.iter();
    let disabled =
        disabled.filter(|(_, search)| search.get("disabled").map(String::as_str) == Some("1"));
    let disabled: BTreeSet<String> = disabled.map(|(name, _)| name.clone()).collect();
    let page = page("install.md");
    let (_, step) = page.split_once("## 6. Enable").unwrap();
    let missing: Vec<_> = disabled
        .iter()
        .filter(|name| !step.contains(*name))
        .collect();
    assert_eq!(missing, Vec::<&String>::new());
    let first: Vec<_> = named_in("6. Enable").into_iter().take(3).collect();
    assert_eq!(first, [UPDATE, DETECTION, RECONCILE]);
}

#[test]
fn step_6_enabled_in_that_order_a_new_call_alerts_and_health_is_content() {
    let mut head = unpacked();
    head.run(INITIAL).unwrap();
    head.enabled
        .extend(named_in("6. Enable").into_iter().take(4));
    head.events.push(call("Deploy CreateUser", "16 Aug 10:30"));
    let runs = head.live_until(at("17 Aug 08:00")).unwrap();
    let alerted: Vec<_> = alerts(&runs)
        .into_iter()
        .filter(|(at_, _)| *at_ > at("16 Aug 06:00"))
        .collect();
    assert_eq!(
        alerted,
        [(at("16 Aug 11:17"), "Deploy CreateUser".to_string())]
    );
    head.enabled.insert(HEALTH.into());
    assert_eq!(head.run_as(User::Admin, HEALTH).unwrap().rows, []);
}

#[test]
fn who_may_mark_detections_is_who_the_page_says() {
    let mut head = unpacked();
    head.run(INITIAL).unwrap();
    head.events.push(call("Deploy CreateUser", "14 Aug 05:30"));
    head.paste(DETECTION).unwrap();
    let key = head.store.contents(DETECTIONS)[0].text("key");
    let mark = format!("| `unseen_mark(\"{key}\", \"attack\")`");
    let now = head.now;
    let refused = head.run_spl_as(User::Reader, &mark, 0, now).unwrap_err();
    assert!(matches!(refused, Failed::NoPermission(_)), "{refused}");
    assert_eq!(
        head.run_spl_as(User::Analyst, &mark, 0, now)
            .unwrap()
            .rows
            .len(),
        1
    );
    assert_eq!(head.store.contents(DECISIONS)[0].text("status"), "attack");
    assert!(page("install.md").contains("| `power`, which Enterprise Security's `ess_analyst` has | all that follows, and mark detections |"));
}
