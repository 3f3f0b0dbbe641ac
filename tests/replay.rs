//! `replay` on files, against what the other verbs make of the same files, and against counting its own rows.
//!
//! The month is the simulated one of `make demo`; the shipped searches on the stand-in are compared in `tests/app/replaying.rs`.

use crate::desk::{call, ten_days, Desk};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

fn month() -> String {
    format!("{}/tests/data/simulated", env!("CARGO_MANIFEST_DIR"))
}

/// The alerts of the month, of which Initial learns 14 days.
fn alerts(desk: &Desk) -> Vec<Value> {
    let told = desk.ok(&format!(
        "replay --initial-days 14 --format json {}",
        month()
    ));
    let lines = told.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap()
}

/// What the baseline held at a run, by `learn`, and what the activity window before it held, by `detect`.
fn detected(desk: &Desk, run: i64) -> BTreeMap<(String, String), Value> {
    const HOUR: i64 = 3_600;
    const DAY: i64 = 24 * HOUR;
    let mut learned = run.div_euclid(DAY) * DAY + 41 * 60;
    if learned > run {
        learned -= DAY;
    }
    let opens = (run - DAY).div_euclid(HOUR) * HOUR;
    let (month, baseline) = (month(), format!("{run}.csv"));
    let windows = "--forget-window=-90d@d --learning-window=-7d@d";
    desk.ok(&format!(
        "learn --baseline {baseline} --to {learned} --as-of {learned} {windows} {month}"
    ));
    let told = desk.ok(&format!(
        "detect --baseline {baseline} --from {opens} --to {run} --as-of {run} {windows} --format json {month}"
    ));
    let rows = told.out.lines().map(|line| {
        let row: Value = serde_json::from_str(line).unwrap();
        (
            (text(&row, "user").into(), text(&row, "command").into()),
            row,
        )
    });
    rows.collect()
}

#[test]
fn an_alert_is_ranked_as_detect_ranks_it_against_the_baseline_of_its_run() {
    let desk = Desk::new();
    let alerts = alerts(&desk);
    let runs: BTreeSet<i64> = alerts
        .iter()
        .filter(|alert| text(alert, "search") == "detection")
        .map(|alert| alert["time"].as_i64().unwrap())
        .collect();
    // Every fifth run that alerts, and the last ones, which see the attack.
    let runs: Vec<i64> = runs.into_iter().collect();
    let (last, some) = (runs.len() - 8, runs.iter().step_by(5));
    for run in some.chain(&runs[last..]) {
        let detected = detected(&desk, *run);
        for alert in alerts.iter().filter(|alert| alert["time"] == *run) {
            let key = (text(alert, "user").into(), text(alert, "command").into());
            let row = &detected[&key];
            for column in ["surprise", "reason", "novelty", "role_calls", "call_roles"] {
                assert_eq!(alert[column], row[column], "{key:?} at {run}");
            }
            let (first, run) = (alert["firstTime"].as_i64().unwrap(), *run);
            assert!(
                first < run && first >= run - 4 * 3_600 - 17 * 60,
                "{key:?} at {run}"
            );
        }
    }
}

#[test]
fn an_alert_says_what_came_with_the_calls_that_its_run_saw() {
    let desk = Desk::new();
    ten_days(&desk);
    let more = [
        call("App", "DeleteBucket", "2025-03-10T10:10:00Z"),
        // Behind the run that alerts.
        call("App", "DeleteBucket", "2025-03-10T11:10:00Z"),
    ];
    desk.write("days/11.json", more.join("\n"));
    let told = desk.ok("replay --format json days");
    let alert: Value = serde_json::from_str(&told.out).unwrap();
    let expected = [
        ("time", 1_741_601_820),
        ("firstTime", 1_741_601_100),
        ("lastTime", 1_741_601_400),
        ("count", 2),
    ];
    for (name, value) in expected {
        assert_eq!(alert[name], value, "{name}");
    }
    assert_eq!(text(&alert, "search"), "detection");
    assert_eq!(alert["returned"], false);
    assert_eq!(alert["src"][0], "192.0.2.1");
    let table = desk.ok("replay --format csv days");
    let [header, row] = table.out.lines().collect::<Vec<_>>()[..] else {
        panic!("a header and a row: {}", table.out)
    };
    assert!(header.starts_with("time,search,returned,firstTime,lastTime,count,user,command,"));
    assert!(row.starts_with(
        "1741601820,detection,false,1741601100,1741601400,2,1:role/App,s3:DeleteBucket,"
    ));
}

