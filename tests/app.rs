//! The shipped app, held against itself, and played from Initial to alert.
//!
//! The play runs the searches of `splunk_app/` on the stand-in search head of `search_head/`, whose header says what it is
//! and what it is not; the search commands in them are real processes of the real binary. Its events are one real hour of
//! CloudTrail (`data/cloudtrail/README.md`) repeated every day, and a few made-up calls. It plays in 2023, in UTC.
//! The how-tos of `docs/searches.md` are played with the SPL as it stands on that page.

#[cfg(test)]
mod lookup_faults;
#[cfg(test)]
mod search_head;

use chrono::NaiveDateTime;
use search_head::{
    change::{records, AddOn, Event},
    conf::Conf,
    kvstore::{Health, KvStore},
    lookups::Lookups,
    macros::Macros,
    row::Row,
    scheduler::{suppression_period, Run},
    shipped,
    spl::{self, Command},
    Failed, Finished, SearchHead,
};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::OnceLock,
};
use unseen::options::table::OPTIONS;

const INITIAL: &str = "Previously Seen Cloud API Calls Per User Role - Initial";
const UPDATE: &str = "Previously Seen Cloud API Calls Per User Role - Update";
const DETECTION: &str = "Cloud API Calls From Previously Unseen User Roles";
const HEALTH: &str = "Unseen - Health";
const PROOF: &str = "Unseen - Proof";
const BASELINE: &str = "previously_seen_cloud_api_calls_per_user_role";
const ACTIVITY_WINDOW: &str = "cloud_api_calls_from_previously_unseen_user_roles_activity_window";
const LEARNING_WINDOW: &str = "previously_seen_cloud_api_calls_per_user_role_learning_window";
const FORGET_WINDOW: &str = "previously_seen_cloud_api_calls_per_user_role_forget_window";
const LEARNING_FILTER: &str = "previously_seen_cloud_api_calls_per_user_role_filter";

/// Where calls are read from: each has a body for either source, `_from_change` and `_from_cloudtrail`.
const SOURCES: [&str; 2] = [
    "cloud_api_calls_by_role",
    "cloud_api_calls_by_role_and_object",
];

/// Searches that the stand-in cannot run yet; with their macros and lookups.
const TO_COME: [&str; 3] = ["Unseen - Look", "Unseen - Reconcile", "Unseen - Retention"];

// ---- The app held against itself

