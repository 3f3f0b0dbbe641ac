//! Health: each fault, made on purpose, gives its row, and a healthy week gives none.

use crate::search_head::{change::Event, kvstore::Health, scheduler::Run, SearchHead};
use crate::stage::{
    at, before_initial, call, healthy, installed, problems, run, BASELINE, DETECTION, HEALTH,
    INITIAL, PROOF, RECONCILE, STATE, UPDATE,
};

/// Changes a setting as somebody would in an editor.
fn set(head: &mut SearchHead, search: &str, key: &str, value: &str) {
    let stanza = head.searches.stanzas.get_mut(search).expect("a search");
    stanza.insert(key.into(), value.into());
}

#[test]
fn health_has_nothing_to_say_in_a_healthy_week() {
    let mut head = healthy();
    head.enabled.extend([HEALTH, PROOF].map(String::from));
    head.events.push(call("Deploy CreateUser", "16 Aug 10:30"));
    let runs = head.live_until(at("22 Aug 08:00")).unwrap();
    let health: Vec<&Run> = runs.iter().filter(|run| run.search == HEALTH).collect();
    assert_eq!(health.len(), 8);
    for run in health {
        assert_eq!(run.failed, None);
        assert_eq!(run.rows, []);
    }
}

#[test]
fn health_tells_that_nothing_is_learned_or_the_store_cannot_be_read() {
    let mut head = healthy();
    head.store = installed().store;
    head.macros.define("unseen_index", "index=elsewhere");
    run(&mut head, INITIAL, "15 Aug 07:00").unwrap();
    head.macros.define("unseen_index", "index=main");
    let expected =
        "Nothing is learned yet, or the KV store cannot be read: run Initial, or see whether the KV store is up.";
    assert_eq!(
        problems(&mut head, "15 Aug 07:52"),
        [expected],
        "nothing was read"
    );
    head.store = installed().store;
    assert_eq!(
        problems(&mut head, "15 Aug 07:52"),
        [expected],
        "nothing was run"
    );
    head.store.health = Health::Down;
    assert_eq!(problems(&mut head, "15 Aug 07:52"), [expected]);
}

#[test]
fn health_tells_of_a_learning_baseline() {
    let mut head = before_initial();
    run(&mut head, INITIAL, "13 Jul 06:00").unwrap();
    head.live_until(at("14 Jul 07:52")).unwrap();
    assert_eq!(
        problems(&mut head, "14 Jul 07:52"),
        ["The baseline is still learning: nothing is reported until its oldest sighting is older than -7d@d."]
    );
}

#[test]
fn health_tells_of_an_update_that_stopped() {
    let mut head = healthy();
    head.enabled.remove(UPDATE);
    head.live_until(at("16 Aug 07:52")).unwrap();
    assert_eq!(
        problems(&mut head, "16 Aug 07:52"),
        ["Update last stored what it learned at 2023-08-15 00:41:00 +0000: it has not run since, it failed, or the KV store takes no writes."]
    );
}

#[test]
fn health_tells_of_a_store_that_takes_no_writes() {
    for (health, failures) in [(Health::ReadOnly, 0), (Health::RefusesWrites, 1)] {
        let mut head = healthy();
        head.store.health = health;
        head.live_until(at("16 Aug 07:52")).unwrap();
        let told = problems(&mut head, "16 Aug 07:52");
        assert_eq!(told.len(), 1 + failures, "{told:?}");
        assert!(told[0].starts_with("Update last stored what it learned at 2023-08-15 00:41"));
    }
}

#[test]
fn health_tells_of_runs_that_failed_with_their_message() {
    let mut head = healthy();
    head.events.push(call("Deploy CreateUser", "15 Aug 10:30"));
    head.live_until(at("15 Aug 11:00")).unwrap();
    head.store.health = Health::RefusesWrites;
    head.live_until(at("15 Aug 13:00")).unwrap();
    head.store.health = Health::Up;
    head.live_until(at("16 Aug 07:52")).unwrap();
    assert_eq!(
        problems(&mut head, "16 Aug 07:52"),
        ["Cloud API Calls From Previously Unseen User Roles failed 2 times since yesterday, last at 2023-08-15 12:17:00 +0000: the KV store takes no writes"]
    );
}

