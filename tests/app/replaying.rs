//! `unseen replay` against the shipped searches: the same weeks, played by the stand-in run by run and replayed from files, give the same
//! alerts, one by one.
//!
//! The site has settings of its own in `local/`, which the stand-in and `--app` read from the same folder. What the two share is the rules
//! (the searches run the real binary); when runs are due, what they read, what is recorded, suppressed and reconciled is
//! SPL on the stand-in here and code of `src/replay/` there.

use crate::search_head::{apps::App, change::Event, scheduler::Run, shipped, SearchHead};
use crate::stage::{DETECTION, INITIAL, RECONCILE, UPDATE};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// 1 May 2024, 00:00:17 UTC, when the first call is made.
const BEGINS: i64 = 1_714_521_617;

/// A site, its history, and when it was down.
struct Story {
    macros: &'static str,
    searches: &'static str,
    initial_days: i64,
    days: i64,
    down: Vec<Range<i64>>,
}

/// An alert: when, by whom, which call, first made when.
type AlertFound = (i64, String, String, i64);

/// A generator of numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit) as i64
    }
}

/// Calls of ten roles: what they do nearly every day, what they begin one day, what they do once, and what they come back to.
fn history(days: i64, seed: u64) -> Vec<Event> {
    let mut numbers = Numbers(seed);
    let mut calls = Vec::new();
    for role in 0..10 {
        let name = format!("Role{role}");
        let mut call =
            |command: String, after: i64| calls.push((name.clone(), command, BEGINS + after));
        call(format!("Daily{role}"), 0);
        for day in 0..days {
            for command in 0..3 {
                // Each is begun some day, and left out some days.
                let begun = command * 9 + role;
                if day >= begun && numbers.below(4) > 0 {
                    call(
                        format!("Often{command}"),
                        day * DAY + numbers.below(DAY as u64),
                    );
                }
            }
            if numbers.below(12) == 0 {
                call(
                    format!("Once{}", numbers.below(40)),
                    day * DAY + numbers.below(DAY as u64),
                );
            }
        }
        // Used, left for a while, and used again: some of them forgotten meanwhile.
        let leaves = numbers.below(days as u64 / 2);
        for gap in [0, 4 + numbers.below(16)] {
            let at = (leaves + gap) * DAY + numbers.below(DAY as u64);
            call("Returns".into(), at);
            call("Returns".into(), at + numbers.below(3 * HOUR as u64));
        }
    }
    calls.retain(|(.., time)| *time < BEGINS + days * DAY);
    let events = calls.iter();
    events
        .map(|(role, command, time)| Event::call(role, command, *time))
        .collect()
}

/// A copy of the shipped app with these settings in `local/`.
fn site(story: &Story) -> TempDir {
    let folder = TempDir::new().unwrap();
    for kind in ["default", "metadata"] {
        fs::create_dir(folder.path().join(kind)).unwrap();
        for entry in fs::read_dir(shipped().join(kind)).unwrap() {
            let from = entry.unwrap().path();
            if from.is_file() {
                fs::copy(
                    &from,
                    folder.path().join(kind).join(from.file_name().unwrap()),
                )
                .unwrap();
            }
        }
    }
    let local = folder.path().join("local");
    fs::create_dir(&local).unwrap();
    fs::write(local.join("macros.conf"), story.macros).unwrap();
    fs::write(local.join("savedsearches.conf"), story.searches).unwrap();
    folder
}

/// What the stand-in alerts.
fn played(story: &Story, app: &Path, events: &[Event]) -> Vec<AlertFound> {
    let app = App::read("unseen", app).unwrap();
    let mut head = SearchHead::opened_in("unseen", vec![app]).unwrap();
    head.chunk_rows = 1_000;
    head.enabled
        .extend([UPDATE, DETECTION, RECONCILE].map(String::from));
    head.events = events.to_vec();
    head.faults.down.clone_from(&story.down);
    let learned = BEGINS + story.initial_days * DAY;
    head.now = learned;
    let initial = head.searches.get(INITIAL, "search").unwrap().to_owned();
    head.run_spl(&initial, BEGINS, learned).unwrap();
    let ends = events.iter().map(|event| event.time).max().unwrap() + HOUR;
    let runs = head.live_until(ends).unwrap();
    runs.iter()
        .for_each(|run| assert_eq!(run.failed, None, "{}", run.search));
    runs.iter().flat_map(alerts).collect()
}

