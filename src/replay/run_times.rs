//! When the searches of the app run, in order, and over which range.
//!
//! A search that is scheduled in real time loses the runs of an outage; a continuous one has them later, each over the range of its
//! own time, but not if that is more than a day ago. Source: savedsearches.conf.spec (`realtime_schedule`) and limits.conf.spec
//! (`max_continuous_scheduled_search_lookback`). Inferred: a search starts at a full minute, and searches due in the same minute run
//! in the order of their names.

use super::Outage;
use crate::app_settings::{AppSettings, ScheduledSearch};
use crate::time::{Timestamp, DAY, MINUTE};
use chrono::TimeZone;
use std::iter;

/// Which search runs, in the order of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Search {
    Detection,
    Update,
    Reconcile,
}

/// One run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Run {
    /// When it starts: `now()` in its search.
    pub(super) at: Timestamp,
    pub(super) search: Search,
    /// What it is scheduled for: the end of its range, and the time that windows count from.
    pub(super) due: Timestamp,
    /// Where its range begins.
    pub(super) from: Timestamp,
}

/// All runs behind one moment, up to the first detection behind another.
pub(super) fn run_times(
    app: &AppSettings,
    outages: &[Outage],
    behind: Timestamp,
    until: Timestamp,
    zone: &impl TimeZone,
) -> Vec<Run> {
    let runs = |which, search: &ScheduledSearch| -> Vec<Run> {
        let all = runs_of(which, search, outages, behind, zone);
        let mut is_over = false;
        all.take_while(|run| !std::mem::replace(&mut is_over, run.at > until))
            .collect()
    };
    let mut all = runs(Search::Detection, &app.detection);
    let ends = all.last().map(|run| run.at);
    all.extend(runs(Search::Update, &app.update));
    all.extend(runs(Search::Reconcile, &app.reconcile));
    all.sort_unstable();
    all.retain(|run| Some(run.at) <= ends);
    all
}

/// The runs of one search, in the order of the times that they are scheduled for.
fn runs_of<'a>(
    which: Search,
    search: &'a ScheduledSearch,
    outages: &'a [Outage],
    behind: Timestamp,
    zone: &'a impl TimeZone,
) -> impl Iterator<Item = Run> + 'a {
    let next = |due: &Timestamp| search.schedule.next_after(*due, zone);
    let due = iter::successors(next(&behind), next);
    due.filter_map(move |due| {
        let at = starts(due, search.is_continuous, outages)?;
        Some(Run {
            at,
            search: which,
            due,
            from: search.earliest.apply(due, zone),
        })
    })
}

/// When a run starts that is due at a time, if it does.
fn starts(due: Timestamp, is_continuous: bool, outages: &[Outage]) -> Option<Timestamp> {
    let over = |at: Timestamp| {
        let outage = outages.iter().find(|outage| outage.holds(at))?;
        Some(outage.to)
    };
    let ends = iter::successors(Some(due), |at| over(*at)).last()?;
    let starts = next_minute(ends);
    let is_run = ends == due || is_continuous && due >= starts.saturating_add(-DAY);
    is_run.then_some(starts)
}

/// A time, or the first full minute behind it.
fn next_minute(time: Timestamp) -> Timestamp {
    time.saturating_add((-time.0).rem_euclid(MINUTE))
}
