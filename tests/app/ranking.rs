//! The ranking behind the detection: what it stores of pairs and roles, which roles alert, and when.
//!
//! It runs at :37, twenty minutes behind the detection. What a score is worth is not judged here: docs/surprise.md.

use crate::search_head::{change::Event, row::Row, scheduler::Run, SearchHead};
use crate::stage::{
    alerts, at, before_initial, call, number, problems, run, stored, warns, DECISIONS, DETECTION,
    DETECTIONS, INITIAL, RANKING, RANKINGS, THRESHOLD,
};

/// A role that is known for two calls, and the calls of an attack.
const KNOWN: [&str; 2] = ["Deploy GetUser", "Deploy ListKeys"];
const ATTACK: [&str; 3] = [
    "Deploy CreateUser",
    "Deploy AttachUserPolicy",
    "Deploy PutUserPolicy",
];

/// The site with the ranking enabled, with forty more roles, all of them known since July, and these calls to come.
fn ranked(calls: &[Event]) -> SearchHead {
    let mut head = before_initial();
    head.enabled.insert(RANKING.into());
    let others = (0..40).flat_map(|number| {
        let calls = ["GetRole", "ListRoles"].map(|name| format!("Other{number} {name}"));
        calls.map(|name| call(&name, "20 Jul 10:30"))
    });
    head.events.extend(others);
    head.events
        .extend(KNOWN.map(|name| call(name, "20 Jul 10:30")));
    head.run(INITIAL).expect("Initial learns ordinary days");
    head.events.extend_from_slice(calls);
    head
}

fn attack(moment: &str) -> Vec<Event> {
    ATTACK.map(|name| call(name, moment)).to_vec()
}

fn until(moment: &str, head: &mut SearchHead) -> Vec<Run> {
    head.live_until(at(moment)).expect("time passes")
}

/// When which roles alerted, and with which headline.
fn roles(runs: &[Run]) -> Vec<(i64, String, String)> {
    let of = |run: &Run| -> Vec<_> {
        let rows = run.alerts.iter();
        rows.map(|row| (run.at, row.text("user"), row.text("headline")))
            .collect()
    };
    let ranking = runs.iter().filter(|run| run.search == RANKING);
    ranking.flat_map(of).collect()
}

fn role_alerts(moments: &[&str], role: &str, headline: &str) -> Vec<(i64, String, String)> {
    let user = format!("111122223333:role/{role}");
    let one = |moment: &&str| (at(moment), user.clone(), headline.to_string());
    moments.iter().map(one).collect()
}

/// The row about a role.
fn role(head: &SearchHead, name: &str) -> Row {
    let rows = head.store.contents(RANKINGS);
    let of_it = |row: &&Row| row.text("kind") == "role" && row.text("user").ends_with(name);
    rows.iter().find(of_it).expect("the role is ranked").clone()
}

#[test]
fn a_known_role_whose_new_calls_add_up_alerts_once_and_says_why() {
    let mut head = ranked(&attack("14 Aug 10:30"));
    let mut runs = until("14 Aug 12:00", &mut head);
    assert_eq!(
        roles(&runs),
        role_alerts(&["14 Aug 11:37"], "Deploy", "unusual calls")
    );
    let deploy = role(&head, "Deploy");
    assert_eq!(deploy.text("new_calls"), "3");
    assert_eq!(deploy.text("alone"), "3");
    assert_eq!(deploy.text("role_is_new"), "0");
    assert_eq!(number(&deploy, "alerted"), at("14 Aug 11:37"));
    assert!(deploy.text("reason").starts_with("iam:AttachUserPolicy: "));
    let pairs = head.store.contents(RANKINGS);
    let pairs: Vec<&Row> = pairs
        .iter()
        .filter(|row| row.text("kind") == "pair")
        .collect();
    let sum: f64 = pairs
        .iter()
        .map(|row| row.text("surprise").parse::<f64>().unwrap())
        .sum();
    let told: f64 = deploy.text("told").parse().unwrap();
    assert_eq!(pairs.len(), 3);
    assert!(sum >= 15.0, "{sum}");
    assert!((sum - told).abs() < 0.001, "{sum} {told}");
    let records = stored(&head, DETECTIONS);
    for pair in pairs {
        let record = records
            .values()
            .find(|row| row.text("key") == pair.text("_key"));
        assert_eq!(record.unwrap().text("command"), pair.text("command"));
        assert_eq!(pair.text("novelty"), "call");
    }
    runs.extend(until("17 Aug 10:00", &mut head));
    assert_eq!(roles(&runs).len(), 1);
}