#[test]
fn every_command_macro_and_lookup_that_is_named_exists_and_every_one_that_exists_is_used() {
    let head = installed();
    let searches = head.searches.stanzas.iter();
    let searches = searches.filter(|(name, _)| !TO_COME.contains(&name.as_str()));
    let searches = searches.map(|(_, search)| search["search"].clone());
    // A site may switch to the other source by hand.
    let other_source = SOURCES.map(|source| format!("| `{source}_from_cloudtrail`"));
    let mut macros = BTreeSet::new();
    let mut commands = BTreeSet::new();
    let mut lookups = BTreeSet::new();
    for search in searches.chain(other_source) {
        let expanded = head.macros.expand(&search).unwrap();
        macros.extend(expanded.used);
        for command in spl::every(&spl::parse(&expanded.spl).unwrap()) {
            match command {
                Command::Custom { name, .. } => drop(commands.insert(name.clone())),
                Command::Lookup(lookup) => drop(lookups.insert(lookup.name.clone())),
                Command::InputLookup(input) => drop(lookups.insert(input.name.clone())),
                Command::OutputLookup(output) => drop(lookups.insert(output.name.clone())),
                _ => {}
            }
        }
    }
    let to_come = |name: &String| name.starts_with("unseen_");
    let known = |names: BTreeSet<String>| -> BTreeSet<String> {
        names.into_iter().filter(|name| !to_come(name)).collect()
    };
    assert_eq!(macros, known(head.macros.names()));
    assert_eq!(commands, head.commands.stanzas.keys().cloned().collect());
    assert_eq!(lookups, known(head.lookups.names()));
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
fn the_detections_risk_is_the_originals() {
    let head = installed();
    let setting = |key| head.searches.get(DETECTION, key).unwrap();
    let json = |key| -> serde_json::Value { serde_json::from_str(setting(key)).unwrap() };
    assert_eq!(
        setting("action.risk.param._risk_message"),
        "User $user$ of type AssumedRole attempting to execute new API calls $command$ that have not been seen before"
    );
    let risk = &json("action.risk.param._risk")[0];
    assert_eq!(risk["risk_object_field"], "user");
    assert_eq!(risk["risk_object_type"], "user");
    assert_eq!(risk["risk_score"], 20);
    let annotations = json("action.correlationsearch.annotations");
    assert_eq!(annotations["mitre_attack"][0], "T1078");
    assert_eq!(
        annotations["analytic_story"][0],
        "Suspicious Cloud User Activities"
    );
}

#[test]
fn drilldowns_name_nothing_of_ours() {
    let head = installed();
    let ours = [
        head.macros.names(),
        head.lookups.names(),
        head.commands.stanzas.keys().cloned().collect(),
    ];
    for drilldown in drilldowns(&head) {
        let search = &drilldown["search"];
        assert!(!search.contains('`'), "{search}");
        let words: BTreeSet<&str> = search
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .collect();
        for name in ours.iter().flatten() {
            assert!(!words.contains(name.as_str()), "{name} in {search}");
        }
    }
}

#[test]
fn health_looks_for_late_calls_as_far_back_as_update_learns() {
    let head = installed();
    let learned = head.searches.get(UPDATE, "dispatch.earliest_time").unwrap();
    let health = head.searches.get(HEALTH, "search").unwrap();
    let late = format!("search `cloud_api_calls_cloudtrail_events` earliest={learned} ");
    assert!(health.contains(&late));
}

#[test]
fn the_proof_goes_the_detections_way_word_for_word() {
    let head = installed();
    let way = |search: &str| {
        let spl = head.searches.get(search, "search").unwrap();
        let (_, way) = spl.split_once("| `recall").unwrap();
        way.to_string()
    };
    let filter = "\n| `cloud_api_calls_from_previously_unseen_user_roles_filter`";
    assert_eq!(way(DETECTION).strip_suffix(filter), Some(&way(PROOF)[..]));
}

#[test]
fn every_search_and_macro_is_explained_on_the_page_about_them() {
    let head = installed();
    let page = page();
    let macros = head.macros.names();
    let names = head.searches.stanzas.keys().chain(&macros);
    let to_come = |name: &str| name.starts_with("unseen_") || TO_COME.contains(&name);
    for name in names.filter(|name| !to_come(name)) {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn every_spl_block_of_the_page_is_played_below() {
    let page = page();
    let names = page.lines().filter_map(|line| line.strip_prefix("```spl "));
    assert_eq!(
        BTreeSet::from_iter(names),
        BTreeSet::from(["export", "import", "import-escu", "keep-out", "un-learn"])
    );
    assert!(!page.contains("```spl\n"), "a block without a name");
}

#[test]
fn every_rest_call_of_the_page_names_our_collection_and_a_query_that_is_json() {
    let page = page();
    let query = regex::Regex::new("'query=([^']*)'").unwrap();
    let path = format!("/servicesNS/nobody/unseen/storage/collections/data/{BASELINE}");
    let calls = page.split("\ncurl ").skip(1);
    let mut deletes = 0;
    for call in calls {
        let call = call.split("\ncurl").next().unwrap();
        let call = call.split("```").next().unwrap();
        assert!(call.contains(&path), "{call}");
        let query = query.captures(call).map(|found| found[1].to_string());
        if let Some(query) = &query {
            let query: serde_json::Value = serde_json::from_str(query).unwrap();
            assert!(query["lastTimeSeen"]["$lt"].is_u64(), "{query}");
        }
        if call.contains("DELETE") {
            assert!(query.is_some(), "{call}");
            deletes += 1;
        }
    }
    assert_eq!(deletes, 1);
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
    assert!(matches!(head.paste(UPDATE), Err(Failed::Command(_))));
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
        ("lastTimeEpoch", "1692009001"),
        ("count", "12"),
        ("object_count", "12"),
        ("account", "111122223333"),
    ] {
        assert_eq!(rows[0].text(field), value, "{field}");
    }
    assert_eq!(rows[0].values("object").len(), 10);
}

#[test]
fn a_drilldown_asks_for_fields_that_the_row_has_and_its_range_holds_the_calls() {
    let mut head = learned();
    for moment in ["14 Aug 10:30", "14 Aug 10:47"] {
        head.events.push(call("Deploy CreateUser", moment));
    }
    let row = run(&mut head, DETECTION, "14 Aug 11:17")
        .unwrap()
        .rows
        .remove(0);
    let of_the_row = |text: &String| {
        let mut filled = text.clone();
        for (field, _) in row.fields() {
            filled = filled.replace(&format!("${field}$"), &row.text(field));
        }
        filled
    };
    let drilldowns = drilldowns(&head);
    let token = regex::Regex::new(r"\$\w+\$").unwrap();
    assert_eq!(drilldowns.len(), 3);
    for drilldown in &drilldowns {
        for part in drilldown.values() {
            assert!(!token.is_match(&of_the_row(part)), "{part}");
        }
        if drilldown["latest_offset"] != "now" {
            let bound = |key: &str| of_the_row(&drilldown[key]).parse::<i64>().unwrap();
            assert!(bound("earliest_offset") <= at("14 Aug 10:30"));
            assert!(bound("latest_offset") > at("14 Aug 10:47"));
        }
    }
    let in_cloudtrail = of_the_row(&drilldowns[1]["search"]);
    let bounds = ["earliest_offset", "latest_offset"].map(|key| of_the_row(&drilldowns[1][key]));
    let [earliest, latest] = bounds.map(|bound| bound.parse().unwrap());
    let found = head.run_spl(&format!("search {in_cloudtrail}"), earliest, latest);
    assert_eq!(found.unwrap().rows.len(), 2);
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

// ---- The play: what watches over it

#[test]
fn health_has_nothing_to_say_in_a_healthy_week() {
    let mut head = healthy();
    head.enabled.extend([HEALTH, PROOF].map(String::from));
    let runs = head.live_until(at("22 Aug 08:00")).unwrap();
    let health: Vec<&Run> = runs.iter().filter(|run| run.search == HEALTH).collect();
    assert_eq!(health.len(), 8);
    for run in health {
        assert_eq!(run.rows, []);
    }
}

#[test]
fn health_tells_of_an_empty_baseline() {
    let mut head = healthy();
    head.store = installed().store;
    assert_eq!(
        problems(&mut head, "15 Aug 07:52"),
        ["The baseline is empty or cannot be read: run Initial, or see whether the KV store is up."]
    );
    head.store.health = Health::Down;
    assert_eq!(problems(&mut head, "15 Aug 07:52").len(), 1);
}

#[test]
fn health_tells_of_a_learning_baseline() {
    let mut head = before_initial();
    run(&mut head, INITIAL, "13 Jul 06:00").unwrap();
    head.live_until(at("14 Jul 07:52")).unwrap();
    assert_eq!(
        problems(&mut head, "14 Jul 07:52"),
        ["The baseline is still learning, since 2023-07-10 11:55:24 +0000: nothing is reported until it reaches back to -7d@d."]
    );
}

#[test]
fn health_tells_of_an_update_that_stopped() {
    let mut head = healthy();
    head.enabled.remove(UPDATE);
    head.live_until(at("17 Aug 07:52")).unwrap();
    assert_eq!(
        problems(&mut head, "17 Aug 07:52"),
        ["Update last ran 2023-08-15 00:41:00 +0000: what is new since then is not learned."]
    );
    head.live_until(at("21 Aug 07:52")).unwrap();
    assert_eq!(
        problems(&mut head, "21 Aug 07:52"),
        ["Update has not run for three days: enable it."]
    );
}

#[test]
fn health_tells_of_a_detection_that_stopped() {
    let mut head = healthy();
    head.enabled.remove(DETECTION);
    head.live_until(at("16 Aug 07:52")).unwrap();
    assert_eq!(
        problems(&mut head, "16 Aug 07:52"),
        ["The detection last ran 2023-08-15 06:17:00 +0000: nothing is reported since then."]
    );
}

#[test]
fn health_tells_when_the_log_of_the_schedules_shows_nothing() {
    let mut head = healthy();
    head.reads_internal = false;
    let problems = problems(&mut head, "15 Aug 07:52");
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].contains("read the index _internal"),
        "{problems:?}"
    );
}

#[test]
fn health_tells_when_events_stop_arriving() {
    let mut head = healthy();
    head.events.retain(|event| event.time < at("16 Aug 00:00"));
    head.live_until(at("18 Aug 07:52")).unwrap();
    assert_eq!(
        problems(&mut head, "18 Aug 07:52"),
        ["Update runs, but the newest sighting is of 2023-08-15 12:32:01 +0000: do events arrive?"]
    );
}

#[test]
fn health_tells_of_calls_that_came_too_late_to_be_reported_and_of_no_others() {
    for (arrives, late) in [("15 Aug 22:00", false), ("15 Aug 23:30", true)] {
        let mut head = healthy();
        let call = call("Deploy CreateUser", "14 Aug 22:30").arriving(at(arrives));
        head.events.push(call);
        let runs = head.live_until(at("16 Aug 07:52")).unwrap();
        assert_eq!(alerts(&runs).is_empty(), late, "{arrives}");
        let expected: &[&str] = match late {
            true => &["1 calls of the last three days arrived later than the activity window: Update learned them, the detection could not report them."],
            false => &[],
        };
        assert_eq!(problems(&mut head, "16 Aug 07:52"), expected, "{arrives}");
    }
}

/// On 15 August at 12:30 somebody writes an event of a call that nobody made, and dates it back, so that the call is known when he makes
/// it. What is covered, what is not, and what is told.
#[test]
fn a_call_that_is_dated_back_is_alerted_for_a_day_and_else_learned_for_three_which_health_tells() {
    const NEXT_DAY: &str = "16 Aug 10:30";
    for (dated, made, alerted, told) in [
        // The next detection reads its last day: the event itself is alerted.
        ("15 Aug 12:29", NEXT_DAY, Some("15 Aug 13:17"), false),
        ("14 Aug 13:00", NEXT_DAY, Some("15 Aug 13:17"), false),
        // No detection reads it, but Update learns it.
        ("14 Aug 11:59", NEXT_DAY, None, true),
        ("13 Aug 00:00", NEXT_DAY, None, true),
        // Until that night it is of no use.
        ("13 Aug 00:00", "15 Aug 20:30", Some("15 Aug 21:17"), true),
        // Nobody reads it.
        ("12 Aug 23:59", NEXT_DAY, Some("16 Aug 11:17"), false),
        // It was in the window when it came, and no longer at the next detection.
        ("14 Aug 12:59", NEXT_DAY, None, true),
        ("14 Aug 12:00", NEXT_DAY, None, true),
    ] {
        let mut head = healthy();
        let forged = call("Deploy CreateUser", dated).arriving(at("15 Aug 12:30"));
        head.events.push(forged);
        head.events.push(call("Deploy CreateUser", made));
        let mut runs = head.live_until(at("16 Aug 07:52")).unwrap();
        assert_eq!(
            !problems(&mut head, "16 Aug 07:52").is_empty(),
            told,
            "{dated}"
        );
        runs.extend(head.live_until(at("18 Aug 06:00")).unwrap());
        let alerted = alerted.map(|hour| (at(hour), "Deploy CreateUser".to_string()));
        assert_eq!(alerts(&runs), Vec::from_iter(alerted), "{dated}, {made}");
    }
}

#[test]
fn a_detection_that_looks_back_further_than_update_alerts_all_that_update_learns() {
    // Three days, the hours of the day at which both run, and one for snapping.
    let window = "-74h@h";
    for (dated, arrives, alerted) in [
        ("15 Aug 12:29", "15 Aug 12:30", "15 Aug 13:17"),
        ("14 Aug 12:59", "15 Aug 12:30", "15 Aug 13:17"),
        ("13 Aug 00:00", "15 Aug 12:30", "15 Aug 13:17"),
        // Learned a minute later, and judged half an hour after that.
        ("13 Aug 00:00", "16 Aug 00:40", "16 Aug 01:17"),
    ] {
        let mut head = healthy();
        head.macros
            .define(ACTIVITY_WINDOW, &format!("\"{window}\""));
        let detection = head.searches.stanzas.get_mut(DETECTION).unwrap();
        detection.insert("dispatch.earliest_time".into(), window.into());
        let forged = call("Deploy CreateUser", dated).arriving(at(arrives));
        head.events.push(forged);
        let runs = head.live_until(at("19 Aug 06:00")).unwrap();
        assert!(baseline(&head).contains_key("Deploy CreateUser"), "{dated}");
        assert_eq!(
            alerts(&runs),
            [(at(alerted), "Deploy CreateUser".to_string())],
            "{dated}"
        );
        assert_eq!(problems(&mut head, "19 Aug 07:52"), [""; 0], "{dated}");
    }
}

#[test]
fn health_tells_of_roles_that_nobody_knows() {
    let mut head = healthy();
    let calls = ["CreateUser", "DeleteUser"].map(|command| pair("unknown", command));
    head.store.upsert(BASELINE, &calls).unwrap();
    let problems = problems(&mut head, "15 Aug 07:52");
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].starts_with("The user is unknown in 2 of 14 commands"),
        "{problems:?}"
    );
}

