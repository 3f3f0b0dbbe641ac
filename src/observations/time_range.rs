//! The times that a user asks for: from one on and before another.

use crate::baseline::Sighting;
use crate::time::Timestamp;

/// The times that are wanted: from the first on, and before the second.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeRange {
    /// The first time that is wanted.
    pub from: Option<Timestamp>,
    /// The first time after it that is not.
    pub to: Option<Timestamp>,
}

impl TimeRange {
    /// Whether there are times outside.
    pub fn is_bounded(self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    /// Whether a time is wanted.
    pub fn holds(self, time: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time < to)
    }

    /// What is seen of a key in the range, if its first and last times are all that is known; none if neither is in it.
    ///
    /// ```
    /// use unseen::baseline::Sighting;
    /// use unseen::observations::TimeRange;
    /// use unseen::time::Timestamp;
    ///
    /// let at = |time| Some(Timestamp(time));
    /// let range = TimeRange { from: at(10), to: at(20) };
    /// let clip = |first, last| range.clip(Sighting::new(at(first), at(last)));
    /// assert_eq!(clip(5, 15), Some(Sighting::new(at(15), at(15))));
    /// assert_eq!(clip(10, 20), Some(Sighting::new(at(10), at(10))));
    /// assert_eq!(clip(5, 20), None);
    /// ```
    pub fn clip(self, sighting: Sighting) -> Option<Sighting> {
        if !self.is_bounded() {
            return Some(sighting);
        }
        let wanted = |time: Option<Timestamp>| time.filter(|&time| self.holds(time));
        let (first, last) = (wanted(sighting.first()), wanted(sighting.last()));
        let (first, last) = (first.or(last), last.or(first));
        first.map(|_| Sighting::new(first, last))
    }
}
