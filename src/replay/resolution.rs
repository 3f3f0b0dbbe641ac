//! How exactly uses must be kept, so that a replay finds what one with every single use would find.
//!
//! A stretch of use is learned by the update that finds its beginning, and its key is then known until the stretch has been over for as long as
//! the forget window. So a gap shorter than that, less the time between two updates, is no gap; and whether a key is used matters
//! as long as it can be new: for the activity window from its beginning, and until the next update has learned it. That
//! holds while every moment is read by an update. Where it is not so, because of an outage or of a schedule with holes, every use counts.

use super::Outage;
use crate::app_settings::{AppSettings, ScheduledSearch};
use crate::observations::Resolution;
use crate::options::Windows;
use crate::time::{Modifier, Timestamp, DAY, HOUR, MINUTE};
use chrono::TimeZone;
use std::iter;

/// What is kept to replay the app, under its own windows and those of a grid.
pub(crate) fn resolution(
    app: &AppSettings,
    grid: &[Windows],
    outages: &[Outage],
    zone: &impl TimeZone,
) -> Resolution {
    let minutes = minutes([&app.detection, &app.update], zone);
    match cadence(&app.update, zone).filter(|_| outages.is_empty()) {
        None => Resolution::exact(minutes),
        Some(cadence) => {
            let all = || iter::once(&app.windows).chain(grid);
            let activity = all().filter_map(|windows| windows.activity.as_ref());
            let looked_back = activity.chain([&app.reconcile_window]);
            let looked_back = looked_back.flat_map(|window| lengths(window, zone));
            let forget = all().filter_map(|windows| windows.forget.as_ref());
            let forgotten = forget.flat_map(|window| lengths(window, zone)).min();
            let forgotten = forgotten.unwrap_or(i64::MAX);
            Resolution {
                gap: forgotten.saturating_sub(cadence + DAY).max(0),
                beginning: looked_back.max().unwrap_or(0) + cadence + DAY,
                minutes,
            }
        }
    }
}

/// Moments of four years, ten days and some hours apart.
fn samples() -> impl Iterator<Item = Timestamp> {
    let begins = 1_577_836_800; // 2020-01-01
    (0..146).map(move |step| Timestamp::from_seconds(begins + step * 250 * 3_600))
}

/// How far back a window reaches, at different times.
fn lengths<'w>(window: &'w Modifier, zone: &'w impl TimeZone) -> impl Iterator<Item = i64> + 'w {
    samples().map(move |at| at.0.saturating_sub(window.apply(at, zone).0))
}

/// The longest time between two updates; none if one does not begin where the one before it ended, or earlier.
fn cadence(update: &ScheduledSearch, zone: &impl TimeZone) -> Option<i64> {
    let next = |at: &Timestamp| update.schedule.next_after(*at, zone);
    let mut runs = iter::successors(samples().next(), next).skip(1).take(800);
    let mut before = runs.next()?;
    let mut longest = 0;
    for run in runs {
        if update.earliest.apply(run, zone) > before {
            return None;
        }
        longest = longest.max(run.0 - before.0);
        before = run;
    }
    (longest > 0).then_some(longest)
}

/// The minutes of an hour at which a range begins or ends, whatever a zone's distance from UTC is: a number of quarters of an hour.
fn minutes(searches: [&ScheduledSearch; 2], zone: &impl TimeZone) -> u64 {
    let mut minutes = 1;
    for search in searches {
        let next = |at: &Timestamp| search.schedule.next_after(*at, zone);
        for run in iter::successors(samples().next(), next).skip(1).take(500) {
            for bound in [run, search.earliest.apply(run, zone)] {
                minutes |= 1 << (bound.0.rem_euclid(HOUR) / MINUTE);
            }
        }
    }
    let quarters = [0, 15, 30, 45].map(|quarter| minutes << quarter | minutes >> (60 - quarter));
    quarters.into_iter().fold(0, |all, some| all | some) & ((1 << 60) - 1)
}
