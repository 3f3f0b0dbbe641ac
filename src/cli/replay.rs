//! `replay`: walks history in the order of time, learning and detecting as the app's schedules would.
//!
//! The schedules are those of the app's searches: the first baseline once, an update every night, the detection every hour. The rules
//! are the real ones, fed with what each search would have found. Everything is in memory, a minute of a key being the unit.

use super::arguments::Typed;
use super::gathered::{Gathered, Keep, More};
use super::input::BadTimes;
use super::keys;
use super::report::{aligned, visible};
use super::{result_of, CliError, Outcome, Wanted, World, ADVICE};
use crate::baseline::{Cutoffs, Maturity, RunningBaseline, Sighting, Verdict};
use crate::keys::KeyId;
use crate::lookup::schema;
use crate::messages::{count, Advice, Messages};
use crate::options::{UnseenOptions, Windows};
use crate::time::{Modifier, Timestamp, DAY, HOUR, MINUTE};
use chrono::TimeZone;
use clap::ArgMatches;
use std::collections::HashMap;

/// When in its hour the detection runs.
const DETECTION: i64 = 17 * MINUTE;
/// When in its day the update runs.
const UPDATE: i64 = 41 * MINUTE;
/// How far an update looks back.
const UPDATE_RANGE: &str = "-3d@d";
/// For how long a key that alerted does not alert again.
const SUPPRESSION: i64 = 7 * DAY;

/// What its user can do: there is no file to take a row out of.
const REPLAY_ADVICE: Advice = Advice {
    stray: "leave it out with --from",
    ..ADVICE
};

const WANTED: Wanted = Wanted {
    keep: Keep::Minutes,
    bad_times: BadTimes::Count,
    no_time: "left out",
};

pub(super) fn run<Z: TimeZone>(
    matches: &ArgMatches,
    world: &mut World<'_, Z>,
) -> Result<Outcome, CliError> {
    let typed = Typed::of(matches);
    let options = UnseenOptions::parse(&typed.tokens())?;
    schema::check_key_fields(&options.by)?;
    let gathered = world.gather(matches, &options.by, WANTED)?;
    let initial_days = matches.get_one::<u16>("initial-days").copied().unwrap_or(1);
    let history = History::of(&gathered);
    let Some(replay) = history.replay(&options.windows, i64::from(initial_days), &world.zone)?
    else {
        world
            .notes()
            .info("there is no observation with a time, so nothing can be replayed");
        return Ok(Outcome::Done);
    };
    match replay.mature {
        Some(mature) => {
            let told = format!(
                "the baseline is mature from {} on",
                mature.human(&world.zone)
            );
            world.notes().info(&told);
            if let Some(thin) = &replay.thin {
                world.notes().warn(thin);
            }
        }
        None => {
            let [from, to] =
                [replay.from, replay.to].map(|time| time.human(&world.zone).to_string());
            world.notes().warn(&format!(
                "the baseline never became mature, so nothing alerted: the input goes from {from} to {to}"
            ));
        }
    }
    let text = replay.report(&history, &world.zone);
    result_of(
        world
            .stdout
            .write_all(&text)
            .and_then(|()| world.stdout.flush()),
    )?;
    Ok(Outcome::Done)
}

/// One key in one minute since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    minute: i64,
    key: u32,
}

/// Everything that was seen, in the order of time.
struct History<'g> {
    /// The keys; their place is their number.
    keys: Vec<&'g [u8]>,
    seen: Vec<Seen>,
}

/// What would have happened.
struct Replay {
    /// The first and the last time in the input.
    from: Timestamp,
    to: Timestamp,
    /// When the baseline was first found mature.
    mature: Option<Timestamp>,
    /// That it was mature because of a few old sightings, if so.
    thin: Option<String>,
    /// The start of each day on which a detection ran, and when which keys alerted on it.
    days: Vec<(Timestamp, Vec<(Timestamp, u32)>)>,
}

