//! The days that are written in paths: `CloudTrail/<region>/2024/05/10`, as CloudTrail lays out a bucket.
//!
//! That day is the one of delivery, in UTC: a call is made before it, minutes as a rule. Where a trail cannot deliver, CloudTrail goes on
//! trying for 30 days. Source: AWS CloudTrail User Guide, *Getting and viewing your CloudTrail log files*.

use crate::observations::TimeRange;
use crate::time::{Timestamp, DAY};
use chrono::{Days, Months, NaiveDate, NaiveTime};
use std::path::Path;

/// A call can be delivered so long after it was made, with a day for clocks that differ; and for those, a day before.
const LATEST: i64 = 31 * DAY;
const EARLIEST: i64 = DAY;

/// What stands before the region and the day.
const LAYOUT: &str = "CloudTrail";

/// The days in the path of a folder or a file: one, or those of a month or a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DeliveryDays {
    /// When the first of them begins.
    from: Timestamp,
    /// When the last of them has ended.
    to: Timestamp,
}

impl DeliveryDays {
    /// The days in a path, if there are any.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let parts: Vec<&str> = path
            .iter()
            .map(|part| part.to_str().unwrap_or(""))
            .collect();
        let layout = parts.iter().rposition(|part| *part == LAYOUT)?;
        let numbers = parts.get(layout + 2..)?.iter();
        let numbers: Vec<u32> = numbers
            .map_while(|part| part.parse().ok())
            .take(3)
            .collect();
        let first = |year: u32, month, day| NaiveDate::from_ymd_opt(year as i32, month, day);
        let (from, to) = match numbers[..] {
            [year, month, day] => {
                let from = first(year, month, day)?;
                (from, from.checked_add_days(Days::new(1))?)
            }
            [year, month] => {
                let from = first(year, month, 1)?;
                (from, from.checked_add_months(Months::new(1))?)
            }
            [year] => (first(year, 1, 1)?, first(year + 1, 1, 1)?),
            _ => return None,
        };
        let [from, to] = [from, to].map(midnight);
        Some(Self { from, to })
    }

    /// Whether a call of a range can have been delivered on these days.
    pub(super) fn may_hold(self, range: TimeRange) -> bool {
        let is_too_early = range
            .from
            .is_some_and(|from| self.to.saturating_add(EARLIEST) <= from);
        let is_too_late = range
            .to
            .is_some_and(|to| to.saturating_add(LATEST) <= self.from);
        !is_too_early && !is_too_late
    }
}

fn midnight(date: NaiveDate) -> Timestamp {
    Timestamp::from_seconds(date.and_time(NaiveTime::MIN).and_utc().timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn days(path: &str) -> Option<[String; 2]> {
        let days = DeliveryDays::of(Path::new(path))?;
        Some([days.from, days.to].map(|at| at.date(&chrono::Utc).to_string()))
    }

    #[test]
    fn days_stand_behind_the_region() {
        for (path, expected) in [
            (
                "AWSLogs/1/CloudTrail/eu-west-1/2024/05/10",
                Some(["2024-05-10", "2024-05-11"]),
            ),
            (
                "CloudTrail/eu-west-1/2024/05/10/1_CloudTrail_a.json.gz",
                Some(["2024-05-10", "2024-05-11"]),
            ),
            (
                "CloudTrail/eu-west-1/2024/12",
                Some(["2024-12-01", "2025-01-01"]),
            ),
            (
                "CloudTrail/eu-west-1/2024",
                Some(["2024-01-01", "2025-01-01"]),
            ),
            ("CloudTrail/eu-west-1", None),
            ("CloudTrail/eu-west-1/2024/02/31", None),
            ("logs/eu-west-1/2024/05/10", None),
            ("CloudTrail-Digest/eu-west-1/2024/05/10", None),
        ] {
            let expected = expected.map(|days| days.map(str::to_owned));
            assert_eq!(days(path), expected, "{path}");
        }
    }

    proptest! {
        /// Whatever is in range was delivered on days that may hold it: in the folder of the day, of the month and of the year.
        #[test]
        fn no_call_in_range_lies_in_a_folder_that_is_left_out(
            called in 1_600_000_000i64..1_800_000_000,
            late in 0i64..30 * 86_400,
            before in 0i64..400 * 86_400,
            after in 1i64..400 * 86_400,
            open in 0usize..3,
        ) {
            let at = Timestamp::from_seconds;
            let range = TimeRange {
                from: (open != 1).then(|| at(called - before)),
                to: (open != 2).then(|| at(called + after)),
            };
            let delivered = at(called + late).date(&chrono::Utc).to_string().replace('-', "/");
            for parts in [10, 7, 4] {
                let folder = format!("AWSLogs/1/CloudTrail/eu-west-1/{}", &delivered[..parts]);
                let days = DeliveryDays::of(Path::new(&folder)).unwrap();
                prop_assert!(days.may_hold(range), "{folder}");
            }
        }
    }
}
