//! The shipped app, held against itself, and played from Initial to alert.
//!
//! The play runs the searches of `splunk_app/` on the stand-in search head of `search_head/`, whose header says what it is
//! and what it is not; the search commands in them are real processes of the real binary. Its events are one real hour of
//! CloudTrail (`data/cloudtrail/README.md`) repeated every day, and a few made-up calls. It plays in 2023, in UTC.

#[cfg(test)]
mod search_head;

use chrono::NaiveDateTime;
use search_head::{
    change::{records, AddOn, Event},
    conf::Conf,
    kvstore::Health,
    row::Row,
    shipped,
    spl::{self, Command},
    suppression_period, Failed, Finished, Run, SearchHead,
};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    ops::Range,
    path::{Path, PathBuf},
};
use unseen::options::table::OPTIONS;

const INITIAL: &str = "Previously Seen Cloud API Calls Per User Role - Initial";
const UPDATE: &str = "Previously Seen Cloud API Calls Per User Role - Update";
const DETECTION: &str = "Cloud API Calls From Previously Unseen User Roles";
const BASELINE: &str = "previously_seen_cloud_api_calls_per_user_role";
const ACTIVITY_WINDOW: &str = "cloud_api_calls_from_previously_unseen_user_roles_activity_window";
const LEARNING_WINDOW: &str = "previously_seen_cloud_api_calls_per_user_role_learning_window";
const FORGET_WINDOW: &str = "previously_seen_cloud_api_calls_per_user_role_forget_window";

/// Where calls are read from: each has a body for either source, `_from_change` and `_from_cloudtrail`.
const SOURCES: [&str; 2] = [
    "cloud_api_calls_by_role",
    "cloud_api_calls_by_role_and_object",
];

// ---- The app held against itself

#[test]
fn every_command_macro_and_lookup_that_is_named_exists_and_every_one_that_exists_is_used() {
    let head = installed();
    let searches = head.searches.stanzas.values();
    let searches = searches.map(|search| search["search"].clone());
    // A site may switch to the other source by hand.
    let other_source = SOURCES.map(|source| format!("| `{source}_from_cloudtrail`"));
    let mut macros = BTreeSet::new();
    let mut commands = BTreeSet::new();
    let mut lookups = BTreeSet::new();
    for search in searches.chain(other_source) {
        let expanded = head.macros.expand(&search).unwrap();
        macros.extend(expanded.used);
        for command in spl::parse(&expanded.spl).unwrap() {
            match command {
                Command::Custom { name, .. } => drop(commands.insert(name)),
                Command::Lookup(lookup) => drop(lookups.insert(lookup.name)),
                Command::InputLookup(input) => drop(lookups.insert(input.name)),
                Command::OutputLookup(output) => drop(lookups.insert(output.name)),
                _ => {}
            }
        }
    }
    assert_eq!(macros, head.macros.names());
    assert_eq!(commands, head.commands.stanzas.keys().cloned().collect());
    assert_eq!(lookups, head.lookups.names());
}

#[test]
fn every_macro_and_lookup_that_prose_names_exists() {
    let head = installed();
    let known = &head.macros.names() | &head.lookups.names();
    // As long as our names are; shorter words with underscores are settings of Splunk's.
    let name = regex::Regex::new(r"\b[a-z]+(?:_[a-z]+){4,}\b").unwrap();
    for (path, text) in shipped_texts() {
        let is_prose = |line: &&str| line.starts_with('#') || line.starts_with("description");
        for found in text
            .lines()
            .filter(is_prose)
            .flat_map(|line| name.find_iter(line))
        {
            let found = found.as_str();
            assert!(known.contains(found), "{}: {found}", path.display());
        }
    }
}

#[test]
fn each_window_macro_is_the_default_of_its_option() {
    let head = installed();
    let default = |name| OPTIONS.iter().find(|option| option.name == name)?.default;
    assert_eq!(
        Some(window(&head, ACTIVITY_WINDOW).as_str()),
        default("activity_window")
    );
    assert_eq!(
        Some(window(&head, LEARNING_WINDOW).as_str()),
        default("learning_window")
    );
    // Without the option nothing is forgotten, so only the macro has a value.
    assert_eq!(default("forget_window"), None);
    assert_eq!(window(&head, FORGET_WINDOW), "-90d@d");
}

