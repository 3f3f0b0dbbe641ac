//! Timestamps, Splunk's time modifiers, and schedules.
//!
//! A [`Timestamp`] is an instant and a [`Modifier`] moves one, by the clocks of a zone that the caller names. This
//! module knows no wall clock, no option and no row: every time it works on is an argument. Dates and zones are
//! chrono's.

mod calendar;
mod iso8601;
mod modifier;
mod schedule;
mod timestamp;

pub use modifier::{Modifier, NotAModifier};
pub use schedule::{NotASchedule, Schedule};
pub use timestamp::{NotATime, Timestamp, DAY, HOUR, MINUTE, SECOND};
