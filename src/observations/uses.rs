//! When a key was used, as far as a replay needs to know it: where each stretch of use begins and ends, and each use near its beginning.
//!
//! A run of a search asks for the uses in its range. Whether a key is new is decided within a few days of the beginning of a stretch;
//! from then on it is known, until it has not been used for as long as the forget window. So what is kept grows with the gaps
//! in the use of a key, and not with its events. Which gaps matter, and how long the beginning is, is the caller's to say
//! ([`Resolution`]). Neither the order of what is added nor the parts that are merged make a difference.

use crate::baseline::Sighting;
use crate::time::{Timestamp, HOUR, MINUTE};

/// One use, or several that no search can tell apart: the first and the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The first.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
}

/// How exactly uses are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// A gap of at least so many microseconds begins another stretch of use.
    pub gap: i64,
    /// Uses are kept apart for so many microseconds from the beginning of a stretch.
    pub beginning: i64,
    /// The minutes of an hour at which the range of a search may begin or end, one bit each: uses within an hour with none of these
    /// between them are one.
    pub minutes: u64,
}

impl Resolution {
    /// All uses are kept apart, as far as the ranges of searches do.
    pub fn exact(minutes: u64) -> Self {
        Self {
            gap: 0,
            beginning: i64::MAX,
            minutes,
        }
    }

    /// A number for the time between two of the minutes.
    fn slot(&self, time: Timestamp) -> i64 {
        let hour = time.0.div_euclid(HOUR);
        let minute = time.0.rem_euclid(HOUR) / MINUTE;
        let begun = self.minutes << (63 - minute);
        hour * 64 + i64::from(begun.count_ones())
    }

    fn are_one(&self, one: Use, other: Use) -> bool {
        self.slot(one.first) == self.slot(other.last)
    }
}

/// The uses of a key.
///
/// ```
/// use unseen::baseline::Sighting;
/// use unseen::observations::{Resolution, Uses};
/// use unseen::time::{Timestamp, DAY, HOUR};
///
/// let mut uses = Uses::default();
/// let resolution = Resolution { gap: 30 * DAY, beginning: 2 * DAY, minutes: 1 };
/// for hour in (0..240).chain([2_400]) {
///     let time = Some(Timestamp(hour * HOUR));
///     uses.add(Sighting::new(time, time), &resolution);
/// }
/// let stretches = uses.stretches(&resolution);
/// assert_eq!(stretches.len(), 2);
/// assert_eq!(stretches[0].first().unwrap().last, Timestamp(0));
/// assert_eq!(stretches[0].last().unwrap().last, Timestamp(239 * HOUR));
/// // Hours 0 to 48 are kept apart, and one use stands for all after them.
/// assert_eq!(stretches[0].len(), 49 + 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Uses {
    /// In any order, some perhaps twice. Of a stretch, one of them may stand for all behind its beginning.
    uses: Vec<Use>,
}

/// So many are kept before it is looked at whether fewer would do.
const FEW: usize = 64;

impl Uses {
    /// Adds the first and the last time of a sighting.
    pub fn add(&mut self, sighting: Sighting, resolution: &Resolution) {
        let (first, last) = (sighting.first(), sighting.last());
        first.into_iter().for_each(|at| self.push(at, resolution));
        let last = last.filter(|_| last != first);
        last.into_iter().for_each(|at| self.push(at, resolution));
    }

    /// Logs are nearly in order, so the use that was just added is the one most likely to come again.
    fn push(&mut self, at: Timestamp, resolution: &Resolution) {
        let next = Use {
            first: at,
            last: at,
        };
        match self.uses.last_mut() {
            Some(before)
                if resolution.are_one(*before, next) && resolution.are_one(next, *before) =>
            {
                before.first = before.first.min(at);
                before.last = before.last.max(at);
            }
            _ => {
                self.uses.push(next);
                self.settle(resolution);
            }
        }
    }

    /// Adds what was kept of another part.
    pub fn merge(&mut self, other: Self, resolution: &Resolution) {
        for one in other.uses {
            self.uses.push(one);
            self.settle(resolution);
        }
    }

    /// Keeps no more than is needed, now and then: whenever there are twice as many as before.
    fn settle(&mut self, resolution: &Resolution) {
        let number = self.uses.len();
        if number >= FEW && number.is_power_of_two() {
            let stretches = self.stretches(resolution);
            self.uses = stretches.into_iter().flatten().collect();
        }
    }