#[test]
fn the_detection_looks_back_over_its_activity_window_and_suppresses_for_longer() {
    let head = installed();
    let setting = |key| head.searches.get(DETECTION, key).unwrap();
    let window = window(&head, ACTIVITY_WINDOW);
    assert_eq!(setting("dispatch.earliest_time"), window);
    let hours = window
        .strip_prefix('-')
        .and_then(|window| window.strip_suffix("h@h"));
    let hours: i64 = hours.unwrap().parse().unwrap();
    let suppressed = suppression_period(setting("alert.suppress.period")).unwrap();
    assert!(
        suppressed > (hours + 1) * 3_600,
        "snapping to the hour adds up to one"
    );
    assert_eq!(setting("alert.suppress.fields"), "user,command");
}

#[test]
fn every_search_has_both_bounds_and_every_scheduled_one_comes_disabled_and_skips_no_run() {
    for (name, search) in installed().searches.stanzas {
        assert!(search.contains_key("dispatch.earliest_time"), "{name}");
        assert!(search.contains_key("dispatch.latest_time"), "{name}");
        if search["enableSched"] == "1" {
            assert_eq!(search["disabled"], "1", "{name}");
            assert_eq!(search["realtime_schedule"], "0", "{name}");
        }
    }
}

#[test]
fn nothing_that_is_shipped_ever_replaces_the_collection() {
    let outputlookup = regex::Regex::new(r"\|\s*outputlookup\b[^|]*").unwrap();
    let mut writers = 0;
    for (path, text) in shipped_texts() {
        let code = text.lines().filter(|line| !line.starts_with('#'));
        let code = code.collect::<Vec<_>>().join("\n");
        for found in outputlookup.find_iter(&code) {
            for option in ["append=true", "key_field=_key", "override_if_empty=false"] {
                let safe = found.as_str().contains(option);
                assert!(safe, "{}: {}", path.display(), found.as_str());
            }
            writers += 1;
        }
    }
    assert!(writers >= 2, "Initial and Update write");
}

#[test]
fn the_app_its_manifest_and_the_crate_agree_on_the_version() {
    let app = Conf::read(&shipped().join("default/app.conf")).unwrap();
    let manifest = fs::read(shipped().join("app.manifest")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(app.get("launcher", "version"), Some(version));
    assert_eq!(app.get("id", "version"), Some(version));
    assert_eq!(manifest["info"]["id"]["version"], version);
}

#[test]
fn both_sources_give_a_first_time_a_last_time_and_a_count_for_every_call_of_a_role() {
    let mut head = installed();
    head.events = real_hour();
    head.now = at("11 Jul 00:00");
    for (body, known) in [
        ("_from_change", "AWSServiceRoleForRDS DescribeVpcs"),
        (
            "_from_cloudtrail",
            "123837392027:role/AWSServiceRoleForRDS ec2:DescribeVpcs",
        ),
    ] {
        for source in SOURCES {
            let spl = format!("| `{source}{body}`");
            let rows = head
                .run_spl(&spl, at("10 Jul 00:00"), head.now)
                .unwrap()
                .rows;
            let count = |row: &Row| row.text("count").parse::<i64>().unwrap();
            assert_eq!(rows.iter().map(count).sum::<i64>(), 29, "{spl}");
            let names = BTreeSet::from_iter(names(&rows));
            assert_eq!(names.len(), 17, "{spl}");
            assert!(names.contains(known), "{spl}: {names:?}");
            for row in &rows {
                assert!(row.text("firstTime") <= row.text("lastTime"), "{spl}");
            }
        }
    }
}

// ---- The play: learning

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
    assert_eq!(head.run(INITIAL).unwrap().rows, []);
    let initial = head.searches.stanzas[INITIAL]["search"].clone();
    head.run_spl(&initial, at("13 Aug 00:00"), head.now)
        .unwrap();
    assert_eq!(baseline(&head), before);
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
    assert_eq!(run(&mut head, UPDATE, "15 Aug 00:41").unwrap().rows, []);
    assert_eq!(baseline(&head), before);
}