#[test]
fn a_role_alerts_again_when_its_sum_has_doubled() {
    let mut calls = attack("14 Aug 10:30");
    let more =
        ["A", "B", "C", "D", "E"].map(|n| call(&format!("Deploy Delete{n}"), "14 Aug 13:30"));
    calls.extend(more);
    let mut head = ranked(&calls);
    let runs = until("15 Aug 10:00", &mut head);
    let moments = ["14 Aug 11:37", "14 Aug 14:37"];
    assert_eq!(
        roles(&runs),
        role_alerts(&moments, "Deploy", "unusual calls")
    );
}

#[test]
fn a_new_role_is_one_row_whatever_its_sum() {
    let calls = ["GetUser", "ListKeys", "CreateUser"]
        .map(|name| call(&format!("Fresh {name}"), "14 Aug 10:30"));
    let mut head = ranked(&calls);
    let runs = until("15 Aug 10:00", &mut head);
    assert_eq!(
        roles(&runs),
        role_alerts(&["14 Aug 11:37"], "Fresh", "new role")
    );
    let fresh = role(&head, "Fresh");
    assert_eq!(
        (fresh.text("new_calls"), fresh.text("alone")),
        ("3".into(), "1".into())
    );
    assert_eq!(fresh.text("role_is_new"), "1");
}

#[test]
fn expected_pairs_do_not_count_and_a_lone_call_may_stay_below_the_threshold() {
    let mut head = ranked(&attack("14 Aug 10:30"));
    until("14 Aug 11:20", &mut head);
    for record in head.store.contents(DETECTIONS) {
        let mark = format!("| `unseen_mark({}, expected)`", record.text("key"));
        head.run_spl(&mark, 0, head.now).unwrap();
    }
    assert_eq!(head.store.contents(DECISIONS).len(), 3);
    let runs = until("15 Aug 10:00", &mut head);
    assert_eq!(roles(&runs), []);
    assert_eq!(role(&head, "Deploy").text("surprise"), "0");
}

#[test]
fn a_run_by_hand_shows_what_is_due_and_claims_nothing() {
    let mut head = ranked(&attack("14 Aug 10:30"));
    until("14 Aug 11:20", &mut head);
    let rows = head.paste(RANKING).unwrap().rows;
    assert_eq!(rows.len(), 1);
    assert_eq!(role(&head, "Deploy").text("alerted"), "0");
    let runs = until("14 Aug 12:00", &mut head);
    assert_eq!(roles(&runs).len(), 1);
}

#[test]
fn part_of_a_baseline_is_not_ranked() {
    let mut head = ranked(&attack("14 Aug 10:30"));
    head.events.push(call("Deploy GetUser", "14 Aug 10:30"));
    run(&mut head, DETECTION, "14 Aug 11:17").unwrap();
    head.store.max_rows_per_query = 4;
    // A record of a pair that is known by now, so that the cut is seen.
    let known = head.store.contents(crate::stage::BASELINE).pop().unwrap();
    let record = [
        ("_key", "known"),
        ("user", &known.text("user")),
        ("command", &known.text("command")),
        ("first_time", &at("14 Aug 10:30").to_string()),
        ("last_time", &at("14 Aug 10:30").to_string()),
    ];
    head.store.upsert(DETECTIONS, &[Row::of(&record)]).unwrap();
    let finished = run(&mut head, RANKING, "14 Aug 11:37").unwrap();
    assert_eq!(finished.rows, []);
    assert!(
        warns(&finished, "the baseline came in part"),
        "{:?}",
        finished.messages
    );
    assert!(head.store.contents(RANKINGS).is_empty());
}

#[test]
fn an_hour_without_new_pairs_ranks_nothing() {
    let mut head = ranked(&[]);
    let runs = until("14 Aug 18:00", &mut head);
    assert_eq!(alerts(&runs), []);
    assert!(runs.iter().all(|run| run.failed.is_none()));
    assert!(head.store.contents(RANKINGS).is_empty());
}

