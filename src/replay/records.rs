//! What the app records of the pairs that its searches report, and which of them a run alerts.
//!
//! As the macro `unseen_record` does: a pair is due that never alerted, or alerted longer ago than the suppression; of those that are due a
//! run alerts so many at most, those first that wait the longest. Decisions of people are not replayed.

use crate::keys::KeyId;
use crate::time::Timestamp;
use std::collections::HashMap;

/// A pair that a run reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reported {
    pub(super) key: KeyId,
    /// The first time that the run saw it.
    pub(super) first: Timestamp,
}

/// What is recorded of a pair.
#[derive(Clone, Copy, Debug)]
struct PairRecord {
    /// The run that reported it first.
    reported: Timestamp,
    /// The first time, of all runs since it last alerted.
    first: Timestamp,
    alerted: Option<Timestamp>,
    /// Whether it was reported since it alerted.
    is_repeated: bool,
}

/// The limits of alerting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// What alerted at or before this alerts again.
    pub(super) suppress: Timestamp,
    /// How many pairs one run alerts at most.
    pub(super) alerts_a_run: usize,
}

/// All records.
#[derive(Debug, Default)]
pub(super) struct Records {
    records: HashMap<KeyId, PairRecord>,
    /// Reports that suppression removed.
    pub(super) repeats: u64,
    /// How many alerts were repeated.
    pub(super) repeated_alerts: u64,
}

impl Records {
    /// When a pair alerted last.
    pub(super) fn alerted(&self, key: KeyId) -> Option<Timestamp> {
        self.records.get(&key)?.alerted
    }

    /// Records what a run reports, and returns what it alerts, in the order of keys. Each key comes once.
    pub(super) fn take(
        &mut self,
        reported: &[Reported],
        at: Timestamp,
        limits: Limits,
    ) -> Vec<Reported> {
        let mut due: Vec<(Timestamp, Reported)> = reported
            .iter()
            .filter_map(|&one| self.note(one, at, limits.suppress))
            .collect();
        due.sort_unstable_by_key(|(reported, one)| (*reported, one.first.seconds(), one.key));
        due.truncate(limits.alerts_a_run);
        let mut alerting: Vec<Reported> = due.into_iter().map(|(_, one)| one).collect();
        alerting.sort_unstable_by_key(|one| one.key);
        for one in &mut alerting {
            self.alert(one, at);
        }
        alerting
    }

    /// Records one pair, and returns since when it has been reported, if it is due.
    fn note(
        &mut self,
        one: Reported,
        at: Timestamp,
        suppress: Timestamp,
    ) -> Option<(Timestamp, Reported)> {
        let record = self.records.entry(one.key).or_insert(PairRecord {
            reported: at,
            first: one.first,
            alerted: None,
            is_repeated: false,
        });
        match record.alerted {
            Some(alerted) if alerted > suppress => {
                self.repeats += 1;
                self.repeated_alerts +=
                    u64::from(!std::mem::replace(&mut record.is_repeated, true));
                None
            }
            Some(_) => {
                record.first = one.first;
                Some((record.reported, one))
            }
            None => {
                record.first = record.first.min(one.first);
                Some((record.reported, one))
            }
        }
    }

    fn alert(&mut self, one: &mut Reported, at: Timestamp) {
        if let Some(record) = self.records.get_mut(&one.key) {
            record.alerted = Some(at);
            record.is_repeated = false;
            one.first = record.first;
        }
    }
}
