//! The shipped app, played from Initial to alert, and held against itself.
//!
//! The play runs the searches of `splunk_app/` on the stand-in search head of `search_head/`, whose header says what it is
//! and what it is not; the search commands in them are real processes of the real binary. Its events are one real hour of
//! CloudTrail (`data/cloudtrail/README.md`) repeated every day, and a few made-up calls.

#[cfg(test)]
mod search_head;

use search_head::{
    change::{records, Event},
    conf::Conf,
    kvstore::{Health, StoreError},
    relative_time::at,
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

const INITIAL: &str = "Previously Seen Cloud API Calls Per User Role - Initial";
const UPDATE: &str = "Previously Seen Cloud API Calls Per User Role - Update";
const DETECTION: &str = "Cloud API Calls From Previously Unseen User Roles";
const BASELINE: &str = "previously_seen_cloud_api_calls_per_user_role";
const ACTIVITY_WINDOW: &str = "cloud_api_calls_from_previously_unseen_user_roles_activity_window";

// ---- The app held against itself

#[test]
fn every_command_macro_and_lookup_that_is_named_exists_and_every_one_that_exists_is_used() {
    let head = installed();
    let searches = head
        .searches
        .stanzas
        .values()
        .map(|search| search["search"].clone());
    // The other source of calls, which a site switches to by hand.
    let other_source = [
        "cloud_api_calls_by_role_from_cloudtrail",
        "cloud_api_calls_by_role_and_object_from_cloudtrail",
    ];
    let bodies = other_source.map(|body| format!("| `{body}`"));
    let (mut macros, mut commands, mut lookups) =
        <(BTreeSet<_>, BTreeSet<_>, BTreeSet<_>)>::default();
    for search in searches.chain(bodies) {
        let expanded = head.macros.expand(&search).unwrap();
        macros.extend(expanded.used);
        for command in spl::parse(&expanded.spl).unwrap() {
            match command {
                Command::Custom { name, .. } => drop(commands.insert(name)),
                Command::Lookup(spl::Lookup { name, .. })
                | Command::InputLookup(spl::InputLookup { name })
                | Command::OutputLookup(spl::OutputLookup { name }) => drop(lookups.insert(name)),
                _ => {}
            }
        }
    }
    assert_eq!(macros, head.macros.names());
    assert_eq!(commands, head.commands.stanzas.keys().cloned().collect());
    assert_eq!(lookups, head.lookups().map(str::to_string).collect());
}

#[test]
fn every_macro_and_lookup_that_prose_names_exists() {
    let head = installed();
    let mut known = head.macros.names();
    known.extend(head.lookups().map(str::to_string));
    // As long as our names are; shorter words with underscores are settings of Splunk's.
    let name = regex::Regex::new(r"\b[a-z]+(?:_[a-z]+){4,}\b").unwrap();
    for (path, text) in shipped_texts() {
        let prose = text
            .lines()
            .filter(|line| line.starts_with('#') || line.starts_with("description"));
        for found in prose.flat_map(|line| name.find_iter(line)) {
            assert!(
                known.contains(found.as_str()),
                "{}: {}",
                path.display(),
                found.as_str()
            );
        }
    }
}

#[test]
fn each_window_macro_is_the_default_of_its_option() {
    let head = installed();
    for (window, default) in [
        (ACTIVITY_WINDOW, "\"-24h@h\""),
        (
            "previously_seen_cloud_api_calls_per_user_role_learning_window",
            "\"-7d@d\"",
        ),
        (
            "previously_seen_cloud_api_calls_per_user_role_forget_window",
            "\"-90d@d\"",
        ),
    ] {
        assert_eq!(
            head.macros.expand(&format!("`{window}`")).unwrap().spl,
            default,
            "{window}"
        );
    }
}

#[test]
fn the_detection_looks_back_over_its_whole_activity_window_and_suppresses_for_longer() {
    let head = installed();
    let window = head
        .macros
        .expand(&format!("`{ACTIVITY_WINDOW}`"))
        .unwrap()
        .spl;
    let earliest = head
        .searches
        .get(DETECTION, "dispatch.earliest_time")
        .unwrap();
    assert_eq!(window.trim_matches('"'), earliest);
    let suppression = head
        .searches
        .get(DETECTION, "alert.suppress.period")
        .unwrap();
    let hours: i64 = earliest
        .strip_prefix('-')
        .and_then(|w| w.strip_suffix("h@h"))
        .unwrap()
        .parse()
        .unwrap();
    // Snapping to the hour adds up to one.
    assert!(suppression_period(suppression).unwrap() > (hours + 1) * 3_600);
    assert_eq!(
        head.searches.get(DETECTION, "alert.suppress.fields"),
        Some("user,command")
    );
}

#[test]
fn every_saved_search_is_bounded_at_both_ends_and_every_scheduled_one_comes_disabled_and_is_never_skipped(
) {
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
    let written = regex::Regex::new(r"outputlookup\b([^|]*)").unwrap();
    let mut found = 0;
    for (path, text) in shipped_texts() {
        let code: String = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| format!("{line}\n"))
            .collect();
        for arguments in written
            .captures_iter(&code)
            .map(|found| found[1].to_string())
        {
            for option in ["append=true", "key_field=_key", "override_if_empty=false"] {
                assert!(
                    arguments.contains(option),
                    "{}: {arguments}",
                    path.display()
                );
            }
            found += 1;
        }
    }
    assert_eq!(found, 2);
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
    head.now = at("2023-07-11T00:00:00Z");
    for (source, role, command) in [
        ("from_change", "AWSServiceRoleForRDS", "DescribeVpcs"),
        (
            "from_cloudtrail",
            "123837392027:role/AWSServiceRoleForRDS",
            "ec2:DescribeVpcs",
        ),
    ] {
        for (body, objects) in [
            ("cloud_api_calls_by_role", false),
            ("cloud_api_calls_by_role_and_object", true),
        ] {
            let spl = format!("| `{body}_{source}`");
            let rows = head.run_spl(&spl, 0, head.now).unwrap().rows;
            let calls: i64 = rows
                .iter()
                .map(|row| row.text("count").parse::<i64>().unwrap())
                .sum();
            assert_eq!(calls, 29, "{spl}");
            let keys: BTreeSet<String> = rows.iter().map(name_of).collect();
            assert_eq!(keys.len(), 17, "{spl}");
            assert!(
                keys.contains(&format!("{role} {command}")),
                "{spl}: {keys:?}"
            );
            for row in &rows {
                assert!(row.text("firstTime") <= row.text("lastTime"), "{spl}");
                assert_eq!(!row.text("object").is_empty(), objects, "{spl}");
            }
        }
    }
}