#[test]
fn health_tells_of_sessions_that_are_taken_for_roles() {
    let mut head = healthy();
    let session = |n| pair(&format!("session-{n}"), "DescribeVpcs");
    let sessions: Vec<Row> = (0..1_000).map(session).collect();
    head.store.upsert(BASELINE, &sessions).unwrap();
    let problems = problems(&mut head, "15 Aug 07:52");
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].contains("sessions are taken for roles"),
        "{problems:?}"
    );
}

#[test]
fn health_tells_of_a_proof_without_a_row() {
    let mut head = healthy();
    head.store
        .upsert(BASELINE, &[pair("unseen-proof-role", "unseen:Proof")])
        .unwrap();
    head.enabled.insert(PROOF.into());
    head.live_until(at("21 Aug 07:52")).unwrap();
    let problems = problems(&mut head, "21 Aug 07:52");
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].starts_with("Unseen - Proof ran"),
        "{problems:?}"
    );
}

#[test]
fn the_proof_is_one_row_of_the_detections_fields_and_one_alert_and_leaves_no_trace() {
    let mut head = healthy();
    head.enabled = BTreeSet::from([PROOF.to_string()]);
    let before = baseline(&head);
    let runs = head.live_until(at("29 Aug 00:00")).unwrap();
    let proof = "unseen-proof-role unseen:Proof".to_string();
    assert_eq!(
        alerts(&runs),
        ["21 Aug 07:32", "28 Aug 07:32"].map(|monday| (at(monday), proof.clone()))
    );
    assert_eq!(baseline(&head), before);
    head.events.push(call("Deploy CreateUser", "28 Aug 22:30"));
    let real = run(&mut head, DETECTION, "28 Aug 23:17").unwrap().rows;
    let fields = |row: &Row| row.fields().map(|(name, _)| name.to_string()).collect();
    let [real, proof]: [BTreeSet<String>; 2] = [fields(&real[0]), fields(&runs[1].rows[0])];
    assert_eq!(real, proof);
}

