//! The detection's drilldowns: other apps open them, so they name nothing of ours, and ask for what a row has.

use crate::search_head::SearchHead;
use crate::stage::{call, installed, learned, run, DETECTION};
use std::collections::{BTreeMap, BTreeSet};

/// Name, search and range of each.
fn drilldowns(head: &SearchHead) -> Vec<BTreeMap<String, String>> {
    let key = "action.notable.param.drilldown_searches";
    let json = head.searches.get(DETECTION, key).expect("drilldowns");
    serde_json::from_str(json).expect("drilldowns are JSON")
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
fn a_drilldown_asks_for_fields_that_the_row_has_and_finds_the_calls() {
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
    let token = regex::Regex::new(r"\$\w+\$").unwrap();
    let drilldowns = drilldowns(&head);
    for drilldown in &drilldowns {
        for (key, part) in drilldown {
            // The times of the range are up to Enterprise Security.
            assert!(
                key.ends_with("_offset") || !token.is_match(&of_the_row(part)),
                "{part}"
            );
        }
    }
    let in_cloudtrail = drilldowns
        .iter()
        .find(|drilldown| drilldown["search"].contains("aws:cloudtrail"));
    let in_cloudtrail = of_the_row(&in_cloudtrail.unwrap()["search"]);
    let found = head.run_spl(&format!("search {in_cloudtrail}"), 0, head.now);
    assert_eq!(found.unwrap().rows.len(), 2);
}
