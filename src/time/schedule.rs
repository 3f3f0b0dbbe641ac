//! When a schedule runs: cron expressions as Splunk's saved searches have them, by the clocks of a zone.
//!
//! Source: savedsearches.conf.spec, `cron_schedule`. What a run does that falls into an hour that the clocks skip or repeat is croner's
//! to say (it runs once, after the gap or at the first of the two); splunkd's own answer is not known here.

use super::Timestamp;
use chrono::{DateTime, TimeZone};
use croner::Cron;
use std::str::FromStr;
use thiserror::Error;

/// A cron expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule(Cron);

/// The text is no cron expression.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("expected a cron schedule such as `17 * * * *`, got `{got}`")]
pub struct NotASchedule {
    /// What came.
    got: String,
}

impl Schedule {
    /// Reads five fields: minute, hour, day of the month, month, day of the week.
    ///
    /// # Errors
    /// [`NotASchedule`].
    pub fn parse(text: &str) -> Result<Self, NotASchedule> {
        let not_a_schedule = |_| NotASchedule {
            got: text.chars().take(60).collect(),
        };
        Cron::from_str(text).map(Self).map_err(not_a_schedule)
    }

    /// The first run after a moment; none if there is no further one that a calendar has.
    ///
    /// ```
    /// use unseen::time::{Schedule, Timestamp};
    ///
    /// let hourly = Schedule::parse("17 * * * *").unwrap();
    /// let next = hourly.next_after(Timestamp::from_seconds(1_700_000_000), &chrono::Utc).unwrap();
    /// assert_eq!(next.human(&chrono::Utc).to_string(), "2023-11-14 22:17:00 UTC");
    /// ```
    pub fn next_after(&self, moment: Timestamp, zone: &impl TimeZone) -> Option<Timestamp> {
        let moment = DateTime::from_timestamp(moment.seconds(), 0)?;
        let local = zone.from_utc_datetime(&moment.naive_utc());
        let next = self.0.find_next_occurrence(&local, false).ok()?;
        Some(Timestamp::from_seconds(next.timestamp()))
    }

    /// The last run before a moment, looked for from `since` on.
    pub fn last_before(
        &self,
        moment: Timestamp,
        since: Timestamp,
        zone: &impl TimeZone,
    ) -> Option<Timestamp> {
        let next = |at: &Timestamp| self.next_after(*at, zone);
        let runs = std::iter::successors(self.next_after(since, zone), next);
        runs.take_while(|&run| run < moment).last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{DAY, HOUR};
    use chrono_tz::Tz;

    fn runs(schedule: &str, from: i64, zone: Tz, count: usize) -> Vec<String> {
        let schedule = Schedule::parse(schedule).unwrap();
        let next = |at: &Timestamp| schedule.next_after(*at, &zone);
        let from = Timestamp::from_seconds(from);
        let runs = std::iter::successors(Some(from), next).skip(1).take(count);
        runs.map(|run| run.human(&zone).to_string()).collect()
    }

    #[test]
    fn a_nightly_run_follows_the_clock_of_a_zone_that_moves_by_half_an_hour() {
        let before = 1_727_870_400; // 2024-10-02 12:00 UTC; Lord Howe goes from +10:30 to +11:00 on 6 October
        assert_eq!(
            runs("41 0 * * *", before, Tz::Australia__Lord_Howe, 5),
            [
                "2024-10-03 00:41:00 +10:30",
                "2024-10-04 00:41:00 +10:30",
                "2024-10-05 00:41:00 +10:30",
                "2024-10-06 00:41:00 +10:30",
                "2024-10-07 00:41:00 +11:00",
            ]
        );
    }

    #[test]
    fn an_hourly_run_keeps_its_minute_when_the_clock_moves() {
        let before = 1_711_843_200; // 2024-03-31 00:00 UTC; Berlin skips 02:00 to 03:00
        let berlin = runs("17 * * * *", before, Tz::Europe__Berlin, 2);
        assert_eq!(
            berlin,
            ["2024-03-31 01:17:00 +01:00", "2024-03-31 03:17:00 +02:00"]
        );
    }

    #[test]
    fn the_last_run_before_a_moment_is_found() {
        let nightly = Schedule::parse("41 0 * * *").unwrap();
        let moment = Timestamp::from_seconds(1_700_000_000);
        let last = |since| nightly.last_before(moment, since, &Tz::UTC);
        let found = last(moment.saturating_add(-2 * DAY)).unwrap();
        assert_eq!(found.human(&Tz::UTC).to_string(), "2023-11-14 00:41:00 UTC");
        assert_eq!(last(moment.saturating_add(-HOUR)), None);
    }

    #[test]
    fn anything_else_is_no_schedule() {
        let error = Schedule::parse("every hour").unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected a cron schedule such as `17 * * * *`, got `every hour`"
        );
    }
}
