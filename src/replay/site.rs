//! One site: its baseline, its records, and what each run of a search makes of them.

use super::history::{History, KeyUse};
use super::ranking::AlertRanking;
use super::records::{Limits, Records, Reported};
use super::run_times::{Run, Search};
use super::{Alert, AlertingSearch, FirstMature, Forgotten, Replayed, Size, Suppressed};
use crate::app_settings::AppSettings;
use crate::baseline::surprise::Evidence;
use crate::baseline::{Cutoffs, Maturity, RunningBaseline, Verdict};
use crate::keys::KeyId;
use crate::options::{OptionError, Windows};
use crate::time::Timestamp;
use chrono::TimeZone;

/// A site under some windows.
pub(super) struct Site<'r, Z> {
    history: &'r History,
    app: &'r AppSettings,
    windows: &'r Windows,
    /// None if alerts are not ranked.
    pub(super) ranking: Option<&'r AlertRanking>,
    /// Whether the size of the baseline is noted.
    pub(super) notes_sizes: bool,
    zone: &'r Z,
    baseline: RunningBaseline,
    records: Records,
    replayed: Replayed,
}

impl<'r, Z: TimeZone> Site<'r, Z> {
    pub(super) fn new(
        history: &'r History,
        app: &'r AppSettings,
        windows: &'r Windows,
        zone: &'r Z,
    ) -> Self {
        Self {
            history,
            app,
            windows,
            ranking: None,
            notes_sizes: false,
            zone,
            baseline: RunningBaseline::empty(history.keys()),
            records: Records::default(),
            replayed: Replayed::nothing(windows),
        }
    }

    /// Learns the first days.
    pub(super) fn initial(&mut self, from: Timestamp, to: Timestamp) -> Result<(), OptionError> {
        self.learn(from, to, to)
    }

    /// Does what one run does.
    pub(super) fn run(&mut self, run: &Run) -> Result<(), OptionError> {
        match run.search {
            Search::Update => self.learn(run.from, run.due, run.at),
            Search::Detection => self.detect(run),
            Search::Reconcile => self.reconcile(run),
        }
    }

    fn learn(&mut self, from: Timestamp, due: Timestamp, at: Timestamp) -> Result<(), OptionError> {
        let cutoffs = self.cutoffs(due)?;
        self.baseline
            .update(self.history.begun(from, due), &cutoffs);
        if self.notes_sizes {
            self.replayed.sizes.push(Size {
                at,
                pairs: self.baseline.counts(&cutoffs).kept(),
                is_mature: self.baseline.maturity() == Maturity::Mature,
            });
        }
        Ok(())
    }

    fn detect(&mut self, run: &Run) -> Result<(), OptionError> {
        let cutoffs = self.cutoffs(run.due)?;
        self.note_detection(run.at, &cutoffs);
        let reported = self.new_keys(run.from, run.due, &cutoffs);
        self.alert(run, AlertingSearch::Detection, &reported, &cutoffs);
        Ok(())
    }

    fn note_detection(&mut self, at: Timestamp, cutoffs: &Cutoffs) {
        let (first, _) = self.replayed.detections.unwrap_or((at, at));
        self.replayed.detections = Some((first, at));
        if self.replayed.mature.is_none() && self.baseline.maturity() == Maturity::Mature {
            self.replayed.mature = Some(FirstMature {
                at,
                oldest: self.baseline.oldest(),
                counts: self.baseline.counts(cutoffs),
            });
        }
    }

    /// What was learned since its window opened, and never alerted since.
    fn reconcile(&mut self, run: &Run) -> Result<(), OptionError> {
        if self.baseline.maturity() == Maturity::Learning {
            return Ok(());
        }
        let activity = self.app.reconcile_window.apply(run.at, self.zone);
        let cutoffs = Cutoffs {
            activity,
            ..self.cutoffs(run.at)?
        };
        let begun = self.history.begun(activity, run.at);
        let learned = begun.filter_map(|(key, _)| {
            let first = self.baseline.stored(key, &cutoffs)?.first()?;
            let is_alerted = self.records.alerted(key).is_some_and(|at| at >= first);
            (first > activity && !is_alerted).then_some(Reported { key, first })
        });
        let reported = each_key_once(learned.collect());
        self.alert(run, AlertingSearch::Reconcile, &reported, &cutoffs);
        Ok(())
    }

