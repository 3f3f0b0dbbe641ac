//! The first call of a key, with what came with it: the one event with which an analyst begins.
//!
//! Which call is the first does not depend on the order in which calls came: of several at the same time, the one whose values are least.

use super::{CONTEXT_FIELDS, SAMPLED};
use crate::time::Timestamp;

/// How many values are kept of it.
const KEPT: usize = CONTEXT_FIELDS.len() - SAMPLED;

/// What came with the first call of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FirstCall {
    /// When it was made. A time that is not known is later than all others.
    at: Timestamp,
    /// Those of [`CONTEXT_FIELDS`] that are not sampled, in that order; empty where there was none.
    values: [Box<[u8]>; KEPT],
}

impl FirstCall {
    /// The values, in the order of [`CONTEXT_FIELDS`] behind the first [`SAMPLED`]; empty where there was none.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.values.iter().map(AsRef::as_ref)
    }

    /// Takes a call, if it comes before the `first` so far. Of several values of a row the first counts.
    pub(super) fn add(first: &mut Option<Self>, at: Option<Timestamp>, values: &[&[&[u8]]]) {
        let at = at.unwrap_or(Timestamp::MAX);
        if first.as_ref().is_some_and(|first| first.at < at) {
            return;
        }
        let value = |nth: usize| values[nth].first().copied().unwrap_or_default().into();
        let values = std::array::from_fn(value);
        Self::merge(first, Some(Self { at, values }));
    }

    /// Takes the first call of another part.
    pub(super) fn merge(first: &mut Option<Self>, other: Option<Self>) {
        *first = match (first.take(), other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn first_of(calls: &[(Option<i64>, u8)]) -> Option<FirstCall> {
        let mut first = None;
        for &(at, value) in calls {
            let value: &[&[u8]] = &[&[value]];
            FirstCall::add(&mut first, at.map(Timestamp), &[value; KEPT]);
        }
        first
    }

    #[test]
    fn the_earliest_call_counts_and_one_without_a_time_only_if_there_is_no_other() {
        for (calls, expected) in [
            (vec![(Some(2), 7), (Some(1), 9), (Some(3), 5)], 9),
            (vec![(Some(1), 9), (Some(1), 8)], 8),
            (vec![(None, 1), (Some(5), 9)], 9),
            (vec![(None, 3), (None, 2)], 2),
        ] {
            let first = first_of(&calls).unwrap();
            assert_eq!(first.values().next(), Some(&[expected][..]), "{calls:?}");
        }
        assert_eq!(first_of(&[]), None);
    }

    #[test]
    fn of_a_row_the_first_value_of_a_cell_counts_and_an_empty_cell_is_empty() {
        let mut first = None;
        let mut values: [&[&[u8]]; KEPT] = [&[]; KEPT];
        values[1] = &[b"b", b"a"];
        FirstCall::add(&mut first, None, &values);
        let first = first.unwrap();
        let values: Vec<_> = first.values().take(2).collect();
        assert_eq!(values, [&b""[..], b"b"]);
    }

    proptest! {
        #[test]
        fn neither_order_nor_parts_make_a_difference(
            calls in prop::collection::vec((prop::option::of(0i64..4), 0u8..4), 0..12),
            cut in 0usize..12,
        ) {
            let (one, other) = calls.split_at(cut.min(calls.len()));
            let mut parts = first_of(other);
            FirstCall::merge(&mut parts, first_of(one));
            let mut reversed = calls.clone();
            reversed.reverse();
            prop_assert_eq!(&parts, &first_of(&calls));
            prop_assert_eq!(first_of(&reversed), first_of(&calls));
        }
    }
}
