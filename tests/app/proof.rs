//! The weekly test alert.

use crate::search_head::row::Row;
use crate::stage::{
    alerts, at, baseline, before_initial, call, healthy, run, DETECTION, DETECTIONS, INITIAL, PROOF,
};
use std::collections::BTreeSet;

#[test]
fn the_proof_is_one_row_of_the_detections_fields_and_one_alert_and_leaves_no_trace() {
    let mut head = healthy();
    head.enabled = BTreeSet::from([PROOF.to_string()]);
    let before = baseline(&head);
    let runs = head.live_until(at("29 Aug 00:00")).unwrap();
    let proof = "unseen-proof-role Proof".to_string();
    assert_eq!(
        alerts(&runs),
        ["21 Aug 07:32", "28 Aug 07:32"].map(|monday| (at(monday), proof.clone()))
    );
    assert_eq!(baseline(&head), before);
    assert!(head.store.contents(DETECTIONS).is_empty());
    head.events.push(call("Deploy CreateUser", "28 Aug 22:30"));
    let real = run(&mut head, DETECTION, "28 Aug 23:17").unwrap().rows;
    let fields = |row: &Row| row.fields().map(|(name, _)| name.to_string()).collect();
    let [real, proof]: [BTreeSet<String>; 2] = [fields(&real[0]), fields(&runs[1].rows[0])];
    assert_eq!(real, proof);
}

#[test]
fn the_proof_has_no_row_while_the_baseline_is_learning() {
    let mut head = before_initial();
    run(&mut head, INITIAL, "13 Jul 06:00").unwrap();
    assert_eq!(run(&mut head, PROOF, "13 Jul 07:32").unwrap().rows, []);
}
