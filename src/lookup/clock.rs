//! Which times can be true. A clock that is far ahead, or that was never set, must neither teach a baseline nor stop the learning.

use crate::time::{Timestamp, DAY};

/// The moments that reading times depends on.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The wall clock. What is more than a day ahead of it comes from a broken clock.
    pub now: Timestamp,
    /// The time that the run is as of. A last sighting from a clock that is ahead counts as this.
    pub as_of: Timestamp,
    /// What is before this comes from a broken clock too.
    pub earliest: Timestamp,
}

/// Why a time cannot be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenTime {
    /// It is more than a day ahead of the wall clock.
    Ahead,
    /// It would be true as milliseconds since the epoch, and is far ahead as seconds.
    Milliseconds,
    /// It is earlier than anything can be.
    TooEarly,
}

impl Clock {
    /// 2006-01-01 00:00:00 UTC: no call was made to AWS before. Of CloudTrail and of files, every earlier time is broken.
    pub const FIRST_CALL: Timestamp = Timestamp(1_136_073_600_000_000);

    /// Why a time cannot be true, if it cannot.
    ///
    /// ```
    /// use unseen::lookup::{BrokenTime, Clock};
    /// use unseen::time::Timestamp;
    ///
    /// let now = Timestamp::from_seconds(1_700_000_000);
    /// let clock = Clock { now, as_of: now, earliest: Clock::FIRST_CALL };
    /// assert_eq!(clock.check(now), None);
    /// assert_eq!(clock.check(Timestamp::from_seconds(1_700_100_000)), Some(BrokenTime::Ahead));
    /// assert_eq!(clock.check(Timestamp::from_seconds(1_700_000_000_000)), Some(BrokenTime::Milliseconds));
    /// assert_eq!(clock.check(Timestamp::from_seconds(0)), Some(BrokenTime::TooEarly));
    /// ```
    #[inline]
    pub fn check(self, time: Timestamp) -> Option<BrokenTime> {
        let latest = self.now.saturating_add(DAY);
        match self.earliest <= time && time <= latest {
            true => None,
            false => Some(self.broken(time, latest)),
        }
    }

    #[cold]
    fn broken(self, time: Timestamp, latest: Timestamp) -> BrokenTime {
        let as_milliseconds = Timestamp(time.0 / 1_000);
        match () {
            () if time < self.earliest => BrokenTime::TooEarly,
            () if Self::FIRST_CALL <= as_milliseconds && as_milliseconds <= latest => {
                BrokenTime::Milliseconds
            }
            () => BrokenTime::Ahead,
        }
    }
}
