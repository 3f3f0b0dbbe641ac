//! The replay as text: each day with its alerts, stretches of days without any in one line, and the total.

use super::{Alert, Replayed};
use crate::messages::count;
use crate::observations::Observations;
use crate::report::{aligned, visible};
use crate::time::{Modifier, Timestamp};
use chrono::TimeZone;

/// Writes the days from the first detection to the last.
pub(crate) fn write(
    replayed: &Replayed,
    observations: &Observations,
    zone: &impl TimeZone,
) -> Vec<u8> {
    let days = days(replayed, zone);
    let mut out = Vec::new();
    for stretch in days.chunk_by(|(_, one), (_, next)| one.is_empty() && next.is_empty()) {
        let (first, alerts) = stretch[0];
        let (last, _) = stretch[stretch.len() - 1];
        let dates = match first == last {
            true => date(first, zone),
            false => format!("{} to {}", date(first, zone), date(last, zone)),
        };
        let line = format!("{dates}  {}\n", count(alerts.len() as u64, "alert"));
        out.extend_from_slice(line.as_bytes());
        let lines = alerts
            .iter()
            .map(|alert| line_of(alert, observations, zone));
        out.extend(aligned(&lines.collect::<Vec<_>>()));
    }
    out.extend_from_slice(total(replayed, &days).as_bytes());
    out
}

/// The start of each day on which a detection ran, and its alerts.
type Day<'r> = (Timestamp, &'r [Alert]);

fn days<'r>(replayed: &'r Replayed, zone: &impl TimeZone) -> Vec<Day<'r>> {
    let modifier = |text| Modifier::parse(text).expect("these modifiers are written here");
    let (start_of_day, next_day) = (modifier("@d"), modifier("+1d@d"));
    let Some((first, last)) = replayed.detections else {
        return Vec::new();
    };
    let first = start_of_day.apply(first, zone);
    let starts = std::iter::successors(Some(first), |day| Some(next_day.apply(*day, zone)));
    let mut rest = replayed.alerts.as_slice();
    let day = |start| {
        let end = next_day.apply(start, zone);
        let alerts = rest.partition_point(|alert| alert.at < end);
        let (alerts, after) = rest.split_at(alerts);
        rest = after;
        (start, alerts)
    };
    starts.take_while(|&start| start <= last).map(day).collect()
}

fn line_of(alert: &Alert, observations: &Observations, zone: &impl TimeZone) -> Vec<String> {
    let time = alert.at.time_of_day(zone).to_string();
    let values = observations.values(alert.key).map(visible);
    [String::new(), time].into_iter().chain(values).collect()
}

fn date(day: Timestamp, zone: &impl TimeZone) -> String {
    day.date(zone).to_string()
}

fn total(replayed: &Replayed, days: &[Day<'_>]) -> String {
    let with_alerts = days.iter().filter(|(_, alerts)| !alerts.is_empty()).count();
    format!(
        "total  {} on {with_alerts} of {}\n",
        count(replayed.alerts.len() as u64, "alert"),
        count(days.len() as u64, "day"),
    )
}