#[test]
fn an_update_over_an_empty_store_is_refused_and_writes_nothing() {
    let mut head = before_initial();
    assert!(matches!(head.run(UPDATE), Err(Failed::Command(_))));
    assert!(baseline(&head).is_empty());
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

// ---- The play: detecting

#[test]
fn a_week_of_ordinary_days_reports_nothing_and_keeps_the_baseline_up_to_date() {
    let mut head = learned();
    let before = baseline(&head);
    let runs = head.live_until(at("21 Aug 06:00")).unwrap();
    assert_eq!(runs.len(), 7 + 7 * 24);
    assert_eq!(reports(&runs).len(), 0);
    let after = baseline(&head);
    assert_eq!(after.len(), before.len());
    for (name, sighting) in &after {
        let [first, last] = times(&before[name]);
        assert_eq!(times(sighting), [first, last + 7 * 86_400], "{name}");
    }
}

#[test]
fn a_call_is_reported_even_if_no_other_call_of_the_day_is_known() {
    let mut head = learned();
    head.events = vec![call("Backdoor CreateUser", "14 Aug 10:05")];
    let finished = run(&mut head, DETECTION, "14 Aug 10:17").unwrap();
    assert_eq!(names(&finished.rows), ["Backdoor CreateUser"]);
}

#[test]
fn both_halves_of_the_recall_are_needed() {
    let joined = format!(
        "lookup local=true {BASELINE} user, command OUTPUT firstTimeSeen, lastTimeSeen, enough_data"
    );
    let appended = format!("inputlookup append=true strict=true {BASELINE}");
    let quiet_day = vec![call("Backdoor CreateUser", "14 Aug 10:05")];
    for (recall, of_a_quiet_day, of_a_cut_read) in [
        // The seed's way: with nothing known in sight, nothing tells that the baseline is mature.
        (joined.clone(), 0, 0),
        // What a cut read leaves out seems new.
        (appended.clone(), 1, 12),
        (format!("{joined} | {appended}"), 1, 0),
    ] {
        let mut head = learned();
        head.macros
            .define("recall_previously_seen_cloud_api_calls", &recall);
        head.store.max_rows_per_query = 5;
        let of_ordinary_day = run(&mut head, DETECTION, "14 Aug 13:17").unwrap().rows;
        assert_eq!(of_ordinary_day.len(), of_a_cut_read, "{recall}");
        head.store.max_rows_per_query = 50_000;
        head.events = quiet_day.clone();
        let of_the_quiet_day = run(&mut head, DETECTION, "14 Aug 13:17").unwrap().rows;
        assert_eq!(of_the_quiet_day.len(), of_a_quiet_day, "{recall}");
    }
}

#[test]
fn a_new_call_is_the_same_row_every_hour_for_a_day_and_one_alert() {
    let mut head = learned();
    head.events.push(call("Deploy CreateUser", "14 Aug 10:30"));
    let runs = head.live_until(at("16 Aug 06:00")).unwrap();
    let reports = reports(&runs);
    assert_eq!(reports.len(), 24);
    assert_eq!(reports[0].at, at("14 Aug 11:17"));
    assert_eq!(reports[23].at, at("15 Aug 10:17"));
    assert!(reports.iter().all(|run| run.rows == reports[0].rows));
    assert_eq!(
        alerts(&runs),
        [(at("14 Aug 11:17"), "Deploy CreateUser".to_string())]
    );
}

#[test]
fn a_reported_row_says_who_did_what_when_and_to_what() {
    let mut head = learned();
    for bucket in 10..22 {
        let call = call("Deploy PutBucketPolicy", "14 Aug 10:30");
        head.events
            .push(call.on_bucket(&format!("bucket-{bucket}")));
    }
    let rows = run(&mut head, DETECTION, "14 Aug 11:17").unwrap().rows;
    assert_eq!(rows.len(), 1);
    for (field, value) in [
        ("user", "Deploy"),
        ("command", "PutBucketPolicy"),
        ("firstTime", "2023-08-14T10:30:00"),
        ("lastTime", "2023-08-14T10:30:00"),
        ("firstTimeEpoch", "1692009000"),
        ("lastTimeEpoch", "1692009000"),
        ("count", "12"),
        ("object_count", "12"),
        ("account", "111122223333"),
    ] {
        assert_eq!(rows[0].text(field), value, "{field}");
    }
    assert_eq!(rows[0].values("object").len(), 10);
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
    let finished = before_initial().run(DETECTION).unwrap();
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
fn a_call_that_arrives_late_is_alerted() {
    let mut head = learned();
    let late = call("Deploy CreateUser", "14 Aug 10:30").arriving(at("14 Aug 18:00"));
    head.events.push(late);
    let runs = head.live_until(at("15 Aug 06:00")).unwrap();
    assert_eq!(
        alerts(&runs),
        [(at("14 Aug 18:17"), "Deploy CreateUser".to_string())]
    );
}

#[test]
fn a_call_that_arrives_late_is_alerted_even_if_the_update_sees_it_first() {
    let mut head = learned();
    let late = call("Deploy CreateUser", "14 Aug 22:30").arriving(at("15 Aug 00:30"));
    head.events.push(late);
    head.live_until(at("15 Aug 00:41")).unwrap();
    assert!(baseline(&head).contains_key("Deploy CreateUser"));
    let runs = head.live_until(at("15 Aug 06:00")).unwrap();
    assert_eq!(
        alerts(&runs),
        [(at("15 Aug 01:17"), "Deploy CreateUser".to_string())]
    );
}

#[test]
fn a_forgotten_call_that_returns_is_alerted_and_starts_at_its_new_sighting() {
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
fn a_cut_read_of_the_baseline_neither_raises_a_false_alert_nor_overwrites_a_first_sighting() {
    let mut head = learned();
    let before = baseline(&head);
    head.store.max_rows_per_query = 5;
    head.events.push(call("Deploy CreateUser", "15 Aug 10:30"));
    let runs = head.live_until(at("16 Aug 06:00")).unwrap();
    assert_eq!(
        alerts(&runs),
        [(at("15 Aug 11:17"), "Deploy CreateUser".to_string())]
    );
    let after = baseline(&head);
    assert_eq!(after.len(), before.len() + 1);
    for (name, sighting) in before {
        assert_eq!(times(&after[&name])[0], times(&sighting)[0], "{name}");
    }
}

#[test]
fn a_sighting_that_came_under_another_key_counts_too() {
    let mut head = learned();
    let imported = [
        ("user", "Deploy"),
        ("command", "CreateUser"),
        ("firstTimeSeen", &at("01 Jun 00:00").to_string()),
        ("lastTimeSeen", &at("01 Aug 00:00").to_string()),
    ];
    head.store.upsert(BASELINE, &[Row::of(&imported)]).unwrap();
    head.events.push(call("Deploy CreateUser", "14 Aug 10:30"));
    assert_eq!(run(&mut head, DETECTION, "14 Aug 11:17").unwrap().rows, []);
    let learned = run(&mut head, UPDATE, "15 Aug 00:41").unwrap().rows;
    let learned = learned
        .iter()
        .find(|row| row.text("user") == "Deploy")
        .unwrap();
    assert_eq!(times(learned), ["01 Jun 00:00", "14 Aug 10:30"].map(at));
}

#[test]
fn a_new_session_of_a_role_that_is_known_by_its_id_is_not_a_new_role() {
    let mut head = before_initial();
    head.events
        .push(call("AROAEXAMPLE:monday CreateUser", "31 Jul 10:30"));
    head.events
        .push(call("AROAEXAMPLE:friday CreateUser", "14 Aug 10:30"));
    head.run(INITIAL).unwrap();
    assert!(baseline(&head).contains_key("AROAEXAMPLE CreateUser"));
    assert_eq!(run(&mut head, DETECTION, "14 Aug 11:17").unwrap().rows, []);
}

#[test]
fn the_play_is_the_same_with_calls_read_from_cloudtrail_with_the_add_on_or_without() {
    for add_on in [AddOn::Absent, AddOn::Installed] {
        let mut head = before_initial();
        head.add_on = add_on;
        for source in SOURCES {
            let body = format!("`{source}_from_cloudtrail`");
            head.macros.define(source, &body);
        }
        head.run(INITIAL).unwrap();
        assert_eq!(baseline(&head).len(), 17, "add-on {add_on:?}");
        head.events.push(call("Deploy CreateUser", "14 Aug 10:30"));
        let runs = head.live_until(at("14 Aug 12:00")).unwrap();
        let name = "111122223333:role/Deploy iam:CreateUser".to_string();
        assert_eq!(alerts(&runs), [(at("14 Aug 11:17"), name)]);
    }
}

// ---- The stage

fn installed() -> SearchHead {
    SearchHead::installed().expect("the stand-in can read the shipped app")
}

/// 14 August, 06:00: ordinary days since 10 July, and nothing learned yet. Those to come are there, but cannot be found yet.
fn before_initial() -> SearchHead {
    let mut head = installed();
    head.events = ordinary_days(0..50);
    head.now = at("14 Aug 06:00");
    head
}

/// The same moment, once Initial has run.
fn learned() -> SearchHead {
    let mut head = before_initial();
    head.run(INITIAL).expect("Initial learns ordinary days");
    head
}

/// 10 July, 11:42 to 12:38, in a real account: 2,900 calls, 29 of them by roles and successful, 17 different ones.
fn real_hour() -> Vec<Event> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cloudtrail");
    records(&data.join("invictus-aws_dataset.json.gz"))
}

/// What roles did in the real hour, again on each of these days after it.
fn ordinary_days(days: Range<i64>) -> Vec<Event> {
    let hour: Vec<Event> = real_hour()
        .into_iter()
        .filter(Event::is_by_a_role)
        .collect();
    days.flat_map(|day| hour.iter().map(move |event| event.days_later(day)))
        .collect()
}

/// A successful call, named as `names` names it: `Deploy CreateUser`.
fn call(name: &str, moment: &str) -> Event {
    let (role, command) = name.split_once(' ').expect("a role and a command");
    Event::call(role, command, at(moment))
}

/// Epoch seconds of `14 Aug 10:30`.
fn at(moment: &str) -> i64 {
    let moment = NaiveDateTime::parse_from_str(&format!("2023 {moment}"), "%Y %d %b %H:%M");
    moment.expect("a moment of the play").and_utc().timestamp()
}

fn run(head: &mut SearchHead, search: &str, moment: &str) -> Result<Finished, Failed> {
    head.now = at(moment);
    head.run(search)
}

/// What is really in the collection, by name.
fn baseline(head: &SearchHead) -> BTreeMap<String, Row> {
    let sightings = head.store.contents(BASELINE);
    let names = names(&sightings);
    let baseline: BTreeMap<String, Row> = names.into_iter().zip(sightings.clone()).collect();
    assert_eq!(
        baseline.len(),
        sightings.len(),
        "one sighting for each role and call"
    );
    baseline
}

/// First and last time of a sighting.
fn times(sighting: &Row) -> [i64; 2] {
    let time = |field| sighting.text(field).parse().expect("whole seconds");
    ["firstTimeSeen", "lastTimeSeen"].map(time)
}

fn names(rows: &[Row]) -> Vec<String> {
    let name = |row: &Row| row.text("user") + " " + &row.text("command");
    rows.iter().map(name).collect()
}

/// The runs of the detection that reported something.
fn reports(runs: &[Run]) -> Vec<&Run> {
    let reports = |run: &&Run| run.search == DETECTION && !run.rows.is_empty();
    runs.iter().filter(reports).collect()
}

/// When what was alerted.
fn alerts(runs: &[Run]) -> Vec<(i64, String)> {
    let alerts = |run: &Run| {
        names(&run.alerts)
            .into_iter()
            .map(|name| (run.at, name))
            .collect()
    };
    runs.iter()
        .flat_map(|run| -> Vec<_> { alerts(run) })
        .collect()
}

fn warns(finished: &Finished, about: &str) -> bool {
    let mut messages = finished.messages.iter();
    messages.any(|message| message.level == "WARN" && message.text.contains(about))
}

/// A window macro's value, without the quotes that belong to it.
fn window(head: &SearchHead, name: &str) -> String {
    let window = head.macros.expand(&format!("`{name}`")).expect("a macro");
    let unquoted = window
        .spl
        .strip_prefix('"')
        .and_then(|w| w.strip_suffix('"'));
    unquoted.expect("a window is written in quotes").to_string()
}

/// Every text file of the app, with its path.
fn shipped_texts() -> Vec<(PathBuf, String)> {
    let mut folders = vec![shipped()];
    let mut texts = vec![];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the app is a folder") {
            let path = entry.expect("the folder can be read").path();
            match path.is_dir() {
                true => folders.push(path),
                false => texts.extend(fs::read_to_string(&path).ok().map(|text| (path, text))),
            }
        }
    }
    texts
}
