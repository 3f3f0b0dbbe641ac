//! Which times can be true: a time more than a day ahead of the wall clock comes from a broken clock.

use crate::time::{Timestamp, DAY};

/// The two moments that reading times depends on.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The wall clock.
    pub now: Timestamp,
    /// The time that the run is as of. A last sighting from a broken clock counts as this.
    pub as_of: Timestamp,
}

impl Clock {
    /// Whether a time is more than a day ahead of the wall clock.
    pub fn is_broken(self, time: Timestamp) -> bool {
        time > self.now.saturating_add(DAY)
    }
}
