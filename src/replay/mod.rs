//! Replays history: walks it in the order of time, learning and detecting as the app's searches would have.
//!
//! The rules are those of the commands, on a baseline that stays in memory; each run gets what its search would have found, by the times of
//! the events. Initial learns the first days, then Update, the detection and Reconcile run by their schedules; a pair alerts
//! once, and again after the suppression. Not replayed: events that arrive late, runs by hand, decisions of people, filters.
//!
//! | file | owns |
//! | --- | --- |
//! | `resolution.rs` | how exactly uses must be kept while files are read |
//! | `history.rs` | what was observed, in the order of time |
//! | `run_times.rs` | when which search runs, over which range |
//! | `walk.rs` | the walk through all runs, under each setting |
//! | `site.rs` | one site: its baseline, its records, and what each run makes of them |
//! | `records.rs` | which reported pairs are due and alert |
//! | `ranking.rs` | how surprising an alert is, against the baseline of its run |
//! | `answers.rs`, `summary.rs` | what follows from it all: by day, by role, what to tune |

mod answers;
mod days;
mod history;
mod ranking;
mod records;
mod resolution;
mod run_times;
mod site;
mod summary;
mod text;
mod walk;

pub(crate) use answers::summary;
pub(crate) use resolution::resolution;
pub use summary::*;
pub(crate) use text::write;
pub(crate) use walk::{WalkProgress, Watch};

use crate::app_settings::AppSettings;
use crate::baseline::surprise::Evidence;
use crate::baseline::{Counts, Cutoffs, Explanation, RunningBaseline, Sighting};
use crate::keys::KeyId;
use crate::observations::{Observations, Resolution};
use crate::options::{OptionError, Windows};
use crate::time::{Timestamp, DAY};
use chrono::TimeZone;
use history::History;
use ranking::AlertRanking;
use run_times::{run_times, Run};
use walk::Walker;

/// A time in which no search of the app runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outage {
    /// When it begins.
    pub(crate) from: Timestamp,
    /// When it is over.
    pub(crate) to: Timestamp,
}

impl Outage {
    fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct ReplaySettings<'p> {
    /// How the app is set up; its windows count but for the grid.
    pub(crate) app: &'p AppSettings,
    /// How many days, from the first time in the input, Initial learns.
    pub(crate) initial_days: i64,
    /// When no search ran.
    pub(crate) outages: &'p [Outage],
    /// Windows under which the history is replayed as well.
    pub(crate) grid: &'p [Windows],
    /// How the observations were kept: see [`resolution`].
    pub(crate) resolution: Resolution,
    /// The fields of the key. Where there is only one, alerts are not ranked.
    pub(crate) by: &'p [String],
    /// Whether alerts are ranked where they can be.
    pub(crate) ranks: bool,
    /// The place of the key field whose values begin with a service, if there is one.
    pub(crate) service_field: Option<usize>,
}

/// Which search alerted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AlertingSearch {
    /// The hourly detection.
    Detection,
    /// The nightly search for what was learned and never alerted.
    Reconcile,
}

impl AlertingSearch {
    /// How it is written.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Detection => "detection",
            Self::Reconcile => "reconcile",
        }
    }
}