#[test]
fn health_tells_of_a_ranking_that_stopped_or_is_slow_and_of_risk_that_counts_twice() {
    let twice = "The detection and the ranking both add risk: one act is scored twice. Switch the risk action off in one of them.";
    let mut head = ranked(&[]);
    head.faults.run_time = Some(601);
    until("15 Aug 07:52", &mut head);
    let slow = "The ranking takes 601 seconds: let it run every four hours instead of each.";
    assert_eq!(problems(&mut head, "15 Aug 07:52"), [slow, twice]);
    head.faults.run_time = None;
    head.enabled.remove(RANKING);
    until("19 Aug 07:52", &mut head);
    assert_eq!(
        problems(&mut head, "19 Aug 07:52"),
        [""; 0],
        "it may be off"
    );
    head.enabled.insert(RANKING.into());
    until("19 Aug 08:52", &mut head);
    head.enabled.remove(RANKING);
    until("19 Aug 14:52", &mut head);
    let old =
        "The ranking last ran 2023-08-19 08:37:00 +0000: what is new since then is not ranked.";
    assert_eq!(problems(&mut head, "19 Aug 14:52"), [old]);
}

#[test]
fn health_tells_of_a_ranking_that_never_succeeds() {
    let mut head = ranked(&[]);
    head.macros.define("unseen_rank_pairs", "no_such_command");
    until("15 Aug 07:52", &mut head);
    let told = problems(&mut head, "15 Aug 07:52");
    let never =
        "The ranking is enabled, and no run of it succeeded in three days: nothing new is ranked.";
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[0], never);
    assert!(told[1].starts_with("Cloud Role Making Unusual New API Calls failed 25 times"));
    head.enabled.remove(RANKING);
    assert!(!problems(&mut head, "15 Aug 08:52").contains(&never.to_string()));
}

/// What *Unseen - Threshold* shows: threshold, days, role-days, roles a day, new roles a day.
fn thresholds(head: &mut SearchHead) -> Vec<[String; 5]> {
    let columns = [
        "threshold",
        "days",
        "role_days",
        "roles_a_day",
        "new_roles_a_day",
    ];
    let rows = head.paste(THRESHOLD).expect("a report").rows;
    rows.iter()
        .map(|row| columns.map(|column| row.text(column)))
        .collect()
}

fn shown(rows: [[&str; 5]; 4]) -> Vec<[String; 5]> {
    rows.map(|row| row.map(String::from)).to_vec()
}

#[test]
fn the_threshold_report_counts_role_days_of_whole_days_since_ranking_began() {
    let mut calls = attack("14 Aug 10:30");
    calls.push(call("Fresh CreateUser", "14 Aug 10:30"));
    calls.push(call("Other1 CreateUser", "15 Aug 10:30"));
    calls.extend(attack("16 Aug 10:30"));
    calls.push(call("Other2 DeleteUser", "18 Aug 10:30"));
    let mut head = ranked(&calls);
    until("14 Aug 12:00", &mut head);
    assert_eq!(thresholds(&mut head), [[""; 5]; 0], "no day is over");
    until("18 Aug 12:00", &mut head);
    let [deploy, other]: [f64; 2] =
        ["Deploy", "Other1"].map(|name| role(&head, name).text("surprise").parse().unwrap());
    assert!((15.0..20.0).contains(&deploy), "{deploy}");
    assert!((20.0..30.0).contains(&other), "{other}");
    assert_eq!(
        thresholds(&mut head),
        shown([
            ["10", "4", "2", "0.5", "0.3"],
            ["15", "4", "2", "0.5", "0.3"],
            ["20", "4", "1", "0.3", "0.3"],
            ["30", "4", "0", "0", "0.3"],
        ])
    );
}

#[test]
fn the_threshold_report_leaves_out_what_is_expected_and_what_is_older_than_its_window() {
    let mut head = ranked(&attack("14 Aug 10:30"));
    until("15 Aug 12:00", &mut head);
    assert_eq!(thresholds(&mut head)[0][2], "1");
    until("28 Aug 12:00", &mut head);
    assert_eq!(thresholds(&mut head)[0][1..3], ["14", "1"]);
    until("29 Aug 12:00", &mut head);
    assert_eq!(thresholds(&mut head)[0][1..3], ["14", "0"]);
    let mut head = ranked(&attack("14 Aug 10:30"));
    until("15 Aug 12:00", &mut head);
    for record in head.store.contents(DETECTIONS) {
        let mark = format!("| `unseen_mark({}, expected)`", record.text("key"));
        head.run_spl(&mark, 0, head.now).unwrap();
    }
    assert_eq!(thresholds(&mut head)[0][2], "0");
}
