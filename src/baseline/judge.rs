//! The rule of the product, in one place: what a stored sighting, the maturity of the baseline and the cut-offs make of a key.
//!
//! Learner, detector and command line all ask [`judge`]; no other file compares a sighting with a cut-off. Knows no keys.

use super::Sighting;
use crate::time::Timestamp;

/// Whether a baseline has learned long enough to be compared with observations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maturity {
    /// Its oldest sighting is younger than the learning window.
    Learning,
    /// Its oldest sighting is as old as the learning window, or older.
    Mature,
}

/// The windows of a run, worked out for the time it is as of. Each is exclusive: what lies at the very instant is old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cutoffs {
    /// A key first seen after this is new. A run that does not detect has the time it is as of here.
    pub activity: Timestamp,
    /// What was last seen at or before this is forgotten; none: nothing is.
    pub forget: Option<Timestamp>,
    /// A baseline whose oldest sighting is at or before this is mature.
    pub learning: Timestamp,
    /// A first time before this comes from a broken clock: its key stays known, and it counts for no maturity.
    pub earliest: Timestamp,
}

impl Cutoffs {
    /// The earliest first time that counts where no other is known: just after 1970-01-01 00:00 UTC, which stands for no time at all.
    pub const AFTER_EPOCH: Timestamp = Timestamp(1);

    /// The first time of a sighting, if it counts for maturity.
    pub fn first_that_counts(&self, sighting: Sighting) -> Option<Timestamp> {
        sighting.first().filter(|&first| first >= self.earliest)
    }

    /// The maturity of a baseline whose oldest sighting, those left out that are forgotten or do not count, is this.
    pub fn maturity(&self, oldest: Option<Timestamp>) -> Maturity {
        match oldest {
            Some(oldest) if oldest <= self.learning => Maturity::Mature,
            _ => Maturity::Learning,
        }
    }

    /// Whether a sighting is forgotten; one without a last time is, once anything is.
    pub fn forgets(&self, stored: Sighting) -> bool {
        judge(Maturity::Learning, Some(stored), self) == Verdict::Forgotten
    }
}

/// What becomes of an observation, by what the baseline stores of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// First seen before the activity window opened: not reported.
    Known,
    /// Stored, and forgotten: the same as not stored at all.
    Forgotten,
    /// Not stored, or first seen within the activity window: reported.
    New,
    /// New, but the baseline is still learning: not reported.
    Undecided,
}

/// Judges a key by what the baseline stores of it.
///
/// `stored` is one stored sighting, or several merged of which none is forgotten; none if there is none. Which times a sighting
/// lacks does not matter: without a first time a key is not known, without a last one it is forgotten once anything is.
///
/// ```
/// use unseen::baseline::{judge, Cutoffs, Maturity, Sighting, Verdict};
/// use unseen::time::Timestamp;
///
/// let cutoffs = Cutoffs { activity: Timestamp(1_000), forget: Some(Timestamp(100)), learning: Timestamp(500), earliest: Timestamp(1) };
/// let stored = |first, last| Some(Sighting::new(Some(Timestamp(first)), Some(Timestamp(last))));
/// assert_eq!(judge(Maturity::Mature, stored(1_000, 1_200), &cutoffs), Verdict::Known);
/// assert_eq!(judge(Maturity::Mature, stored(1_001, 1_200), &cutoffs), Verdict::New);
/// assert_eq!(judge(Maturity::Mature, stored(50, 100), &cutoffs), Verdict::Forgotten);
/// assert_eq!(judge(Maturity::Mature, None, &cutoffs), Verdict::New);
/// assert_eq!(judge(Maturity::Learning, None, &cutoffs), Verdict::Undecided);
/// ```
pub fn judge(maturity: Maturity, stored: Option<Sighting>, cutoffs: &Cutoffs) -> Verdict {
    match (stored, maturity) {
        (Some(stored), _) if stored.is_last_by(cutoffs.forget) => Verdict::Forgotten,
        (Some(stored), _) if stored.is_first_by(cutoffs.activity) => Verdict::Known,
        (_, Maturity::Mature) => Verdict::New,
        (_, Maturity::Learning) => Verdict::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUTOFFS: Cutoffs = Cutoffs {
        activity: Timestamp(1_000),
        forget: Some(Timestamp(100)),
        learning: Timestamp(500),
        earliest: Timestamp(10),
    };

    fn stored(first: i64, last: i64) -> Option<Sighting> {
        Some(Sighting::new(Some(Timestamp(first)), Some(Timestamp(last))))
    }

    #[test]
    fn a_key_is_judged_by_its_stored_sighting_and_the_maturity_of_the_baseline() {
        use Verdict::{Forgotten, Known, New, Undecided};
        let no_first = Some(Sighting::new(None, Some(Timestamp(900))));
        let no_last = Some(Sighting::new(Some(Timestamp(50)), None));
        let cases = [
            ("never stored", None, New, Undecided),
            (
                "first seen as the window opens",
                stored(1_000, 1_100),
                Known,
                Known,
            ),
            (
                "first seen just after",
                stored(1_001, 1_100),
                New,
                Undecided,
            ),
            (
                "last seen at the forget cut-off",
                stored(50, 100),
                Forgotten,
                Forgotten,
            ),
            ("last seen just after", stored(50, 101), Known, Known),
            ("no first time", no_first, New, Undecided),
            ("no last time", no_last, Forgotten, Forgotten),
        ];
        for (case, stored, mature, learning) in cases {
            assert_eq!(judge(Maturity::Mature, stored, &CUTOFFS), mature, "{case}");
            assert_eq!(
                judge(Maturity::Learning, stored, &CUTOFFS),
                learning,
                "{case}"
            );
        }
    }

    #[test]
    fn a_first_time_from_a_broken_clock_keeps_its_key_known_and_counts_for_no_maturity() {
        for (first, expected) in [(9, None), (10, Some(Timestamp(10)))] {
            let sighting = stored(first, 900).unwrap();
            assert_eq!(CUTOFFS.first_that_counts(sighting), expected);
            assert_eq!(
                judge(Maturity::Mature, Some(sighting), &CUTOFFS),
                Verdict::Known
            );
        }
    }

    #[test]
    fn without_a_forget_window_nothing_is_forgotten() {
        let cutoffs = Cutoffs {
            forget: None,
            ..CUTOFFS
        };
        let no_last = Some(Sighting::new(Some(Timestamp(50)), None));
        assert_eq!(judge(Maturity::Mature, no_last, &cutoffs), Verdict::Known);
        assert!(!cutoffs.forgets(Sighting::NEVER));
        assert!(CUTOFFS.forgets(Sighting::NEVER));
    }

    #[test]
    fn a_baseline_is_mature_once_its_oldest_sighting_is_at_the_cutoff() {
        for (oldest, expected) in [
            (None, Maturity::Learning),
            (Some(500), Maturity::Mature),
            (Some(501), Maturity::Learning),
        ] {
            assert_eq!(
                CUTOFFS.maturity(oldest.map(Timestamp)),
                expected,
                "{oldest:?}"
            );
        }
    }
}
