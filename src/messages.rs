//! The texts about rows and baseline that search commands and command line share.
//!
//! Only what to do about it differs, and comes as [`Advice`]. Decides nothing: counts come from `lookup`, facts about the baseline
//! from `baseline`. Texts have neither a level nor a line end, and name no detection.

use crate::baseline::{BaselineStats, Counts, Learned, Maturity, Verdicts};
use crate::keys::MAX_KEYS;
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

/// What the user can do, as it is done in Splunk or on the command line.
#[derive(Clone, Copy, Debug)]
pub struct Advice {
    /// There is no baseline: `run the Initial search once`.
    pub start: &'static str,
    /// All of it is forgotten: `run … again`.
    pub restart: &'static str,
    /// What keeps the baseline up to date.
    pub update: &'static str,
    /// The question to ask where it is not: `is the Update search enabled?`.
    pub is_updated: &'static str,
    /// One old sighting alone may be a stray event: `remove its row`.
    pub stray: &'static str,
    /// A key field is `unknown`: why, and what else to read.
    pub unknown: &'static str,
    /// Most keys are new: what may have happened, and what to do if it has.
    pub renamed: &'static str,
}

/// The messages of one run that show times.
#[derive(Clone, Copy, Debug)]
pub struct Messages<'r, Z> {
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

/// What rows are read for, which decides what becomes of odd ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Rows of more than [`MAX_KEYS`] keys, and rows about the baseline as a whole, are skipped.
    Learn,
    /// The first are reported as they came, the second are used.
    Detect,
}

/// How many rows were skipped, or had a time ignored, and why.
pub fn row_problems(tally: &Tally, purpose: Purpose) -> Option<String> {
    let (without_key, done_with_too_many) = match purpose {
        Purpose::Learn => (tally.no_key + tally.whole_baseline, "skipped"),
        Purpose::Detect => (tally.no_key, "reported without judging"),
    };
    let too_many = format!("more than {MAX_KEYS} keys in one row");
    let skipped = [
        ("skipped", without_key, "a key field is empty"),
        ("skipped", tally.no_time, "no time"),
        (done_with_too_many, tally.too_many_keys, &too_many),
    ];
    let skipped = skipped
        .iter()
        .filter(|(_, rows, _)| *rows > 0)
        .map(|(done, rows, why)| format!("{done} {}: {why}", count(*rows, "row")));
    let problems: Vec<String> = skipped.chain(time_problems(tally)).collect();
    (!problems.is_empty()).then(|| problems.join("; "))
}

/// In how many rows a time was not used as it came, why, and one of them.
fn time_problems(tally: &Tally) -> impl Iterator<Item = String> + '_ {
    let problems = [
        (&tally.bad_time, "not a number"),
        (&tally.ahead, "more than a day ahead of the clock"),
        (&tally.milliseconds, "in milliseconds, expected seconds"),
        (&tally.too_early, "too early to be true"),
    ];
    problems.into_iter().filter_map(|(counted, why)| {
        let example = counted.example.as_ref()?;
        let rows = count(counted.rows, "row");
        Some(format!("ignored a time in {rows}: {why} ({example})"))
    })
}

/// That a key field has no value in any row, if so: most likely it is spelled otherwise.
pub fn fields_without_a_value(tally: &Tally, by: &[String]) -> Option<String> {
    let fields: Vec<String> = tally
        .fields_without_a_value()
        .map(|field| format!("`{}`", by[field]))
        .collect();
    (!fields.is_empty()).then(|| {
        format!(
            "no row has a value in {}: is the field named otherwise?",
            fields.join(" or ")
        )
    })
}

/// That there was nothing to learn from, if so: most likely the wrong index was read.
pub fn nothing_observed(observations: u64) -> Option<&'static str> {
    const NOTHING: &str =
        "no observations came: does the search in front read the right index, over the right range?";
    (observations == 0).then_some(NOTHING)
}

/// How many observations have the value `unknown` in a key field, one text a field.
pub fn unknown_values(
    tally: &Tally,
    by: &[String],
    observations: u64,
    advice: &Advice,
) -> Vec<String> {
    let fields = by.iter().zip(&tally.unknown);
    fields
        .filter(|(_, &rows)| rows > 0)
        .map(|(field, rows)| {
            format!(
                "the {field} is `unknown` in {rows} of {}: {}",
                count(observations, "observation"),
                advice.unknown,
            )
        })
        .collect()
}

