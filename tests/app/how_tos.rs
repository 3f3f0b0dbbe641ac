//! The how-tos of `docs/searches.md`, with the SPL as it stands on that page.

use crate::search_head::{
    conf::Conf, kvstore::KvStore, lookups::Lookups, macros::Macros, row::Row, SearchHead,
};
use crate::stage::{
    at, baseline, before_initial, call, installed, learned, mature_row, names, page, run, state,
    times, with_calls, BASELINE, DECISIONS, DETECTION, DETECTIONS, INITIAL, LOOK, UPDATE,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The SPL block of that name on the page, as it stands there.
fn documented(name: &str) -> String {
    let page = page("searches.md");
    let (_, after) = page
        .split_once(&format!("```spl {name}\n"))
        .unwrap_or_else(|| panic!("no block `{name}`"));
    let (spl, _) = after.split_once("\n```").expect("the block ends");
    spl.to_string()
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

/// The site reads calls as ESCU does.
fn from_change(mut head: SearchHead) -> SearchHead {
    head.macros
        .define("unseen_calls", "`unseen_calls_from_change`");
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
    mature_row(user, command, &first, &last)
}

#[test]
fn every_spl_block_of_the_page_is_played_here() {
    let page = page("searches.md");
    let names = page.lines().filter_map(|line| line.strip_prefix("```spl "));
    assert_eq!(
        BTreeSet::from_iter(names),
        BTreeSet::from([
            "export",
            "import",
            "import-escu",
            "mark",
            "progress",
            "reopen"
        ])
    );
    assert!(!page.contains("```spl\n"), "a block without a name");
}

#[test]
fn progress_shows_from_when_on_calls_are_learned() {
    let mut head = learned();
    let rows = head
        .run_spl(&documented("progress"), 0, head.now)
        .unwrap()
        .rows;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].text("learned_from"), "2023-05-16T00:00:00");
    assert_eq!(rows[0].text("rows"), "17");
}

#[test]
fn marking_and_opening_again_are_done_as_the_page_says() {
    let mut head = with_calls(&[call("Deploy CreateUser", "14 Aug 10:30")]);
    head.live_until(at("14 Aug 12:00")).unwrap();
    let record = head.store.contents(DETECTIONS).remove(0);
    let mark = documented("mark");
    let example = mark.split('"').nth(1).unwrap();
    head.run_spl(&mark.replace(example, &record.text("key")), 0, head.now)
        .unwrap();
    assert_eq!(head.store.contents(DECISIONS)[0].text("status"), "attack");
    let reopen = documented("reopen");
    let example = reopen.split('"').nth(1).unwrap();
    head.run_spl(
        &reopen.replace(example, &record.text("alert_sid")),
        0,
        head.now,
    )
    .unwrap();
    assert_eq!(head.store.contents(DETECTIONS)[0].text("alerted"), "0");
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
    for mut head in [from_change(before_initial()), learned_from_change()] {
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

fn learned_from_change() -> SearchHead {
    let mut head = from_change(before_initial());
    head.run(INITIAL).expect("Initial learns ordinary days");
    head
}

#[test]
fn our_baseline_goes_back_to_escu_and_twice_is_once() {
    let mut head = learned_from_change();
    let before = baseline(&head);
    let mut escu = escu();
    for _ in 0..2 {
        travels("export", &mut head, "import-escu", &mut escu);
        let there = baseline(&escu);
        assert_eq!(there.len(), before.len());
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
    let (before, state_before) = (baseline(&head), state(&head));
    head.run_spl(&documented("export"), 0, head.now).unwrap();
    head.store = installed().store;
    head.run_spl(&documented("import"), 0, head.now).unwrap();
    assert_eq!(baseline(&head), before);
    for field in ["enough_data", "lastTimeSeen"] {
        assert_eq!(
            state(&head).text(field),
            state_before.text(field),
            "{field}"
        );
    }
}

#[test]
fn after_a_long_outage_a_look_at_each_missed_day_finds_what_one_look_at_all_of_it_cannot() {
    let mut head = learned();
    head.events.push(call("Deploy CreateUser", "16 Aug 10:30"));
    head.now = at("20 Aug 06:00");
    let spl = |search: &str| installed().searches.stanzas[search]["search"].clone();
    head.run_spl(&spl(INITIAL), at("13 Aug 06:00"), head.now)
        .unwrap();
    assert!(baseline(&head).contains_key("Deploy CreateUser"));
    let mut reported = vec![];
    for day in 14..20 {
        let midnight = at(&format!("{day} Aug 00:00"));
        let rows = head.run_spl(&spl(LOOK), midnight, midnight + 86_400);
        reported.extend(
            names(&rows.unwrap().rows)
                .into_iter()
                .map(|name| (day, name)),
        );
    }
    assert_eq!(reported, [(16, "Deploy CreateUser".to_string())]);
    let at_once = head.run_spl(&spl(LOOK), at("14 Aug 00:00"), head.now);
    assert_eq!(at_once.unwrap().rows, []);
}