impl<'g> History<'g> {
    fn of(gathered: &'g Gathered) -> Self {
        let mut history = Self {
            keys: Vec::new(),
            seen: Vec::new(),
        };
        for (number, (key, observed)) in (0..).zip(gathered.observed()) {
            history.keys.push(key);
            if let More::Minutes(minutes) = &observed.more {
                let seen = minutes.iter().map(|&(minute, _)| Seen {
                    minute,
                    key: number,
                });
                history.seen.extend(seen);
            }
        }
        history.seen.sort_unstable();
        history.seen.dedup();
        history
    }

    /// What was seen from one time on and before another, both whole minutes.
    fn between(&self, from: Timestamp, to: Timestamp) -> &[Seen] {
        let place = |time: Timestamp| {
            self.seen
                .partition_point(|seen| start_of(seen.minute) < time)
        };
        let (start, end) = (place(from), place(to));
        &self.seen[start..end.max(start)]
    }

    /// Runs the schedules; none if nothing was seen.
    fn replay(
        &self,
        windows: &Windows,
        initial_days: i64,
        zone: &impl TimeZone,
    ) -> Result<Option<Replay>, CliError> {
        let (Some(first), Some(last)) = (self.seen.first(), self.seen.last()) else {
            return Ok(None);
        };
        let (from, to) = (start_of(first.minute), start_of(last.minute));
        let modifier = |text| Modifier::parse(text).expect("these modifiers are written here");
        let (hour_of, day_of, update_range) =
            (modifier("@h"), modifier("@d"), modifier(UPDATE_RANGE));
        let mut replay = Replay {
            from,
            to,
            mature: None,
            thin: None,
            days: Vec::new(),
        };
        let begins = from.saturating_add(initial_days * DAY);
        let mut baseline = RunningBaseline::empty(self.keys.len());
        let mut cutoffs = windows.cutoffs(begins, zone)?;
        baseline.update(sightings(self.between(from, begins)), &cutoffs);
        let mut alerted: HashMap<u32, Timestamp> = HashMap::new();
        let mut hour = hour_of.apply(begins, zone);
        // The last hour that counts is the one whose detection is the first after the last observation.
        while hour.saturating_add(DETECTION - HOUR) <= to {
            let detection = hour.saturating_add(DETECTION);
            if detection > begins {
                let day = day_of.apply(detection, zone);
                if replay.days.last().is_none_or(|(last, _)| *last != day) {
                    replay.days.push((day, Vec::new()));
                }
                let at = windows.cutoffs(detection, zone)?;
                let mut new = new_keys(self.between(at.activity, detection), &baseline, &at);
                new.retain(|key| {
                    alerted
                        .get(key)
                        .is_none_or(|&at| at.saturating_add(SUPPRESSION) <= detection)
                });
                alerted.extend(new.iter().map(|&key| (key, detection)));
                let (_, alerts) = replay.days.last_mut().expect("the day was just added");
                alerts.extend(new.into_iter().map(|key| (detection, key)));
                if baseline.maturity() == Maturity::Mature && replay.mature.is_none() {
                    replay.mature = Some(detection);
                    replay.thin = thin_maturity(&baseline, &cutoffs, windows, zone);
                }
            }
            let update = hour.saturating_add(UPDATE);
            if update > begins && day_of.apply(hour, zone) == hour {
                cutoffs = windows.cutoffs(update, zone)?;
                let range = self.between(update_range.apply(update, zone), update);
                baseline.update(sightings(range), &cutoffs);
            }
            hour = hour.saturating_add(HOUR);
        }
        Ok(Some(replay))
    }
}

fn start_of(minute: i64) -> Timestamp {
    Timestamp(minute.saturating_mul(MINUTE))
}

/// That a baseline is mature because of a few old sightings, if so.
fn thin_maturity(
    baseline: &RunningBaseline,
    cutoffs: &Cutoffs,
    windows: &Windows,
    zone: &impl TimeZone,
) -> Option<String> {
    let texts = Messages {
        windows,
        as_of: cutoffs.activity, // not shown
        zone,
    };
    let counts = baseline.counts(cutoffs);
    texts.thin_maturity(
        baseline.maturity(),
        baseline.oldest(),
        &counts,
        &REPLAY_ADVICE,
    )
}