/// How many keys of each kind a new baseline has, compared with the one before.
pub fn change_counts(counts: &Counts) -> String {
    let Counts {
        new,
        changed,
        unchanged,
        forgotten,
        ..
    } = counts;
    format!("{new} new, {changed} changed, {unchanged} unchanged, {forgotten} forgotten")
}

/// That most observed keys are new, if so. All are reported, but it looks more like other names than like new calls.
pub fn flood(verdicts: &Verdicts, advice: &Advice) -> Option<String> {
    let (new, keys) = (verdicts.new_keys as u64, verdicts.keys as u64);
    (verdicts.count() > 0 && is_flood(new, keys)).then(|| {
        format!(
            "{new} of {} are new: {}. All of them are reported",
            count(keys, "observed key"),
            advice.renamed,
        )
    })
}

fn is_flood(new: u64, keys: u64) -> bool {
    new >= FLOOD && new * 2 > keys
}

impl<Z: TimeZone> Messages<'_, Z> {
    /// That a mature baseline is so only because of a few old sightings, if so: one stray event is enough for that.
    pub fn thin_maturity(
        &self,
        maturity: Maturity,
        oldest: Option<Timestamp>,
        counts: &Counts,
        advice: &Advice,
    ) -> Option<String> {
        let is_thin = maturity == Maturity::Mature && counts.old * THIN < counts.kept();
        let oldest = oldest.filter(|_| is_thin)?;
        Some(format!(
            "the baseline counts as mature because of {} of {}, the oldest first seen at {}: if that is a stray event, \
             {}, or alerts will come before enough was learned",
            counts.old,
            count(counts.kept(), "key"),
            oldest.human(self.zone),
            advice.stray,
        ))
    }

    /// Whether a new baseline is mature, or from when.
    pub fn maturity(&self, learned: &Learned) -> String {
        match (learned.maturity(), learned.oldest()) {
            (Maturity::Mature, _) => "the baseline is mature".into(),
            (Maturity::Learning, None) if learned.rows().next().is_none() => {
                "the baseline is empty".into()
            }
            (Maturity::Learning, None) => {
                "no first time in the baseline can be true, so it does not become mature".into()
            }
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
        stats: &BaselineStats,
        learned_by: Timestamp,
        advice: &Advice,
    ) -> Option<String> {
        if stats.stored == 0 {
            return Some(format!(
                "there are no baseline rows, so nothing is reported: {}",
                advice.start
            ));
        }
        if stats.maturity() == Maturity::Mature {
            return None;
        }
        if stats.live == 0 {
            return Some(format!(
                "everything in the baseline is forgotten, so nothing is reported: {}",
                advice.restart
            ));
        }
        let needed = learned_by.human(self.zone);
        // Where one row speaks for all, the oldest sighting of those that came is not the oldest of the baseline.
        let oldest = stats.oldest.filter(|_| stats.whole_baseline_rows == 0);
        Some(match oldest {
            Some(oldest) => format!(
                "the baseline is still learning, so nothing is reported: its oldest sighting is of {}, and one of {needed} or before is needed; {}",
                oldest.human(self.zone),
                self.reports_from(oldest, advice),
            ),
            None => format!(
                "the baseline is still learning, so nothing is reported: a sighting of {needed} or before is needed; \
                 it reports after the first run of {} that finds one",
                advice.update,
            ),
        })
    }

    fn reports_from(&self, oldest: Timestamp, advice: &Advice) -> String {
        let update = advice.update;
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
    pub fn staleness(&self, stats: &BaselineStats, advice: &Advice) -> Option<String> {
        let newest = stats
            .newest
            .filter(|newest| newest.saturating_add(STALE) < self.as_of)?;
        Some(format!(
            "the newest sighting in the baseline is of {}, more than two days before {}: {}",
            newest.human(self.zone),
            self.as_of.human(self.zone),
            advice.is_updated,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_a_hundred_new_keys_and_more_than_half() {
        for (new, keys, expected) in [
            (100, 199, true),
            (100, 200, false),
            (99, 99, false),
            (0, 0, false),
        ] {
            assert_eq!(is_flood(new, keys), expected, "{new} of {keys}");
        }
    }
}
