//! Splunk's time modifiers, as far as the shipped searches use them, in a search head's time zone.
//!
//! `now`, `-<n><d|h|m>[@<d|h>]`, and `@<d|h>` alone. Written without a look at the product's own, so that one can be compared with
//! the other. Days are days of the calendar, hours are 3,600 seconds, minutes 60. Anything else is refused.

use chrono::{DateTime, Days, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use thiserror::Error;

#[derive(Debug, Error)]
#[error("the stand-in does not know the time modifier `{0}`")]
pub(crate) struct UnknownModifier(String);

/// What a search knows of time: when it started (epoch seconds), and the zone that days begin in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    pub(crate) now: i64,
    pub(crate) zone: Tz,
}

/// Epoch seconds of a moment written as in CloudTrail: `2023-07-10T12:00:00Z`.
pub(crate) fn at(moment: &str) -> i64 {
    DateTime::parse_from_rfc3339(moment)
        .unwrap_or_else(|error| panic!("`{moment}` is no moment: {error}"))
        .timestamp()
}

/// Applies the modifier to `now` (epoch seconds) in the zone.
pub(crate) fn relative_time(now: i64, modifier: &str, zone: Tz) -> Result<i64, UnknownModifier> {
    let unknown = || UnknownModifier(modifier.to_string());
    if modifier == "now" {
        return Ok(now);
    }
    let (offset, snap) = match modifier.split_once('@') {
        Some(("", snap)) => ("-0m", Some(snap)),
        Some((offset, snap)) => (offset, Some(snap)),
        None => (modifier, None),
    };
    let (amount, unit) = offset
        .strip_prefix('-')
        .and_then(|offset| offset.split_at_checked(offset.len().checked_sub(1)?))
        .ok_or_else(unknown)?;
    let amount: u32 = amount.parse().map_err(|_| unknown())?;
    let local = DateTime::<Utc>::from_timestamp(now, 0)
        .ok_or_else(unknown)?
        .with_timezone(&zone);
    let moved = match unit {
        "m" => local - chrono::TimeDelta::minutes(amount.into()),
        "h" => local - chrono::TimeDelta::hours(amount.into()),
        "d" => on_the_clock(local.naive_local() - Days::new(amount.into()), zone),
        _ => return Err(unknown()),
    };
    let into_the_hour = i64::from(moved.minute() * 60 + moved.second());
    match snap {
        None => Ok(moved.timestamp()),
        Some("h") => Ok(moved.timestamp() - into_the_hour),
        Some("d") => {
            Ok(on_the_clock(moved.date_naive().and_time(NaiveTime::MIN), zone).timestamp())
        }
        Some(_) => Err(unknown()),
    }
}

/// The first moment at which clocks show this; an hour later if they jump over it.
fn on_the_clock(shown: NaiveDateTime, zone: Tz) -> DateTime<Tz> {
    zone.from_local_datetime(&shown)
        .earliest()
        .or_else(|| {
            zone.from_local_datetime(&(shown + chrono::TimeDelta::hours(1)))
                .earliest()
        })
        .expect("clocks never jump by more than an hour")
}

/// Epoch seconds as text, as `convert ctime()` writes them.
pub(crate) fn ctime(epoch: i64, format: &str, zone: Tz) -> String {
    let utc = DateTime::<Utc>::from_timestamp(epoch, 0).expect("a time of the story");
    utc.with_timezone(&zone).format(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_the_calendar_of_the_zone_and_hours_the_clockwork() {
        let berlin = chrono_tz::Europe::Berlin;
        let now = at("2023-03-27T09:30:15Z"); // the morning after clocks went from 2:00 to 3:00
        for (modifier, moment) in [
            ("now", "2023-03-27T09:30:15Z"),
            ("-1d@d", "2023-03-25T23:00:00Z"),
            ("-1d", "2023-03-26T09:30:15Z"),
            ("-2d", "2023-03-25T10:30:15Z"),
            ("-48h@h", "2023-03-25T09:00:00Z"),
            ("-31m@h", "2023-03-27T08:00:00Z"),
            ("@d", "2023-03-26T22:00:00Z"),
        ] {
            assert_eq!(
                relative_time(now, modifier, berlin).unwrap(),
                at(moment),
                "{modifier}"
            );
        }
        for modifier in ["", "-", "-1w", "+1d", "-1d@w0", "d", "5"] {
            assert!(relative_time(now, modifier, berlin).is_err(), "{modifier}");
        }
    }
}
