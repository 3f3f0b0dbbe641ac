//! Explaining what spans many activity windows, as files do: each new key in the window in which it was first observed.
//!
//! The newest window is the run's own. The one before it ends where that one opens, and so on; a stretch in which nothing new began is
//! passed over, so that the next window ends with the newest key before it. In each window is known what the baseline stores, and
//! what was observed before that window opened. So "in this window" never means a month, and a role that is busy on one day of a month
//! is compared with what it did before.

use super::pair_table::PairTable;
use super::{Explainer, Explanations, Pair, PairSighting};
use crate::baseline::surprise::{rank, Evidence};
use crate::baseline::{Cutoffs, Fact, Ticket, Verdicts};
use crate::keys::RowKeys;
use crate::time::Timestamp;

/// An [`Explainer`] for observations of any age, of a baseline that came whole.
#[derive(Debug)]
pub struct WindowedExplainer {
    explainer: Explainer,
    /// When each observed pair was first observed, if that is known.
    observed: Vec<PairSighting>,
    /// The same of the observations that may be reported; of one without a time the end of all time.
    held: Vec<(Ticket, PairSighting)>,
}

/// When a pair was first seen by anybody.
#[derive(Clone, Copy, Debug)]
struct FirstSeen {
    sighting: PairSighting,
    /// The baseline knew it before the run's own window opened.
    is_known: bool,
}

/// The times after `opens`, as far as `end` if there is one.
#[derive(Clone, Copy, Debug)]
struct Window {
    opens: Timestamp,
    end: Option<Timestamp>,
}

impl WindowedExplainer {
    /// As [`Explainer::new`].
    pub fn new(cutoffs: Cutoffs, service_field: Option<usize>) -> Self {
        Self {
            explainer: Explainer::new(cutoffs, service_field),
            observed: Vec::new(),
            held: Vec::new(),
        }
    }

    /// As [`Explainer::with_families`].
    #[must_use]
    pub fn with_families(mut self, families: bool) -> Self {
        self.explainer = self.explainer.with_families(families);
        self
    }

    /// As [`Explainer::feed`].
    pub fn feed(&mut self, keys: &RowKeys<'_>, fact: Fact, ticket: Option<Ticket>) {
        self.explainer.feed(keys, fact, ticket);
        let first = fact.observed.and_then(|observed| observed.first());
        let pairs = &mut self.explainer.pairs;
        keys.for_each(|key| {
            let pair = pairs.pair(key);
            self.observed
                .extend(first.map(|first| PairSighting { pair, first }));
            let first = first.unwrap_or(Timestamp::MAX);
            self.held
                .extend(ticket.map(|ticket| (ticket, PairSighting { pair, first })));
        });
    }

    /// Ranks the observations that are reported; `window_opens` tells when the window that ends at a moment opens.
    pub fn finish(
        mut self,
        verdicts: &Verdicts,
        window_opens: impl Fn(Timestamp) -> Timestamp,
    ) -> Explanations {
        if verdicts.count() == 0 {
            return Explanations::none(self.explainer.pairs);
        }
        let new = self.new_pairs(verdicts);
        let seen = self.first_seen();
        let run = Window {
            opens: self.explainer.cutoffs.activity,
            end: None,
        };
        let (mut evidence, mut windows) = (Vec::new(), 0);
        for (window, pairs) in by_window(&new, run, window_opens) {
            evidence.extend(window.rank(&seen, pairs, &self.explainer.pairs));
            windows += 1;
        }
        evidence.sort_unstable_by_key(|of| of.pair);
        Explanations::new(self.explainer.pairs, evidence, self.explainer.held).of_windows(windows)
    }

    /// The pairs that are reported, the newest first.
    fn new_pairs(&self, verdicts: &Verdicts) -> Vec<PairSighting> {
        let reported = self.held.iter();
        let reported = reported.filter(|&&(ticket, _)| verdicts.is_reported(ticket));
        let mut new: Vec<PairSighting> = reported.map(|&(_, sighting)| sighting).collect();
        new.sort_unstable_by_key(|sighting| std::cmp::Reverse((sighting.first, sighting.pair)));
        new
    }