/// One alert.
#[derive(Clone, Debug)]
pub(crate) struct Alert {
    /// When the run started.
    pub(crate) at: Timestamp,
    /// Which search it was of.
    pub(crate) search: AlertingSearch,
    /// The key, as the observations have it.
    pub(crate) key: KeyId,
    /// When the key was first used, as far as it was reported and not alerted before.
    pub(crate) first: Timestamp,
    /// The end of the range that the run looked at.
    pub(crate) until: Timestamp,
    /// Whether the key had been known before, and was forgotten.
    pub(crate) has_returned: bool,
    /// What was counted of it; none if it was not ranked.
    evidence: Option<Evidence>,
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

/// How large the baseline was after an update.
#[derive(Clone, Copy, Debug)]
struct Size {
    at: Timestamp,
    pairs: u64,
    is_mature: bool,
}

/// What would have happened under some windows.
#[derive(Debug)]
pub(crate) struct Replayed {
    windows: Windows,
    /// The first and the last run of the detection; none if Initial takes all of the input.
    pub(crate) detections: Option<(Timestamp, Timestamp)>,
    /// How the baseline was when it was first found mature.
    pub(crate) mature: Option<FirstMature>,
    /// The alerts, in the order of time.
    pub(crate) alerts: Vec<Alert>,
    sizes: Vec<Size>,
    suppressed: Suppressed,
    forgotten: Forgotten,
}

/// What of that a grid shows.
#[derive(Debug)]
struct ReplayedSetting {
    windows: Windows,
    /// When the baseline was first found mature.
    mature: Option<Timestamp>,
    /// When each alert was.
    alerts: Vec<Timestamp>,
    /// How many alerts were of pairs that had been forgotten.
    returned: u64,
}

impl ReplayedSetting {
    fn of(replayed: &Replayed) -> Self {
        Self {
            windows: replayed.windows.clone(),
            mature: replayed.mature.map(|mature| mature.at),
            alerts: replayed.alerts.iter().map(|alert| alert.at).collect(),
            returned: replayed.forgotten.alerted,
        }
    }
}

/// A history replayed.
#[derive(Debug)]
pub(crate) struct Replay {
    history: History,
    /// The first time in the input.
    pub(crate) from: Timestamp,
    /// The last time in the input.
    pub(crate) to: Timestamp,
    /// Under the windows of the app.
    pub(crate) main: Replayed,
    /// The baseline with everything in the input.
    baseline: RunningBaseline,
    /// Under those of the grid, in their order.
    grid: Vec<ReplayedSetting>,
    /// The runs that were replayed under the windows of the app.
    runs: Vec<Run>,
    ranking: Option<AlertRanking>,
    /// Whether all runs were replayed, under all settings.
    is_whole: bool,
}

/// Replays what was observed; none if nothing was observed at a known time. Where `watch` breaks it off, it is what was found until then.
///
/// # Errors
/// A window that cannot be applied.
pub(crate) fn replay(
    observations: &Observations,
    settings: &ReplaySettings<'_>,
    zone: &impl TimeZone,
    watch: Watch<'_>,
) -> Result<Option<Replay>, OptionError> {
    let history = History::of(observations, &settings.resolution);
    let Some((from, to)) = history.bounds() else {
        return Ok(None);
    };
    let begins = from.saturating_add(settings.initial_days.saturating_mul(DAY));
    let runs = run_times(settings.app, settings.outages, begins, to.max(begins), zone);
    let is_ranked = settings.ranks && settings.by.len() > 1;
    let ranking =
        is_ranked.then(|| AlertRanking::of(&history, observations, settings.service_field));
    let mut walker = Walker {
        history: &history,
        app: settings.app,
        runs: &runs,
        initial: (from, begins),
        newest: to,
        zone,
        watch,
        progress: WalkProgress {
            runs: 0,
            of_runs: runs.len() * (1 + settings.grid.len()),
        },
    };
    let walked = walker.main(ranking.as_ref())?;
    let grid = settings.grid.iter().map(|windows| walker.setting(windows));
    let grid: Vec<Option<ReplayedSetting>> = grid.collect::<Result<_, OptionError>>()?;
    Ok(Some(Replay {
        from,
        to,
        main: walked.replayed,
        baseline: walked.baseline,
        is_whole: walked.runs == runs.len() && grid.iter().all(Option::is_some),
        grid: grid.into_iter().flatten().collect(),
        runs: runs[..walked.runs].to_vec(),
        ranking,
        history,
    }))
}

impl Replay {
    /// The last run that was replayed, if it was broken off; or that there was none.
    pub(crate) fn broken_off(&self) -> Option<Option<Timestamp>> {
        let last = self.runs.last().map(|run| run.at);
        (!self.is_whole).then_some(last)
    }

