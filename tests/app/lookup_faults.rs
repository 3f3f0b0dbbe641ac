//! Nothing lost in learning: whatever goes wrong around the lookup, what it holds afterwards.
//!
//! The shipped searches run on the stand-in search head (`search_head/`, whose header says what it is not), over made-up calls of August
//! 2023. Beside `learning.rs`, which has the plain cases: Updates over an empty, failing or silent store, Initial twice, cut reads. The law
//! is in [`nothing_is_lost`]; where a fault does cost something, the test says what, and that it costs no alert.

use crate::search_head::{change::Event, kvstore::Health, row::Row, Failed, SearchHead};
use crate::stage::{installed, BASELINE, DETECTION, INITIAL, RECONCILE, UPDATE};
use std::collections::BTreeMap;

const RECALL: &str = "unseen_recall_whole";
const CALLS: &str = "unseen_calls_from_change";

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
/// 14 August 2023, 06:00 UTC.
const MORNING: i64 = 1_691_992_800;
/// The next Update, at night.
const NIGHT: i64 = MORNING + 18 * HOUR + 41 * 60;

/// What the lookup holds: first, last and flag by user, and by `_key` where a user has several rows.
type Held = BTreeMap<(String, String), [String; 3]>;

/// Ten roles that make one call a day since 1 July, each an hour after the one before; all is learned.
fn learned() -> SearchHead {
    let mut head = unlearned();
    head.run(INITIAL).unwrap();
    assert_eq!(held(&head).len(), 10);
    head
}

fn unlearned() -> SearchHead {
    let mut head = installed();
    head.macros.define("unseen_calls", &format!("`{CALLS}`"));
    let days = (0..60).map(|day| MORNING - (44 - day) * DAY);
    let role = |number: i64, day: i64| {
        Event::call(&format!("Role{number}"), "CreateUser", day + number * HOUR)
    };
    head.events = days
        .flat_map(|day| (0..10).map(move |number| role(number, day)))
        .collect();
    head.now = MORNING;
    head
}

fn held(head: &SearchHead) -> Held {
    let row = |row: Row| {
        let values = ["firstTimeSeen", "lastTimeSeen", "enough_data"].map(|field| row.text(field));
        ((row.text("user"), row.text("_key")), values)
    };
    head.store.contents(BASELINE).into_iter().map(row).collect()
}

/// The law: every row is still there, was first seen no later and last seen no earlier than before, and its baseline is as mature.
#[track_caller]
fn nothing_is_lost(before: &Held, after: &Held) {
    let number = |text: &String| text.parse::<f64>().unwrap();
    for (key, [first, last, flag]) in before {
        let now = after.get(key).unwrap_or_else(|| panic!("{key:?} is gone"));
        assert!(
            number(&now[0]) <= number(first),
            "{key:?} was first seen {now:?}, not {first}"
        );
        assert!(
            number(&now[1]) >= number(last),
            "{key:?} was last seen {now:?}, not {last}"
        );
        assert!(number(&now[2]) >= number(flag), "{key:?} was mature");
    }
}

fn users(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| row.text("user")).collect()
}

fn update(head: &mut SearchHead) -> Result<Vec<Row>, Failed> {
    head.now = NIGHT;
    head.run(UPDATE).map(|finished| finished.rows)
}

/// The rows that an Update would write now, and has not.
fn unwritten_update(head: &mut SearchHead, now: i64) -> Vec<Row> {
    head.now = now;
    let search = head.searches.stanzas[UPDATE]["search"].clone();
    let (search, _) = search.split_once("| outputlookup").unwrap();
    let search = search.to_owned();
    head.run_spl(&search, now - 3 * DAY, now).unwrap().rows
}

/// The lookup after the Update of the next night, undisturbed.
fn undisturbed() -> Held {
    let mut head = learned();
    update(&mut head).unwrap();
    held(&head)
}

/// One half of the recall macro, as if the other had answered nothing.
fn recall_only(head: &mut SearchHead, half: &str) {
    let whole = head.macros.expand(&format!("`{RECALL}`")).unwrap().spl;
    let found = whole
        .split('|')
        .map(str::trim)
        .find(|command| command.starts_with(half));
    let command = found.unwrap().to_owned();
    head.macros.define(RECALL, &command);
}

#[test]
fn rows_without_joined_values_lose_nothing() {
    let mut head = learned();
    let before = held(&head);
    recall_only(&mut head, "inputlookup");
    update(&mut head).unwrap();
    nothing_is_lost(&before, &held(&head));
    assert_eq!(held(&head), undisturbed());
}

