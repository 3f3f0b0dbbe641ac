//! What a role's own history says of new calls: how many it made in how many days (step 6).

use super::constants::{HISTORY, PRIOR, SETTLING};
use super::PairSighting;
use crate::time::{Timestamp, DAY};

/// A role as the baseline knew it when the window opened.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RoleHistory {
    /// How many calls it is known to make (K): 0 if the role is new.
    pub calls: usize,
    /// When it was first seen; none if it is new, or if no time that it has can be true.
    pub first_seen: Option<Timestamp>,
    /// How many whole days before the window it was first seen.
    pub days_known: i64,
    /// Over how many days before the window its new calls are counted (T): 0 if it is new, was first seen
    /// in the week before, or nobody knows when.
    pub days_counted: f64,
    /// How many calls it began in those days (k).
    pub new_calls: usize,
}

impl RoleHistory {
    /// The history of a role with these known calls.
    pub(super) fn new(calls: &[PairSighting], window_opens: Timestamp) -> Self {
        let history = Self {
            calls: calls.len(),
            ..Self::default()
        };
        let Some(first_seen) = calls.iter().filter_map(PairSighting::dated).min() else {
            return history;
        };
        let settled = first_seen.saturating_add(SETTLING);
        let since = settled.max(window_opens.saturating_add(-HISTORY));
        let is_counted = |sighting: &&PairSighting| since < sighting.first;
        Self {
            first_seen: Some(first_seen),
            days_known: window_opens.0.saturating_sub(first_seen.0) / DAY,
            days_counted: (window_opens.0 - since.0).max(0) as f64 / DAY as f64,
            new_calls: calls.iter().filter(is_counted).count(),
            ..history
        }
    }

    /// How much a new call of this role counts: the less, the more of them it makes.
    pub(super) fn weight(&self) -> f64 {
        ((self.days_counted + PRIOR) / (self.new_calls as f64 + PRIOR)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Pair;
    use super::*;

    const OPENS: Timestamp = Timestamp(100 * DAY);

    /// The history of a role with calls first seen at these times, which are microseconds.
    fn history(firsts: &[i64]) -> RoleHistory {
        let calls = (0..).zip(firsts).map(|(call, &first)| PairSighting {
            pair: Pair { role: 0, call },
            first: Timestamp(first),
        });
        RoleHistory::new(&calls.collect::<Vec<_>>(), OPENS)
    }

    #[test]
    fn new_calls_are_counted_over_four_weeks_without_the_first_week_of_the_role() {
        let (day, half) = (|day: i64| day * DAY, DAY / 2);
        let cases: &[(&[i64], i64, i64, usize)] = &[
            (&[day(10), day(72), day(72) + 1, day(100)], 90, day(28), 2),
            (&[day(65), day(72), day(73)], 35, day(28), 1),
            (&[day(66), day(73), day(73) + 1], 34, day(27), 1),
            (&[day(92) + half, day(99) + half, day(100)], 7, half, 1),
            (&[day(93) - 1, day(100)], 7, 1, 1),
            (&[day(93), day(99), day(100)], 7, 0, 0),
            (&[day(99) + half, day(100)], 0, 0, 0),
            (&[day(100)], 0, 0, 0),
        ];
        for &(firsts, days_known, counted, new_calls) in cases {
            let expected = RoleHistory {
                calls: firsts.len(),
                first_seen: Some(Timestamp(firsts[0])),
                days_known,
                days_counted: counted as f64 / DAY as f64,
                new_calls,
            };
            assert_eq!(history(firsts), expected, "{firsts:?}");
        }
    }

    #[test]
    fn a_role_without_known_calls_is_new_and_weighs_one() {
        assert_eq!(history(&[]), RoleHistory::default());
        assert_eq!(history(&[]).weight(), 1.0);
    }

    #[test]
    fn calls_first_seen_at_no_time_that_can_be_true_are_known_and_count_for_nothing_else() {
        let undated = PairSighting::UNDATED.0;
        let expected = RoleHistory {
            calls: 2,
            ..history(&[95 * DAY])
        };
        assert_eq!(history(&[undated, 95 * DAY]), expected);
        let all_undated = history(&[undated, undated]);
        assert_eq!((all_undated.calls, all_undated.first_seen), (2, None));
        assert_eq!(all_undated.weight(), 1.0);
    }

    #[test]
    fn the_weight_grows_with_quiet_days_and_falls_with_new_calls() {
        assert_eq!(history(&[50 * DAY]).weight(), (31.0f64 / 3.0).sqrt());
        assert_eq!(
            history(&[50 * DAY, 99 * DAY]).weight(),
            (31.0f64 / 4.0).sqrt()
        );
        assert_eq!(history(&[99 * DAY]).weight(), 1.0);
    }

    #[test]
    fn the_ends_of_time_are_times_like_any_other() {
        let call = |first| PairSighting {
            pair: Pair { role: 0, call: 0 },
            first,
        };
        for (first, opens) in [
            (Timestamp::MIN, Timestamp::MAX),
            (Timestamp::MIN, Timestamp::MIN),
            (Timestamp::MAX, Timestamp::MAX),
        ] {
            let history = RoleHistory::new(&[call(first)], opens);
            assert!((0.0..=28.0).contains(&history.days_counted), "{history:?}");
            assert!(history.days_known >= 0 && history.weight() >= 1.0);
        }
    }
}