    /// Every pair once, in order.
    fn first_seen(&mut self) -> Vec<FirstSeen> {
        let opens = self.explainer.cutoffs.activity;
        let (rows, joined) = (&mut self.explainer.rows, &mut self.explainer.joined);
        let stored = rows.drain(..).chain(joined.drain(..));
        let stored = stored.map(|sighting| FirstSeen {
            sighting,
            is_known: sighting.first <= opens,
        });
        let observed = self.observed.drain(..).map(|sighting| FirstSeen {
            sighting,
            is_known: false,
        });
        let mut seen: Vec<FirstSeen> = stored.chain(observed).collect();
        seen.sort_unstable_by_key(|seen| seen.sighting);
        seen.dedup_by(|next, first| {
            let is_same = next.sighting.pair == first.sighting.pair;
            first.is_known |= is_same && next.is_known;
            is_same
        });
        seen
    }
}

/// Shares pairs, the newest first, out among windows, the newest first. None is empty.
fn by_window(
    mut new: &[PairSighting],
    run: Window,
    window_opens: impl Fn(Timestamp) -> Timestamp,
) -> Vec<(Window, &[PairSighting])> {
    let mut shares = Vec::new();
    let mut window = run;
    while let Some(newest) = new.first() {
        if newest.first <= window.opens {
            window = window.before(newest.first, &window_opens);
        }
        let after = new.partition_point(|sighting| sighting.first > window.opens);
        let (share, older) = new.split_at(after);
        shares.push((window, share));
        new = older;
    }
    shares
}

impl Window {
    /// The next older window, which has `newest` in it.
    fn before(self, newest: Timestamp, window_opens: impl Fn(Timestamp) -> Timestamp) -> Self {
        // A window such as `@d` is empty at midnight, and the one before it is the day before.
        let opens_before = |end: Timestamp| {
            let just_before = end.saturating_add(-1);
            match window_opens(end) {
                opens if opens < end => opens,
                _ => window_opens(just_before).min(just_before),
            }
        };
        let next = opens_before(self.opens);
        let (opens, end) = match next < newest {
            true => (next, self.opens),
            false => (opens_before(newest), newest),
        };
        Self {
            opens,
            end: Some(end),
        }
    }

    fn rank(self, seen: &[FirstSeen], new: &[PairSighting], table: &PairTable) -> Vec<Evidence> {
        let known = seen.iter().filter_map(|seen| self.sighting(seen)).collect();
        let new: Vec<Pair> = new.iter().map(|sighting| sighting.pair).collect();
        let (service_of, family_of) = (|call| table.service(call), |role| table.family(role));
        rank(self.opens, known, new, service_of, family_of)
    }

