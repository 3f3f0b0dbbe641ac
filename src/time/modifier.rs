//! Splunk's time modifiers: how they are written, and where they lead from a given time.
//!
//! This file knows no option, no default window and no wall clock: `now` is the time a modifier is applied to.
//!
//! Source: Splunk Enterprise, Search Manual, "Specify time modifiers in your search", for the grammar, the units and
//! the weekdays. It says neither what becomes of the 31st in a shorter month, nor what happens where a zone changes
//! its clocks: those rules are inferred from how calendars usually count, not seen in Splunk.

use std::fmt;
use std::str::FromStr;

use chrono::TimeZone;
use thiserror::Error;

use super::calendar::Calendar;
use super::timestamp::{Timestamp, DAY, SECOND};

/// A time modifier such as `-24h@h`: a function from one time to another. Two are equal if they are typed alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Modifier {
    typed: String,
    meaning: Meaning,
}

/// The text is no time modifier; `got` is that text, escaped, and cut short if it is long.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("expected a time modifier such as `-24h@h` or `-90d@d`, got `{got}`")]
pub struct NotAModifier {
    /// What was typed, fit to be shown.
    pub got: String,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Meaning {
    Absolute(Timestamp),
    Relative(Vec<Step>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Offset(i64, Unit),
    Snap(Unit),
    SnapToWeekday(u8),
}

/// The weekday that a week starts with if none is asked for.
const SUNDAY: u8 = 0;

/// Splunk's eight units. Three are measured by the clock, five by the calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unit {
    /// So many seconds: a second, a minute, an hour.
    Clock(i64),
    Day,
    Week,
    /// So many months: a month, a quarter, a year.
    Months(u32),
}

impl Modifier {
    /// Reads `now`, `now()`, epoch seconds, or a chain of steps such as `-1mon@mon+2h`.
    ///
    /// A step is an offset, `+` or `-`, digits (none stand for 1) and a unit, or a snap, `@` and a unit or a weekday,
    /// `w0` (Sunday) to `w6`, and `w7` (Sunday again). Units are `s sec secs second seconds`, `m min minute minutes`,
    /// `h hr hrs hour hours`, `d day days`, `w week weeks`, `mon month months`, `q qtr qtrs quarter quarters` and
    /// `y yr yrs year years`, in lower case. Blanks, the empty text and real-time modifiers (`rt-5m`) are errors.
    pub fn parse(text: &str) -> Result<Modifier, NotAModifier> {
        let meaning = match text {
            "" => None,
            "now" | "now()" => Some(Meaning::Relative(Vec::new())),
            _ if text.starts_with(|first: char| first.is_ascii_digit()) => {
                Timestamp::parse(text.as_bytes())
                    .ok()
                    .flatten()
                    .map(Meaning::Absolute)
            }
            _ => chain(text).map(Meaning::Relative),
        };
        match meaning {
            Some(meaning) => Ok(Modifier {
                typed: text.to_owned(),
                meaning,
            }),
            None => Err(NotAModifier {
                got: showable(text),
            }),
        }
    }

    /// Where the modifier leads from `at`, on the clocks and dates of `zone`; Splunk's `relative_time`.
    ///
    /// Steps apply from left to right, an epoch leads to itself.
    ///
    /// - Offsets in seconds, minutes and hours are lengths of time. Longer ones keep the time of day on another date:
    ///   on the last of the month if it is too short; later by the gap if the clocks skip that time; at the offset it
    ///   comes from, else the earlier, if they show it twice. A fraction of a second is kept.
    /// - Snaps to the second, minute or hour read the clock of that instant, and stop at a change of it. The others
    ///   lead to midnight: the earlier if there are two, the first instant after the gap if the clocks skip it. A
    ///   fraction is dropped.
    ///
    /// Nothing overflows: what exceeds the calendar or a [`Timestamp`] stops at its end.
    pub fn apply(&self, at: Timestamp, zone: &impl TimeZone) -> Timestamp {
        match &self.meaning {
            Meaning::Absolute(time) => *time,
            Meaning::Relative(steps) => steps
                .iter()
                .fold(at, |at, step| step.apply(at, &Calendar(zone))),
        }
    }

    /// The first whole second from `from` on at which the modifier leads to `target` or later; `None` if that takes
    /// more than 20 years, as it does for an epoch before `target`.
    ///
    /// If it is after `from`, the second before does not reach `target`. A still earlier one may, if the modifier
    /// turns back on the way: as some do with the clocks, and `-1mon` in late March, whose last days all lead to the
    /// end of February.
    pub fn reaches(
        &self,
        target: Timestamp,
        from: Timestamp,
        zone: &impl TimeZone,
    ) -> Option<Timestamp> {
        const HORIZON: i64 = 20 * 366 * DAY / SECOND;
        let reached = |seconds| self.apply(Timestamp::from_seconds(seconds), zone) >= target;
        let mut before = from.saturating_add(-1).seconds();
        let mut after = before + 1 + HORIZON;
        if reached(before + 1) {
            return Some(Timestamp::from_seconds(before + 1));
        }
        if !reached(after) {
            return None;
        }
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if reached(middle) {
                after = middle;
            } else {
                before = middle;
            }
        }
        Some(Timestamp::from_seconds(after))
    }
}

impl FromStr for Modifier {
    type Err = NotAModifier;

    fn from_str(text: &str) -> Result<Modifier, NotAModifier> {
        Modifier::parse(text)
    }
}

/// The modifier as it was typed.
impl fmt::Display for Modifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.typed)
    }
}

