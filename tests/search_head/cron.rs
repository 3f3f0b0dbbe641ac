//! When a scheduled search is due: `<minute> <hour> * * <weekday>`, each a number, `*` or `*/<step>`, in the search
//! head's zone.
//! Sunday is 0.
//!
//! Not here: whatever else a schedule may say, `schedule_window`, skipping, and catching up on runs that were missed.

use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::Tz;
use thiserror::Error;

#[derive(Debug, Error)]
#[error("the stand-in does not know the schedule `{0}`")]
pub(crate) struct UnknownSchedule(String);

/// Whether a search with this schedule starts in the minute of `now` (epoch seconds).
pub(crate) fn is_due(schedule: &str, now: i64, zone: Tz) -> Result<bool, UnknownSchedule> {
    let unknown = || UnknownSchedule(schedule.to_string());
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    let [minute, hour, "*", "*", weekday] = fields[..] else {
        return Err(unknown());
    };
    let clock = DateTime::<Utc>::from_timestamp(now, 0)
        .ok_or_else(unknown)?
        .with_timezone(&zone);
    let number = |text: &str| text.parse::<u32>().map_err(|_| unknown());
    let fits = |field: &str, shown: u32| match field.strip_prefix('*') {
        Some("") => Ok(true),
        Some(every) => {
            let step = number(every.strip_prefix('/').ok_or_else(unknown)?)?;
            shown
                .checked_rem(step)
                .map(|rest| rest == 0)
                .ok_or_else(unknown)
        }
        None => Ok(number(field)? == shown),
    };
    Ok(fits(minute, clock.minute())?
        && fits(hour, clock.hour())?
        && fits(weekday, clock.weekday().num_days_from_sunday())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search_head::relative_time::at;

    #[test]
    fn a_schedule_follows_the_clocks_of_the_zone() {
        let now = at("2023-07-10T22:41:00Z"); // a Monday
        for (schedule, zone, due) in [
            ("41 * * * *", Tz::UTC, true),
            ("17 * * * *", Tz::UTC, false),
            ("41 0 * * *", Tz::UTC, false),
            ("41 0 * * *", Tz::Europe__Berlin, true),
            ("41 22 * * 1", Tz::UTC, true),
            ("41 22 * * 2", Tz::UTC, false),
            ("41 0 * * 2", Tz::Europe__Berlin, true),
            ("41 */2 * * *", Tz::UTC, true),
            ("41 */3 * * *", Tz::UTC, false),
        ] {
            assert_eq!(is_due(schedule, now, zone).unwrap(), due, "{schedule}");
        }
        for schedule in ["*/0 * * * *", "1-5 * * * *", "0 0 1 * *", "41 0"] {
            assert!(is_due(schedule, now, Tz::UTC).is_err(), "{schedule}");
        }
    }
}