#[test]
fn the_table_counts_what_the_rows_say() {
    let desk = Desk::new();
    let alerts = alerts(&desk);
    let told = desk.ok(&format!("replay --initial-days 14 {}", month()));
    let mut by_day: BTreeMap<String, u64> = BTreeMap::new();
    let mut by_role: BTreeMap<&str, u64> = BTreeMap::new();
    for alert in &alerts {
        let at = alert["time"].as_i64().unwrap();
        let day = chrono::DateTime::from_timestamp(at, 0)
            .unwrap()
            .date_naive();
        *by_day.entry(day.to_string()).or_default() += 1;
        *by_role.entry(text(alert, "user")).or_default() += 1;
    }
    for (day, number) in &by_day {
        let line = format!("{day}  {number} alert");
        assert!(told.out.contains(&line), "no `{line}` in {}", told.out);
    }
    let (role, most) = by_role
        .into_iter()
        .max_by_key(|(_, number)| *number)
        .unwrap();
    let noisiest = told
        .out
        .split("the noisiest roles and calls\n")
        .nth(1)
        .unwrap();
    let first = noisiest.lines().next().unwrap();
    assert!(
        first.contains(&format!("{most} alerts")) && first.contains(role),
        "{first}"
    );
    let total = format!(
        "total        {} alerts on {} of 17 days",
        alerts.len(),
        by_day.len()
    );
    assert!(told.out.contains(&total), "{}", told.out);
    assert!(told.out.lines().all(|line| line.chars().count() <= 120));
}

/// A role-day is a role and a day on which its calls were first used; those of new roles count for themselves.
#[test]
fn the_threshold_of_the_ranking_search_is_what_adding_up_the_rows_gives() {
    let desk = Desk::new();
    let mut role_days: BTreeMap<(&str, i64), (f64, bool)> = BTreeMap::new();
    let alerts = alerts(&desk);
    for alert in &alerts {
        let day = alert["firstTime"].as_i64().unwrap().div_euclid(86_400);
        let (sum, is_new) = role_days.entry((text(alert, "user"), day)).or_default();
        *sum += alert["surprise"].as_f64().unwrap();
        *is_new |= text(alert, "novelty") == "role";
    }
    let told = desk.ok(&format!("replay --initial-days 14 {}", month()));
    for threshold in [10, 15, 20, 30] {
        let known = role_days.values().filter(|(_, is_new)| !is_new);
        let reached = known
            .filter(|(sum, _)| *sum >= f64::from(threshold))
            .count();
        let line = format!("    {threshold}  {reached} alert");
        assert!(told.out.contains(&line), "no `{line}` in {}", told.out);
    }
}

#[test]
fn a_grid_has_the_alerts_that_each_setting_has_by_itself() {
    let desk = Desk::new();
    let tried =
        "--initial-days 10 --try activity_window=-1h,-24h@h --try learning_window=-7d@d,-12d@d";
    let told = desk.ok(&format!("replay {tried} {}", month()));
    let grid = told.out.split("under other windows\n").nth(1).unwrap();
    let lines: Vec<Vec<&str>> = grid
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines.len(), 1 + 4);
    for line in &lines[1..] {
        let [activity, learning, forget, alerts, days, most, ..] = line[..] else {
            panic!("{line:?}")
        };
        let alone = desk.ok(&format!(
            "replay --initial-days 10 --activity-window={activity} --learning-window={learning} --forget-window={forget} {}",
            month()
        ));
        let total = format!("total        {alerts} alerts on {days} of ");
        assert!(alone.out.contains(&total), "no `{total}` in {}", alone.out);
        assert!(
            alone.out.contains(&format!("  {most} alerts\n")),
            "{line:?}"
        );
    }
}

#[test]
fn the_baseline_at_the_end_is_the_one_that_learn_makes() {
    let desk = Desk::new();
    let windows = "--forget-window=-90d@d --learning-window=-7d@d";
    desk.ok(&format!(
        "learn --baseline learned.csv {windows} {}",
        month()
    ))
    .says("642 keys in the baseline");
    desk.ok(&format!("replay --baseline-out replayed.csv {}", month()))
        .says("`replayed.csv`: the baseline at the end of the input, 642 keys");
    assert_eq!(desk.read("replayed.csv"), desk.read("learned.csv"));
    let told = desk.run(&format!("replay --baseline-out learned.csv {}", month()));
    assert_eq!(told.code, 1);
    told.says(
        "error: `learned.csv` exists already; name another file for --baseline-out, or remove it",
    );
}