impl Step {
    fn apply(self, at: Timestamp, calendar: &Calendar<'_, impl TimeZone>) -> Timestamp {
        match self {
            Step::Offset(count, Unit::Clock(seconds)) => elapse(at, count, seconds),
            Step::Offset(count, Unit::Day) => calendar.add_days(at, count),
            Step::Offset(count, Unit::Week) => calendar.add_days(at, count.saturating_mul(7)),
            Step::Offset(count, Unit::Months(months)) => {
                calendar.add_months(at, count.saturating_mul(i64::from(months)))
            }
            Step::Snap(Unit::Clock(seconds)) => calendar.start_of_clock_unit(at, seconds),
            Step::Snap(Unit::Day) => calendar.start_of_day(at),
            Step::Snap(Unit::Week) => calendar.start_of_week(at, SUNDAY),
            Step::Snap(Unit::Months(months)) => calendar.start_of_months(at, months),
            Step::SnapToWeekday(weekday) => calendar.start_of_week(at, weekday),
        }
    }
}

impl Unit {
    fn named(name: &str) -> Option<Unit> {
        Some(match name {
            "s" | "sec" | "secs" | "second" | "seconds" => Unit::Clock(1),
            "m" | "min" | "minute" | "minutes" => Unit::Clock(60),
            "h" | "hr" | "hrs" | "hour" | "hours" => Unit::Clock(3_600),
            "d" | "day" | "days" => Unit::Day,
            "w" | "week" | "weeks" => Unit::Week,
            "mon" | "month" | "months" => Unit::Months(1),
            "q" | "qtr" | "qtrs" | "quarter" | "quarters" => Unit::Months(3),
            "y" | "yr" | "yrs" | "year" | "years" => Unit::Months(12),
            _ => return None,
        })
    }
}

/// The instant `count` times so many seconds later, or the nearest there is.
fn elapse(at: Timestamp, count: i64, seconds: i64) -> Timestamp {
    let micros = i128::from(at.0) + i128::from(count) * i128::from(seconds * SECOND);
    let possible = micros.clamp(i128::from(Timestamp::MIN.0), i128::from(Timestamp::MAX.0));
    Timestamp(possible as i64)
}

/// The steps of a text that consists of them.
fn chain(mut text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    while !text.is_empty() {
        let (step, rest) = first_step(text)?;
        steps.push(step);
        text = rest;
    }
    Some(steps)
}

/// The step a text starts with, and the rest of the text.
fn first_step(text: &str) -> Option<(Step, &str)> {
    if let Some(text) = text.strip_prefix('@') {
        let (name, digits) = leading(text, |c| c.is_ascii_lowercase());
        return match (name, digits.as_bytes()) {
            ("w", [weekday @ b'0'..=b'7', ..]) => {
                Some((Step::SnapToWeekday(weekday - b'0'), &digits[1..]))
            }
            _ => Some((Step::Snap(Unit::named(name)?), digits)),
        };
    }
    let (sign, text) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(text), _) => (1, text),
        (_, Some(text)) => (-1, text),
        (None, None) => return None,
    };
    let (digits, text) = leading(text, |c| c.is_ascii_digit());
    let (name, rest) = leading(text, |c| c.is_ascii_lowercase());
    let count = if digits.is_empty() {
        1
    } else {
        digits.parse().unwrap_or(i64::MAX)
    };
    Some((Step::Offset(sign * count, Unit::named(name)?), rest))
}