    /// What is known of a pair in this window. One that the baseline knows and that was seen only later is known, and nobody
    /// can say since when.
    fn sighting(self, seen: &FirstSeen) -> Option<PairSighting> {
        let is_later = self.end.is_some_and(|end| seen.sighting.first > end);
        match (is_later, seen.is_known) {
            (false, _) => Some(seen.sighting),
            (true, true) => Some(PairSighting {
                first: PairSighting::UNDATED,
                ..seen.sighting
            }),
            (true, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::{Detector, Maturity, Sighting, StoredSighting};
    use crate::time::DAY;
    use proptest::prelude::*;

    /// As of noon of day 100, with a window of one day.
    const NOON: Timestamp = Timestamp(100 * DAY + DAY / 2);

    fn a_day_before(end: Timestamp) -> Timestamp {
        end.saturating_add(-DAY)
    }

    fn cutoffs() -> Cutoffs {
        Cutoffs {
            activity: a_day_before(NOON),
            forget: None,
            learning: NOON,
            earliest: Cutoffs::AFTER_EPOCH,
        }
    }

    fn sighting(day: f64) -> Sighting {
        let time = Some(Timestamp((day * DAY as f64) as i64));
        Sighting::new(time, time)
    }

    /// The sentence of each observed key that is reported, by its call, and in how many windows they began. A day before the epoch is
    /// no time.
    fn explained(
        stored: &[(&str, &str, f64)],
        observed: &[(&'static str, &'static str, f64)],
    ) -> (Vec<String>, usize) {
        let mut detector = Detector::new(cutoffs());
        let mut explainer = WindowedExplainer::new(cutoffs(), Some(1));
        for &(role, call, day) in stored {
            let (keys, stored) = (
                RowKeys::one(&[role, call]),
                StoredSighting {
                    sighting: sighting(day),
                    maturity: Some(Maturity::Mature),
                    verbatim: true,
                },
            );
            let fact = Fact {
                observed: None,
                stored: Some(stored),
            };
            explainer.feed(&keys, fact, detector.feed(&keys, fact));
        }
        let mut held = Vec::new();
        for &(role, call, day) in observed {
            let observed = if day < 0.0 {
                Sighting::NEVER
            } else {
                sighting(day)
            };
            let (keys, fact) = (
                RowKeys::one(&[role, call]),
                Fact {
                    observed: Some(observed),
                    stored: None,
                },
            );
            let ticket = detector.feed(&keys, fact);
            explainer.feed(&keys, fact, ticket);
            held.push((ticket.unwrap(), call));
        }
        let verdicts = detector.finish().unwrap();
        let explanations = explainer.finish(&verdicts, a_day_before);
        let shown = held.iter().filter_map(|&(ticket, call)| {
            let explanation = explanations.of(ticket)?;
            Some(format!("{call}: {}", explanation.reason()))
        });
        (shown.collect(), explanations.windows())
    }

    const STORED: [(&str, &str, f64); 3] = [
        ("ann", "s3:Get", 20.0),
        ("bob", "s3:Get", 20.0),
        ("bob", "s3:Put", 20.0),
    ];

    #[test]
    fn what_began_before_the_window_is_ranked_in_its_own_and_known_in_the_next() {
        let (reasons, windows) = explained(
            &STORED,
            &[
                ("ann", "s3:Put", 98.0),
                ("bob", "s3:List", 98.1),
                ("ann", "s3:List", 100.4),
            ],
        );
        let quiet = "before this window the role made no new call for 28 days";
        assert_eq!(reasons, [
            format!("s3:Put: the one role most like it makes this call; the one other role makes it; {quiet}"),
            format!("s3:List: the one role most like it does not make this call; the one other role does not make it; {quiet}"),
            "s3:List: the one role most like it makes this call; the one other role makes it; \
             before this window the role made 1 new call in 28 days".to_owned(),
        ]);
        assert_eq!(windows, 2);
    }

    #[test]
    fn roles_that_begin_a_call_on_different_days_began_it_in_different_windows() {
        let count = |days: [f64; 2]| {
            let (reasons, _) = explained(
                &STORED,
                &[("ann", "s3:Tag", days[0]), ("bob", "s3:Tag", days[1])],
            );
            reasons
                .iter()
                .filter(|reason| reason.contains("2 roles began"))
                .count()
        };
        assert_eq!(count([98.0, 98.1]), 2);
        assert_eq!(count([99.6, 100.4]), 2);
        assert_eq!(count([99.4, 99.6]), 0);
    }

    #[test]
    fn without_a_time_a_key_is_ranked_in_the_newest_window() {
        let observed = [
            ("ann", "s3:Tag", -1.0),
            ("bob", "s3:Tag", 100.4),
            ("ann", "s3:List", 3.0),
        ];
        let (reasons, windows) = explained(&STORED, &observed);
        assert!(reasons[0].contains("2 roles began"), "{reasons:?}");
        assert_eq!(windows, 2);
    }

    #[test]
    fn what_the_baseline_saw_only_after_a_window_is_known_in_it_without_a_time() {
        let (reasons, _) = explained(&STORED, &[("ann", "s3:Put", 10.0)]);
        let expected =
            "s3:Put: the one role most like it makes this call; the one other role makes it; \
                        it is not known when the role was first seen";
        assert_eq!(reasons, [expected]);
    }

    proptest! {
        /// Within one window it is an explainer.
        #[test]
        fn what_began_in_the_window_of_the_run_is_explained_as_in_a_search(
            stored in prop::collection::vec((0usize..4, 0usize..4, 0i64..101), 1..12),
            observed in prop::collection::vec((0usize..5, 0usize..5, 1i64..24), 1..6),
        ) {
            let (roles, calls) = (["a", "b", "c", "d", "e"], ["s:1", "s:2", "t:1", "t:2", "u:1"]);
            let mut detector = Detector::new(cutoffs());
            let mut explainer = Explainer::new(cutoffs(), Some(1));
            let mut windowed = WindowedExplainer::new(cutoffs(), Some(1));
            let mut feed = |role: usize, call: usize, fact| {
                let keys = RowKeys::one(&[roles[role], calls[call]]);
                let ticket = detector.feed(&keys, fact);
                explainer.feed(&keys, fact, ticket);
                windowed.feed(&keys, fact, ticket);
                ticket
            };
            for (role, call, day) in stored {
                let stored = StoredSighting { sighting: sighting(day as f64), maturity: Some(Maturity::Mature), verbatim: true };
                feed(role, call, Fact { observed: None, stored: Some(stored) });
            }
            let tickets: Vec<_> = observed.into_iter().filter_map(|(role, call, hour)| {
                let observed = sighting(99.5 + hour as f64 / 24.0);
                feed(role, call, Fact { observed: Some(observed), stored: None })
            }).collect();
            let verdicts = detector.finish().unwrap();
            let (one, other) = (explainer.finish(&verdicts).unwrap(), windowed.finish(&verdicts, a_day_before));
            let shown = |of: &Explanations, ticket| of.of(ticket).map(|of| (of.surprise().to_bits(), of.reason()));
            for ticket in tickets {
                prop_assert_eq!(shown(&one, ticket), shown(&other, ticket));
            }
        }
    }

    /// Where each window opens and ends, in days, and how many pairs are in it.
    fn shares(
        days: &[i64],
        opens: impl Fn(Timestamp) -> Timestamp,
    ) -> Vec<(i64, Option<i64>, usize)> {
        let pair = Pair { role: 0, call: 0 };
        let new: Vec<_> = days
            .iter()
            .map(|day| PairSighting {
                pair,
                first: Timestamp(day * DAY),
            })
            .collect();
        let run = Window {
            opens: Timestamp(99 * DAY),
            end: None,
        };
        let shares = by_window(&new, run, opens).into_iter();
        let days = |time: Timestamp| time.0.div_euclid(DAY);
        shares
            .map(|(window, share)| (days(window.opens), window.end.map(days), share.len()))
            .collect()
    }

    #[test]
    fn a_window_ends_where_the_next_one_opens_unless_nothing_began_in_between() {
        assert_eq!(shares(&[100], a_day_before), [(99, None, 1)]);
        assert_eq!(
            shares(&[101, 100, 99, 98, 3, 3], a_day_before),
            [
                (99, None, 2),
                (98, Some(99), 1),
                (97, Some(98), 1),
                (2, Some(3), 2)
            ]
        );
        assert!(shares(&[], a_day_before).is_empty());
    }

    #[test]
    fn a_window_that_opens_at_midnight_is_followed_by_whole_days_and_one_of_no_length_by_an_end() {
        let midnight = |end: Timestamp| Timestamp(end.0.div_euclid(DAY) * DAY);
        assert_eq!(
            shares(&[99, 98], midnight),
            [(98, Some(99), 1), (97, Some(98), 1)]
        );
        assert_eq!(shares(&[99, 98], |end| end).len(), 2);
    }
}