// ---- The play: learning

#[test]
fn initial_learns_every_call_of_every_role() {
    let head = learned();
    let baseline = baseline(&head);
    assert_eq!(baseline.len(), 17);
    let sighting = &baseline["AWSServiceRoleForRDS DescribeVpcs"];
    assert_eq!(
        moments(sighting),
        ["2023-07-10T12:15:59Z", "2023-08-13T12:15:59Z"].map(at)
    );
    assert!(baseline
        .values()
        .all(|sighting| sighting.text("enough_data") == "1"));
}

#[test]
fn initial_run_twice_or_over_a_shorter_range_changes_nothing() {
    let mut head = learned();
    let before = baseline(&head);
    assert_eq!(head.run(INITIAL).unwrap().rows, []);
    let search = head.searches.stanzas[INITIAL]["search"].clone();
    head.run_spl(&search, head.now - 86_400, head.now).unwrap();
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
fn the_key_of_a_sighting_can_be_computed_in_spl() {
    let sha256 = |text: &str| format!("{:x}", Sha256::digest(text));
    for sighting in baseline(&learned()).values() {
        let [user, command] = ["user", "command"].map(|field| sha256(&sighting.text(field)));
        assert_eq!(sighting.text("_key"), sha256(&(user + &command)));
    }
}

#[test]
fn an_update_without_events_keeps_everything() {
    let mut head = learned();
    let before = baseline(&head);
    head.events.clear();
    head.now = at("2023-08-15T00:41:00Z");
    assert_eq!(head.run(UPDATE).unwrap().rows, []);
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
    head.now = at("2023-08-15T00:41:00Z");
    head.store.health = Health::Down;
    assert!(matches!(
        head.run(UPDATE),
        Err(Failed::Store(StoreError::Down))
    ));
    head.store.health = Health::Silent;
    assert!(matches!(head.run(UPDATE), Err(Failed::Command(_))));
    assert_eq!(baseline(&head), before);
}

#[test]
fn days_begin_at_the_search_heads_midnight() {
    // The oldest sighting is of 11:54 UTC on 10 July; in Los Angeles it is still the 17th.
    for (zone, mature) in [
        (chrono_tz::UTC, "1"),
        (chrono_tz::America::Los_Angeles, "0"),
    ] {
        let mut head = before_initial();
        head.zone = zone;
        head.now = at("2023-07-18T01:00:00Z");
        head.run(INITIAL).unwrap();
        assert!(
            baseline(&head)
                .values()
                .all(|s| s.text("enough_data") == mature),
            "{zone}"
        );
    }
}

// ---- The play: detecting

#[test]
fn a_week_of_ordinary_days_reports_nothing_and_keeps_the_baseline_up_to_date() {
    let mut head = learned();
    let before = baseline(&head);
    let runs = head.live_until(at("2023-08-21T06:00:00Z")).unwrap();
    assert_eq!(runs.iter().filter(|run| run.search == UPDATE).count(), 7);
    assert_eq!(detections(&runs).count(), 7 * 24);
    assert!(detections(&runs).all(|run| run.rows.is_empty()));
    let after = baseline(&head);
    assert_eq!(after.len(), before.len());
    for (name, sighting) in &after {
        let [[first, last], [learned_first, learned_last]] = [sighting, &before[name]].map(moments);
        assert_eq!(
            (first, last),
            (learned_first, learned_last + 7 * 86_400),
            "{name}"
        );
    }
}

#[test]
fn a_call_is_reported_in_the_very_hour_in_which_every_call_is_new() {
    let mut head = learned();
    head.events = vec![Event::call(
        "Backdoor",
        "CreateUser",
        "2023-08-14T10:05:00Z",
    )];
    head.now = at("2023-08-14T10:17:00Z");
    assert_eq!(
        names(&head.run(DETECTION).unwrap().rows),
        ["Backdoor CreateUser"]
    );
}

#[test]
fn the_seeds_way_of_asking_the_baseline_stays_silent_in_that_hour() {
    let mut head = learned();
    head.events = vec![Event::call(
        "Backdoor",
        "CreateUser",
        "2023-08-14T10:05:00Z",
    )];
    head.now = at("2023-08-14T10:17:00Z");
    let joined =
        format!("| lookup local=true {BASELINE} user, command OUTPUT firstTimeSeen, enough_data");
    let appended = format!("| inputlookup append=true strict=true {BASELINE}");
    for (asked, reported) in [(joined, 0), (appended, 1)] {
        let spl =
            format!("| `cloud_api_calls_by_role_and_object` {asked} | unseen by user command");
        let finished = head.run_spl(&spl, head.now - 86_400, head.now).unwrap();
        assert_eq!(finished.rows.len(), reported, "{asked}");
    }
}

#[test]
fn a_new_call_is_the_same_row_every_hour_for_a_day_and_one_alert() {
    let mut head = learned();
    head.events
        .push(Event::call("Deploy", "CreateUser", "2023-08-14T10:30:00Z"));
    let runs = head.live_until(at("2023-08-16T06:00:00Z")).unwrap();
    let reports: Vec<&Run> = detections(&runs)
        .filter(|run| !run.rows.is_empty())
        .collect();
    assert_eq!(reports.len(), 24);
    assert_eq!(reports[0].at, at("2023-08-14T11:17:00Z"));
    assert_eq!(reports[23].at, at("2023-08-15T10:17:00Z"));
    assert!(reports.iter().all(|run| run.rows == reports[0].rows));
    let alerts: usize = detections(&runs).map(|run| run.alerts.len()).sum();
    assert_eq!(alerts, 1);
}

#[test]
fn a_reported_row_says_who_did_what_when_and_to_what() {
    let mut head = learned();
    let call = Event::call("Deploy", "PutBucketPolicy", "2023-08-14T10:30:00Z");
    head.events
        .extend((10..22).map(|n| call.on_bucket(&format!("bucket-{n}"))));
    head.now = at("2023-08-14T11:17:00Z");
    let rows = head.run(DETECTION).unwrap().rows;
    assert_eq!(names(&rows), ["Deploy PutBucketPolicy"]);
    for (field, value) in [
        ("firstTime", "2023-08-14T10:30:00"),
        ("lastTime", "2023-08-14T10:30:00"),
        ("firstTimeEpoch", "1692009000"),
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
    head.now = at("2023-07-13T06:00:00Z");
    head.run(INITIAL).unwrap();
    head.events
        .push(Event::call("Deploy", "CreateUser", "2023-07-17T10:30:00Z"));
    head.events
        .push(Event::call("Deploy", "DeleteUser", "2023-07-18T10:30:00Z"));
    head.live_until(at("2023-07-17T11:16:00Z")).unwrap();
    head.now = at("2023-07-17T11:17:00Z");
    let learning = head.run(DETECTION).unwrap();
    assert_eq!(names(&learning.rows), [""; 0]);
    assert!(warns(&learning, "learning"), "{:?}", learning.messages);
    head.live_until(at("2023-07-18T11:16:00Z")).unwrap();
    head.now = at("2023-07-18T11:17:00Z");
    let mature = head.run(DETECTION).unwrap();
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
fn a_call_that_arrives_late_is_alerted_even_if_it_was_learned_first() {
    for (call, arrives, learned_by, alerted) in [
        // Found in the afternoon.
        (
            "2023-08-14T10:30:00Z",
            "2023-08-14T18:00:00Z",
            "",
            "2023-08-14T18:17:00Z",
        ),
        // Found at night, and learned before the detection saw it.
        (
            "2023-08-14T22:30:00Z",
            "2023-08-15T00:30:00Z",
            UPDATE,
            "2023-08-15T01:17:00Z",
        ),
    ] {
        let mut head = learned();
        head.events
            .push(Event::call("Deploy", "CreateUser", call).arriving(arrives));
        let runs = head.live_until(at(alerted)).unwrap();
        let alerts: Vec<i64> = detections(&runs)
            .filter(|run| !run.alerts.is_empty())
            .map(|run| run.at)
            .collect();
        assert_eq!(alerts, [at(alerted)]);
        assert_eq!(
            baseline(&head).contains_key("Deploy CreateUser"),
            learned_by == UPDATE
        );
    }
}

#[test]
fn a_forgotten_call_that_returns_is_alerted_and_starts_at_its_new_sighting() {
    // Seen on 10 July only. 90 days later, from 9 October on, that is before the forget window opens.
    let once = "2023-07-10T09:00:00Z";
    for (returns, night, forgotten) in [
        ("2023-10-07", "2023-10-08", false),
        ("2023-10-09", "2023-10-10", true),
    ] {
        let again = format!("{returns}T10:30:00Z");
        let mut head = installed();
        head.events = ordinary_days(0..100);
        head.events
            .extend([once, &again].map(|moment| Event::call("Audit", "ListKeys", moment)));
        head.now = at("2023-10-05T06:00:00Z");
        head.run(INITIAL).unwrap();
        assert_eq!(
            moments(&baseline(&head)["Audit ListKeys"]),
            [once; 2].map(at)
        );
        head.now = at(&format!("{returns}T11:17:00Z"));
        let reported = names(&head.run(DETECTION).unwrap().rows);
        assert_eq!(
            reported.contains(&"Audit ListKeys".to_string()),
            forgotten,
            "{returns}"
        );
        head.now = at(&format!("{night}T00:41:00Z"));
        head.run(UPDATE).unwrap();
        let first = if forgotten { at(&again) } else { at(once) };
        assert_eq!(
            moments(&baseline(&head)["Audit ListKeys"]),
            [first, at(&again)]
        );
    }
}

#[test]
fn a_cut_read_of_the_baseline_neither_raises_a_false_alert_nor_overwrites_an_old_sighting() {
    let mut head = learned();
    let before = baseline(&head);
    head.store.max_rows_per_query = 5;
    head.events
        .push(Event::call("Deploy", "CreateUser", "2023-08-15T10:30:00Z"));
    let runs = head.live_until(at("2023-08-16T06:00:00Z")).unwrap();
    let alerts: Vec<Row> = detections(&runs)
        .flat_map(|run| run.alerts.clone())
        .collect();
    assert_eq!(names(&alerts), ["Deploy CreateUser"]);
    let after = baseline(&head);
    assert_eq!(after.len(), before.len() + 1);
    for (name, sighting) in before {
        assert_eq!(moments(&after[&name])[0], moments(&sighting)[0], "{name}");
    }
}

#[test]
fn a_store_that_answers_with_nothing_raises_no_alert() {
    let mut head = learned();
    head.store.health = Health::Silent;
    head.now = at("2023-08-14T12:17:00Z");
    assert_eq!(head.run(DETECTION).unwrap().rows, []);
    head.store.health = Health::Down;
    assert!(matches!(
        head.run(DETECTION),
        Err(Failed::Store(StoreError::Down))
    ));
}

#[test]
fn the_play_is_the_same_with_calls_read_from_cloudtrail() {
    let mut head = before_initial();
    for body in [
        "cloud_api_calls_by_role",
        "cloud_api_calls_by_role_and_object",
    ] {
        head.macros
            .define(body, &format!("`{body}_from_cloudtrail`"));
    }
    head.run(INITIAL).unwrap();
    assert_eq!(baseline(&head).len(), 17);
    head.events
        .push(Event::call("Deploy", "CreateUser", "2023-08-14T10:30:00Z"));
    let runs = head.live_until(at("2023-08-15T06:00:00Z")).unwrap();
    let alerts: Vec<Row> = detections(&runs)
        .flat_map(|run| run.alerts.clone())
        .collect();
    assert_eq!(names(&alerts), ["111122223333:role/Deploy iam:CreateUser"]);
    assert_eq!(alerts[0].text("account"), "111122223333");
}

// ---- The stage

fn installed() -> SearchHead {
    SearchHead::installed().expect("the shipped app is one that the stand-in can read")
}

/// Ordinary days since 10 July, 06:00 on 14 August, nothing learned yet. Days to come are on stage: nobody sees them.
fn before_initial() -> SearchHead {
    let mut head = installed();
    head.events = ordinary_days(0..50);
    head.now = at("2023-08-14T06:00:00Z");
    head
}

fn learned() -> SearchHead {
    let mut head = before_initial();
    head.run(INITIAL)
        .expect("Initial learns from 34 ordinary days");
    head
}

/// 10 July 2023, 11:42 to 12:38, of a real account: 2,900 calls, 29 of them successful and by a role, 17 different ones.
fn real_hour() -> Vec<Event> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cloudtrail");
    records(&data.join("invictus-aws_dataset.json.gz"))
}

/// What roles did in the real hour, again on each of these days after it.
fn ordinary_days(days: Range<i64>) -> Vec<Event> {
    let roles: Vec<Event> = real_hour()
        .into_iter()
        .filter(Event::is_by_a_role)
        .collect();
    days.flat_map(|day| roles.iter().map(move |event| event.days_later(day)))
        .collect()
}

/// What is really in the collection, by role and call.
fn baseline(head: &SearchHead) -> BTreeMap<String, Row> {
    let sightings = head.store.contents(BASELINE);
    let count = sightings.len();
    let baseline: BTreeMap<String, Row> = sightings
        .into_iter()
        .map(|row| (name_of(&row), row))
        .collect();
    assert_eq!(baseline.len(), count, "one sighting for each role and call");
    baseline
}

/// First and last time of a sighting.
fn moments(sighting: &Row) -> [i64; 2] {
    ["firstTimeSeen", "lastTimeSeen"]
        .map(|field| sighting.text(field).parse().expect("whole seconds"))
}

fn name_of(row: &Row) -> String {
    format!("{} {}", row.text("user"), row.text("command"))
}

fn names(rows: &[Row]) -> Vec<String> {
    rows.iter().map(name_of).collect()
}

fn detections(runs: &[Run]) -> impl Iterator<Item = &Run> {
    runs.iter().filter(|run| run.search == DETECTION)
}

fn warns(finished: &Finished, about: &str) -> bool {
    finished
        .messages
        .iter()
        .any(|message| message.level == "WARN" && message.text.contains(about))
}

/// Every text of the app, with its path.
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