#[test]
fn health_tells_of_a_detection_or_a_reconcile_that_stopped() {
    for (search, after_a_day, after_days) in [
        (
            DETECTION,
            "The detection last ran 2023-08-15 06:17:00 +0000: nothing is reported since then, but by Reconcile.",
            "The detection has not run for three days: enable it.",
        ),
        (
            RECONCILE,
            "Reconcile last ran 2023-08-15 03:11:00 +0000: what came late since then is not alerted.",
            "Reconcile has not run for three days: enable it.",
        ),
    ] {
        let mut head = healthy();
        head.enabled.remove(search);
        head.live_until(at("16 Aug 10:00")).unwrap();
        assert_eq!(problems(&mut head, "16 Aug 10:00"), [after_a_day]);
        head.live_until(at("21 Aug 07:52")).unwrap();
        assert_eq!(problems(&mut head, "21 Aug 07:52"), [after_days]);
    }
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
fn health_tells_of_a_wrong_index_and_of_events_that_stop_arriving() {
    let nothing_read = "No call by a role was read: does the macro unseen_index name the right index, and unseen_calls the right source?";
    let mut head = healthy();
    head.macros.define("unseen_index", "index=elsewhere");
    assert_eq!(problems(&mut head, "15 Aug 07:52"), [nothing_read]);
    let mut head = healthy();
    head.events.retain(|event| event.time < at("16 Aug 00:00"));
    head.live_until(at("18 Aug 07:52")).unwrap();
    let newest = "The newest sighting is of 2023-08-15 12:32:01 +0000: do events arrive?";
    assert_eq!(problems(&mut head, "18 Aug 07:52"), [nothing_read, newest]);
}

#[test]
fn health_tells_of_roles_that_nobody_knows() {
    let mut head = healthy();
    head.macros
        .define("unseen_calls", "`unseen_calls_from_change`");
    let unknown = ["CreateUser", "DeleteUser"];
    head.events
        .extend(unknown.map(|name| Event::call("unknown", name, at("15 Aug 07:00"))));
    assert_eq!(
        problems(&mut head, "15 Aug 07:52"),
        ["The user is unknown in 2 of 19 pairs: all roles share one baseline there. Read calls from CloudTrail: see docs/sources.md."]
    );
}

#[test]
fn health_tells_of_sessions_that_are_taken_for_roles() {
    let mut head = healthy();
    let session = |n| Event::call(&format!("session-{n}"), "DescribeVpcs", at("15 Aug 07:00"));
    head.events.extend((0..1_000).map(session));
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
    head.enabled.insert(PROOF.into());
    let user = "unseen-proof-role";
    let known = crate::stage::known_pair(user, "unseen:Proof");
    head.store.upsert(BASELINE, &[known]).unwrap();
    head.live_until(at("21 Aug 07:52")).unwrap();
    let problems = problems(&mut head, "21 Aug 07:52");
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].starts_with("Unseen - Proof ran"),
        "{problems:?}"
    );
}

#[test]
fn health_tells_of_settings_by_which_alerts_are_lost() {
    for (key, value, told) in [
        ("alert.suppress", "1", "throttles its alerts"),
        ("alert.digest_mode", "0", "triggers for each result"),
        ("quantity", "10", "has another trigger condition"),
        ("action.risk", "0", "has no alert action"),
    ] {
        let mut head = healthy();
        set(&mut head, DETECTION, key, value);
        let problems = problems(&mut head, "15 Aug 07:52");
        assert_eq!(problems.len(), 1, "{key}: {problems:?}");
        assert!(
            problems[0].starts_with(&format!("{DETECTION} {told}")),
            "{problems:?}"
        );
    }
}

#[test]
fn health_tells_of_alerts_that_a_throttle_kept_back() {
    let mut head = healthy();
    for (key, value) in [
        ("alert.suppress", "1"),
        ("alert.suppress.fields", "account"),
        ("alert.suppress.period", "1d"),
    ] {
        set(&mut head, DETECTION, key, value);
    }
    for (name, moment) in [
        ("Deploy GetUser", "15 Aug 10:30"),
        ("Deploy CreateUser", "15 Aug 14:30"),
    ] {
        head.events.push(call(name, moment));
    }
    head.live_until(at("16 Aug 07:52")).unwrap();
    let problems = problems(&mut head, "16 Aug 07:52");
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems[0].starts_with("1 detections were claimed by the run"),
        "{problems:?}"
    );
    assert!(problems[1].contains("throttles its alerts"), "{problems:?}");
}

#[test]
fn health_asks_the_state_and_not_the_baseline() {
    let mut head = healthy();
    let traffic = run(&mut head, HEALTH, "15 Aug 07:52").unwrap().traffic;
    assert!(!traffic.contains_key(BASELINE), "{traffic:?}");
    assert_eq!(traffic[STATE].read, 1);
}