#[test]
fn joined_values_without_rows_lose_nothing() {
    let mut head = learned();
    let before = held(&head);
    recall_only(&mut head, "lookup");
    // A new role, too: of it nothing is said, but of others there is.
    head.events
        .push(Event::call("New", "CreateUser", MORNING + HOUR));
    update(&mut head).unwrap();
    nothing_is_lost(&before, &held(&head));
    assert_eq!(held(&head).len(), 11);
}

#[test]
fn joined_values_alone_of_young_roles_make_the_flag_wrong_on_what_is_written_until_the_next_update()
{
    let mut head = learned();
    let young = Event::call("Young", "CreateUser", MORNING - DAY);
    head.events.push(young);
    update(&mut head).unwrap();
    let before = held(&head);
    // Now only the young role calls, and the rows do not come: all that is said is two days old.
    head.events.retain(|event| event.time < MORNING - 10 * DAY);
    head.events
        .push(Event::call("Young", "CreateUser", NIGHT + HOUR));
    recall_only(&mut head, "lookup");
    head.now = NIGHT + DAY;
    head.run(UPDATE).unwrap();
    let after = held(&head);
    let wrong: Vec<_> = after
        .iter()
        .filter(|(_, [.., flag])| flag == "0")
        .map(|((user, _), _)| user.as_str())
        .collect();
    assert_eq!(wrong, ["Young"]);
    // The one row about the whole baseline says so too, and an hour in which everything is new is silent. The next Update with both halves
    // puts it right, and Reconcile alerts what it learned.
    let whole = learned().macros.expand(&format!("`{RECALL}`")).unwrap().spl;
    head.macros.define(RECALL, &whole);
    head.events
        .push(Event::call("Backdoor", "CreateUser", NIGHT + DAY));
    head.now = NIGHT + DAY + HOUR;
    assert_eq!(head.run(DETECTION).unwrap().rows, []);
    head.run(UPDATE).unwrap();
    let at_night = users(&head.run(RECONCILE).unwrap().rows);
    assert!(at_night.contains(&"Backdoor".to_string()), "{at_night:?}");
    nothing_is_lost(&before, &held(&head));
    assert!(held(&head).values().all(|[.., flag]| flag == "1"));
}

#[test]
fn a_cut_read_whose_other_half_fails_narrows_what_was_cut_off_and_hides_nothing() {
    let mut head = learned();
    let before = held(&head);
    recall_only(&mut head, "inputlookup");
    head.store.max_rows_per_query = 4;
    update(&mut head).unwrap();
    let after = held(&head);
    // The price of two faults at once: six first sightings are now of the days that Update reads. No row is gone.
    assert_eq!(after.len(), 10);
    let narrowed = after.iter().filter(|(key, now)| now[0] != before[*key][0]);
    assert_eq!(narrowed.count(), 6);
    // What was narrowed could alert once more, and could not be hidden; Initial puts it right.
    head.store.max_rows_per_query = 50_000;
    head.run(INITIAL).unwrap();
    nothing_is_lost(&before, &held(&head));
}

#[test]
fn initial_over_a_store_that_answers_nothing_narrows_what_it_sees_and_initial_again_puts_it_right()
{
    // `start=true` lifts the guard: that is what it is for.
    let mut head = learned();
    let before = held(&head);
    head.store.health = Health::Silent;
    let initial = head.searches.stanzas[INITIAL]["search"].clone();
    head.run_spl(&initial, MORNING - DAY, MORNING).unwrap();
    let after = held(&head);
    assert_eq!(after.len(), 10);
    assert!(after.iter().any(|(key, now)| now[0] != before[key][0]));
    head.store.health = Health::Up;
    head.run(INITIAL).unwrap();
    nothing_is_lost(&before, &held(&head));
}

#[test]
fn initial_over_the_wrong_range_first_is_no_harm() {
    let mut head = unlearned();
    let initial = head.searches.stanzas[INITIAL]["search"].clone();
    head.run_spl(&initial, MORNING - DAY, MORNING).unwrap();
    assert!(held(&head).values().all(|[.., flag]| flag == "0"));
    head.run(INITIAL).unwrap();
    assert_eq!(held(&head), held(&learned()));
}

#[test]
fn an_update_that_dies_in_the_middle_is_made_good_by_the_next() {
    // Also a page that is never asked for: its rows are not written.
    let expected = undisturbed();
    for written in 0..10 {
        let mut head = learned();
        let before = held(&head);
        let rows = unwritten_update(&mut head, NIGHT);
        head.store.upsert(BASELINE, &rows[..written]).unwrap();
        nothing_is_lost(&before, &held(&head));
        update(&mut head).unwrap();
        assert_eq!(held(&head), expected, "after {written} rows");
    }
}

