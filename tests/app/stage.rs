//! Where the play begins, and what it is made of: the site at certain moments, made-up calls, and what to look at.

use crate::search_head::{
    change::{records, Event},
    custom_command::Message,
    row::Row,
    scheduler::Run,
    Failed, Finished, SearchHead,
};
use chrono::NaiveDateTime;
use std::{
    collections::BTreeMap,
    fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::OnceLock,
};

pub(crate) const INITIAL: &str = "Previously Seen Cloud API Calls Per User Role - Initial";
pub(crate) const LOAD: &str = "Unseen - Load";
pub(crate) const UPDATE: &str = "Previously Seen Cloud API Calls Per User Role - Update";
pub(crate) const DETECTION: &str = "Cloud API Calls From Previously Unseen User Roles";
pub(crate) const LOOK: &str = "Unseen - Look";
pub(crate) const RECONCILE: &str = "Unseen - Reconcile";
pub(crate) const RANKING: &str = "Cloud Role Making Unusual New API Calls";
pub(crate) const THRESHOLD: &str = "Unseen - Threshold";
pub(crate) const RETENTION: &str = "Unseen - Retention";
pub(crate) const HEALTH: &str = "Unseen - Health";
pub(crate) const PROOF: &str = "Unseen - Proof";

pub(crate) const BASELINE: &str = "previously_seen_cloud_api_calls_per_user_role";
pub(crate) const STATE: &str = "unseen_state";
pub(crate) const DETECTIONS: &str = "unseen_detections";
pub(crate) const RANKINGS: &str = "unseen_rankings";
pub(crate) const DECISIONS: &str = "unseen_decisions";

/// A site that has enabled what alerts.
pub(crate) fn installed() -> SearchHead {
    let mut head = SearchHead::installed().expect("the stand-in can read the shipped app");
    let enabled = [UPDATE, DETECTION, RECONCILE];
    head.enabled.extend(enabled.map(String::from));
    head
}

/// 14 August, 06:00: ordinary days since 10 July, and nothing learned yet. Those to come are there, but cannot be found yet.
pub(crate) fn before_initial() -> SearchHead {
    let mut head = installed();
    head.events = ordinary_days(0..50);
    head.now = at("14 Aug 06:00");
    head
}

/// The same moment, once Initial has run.
pub(crate) fn learned() -> SearchHead {
    let mut head = before_initial();
    head.run(INITIAL).expect("Initial learns ordinary days");
    head
}

/// The next morning, 15 August, 06:30: Update and Reconcile have run for the first time.
pub(crate) fn healthy() -> SearchHead {
    let mut head = learned();
    head.live_until(at("15 Aug 06:30")).expect("a night passes");
    head
}

/// The site at 14 August, 06:00, with these calls to come.
pub(crate) fn with_calls(calls: &[Event]) -> SearchHead {
    let mut head = learned();
    head.events.extend_from_slice(calls);
    head
}

/// 10 July, 11:42 to 12:38, in a real account: 2,900 calls, 29 of them by roles and successful, 17 different ones.
pub(crate) fn real_hour() -> Vec<Event> {
    static HOUR: OnceLock<Vec<Event>> = OnceLock::new();
    let hour = HOUR.get_or_init(|| {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cloudtrail");
        records(&data.join("invictus-aws_dataset.json.gz"))
    });
    hour.clone()
}

/// What roles did in the real hour, again on each of these days after it.
pub(crate) fn ordinary_days(days: Range<i64>) -> Vec<Event> {
    let hour: Vec<Event> = real_hour()
        .into_iter()
        .filter(Event::is_by_a_role)
        .collect();
    days.flat_map(|day| hour.iter().map(move |event| event.days_later(day)))
        .collect()
}

/// A successful call, named as `names` names it: `Deploy CreateUser`.
pub(crate) fn call(name: &str, moment: &str) -> Event {
    let (role, command) = name.split_once(' ').expect("a role and a command");
    Event::call(role, command, at(moment))
}

/// Epoch seconds of `14 Aug 10:30`.
pub(crate) fn at(moment: &str) -> i64 {
    let moment = NaiveDateTime::parse_from_str(&format!("2023 {moment}"), "%Y %d %b %H:%M");
    moment.expect("a moment of the play").and_utc().timestamp()
}

