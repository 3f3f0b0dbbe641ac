//! The rules: what is learned, what is forgotten, when a baseline is mature, which observation is new.
//!
//! Facts go in, verdicts come out. No I/O, no clock, no text formats, nothing of any product: a key is a list of byte
//! strings, a time is a [`Timestamp`](crate::time::Timestamp), a window is a cut-off that the caller worked out.
//!
//! | word | means |
//! | --- | --- |
//! | sighting | when a key was first and last seen |
//! | observed | a sighting in the events of one search |
//! | stored | a sighting that the baseline holds |
//! | forgotten | stored, but last seen at or before the forget cut-off: it counts as absent |
//!
//! The rule itself is one `match`, in `judge.rs`. Both jobs are state machines that are fed facts in any order and then finished:
//! [`Learner`] merges facts into the next baseline, [`Detector`] finds the observations that the baseline never saw; beside it an
//! [`Explainer`] ranks them.

mod detector;
mod explainer;
mod fingerprint;
mod judge;
mod learner;
mod running;
mod sighting;
mod stats;
pub mod surprise;

pub use detector::{DetectError, Detector, Ticket, Verdicts};
pub(crate) use explainer::PairTable;
pub use explainer::{Explainer, Explanation, Explanations, PartOfBaseline, WindowedExplainer};
pub use judge::{judge, Cutoffs, Maturity, Verdict};
pub use learner::{Change, Counts, LearnError, Learned, LearnedRow, Learner, Start};
pub use running::RunningBaseline;
pub use sighting::{Fact, Sighting, StoredSighting};
pub use stats::BaselineStats;
