//! How the app is set up: when its searches run, what they read, and the windows they count with.
//!
//! [`AppSettings::shipped`] is the app as it comes; [`AppSettings::read`] reads the folder of an app, and a test compares the two. Knows
//! time modifiers and schedules; knows nothing of baselines, and runs nothing.

mod conf;
mod folder;
mod search_names;

pub use folder::{AppError, NotFollowed, Place};
pub use search_names::FILTER_MACRO;

use crate::options::Windows;
use crate::time::{Modifier, Schedule};

/// What a replay has to know of the app.
#[derive(Clone, Debug, PartialEq)]
pub struct AppSettings {
    /// The windows of the macros.
    pub windows: Windows,
    /// The hourly detection.
    pub detection: ScheduledSearch,
    /// The nightly update of the baseline.
    pub update: ScheduledSearch,
    /// The nightly search for what was learned and never alerted.
    pub reconcile: ScheduledSearch,
    /// How far back that one looks for pairs that were learned: `unseen_reconcile_window`.
    pub reconcile_window: Modifier,
    /// How long ago a pair must have alerted before it alerts again: `unseen_suppress_window`.
    pub suppress_window: Modifier,
    /// How many pairs one run alerts at most: `unseen_alerts_a_run`.
    pub alerts_a_run: usize,
    /// The sum of surprise at which a role alerts: `unseen_ranking_threshold`.
    pub ranking_threshold: f64,
}

/// A saved search with a schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduledSearch {
    /// When it runs: `cron_schedule`.
    pub schedule: Schedule,
    /// Where the range of a run begins, from the time it is scheduled for: `dispatch.earliest_time`. It ends at that time.
    pub earliest: Modifier,
    /// Whether a run that could not start is run later: `realtime_schedule = 0`.
    pub is_continuous: bool,
}

impl AppSettings {
    /// The app as it comes.
    pub fn shipped() -> Self {
        let search = |schedule, earliest, is_continuous| ScheduledSearch {
            schedule: Schedule::parse(schedule).expect("these schedules are written here"),
            earliest: modifier(earliest),
            is_continuous,
        };
        Self {
            windows: Windows {
                activity: Some(modifier("-24h@h")),
                forget: Some(modifier("-90d@d")),
                learning: modifier("-7d@d"),
            },
            detection: search("17 * * * *", "-4h@h", false),
            update: search("41 0 * * *", "-3d@d", true),
            reconcile: search("11 3 * * *", "-24h@h", true),
            reconcile_window: modifier("-98h@h"),
            suppress_window: modifier("-7d"),
            alerts_a_run: 5_000,
            ranking_threshold: 15.0,
        }
    }
}

fn modifier(text: &str) -> Modifier {
    Modifier::parse(text).expect("these modifiers are written here")
}
