//! `eventTime`: when a call was made, in every form that exports are known to have.
//!
//! CloudTrail writes `2023-07-10T11:42:18Z`. Tools that store and export records make other ISO-8601 forms of it, epoch seconds or
//! milliseconds as a number or as text, and dates in words. A record must not be lost for that, nor put into another year.
//!
//! Sources: AWS CloudTrail User Guide, "CloudTrail record contents"; the forms in `tests/data/cases` and `tests/data/cloudtrail`.

use super::fields::{read_any, AnyType};
use crate::time::{Timestamp, SECOND};
use chrono::NaiveDateTime;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

/// From this number on, epoch seconds (of the year 5138) are taken for milliseconds (of 1973).
const MILLISECONDS: f64 = 1e11;

/// Smaller numbers are no times: there was no CloudTrail before 2013, and no AWS before 2006.
const EARLIEST: f64 = 1_136_073_600.0;

/// Dates in words, as spreadsheets and log viewers show them, in UTC.
const WORDS: [&str; 2] = ["%b %d, %Y, %I:%M:%S %p", "%b %d, %Y @ %H:%M:%S%.f"];

/// When a call was made.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum EventTime<'a> {
    #[default]
    Absent,
    At(Timestamp),
    /// A text that is no time.
    Unreadable(Cow<'a, str>),
    /// Neither a text nor a number that is a time.
    Other,
}

impl EventTime<'_> {
    pub(super) fn time(&self) -> Option<Timestamp> {
        match self {
            Self::At(time) => Some(*time),
            _ => None,
        }
    }
}

impl<'a> AnyType<'a> for EventTime<'a> {
    fn other() -> Self {
        Self::Other
    }
    fn null() -> Self {
        Self::Absent
    }
    fn text(text: Cow<'a, str>) -> Self {
        match parse(&text) {
            _ if text.is_empty() => Self::Absent,
            Some(time) => Self::At(time),
            None => Self::Unreadable(text),
        }
    }
    fn number(number: f64) -> Self {
        from_epoch(number).map_or(Self::Other, Self::At)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for EventTime<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        read_any(json)
    }
}

/// The instant that a text names. The form that CloudTrail writes is tried first.
fn parse(text: &str) -> Option<Timestamp> {
    Timestamp::from_iso8601(text.as_bytes())
        .or_else(|| epoch(text))
        .or_else(|| words(text))
}

fn epoch(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text.as_bytes()).ok()??;
    from_epoch(text.parse().ok()?)
}

/// Epoch seconds or milliseconds, to the microsecond, as a double holds them.
fn from_epoch(number: f64) -> Option<Timestamp> {
    let seconds = match number {
        MILLISECONDS.. => number / 1e3,
        EARLIEST.. => number,
        _ => return None,
    };
    // `as` stops at the end of i64, which `Timestamp::MAX` leaves free.
    Some(Timestamp((seconds * SECOND as f64).round() as i64).min(Timestamp::MAX))
}

fn words(text: &str) -> Option<Timestamp> {
    // Browsers put a narrow no-break space before AM and PM.
    let text = text.replace('\u{202f}', " ");
    let mut forms = WORDS.iter();
    let time = forms.find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok())?;
    Some(Timestamp(time.and_utc().timestamp_micros()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> EventTime<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn every_form_of_one_instant_is_read_as_that_instant() {
        const AT: i64 = 1_715_335_200_000_000;
        for (json, micros) in [
            (r#""2024-05-10T10:00:00Z""#, AT),
            (r#""2024-05-10T10:00:00.123456789Z""#, AT + 123_456),
            (r#""2024-05-10T12:00:00+0200""#, AT),
            (r#""2024-05-10 10:00:00.000 UTC""#, AT),
            (r#""20240510T100000Z""#, AT),
            (r#""2024/05/10 10:00:00""#, AT),
            ("1715335200", AT),
            ("1715335200.5", AT + 500_000),
            ("1.7153352e9", AT),
            ("1715335200000", AT),
            ("1715335200123", AT + 123_000),
            (r#""1715335200""#, AT),
            (r#""1715335200.5""#, AT + 500_000),
            (r#""1715335200000""#, AT),
            (r#""May 10, 2024, 10:00:00 AM""#, AT),
            ("\"May 10, 2024, 10:00:00\u{202f}PM\"", AT + 43_200_000_000),
            (r#""May 10, 2024 @ 10:00:00.000""#, AT),
            ("1e300", Timestamp::MAX.0),
        ] {
            assert_eq!(read(json), EventTime::At(Timestamp(micros)), "{json}");
        }
    }

    #[test]
    fn what_is_no_time_is_kept_to_be_shown() {
        for text in ["redacted", "2024-05-10", "10:00", "nan", "17", "May 10"] {
            let json = format!("{text:?}");
            assert_eq!(read(&json), EventTime::Unreadable(text.into()));
        }
        for absent in ["null", "\"\""] {
            assert_eq!(read(absent), EventTime::Absent);
        }
        for other in ["true", "[1]", "{}", "17", "-1", "-1e300"] {
            assert_eq!(read(other), EventTime::Other);
        }
    }
}