#[test]
fn the_proof_has_no_row_while_the_baseline_is_learning() {
    let mut head = before_initial();
    run(&mut head, INITIAL, "13 Jul 06:00").unwrap();
    assert_eq!(run(&mut head, PROOF, "13 Jul 07:32").unwrap().rows, []);
}

// ---- The play: the how-tos of docs/searches.md

#[test]
fn a_pair_that_is_unlearned_and_kept_out_is_new_whenever_it_is_used() {
    let mut head = attacked();
    head.macros.define(LEARNING_FILTER, &documented("keep-out"));
    assert_eq!(names(&unlearn(&mut head)), ["Deploy CreateUser"]);
    for again in ["16 Aug 10:30", "22 Aug 10:30"] {
        head.events.push(call("Deploy CreateUser", again));
    }
    let runs = head.live_until(at("24 Aug 06:00")).unwrap();
    // Reported for a day each time. The first alert was on the 14th, and keeps others back for seven days.
    assert_eq!(reports(&runs).len(), 4 + 24 + 24);
    assert_eq!(
        alerts(&runs),
        [(at("22 Aug 11:17"), "Deploy CreateUser".into())]
    );
    assert_eq!(times(&baseline(&head)["Deploy CreateUser"])[1], 0);
}

#[test]
fn unlearning_touches_no_other_pair_and_reaches_every_row_of_its_own() {
    let mut head = attacked();
    head.store
        .upsert(BASELINE, &[pair("Deploy", "CreateUser")])
        .unwrap();
    let before = head.store.contents(BASELINE);
    assert_eq!(unlearn(&mut head).len(), 2);
    let after = head.store.contents(BASELINE);
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        match after.text("user").as_str() {
            "Deploy" => assert_eq!(after.text("lastTimeSeen"), "0"),
            _ => assert_eq!(before, after),
        }
    }
}

