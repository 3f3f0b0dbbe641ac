//! What a run tells its user about its rows and its baseline: the words that both doors share.
//!
//! Only what has to be done about it differs from door to door, and comes as [`Remedies`]. Decides nothing: counts come from
//! `lookup`, facts about the baseline from `baseline`. Texts have neither a level nor a line end.

use crate::baseline::{Census, Counts, Learned, Maturity, Verdicts, MAX_KEYS};
use crate::lookup::Tally;
use crate::options::Windows;
use crate::time::{Timestamp, DAY};
use chrono::TimeZone;

/// A baseline whose newest sighting is older than this before the time the run is as of is not being updated.
const STALE: i64 = 2 * DAY;

/// A mature baseline of which fewer than one key in this many is old enough hangs on strays.
const THIN: u64 = 100;

/// From this many new keys on, more new than known ones look like a change of what a key means.
const FLOOD: u64 = 100;

/// What the user can do or has to ask, in the words of a door.
#[derive(Clone, Copy, Debug)]
pub struct Remedies {
    /// There is no baseline: `run "… - Initial" once`.
    pub start: &'static str,
    /// All of it is forgotten: `run … again`.
    pub restart: &'static str,
    /// What keeps the baseline up to date.
    pub update: &'static str,
    /// The question to ask where it is not: `is "… - Update" enabled?`.
    pub is_updated: &'static str,
    /// One old sighting alone may be a stray event: `forget it`.
    pub stray: &'static str,
    /// A key field is `unknown`: why, and what else to read.
    pub unknown: &'static str,
    /// Most keys are new: what may have happened, and what to do if it has.
    pub renamed: &'static str,
}

/// A run, as its messages need it.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'r, Z> {
    /// Its windows.
    pub windows: &'r Windows,
    /// The time that it is as of.
    pub as_of: Timestamp,
    /// The zone in which windows snap and times are shown.
    pub zone: &'r Z,
}

/// `1 row`, `2 rows`.
pub fn count(number: u64, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// What became of the rows that stand for more than [`MAX_KEYS`] keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooManyKeys {
    /// They count for nothing.
    LeftOut,
    /// They go out as they came.
    Reported,
}