fn alerts(run: &Run) -> Vec<AlertFound> {
    let alert = |row: &crate::search_head::row::Row| {
        let first = row.text("_time").parse().unwrap();
        (run.at, row.text("user"), row.text("command"), first)
    };
    run.alerts.iter().map(alert).collect()
}

/// What `unseen replay` says would alert.
fn replayed(story: &Story, app: &Path, events: &[Event]) -> Vec<AlertFound> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("calls.json");
    let lines: Vec<String> = events.iter().map(Event::json).collect();
    fs::write(&file, lines.join("\n")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_unseen"));
    command
        .args(["replay", "--format", "json", "--app"])
        .arg(app);
    command.arg(format!("--initial-days={}", story.initial_days));
    for down in &story.down {
        command.arg(format!("--outage={}/{}", down.start, down.end));
    }
    let output = command.arg(&file).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    let alert = |line: &str| {
        let alert: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| alert[name].as_str().unwrap().to_owned();
        let number = |name: &str| alert[name].as_i64().unwrap();
        (
            number("time"),
            text("user"),
            text("command"),
            number("firstTime"),
        )
    };
    lines.lines().map(alert).collect()
}

/// The alerts of both, in order.
fn both(story: &Story, seed: u64) -> [BTreeSet<AlertFound>; 2] {
    let (app, events) = (site(story), history(story.days, seed));
    [played, replayed].map(|find| {
        let found = find(story, app.path(), &events);
        let number = found.len();
        let found: BTreeSet<AlertFound> = found.into_iter().collect();
        assert_eq!(found.len(), number, "no alert comes twice");
        found
    })
}

/// The baseline is mature a week after Initial, pairs are forgotten after ten days, the app is down for thirty hours and for two, and what is
/// first used within 48 hours is new.
#[test]
fn weeks_with_outages_a_late_maturity_and_returning_pairs_alert_alike() {
    let story = Story {
        macros: "[cloud_api_calls_from_previously_unseen_user_roles_activity_window]\ndefinition = \"-48h@h\"\n\
             [previously_seen_cloud_api_calls_per_user_role_forget_window]\ndefinition = \"-10d@d\"\n\
             [previously_seen_cloud_api_calls_per_user_role_learning_window]\ndefinition = \"-9d@d\"\n",
        searches: "",
        initial_days: 3,
        days: 28,
        down: vec![
            BEGINS + 12 * DAY + 5 * HOUR..BEGINS + 13 * DAY + 11 * HOUR,
            BEGINS + 18 * DAY + 23 * HOUR..BEGINS + 19 * DAY + HOUR,
        ],
    };
    let [played, replayed] = both(&story, 7);
    assert_eq!(played, replayed);
    let by_run = |runs: fn(&AlertFound) -> bool| played.iter().filter(|alert| runs(alert)).count();
    let first = played.first().unwrap().0;
    assert!(first >= BEGINS + 9 * DAY, "mature late: {first}");
    assert!(
        by_run(|alert| alert.0 % HOUR != 17 * MINUTE) > 0,
        "some are reconciled"
    );
    let again = |(_, user, command, _): &AlertFound| {
        played
            .iter()
            .filter(|(_, one, other, _)| one == user && other == command)
            .count()
            > 1
    };
    assert!(played.iter().any(again), "some return");
}

/// Pairs are forgotten before their suppression ends, the searches run at other times, and one run alerts three pairs at most.
#[test]
fn other_schedules_a_short_memory_and_a_low_limit_alert_alike() {
    let story = Story {
        macros: "[previously_seen_cloud_api_calls_per_user_role_forget_window]\ndefinition = \"-4d@d\"\n\
             [previously_seen_cloud_api_calls_per_user_role_learning_window]\ndefinition = \"-2d@d\"\n\
             [unseen_alerts_a_run]\ndefinition = 3\n",
        searches: "[Cloud API Calls From Previously Unseen User Roles]\ncron_schedule = 5 */2 * * *\n\
             [Previously Seen Cloud API Calls Per User Role - Update]\ncron_schedule = 30 13 * * *\ndispatch.earliest_time = -2d\n\
             [Unseen - Reconcile]\ncron_schedule = 0 15 * * *\n",
        initial_days: 5,
        days: 20,
        down: vec![],
    };
    let [played, replayed] = both(&story, 11);
    assert_eq!(played, replayed);
    assert!(played.len() > 50, "{}", played.len());
}
