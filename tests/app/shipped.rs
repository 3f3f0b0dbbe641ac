//! The app's files compared with one another and with the pages about them.

use crate::search_head::{
    conf::Conf,
    shipped,
    spl::{self, Command},
    SearchHead,
};
use crate::stage::{
    installed, page, shipped_texts, window, BASELINE, DETECTION, LOOK, PROOF, RANKING, RECONCILE,
    UPDATE,
};
use std::{collections::BTreeSet, fs};
use unseen::options::table::OPTIONS;

const ACTIVITY_WINDOW: &str = "cloud_api_calls_from_previously_unseen_user_roles_activity_window";
const LEARNING_WINDOW: &str = "previously_seen_cloud_api_calls_per_user_role_learning_window";
const FORGET_WINDOW: &str = "previously_seen_cloud_api_calls_per_user_role_forget_window";

/// What people call themselves: a switch's other position, and macros that are typed.
const BY_HAND: [&str; 3] = [
    "| `unseen_calls_from_change`",
    "| `unseen_mark(0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef, new)`",
    "| `unseen_reopen(scheduler__x)`",
];

#[test]
fn every_command_macro_and_lookup_that_is_named_exists_and_every_one_that_exists_is_used() {
    let head = installed();
    let searches = head.searches.stanzas.values();
    let searches = searches.map(|search| search["search"].clone());
    let mut macros = BTreeSet::new();
    let mut commands = BTreeSet::new();
    let mut lookups = BTreeSet::new();
    for search in searches.chain(BY_HAND.map(String::from)) {
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
    assert_eq!(macros, head.macros.names());
    assert_eq!(commands, head.commands.stanzas.keys().cloned().collect());
    // The one file that is not shipped: an administrator uploads it.
    assert!(lookups.remove("unseen_baseline.csv"));
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
fn the_detection_looks_back_no_further_than_a_pair_counts_as_new_nor_than_update_and_reconcile_do()
{
    let head = installed();
    let hours = |window: &str| -> i64 {
        let hours = window.strip_prefix('-').and_then(|w| w.strip_suffix("h@h"));
        hours.unwrap().parse().unwrap()
    };
    let setting = |search, key| head.searches.get(search, key).unwrap();
    let looks_back = hours(setting(DETECTION, "dispatch.earliest_time"));
    // A call an hour before the detection runs is read by four runs: three may be skipped.
    assert_eq!(looks_back, 4);
    assert!(looks_back < hours(&window(&head, ACTIVITY_WINDOW)));
    // Update's three days, the part of a day at which both run, and a day in which either may be late.
    let learns_back = setting(UPDATE, "dispatch.earliest_time");
    assert_eq!(learns_back, "-3d@d");
    assert!(hours(&window(&head, "unseen_reconcile_window")) >= (3 + 1) * 24);
    assert_eq!(
        setting(LOOK, "dispatch.earliest_time"),
        window(&head, ACTIVITY_WINDOW)
    );
}

#[test]
fn every_search_has_both_bounds_and_every_scheduled_one_comes_disabled() {
    for (name, search) in installed().searches.stanzas {
        assert!(search.contains_key("dispatch.earliest_time"), "{name}");
        assert!(search.contains_key("dispatch.latest_time"), "{name}");
        assert_eq!(search["dispatchAs"], "user", "{name}");
        if search["enableSched"] == "1" {
            assert_eq!(search["disabled"], "1", "{name}");
            // Only their runs overlap, so that one may be skipped.
            let overlaps = [DETECTION, RANKING].contains(&name.as_str());
            let in_real_time = i32::from(overlaps).to_string();
            assert_eq!(search["realtime_schedule"], in_real_time, "{name}");
        }
    }
}

#[test]
fn what_alerts_triggers_once_a_run_and_leaves_throttling_to_the_records() {
    let head = installed();
    for search in [DETECTION, RECONCILE, RANKING, PROOF] {
        let setting = |key| head.searches.get(search, key).unwrap();
        assert_eq!(setting("alert.digest_mode"), "1", "{search}");
        assert_eq!(setting("alert.suppress"), "0", "{search}");
        assert_eq!(setting("counttype"), "number of events", "{search}");
        assert_eq!(setting("quantity"), "0", "{search}");
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
fn each_collection_is_written_by_its_own_searches_only() {
    let head = installed();
    let mut writers = BTreeSet::new();
    for (name, search) in &head.searches.stanzas {
        for lookup in written(&head, &search["search"]) {
            writers.insert(format!("{lookup} < {name}"));
        }
    }
    for spl in BY_HAND {
        for lookup in written(&head, spl) {
            writers.insert(format!("{lookup} < {}", &spl[..16]));
        }
    }
    let expected = [
        "previously_seen_cloud_api_calls_per_user_role < Previously Seen Cloud API Calls Per User Role - Initial",
        "previously_seen_cloud_api_calls_per_user_role < Previously Seen Cloud API Calls Per User Role - Update",
        "previously_seen_cloud_api_calls_per_user_role < Unseen - Load",
        "unseen_decisions < | `unseen_mark(0",
        "unseen_detections < Cloud API Calls From Previously Unseen User Roles",
        "unseen_detections < Unseen - Reconcile",
        "unseen_detections < Unseen - Retention",
        "unseen_detections < | `unseen_reopen",
        "unseen_rankings < Cloud Role Making Unusual New API Calls",
        "unseen_state < Previously Seen Cloud API Calls Per User Role - Initial",
        "unseen_state < Previously Seen Cloud API Calls Per User Role - Update",
        "unseen_state < Unseen - Load",
    ];
    assert_eq!(writers, BTreeSet::from(expected.map(String::from)));
}

/// The lookups that the search writes.
fn written(head: &SearchHead, spl: &str) -> Vec<String> {
    let expanded = head.macros.expand(spl).expect("a search").spl;
    let commands = spl::parse(&expanded).expect("a search");
    let written = spl::every(&commands)
        .into_iter()
        .filter_map(|command| match command {
            Command::OutputLookup(output) => Some(output.name.clone()),
            _ => None,
        });
    written.collect()
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
fn look_is_the_detection_without_its_write_and_the_proof_goes_the_same_way() {
    let head = installed();
    let spl = |search: &str| head.searches.get(search, "search").unwrap().to_string();
    let write =
        "| outputlookup append=true key_field=_key override_if_empty=false unseen_detections\n";
    let without_write = spl(DETECTION).replace(write, "");
    assert_eq!(spl(LOOK), without_write);
    let filter = "| `cloud_api_calls_from_previously_unseen_user_roles_filter`\n";
    let (_, way) = without_write.split_once("| `unseen_recall").unwrap();
    let proof = spl(PROOF);
    let (_, proofs_way) = proof.split_once("| `unseen_recall").unwrap();
    assert_eq!(way.replace(filter, ""), proofs_way);
}

#[test]
fn every_search_and_macro_is_explained_on_the_page_about_them() {
    let head = installed();
    let page = page("searches.md");
    let macros = head.macros.names();
    let names = head.searches.stanzas.keys().chain(&macros);
    for name in names {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn every_rest_call_of_the_page_names_our_collection_and_a_query_that_is_json() {
    let page = page("searches.md");
    let query = regex::Regex::new("'query=([^']*)'").unwrap();
    let path = format!("/servicesNS/nobody/unseen/storage/collections/data/{BASELINE}");
    let calls = page.split("\ncurl ").skip(1);
    let mut deletes = 0;
    for call in calls {
        let call = call.split("\ncurl").next().unwrap();
        let call = call.split("```").next().unwrap();
        let dispatches = call.contains("/servicesNS/nobody/unseen/saved/searches/");
        assert!(call.contains(&path) || dispatches, "{call}");
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