#[test]
fn standard_input_is_read_once_and_so_has_the_table_only() {
    let desk = Desk::new();
    ten_days(&desk);
    let days = (1..=10).map(|day| desk.read(&format!("days/{day:02}.json")));
    let days = days.collect::<Vec<_>>().join("\n");
    let told = desk.run_on("replay -", days.as_bytes());
    assert!(told.out.contains("s3:DeleteBucket"), "{told:?}");
    let told = desk.run("replay - --format json");
    assert_eq!((told.code, told.out.as_str()), (1, ""));
    told.says("error: standard input can be read once, and --format needs the calls of the alerts a second time; give files, or take the table");
}

#[test]
fn what_cannot_be_replayed_is_refused_before_anything_is_read() {
    let desk = Desk::new();
    for (arguments, message) in [
        ("--outage 2025-03-01", "--outage: expected two times with a slash between, such as 2024-05-01T02:00Z/2024-05-02, got `2025-03-01`"),
        ("--outage 2025-03-02/2025-03-01", "--outage: it begins (2025-03-02 00:00:00 UTC) and must end later (2025-03-01 00:00:00 UTC)"),
        ("--outage 2025-03-02/x", "--outage: `x` is not a date or time"),
        ("--try activity_window=-40d --try forget_window=-30d@d", "`activity_window` (-40d) reaches further back than `forget_window` (-30d@d)"),
        ("--by search,user", "`search` cannot be a key field: it is a column of the result"),
    ] {
        let told = desk.run(&format!("replay {arguments} nowhere"));
        assert_eq!(told.code, 1, "{arguments}");
        told.says(message);
    }
}

#[test]
fn an_outage_moves_alerts_and_loses_none() {
    let desk = Desk::new();
    ten_days(&desk);
    fs::write(
        desk.path("days/11.json"),
        call("App", "GetObject", "2025-03-12T08:00:00Z"),
    )
    .unwrap();
    let lines = |arguments: &str| {
        let told = desk.ok(&format!("replay {arguments} days"));
        let lines = told
            .out
            .lines()
            .filter(|line| line.contains("DeleteBucket"));
        lines.map(|line| line.trim().to_owned()).next().unwrap()
    };
    assert_eq!(lines(""), "10:17:00    0.0  1:role/App  s3:DeleteBucket");
    assert_eq!(
        lines("--outage 2025-03-10T10:00Z/2025-03-10T18:30Z"),
        "03:11:00    0.0  1:role/App  s3:DeleteBucket  by Reconcile"
    );
}

/// A copy of the shipped app, with settings of a site.
fn site(desk: &Desk, macros: &str) {
    let shipped = format!("{}/splunk_app/default", env!("CARGO_MANIFEST_DIR"));
    for file in ["savedsearches.conf", "macros.conf"] {
        let text = fs::read(format!("{shipped}/{file}")).unwrap();
        desk.write(&format!("app/default/{file}"), text);
    }
    desk.write("app/local/macros.conf", macros);
}

#[test]
fn the_settings_of_a_site_count_and_what_is_typed_counts_more() {
    let desk = Desk::new();
    site(
        &desk,
        "[previously_seen_cloud_api_calls_per_user_role_learning_window]\ndefinition = \"-12d@d\"\n\
         [cloud_api_calls_from_previously_unseen_user_roles_filter]\ndefinition = where region!=\"eu-west-1\"\n",
    );
    let replay = |arguments: &str| desk.ok(&format!("replay {arguments} {}", month()));
    let followed = replay("--app app");
    followed.says(
        "warning: the macro `cloud_api_calls_from_previously_unseen_user_roles_filter` is `where region!=\"eu-west-1\"` at this site; \
         the replay does not filter, so it shows alerts that would not be there",
    );
    assert_eq!(followed.out, replay("--learning-window=-12d@d").out);
    let typed = replay("--app app --learning-window=-7d@d");
    assert_eq!(typed.out, replay("").out);
    assert_ne!(typed.out, followed.out);
}

#[test]
fn a_history_that_initial_learns_whole_is_not_judged_and_that_is_said() {
    let desk = Desk::new();
    ten_days(&desk);
    let told = desk.ok("replay --initial-days 12 days");
    told.says("warning: no alerts were simulated: Initial learns 12 days, and the input covers 10 days; give fewer --initial-days, or older files as well");
    assert!(!told.err.contains("is mature from"), "{}", told.err);
}
