//! Local time: what the clocks of a zone show at an instant, and at which instant they show it.
//!
//! Days are counted here, months by chrono. Of the zone only one thing is asked, the offset in force at an instant,
//! for that is never ambiguous; gaps and repeated times follow from it. (The other direction, `from_local_datetime`,
//! differs between zones: chrono's `Local` takes the end of a repeated hour for repeated, and its later reading for
//! the earlier.) Two changes of a zone's offset are taken to lie more than two days apart.
//!
//! Instants and local times are whole seconds since 1970-01-01 00:00:00, of UTC and of the clock on the wall. This
//! file does not know how a time modifier is written, only the moves it is made of. Their rules are inferred, as
//! `modifier.rs` says. Source: chrono 0.4, and through it the tz database.

use std::fmt;

use chrono::{DateTime, Datelike, FixedOffset, Months, NaiveDate, Offset, TimeZone, Utc};

use super::timestamp::{Timestamp, SECOND};

/// Seconds of a day whose clocks do not change.
const DAY: i64 = 86_400;

/// The last day that a [`Timestamp`] can reach, counted from the epoch; minus it, the first.
const FARTHEST_DAY: i64 = i64::MAX / SECOND / DAY;

/// A zone's clocks and dates.
pub(super) struct Calendar<'z, Z>(pub(super) &'z Z);

impl<Z: TimeZone> Calendar<'_, Z> {
    /// The same wall-clock time that many days later.
    pub(super) fn add_days(&self, at: Timestamp, days: i64) -> Timestamp {
        self.on_day(at, |day| day.saturating_add(days))
    }

    /// The same wall-clock time that many months later, on the month's last day if it is too short for the date.
    pub(super) fn add_months(&self, at: Timestamp, months: i64) -> Timestamp {
        let count = Months::new(u32::try_from(months.unsigned_abs()).unwrap_or(u32::MAX));
        self.on_day(at, |day| {
            let date = date(day);
            let (moved, end) = match months {
                ..0 => (date.checked_sub_months(count), NaiveDate::MIN),
                0.. => (date.checked_add_months(count), NaiveDate::MAX),
            };
            days(moved.unwrap_or(end))
        })
    }

    /// When the clock last showed a whole number of `unit` seconds (of a minute, an hour), without leaving the
    /// stretch between two changes of the clock: an hour that is cut by a change, or seen twice, starts at the
    /// change.
    pub(super) fn start_of_clock_unit(&self, at: Timestamp, unit: i64) -> Timestamp {
        let instant = at.seconds();
        let offset = self.offset(instant);
        let start = instant - (instant + offset).rem_euclid(unit);
        let start = if self.offset(start) == offset {
            start
        } else {
            self.change_between(start, instant)
        };
        Timestamp::from_seconds(start).min(at)
    }

    /// Midnight of the day.
    pub(super) fn start_of_day(&self, at: Timestamp) -> Timestamp {
        self.midnight(at, |day| day)
    }

    /// Midnight of the latest day that is such a weekday, today included; Sunday is 0, and 7 again.
    pub(super) fn start_of_week(&self, at: Timestamp, weekday: u8) -> Timestamp {
        const FIRST_SUNDAY: i64 = 3;
        self.midnight(at, |day| {
            day - (day - FIRST_SUNDAY - i64::from(weekday)).rem_euclid(7)
        })
    }

    /// Midnight of the first of the month that opens the period of `months` months; periods are counted from January.
    pub(super) fn start_of_months(&self, at: Timestamp, months: u32) -> Timestamp {
        self.midnight(at, |day| {
            let date = date(day);
            let opens =
                NaiveDate::from_ymd_opt(date.year(), date.month0() / months * months + 1, 1);
            opens.map_or(day, days)
        })
    }

    /// The time of day of `at`, to the microsecond, on another day.
    ///
    /// A time that is shown twice is taken at the offset of `at` if that is one of the two, else as the earlier. One
    /// that is skipped moves forward by the gap: 02:30 becomes 03:30.
    fn on_day(&self, at: Timestamp, other: impl FnOnce(i64) -> i64) -> Timestamp {
        let offset = self.offset(at.seconds());
        let here = at.seconds() + offset;
        let day = other(here.div_euclid(DAY)).clamp(-FARTHEST_DAY, FARTHEST_DAY);
        let there = day * DAY + here.rem_euclid(DAY);
        let instant = if self.shown(there - offset) == there {
            there - offset
        } else {
            self.first_shows(there)
                .unwrap_or_else(|| there - self.offset(there - DAY))
        };
        Timestamp::from_seconds(instant).saturating_add(at.0.rem_euclid(SECOND))
    }

    /// The start of a day that is not later than that of `at`: its midnight, the earlier if there are two, or the
    /// change of the clocks that skips it.
    fn midnight(&self, at: Timestamp, of: impl FnOnce(i64) -> i64) -> Timestamp {
        let here = self.shown(at.seconds());
        let midnight = of(here.div_euclid(DAY)) * DAY;
        let instant = self
            .first_shows(midnight)
            .unwrap_or_else(|| self.change_between(midnight - DAY, midnight + DAY));
        Timestamp::from_seconds(instant).min(at)
    }

    /// When the clocks show `local`, for the first time if they do so twice; `None` if they skip it.
    fn first_shows(&self, local: i64) -> Option<i64> {
        // No offset is as large as a day, so one of these two was in force when the clocks came by.
        let (before, after) = (self.offset(local - DAY), self.offset(local + DAY));
        [local - before, local - after]
            .into_iter()
            .filter(|&instant| self.shown(instant) == local)
            .min()
    }

    /// The first instant after `from` at which the offset that is in force at `to` was.
    fn change_between(&self, mut from: i64, mut to: i64) -> i64 {
        let offset = self.offset(to);
        while to - from > 1 {
            let middle = from + (to - from) / 2;
            if self.offset(middle) == offset {
                to = middle;
            } else {
                from = middle;
            }
        }
        to
    }

    /// What the clocks show.
    fn shown(&self, instant: i64) -> i64 {
        instant + self.offset(instant)
    }

    /// Seconds east of UTC; before and after chrono's calendar, those of its first and last instant.
    fn offset(&self, instant: i64) -> i64 {
        let ends = if instant < 0 {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        };
        let utc = DateTime::from_timestamp(instant, 0).unwrap_or(ends);
        i64::from(
            self.0
                .offset_from_utc_datetime(&utc.naive_utc())
                .fix()
                .local_minus_utc(),
        )
    }
}