#[test]
fn without_the_filter_the_next_update_learns_the_attack_again_until_it_is_four_days_old() {
    for (unlearned, update, forgotten) in [
        ("16 Aug 09:00", "17 Aug 00:41", false),
        ("18 Aug 09:00", "19 Aug 00:41", true),
    ] {
        let mut head = attacked();
        head.live_until(at(unlearned)).unwrap();
        unlearn(&mut head);
        run(&mut head, UPDATE, update).unwrap();
        let last = times(&baseline(&head)["Deploy CreateUser"])[1];
        assert_eq!(last == 0, forgotten, "{update}");
    }
}

#[test]
fn an_unlearned_pair_starts_at_its_next_use() {
    let mut head = attacked();
    head.live_until(at("18 Aug 09:00")).unwrap();
    unlearn(&mut head);
    head.events.push(call("Deploy CreateUser", "20 Aug 10:30"));
    head.live_until(at("21 Aug 06:00")).unwrap();
    let sighting = &baseline(&head)["Deploy CreateUser"];
    assert_eq!(times(sighting), [at("20 Aug 10:30"); 2]);
}

#[test]
fn it_is_the_forget_window_that_makes_an_unlearned_pair_new() {
    let mut head = attacked();
    head.live_until(at("18 Aug 09:00")).unwrap();
    unlearn(&mut head);
    head.events.push(call("Deploy CreateUser", "18 Aug 10:30"));
    for (window, reported) in [("\"-90d@d\"", 1), ("\"-30000d@d\"", 0)] {
        head.macros.define(FORGET_WINDOW, window);
        let rows = run(&mut head, DETECTION, "18 Aug 11:17").unwrap().rows;
        assert_eq!(rows.len(), reported, "{window}");
    }
}