    /// The stretches of use in order, each with its uses: those of its beginning, and behind them one that stands for all others.
    pub fn stretches(&self, resolution: &Resolution) -> Vec<Vec<Use>> {
        let mut sorted = self.uses.clone();
        sorted.sort_unstable();
        let mut stretches: Vec<Vec<Use>> = Vec::new();
        let mut ends = Timestamp::MIN;
        for next in sorted {
            match stretches.last_mut() {
                Some(stretch) if next.first.0.saturating_sub(ends.0) < resolution.gap => {
                    extend(stretch, next, resolution);
                }
                Some(stretch) if resolution.are_one(next, stretch[stretch.len() - 1]) => {
                    extend(stretch, next, resolution);
                }
                _ => stretches.push(vec![next]),
            }
            ends = ends.max(next.last);
        }
        stretches
    }
}

/// Adds the next use of a stretch.
fn extend(stretch: &mut Vec<Use>, next: Use, resolution: &Resolution) {
    // Uses that are one are early together, or late together.
    let begun = resolution.slot(stretch[0].first.saturating_add(resolution.beginning));
    let is_early = |of: &Use| resolution.slot(of.first) <= begun;
    let last = stretch.len() - 1;
    let before = &mut stretch[last];
    let is_one = resolution.are_one(next, *before) && is_early(before);
    let are_late = last > 0 && !is_early(before);
    match is_one || are_late {
        true => before.last = before.last.max(next.last),
        false => stretch.push(next),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY;
    use proptest::prelude::*;

    /// Ranges begin at full hours and end 17 minutes behind them.
    const MINUTES: u64 = 1 | 1 << 17;

    const RESOLUTION: Resolution = Resolution {
        gap: 10 * DAY,
        beginning: 2 * DAY,
        minutes: MINUTES,
    };

    fn uses(minutes: &[i64], resolution: &Resolution) -> Uses {
        let mut uses = Uses::default();
        for minute in minutes {
            let at = Some(Timestamp(minute * MINUTE));
            uses.add(Sighting::new(at, at), resolution);
        }
        uses
    }

    /// The stretches, in minutes.
    fn stretches(uses: &Uses, resolution: &Resolution) -> Vec<Vec<[i64; 2]>> {
        let minutes = |of: &Use| [of.first, of.last].map(|at| at.0 / MINUTE);
        let stretches = uses.stretches(resolution).into_iter();
        stretches
            .map(|stretch| stretch.iter().map(minutes).collect())
            .collect()
    }

    #[test]
    fn uses_that_no_range_parts_are_one() {
        let used = uses(&[0, 16, 17, 59, 60, 5], &RESOLUTION);
        assert_eq!(
            stretches(&used, &RESOLUTION),
            [[[0, 16], [17, 59], [60, 60]]]
        );
    }

    #[test]
    fn behind_its_beginning_a_stretch_is_one_use_and_a_long_gap_ends_it() {
        let day = DAY / MINUTE;
        // The minute at which the beginning ends, and the next, are one use.
        let at = [0, 2 * day, 2 * day + 1, 5 * day, 14 * day, 24 * day];
        let expected = [
            vec![[0, 0], [2 * day, 2 * day + 1], [5 * day, 14 * day]],
            vec![[24 * day, 24 * day]],
        ];
        assert_eq!(stretches(&uses(&at, &RESOLUTION), &RESOLUTION), expected);
    }

    #[test]
    fn what_is_kept_does_not_grow_with_the_events() {
        let often: Vec<i64> = (0..200_000).collect();
        let kept = uses(&often, &RESOLUTION).uses.len();
        assert!(kept <= 4 * 49, "{kept}");
        let exact = Resolution::exact(MINUTES);
        assert!(uses(&often, &exact).uses.len() >= 200_000 / 60 * 2);
    }

    proptest! {
        #[test]
        fn neither_order_nor_parts_make_a_difference(
            at in prop::collection::vec(0i64..60 * 24 * 60, 1..300),
            cut in 0usize..300,
            is_exact in any::<bool>(),
        ) {
            let resolution = match is_exact {
                true => Resolution::exact(MINUTES),
                false => RESOLUTION,
            };
            let mut sorted = at.clone();
            sorted.sort_unstable();
            let expected = stretches(&uses(&sorted, &resolution), &resolution);
            let (one, other) = at.split_at(cut.min(at.len()));
            let mut parts = uses(other, &resolution);
            parts.merge(uses(one, &resolution), &resolution);
            prop_assert_eq!(stretches(&parts, &resolution), expected);
        }
    }
}
