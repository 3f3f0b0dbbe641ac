//! The rules: what is learned, what is forgotten, when a baseline is mature, which observation is new.
//!
//! Facts go in, verdicts come out. No I/O, no clock, no text formats, nothing of any product: a key is a list of byte
//! strings, a time is a [`Timestamp`](crate::time::Timestamp), a window is a cut-off that somebody else worked out.
//!
//! | word | means |
//! | --- | --- |
//! | observation | a key as seen in the events of one search: a fact with times of its own |
//! | sighting | what is known of when a key was seen: first and last |
//! | said | what a baseline says of a key, alone or beside an observation |
//! | forgotten | said, but last seen at or before the forget cut-off: it counts as absent |
//!
//! Both jobs are state machines that are fed facts in any order and then finished: [`Learner`] merges facts into the next
//! baseline, [`Detector`] finds the observations that the baseline never saw.

mod detector;
mod entries;
mod hash;
mod index;
mod keys;
mod learner;
mod merger;
mod sighting;
mod strings;
mod table;

pub use detector::{Census, DetectCutoffs, DetectError, Detector, Held, Verdicts};
pub use entries::Change;
pub use keys::{Keys, MAX_KEYS};
pub use learner::{Counts, LearnCutoffs, LearnError, Learned, LearnedRow, Learner, Start};
pub use sighting::{Fact, Maturity, Said, Sighting};
pub use table::Value;
