//! Replays history: walks it in the order of time, learning and detecting as the app's schedules would have.
//!
//! The rules are the real ones, on a baseline that stays in memory; each run gets what its search would have found. A test compares the
//! schedules with the shipped `savedsearches.conf`. Not simulated: events that arrive late, runs by hand, a search head that is down.

mod day_by_day;
mod history;
mod summary;

pub(crate) use day_by_day::write;
pub use summary::*;

use crate::baseline::{Counts, Cutoffs, Maturity, RunningBaseline, Verdict};
use crate::keys::KeyId;
use crate::observations::Observations;
use crate::options::{OptionError, Windows};
use crate::time::{Modifier, Schedule, Timestamp, DAY};
use chrono::TimeZone;
use history::History;
use std::collections::HashMap;

/// When the detection runs.
pub const DETECTION: &str = "17 * * * *";
/// When the update runs.
pub const UPDATE: &str = "41 0 * * *";
/// How far an update looks back.
pub const UPDATE_RANGE: &str = "-3d@d";
/// For how long a key that alerted does not alert again.
const SUPPRESSION: i64 = 7 * DAY;
/// Further back than one run of any schedule of the app.
const A_RUN_AGO: i64 = 2 * DAY;

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Settings<'s> {
    /// The windows of learning and detecting.
    pub(crate) windows: &'s Windows,
    /// How many days, from the first time in the input, the first baseline is learned from.
    pub(crate) initial_days: i64,
}

/// One alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Alert {
    /// The run of the detection.
    pub(crate) at: Timestamp,
    /// The key, as the observations have it.
    pub(crate) key: KeyId,
}

/// What would have happened.
#[derive(Debug)]
pub(crate) struct Replayed {
    /// The first time in the input.
    pub(crate) from: Timestamp,
    /// The last time in the input.
    pub(crate) to: Timestamp,
    /// The first and the last run of the detection; none if the first baseline takes all of the input.
    pub(crate) detections: Option<(Timestamp, Timestamp)>,
    /// How the baseline was when it was first found mature.
    pub(crate) mature: Option<FirstMature>,
    /// The alerts, in the order of time.
    pub(crate) alerts: Vec<Alert>,
}

/// A baseline that has just become mature.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FirstMature {
    /// The first detection that found it so.
    pub(crate) at: Timestamp,
    /// Its oldest sighting.
    pub(crate) oldest: Option<Timestamp>,
    /// How many keys it had, and how many of them were old enough.
    pub(crate) counts: Counts,
}

/// Replays what was observed; none if nothing was observed at a known time.
///
/// # Errors
/// A window that cannot be applied.
pub(crate) fn replay(
    observations: &Observations,
    settings: &Settings<'_>,
    zone: &impl TimeZone,
) -> Result<Option<Replayed>, OptionError> {
    let history = History::of(observations);
    let Some((from, to)) = history.bounds() else {
        return Ok(None);
    };
    let mut run = Run {
        history: &history,
        windows: settings.windows,
        zone,
        schedules: Schedules::shipped(),
        baseline: RunningBaseline::empty(history.keys()),
        alerted: HashMap::new(),
        replayed: Replayed {
            from,
            to,
            detections: None,
            mature: None,
            alerts: Vec::new(),
        },
    };
    let begins = from.saturating_add(settings.initial_days.saturating_mul(DAY));
    run.update(from, begins)?;
    run.walk(begins)?;
    Ok(Some(run.replayed))
}

/// The schedules of the app.
struct Schedules {
    detection: Schedule,
    update: Schedule,
    update_range: Modifier,
}

impl Schedules {
    fn shipped() -> Self {
        let schedule = |text| Schedule::parse(text).expect("these schedules are written here");
        Self {
            detection: schedule(DETECTION),
            update: schedule(UPDATE),
            update_range: Modifier::parse(UPDATE_RANGE).expect("this modifier is written here"),
        }
    }
}

/// A replay under way.
struct Run<'r, Z> {
    history: &'r History,
    windows: &'r Windows,
    zone: &'r Z,
    schedules: Schedules,
    baseline: RunningBaseline,
    /// When each key alerted last.
    alerted: HashMap<KeyId, Timestamp>,
    replayed: Replayed,
}

