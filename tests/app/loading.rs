//! *Unseen - Load*: a baseline that the command line learned from files, taken into the collection.
//!
//! The file is written by the real binary from the same calls that the stand-in's Initial reads. How a file is uploaded in Splunk Web is not
//! played here.

use crate::search_head::{change::Event, row::Row, SearchHead};
use crate::stage::{
    at, baseline, before_initial, call, learned, number, ordinary_days, state, times, INITIAL,
    LOAD, RECONCILE, UPDATE,
};
use std::fs;
use std::process::Command;
use tempfile::TempDir;

const FILE: &str = "unseen_baseline.csv";

/// What `unseen learn` makes of these calls.
fn learned_offline(events: &[Event]) -> Vec<Row> {
    let folder = TempDir::new().unwrap();
    let lines: Vec<String> = events.iter().map(Event::json).collect();
    fs::write(folder.path().join("calls.json"), lines.join("\n")).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_unseen"))
        .args(["learn", "--baseline", FILE, "calls.json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    rows_of(&fs::read(folder.path().join(FILE)).unwrap())
}

/// The rows of a lookup file: every cell is text, and one that is empty is none.
fn rows_of(text: &[u8]) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(text);
    let names = reader.headers().unwrap().clone();
    let row = |cells: csv::StringRecord| {
        let cells = names.iter().zip(cells.iter());
        let cells: Vec<(&str, &str)> = cells.filter(|(_, cell)| !cell.is_empty()).collect();
        Row::of(&cells)
    };
    reader.records().map(|cells| row(cells.unwrap())).collect()
}

/// The calls that can be found at this moment.
fn found(head: &SearchHead) -> Vec<Event> {
    let events = head.events.iter();
    events
        .filter(|event| event.time < head.now)
        .cloned()
        .collect()
}

fn upload(head: &mut SearchHead, rows: Vec<Row>) {
    head.lookups.files.insert(FILE.into(), rows);
}

/// A site that took a file of all its calls in place of Initial.
fn loaded() -> SearchHead {
    let mut head = before_initial();
    load(&mut head);
    head
}

fn load(head: &mut SearchHead) {
    let rows = learned_offline(&found(head));
    upload(head, rows);
    head.run(LOAD).unwrap();
}

#[test]
fn a_file_of_the_same_calls_makes_the_baseline_that_initial_makes() {
    let head = loaded();
    assert_eq!(baseline(&head), baseline(&learned()));
    let (loaded, usual) = (state(&head), state(&learned()));
    for field in ["rows", "enough_data", "lastTimeSeen", "written"] {
        assert_eq!(loaded.text(field), usual.text(field), "{field}");
    }
    // What is known is known since the first call in the file, however long the range of the search is.
    let first = baseline(&head).values().map(|row| times(row)[0]).min();
    assert_eq!(Some(number(&loaded, "learned_from")), first);
}

#[test]
fn loading_twice_changes_nothing() {
    let mut head = loaded();
    let before = baseline(&head);
    assert_eq!(head.run(LOAD).unwrap().rows[0].text("rows"), "0");
    assert_eq!(baseline(&head), before);
    assert_eq!(state(&head).text("enough_data"), "1");
}

#[test]
fn a_site_that_has_learned_gains_what_is_older_and_loses_nothing() {
    let mut head = learned();
    let older = |row: &Row| {
        let [first, last] = times(row).map(|time| (time - 30 * 86_400).to_string());
        let [user, command] = ["user", "command"].map(|field| row.text(field));
        Row::of(&[
            ("user", &user),
            ("command", &command),
            ("firstTimeSeen", &first),
            ("lastTimeSeen", &last),
        ])
    };
    let before = baseline(&head);
    let mut rows: Vec<Row> = before.values().map(older).collect();
    let month_ago = (head.now - 30 * 86_400).to_string();
    rows.push(Row::of(&[
        ("user", "Deploy"),
        ("command", "CreateUser"),
        ("firstTimeSeen", &month_ago),
        ("lastTimeSeen", &month_ago),
    ]));
    upload(&mut head, rows);
    head.run(LOAD).unwrap();
    let mut after = baseline(&head);
    assert!(
        after.remove("Deploy CreateUser").is_some(),
        "what only the file knows is stored"
    );
    assert_eq!(after.len(), before.len());
    for (name, row) in &after {
        let [first, last] = times(&before[name]);
        assert_eq!(times(row), [first - 30 * 86_400, last], "{name}");
    }
}

/// One call is new in the last days before, one comes the next day, and one too late for the night.
#[test]
fn the_first_nights_alert_as_they_do_after_initial() {
    let calls = [
        call("Deploy DeleteUser", "12 Aug 10:30"),
        call("Deploy CreateUser", "14 Aug 10:30"),
        call("Ops DeleteTrail", "15 Aug 23:59"),
    ];
    let alerts = |start: fn(&mut SearchHead)| {
        let mut head = before_initial();
        head.events.extend_from_slice(&calls);
        start(&mut head);
        let runs = head.live_until(at("17 Aug 06:00")).unwrap();
        let runs = runs.iter().filter(|run| !run.alerts.is_empty());
        runs.map(|run| (run.search.clone(), run.at, run.alerts.clone()))
            .collect::<Vec<_>>()
    };
    let usual = alerts(|head| drop(head.run(INITIAL).unwrap()));
    assert_eq!(alerts(load), usual);
    assert!(usual.iter().any(|(search, ..)| search == RECONCILE));
}

#[test]
fn what_was_forgotten_since_is_not_loaded() {
    let mut head = before_initial();
    let rows = learned_offline(&ordinary_days(0..5));
    upload(&mut head, rows);
    head.now = at("01 Dec 06:00");
    let finished = head.run(LOAD).unwrap();
    assert_eq!(finished.rows[0].text("rows"), "0");
    assert!(baseline(&head).is_empty());
}

#[test]
fn a_file_that_is_missing_or_is_no_baseline_writes_nothing_and_says_so() {
    let mut head = before_initial();
    let missing = head.run(LOAD).unwrap_err().to_string();
    assert!(missing.contains(FILE), "{missing}");
    let foreign = rows_of(b"name,value\na,1\n");
    upload(&mut head, foreign);
    let refused = head.run(LOAD).unwrap_err().to_string();
    assert!(
        refused.contains("no row has a value in `user` or `command`"),
        "{refused}"
    );
    assert!(baseline(&head).is_empty());
    // Where there is a baseline, it stays as it was, and Update goes on.
    head.run(INITIAL).unwrap();
    let before = baseline(&head);
    let _ = head.run(LOAD);
    assert_eq!(baseline(&head), before);
    head.now = at("15 Aug 00:41");
    head.run(UPDATE).unwrap();
}