    /// What the baseline stores at the end, key by key.
    pub(crate) fn stored<'r>(
        &'r self,
        cutoffs: &'r Cutoffs,
    ) -> impl Iterator<Item = (KeyId, Sighting)> + 'r {
        let keys = (0..self.history.keys() as u32).map(KeyId);
        keys.filter_map(|key| {
            let stored = self.baseline.stored(key, cutoffs)?;
            Some((self.history.in_observations(key), stored))
        })
    }

    /// How surprising an alert of the main replay is, and why; none if it was not ranked.
    pub(crate) fn explanation<'r>(&'r self, alert: &'r Alert) -> Option<Explanation<'r>> {
        let ranking = self.ranking.as_ref()?;
        Some(ranking.explain(alert.evidence.as_ref()?))
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
    use proptest::prelude::*;
    use std::hash::RandomState;
    use std::ops::ControlFlow;

    /// What alerted, as minutes since the start: each sight is a key and the minute in which it was used.
    fn alerts(sights: &[(&'static str, i64)], windows: &str) -> Vec<(String, i64)> {
        let (observations, replay) = replayed(sights, windows);
        let minute = |at: Timestamp| at.0.div_euclid(MINUTE) - BEGIN;
        let alerts = replay.main.alerts.iter().map(|alert| {
            let value = observations.values(alert.key).next().unwrap();
            let value = String::from_utf8(value.to_vec()).unwrap();
            (value, minute(alert.at))
        });
        alerts.collect()
    }

    fn replayed(sights: &[(&'static str, i64)], windows: &str) -> (Observations, Replay) {
        let tokens: Vec<_> = windows
            .split_whitespace()
            .chain(["user"])
            .map(crate::options::Token::plain)
            .collect();
        let windows = UnseenOptions::parse(&tokens).unwrap().windows;
        let app = AppSettings {
            windows,
            ..AppSettings::shipped()
        };
        replayed_by(&app, &[], sights)
    }

    fn replayed_by(
        app: &AppSettings,
        outages: &[Outage],
        sights: &[(&'static str, i64)],
    ) -> (Observations, Replay) {
        let mut go_on = |_| ControlFlow::Continue(());
        replayed_while(app, outages, sights, &mut go_on)
    }

    fn replayed_while(
        app: &AppSettings,
        outages: &[Outage],
        sights: &[(&'static str, i64)],
        watch: Watch<'_>,
    ) -> (Observations, Replay) {
        let resolution = resolution(app, &[], outages, &Utc);
        let observations = observed(resolution, sights);
        let settings = ReplaySettings {
            app,
            initial_days: INITIAL,
            outages,
            grid: &[],
            resolution,
            by: &["user".to_owned()],
            ranks: true,
            service_field: None,
        };
        let replay = replay(&observations, &settings, &Utc, watch);
        (observations, replay.unwrap().unwrap())
    }

    fn observed(resolution: Resolution, sights: &[(&'static str, i64)]) -> Observations {
        let level = DetailLevel::Uses(resolution);
        let range = TimeRange::default();
        let mut observations = Observations::new(1, level, range, RandomState::new());
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
            let keys = RowKeys::one(&[key]);
            observations.take_row(&reading, &keys, 1, [&[]; CONTEXT_FIELDS.len()]);
        }
        observations
    }

    /// Midnight of 2024-10-04, in minutes.
    const BEGIN: i64 = 20_000 * DAYS;
    const HOURS: i64 = 60;
    const DAYS: i64 = 24 * HOURS;
    /// Initial learns ten days.
    const INITIAL: i64 = 10;
    const LEARNED: &str = "learning_window=-1d";

    /// Reconcile is caught up a day late, and alerts a key that was first used after it was due.
    #[test]
    fn a_reconcile_that_is_caught_up_looks_as_far_as_it_has_come() {
        let at = |minute: i64| Timestamp((BEGIN + minute) * MINUTE);
        let seen = 12 * DAYS + 5 * HOURS;
        let sights = [("old", 0), ("old", 20 * DAYS), ("new", seen)];
        let outage = Outage {
            from: at(11 * DAYS + 23 * HOURS),
            to: at(13 * DAYS + 45),
        };
        let app = AppSettings::shipped();
        let (_, replay) = replayed_by(&app, &[outage], &sights);
        let alert = &replay.main.alerts[0];
        assert_eq!(alert.search, AlertingSearch::Reconcile);
        assert!(alert.first == at(seen) && alert.first < alert.until);
        assert_eq!(alert.until, alert.at);
    }

    /// Initial reads ten days, of which a forget window of four keeps the last.
    #[test]
    fn what_is_forgotten_as_soon_as_it_is_learned_does_not_return() {
        let sights = [
            ("old", 0),
            ("old", 9 * DAYS),
            ("old", 19 * DAYS),
            ("early", 1),
            ("early", 15 * DAYS),
        ];
        let (_, replay) = replayed(&sights, "forget_window=-4d learning_window=-1d");
        let returned = |key: u32| {
            let mut alerts = replay.main.alerts.iter();
            alerts.any(|alert| alert.key == KeyId(key) && alert.has_returned)
        };
        assert!(returned(0), "it was known, and forgotten");
        assert!(!returned(1), "it was never known");
    }

    #[test]
    fn a_replay_that_is_broken_off_is_the_beginning_of_the_whole() {
        let sights: Vec<(&'static str, i64)> = [("a", 11), ("b", 13), ("c", 16), ("d", 19)]
            .into_iter()
            .flat_map(|(key, day)| [(key, day * DAYS), (key, 25 * DAYS)])
            .chain([("old", 0)])
            .collect();
        let app = AppSettings::shipped();
        let (_, whole) = replayed_by(&app, &[], &sights);
        assert_eq!(whole.broken_off(), None);
        let mut asked = 0;
        let (_, part) = replayed_while(&app, &[], &sights, &mut |_| {
            asked += 1;
            match asked {
                5 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        });
        let last = part.broken_off().unwrap().unwrap();
        let alerted = |replay: &Replay| -> Vec<(Timestamp, KeyId)> {
            let alerts = replay.main.alerts.iter();
            alerts.map(|alert| (alert.at, alert.key)).collect()
        };
        let (whole, part) = (alerted(&whole), alerted(&part));
        let until = whole.partition_point(|(at, _)| *at <= last);
        assert_eq!(part, whole[..until]);
        assert!(
            0 < until && until < whole.len(),
            "{until} of {}",
            whole.len()
        );
    }

    #[test]
    fn a_new_key_alerts_once_at_the_next_detection() {
        let seen = 13 * DAYS + 5 * HOURS;
        let sights = [
            ("old", 0),
            ("old", 19 * DAYS),
            ("new", seen),
            ("new", seen + 90),
            ("new", seen + 23 * HOURS),
        ];
        assert_eq!(alerts(&sights, LEARNED), [("new".into(), seen + 17)]);
        let sights = [("old", 0), ("old", 19 * DAYS), ("new", seen + 17)];
        assert_eq!(alerts(&sights, LEARNED), [("new".into(), seen + 77)]);
    }

    #[test]
    fn what_was_learned_before_the_activity_window_is_known() {
        let sights = [("old", 0), ("early", 5 * DAYS), ("early", 15 * DAYS)];
        assert!(alerts(&sights, "learning_window=-3d").is_empty());
    }

    /// As in Splunk: Initial learns up to now, and what it saw within the activity window still counts as new.
    #[test]
    fn what_was_first_seen_on_the_eve_of_the_first_detection_alerts() {
        let sights = [("old", 0), ("eve", 10 * DAYS - 1), ("old", 13 * DAYS)];
        assert_eq!(alerts(&sights, LEARNED), [("eve".into(), 10 * DAYS + 17)]);
    }

    /// What Initial saw in its last days, and no detection can see, is reported by the first night's Reconcile.
    #[test]
    fn what_was_first_seen_on_the_last_days_of_initial_is_reconciled() {
        let sights = [
            ("old", 0),
            ("too early", 6 * DAYS),
            ("late", 8 * DAYS),
            ("old", 13 * DAYS),
        ];
        let at = 10 * DAYS + 3 * HOURS + 11;
        assert_eq!(alerts(&sights, LEARNED), [("late".into(), at)]);
    }

    #[test]
    fn a_learning_baseline_is_silent_and_what_it_saw_meanwhile_is_known_later() {
        let sights = [
            ("old", 0),
            ("new", 11 * DAYS),
            ("old", 40 * DAYS),
            ("new", 40 * DAYS),
        ];
        assert!(alerts(&sights, "learning_window=-20d").is_empty());
    }

    #[test]
    fn a_key_that_was_forgotten_alerts_again_after_the_suppression() {
        let returning = |gap: i64| {
            let used = [0, gap].map(|after| ("new", (13 + after) * DAYS));
            let daily = (0..90).map(|day| ("old", day * DAYS));
            used.into_iter().chain(daily).collect::<Vec<_>>()
        };
        let alert = |day: i64| ("new".to_owned(), day * DAYS + 17);
        let forgetting = |days: i64| format!("learning_window=-1d forget_window=-{days}d");
        let both = [alert(13), alert(13 + 40)];
        assert_eq!(alerts(&returning(40), &forgetting(30)), both);
        assert_eq!(alerts(&returning(40), &forgetting(50)), both[..1]);
        // It returns on day 18 and is kept back until day 20, when Reconcile finds it.
        let reconciled = ("new".to_owned(), 20 * DAYS + 3 * HOURS + 11);
        assert_eq!(
            alerts(&returning(5), &forgetting(4)),
            [alert(13), reconciled]
        );
    }

    /// The first event lies just behind midnight: its day is not whole, so the baseline is mature a day later.
    #[test]
    fn maturity_is_judged_by_exact_times() {
        let mature_from = |first: i64| {
            let days = (0..22).map(|day| ("old", first + day * DAYS));
            let sights: Vec<(&'static str, i64)> = days.collect();
            let (_, replay) = replayed(&sights, "learning_window=-17d@d");
            let at = replay.main.mature.unwrap().at;
            at.human(&Utc).to_string()
        };
        assert_eq!(mature_from(0), "2024-10-21 01:17:00 UTC");
        assert_eq!(mature_from(1), "2024-10-22 01:17:00 UTC");
    }

    #[test]
    fn years_without_an_event_cost_little_and_change_nothing() {
        let years = 5 * 365 * DAYS;
        let sights = [
            ("old", 0),
            ("old", 19 * DAYS),
            ("old", years),
            ("late", years + 5),
            ("old", years + 20 * DAYS),
            ("late", years + 20 * DAYS),
        ];
        // Without forgetting the baseline is mature all the time.
        assert_eq!(alerts(&sights, LEARNED), [("late".into(), years + 17)]);
        // With it nothing is left after years: it learns anew, and by then knows both.
        assert!(alerts(&sights, "learning_window=-10d forget_window=-90d").is_empty());
    }

    /// No search runs for a day and a half: the night that is less than a day ago is caught up, and Reconcile finds what no
    /// detection saw.
    #[test]
    fn what_is_used_in_an_outage_alerts_when_it_is_over() {
        let at = |minutes: i64| Timestamp((BEGIN + minutes) * MINUTE);
        let (from, to) = (12 * DAYS + 2 * HOURS, 13 * DAYS + 14 * HOURS);
        let outage = Outage {
            from: at(from),
            to: at(to),
        };
        let sights = [
            ("old", 0),
            ("lost", from + 5 * HOURS),
            ("recent", to - HOURS),
            ("old", 20 * DAYS),
        ];
        let app = AppSettings::shipped();
        let (observations, replay) = replayed_by(&app, &[outage], &sights);
        let found = replay.main.alerts.iter().map(|alert| {
            let name = observations.values(alert.key).next().unwrap();
            (name, alert.search, alert.at)
        });
        let (reconcile, detection) = (AlertingSearch::Reconcile, AlertingSearch::Detection);
        assert_eq!(
            found.collect::<Vec<_>>(),
            [
                (&b"lost"[..], reconcile, at(to)),
                (b"recent", detection, at(to + 17)),
            ]
        );
    }

    /// A key, and the minutes at which it is used.
    fn some_uses() -> impl Strategy<Value = Vec<(&'static str, i64)>> {
        let key = prop::sample::select(vec!["a", "b", "c"]);
        prop::collection::vec((key, 0i64..60 * DAYS), 1..40)
    }

    proptest! {
        /// What is kept of the uses is enough: an outage long before the first use makes each of them count, and changes nothing else.
        #[test]
        fn what_is_left_out_of_the_uses_changes_nothing(
            uses in some_uses(),
            activity in prop::sample::select(vec!["-4h", "-24h@h", "-48h@h"]),
            forget in prop::sample::select(vec!["-3d", "-10d@d", "-20d@d"]),
        ) {
            let mut app = AppSettings::shipped();
            let modifier = |text| crate::time::Modifier::parse(text).unwrap();
            app.windows.activity = Some(modifier(activity));
            app.windows.forget = Some(modifier(forget));
            let long_ago = Outage { from: Timestamp(0), to: Timestamp(1) };
            let alerts = |outages: &[Outage]| {
                let (_, replay) = replayed_by(&app, outages, &uses);
                let found = replay.main.alerts.into_iter();
                let found = found.map(|of| (of.at, of.search, of.key, of.first, of.has_returned));
                (found.collect::<Vec<_>>(), replay.main.forgotten, replay.main.suppressed)
            };
            prop_assert_eq!(alerts(&[]), alerts(&[long_ago]));
        }
    }
}