/// The date of a day counted from the epoch, or the nearest that chrono's calendar has.
fn date(day: i64) -> NaiveDate {
    let ends = if day < 0 {
        NaiveDate::MIN
    } else {
        NaiveDate::MAX
    };
    i32::try_from(day)
        .ok()
        .and_then(NaiveDate::from_epoch_days)
        .unwrap_or(ends)
}

/// The day of a date, counted from the epoch.
fn days(date: NaiveDate) -> i64 {
    i64::from(date.to_epoch_days())
}

impl Timestamp {
    /// Date, time and offset for a reader, to the second: `2023-11-14 00:00:00 UTC`, `2023-11-14 05:30:00 +05:30`.
    ///
    /// A time outside chrono's calendar (262,000 years either way) is shown as epoch seconds.
    pub fn human(&self, zone: &impl TimeZone) -> impl fmt::Display {
        let Some(local) = self.in_zone(zone) else {
            return self.to_string();
        };
        let pattern = match local.offset().local_minus_utc() {
            0 => "%Y-%m-%d %H:%M:%S UTC",
            _ => "%Y-%m-%d %H:%M:%S %:z",
        };
        local.format(pattern).to_string()
    }

    /// Date and time alone, where it is clear of which zone they are: `2023-11-14 00:00:00`.
    pub fn date_and_time(&self, zone: &impl TimeZone) -> impl fmt::Display {
        match self.in_zone(zone) {
            Some(local) => local.format("%Y-%m-%d %H:%M:%S").to_string(),
            None => self.to_string(),
        }
    }

    /// The date alone: `2023-11-14`.
    pub fn date(&self, zone: &impl TimeZone) -> impl fmt::Display {
        match self.in_zone(zone) {
            Some(local) => local.format("%Y-%m-%d").to_string(),
            None => self.to_string(),
        }
    }

    /// The time of day alone: `00:00:00`.
    pub fn time_of_day(&self, zone: &impl TimeZone) -> impl fmt::Display {
        match self.in_zone(zone) {
            Some(local) => local.format("%H:%M:%S").to_string(),
            None => self.to_string(),
        }
    }

    fn in_zone(&self, zone: &impl TimeZone) -> Option<DateTime<FixedOffset>> {
        let utc = DateTime::from_timestamp(self.seconds(), 0)?;
        let offset = zone.offset_from_utc_datetime(&utc.naive_utc()).fix();
        Some(utc.with_timezone(&offset))
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_reader_sees_date_time_and_offset() {
        for (seconds, zone, text) in [
            (1_699_920_000, Tz::UTC, "2023-11-14 00:00:00 UTC"),
            (
                1_699_920_000,
                Tz::Asia__Kolkata,
                "2023-11-14 05:30:00 +05:30",
            ),
            (
                1_699_920_000,
                Tz::America__New_York,
                "2023-11-13 19:00:00 -05:00",
            ),
            (
                1_710_054_000,
                Tz::America__New_York,
                "2024-03-10 03:00:00 -04:00",
            ),
            (1_699_920_000, Tz::Europe__London, "2023-11-14 00:00:00 UTC"),
            (-1, Tz::UTC, "1969-12-31 23:59:59 UTC"),
            (9_000_000_000_000, Tz::UTC, "9000000000000"),
        ] {
            assert_eq!(
                Timestamp::from_seconds(seconds).human(&zone).to_string(),
                text
            );
        }
        assert_eq!(
            Timestamp(-1).human(&Tz::UTC).to_string(),
            "1969-12-31 23:59:59 UTC"
        );
    }

    proptest! {
        #[test]
        fn any_time_can_be_shown(micros in any::<i64>()) {
            for zone in [Tz::UTC, Tz::Asia__Kolkata, Tz::America__New_York] {
                prop_assert!(!Timestamp(micros).human(&zone).to_string().is_empty());
            }
        }

        #[test]
        fn the_clocks_show_a_local_time_when_they_are_said_to(local in -3_000_000_000..4_000_000_000_i64) {
            for zone in [Tz::America__New_York, Tz::America__Havana, Tz::Australia__Lord_Howe, Tz::Africa__Casablanca] {
                let time = DateTime::from_timestamp(local, 0).unwrap().naive_utc();
                let chronos = zone.from_local_datetime(&time).earliest().map(|time| time.timestamp());
                prop_assert_eq!(Calendar(&zone).first_shows(local), chronos);
            }
        }
    }
}
