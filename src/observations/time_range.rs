//! The times that a user asks for: from one on and before another.

use crate::time::Timestamp;

/// The times of the calls that are wanted: from the first on, and before the second.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeRange {
    /// The first time that is wanted.
    pub from: Option<Timestamp>,
    /// The first time after it that is not.
    pub to: Option<Timestamp>,
}

impl TimeRange {
    /// Whether a call of this time is wanted; one without a time is in the whole of time only.
    pub fn holds(self, time: Option<Timestamp>) -> bool {
        match time {
            Some(time) => {
                self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time < to)
            }
            None => self.from.is_none() && self.to.is_none(),
        }
    }
}