/// The text up to the first character that does not belong, and the rest.
fn leading(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

/// A text as a message can show it: what cannot be seen is escaped, what follows the 40th character is left out.
fn showable(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown = String::new();
    for (index, c) in text.chars().enumerate() {
        match c {
            _ if index == LONGEST => return shown + "…",
            '"' | '\'' => shown.push(c),
            _ => shown.extend(c.escape_debug()),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use proptest::prelude::*;

    use super::super::timestamp::{HOUR, MINUTE};
    use super::*;

    fn modifier(text: &str) -> Modifier {
        text.parse().unwrap()
    }

    /// Each case: a modifier, the second it is applied to, the second it leads to. The comment has both on the clock.
    #[track_caller]
    fn check(zone: Tz, cases: &[(&str, i64, i64)]) {
        for &(text, at, expected) in cases {
            let led = modifier(text).apply(Timestamp::from_seconds(at), &zone);
            assert_eq!(
                led,
                Timestamp::from_seconds(expected),
                "{text} from {at} in {zone}"
            );
        }
    }

    #[test]
    fn steps_apply_from_left_to_right() {
        check(
            Tz::UTC,
            &[
                ("now", 1_700_000_000, 1_700_000_000), // 2023-11-14 22:13:20 -> 2023-11-14 22:13:20
                ("now()", 1_700_000_000, 1_700_000_000), // 2023-11-14 22:13:20 -> 2023-11-14 22:13:20
                ("-24h@h", 1_700_000_000, 1_699_912_800), // 2023-11-14 22:13:20 -> 2023-11-13 22:00
                ("-90d@d", 1_700_000_000, 1_692_144_000), // 2023-11-14 22:13:20 -> 2023-08-16 00:00
                ("-7d@d", 1_700_000_000, 1_699_315_200), // 2023-11-14 22:13:20 -> 2023-11-07 00:00
                ("-1mon@mon+2h", 1_700_000_000, 1_696_125_600), // 2023-11-14 22:13:20 -> 2023-10-01 02:00
                ("@mon-1d", 1_700_000_000, 1_698_710_400), // 2023-11-14 22:13:20 -> 2023-10-31 00:00
                ("-d@d", 1_700_000_000, 1_699_833_600), // 2023-11-14 22:13:20 -> 2023-11-13 00:00
                ("@d-2h", 1_700_000_000, 1_699_912_800), // 2023-11-14 22:13:20 -> 2023-11-13 22:00
                ("+1d", 1_700_000_000, 1_700_086_400), // 2023-11-14 22:13:20 -> 2023-11-15 22:13:20
                ("-7d@w0+3h", 1_700_000_000, 1_699_153_200), // 2023-11-14 22:13:20 -> 2023-11-05 03:00
                ("+h", 1_700_000_000, 1_700_003_600), // 2023-11-14 22:13:20 -> 2023-11-14 23:13:20
                ("-0d", 1_700_000_000, 1_700_000_000), // 2023-11-14 22:13:20 -> 2023-11-14 22:13:20
                ("-1h+30m-10s", 1_700_000_000, 1_699_998_190), // 2023-11-14 22:13:20 -> 2023-11-14 21:43:10
                ("@d@mon", 1_700_000_000, 1_698_796_800), // 2023-11-14 22:13:20 -> 2023-11-01 00:00
                ("-1q@q", 1_700_000_000, 1_688_169_600),  // 2023-11-14 22:13:20 -> 2023-07-01 00:00
                ("-1y@y", 1_700_000_000, 1_640_995_200),  // 2023-11-14 22:13:20 -> 2022-01-01 00:00
                ("+1q", 1_700_000_000, 1_707_948_800), // 2023-11-14 22:13:20 -> 2024-02-14 22:13:20
                ("-2w", 1_700_000_000, 1_698_790_400), // 2023-11-14 22:13:20 -> 2023-10-31 22:13:20
                ("@s", 1_700_000_000, 1_700_000_000),  // 2023-11-14 22:13:20 -> 2023-11-14 22:13:20
                ("@m", 1_700_000_000, 1_699_999_980),  // 2023-11-14 22:13:20 -> 2023-11-14 22:13
                ("@h", 1_700_000_000, 1_699_999_200),  // 2023-11-14 22:13:20 -> 2023-11-14 22:00
                ("@d", 1_700_000_000, 1_699_920_000),  // 2023-11-14 22:13:20 -> 2023-11-14 00:00
                ("@w", 1_700_000_000, 1_699_747_200),  // 2023-11-14 22:13:20 -> 2023-11-12 00:00
                ("@mon", 1_700_000_000, 1_698_796_800), // 2023-11-14 22:13:20 -> 2023-11-01 00:00
                ("@q", 1_700_000_000, 1_696_118_400),  // 2023-11-14 22:13:20 -> 2023-10-01 00:00
                ("@y", 1_700_000_000, 1_672_531_200),  // 2023-11-14 22:13:20 -> 2023-01-01 00:00
            ],
        );
    }

    #[test]
    fn a_week_starts_on_the_weekday_asked_for_today_included() {
        check(
            Tz::UTC,
            &[
                ("@w", 1_700_000_000, 1_699_747_200), // 2023-11-14 22:13:20 -> 2023-11-12 00:00
                ("@w0", 1_700_000_000, 1_699_747_200), // 2023-11-14 22:13:20 -> 2023-11-12 00:00
                ("@w1", 1_700_000_000, 1_699_833_600), // 2023-11-14 22:13:20 -> 2023-11-13 00:00
                ("@w2", 1_700_000_000, 1_699_920_000), // 2023-11-14 22:13:20 -> 2023-11-14 00:00
                ("@w3", 1_700_000_000, 1_699_401_600), // 2023-11-14 22:13:20 -> 2023-11-08 00:00
                ("@w4", 1_700_000_000, 1_699_488_000), // 2023-11-14 22:13:20 -> 2023-11-09 00:00
                ("@w5", 1_700_000_000, 1_699_574_400), // 2023-11-14 22:13:20 -> 2023-11-10 00:00
                ("@w6", 1_700_000_000, 1_699_660_800), // 2023-11-14 22:13:20 -> 2023-11-11 00:00
                ("@w7", 1_700_000_000, 1_699_747_200), // 2023-11-14 22:13:20 -> 2023-11-12 00:00
            ],
        );
        check(
            Tz::UTC,
            &[
                ("@w0", 1_699_747_200, 1_699_747_200), // 2023-11-12 00:00:00 -> 2023-11-12 00:00:00
                ("@w0", 1_699_747_199, 1_699_142_400), // 2023-11-11 23:59:59 -> 2023-11-05 00:00
                ("@w0", 0, -345_600),                  // 1970-01-01 00:00 -> 1969-12-28 00:00
            ],
        );
    }

    #[test]
    fn a_quarter_starts_in_january_april_july_and_october() {
        check(
            Tz::UTC,
            &[
                ("@q", 1_704_067_200, 1_704_067_200), // 2024-01-01 00:00 -> 2024-01-01 00:00
                ("@q", 1_711_929_599, 1_704_067_200), // 2024-03-31 23:59:59 -> 2024-01-01 00:00
                ("@q", 1_711_929_600, 1_711_929_600), // 2024-04-01 00:00 -> 2024-04-01 00:00
                ("@q", 1_719_791_999, 1_711_929_600), // 2024-06-30 23:59:59 -> 2024-04-01 00:00
                ("@q", 1_719_792_000, 1_719_792_000), // 2024-07-01 00:00 -> 2024-07-01 00:00
                ("@q", 1_735_689_599, 1_727_740_800), // 2024-12-31 23:59:59 -> 2024-10-01 00:00
            ],
        );
    }

    #[test]
    fn a_month_too_short_for_the_date_gives_its_last_day() {
        check(
            Tz::UTC,
            &[
                ("-1mon", 1_711_800_000, 1_709_208_000), // 2024-03-30 12:00 -> 2024-02-29 12:00
                ("-1mon", 1_711_713_600, 1_709_208_000), // 2024-03-29 12:00 -> 2024-02-29 12:00
                ("-1mon", 1_711_627_200, 1_709_121_600), // 2024-03-28 12:00 -> 2024-02-28 12:00
                ("-1mon", 1_680_264_000, 1_677_585_600), // 2023-03-31 12:00 -> 2023-02-28 12:00
                ("+1mon", 1_706_702_400, 1_709_208_000), // 2024-01-31 12:00 -> 2024-02-29 12:00
                ("-1q", 1_717_156_800, 1_709_208_000),   // 2024-05-31 12:00 -> 2024-02-29 12:00
                ("-1y", 1_709_208_000, 1_677_585_600),   // 2024-02-29 12:00 -> 2023-02-28 12:00
                ("+4y", 1_709_208_000, 1_835_438_400),   // 2024-02-29 12:00 -> 2028-02-29 12:00
                ("-2mon", 1_706_702_400, 1_701_345_600), // 2024-01-31 12:00 -> 2023-11-30 12:00
                ("-13mon", 1_706_702_400, 1_672_488_000), // 2024-01-31 12:00 -> 2022-12-31 12:00
                ("-1mon", 2_635_200, -43_200),           // 1970-01-31 12:00 -> 1969-12-31 12:00
            ],
        );
    }

    #[test]
    fn hours_are_lengths_of_time_and_days_keep_the_time_on_the_clock() {
        check(
            Tz::America__New_York,
            &[
                ("-24h", 1_710_086_400, 1_710_000_000), // 2024-03-10 12:00 -0400 -> 2024-03-09 11:00 -0500
                ("-1d", 1_710_086_400, 1_710_003_600), // 2024-03-10 12:00 -0400 -> 2024-03-09 12:00 -0500
                ("-1w", 1_710_604_800, 1_710_003_600), // 2024-03-16 12:00 -0400 -> 2024-03-09 12:00 -0500
                ("-1mon", 1_711_945_800, 1_709_271_000), // 2024-04-01 00:30 -0400 -> 2024-03-01 00:30 -0500
                ("-24h", 1_699_203_600, 1_699_117_200), // 2023-11-05 12:00 -0500 -> 2023-11-04 13:00 -0400
                ("-1d", 1_699_203_600, 1_699_113_600), // 2023-11-05 12:00 -0500 -> 2023-11-04 12:00 -0400
                ("+1y", 1_678_554_000, 1_710_172_800), // 2023-03-11 12:00 -0500 -> 2024-03-11 12:00 -0400
                ("-24h@h", 1_710_088_200, 1_710_000_000), // 2024-03-10 12:30 -0400 -> 2024-03-09 11:00 -0500
                ("-7d@d", 1_710_248_400, 1_709_614_800), // 2024-03-12 09:00 -0400 -> 2024-03-05 00:00 -0500
                ("-90d@d", 1_705_327_200, 1_697_515_200), // 2024-01-15 09:00 -0500 -> 2023-10-17 00:00 -0400
                ("-1d@d", 1_699_246_800, 1_699_156_800), // 2023-11-06 00:00 -0500 -> 2023-11-05 00:00 -0400
            ],
        );
    }

    #[test]
    fn a_time_the_clocks_skip_moves_forward_by_the_gap() {
        check(
            Tz::America__New_York,
            &[
                ("-1d", 1_710_136_799, 1_710_053_999), // 2024-03-11 01:59:59 -0400 -> 2024-03-10 01:59:59 -0500
                ("-1d", 1_710_136_800, 1_710_054_000), // 2024-03-11 02:00 -0400 -> 2024-03-10 03:00 -0400
                ("-1d", 1_710_138_600, 1_710_055_800), // 2024-03-11 02:30 -0400 -> 2024-03-10 03:30 -0400
                ("-1d", 1_710_140_399, 1_710_057_599), // 2024-03-11 02:59:59 -0400 -> 2024-03-10 03:59:59 -0400
                ("-1d", 1_710_140_400, 1_710_054_000), // 2024-03-11 03:00 -0400 -> 2024-03-10 03:00 -0400
                ("+1d", 1_709_969_400, 1_710_055_800), // 2024-03-09 02:30 -0500 -> 2024-03-10 03:30 -0400
                ("+1mon", 1_707_550_200, 1_710_055_800), // 2024-02-10 02:30 -0500 -> 2024-03-10 03:30 -0400
            ],
        );
        check(
            Tz::Europe__Berlin,
            &[
                ("+1d", 1_711_760_399, 1_711_846_799), // 2024-03-30 01:59:59 +0100 -> 2024-03-31 01:59:59 +0100
                ("+1d", 1_711_762_200, 1_711_848_600), // 2024-03-30 02:30 +0100 -> 2024-03-31 03:30 +0200
                ("-1w", 1_712_449_800, 1_711_848_600), // 2024-04-07 02:30 +0200 -> 2024-03-31 03:30 +0200
            ],
        );
        check(
            Tz::Australia__Lord_Howe,
            &[
                ("-1d", 1_696_172_399, 1_696_087_799), // 2023-10-02 01:59:59 +1100 -> 2023-10-01 01:59:59 +1030
                ("-1d", 1_696_173_300, 1_696_088_700), // 2023-10-02 02:15 +1100 -> 2023-10-01 02:45 +1100
                ("-1d", 1_696_174_200, 1_696_087_800), // 2023-10-02 02:30 +1100 -> 2023-10-01 02:30 +1100
            ],
        );
        check(
            Tz::Pacific__Apia,
            &[
                ("+1d", 1_325_196_000, 1_325_282_400), // 2011-12-29 12:00 -1000 -> 2011-12-31 12:00 +1400
                ("-1d", 1_325_282_400, 1_325_282_400), // 2011-12-31 12:00 +1400 -> 2011-12-31 12:00 +1400
            ],
        );
    }

    #[test]
    fn a_time_shown_twice_keeps_the_offset_it_comes_from() {
        check(
            Tz::America__New_York,
            &[
                ("+1d", 1_699_075_800, 1_699_162_200), // 2023-11-04 01:30 -0400 -> 2023-11-05 01:30 -0400
                ("-1d", 1_699_252_200, 1_699_165_800), // 2023-11-06 01:30 -0500 -> 2023-11-05 01:30 -0500
                ("-0d", 1_699_162_200, 1_699_162_200), // 2023-11-05 01:30 -0400 -> 2023-11-05 01:30 -0400
                ("-0d", 1_699_165_800, 1_699_165_800), // 2023-11-05 01:30 -0500 -> 2023-11-05 01:30 -0500
                ("-1d", 1_699_250_399, 1_699_160_399), // 2023-11-06 00:59:59 -0500 -> 2023-11-05 00:59:59 -0400
                ("-1d", 1_699_250_400, 1_699_164_000), // 2023-11-06 01:00 -0500 -> 2023-11-05 01:00 -0500
                ("+1d", 1_699_077_599, 1_699_163_999), // 2023-11-04 01:59:59 -0400 -> 2023-11-05 01:59:59 -0400
                ("+1d", 1_699_077_600, 1_699_167_600), // 2023-11-04 02:00 -0400 -> 2023-11-05 02:00 -0500
            ],
        );
        check(
            Tz::Europe__Berlin,
            &[
                ("+1d", 1_698_453_000, 1_698_539_400), // 2023-10-28 02:30 +0200 -> 2023-10-29 02:30 +0200
                ("-1d", 1_698_629_400, 1_698_543_000), // 2023-10-30 02:30 +0100 -> 2023-10-29 02:30 +0100
                ("-1mon", 1_701_221_400, 1_698_543_000), // 2023-11-29 02:30 +0100 -> 2023-10-29 02:30 +0100
            ],
        );
        check(
            Tz::Europe__Berlin,
            &[
                ("-79y", 1_732_411_800, -760_660_200), // 2024-11-24 02:30 +0100 -> 1945-11-24 02:30 +0100
                ("-1mon", -758_586_600, -761_178_600), // 1945-12-18 02:30 +0100 -> 1945-11-18 02:30 +0100
            ],
        );
    }

    #[test]
    fn a_time_shown_twice_at_two_other_offsets_is_the_earlier() {
        check(
            Tz::Europe__Lisbon,
            &[
                ("+15mon", 806_801_400, 846_376_200), // 1995-07-27 01:30 +0200 -> 1996-10-27 01:30 +0100
                ("+15mon", 806_799_599, 846_374_399), // 1995-07-27 00:59:59 +0200 -> 1996-10-27 00:59:59 +0100
                ("+15mon", 806_803_200, 846_381_600), // 1995-07-27 02:00 +0200 -> 1996-10-27 02:00 +0000
            ],
        );
    }

    #[test]
    fn hours_and_minutes_start_where_the_clock_of_that_instant_says() {
        check(
            Tz::Asia__Kolkata,
            &[
                ("@h", 1_699_985_700, 1_699_983_000), // 2023-11-14 23:45 +0530 -> 2023-11-14 23:00 +0530
                ("@h", 1_699_986_600, 1_699_986_600), // 2023-11-15 00:00 +0530 -> 2023-11-15 00:00 +0530
                ("@d", 1_699_987_200, 1_699_986_600), // 2023-11-15 00:10 +0530 -> 2023-11-15 00:00 +0530
                ("-24h@h", 1_699_987_200, 1_699_900_200), // 2023-11-15 00:10 +0530 -> 2023-11-14 00:00 +0530
                ("@m", 1_699_987_259, 1_699_987_200), // 2023-11-15 00:10:59 +0530 -> 2023-11-15 00:10 +0530
            ],
        );
        check(
            Tz::Asia__Kathmandu,
            &[
                ("@h", 1_699_985_699, 1_699_982_100), // 2023-11-14 23:59:59 +0545 -> 2023-11-14 23:00 +0545
                ("@d", 1_699_901_100, 1_699_899_300), // 2023-11-14 00:30 +0545 -> 2023-11-14 00:00 +0545
            ],
        );
        check(
            Tz::America__New_York,
            &[
                ("@h", 1_699_162_200, 1_699_160_400), // 2023-11-05 01:30 -0400 -> 2023-11-05 01:00 -0400
                ("@h", 1_699_165_800, 1_699_164_000), // 2023-11-05 01:30 -0500 -> 2023-11-05 01:00 -0500
                ("@h", 1_699_169_400, 1_699_167_600), // 2023-11-05 02:30 -0500 -> 2023-11-05 02:00 -0500
                ("-1h@h", 1_699_165_800, 1_699_160_400), // 2023-11-05 01:30 -0500 -> 2023-11-05 01:00 -0400
                ("@h", 1_710_053_999, 1_710_050_400), // 2024-03-10 01:59:59 -0500 -> 2024-03-10 01:00 -0500
                ("@h", 1_710_055_800, 1_710_054_000), // 2024-03-10 03:30 -0400 -> 2024-03-10 03:00 -0400
                ("-1h@h", 1_710_055_800, 1_710_050_400), // 2024-03-10 03:30 -0400 -> 2024-03-10 01:00 -0500
            ],
        );
        check(
            Tz::Australia__Lord_Howe,
            &[
                ("@h", 1_696_087_799, 1_696_084_200), // 2023-10-01 01:59:59 +1030 -> 2023-10-01 01:00 +1030
                ("@h", 1_696_087_800, 1_696_087_800), // 2023-10-01 02:30 +1100 -> 2023-10-01 02:30 +1100
                ("@h", 1_696_088_700, 1_696_087_800), // 2023-10-01 02:45 +1100 -> 2023-10-01 02:30 +1100
                ("@h", 1_696_090_500, 1_696_089_600), // 2023-10-01 03:15 +1100 -> 2023-10-01 03:00 +1100
                ("@h", 1_712_414_700, 1_712_412_000), // 2024-04-07 01:45 +1100 -> 2024-04-07 01:00 +1100
                ("@h", 1_712_415_600, 1_712_415_600), // 2024-04-07 01:30 +1030 -> 2024-04-07 01:30 +1030
                ("@h", 1_712_416_500, 1_712_415_600), // 2024-04-07 01:45 +1030 -> 2024-04-07 01:30 +1030
                ("@h", 1_712_418_300, 1_712_417_400), // 2024-04-07 02:15 +1030 -> 2024-04-07 02:00 +1030
                ("@m", 1_712_416_530, 1_712_416_500), // 2024-04-07 01:45:30 +1030 -> 2024-04-07 01:45 +1030
            ],
        );
    }

    #[test]
    fn a_midnight_the_clocks_skip_is_the_first_instant_after_the_gap() {
        check(
            Tz::America__Sao_Paulo,
            &[
                ("@d", 1_541_300_399, 1_541_214_000), // 2018-11-03 23:59:59 -0300 -> 2018-11-03 00:00 -0300
                ("@d", 1_541_300_400, 1_541_300_400), // 2018-11-04 01:00 -0200 -> 2018-11-04 01:00 -0200
                ("@d", 1_541_340_000, 1_541_300_400), // 2018-11-04 12:00 -0200 -> 2018-11-04 01:00 -0200
                ("@w", 1_541_599_200, 1_541_300_400), // 2018-11-07 12:00 -0200 -> 2018-11-04 01:00 -0200
                ("-1d@d", 1_541_426_400, 1_541_300_400), // 2018-11-05 12:00 -0200 -> 2018-11-04 01:00 -0200
                ("@mon", 1_543_586_400, 1_541_041_200), // 2018-11-30 12:00 -0200 -> 2018-11-01 00:00 -0300
                ("@d", 1_518_917_400, 1_518_832_800), // 2018-02-17 23:30 -0200 -> 2018-02-17 00:00 -0200
                ("@d", 1_518_921_000, 1_518_832_800), // 2018-02-17 23:30 -0300 -> 2018-02-17 00:00 -0200
                ("@d", 1_518_922_800, 1_518_922_800), // 2018-02-18 00:00 -0300 -> 2018-02-18 00:00 -0300
                ("@d", 1_518_966_000, 1_518_922_800), // 2018-02-18 12:00 -0300 -> 2018-02-18 00:00 -0300
            ],
        );
        check(
            Tz::Asia__Beirut,
            &[
                ("@d", 1_711_875_600, 1_711_836_000), // 2024-03-31 12:00 +0300 -> 2024-03-31 01:00 +0300
                ("-1w@d", 1_712_480_400, 1_711_836_000), // 2024-04-07 12:00 +0300 -> 2024-03-31 01:00 +0300
                ("@d", 1_729_978_200, 1_729_890_000), // 2024-10-26 23:30 +0200 -> 2024-10-26 00:00 +0300
                ("@d", 1_729_980_000, 1_729_980_000), // 2024-10-27 00:00 +0200 -> 2024-10-27 00:00 +0200
            ],
        );
        check(
            Tz::America__Toronto,
            &[
                ("@d", -1_601_712_000, -1_601_753_400), // 1919-03-31 12:00 -0400 -> 1919-03-31 00:30 -0400
                ("@d", -1_601_753_400, -1_601_753_400), // 1919-03-31 00:30 -0400 -> 1919-03-31 00:30 -0400
                ("@d", -1_601_755_200, -1_601_838_000), // 1919-03-30 23:00 -0500 -> 1919-03-30 00:00 -0500
            ],
        );
        check(
            Tz::Pacific__Apia,
            &[
                ("@w5", 1_325_282_400, 1_325_239_200), // 2011-12-31 12:00 +1400 -> 2011-12-31 00:00 +1400
            ],
        );
    }

    #[test]
    fn a_midnight_shown_twice_is_the_earlier() {
        check(
            Tz::America__Havana,
            &[
                ("@d", 1_699_158_600, 1_699_156_800), // 2023-11-05 00:30 -0400 -> 2023-11-05 00:00 -0400
                ("@d", 1_699_160_400, 1_699_156_800), // 2023-11-05 00:00 -0500 -> 2023-11-05 00:00 -0400
                ("@d", 1_699_162_200, 1_699_156_800), // 2023-11-05 00:30 -0500 -> 2023-11-05 00:00 -0400
                ("@d", 1_699_203_600, 1_699_156_800), // 2023-11-05 12:00 -0500 -> 2023-11-05 00:00 -0400
                ("@w", 1_699_376_400, 1_699_156_800), // 2023-11-07 12:00 -0500 -> 2023-11-05 00:00 -0400
                ("@h", 1_699_162_200, 1_699_160_400), // 2023-11-05 00:30 -0500 -> 2023-11-05 00:00 -0500
            ],
        );
    }

    #[test]
    fn a_month_with_other_clocks_is_a_change_like_any_other() {
        check(
            Tz::Africa__Casablanca,
            &[
                ("-1d", 1_710_124_200, 1_710_037_800), // 2024-03-11 02:30 +0000 -> 2024-03-10 02:30 +0000
                ("+1d", 1_709_947_800, 1_710_034_200), // 2024-03-09 02:30 +0100 -> 2024-03-10 02:30 +0100
                ("+1d", 1_712_975_400, 1_713_061_800), // 2024-04-13 02:30 +0000 -> 2024-04-14 03:30 +0100
                ("-30d@d", 1_711_972_800, 1_709_334_000), // 2024-04-01 12:00 +0000 -> 2024-03-02 00:00 +0100
                ("@mon", 1_713_610_800, 1_711_929_600), // 2024-04-20 12:00 +0100 -> 2024-04-01 00:00 +0000
            ],
        );
    }

    #[test]
    fn times_before_the_epoch_count_downwards() {
        check(
            Tz::UTC,
            &[
                ("-1d@d", 0, -86_400),                 // 1970-01-01 00:00 -> 1969-12-31 00:00
                ("@h", -1, -3_600),                    // 1969-12-31 23:59:59 -> 1969-12-31 23:00
                ("@y", -302_443_200, -315_619_200),    // 1960-06-01 12:00 -> 1960-01-01 00:00
                ("-1mon", -307_843_200, -310_521_600), // 1960-03-31 00:00 -> 1960-02-29 00:00
            ],
        );
    }

    #[test]
    fn every_unit_has_all_of_its_names() {
        for (names, apart) in [
            (&["s", "sec", "secs", "second", "seconds"][..], SECOND),
            (&["m", "min", "minute", "minutes"], MINUTE),
            (&["h", "hr", "hrs", "hour", "hours"], HOUR),
            (&["d", "day", "days"], DAY),
            (&["w", "week", "weeks"], 7 * DAY),
            (&["mon", "month", "months"], 31 * DAY),
            (&["q", "qtr", "qtrs", "quarter", "quarters"], 92 * DAY),
            (&["y", "yr", "yrs", "year", "years"], 365 * DAY),
        ] {
            let at = Timestamp(1_700_000_000_123_456); // 2023-11-14 22:13:20
            let short = modifier(&format!("@{}", names[0])).apply(at, &Tz::UTC);
            for name in names {
                assert_eq!(
                    modifier(&format!("-1{name}")).apply(at, &Tz::UTC),
                    Timestamp(at.0 - apart),
                    "{name}"
                );
                assert_eq!(
                    modifier(&format!("-{name}")).apply(at, &Tz::UTC),
                    Timestamp(at.0 - apart),
                    "{name}"
                );
                assert_eq!(
                    modifier(&format!("@{name}")).apply(at, &Tz::UTC),
                    short,
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn an_epoch_leads_to_itself() {
        for (text, micros) in [
            ("0", 0),
            ("1699833600", 1_699_833_600_000_000),
            ("1699833600.5", 1_699_833_600_500_000),
        ] {
            assert_eq!(
                modifier(text).apply(Timestamp(7), &Tz::Europe__Berlin),
                Timestamp(micros)
            );
        }
    }

    #[test]
    fn offsets_keep_a_fraction_of_a_second_and_snaps_drop_it() {
        let at = Timestamp(1_700_000_000_250_000);
        for (text, micros) in [
            ("now", 1_700_000_000_250_000),
            ("+0s", 1_700_000_000_250_000),
            ("-1d", 1_699_913_600_250_000),
            ("-1mon", 1_697_321_600_250_000),
            ("@s", 1_700_000_000_000_000),
            ("@d", 1_699_833_600_000_000 + DAY),
            ("@s-1d", 1_699_913_600_000_000),
        ] {
            assert_eq!(
                modifier(text).apply(at, &Tz::UTC),
                Timestamp(micros),
                "{text}"
            );
        }
        assert_eq!(
            modifier("@s").apply(Timestamp(-1), &Tz::UTC),
            Timestamp(-SECOND)
        );
    }

    #[test]
    fn what_exceeds_the_calendar_or_a_timestamp_stops_at_its_end() {
        let at = Timestamp::from_seconds(1_700_000_000);
        for (text, micros) in [
            ("-99999999999999999999s", Timestamp::MIN.0),
            ("+99999999999999999999h", Timestamp::MAX.0),
            ("+9223372036854775807d", Timestamp::MAX.0),
            ("-99999999999y", -8_334_601_148_800_000_000), // -262143-01-01 22:13:20
            ("+99999999999y", 8_210_266_870_400_000_000),  // 262142-12-31 22:13:20
        ] {
            assert_eq!(
                modifier(text).apply(at, &Tz::UTC),
                Timestamp(micros),
                "{text}"
            );
        }
    }

    #[test]
    fn fixed_lengths_work_beyond_the_calendar() {
        for at in [Timestamp::MIN, Timestamp::MAX] {
            let inwards = -at.0.signum();
            let text = if inwards < 0 { "-90m" } else { "+90m" };
            let led = modifier(text).apply(at, &Tz::Asia__Kolkata);
            assert_eq!(led, Timestamp(at.0 + inwards * 90 * MINUTE));
        }
    }

    #[test]
    fn a_modifier_is_printed_as_it_was_typed() {
        for text in [
            "now",
            "now()",
            "1699833600.500",
            "-24h@h",
            "+007days@week",
            "@w7-h",
        ] {
            assert_eq!(modifier(text).to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_no_modifier() {
        for text in [
            "",
            " ",
            "-",
            "+",
            "@",
            "-1",
            "-24",
            "24h",
            "1d",
            "-1x",
            "@x",
            "@8",
            "@w8",
            "@w10",
            "@w01",
            "@w-1x",
            "@week1",
            "-1w1",
            "-d@",
            "@@d",
            "--1d",
            "+-1d",
            "-1.5h",
            "-1D",
            "-1d@D",
            "-24H@h",
            "Now",
            "NOW",
            "now ",
            " now",
            "now-1h",
            "now()-1h",
            "rt",
            "rt-5m",
            "rtnow",
            "-24h @h",
            "-24h@h ",
            "\"-24h@h\"",
            "1.",
            "-5.5",
            "-1mons",
            "-٣d",
            "-1d\0",
            "11/14/2023:00:00:00",
        ] {
            assert!(Modifier::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_error_shows_what_was_typed_but_only_what_can_be_shown() {
        let long = "-1d".repeat(14); // 42 characters
        for (text, shown) in [
            ("24 hours", "24 hours"),
            ("", ""),
            ("\"-70m@m\"", "\"-70m@m\""),
            ("-1d\n\u{1b}[31m", "-1d\\n\\u{1b}[31m"),
            ("-1j\u{202e}", "-1j\\u{202e}"),
            ("vor 3 Stündchen", "vor 3 Stündchen"),
            (&format!("{}-", &long[..39]), &format!("{}-", &long[..39])),
            (&format!("{}--", &long[..39]), &format!("{}-…", &long[..39])),
        ] {
            let error = Modifier::parse(text).unwrap_err();
            let expected =
                format!("expected a time modifier such as `-24h@h` or `-90d@d`, got `{shown}`");
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn a_target_is_reached_at_the_first_whole_second_that_leads_to_it() {
        let zone = Tz::America__New_York;
        for (text, target, from, reached) in [
            // Seen 03-03 12:00 -0500: a week of learning ends on 03-11, at the first midnight after the change.
            ("-7d@d", 1_709_485_200, 1_709_485_200, Some(1_710_129_600)),
            ("-7d@d", 1_709_485_200, 1_710_129_599, Some(1_710_129_600)),
            ("-7d@d", 1_709_485_200, 1_710_129_600, Some(1_710_129_600)),
            ("-7d@d", 1_709_485_200, 1_710_129_601, Some(1_710_129_601)),
            ("-168h", 1_709_485_200, 1_709_485_200, Some(1_710_090_000)),
            ("now", 1_709_485_200, 1_709_000_000, Some(1_709_485_200)),
            ("+1h", 1_709_485_200, 1_709_000_000, Some(1_709_481_600)),
            ("-19y", 1_709_485_200, 1_709_485_200, Some(2_309_014_800)), // 2043-03-03 12:00 -0500
            ("-21y", 1_709_485_200, 1_709_485_200, None),
            // Twenty years, of 366 days each, and a second more.
            ("now", 1_709_485_200, 1_077_037_200, Some(1_709_485_200)),
            ("now", 1_709_485_200, 1_077_037_199, None),
            // Reached at 03-11 02:59:59 -0400; a second later the clocks turn it back by an hour.
            ("-1d", 1_710_057_599, 1_710_140_399, Some(1_710_140_399)),
            (
                "1709485200",
                1_709_485_200,
                1_700_000_000,
                Some(1_700_000_000),
            ),
            ("1709485199", 1_709_485_200, 1_700_000_000, None),
        ] {
            let (target, from) = (
                Timestamp::from_seconds(target),
                Timestamp::from_seconds(from),
            );
            let reached = reached.map(Timestamp::from_seconds);
            assert_eq!(
                modifier(text).reaches(target, from, &zone),
                reached,
                "{text} from {from}"
            );
        }
    }

    #[test]
    fn a_target_between_two_seconds_is_reached_at_the_later() {
        let (target, from) = (Timestamp(10_000_001), Timestamp(500_000));
        assert_eq!(
            modifier("now").reaches(target, from, &Tz::UTC),
            Some(Timestamp(11_000_000))
        );
        assert_eq!(
            modifier("now").reaches(Timestamp(0), from, &Tz::UTC),
            Some(Timestamp(1_000_000))
        );
    }

    const ZONES: [Tz; 8] = [
        Tz::UTC,
        Tz::America__New_York,
        Tz::America__Sao_Paulo,
        Tz::Europe__Berlin,
        Tz::Asia__Kolkata,
        Tz::Asia__Beirut,
        Tz::Australia__Lord_Howe,
        Tz::Africa__Casablanca,
    ];

    fn zones() -> impl Strategy<Value = Tz> {
        prop::sample::select(&ZONES[..])
    }

    /// 1970 to 2050.
    fn times_of_our_days() -> impl Strategy<Value = Timestamp> {
        (0..2_524_608_000 * SECOND).prop_map(Timestamp)
    }

    fn snaps() -> impl Strategy<Value = Modifier> {
        "@(s|m|h|d|w[0-7]?|mon|q|y)".prop_map(|text| modifier(&text))
    }

    fn modifiers() -> impl Strategy<Value = Modifier> {
        "([+-][0-9]{0,20}(s|m|h|d|w|mon|q|y)|@(s|m|h|d|w[0-7]?|mon|q|y)){1,4}"
            .prop_map(|text| modifier(&text))
    }

    proptest! {
        #[test]
        fn a_snap_changes_nothing_the_second_time(snap in snaps(), at in times_of_our_days(), zone in zones()) {
            let once = snap.apply(at, &zone);
            prop_assert_eq!(snap.apply(once, &zone), once);
        }

        #[test]
        fn a_snap_is_never_later_than_its_input(snap in snaps(), at in any::<i64>(), zone in zones()) {
            let at = Timestamp(at);
            prop_assert!(snap.apply(at, &zone) <= at);
        }

        #[test]
        fn a_day_back_and_forth_leads_nowhere_where_clocks_do_not_change(at in times_of_our_days()) {
            for zone in [Tz::UTC, Tz::Etc__GMTPlus5] {
                prop_assert_eq!(modifier("-1d+1d").apply(at, &zone), at);
                prop_assert_eq!(modifier("+2w-14d").apply(at, &zone), at);
            }
        }

        #[test]
        fn a_day_back_and_forth_from_noon_leads_nowhere_anywhere(day in 0..20_000_i64, zone in zones()) {
            let noon = modifier("@d+6h@d+12h").apply(Timestamp(day * DAY), &zone);
            prop_assert_eq!(modifier("-1d+1d").apply(noon, &zone), noon);
        }

        #[test]
        fn a_target_that_is_reached_was_not_a_second_before(
            text in "-[1-9]?[0-9](h|d|w|mon)(@(h|d|w))?",
            target in times_of_our_days(),
            zone in zones(),
        ) {
            let modifier = modifier(&text);
            let from = target.saturating_add(-DAY);
            let reached = modifier.reaches(target, from, &zone).unwrap();
            prop_assert!(modifier.apply(reached, &zone) >= target);
            prop_assert!(modifier.apply(reached.saturating_add(-SECOND), &zone) < target);
        }

        #[test]
        fn any_modifier_leads_from_any_time_to_some_time(
            modifier in modifiers(),
            at in prop_oneof![any::<i64>(), 0..4_000_000_000 * SECOND].prop_map(Timestamp),
            target in any::<i64>().prop_map(Timestamp),
        ) {
            for zone in [Tz::UTC, Tz::America__Sao_Paulo, Tz::Australia__Lord_Howe] {
                modifier.apply(at, &zone);
                modifier.reaches(target, at, &zone);
            }
        }

        #[test]
        fn any_text_is_read_or_refused_without_panic(any in any::<String>(), near in "[-+@0-9a-z.()é]{0,12}") {
            for text in [any, near] {
                if let Ok(modifier) = Modifier::parse(&text) {
                    prop_assert_eq!(modifier.to_string(), text);
                }
            }
        }
    }
}