/// An administrator runs the search at that moment, enabled or not.
pub(crate) fn run(head: &mut SearchHead, search: &str, moment: &str) -> Result<Finished, Failed> {
    head.now = at(moment);
    head.paste(search)
}

/// What is really in the collection, by name.
pub(crate) fn stored(head: &SearchHead, collection: &str) -> BTreeMap<String, Row> {
    let rows = head.store.contents(collection);
    let named: BTreeMap<String, Row> = names(&rows).into_iter().zip(rows.clone()).collect();
    assert_eq!(named.len(), rows.len(), "one row for each role and call");
    named
}

pub(crate) fn baseline(head: &SearchHead) -> BTreeMap<String, Row> {
    stored(head, BASELINE)
}

/// The one row about the baseline as a whole.
pub(crate) fn state(head: &SearchHead) -> Row {
    let rows = head.store.contents(STATE);
    assert_eq!(rows.len(), 1, "one row of state");
    rows[0].clone()
}

/// A row of the baseline, under a key that the store makes up.
pub(crate) fn known_pair(user: &str, command: &str) -> Row {
    let [first, last] = ["01 Jun 00:00", "14 Aug 00:00"].map(|moment| at(moment).to_string());
    mature_row(user, command, &first, &last)
}

/// A row of a mature baseline with these times, under a key that the store makes up.
pub(crate) fn mature_row(user: &str, command: &str, first: &str, last: &str) -> Row {
    Row::of(&[
        ("user", user),
        ("command", command),
        ("firstTimeSeen", first),
        ("lastTimeSeen", last),
        ("enough_data", "1"),
    ])
}

/// First and last time of a sighting.
pub(crate) fn times(sighting: &Row) -> [i64; 2] {
    ["firstTimeSeen", "lastTimeSeen"].map(|field| number(sighting, field))
}

pub(crate) fn number(row: &Row, field: &str) -> i64 {
    row.text(field).parse().expect("whole seconds")
}

/// Role and call of each row, without account and service: `Deploy CreateUser`.
pub(crate) fn names(rows: &[Row]) -> Vec<String> {
    let last = |text: String, mark: &str| text.rsplit(mark).next().unwrap_or_default().to_string();
    let name = |row: &Row| last(row.text("user"), ":role/") + " " + &last(row.text("command"), ":");
    rows.iter().map(name).collect()
}

/// The runs of the detection that reported something.
pub(crate) fn reports(runs: &[Run]) -> Vec<&Run> {
    let reports = |run: &&Run| run.search == DETECTION && !run.rows.is_empty();
    runs.iter().filter(reports).collect()
}

/// When what was alerted.
pub(crate) fn alerts(runs: &[Run]) -> Vec<(i64, String)> {
    let alerts = |run: &Run| {
        let names = names(&run.alerts).into_iter();
        names.map(|name| (run.at, name)).collect::<Vec<_>>()
    };
    runs.iter().flat_map(alerts).collect()
}

/// The same as a test writes it.
pub(crate) fn alerted(moments: &[&str], name: &str) -> Vec<(i64, String)> {
    let one = |moment: &&str| (at(moment), name.to_string());
    moments.iter().map(one).collect()
}

pub(crate) fn warns(finished: &Finished, about: &str) -> bool {
    let mut messages = finished.messages.iter();
    messages.any(|message: &Message| message.level == "WARN" && message.text.contains(about))
}

/// What Health reports at that moment, one text per row.
pub(crate) fn problems(head: &mut SearchHead, moment: &str) -> Vec<String> {
    let rows = run(head, HEALTH, moment).expect("Health runs").rows;
    rows.iter().map(|row| row.text("problem")).collect()
}

/// A window macro's value, without the quotes that belong to it.
pub(crate) fn window(head: &SearchHead, name: &str) -> String {
    let window = head.macros.expand(&format!("`{name}`")).expect("a macro");
    let unquoted = window
        .spl
        .strip_prefix('"')
        .and_then(|w| w.strip_suffix('"'));
    unquoted.expect("a window is written in quotes").to_string()
}

/// A page of `docs/`.
pub(crate) fn page(name: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    fs::read_to_string(page).expect("a page")
}

/// Every text file of the app, with its path.
pub(crate) fn shipped_texts() -> Vec<(PathBuf, String)> {
    let mut folders = vec![crate::search_head::shipped()];
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