#[test]
fn escus_baseline_is_learned_under_our_keys_and_only_adds() {
    let mut escu = escu();
    let rows = [
        escu_row("Deploy", "CreateUser", "01 Jun 00:00", "01 Aug 00:00"),
        escu_row("Deploy", "CreateUser", "01 May 00:00", "01 Jul 00:00"),
        escu_row(
            "AROAEXAMPLE:monday",
            "ListKeys",
            "01 Aug 00:00",
            "02 Aug 00:00",
        ),
        escu_row("Audit", "GetObject", "01 Feb 00:00", "01 Mar 00:00"),
    ];
    escu.store.upsert(BASELINE, &rows).unwrap();
    let theirs = escu.store.contents(BASELINE);
    for mut head in [before_initial(), learned()] {
        let before = baseline(&head);
        travels("export", &mut escu, "import", &mut head);
        let after = baseline(&head);
        for (name, sighting) in &before {
            assert_eq!(after[name], *sighting, "{name}");
        }
        // One row for two, no session, and nothing that is forgotten.
        assert_eq!(after.len(), before.len() + 2);
        let both = &after["Deploy CreateUser"];
        assert_eq!(times(both), ["01 May 00:00", "01 Aug 00:00"].map(at));
        let sha256 = |text: &str| format!("{:x}", Sha256::digest(text));
        let key = sha256(&(sha256("Deploy") + &sha256("CreateUser")));
        assert_eq!(both.text("_key"), key);
        assert!(after.contains_key("AROAEXAMPLE ListKeys"));
        // Again, and it changes nothing; our own searches go on.
        travels("export", &mut escu, "import", &mut head);
        assert_eq!(baseline(&head), after);
        head.events.push(call("Deploy CreateUser", "14 Aug 10:30"));
        let reported = run(&mut head, DETECTION, "14 Aug 11:17").unwrap().rows;
        assert!(!names(&reported).contains(&"Deploy CreateUser".to_string()));
        run(&mut head, UPDATE, "15 Aug 00:41").unwrap();
        let updated = &baseline(&head)["Deploy CreateUser"];
        assert_eq!(times(updated), ["01 May 00:00", "14 Aug 10:30"].map(at));
    }
    assert_eq!(escu.store.contents(BASELINE), theirs);
}

