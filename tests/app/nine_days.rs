//! Nine days of the shipped searches, all of them enabled, with everything that a site lives through.

use crate::search_head::{access::User, kvstore::Health, scheduler::Run, SearchHead};
use crate::stage::{
    alerts, at, baseline, before_initial, call, names, stored, DECISIONS, DETECTION, DETECTIONS,
    HEALTH, INITIAL, LOOK, PROOF, RECONCILE, UPDATE,
};

/// The calls of the play that nobody made before. The other calls are those of ordinary days.
fn calls() -> Vec<crate::search_head::change::Event> {
    let late = |name, moment, arrives| call(name, moment).arriving(at(arrives));
    let mut calls = vec![
        // Monday 14: a new job, used every six hours from now on.
        call("Backup CreateSnapshot", "14 Aug 10:30"),
        // Tuesday 15: an attack, which comes back on Friday.
        call("Deploy CreateUser", "15 Aug 22:10"),
        call("Deploy CreateUser", "18 Aug 03:40"),
        // Wednesday 16: a delivery that was held up for seven hours.
        late("Audit ListKeys", "16 Aug 09:00", "16 Aug 16:05"),
        // Thursday 17, 02:00: splunkd is down until Friday, 06:00.
        late("Night GetSecretValue", "17 Aug 12:00", "18 Aug 06:00"),
        // Saturday 19: an event that is dated back two days, and the call it is to hide.
        late("Ghost AttachRolePolicy", "17 Aug 20:00", "19 Aug 20:00"),
        call("Ghost AttachRolePolicy", "21 Aug 12:00"),
        // Sunday 20: the store takes no writes between 10:00 and 12:00.
        call("Tuner ModifyDBInstance", "20 Aug 09:50"),
    ];
    for day in 14..23 {
        for hour in [4, 16, 22] {
            calls.push(call(
                "Backup CreateSnapshot",
                &format!("{day} Aug {hour:02}:30"),
            ));
        }
    }
    calls.retain(|event| event.time >= at("14 Aug 10:00"));
    calls
}

fn live(head: &mut SearchHead, moment: &str, runs: &mut Vec<Run>) {
    runs.extend(head.live_until(at(moment)).expect("time passes"));
}

/// The site from 14 August, 06:00, to 23 August, 06:00.
fn nine_days() -> (SearchHead, Vec<Run>) {
    let mut head = before_initial();
    head.run(INITIAL).expect("Initial");
    head.events.extend(calls());
    head.faults
        .down
        .push(at("17 Aug 02:00")..at("18 Aug 06:00"));
    head.faults
        .twice
        .insert((DETECTION.into(), at("19 Aug 12:17")));
    head.faults
        .skipped
        .insert((DETECTION.into(), at("14 Aug 11:17")));
    let mut runs = vec![];
    live(&mut head, "15 Aug 06:30", &mut runs);
    head.enabled.extend([HEALTH, PROOF].map(String::from));
    live(&mut head, "15 Aug 23:30", &mut runs);
    let key = stored(&head, DETECTIONS)["Deploy CreateUser"].text("key");
    let mark = format!("| `unseen_mark({key}, attack)`");
    let marked = head.run_spl_as(User::Analyst, &mark, 0, head.now);
    assert_eq!(marked.expect("an analyst marks").rows.len(), 1);
    let looked = head.run_as(User::Analyst, LOOK).expect("an analyst looks");
    assert!(names(&looked.rows).contains(&"Deploy CreateUser".to_string()));
    live(&mut head, "20 Aug 10:00", &mut runs);
    head.store.health = Health::RefusesWrites;
    live(&mut head, "20 Aug 12:00", &mut runs);
    head.store.health = Health::Up;
    live(&mut head, "23 Aug 06:00", &mut runs);
    (head, runs)
}

#[test]
fn nine_days_alert_everything_that_is_new_once_and_the_attack_at_each_use() {
    let (head, runs) = nine_days();
    let expected = [
        ("14 Aug 12:17", "Backup CreateSnapshot"),
        ("15 Aug 22:17", "Deploy CreateUser"),
        ("18 Aug 06:00", "Audit ListKeys"),
        ("18 Aug 06:00", "Night GetSecretValue"),
        ("18 Aug 06:17", "Deploy CreateUser"),
        ("20 Aug 03:11", "Ghost AttachRolePolicy"),
        ("20 Aug 12:17", "Tuner ModifyDBInstance"),
        ("21 Aug 07:32", "unseen-proof-role Proof"),
    ];
    let expected = expected
        .iter()
        .filter(|(_, name)| !name.starts_with("nothing"));
    let expected: Vec<(i64, String)> = expected
        .map(|(moment, name)| (at(moment), name.to_string()))
        .collect();
    let alerts: Vec<_> = alerts(&without_health(&runs)).into_iter().collect();
    assert_eq!(alerts, expected);
    assert_eq!(head.store.contents(DECISIONS).len(), 1);
    assert_eq!(stored(&head, DETECTIONS).len(), 6);
    for name in stored(&head, DETECTIONS).keys() {
        assert!(
            baseline(&head).contains_key(name),
            "{name} is learned as well"
        );
    }
}

fn without_health(runs: &[Run]) -> Vec<Run> {
    runs.iter()
        .filter(|run| run.search != HEALTH)
        .cloned()
        .collect()
}

#[test]
fn nine_days_fail_and_warn_when_there_is_a_reason_and_at_no_other_time() {
    let (_, runs) = nine_days();
    let failed: Vec<(i64, &str)> = runs
        .iter()
        .filter(|run| run.failed.is_some())
        .map(|run| (run.at, run.search.as_str()))
        .collect();
    assert_eq!(
        failed,
        ["20 Aug 10:17", "20 Aug 11:17"].map(|hour| (at(hour), DETECTION))
    );
    let told: Vec<(i64, Vec<String>)> = runs
        .iter()
        .filter(|run| run.search == HEALTH && !run.rows.is_empty())
        .map(|run| {
            (
                run.at,
                run.rows.iter().map(|row| row.text("problem")).collect(),
            )
        })
        .collect();
    let moments: Vec<i64> = told.iter().map(|(at, _)| *at).collect();
    // The run of the 17th is caught up as splunkd starts, and finds the day of the outage.
    assert_eq!(moments, ["18 Aug 06:00", "21 Aug 07:52"].map(at));
    let [outage, failures] = [&told[0].1, &told[1].1];
    assert_eq!(outage.len(), 2, "{outage:?}");
    assert!(
        outage[0].starts_with("The detection last ran 2023-08-17 01:17"),
        "{outage:?}"
    );
    assert!(
        outage[1].starts_with("Reconcile last ran 2023-08-16 03:11"),
        "{outage:?}"
    );
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert!(
        failures[0].starts_with(&format!("{DETECTION} failed 2 times")),
        "{failures:?}"
    );
    // splunkd catches up a day: Reconcile's night of the 17th is lost, and its next one reads that day too.
    for (search, nights) in [(UPDATE, 9), (RECONCILE, 8)] {
        let ran = runs.iter().filter(|run| run.search == search);
        assert_eq!(ran.count(), nights, "{search}");
    }
}