    /// The keys that are used in a range and new.
    fn new_keys(&self, from: Timestamp, to: Timestamp, cutoffs: &Cutoffs) -> Vec<Reported> {
        let is_new = |of: &&KeyUse| self.baseline.judge(of.key, cutoffs) == Verdict::New;
        let new = self.history.uses(from, to).iter().filter(is_new);
        let reported = new.map(|of| Reported {
            key: of.key,
            first: of.used.first,
        });
        each_key_once(reported.collect())
    }

    /// Alerts those of the reported keys that are due.
    fn alert(
        &mut self,
        run: &Run,
        search: AlertingSearch,
        reported: &[Reported],
        cutoffs: &Cutoffs,
    ) {
        let limits = Limits {
            suppress: self.app.suppress_window.apply(run.at, self.zone),
            alerts_a_run: self.app.alerts_a_run,
        };
        let alerting = self.records.take(reported, run.at, limits);
        // Reconcile reads the baseline as it is when it runs, whatever it was scheduled for.
        let until = match search {
            AlertingSearch::Detection => run.due,
            AlertingSearch::Reconcile => run.at,
        };
        let evidence = self.evidence(until, &alerting, cutoffs);
        let alerts = alerting.iter().zip(evidence).map(|(one, evidence)| Alert {
            at: run.at,
            search,
            key: self.history.in_observations(one.key),
            first: one.first,
            until,
            has_returned: self.baseline.was_forgotten(one.key, cutoffs),
            evidence,
        });
        self.replayed.alerts.extend(alerts);
    }

    /// What is counted of each key that alerts, among all that are new in the window that its search looks at.
    fn evidence(
        &self,
        until: Timestamp,
        alerting: &[Reported],
        cutoffs: &Cutoffs,
    ) -> Vec<Option<Evidence>> {
        let keys: Vec<KeyId> = alerting.iter().map(|one| one.key).collect();
        match self.ranking.filter(|_| !keys.is_empty()) {
            None => vec![None; keys.len()],
            Some(ranking) => {
                let new = self.new_keys(cutoffs.activity, until, cutoffs);
                let new: Vec<KeyId> = new.iter().map(|one| one.key).collect();
                ranking.rank(&keys, &new, &self.baseline, cutoffs)
            }
        }
    }

    /// What happened, and the baseline with everything in the input, up to the newest time.
    pub(super) fn finish(
        mut self,
        newest: Timestamp,
    ) -> Result<(Replayed, RunningBaseline), OptionError> {
        let cutoffs = self.cutoffs(newest)?;
        let behind = newest.saturating_add(1);
        self.baseline
            .update(self.history.begun(Timestamp::MIN, behind), &cutoffs);
        let returned = self.baseline.returns();
        let is_again = |alert: &&Alert| alert.has_returned;
        self.replayed.forgotten = Forgotten {
            pairs: returned + self.baseline.counts(&cutoffs).forgotten,
            returned,
            alerted: self.replayed.alerts.iter().filter(is_again).count() as u64,
        };
        self.replayed.suppressed = Suppressed {
            reports: self.records.repeats,
            alerts: self.records.repeated_alerts,
        };
        Ok((self.replayed, self.baseline))
    }

    fn cutoffs(&self, as_of: Timestamp) -> Result<Cutoffs, OptionError> {
        self.windows.cutoffs(as_of, self.zone)
    }
}

impl Replayed {
    fn nothing(windows: &Windows) -> Self {
        Self {
            windows: windows.clone(),
            detections: None,
            mature: None,
            alerts: Vec::new(),
            sizes: Vec::new(),
            suppressed: Suppressed::default(),
            forgotten: Forgotten::default(),
        }
    }
}

/// Each key with its first use, in order.
fn each_key_once(mut reported: Vec<Reported>) -> Vec<Reported> {
    reported.sort_unstable_by_key(|one| (one.key, one.first));
    reported.dedup_by_key(|one| one.key);
    reported
}
