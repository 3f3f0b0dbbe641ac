//! The days of a replay, from the first run to the last, by the clocks of a zone.

use super::Replay;
use crate::time::{Modifier, Timestamp};
use chrono::TimeZone;
use std::iter;

/// Days in a row; none if nothing ran.
#[derive(Debug)]
pub(super) struct Days {
    /// When each begins.
    starts: Vec<Timestamp>,
    /// When the last one is over.
    end: Timestamp,
}

impl Days {
    /// The days on which a search ran.
    pub(super) fn of(replay: &Replay, zone: &impl TimeZone) -> Self {
        let (Some(first), Some(last)) = (replay.runs.first(), replay.runs.last()) else {
            let (starts, end) = (Vec::new(), Timestamp::MIN);
            return Self { starts, end };
        };
        let modifier = |text| Modifier::parse(text).expect("these modifiers are written here");
        let (start_of_day, next_day) = (modifier("@d"), modifier("+1d@d"));
        let next = |day: &Timestamp| Some(next_day.apply(*day, zone));
        let starts = iter::successors(Some(start_of_day.apply(first.at, zone)), next);
        let starts: Vec<Timestamp> = starts.take_while(|day| *day <= last.at).collect();
        let end = starts
            .last()
            .map_or(Timestamp::MIN, |day| next_day.apply(*day, zone));
        Self { starts, end }
    }

    pub(super) fn number(&self) -> usize {
        self.starts.len()
    }

    /// When a day is over.
    pub(super) fn end(&self, day: usize) -> Timestamp {
        self.starts.get(day + 1).copied().unwrap_or(self.end)
    }

    /// The day of a run.
    pub(super) fn of_time(&self, at: Timestamp) -> usize {
        let begun = self.starts.partition_point(|start| *start <= at);
        begun.saturating_sub(1)
    }

    /// How each is written.
    pub(super) fn dates<'d>(
        &'d self,
        zone: &'d impl TimeZone,
    ) -> impl Iterator<Item = String> + 'd {
        let starts = self.starts.iter();
        starts.map(|start| start.date(zone).to_string())
    }
}