/// The reasons for which rows were left out, or were not taken at their word.
pub fn oddities(tally: &Tally, too_many_keys: TooManyKeys) -> Option<String> {
    let too_many_keys = match too_many_keys {
        TooManyKeys::LeftOut => {
            format!("left out because they stand for more than {MAX_KEYS} keys")
        }
        TooManyKeys::Reported => {
            format!("that stand for more than {MAX_KEYS} keys, reported without being judged")
        }
    };
    let reasons = [
        (tally.no_key, "without a key (a key field is empty)"),
        (tally.no_time, "without a time"),
        (tally.too_many_keys, &too_many_keys),
        (
            tally.bad_time,
            "with a time that is not a number, which was ignored",
        ),
        (
            tally.broken_clock,
            "with a time more than a day ahead of the wall clock, which was not taken at its word",
        ),
    ];
    let told: Vec<String> = reasons
        .iter()
        .filter(|(rows, _)| *rows > 0)
        .map(|(rows, reason)| format!("{} {reason}", count(*rows, "row")))
        .collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// The observations whose key is only known as `unknown`, one text a field.
pub fn unknowns(
    tally: &Tally,
    by: &[String],
    observations: u64,
    remedies: &Remedies,
) -> Vec<String> {
    by.iter()
        .zip(&tally.unknown)
        .filter(|(_, &rows)| rows > 0)
        .map(|(field, rows)| {
            format!(
                "{rows} of {} have the {field} `unknown`: {}",
                count(observations, "observation"),
                remedies.unknown,
            )
        })
        .collect()
}

/// How many keys of each kind a new baseline has, seen from the one before.
pub fn kinds(counts: &Counts) -> String {
    let Counts {
        new,
        changed,
        unchanged,
        forgotten,
        ..
    } = counts;
    format!("{new} new, {changed} changed, {unchanged} unchanged, {forgotten} forgotten")
}

/// That most observed keys are new, if so: all are reported, but it looks less like many calls than like other names.
pub fn flood(verdicts: &Verdicts, remedies: &Remedies) -> Option<String> {
    let (new, keys) = (verdicts.new_keys as u64, verdicts.keys as u64);
    (verdicts.reported() > 0 && is_flood(new, keys)).then(|| {
        format!(
            "{new} of {} are new: {}; every one of them is reported all the same",
            count(keys, "observed key"),
            remedies.renamed,
        )
    })
}

fn is_flood(new: u64, keys: u64) -> bool {
    new >= FLOOD && new * 2 > keys
}

impl<Z: TimeZone> Telling<'_, Z> {
    /// That a baseline is mature only because of a few old sightings, if so: one stray event is enough for that.
    pub fn thin_maturity(
        &self,
        learned: &Learned,
        counts: &Counts,
        remedies: &Remedies,
    ) -> Option<String> {
        let is_thin = learned.maturity() == Maturity::Mature && counts.old * THIN < counts.kept();
        let oldest = learned.oldest().filter(|_| is_thin)?;
        Some(format!(
            "the baseline counts as mature because of {} of {}, the oldest first seen at {}: if that is a stray event, \
             {}, or alerts will come before enough was learned",
            counts.old,
            count(counts.kept(), "key"),
            oldest.human(self.zone),
            remedies.stray,
        ))
    }

    /// Whether a new baseline is mature, or from when.
    pub fn maturity(&self, learned: &Learned) -> String {
        match (learned.maturity(), learned.oldest()) {
            (Maturity::Mature, _) => "the baseline is mature".into(),
            (Maturity::Learning, None) => "the baseline is empty".into(),
            (Maturity::Learning, Some(oldest)) => {
                let oldest_at = oldest.human(self.zone);
                match self.windows.learning.reaches(oldest, self.as_of, self.zone) {
                    Some(from) => {
                        format!(
                            "the baseline goes back to {oldest_at} and is mature from {}",
                            from.human(self.zone)
                        )
                    }
                    None => {
                        format!("the baseline goes back to {oldest_at} and will not become mature")
                    }
                }
            }
        }
    }

    /// Why nothing can be reported yet, if so; `learned_by` is the cut-off of the learning window.
    pub fn why_nothing(
        &self,
        census: &Census,
        learned_by: Timestamp,
        remedies: &Remedies,
    ) -> Option<String> {
        if census.said == 0 {
            return Some(format!(
                "there are no baseline rows, so nothing is reported: {}",
                remedies.start
            ));
        }
        if census.maturity() == Maturity::Mature {
            return None;
        }
        let Some(oldest) = census.oldest else {
            return Some(format!(
                "everything in the baseline is forgotten, so nothing is reported: {}",
                remedies.restart
            ));
        };
        Some(format!(
            "the baseline is still learning, so nothing is reported: its oldest sighting is of {}, and one of {} or before is needed; {}",
            oldest.human(self.zone),
            learned_by.human(self.zone),
            self.reports_from(oldest, remedies),
        ))
    }

    fn reports_from(&self, oldest: Timestamp, remedies: &Remedies) -> String {
        let update = remedies.update;
        match self.windows.learning.reaches(oldest, self.as_of, self.zone) {
            Some(from) if from > self.as_of => {
                format!(
                    "it reports after the first run of {update} from {} on",
                    from.human(self.zone)
                )
            }
            Some(_) => format!("it reports after the next run of {update}"),
            None => "with this learning_window it never will".into(),
        }
    }

    /// That the baseline has not been updated for days, if so.
    pub fn staleness(&self, census: &Census, remedies: &Remedies) -> Option<String> {
        let newest = census
            .newest
            .filter(|newest| newest.saturating_add(STALE) < self.as_of)?;
        Some(format!(
            "the newest sighting in the baseline is of {}, more than two days before {}: {}",
            newest.human(self.zone),
            self.as_of.human(self.zone),
            remedies.is_updated,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_a_hundred_new_keys_and_more_than_half() {
        for (new, keys, told) in [
            (100, 199, true),
            (100, 200, false),
            (99, 99, false),
            (0, 0, false),
        ] {
            assert_eq!(is_flood(new, keys), told, "{new} of {keys}");
        }
    }
}