#[test]
fn our_baseline_goes_back_to_escu_and_twice_is_once() {
    let mut head = attacked();
    unlearn(&mut head);
    let before = baseline(&head);
    let mut escu = escu();
    for _ in 0..2 {
        travels("export", &mut head, "import-escu", &mut escu);
        let there = baseline(&escu);
        assert_eq!(
            there.len(),
            before.len() - 1,
            "what was un-learned stays here"
        );
        for (name, sighting) in &there {
            assert_eq!(times(sighting), times(&before[name]), "{name}");
            assert_eq!(sighting.text("_key"), before[name].text("_key"), "{name}");
        }
    }
    assert_eq!(baseline(&head), before);
}

#[test]
fn an_export_restores_a_baseline_that_was_lost() {
    let mut head = learned();
    let before = baseline(&head);
    head.run_spl(&documented("export"), 0, head.now).unwrap();
    head.store = installed().store;
    head.run_spl(&documented("import"), 0, head.now).unwrap();
    assert_eq!(baseline(&head), before);
}

#[test]
fn after_an_outage_a_run_for_each_missed_day_finds_what_one_run_over_all_of_it_cannot() {
    let mut head = learned();
    head.events.push(call("Deploy CreateUser", "16 Aug 10:30"));
    head.now = at("20 Aug 06:00");
    let spl = |search: &str| installed().searches.stanzas[search]["search"].clone();
    head.run_spl(&spl(UPDATE), at("13 Aug 06:00"), head.now)
        .unwrap();
    assert!(baseline(&head).contains_key("Deploy CreateUser"));
    let mut reported = vec![];
    for day in 14..20 {
        let midnight = at(&format!("{day} Aug 00:00"));
        let rows = head.run_spl(&spl(DETECTION), midnight, midnight + 86_400);
        reported.extend(
            names(&rows.unwrap().rows)
                .into_iter()
                .map(|name| (day, name)),
        );
    }
    assert_eq!(reported, [(16, "Deploy CreateUser".to_string())]);
    let at_once = head.run_spl(&spl(DETECTION), at("14 Aug 00:00"), head.now);
    assert_eq!(at_once.unwrap().rows, []);
}

// ---- The stage