#[test]
fn two_updates_at_once_lose_nothing_that_the_next_does_not_bring_back() {
    let expected = {
        let mut head = learned();
        head.now = NIGHT + DAY;
        head.run(UPDATE).unwrap();
        held(&head)
    };
    for late_one_last in [true, false] {
        let mut head = learned();
        let before = held(&head);
        let early = unwritten_update(&mut head, NIGHT - 6 * HOUR);
        let late = unwritten_update(&mut head, NIGHT);
        let writes = if late_one_last {
            [&early, &late]
        } else {
            [&late, &early]
        };
        for rows in writes {
            head.store.upsert(BASELINE, rows).unwrap();
            nothing_is_lost(&before, &held(&head));
        }
        head.now = NIGHT + DAY;
        head.run(UPDATE).unwrap();
        assert_eq!(held(&head), expected, "late one last: {late_one_last}");
    }
}

#[test]
fn an_observation_without_a_usable_time_stops_the_update_before_it_writes() {
    for eval in [
        "firstTime=\"soon\"",
        "lastTime=\"1e\"",
        "firstTime=\"1 Jan\", lastTime=\"\"",
    ] {
        let mut head = learned();
        let before = held(&head);
        let source = head.macros.expand(&format!("`{CALLS}`")).unwrap().spl;
        head.macros
            .define(CALLS, &format!("{source} | eval {eval}"));
        assert!(
            matches!(update(&mut head), Err(Failed::Command(_))),
            "{eval}"
        );
        assert_eq!(held(&head), before, "{eval}");
    }
}

#[test]
fn foreign_rows_of_a_key_are_merged_into_its_own_and_left_as_they_are() {
    let mut head = learned();
    let foreign = |key: &str, first: i64, last: i64| {
        let (first, last) = (first.to_string(), last.to_string());
        Row::of(&[
            ("_key", key),
            ("user", "Role3"),
            ("command", "CreateUser"),
            ("firstTimeSeen", &first),
            ("lastTimeSeen", &last),
            ("enough_data", "0"),
        ])
    };
    let rows = [
        foreign("imported", MORNING - 300 * DAY, MORNING - 5 * DAY),
        foreign("typed", MORNING - 9 * DAY, MORNING),
    ];
    head.store.upsert(BASELINE, &rows).unwrap();
    let before = held(&head);
    update(&mut head).unwrap();
    let after = held(&head);
    nothing_is_lost(&before, &after);
    for key in ["imported", "typed"] {
        let key = ("Role3".to_string(), key.to_string());
        assert_eq!(before[&key], after[&key]);
    }
    let own = after
        .iter()
        .find(|((user, key), _)| user == "Role3" && key.len() == 64)
        .unwrap()
        .1;
    assert_eq!(own[0], (MORNING - 300 * DAY).to_string());
    let again = update(&mut head).unwrap();
    assert_eq!(again[0].text("rows"), "0", "nothing changes any more");
}

#[test]
fn rows_that_others_broke_stop_nothing_and_make_nothing_known() {
    // Whoever may write the lookup can leave fields out. (And can write a whole row, against which nothing here helps.)
    let broken = [
        Row::of(&[
            ("_key", "no user"),
            ("command", "CreateUser"),
            ("firstTimeSeen", "1"),
        ]),
        Row::of(&[
            ("_key", "nothing said"),
            ("user", "Backdoor"),
            ("command", "CreateUser"),
        ]),
        Row::of(&[
            ("_key", "no first"),
            ("user", "Backdoor"),
            ("command", "CreateUser"),
            ("lastTimeSeen", &MORNING.to_string()),
        ]),
        Row::of(&[
            ("_key", "no last"),
            ("user", "Backdoor"),
            ("command", "CreateUser"),
            ("firstTimeSeen", "1"),
        ]),
        Row::of(&[
            ("_key", "ahead"),
            ("user", "Backdoor"),
            ("command", "CreateUser"),
            ("firstTimeSeen", "4070908800"),
            ("lastTimeSeen", "4070908800"),
        ]),
    ];
    for row in broken {
        let mut head = learned();
        let before = held(&head);
        let name = row.text("_key");
        head.store.upsert(BASELINE, &[row]).unwrap();
        head.events
            .push(Event::call("Backdoor", "CreateUser", MORNING + HOUR));
        head.now = MORNING + 2 * HOUR;
        let reported = head.run(DETECTION).unwrap().rows;
        assert_eq!(users(&reported), ["Backdoor"], "{name}");
        update(&mut head).unwrap();
        let before_of_others = before
            .into_iter()
            .filter(|((user, _), _)| user.starts_with("Role"));
        nothing_is_lost(&before_of_others.collect(), &held(&head));
    }
}
