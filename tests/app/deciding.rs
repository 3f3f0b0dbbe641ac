//! What people decide about a detection, and what becomes of it: `unseen_mark`.

use crate::search_head::{access::User, row::Row, scheduler::Run, Failed, SearchHead};
use crate::stage::{
    alerted, alerts, at, baseline, call, names, number, run, stored, with_calls, DECISIONS,
    DETECTIONS, LOOK,
};

const NEW: &str = "Deploy CreateUser";

fn until(moment: &str, head: &mut SearchHead) -> Vec<Run> {
    head.live_until(at(moment)).expect("time passes")
}

/// Marks the detection of that name, and gives the rows written.
fn mark(head: &mut SearchHead, name: &str, status: &str) -> Vec<Row> {
    let key = stored(head, DETECTIONS)[name].text("key");
    mark_key(head, &key, status).expect("a decision is stored")
}

/// An analyst does so.
fn mark_key(head: &mut SearchHead, key: &str, status: &str) -> Result<Vec<Row>, Failed> {
    let spl = format!("| `unseen_mark(\"{key}\", \"{status}\")`");
    Ok(head.run_spl_as(User::Analyst, &spl, 0, head.now)?.rows)
}

#[test]
fn an_attack_alerts_at_each_new_use_until_it_is_taken_back() {
    let uses = [
        "14 Aug 10:30",
        "14 Aug 16:30",
        "16 Aug 10:30",
        "16 Aug 12:30",
        "18 Aug 10:30",
    ];
    let mut head = with_calls(&uses.map(|moment| call(NEW, moment)));
    let mut runs = until("14 Aug 12:00", &mut head);
    assert_eq!(names(&mark(&mut head, NEW, "attack")), [NEW]);
    runs.extend(until("17 Aug 06:00", &mut head));
    let attack = [
        "14 Aug 11:17",
        "14 Aug 17:17",
        "16 Aug 11:17",
        "16 Aug 13:17",
    ];
    assert_eq!(alerts(&runs), alerted(&attack, NEW));
    // Nothing was un-learned.
    assert!(baseline(&head).contains_key(NEW));
    mark(&mut head, NEW, "new");
    runs.extend(until("20 Aug 06:00", &mut head));
    assert_eq!(alerts(&runs), alerted(&attack, NEW));
    assert_eq!(
        number(&stored(&head, DETECTIONS)[NEW], "first_time"),
        at("14 Aug 10:30")
    );
}

#[test]
fn expected_changes_no_alert_and_is_shown_beside_the_row() {
    let mut head = with_calls(&["14 Aug 10:30", "14 Aug 12:30"].map(|moment| call(NEW, moment)));
    let runs = until("14 Aug 12:00", &mut head);
    mark(&mut head, NEW, "expected");
    let later = until("16 Aug 06:00", &mut head);
    assert_eq!(alerts(&runs), alerted(&["14 Aug 11:17"], NEW));
    assert_eq!(alerts(&later), []);
    let rows = run(&mut head, LOOK, "14 Aug 14:00").unwrap().rows;
    assert_eq!(rows[0].text("decision"), "expected");
}

#[test]
fn only_the_key_of_a_detection_and_one_of_three_words_are_taken() {
    let mut head = with_calls(&[call(NEW, "14 Aug 10:30")]);
    until("14 Aug 12:00", &mut head);
    let key = stored(&head, DETECTIONS)[NEW].text("key");
    for (key, status) in [
        (&key[1..], "attack"),
        (&key.to_uppercase()[..], "attack"),
        ("", "attack"),
        (NEW, "attack"),
        (&key[..], "Attack"),
        (&key[..], "attack expected"),
        (&key[..], ""),
    ] {
        let refused = mark_key(&mut head, key, status).unwrap_err().to_string();
        assert!(
            refused.starts_with("unseen_mark(key, status): "),
            "{key}, {status}: {refused}"
        );
    }
    let unknown = "0".repeat(64);
    assert_eq!(mark_key(&mut head, &unknown, "attack").unwrap(), []);
    assert!(head.store.contents(DECISIONS).is_empty());
}

/// Names of roles are chosen by others. They reach a record and a decision whole, and never a search.
#[test]
fn a_role_of_any_name_can_be_marked() {
    for role in [
        "a\"b",
        "a\" | outputlookup unseen_state | eval x=\"",
        "a,b",
        "a`unseen_index`b",
        "a | delete",
        "$key$",
        "a\\",
        "[ search index=* ]",
        "a' OR 'b",
        "Zoë 職",
    ] {
        let mut head = with_calls(&[crate::search_head::change::Event::call(
            role,
            "CreateUser",
            at("14 Aug 10:30"),
        )]);
        let runs = until("14 Aug 12:00", &mut head);
        let row = &runs
            .iter()
            .find(|run| !run.alerts.is_empty())
            .unwrap()
            .alerts[0];
        let user = format!("111122223333:role/{role}");
        assert_eq!(row.text("user"), user);
        let written = mark_key(&mut head, &row.text("key"), "attack").unwrap();
        assert_eq!(written[0].text("user"), user);
        let decisions = head.store.contents(DECISIONS);
        assert_eq!(decisions[0].text("user"), user);
        assert_eq!(decisions[0].text("_key"), row.text("key"));
        assert_eq!(number(&decisions[0], "decided"), head.now);
    }
}

#[test]
fn analysts_write_decisions_and_nothing_else() {
    let mut head = with_calls(&[call(NEW, "14 Aug 10:30")]);
    until("14 Aug 12:00", &mut head);
    let every = head.store.collections();
    assert_eq!(every.len(), 5);
    for collection in every {
        let write = format!(
            "| makeresults | eval _key=\"k\", user=\"x\" \
             | outputlookup append=true key_field=_key override_if_empty=false {collection}"
        );
        let written = head.run_spl_as(User::Analyst, &write, 0, 1);
        match written {
            Ok(_) => assert_eq!(collection, DECISIONS),
            Err(error) => assert!(matches!(error, Failed::NoPermission(_)), "{error}"),
        }
    }
}
