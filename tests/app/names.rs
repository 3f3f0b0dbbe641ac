//! Names across apps: what a search finds under our names in this app and in others, with ESCU beside it and without.
//!
//! The rule of names is Splunk's as documented; that any of it was seen in Splunk is not claimed. docs/apps.md has the table.

use crate::search_head::{apps::App, kvstore::KvStore, shipped, Failed, SearchHead};
use crate::stage::{at, before_initial, installed, BASELINE, DETECTION};

const FORGET_WINDOW: &str = "previously_seen_cloud_api_calls_per_user_role_forget_window";

fn ours() -> App {
    App::read("unseen", &shipped()).expect("the shipped app")
}

const META: &str = "[]\naccess = read : [ * ], write : [ admin ]\nexport = system\n";

/// ESCU as far as its names are ours: it exports them.
fn escu() -> App {
    let collections = format!("[{BASELINE}]\nenforceTypes = false\nreplicate = false\n");
    let transforms = format!(
        "[{BASELINE}]\nexternal_type = kvstore\ncollection = {BASELINE}\n\
         fields_list = _key, user, command, firstTimeSeen, lastTimeSeen, enough_data\n"
    );
    let macros = format!("[{FORGET_WINDOW}]\ndefinition = \"-escu\"\n");
    let files = [
        ("collections", collections.as_str()),
        ("transforms", &transforms),
        ("macros", &macros),
    ];
    App::of("DA-ESS-ContentUpdate", META, &files).expect("an app")
}

/// An app of others, in which people search: Search, or Enterprise Security.
fn elsewhere(apps: Vec<App>) -> SearchHead {
    SearchHead::opened_in("search", apps).expect("the apps can be read")
}

#[test]
fn inside_the_app_every_name_is_ours_with_escu_or_without() {
    let mut head = SearchHead::opened_in("unseen", vec![ours(), escu()]).unwrap();
    assert_eq!(
        head.macros
            .expand(&format!("`{FORGET_WINDOW}`"))
            .unwrap()
            .spl,
        "\"-90d@d\""
    );
    head.events = before_initial().events;
    head.now = at("14 Aug 06:00");
    head.run(crate::stage::INITIAL).unwrap();
    // A number with a type: the collection is ours.
    assert_eq!(head.store.contents(BASELINE)[0].text("enough_data"), "1");
    head.now = at("14 Aug 13:17");
    assert_eq!(head.paste(DETECTION).unwrap().rows, []);
}

#[test]
fn elsewhere_the_commands_work_and_nothing_else_of_ours_is_found() {
    for apps in [vec![ours()], vec![ours(), escu()]] {
        let with_escu = apps.len() == 2;
        let mut head = elsewhere(apps);
        let judged = "| makeresults | eval user=\"a\", command=\"b\", firstTime=1, enough_data=1 | unseen by user command";
        assert!(head.run_spl(judged, 0, 1).is_ok());
        assert!(matches!(head.paste(DETECTION), Err(Failed::NoSearch(_))));
        for name in ["unseen_calls", "unseen_recall_lean", "unseen_index"] {
            assert!(head.macros.expand(&format!("`{name}`")).is_err(), "{name}");
        }
        for lookup in ["unseen_state", "unseen_detections", "unseen_decisions"] {
            let read = format!("| inputlookup strict=true {lookup}");
            assert!(head.run_spl(&read, 0, 1).is_err(), "{lookup}");
        }
        // The seed's names mean ESCU's objects, or nothing.
        let window = head.macros.expand(&format!("`{FORGET_WINDOW}`"));
        assert_eq!(
            window.ok().map(|window| window.spl),
            with_escu.then(|| "\"-escu\"".into())
        );
        let read = format!("| inputlookup strict=true {BASELINE}");
        assert_eq!(head.run_spl(&read, 0, 1).is_ok(), with_escu);
    }
}

/// The lines of docs/apps.md for a site without ESCU.
#[test]
fn a_site_that_shares_all_four_kinds_can_run_our_searches_elsewhere_and_one_that_shares_searches_alone_cannot(
) {
    let page = crate::stage::page("apps.md");
    let (_, lines) = page.split_once("```ini\n").unwrap();
    let (lines, _) = lines.split_once("```").unwrap();
    let searches_alone = "[savedsearches]\nexport = system\n";
    for (meta, runs) in [(lines, true), (searches_alone, false)] {
        let mut app = ours();
        app.overlay(meta).unwrap();
        let mut head = elsewhere(vec![app]);
        head.now = at("14 Aug 13:17");
        assert_eq!(head.paste(DETECTION).is_ok(), runs, "{meta}");
    }
}

#[test]
fn a_store_is_read_from_both_apps_by_the_same_name_without_mixing_them() {
    // Ours keeps numbers, ESCU's keeps what comes: a text would be refused by ours.
    let text = "| makeresults | eval _key=\"k\", user=\"a\", firstTimeSeen=\"soon\" \
                | outputlookup append=true key_field=_key override_if_empty=false ";
    let spl = format!("{text}{BASELINE}");
    assert!(installed().run_spl(&spl, 0, 1).is_err());
    let mut theirs = SearchHead::opened_in("DA-ESS-ContentUpdate", vec![escu(), ours()]).unwrap();
    assert!(theirs.run_spl(&spl, 0, 1).is_ok());
    let store: &KvStore = &theirs.store;
    assert_eq!(store.contents(BASELINE)[0].text("firstTimeSeen"), "soon");
}