impl<Z: TimeZone> Run<'_, Z> {
    /// Runs both schedules from a moment on, until the first detection behind the last observation.
    fn walk(&mut self, begins: Timestamp) -> Result<(), OptionError> {
        let mut detection = self.schedules.detection.next_after(begins, self.zone);
        let mut update = self.schedules.update.next_after(begins, self.zone);
        let mut before = begins;
        while let Some(at) = detection.filter(|_| before <= self.replayed.to) {
            if let Some(night) = update.filter(|&night| night < at) {
                self.nightly_update(night)?;
                update = self.schedules.update.next_after(night, self.zone);
                continue;
            }
            self.detect(at)?;
            before = at;
            detection = self.schedules.detection.next_after(at, self.zone);
            if let Some(later) = self.next_that_finds_anything(at)? {
                detection = detection.max(Some(later));
                update = self.skip_updates(update, later);
            }
        }
        Ok(())
    }

    fn nightly_update(&mut self, at: Timestamp) -> Result<(), OptionError> {
        self.update(self.schedules.update_range.apply(at, self.zone), at)
    }

    fn update(&mut self, from: Timestamp, at: Timestamp) -> Result<(), OptionError> {
        let cutoffs = self.cutoffs(at)?;
        self.baseline
            .update(self.history.between(from, at), &cutoffs);
        if self.baseline.maturity() == Maturity::Mature && self.replayed.mature.is_none() {
            let found = self.schedules.detection.next_after(at, self.zone);
            self.replayed.mature = found.map(|at| FirstMature {
                at,
                oldest: self.baseline.oldest(),
                counts: self.baseline.counts(&cutoffs),
            });
        }
        Ok(())
    }

    fn detect(&mut self, at: Timestamp) -> Result<(), OptionError> {
        let (first, _) = self.replayed.detections.unwrap_or((at, at));
        self.replayed.detections = Some((first, at));
        let cutoffs = self.cutoffs(at)?;
        let observed = self.history.between(cutoffs.activity, at);
        let mut keys: Vec<KeyId> = observed.map(|(key, _)| key).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let is_new = self.baseline.judge(key, &cutoffs) == Verdict::New;
            if is_new && !self.is_suppressed(key, at) {
                self.alerted.insert(key, at);
                let key = self.history.in_observations(key);
                self.replayed.alerts.push(Alert { at, key });
            }
        }
        Ok(())
    }

    fn is_suppressed(&self, key: KeyId, at: Timestamp) -> bool {
        let alerted = self.alerted.get(&key);
        alerted.is_some_and(|alerted| alerted.saturating_add(SUPPRESSION) > at)
    }

    fn cutoffs(&self, at: Timestamp) -> Result<Cutoffs, OptionError> {
        self.windows.cutoffs(at, self.zone)
    }

    /// The first detection after one that finds anything in its window, if those between find nothing.
    fn next_that_finds_anything(&self, at: Timestamp) -> Result<Option<Timestamp>, OptionError> {
        let opens = self.cutoffs(at)?.activity;
        let next_seen = self.history.next_from(opens);
        // What is seen at or before `at` may be found again by the next run.
        let next_seen = next_seen.filter(|&seen| seen > at);
        Ok(next_seen.and_then(|seen| self.schedules.detection.next_after(seen, self.zone)))
    }

    /// The update to go on with if no detection before `later` finds anything. A night in which nothing is learned changes nothing
    /// that the last night before `later` does not change as well, once it is settled whether the baseline is mature.
    fn skip_updates(&self, update: Option<Timestamp>, later: Timestamp) -> Option<Timestamp> {
        let next = update?;
        let is_settled =
            self.baseline.maturity() == Maturity::Mature || self.baseline.oldest().is_none();
        let opens = self.schedules.update_range.apply(next, self.zone);
        let next_seen = self.history.next_from(opens);
        let learns_nothing = next_seen.is_none_or(|seen| seen >= next);
        let since = later.saturating_add(-A_RUN_AGO);
        match is_settled && learns_nothing {
            true => {
                let last = self.schedules.update.last_before(later, since, self.zone);
                last.max(Some(next))
            }
            false => Some(next),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::{Fact, Sighting};
    use crate::keys::RowKeys;
    use crate::lookup::Reading;
    use crate::observations::{DetailLevel, TimeRange, CONTEXT_FIELDS};
    use crate::options::UnseenOptions;
    use crate::time::MINUTE;
    use chrono::Utc;
    use std::hash::RandomState;

    /// What alerted, as minutes since the start: each sight is a key and the minute in which it was seen.
    fn alerts(sights: &[(&'static str, i64)], windows: &str) -> Vec<(String, i64)> {
        let (observations, replayed) = replayed(sights, windows);
        let minute = |at: Timestamp| at.0.div_euclid(MINUTE) - BEGIN;
        let alerts = replayed.alerts.iter().map(|alert| {
            let value = observations.values(alert.key).next().unwrap();
            let value = String::from_utf8(value.to_vec()).unwrap();
            (value, minute(alert.at))
        });
        alerts.collect()
    }

    fn replayed(sights: &[(&'static str, i64)], windows: &str) -> (Observations, Replayed) {
        let range = TimeRange::default();
        let mut observations =
            Observations::new(1, DetailLevel::Minutes, range, RandomState::new());
        for &(key, minute) in sights {
            let time = Some(Timestamp((BEGIN + minute) * MINUTE));
            let reading = Reading {
                fact: Fact {
                    observed: Some(Sighting::new(time, time)),
                    stored: None,
                },
                bad_time: None,
                broken_time: None,
            };
            observations.take_row(
                &reading,
                &RowKeys::one(&[key]),
                1,
                [&[]; CONTEXT_FIELDS.len()],
            );
        }
        let tokens: Vec<_> = windows
            .split_whitespace()
            .chain(["user"])
            .map(crate::options::Token::plain)
            .collect();
        let settings = Settings {
            windows: &UnseenOptions::parse(&tokens).unwrap().windows,
            initial_days: 1,
        };
        let replayed = replay(&observations, &settings, &Utc).unwrap().unwrap();
        (observations, replayed)
    }

    /// Midnight of 2024-10-04, in minutes.
    const BEGIN: i64 = 20_000 * DAYS;
    const HOURS: i64 = 60;
    const DAYS: i64 = 24 * HOURS;
    const LEARNED: &str = "learning_window=-1d";

    #[test]
    fn a_new_key_alerts_once_at_the_next_detection() {
        let seen = 3 * DAYS + 5 * HOURS;
        let sights = [
            ("old", 0),
            ("old", 9 * DAYS),
            ("new", seen),
            ("new", seen + 90),
            ("new", seen + 23 * HOURS),
        ];
        assert_eq!(alerts(&sights, LEARNED), [("new".into(), seen + 17)]);
        let sights = [("old", 0), ("old", 9 * DAYS), ("new", seen + 17)];
        assert_eq!(alerts(&sights, LEARNED), [("new".into(), seen + 77)]);
    }

    #[test]
    fn what_was_learned_before_the_activity_window_is_known() {
        let sights = [
            ("old", 0),
            ("early", 5 * HOURS),
            ("early", 5 * DAYS),
            ("old", 6 * DAYS),
        ];
        assert!(alerts(&sights, "learning_window=-3d").is_empty());
    }

    /// As in Splunk: the first baseline is learned up to now, and what it saw within the activity window still counts as new.
    #[test]
    fn what_was_first_seen_on_the_eve_of_the_first_detection_alerts() {
        let sights = [("old", 0), ("eve", DAYS - 1), ("old", 3 * DAYS)];
        assert_eq!(alerts(&sights, LEARNED), [("eve".into(), DAYS + 17)]);
    }

    #[test]
    fn a_learning_baseline_is_silent_and_what_it_saw_meanwhile_is_known_later() {
        let sights = [
            ("old", 0),
            ("new", 2 * DAYS),
            ("old", 20 * DAYS),
            ("new", 20 * DAYS),
        ];
        assert!(alerts(&sights, "learning_window=-7d").is_empty());
    }

    #[test]
    fn a_key_that_was_forgotten_alerts_again_after_the_suppression() {
        let sights = [("old", 0), ("new", 3 * DAYS), ("new", 40 * DAYS)]
            .into_iter()
            .chain((0..50).map(|day| ("old", day * DAYS)))
            .collect::<Vec<_>>();
        let expected = [3, 40].map(|day| ("new".to_owned(), day * DAYS + 17));
        assert_eq!(
            alerts(&sights, "learning_window=-1d forget_window=-30d"),
            expected
        );
        assert_eq!(alerts(&sights, LEARNED), expected[..1]);
    }

    /// The first event lies just behind midnight: its day is not whole, so the baseline is mature a day later.
    #[test]
    fn maturity_is_judged_by_exact_times() {
        let mature_from = |first: i64| {
            let sights: Vec<(&'static str, i64)> =
                (0..12).map(|day| ("old", first + day * DAYS)).collect();
            let (_, replayed) = replayed(&sights, "learning_window=-7d@d");
            let at = replayed.mature.unwrap().at;
            at.human(&Utc).to_string()
        };
        assert_eq!(mature_from(0), "2024-10-11 01:17:00 UTC");
        assert_eq!(mature_from(1), "2024-10-12 01:17:00 UTC");
    }

    #[test]
    fn years_without_an_event_cost_nothing_and_change_nothing() {
        let years = 15 * 365 * DAYS;
        let sights = [
            ("old", 0),
            ("old", 9 * DAYS),
            ("old", years),
            ("late", years + 5),
            ("old", years + 20 * DAYS),
            ("late", years + 20 * DAYS),
        ];
        // Without forgetting the baseline is mature all the time.
        assert_eq!(alerts(&sights, LEARNED), [("late".into(), years + 17)]);
        // With it nothing is left after years: it learns anew, and by then knows both.
        assert!(alerts(&sights, "learning_window=-1d forget_window=-90d").is_empty());
    }

    #[test]
    fn skipping_empty_stretches_makes_no_difference() {
        // One event a day keeps every night from being skipped.
        let events = [
            ("a", 0),
            ("b", 3 * DAYS),
            ("c", 30 * DAYS),
            ("a", 75 * DAYS),
            ("d", 76 * DAYS),
        ];
        let settings = "learning_window=-2d forget_window=-40d";
        let with_ticks = events
            .into_iter()
            .chain((0..80).map(|day| ("tick", day * DAYS + 30)));
        let mut expected = alerts(&with_ticks.collect::<Vec<_>>(), settings);
        expected.retain(|(key, _)| key != "tick");
        let ticks_rarely = events
            .into_iter()
            .chain([0, 20, 40, 60, 77].map(|day| ("tick", day * DAYS + 30)));
        let mut found = alerts(&ticks_rarely.collect::<Vec<_>>(), settings);
        found.retain(|(key, _)| key != "tick");
        assert_eq!(found, expected);
    }
}