/// A site that has enabled Update and the detection.
fn installed() -> SearchHead {
    let mut head = SearchHead::installed().expect("the stand-in can read the shipped app");
    head.enabled.extend([UPDATE, DETECTION].map(String::from));
    head
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

/// The next morning, 15 August, 06:30: Update has run for the first time.
fn healthy() -> SearchHead {
    let mut head = learned();
    head.live_until(at("15 Aug 06:30")).expect("a night passes");
    head
}

/// The same morning after an attack, which was alerted and then learned.
fn attacked() -> SearchHead {
    let mut head = learned();
    head.events.push(call("Deploy CreateUser", "14 Aug 10:30"));
    let runs = head.live_until(at("15 Aug 06:30")).expect("a night passes");
    assert_eq!(alerts(&runs).len(), 1);
    assert!(baseline(&head).contains_key("Deploy CreateUser"));
    head
}

/// A search head's other app: ESCU's lookup and collection of the same name, and nothing of ours.
fn escu() -> SearchHead {
    let collections = format!("[{BASELINE}]\nenforceTypes = false\nreplicate = false\n");
    let transforms = format!(
        "[{BASELINE}]\nexternal_type = kvstore\ncollection = {BASELINE}\n\
         fields_list = _key, user, command, firstTimeSeen, lastTimeSeen, enough_data\n"
    );
    let conf = |text: &str| Conf::parse(text).expect("a conf file");
    let mut head = installed();
    head.now = at("14 Aug 06:00");
    head.store = KvStore::from_conf(&conf(&collections)).expect("a collection");
    head.lookups = Lookups::from_conf(&conf(&transforms), &head.store).expect("a lookup");
    head.macros = Macros::default();
    head.searches = Conf::default();
    head.commands = Conf::default();
    head
}

/// A row as ESCU's Update writes it: times as text, and a key that the store makes up.
fn escu_row(user: &str, command: &str, first: &str, last: &str) -> Row {
    let [first, last] = [first, last].map(|moment| format!("{}.000000", at(moment)));
    Row::of(&[
        ("user", user),
        ("command", command),
        ("firstTimeSeen", &first),
        ("lastTimeSeen", &last),
        ("enough_data", "1"),
    ])
}

/// A row of our collection, under a key that the store makes up.
fn pair(user: &str, command: &str) -> Row {
    let [first, last] = ["01 Jun 00:00", "14 Aug 00:00"].map(|moment| at(moment).to_string());
    Row::of(&[
        ("user", user),
        ("command", command),
        ("firstTimeSeen", &first),
        ("lastTimeSeen", &last),
        ("enough_data", "1"),
    ])
}

fn page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/searches.md");
    fs::read_to_string(page).expect("the page about the searches")
}

/// The SPL block of that name on the page, as it stands there.
fn documented(name: &str) -> String {
    let page = page();
    let (_, after) = page
        .split_once(&format!("```spl {name}\n"))
        .unwrap_or_else(|| panic!("no block `{name}`"));
    let (spl, _) = after.split_once("\n```").expect("the block ends");
    spl.to_string()
}

/// Runs the page's search that forgets the attack, and gives the rows it wrote.
fn unlearn(head: &mut SearchHead) -> Vec<Row> {
    let spl = documented("un-learn");
    head.run_spl(&spl, 0, head.now)
        .expect("the pair can be un-learned")
        .rows
}

/// Writes one app's baseline to a file, moves that to the other app, and reads it there.
fn travels(export: &str, from: &mut SearchHead, import: &str, to: &mut SearchHead) {
    from.run_spl(&documented(export), 0, from.now)
        .expect("an export");
    let files = std::mem::take(&mut from.lookups.files);
    to.lookups.files = files;
    to.run_spl(&documented(import), 0, to.now)
        .expect("an import");
}

/// What Health says at that moment, one text per row.
fn problems(head: &mut SearchHead, moment: &str) -> Vec<String> {
    let rows = run(head, HEALTH, moment).expect("Health runs").rows;
    rows.iter().map(|row| row.text("problem")).collect()
}

/// The detection's drilldowns: name, search and range of each.
fn drilldowns(head: &SearchHead) -> Vec<BTreeMap<String, String>> {
    let key = "action.notable.param.drilldown_searches";
    let json = head.searches.get(DETECTION, key).expect("drilldowns");
    serde_json::from_str(json).expect("drilldowns are JSON")
}

/// 10 July, 11:42 to 12:38, in a real account: 2,900 calls, 29 of them by roles and successful, 17 different ones.
fn real_hour() -> Vec<Event> {
    static HOUR: OnceLock<Vec<Event>> = OnceLock::new();
    let hour = HOUR.get_or_init(|| {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cloudtrail");
        records(&data.join("invictus-aws_dataset.json.gz"))
    });
    hour.clone()
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
    head.paste(search)
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