/// What each of some sights says of its key.
fn sightings(seen: &[Seen]) -> impl Iterator<Item = (KeyId, Sighting)> + '_ {
    seen.iter().map(|seen| {
        let time = Some(start_of(seen.minute));
        (KeyId(seen.key), Sighting::new(time, time))
    })
}

/// The keys that are new to a baseline, in the order of their numbers.
fn new_keys(seen: &[Seen], baseline: &RunningBaseline, cutoffs: &Cutoffs) -> Vec<u32> {
    let mut keys: Vec<u32> = seen.iter().map(|seen| seen.key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.retain(|&key| baseline.judge(KeyId(key), cutoffs) == Verdict::New);
    keys
}

impl Replay {
    /// Each day with its number of alerts and, below it, what alerted; then the total.
    fn report(&self, history: &History<'_>, zone: &impl TimeZone) -> Vec<u8> {
        let mut out = Vec::new();
        for (day, alerts) in &self.days {
            let date = day.human(zone).to_string();
            let date = date.split(' ').next().unwrap_or_default();
            out.extend_from_slice(
                format!("{date}  {}\n", count(alerts.len() as u64, "alert")).as_bytes(),
            );
            let lines: Vec<Vec<String>> = alerts
                .iter()
                .map(|&(at, key)| {
                    let at = at.human(zone).to_string();
                    let time = at.split(' ').nth(1).unwrap_or_default();
                    let values = keys::unpack(history.keys[key as usize]).map(visible);
                    [String::new(), time.to_owned()]
                        .into_iter()
                        .chain(values)
                        .collect()
                })
                .collect();
            out.extend(aligned(&lines));
        }
        let total = self
            .days
            .iter()
            .map(|(_, alerts)| alerts.len() as u64)
            .sum();
        let with_alerts = self
            .days
            .iter()
            .filter(|(_, alerts)| !alerts.is_empty())
            .count();
        let days = count(self.days.len() as u64, "day");
        out.extend_from_slice(
            format!(
                "total  {} on {with_alerts} of {days}\n",
                count(total, "alert")
            )
            .as_bytes(),
        );
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::gathered::TimeRange;
    use super::*;
    use crate::baseline::Fact;
    use crate::cli::gathered::Gathered;
    use crate::keys::RowKeys;
    use crate::lookup::Reading;
    use chrono::Utc;
    use std::hash::RandomState;

    /// What alerted, as hours since the start: each sight is a key and the minute in which it was seen.
    fn alerts(sights: &[(&'static str, i64)], windows: &str) -> Vec<(String, i64)> {
        let mut gathered =
            Gathered::new(1, Keep::Minutes, TimeRange::default(), RandomState::new());
        for &(key, minute) in sights {
            let keys = RowKeys::one(&[key]);
            let time = Some(start_of(BEGIN + minute));
            let reading = Reading {
                fact: Fact {
                    observed: Some(Sighting::new(time, time)),
                    stored: None,
                },
                bad_time: None,
                broken_time: None,
            };
            gathered.take_row(&reading, &keys, 1, [&[]; 5]);
        }
        let tokens: Vec<_> = windows
            .split_whitespace()
            .chain(["user"])
            .map(crate::options::Token::plain)
            .collect();
        let windows = UnseenOptions::parse(&tokens).unwrap().windows;
        let history = History::of(&gathered);
        let replay = history.replay(&windows, 1, &Utc).unwrap().unwrap();
        let told = replay.days.into_iter().flat_map(|(_, alerts)| alerts);
        told.map(|(at, key)| {
            let value = keys::unpack(history.keys[key as usize]).next().unwrap();
            (
                String::from_utf8(value.to_vec()).unwrap(),
                at.0.div_euclid(MINUTE) - BEGIN,
            )
        })
        .collect()
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
}
